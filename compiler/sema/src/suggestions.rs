//! "Did you mean": the known name that is nearest to an unknown one.

/// The candidate nearest to `name`, if one is near enough to be a slip.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len().abs_diff(name.len()) <= limit)
        // A slip seldom changes both ends.
        .filter(|candidate| {
            let ends = |text: &str| {
                let bytes = text.as_bytes();
                let end = |byte: Option<&u8>| byte.map(u8::to_ascii_lowercase);
                (end(bytes.first()), end(bytes.last()))
            };
            let (a, b) = (ends(name), ends(candidate));
            a.0 == b.0 || a.1 == b.1
        })
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, where a change of case is none and two letters swapped are one.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replace = last[j] + usize::from(a[i] != b[j]);
            let mut best = replace.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_only() {
        let names = ["Array1D", "Array2D", "u8", "float", "range"];
        assert_eq!(nearest("Aray2D", names), Some("Array2D"));
        assert_eq!(nearest("flaot", names), Some("float"));
        assert_eq!(nearest("array2d", names), Some("Array2D"));
        assert_eq!(nearest("matrix", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
