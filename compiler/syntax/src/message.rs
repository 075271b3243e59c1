//! Small tools for the wording and the selection of syntax errors.

use snek_diagnostics::Diagnostic;

/// Messages start with a small letter.
pub(crate) fn lower_first(text: String) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // Keeps `IPython` and the like.
        Some(first) if !chars.as_str().starts_with(|c: char| c.is_ascii_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        Some(_) | None => text,
    }
}

/// Keeps the first error of each line: the others mostly follow from it.
pub(crate) fn one_per_line(diagnostics: &mut Vec<Diagnostic>, text: &str) {
    snek_diagnostics::sort(diagnostics);
    let mut last: Option<u32> = None;
    diagnostics.retain(|d| {
        let Some(span) = d.primary else {
            return true;
        };
        let keep = match last {
            Some(before) => text
                .get(before as usize..span.start as usize)
                .is_none_or(|between| between.contains('\n')),
            None => true,
        };
        if keep {
            last = Some(span.start);
        }
        keep
    });
}
