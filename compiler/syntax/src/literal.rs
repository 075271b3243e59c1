//! Values of literals that the parser crate does not give: lone surrogates, and integers beyond 64 bits.

use crate::ast::Constant;

/// CPython's limit for the digits of a decimal integer.
const MAX_DIGITS: usize = 4300;

/// How a part of a string stands in the source, without prefix and quotes.
#[derive(Clone, Copy)]
pub(crate) enum Written<'a> {
    /// Without escapes.
    Raw,
    /// With escapes.
    String(&'a str),
    /// With escapes and doubled braces.
    FString(&'a str),
}

/// A string joined from its parts.
#[derive(Default)]
pub(crate) struct Joined {
    text: String,
    /// The code points, once one of them is a lone surrogate.
    points: Option<Vec<u32>>,
}

impl Joined {
    /// Adds a part: its value, in which surrogates are U+FFFD, and how it is written, to find them there.
    pub fn push(&mut self, value: &str, written: Written<'_>) {
        let points = match written {
            Written::String(source) if value.contains('\u{FFFD}') => {
                surrogates(value, source, false)
            }
            Written::FString(source) if value.contains('\u{FFFD}') => {
                surrogates(value, source, true)
            }
            Written::Raw | Written::String(_) | Written::FString(_) => None,
        };
        match (&mut self.points, points) {
            (None, None) => self.text.push_str(value),
            (None, Some(points)) => {
                let mut all: Vec<u32> = self.text.chars().map(u32::from).collect();
                all.extend(points);
                self.points = Some(all);
            }
            (Some(all), None) => all.extend(value.chars().map(u32::from)),
            (Some(all), Some(points)) => all.extend(points),
        }
    }

    /// The value.
    pub fn finish(self) -> Constant {
        match self.points {
            None => Constant::Str(self.text),
            Some(points) => Constant::SurrogateStr(points),
        }
    }
}

/// The code points of `value` with the surrogates that `source` writes as escapes; `None` if it writes none.
///
/// The two are walked together: an escape other than a line continuation is one character of the value.
fn surrogates(value: &str, source: &str, doubled_braces: bool) -> Option<Vec<u32>> {
    let mut points = Vec::with_capacity(value.len());
    let mut found = false;
    let mut source = source.chars();
    let mut values = value.chars();
    while let Some(c) = source.next() {
        if c != '\\' {
            match values.next() {
                Some(v) => points.push(v as u32),
                None => break,
            }
            if doubled_braces && matches!(c, '{' | '}') {
                source.next();
            }
            continue;
        }
        let rest = source.as_str();
        let digits = match rest.chars().next() {
            Some('\n') => {
                source.next();
                continue;
            }
            Some('u') => 4,
            Some('U') => 8,
            Some(_) | None => 0,
        };
        let code = rest
            .get(1..1 + digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let v = values.next()?;
        match code {
            Some(code @ 0xD800..=0xDFFF) => {
                points.push(code);
                found = true;
            }
            Some(_) | None => points.push(v as u32),
        }
        // An unknown escape keeps its backslash in the value; what follows it is then plain.
        if !rest.starts_with([
            '\\', '\'', '"', 'a', 'b', 'f', 'n', 'r', 't', 'v', 'x', 'N', 'u', 'U',
        ]) && !rest.starts_with(|c: char| c.is_digit(8))
        {
            continue;
        }
        let skip = escape_length(rest, digits);
        for _ in 0..skip {
            source.next();
        }
    }
    found.then_some(points)
}

/// Number of characters of an escape after its backslash.
fn escape_length(rest: &str, digits: usize) -> usize {
    match rest.chars().next() {
        Some('u' | 'U') => 1 + digits,
        Some('x') => 3,
        Some('N') => rest.chars().position(|c| c == '}').map_or(1, |i| i + 1),
        Some('0'..='7') => rest
            .chars()
            .take(3)
            .take_while(|c| matches!(c, '0'..='7'))
            .count(),
        Some(_) => 1,
        None => 0,
    }
}

/// Source without strings, without its comments.
pub(crate) fn without_comments(source: &str) -> String {
    let code = |line: &str| {
        let end = line.find('#').unwrap_or(line.len());
        line[..end].to_owned()
    };
    source.split('\n').map(code).collect::<Vec<_>>().join("\n")
}

/// The decimal digits of an integer literal of any base.
pub(crate) fn decimal(literal: &str) -> Result<String, String> {
    let digits: String = literal.chars().filter(|c| *c != '_').collect();
    let radix = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => {
            let digits = digits.trim_start_matches('0');
            if digits.len() > MAX_DIGITS {
                return Err(format!(
                    "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {} digits; \
                     use sys.set_int_max_str_digits() to increase the limit - \
                     Consider hexadecimal for huge integer literals to avoid decimal conversion limits.",
                    digits.len()
                ));
            }
            return Ok(digits.to_owned());
        }
    };
    // Limbs of 18 decimal digits, least significant first.
    const LIMB: u128 = 1_000_000_000_000_000_000;
    let bits_per_digit = u32::ilog2(radix);
    let digits_per_step = (60 / bits_per_digit) as usize;
    let mut limbs: Vec<u64> = vec![0];
    for step in digits.as_bytes()[2..].chunks(digits_per_step) {
        let mut carry: u128 = 0;
        for byte in step {
            let digit = (*byte as char)
                .to_digit(radix)
                .ok_or("invalid integer literal")?;
            carry = carry << bits_per_digit | u128::from(digit);
        }
        let shift = bits_per_digit as usize * step.len();
        for limb in &mut limbs {
            let value = (u128::from(*limb) << shift) + carry;
            *limb = (value % LIMB) as u64;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry as u64);
        }
    }
    let mut text = limbs.pop().unwrap_or(0).to_string();
    for limb in limbs.iter().rev() {
        text.push_str(&format!("{limb:018}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_base() {
        assert_eq!(
            decimal("0xFFFFFFFFFFFFFFFF").as_deref(),
            Ok("18446744073709551615")
        );
        assert_eq!(
            decimal("1_0000000000000000000000").as_deref(),
            Ok("10000000000000000000000")
        );
        assert_eq!(
            decimal("0x1_0000_0000_0000_0000_0000_0000_0000_0000").as_deref(),
            Ok("340282366920938463463374607431768211456")
        );
        assert_eq!(
            decimal("0o2000000000000000000000").as_deref(),
            Ok("18446744073709551616")
        );
        assert!(decimal(&"9".repeat(4301)).is_err());
    }

    #[test]
    fn lone_surrogates() {
        let value = |value: &str, source: &str| {
            let mut joined = Joined::default();
            joined.push(value, Written::String(source));
            joined.finish()
        };
        assert_eq!(
            value("\u{FFFD}", r"\ud800"),
            Constant::SurrogateStr(vec![0xD800])
        );
        assert_eq!(
            value("a\u{FFFD}\n\\q!\\x", r"a\uDCff\n\q\x21\134x"),
            Constant::SurrogateStr(vec![97, 0xDCFF, 10, 92, 113, 33, 92, 120])
        );
        assert_eq!(
            value("\u{FFFD}", r"\ufffd"),
            Constant::Str("\u{FFFD}".into())
        );
    }
}
