//! Numbers and texts as Python and NumPy write them.

use std::io::Write;

use snek_abi::ScalarKind;

/// Appends `text` with `write!`, which cannot fail on a vector.
macro_rules! push {
    ($out:expr, $($argument:tt)*) => {{
        let _ = write!($out, $($argument)*);
    }};
}

/// Appends an integer.
pub fn int(out: &mut Vec<u8>, value: i64) {
    push!(out, "{value}");
}

/// Appends an unsigned integer.
pub fn uint(out: &mut Vec<u8>, value: u64) {
    push!(out, "{value}");
}

/// Appends `repr()` of a float.
pub fn float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        double(out, value, true);
    } else {
        special(out, value);
    }
}

/// Appends `str()` of a `numpy.float32`.
pub fn f32(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        single(out, value, true);
    } else {
        special(out, f64::from(value));
    }
}

/// A finite `numpy.float32`. NumPy goes by the value, not by its digits, and has exponents
/// from a million on, as its version 2.4 writes them.
fn single(out: &mut Vec<u8>, value: f32, point: bool) {
    let size = f64::from(value.abs());
    let plain = size == 0.0 || (1e-4..1e6).contains(&size);
    let mut text = Scientific::new(format_args!("{value:e}"));
    let nearest = Scientific::new(format_args!("{:.*e}", text.digit_count() - 1, value));
    if nearest.as_str().parse() == Ok(value) {
        text = nearest;
    }
    decimal(out, &text, point, Some(plain));
}

/// A finite `float`.
fn double(out: &mut Vec<u8>, value: f64, point: bool) {
    let mut text = Scientific::new(format_args!("{value:e}"));
    // Where two shortest texts are equally near, Python takes the even one, as rounding does.
    let nearest = Scientific::new(format_args!("{:.*e}", text.digit_count() - 1, value));
    if nearest.as_str().parse() == Ok(value) {
        text = nearest;
    }
    decimal(out, &text, point, None);
}

/// A finite number as `-d.ddde-x`.
struct Scientific {
    text: [u8; 40],
    length: usize,
}

impl Scientific {
    fn new(arguments: std::fmt::Arguments<'_>) -> Scientific {
        let mut text = [0u8; 40];
        let mut rest = &mut text[..];
        let _ = rest.write_fmt(arguments);
        let length = 40 - rest.len();
        Scientific { text, length }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or("0e0")
    }

    fn digit_count(&self) -> usize {
        self.as_str()
            .bytes()
            .take_while(|byte| *byte != b'e')
            .filter(u8::is_ascii_digit)
            .count()
    }
}

fn special(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(if value.is_nan() {
        b"nan"
    } else if value < 0.0 {
        b"-inf"
    } else {
        b"inf"
    });
}

/// Appends a finite number in the form that Python's `repr` gives it. Without a fraction `.0` is
/// added if `point`. `plain` says whether to do without an exponent; it is Python's rule if `None`.
fn decimal(out: &mut Vec<u8>, scientific: &Scientific, point: bool, plain: Option<bool>) {
    let mut text = scientific.as_str().as_bytes();
    if let [b'-', positive @ ..] = text {
        out.push(b'-');
        text = positive;
    }
    let e = text
        .iter()
        .position(|&byte| byte == b'e')
        .unwrap_or(text.len());
    let exponent = std::str::from_utf8(&text[e + 1..])
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0i32);
    // The digits without the point, which comes after the first.
    let mut digits = [0u8; 40];
    let mut count = 0;
    for &byte in text[..e].iter().filter(|byte| **byte != b'.') {
        digits[count] = byte;
        count += 1;
    }
    let digits = &digits[..count];
    if !plain.unwrap_or((-4..16).contains(&exponent)) {
        out.push(digits[0]);
        if count > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        push!(
            out,
            "e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        );
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', -exponent as usize - 1));
        out.extend_from_slice(digits);
    } else {
        let whole = exponent as usize + 1;
        if count <= whole {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', whole - count));
            if point {
                out.extend_from_slice(b".0");
            }
        } else {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    }
}

/// A part of a complex number, written without `.0`.
fn part(out: &mut Vec<u8>, value: f64, in_f32: bool) {
    if !value.is_finite() {
        special(out, value);
    } else if in_f32 {
        single(out, value as f32, false);
    } else {
        double(out, value, false);
    }
}

fn complex_parts(out: &mut Vec<u8>, real: f64, imaginary: f64, in_f32: bool) {
    if real == 0.0 && real.is_sign_positive() {
        part(out, imaginary, in_f32);
        out.push(b'j');
        return;
    }
    out.push(b'(');
    part(out, real, in_f32);
    if imaginary.is_nan() || imaginary.is_sign_positive() {
        out.push(b'+');
    }
    part(out, imaginary, in_f32);
    out.extend_from_slice(b"j)");
}

/// Appends `repr()` of a complex.
pub fn complex(out: &mut Vec<u8>, real: f64, imaginary: f64) {
    complex_parts(out, real, imaginary, false);
}

/// Appends `str()` of a `numpy.complex64`.
pub fn c64(out: &mut Vec<u8>, real: f32, imaginary: f32) {
    complex_parts(out, f64::from(real), f64::from(imaginary), true);
}

/// Appends `True` or `False`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"True" } else { b"False" });
}

/// Appends `repr()` of a fixed-width integer: `np.uint8(3)`.
pub fn repr_fixed(out: &mut Vec<u8>, value: i64, scalar: ScalarKind) {
    push!(out, "np.{}(", scalar.name());
    if scalar == ScalarKind::U64 {
        uint(out, value as u64);
    } else {
        int(out, value);
    }
    out.push(b')');
}

/// Appends `repr()` of a str.
///
/// Characters beyond Latin-1 count as printable, which Python looks up in the Unicode tables.
pub fn repr_str(out: &mut Vec<u8>, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    push!(out, "{quote}");
    for character in text.chars() {
        match character {
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            _ if character == quote => push!(out, "\\{quote}"),
            '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' => {
                push!(out, "\\x{:02x}", character as u32)
            }
            _ => push!(out, "{character}"),
        }
    }
    push!(out, "{quote}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::python::{Random, evaluate};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let mut random = Random::new(1);
        let mut values = vec![
            0.0,
            -0.0,
            1.0,
            1e15,
            1e16,
            1e17,
            123456789012345680.0,
            1e22,
            1e23,
            9007199254740993.0,
            1e-4,
            1e-5,
            0.00012345,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            0.1,
            1.5e300,
        ];
        for _ in 0..20_000 {
            values.push(f64::from_bits(random.bits()));
            values.push(random.bits() as i32 as f64 / 1000.0);
            values
                .push(10f64.powi((random.bits() % 40) as i32 - 20) * (random.bits() % 1000) as f64);
        }
        let bits: Vec<String> = values
            .iter()
            .map(|value| value.to_bits().to_string())
            .collect();
        let expected = evaluate(
            "import struct\nfor b in args: print(repr(struct.unpack('d', struct.pack('Q', int(b)))[0]))",
            &bits,
        );
        for (value, expected) in values.iter().zip(expected.lines()) {
            assert_eq!(written(|out| float(out, *value)), expected);
        }
    }

    #[test]
    fn complex_numbers_are_written_as_python_writes_them() {
        for (real, imaginary, expected) in [
            (1.0, 2.0, "(1+2j)"),
            (0.0, 2.0, "2j"),
            (-0.0, 2.0, "(-0+2j)"),
            (1.5, -0.0, "(1.5-0j)"),
            (1e16, 1e-7, "(1e+16+1e-07j)"),
            (f64::NAN, f64::NAN, "(nan+nanj)"),
            (f64::INFINITY, f64::NEG_INFINITY, "(inf-infj)"),
            (0.0, -0.0, "-0j"),
        ] {
            assert_eq!(written(|out| complex(out, real, imaginary)), expected);
        }
        assert_eq!(written(|out| c64(out, 0.1, 0.2)), "(0.1+0.2j)");
    }

    #[test]
    fn singles_have_the_digits_of_singles() {
        assert_eq!(written(|out| f32(out, 0.1)), "0.1");
        assert_eq!(written(|out| f32(out, 999_999.0)), "999999.0");
        assert_eq!(written(|out| f32(out, 16_777_216.0)), "1.6777216e+07");
        assert_eq!(written(|out| f32(out, 1e-4)), "1e-04");
    }

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        for (text, expected) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("it's \"x\"", "'it\\'s \"x\"'"),
            ("\n\x01\\é\u{a0}", "'\\n\\x01\\\\é\\xa0'"),
        ] {
            assert_eq!(written(|out| repr_str(out, text)), expected);
        }
    }
}
