//! Constants as Python writes them.

use std::fmt::Write;

use crate::ast::Constant;

/// A constant as Python's `ascii()` shows it.
pub fn constant(value: &Constant) -> String {
    match value {
        Constant::None => "None".to_owned(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Ellipsis => "Ellipsis".to_owned(),
        Constant::Int(value) => value.to_string(),
        Constant::BigInt(digits) => digits.clone(),
        Constant::Float(value) => float(*value),
        Constant::Complex { imag } => {
            let text = float(*imag);
            format!("{}j", text.strip_suffix(".0").unwrap_or(&text))
        }
        Constant::Str(text) => quote(text.chars().map(u32::from)),
        Constant::SurrogateStr(points) => quote(points.iter().copied()),
        Constant::Bytes(bytes) => format!("b{}", quote(bytes.iter().map(|b| u32::from(*b)))),
    }
}

/// A float as Python's `repr` writes it: the shortest digits that read back, with an exponent below 1e-4 and from 1e16.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return "nan".to_owned();
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if value != 0.0 && !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value:?}"),
    }
}

/// Quotes code points (or bytes) as Python's `ascii` does.
pub(super) fn quote(points: impl Iterator<Item = u32> + Clone) -> String {
    let single = points.clone().any(|p| p == u32::from('\''));
    let double = points.clone().any(|p| p == u32::from('"'));
    let quote = if single && !double { '"' } else { '\'' };
    let mut out = String::new();
    out.push(quote);
    for point in points {
        let _ = match (point, char::from_u32(point)) {
            (_, Some('\n')) => write!(out, "\\n"),
            (_, Some('\r')) => write!(out, "\\r"),
            (_, Some('\t')) => write!(out, "\\t"),
            (_, Some(c)) if c == quote || c == '\\' => write!(out, "\\{c}"),
            (0x20..=0x7E, Some(c)) => write!(out, "{c}"),
            (0..=0xFF, _) => write!(out, "\\x{point:02x}"),
            (0..=0xFFFF, _) => write!(out, "\\u{point:04x}"),
            _ => write!(out, "\\U{point:08x}"),
        };
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_written_as_python_writes_them() {
        assert_eq!(float(1e16), "1e+16");
        assert_eq!(float(1.5e-7), "1.5e-07");
        assert_eq!(float(0.0001), "0.0001");
        assert_eq!(float(123456789.0), "123456789.0");
        assert_eq!(float(1e15), "1000000000000000.0");
        assert_eq!(float(0.0), "0.0");
        assert_eq!(float(1e300), "1e+300");
        assert_eq!(constant(&Constant::Complex { imag: 2.0 }), "2j");
        assert_eq!(
            constant(&Constant::Str("it's \"é\"\n".into())),
            r#"'it\'s "\xe9"\n'"#
        );
        assert_eq!(
            constant(&Constant::Bytes(vec![0, 39, 255])),
            r#"b"\x00'\xff""#
        );
        assert_eq!(constant(&Constant::SurrogateStr(vec![0xD800])), r"'\ud800'");
    }
}
