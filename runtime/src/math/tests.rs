//! The functions of `math` against CPython's, bit for bit.

use super::entries::*;
use super::python::{Random, evaluate};

const HELPERS: &str = "
import math, struct
def f(bits): return struct.unpack('d', struct.pack('Q', int(bits)))[0]
def bits(x):
    if x != x: return 'nan'
    return str(struct.unpack('Q', struct.pack('d', x))[0])
";

fn bits(value: f64) -> String {
    if value.is_nan() {
        "nan".into()
    } else {
        value.to_bits().to_string()
    }
}

/// Compares `ours` with a Python expression over `x`, `y` and `z`, where that raises nothing.
fn compare(expression: &str, arity: usize, ours: impl Fn(&[f64]) -> f64) {
    let mut random = Random::new(expression.len() as u64);
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        2.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        5e-324,
        f64::MAX,
    ];
    let mut values: Vec<f64> = Vec::new();
    for &x in &special {
        for &y in &special {
            values.extend_from_slice(&[x, y, x][..arity]);
        }
    }
    for _ in 0..6000 {
        values.extend((0..arity).map(|_| random.float()));
    }
    let arguments: Vec<String> = values
        .iter()
        .map(|value| value.to_bits().to_string())
        .collect();
    let script = format!(
        "{HELPERS}
for i in range(0, len(args), {arity}):
    x, y, z = ([f(a) for a in args[i:i+{arity}]] * 3)[:3]
    try: print(bits({expression}))
    except (ValueError, OverflowError, ZeroDivisionError): print('error')
"
    );
    let expected = evaluate(&script, &arguments);
    let mut compared = 0;
    for (values, expected) in values.chunks(arity).zip(expected.lines()) {
        if expected != "error" {
            assert_eq!(bits(ours(values)), expected, "{expression} at {values:?}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{expression} hardly ever succeeds");
}

#[test]
fn functions_of_one_float() {
    type Unary = extern "C" fn(f64) -> f64;
    let cases: [(&str, Unary); 31] = [
        ("math.acos(x)", snek_rt_math_acos),
        ("math.acosh(x)", snek_rt_math_acosh),
        ("math.asin(x)", snek_rt_math_asin),
        ("math.asinh(x)", snek_rt_math_asinh),
        ("math.atan(x)", snek_rt_math_atan),
        ("math.atanh(x)", snek_rt_math_atanh),
        ("math.cbrt(x)", snek_rt_math_cbrt),
        (
            "float(math.ceil(x)) or math.copysign(0, x)",
            snek_rt_math_ceil,
        ),
        ("math.cos(x)", snek_rt_math_cos),
        ("math.cosh(x)", snek_rt_math_cosh),
        ("math.erf(x)", snek_rt_math_erf),
        ("math.erfc(x)", snek_rt_math_erfc),
        ("math.exp(x)", snek_rt_math_exp),
        ("math.exp2(x)", snek_rt_math_exp2),
        ("math.expm1(x)", snek_rt_math_expm1),
        ("math.fabs(x)", snek_rt_math_fabs),
        (
            "float(math.floor(x)) or math.copysign(0, x)",
            snek_rt_math_floor,
        ),
        ("math.frexp(x)[0]", snek_rt_math_frexp_mantissa),
        ("math.gamma(x)", snek_rt_math_gamma),
        ("math.lgamma(x)", snek_rt_math_lgamma),
        ("math.log(x)", snek_rt_math_log),
        ("math.log10(x)", snek_rt_math_log10),
        ("math.log1p(x)", snek_rt_math_log1p),
        ("math.log2(x)", snek_rt_math_log2),
        ("math.sin(x)", snek_rt_math_sin),
        ("math.sinh(x)", snek_rt_math_sinh),
        ("math.sqrt(x)", snek_rt_math_sqrt),
        ("math.tan(x)", snek_rt_math_tan),
        ("math.tanh(x)", snek_rt_math_tanh),
        (
            "float(math.trunc(x)) or math.copysign(0, x)",
            snek_rt_math_trunc,
        ),
        ("math.ulp(x)", snek_rt_math_ulp),
    ];
    for (expression, ours) in cases {
        compare(expression, 1, |x| ours(x[0]));
    }
    compare("float(math.frexp(x)[1])", 1, |x| {
        snek_rt_math_frexp_exponent(x[0]) as f64
    });
    compare("math.modf(x)[0]", 1, |x| snek_rt_math_modf(x[0]).first);
    compare("math.modf(x)[1]", 1, |x| snek_rt_math_modf(x[0]).second);
}

#[test]
fn functions_of_two_floats() {
    compare("math.atan2(x, y)", 2, |x| snek_rt_math_atan2(x[0], x[1]));
    compare("math.fmod(x, y)", 2, |x| snek_rt_math_fmod(x[0], x[1]));
    compare("math.remainder(x, y)", 2, |x| {
        snek_rt_math_remainder(x[0], x[1])
    });
    compare("math.pow(x, y)", 2, |x| snek_rt_math_pow(x[0], x[1]));
    compare("math.nextafter(x, y)", 2, |x| {
        snek_rt_math_nextafter(x[0], x[1])
    });
    compare("math.copysign(x, y)", 2, |x| {
        snek_rt_math_copysign(x[0], x[1])
    });
    compare("math.hypot(x, y)", 2, |x| snek_rt_math_hypot(x[0], x[1]));
    compare("math.hypot(x, y, z)", 3, |x| {
        snek_rt_math_hypot3(x[0], x[1], x[2])
    });
    compare("x // y", 2, |x| snek_rt_float_floor_div(x[0], x[1]));
    compare("x % y", 2, |x| snek_rt_float_mod(x[0], x[1]));
    compare("abs(complex(x, y))", 2, |x| snek_rt_complex_abs(x[0], x[1]));
    compare("math.ldexp(x, int(y) if abs(y) < 1e9 else 10**9)", 2, |x| {
        snek_rt_math_ldexp(
            x[0],
            if x[1].abs() < 1e9 {
                x[1] as i64
            } else {
                1_000_000_000
            },
        )
    });
}

#[test]
fn rounding_to_decimals() {
    for digits in [
        0, 1, 2, 3, 5, 10, 15, 17, 20, 300, 330, -1, -2, -3, -5, -10, -20, -300, -309,
    ] {
        compare(&format!("round(x, {digits})"), 1, |x| {
            snek_rt_float_round(x[0], digits)
        });
    }
}

#[test]
fn complex_arithmetic() {
    for part in ["real", "imag"] {
        let pick = |pair: snek_abi::PairF64| {
            if part == "real" {
                pair.first
            } else {
                pair.second
            }
        };
        compare(&format!("(complex(x, y) / complex(z, x)).{part}"), 3, |x| {
            pick(snek_rt_complex_div(x[0], x[1], x[2], x[0]))
        });
        compare(
            &format!("(complex(x, y) ** complex(z, x)).{part}"),
            3,
            |x| pick(snek_rt_complex_pow(x[0], x[1], x[2], x[0])),
        );
        for exponent in [-7, -1, 0, 1, 2, 3, 10, 100, 101] {
            compare(&format!("(complex(x, y) ** {exponent}).{part}"), 2, |x| {
                pick(snek_rt_complex_pow(x[0], x[1], f64::from(exponent), 0.0))
            });
        }
    }
}

#[test]
fn integers() {
    let mut random = Random::new(7);
    let mut values: Vec<i64> = vec![
        i64::MIN,
        -1,
        i64::MIN,
        i64::MIN,
        i64::MAX,
        1,
        i64::MAX,
        i64::MIN,
        0,
        1,
    ];
    values.extend((0..6000).map(|_| random.int()));
    values.push(0);
    let arguments: Vec<String> = values.iter().map(i64::to_string).collect();
    let script = format!(
        "{HELPERS}
def fit(x): return x if -2**63 <= x < 2**63 else 'big'
a = [int(x) for x in args]
for x, y, z in zip(a, a[1:], a[2:]):
    e, m, d = abs(y) % 70, z or 1, -(abs(z) % 22)
    try: p = pow(x, y, m)
    except ValueError: p = 'none'
    print(fit(x ** e), p, fit(round(x, d)), bits(x / (y or 1)), fit(math.gcd(x, y)), math.isqrt(abs(x) % 2**63))
"
    );
    let show = |pair: snek_abi::PairI64, none: &str| {
        if pair.second == 0 {
            pair.first.to_string()
        } else {
            none.to_owned()
        }
    };
    let expected = evaluate(&script, &arguments);
    for (triple, expected) in values.windows(3).zip(expected.lines()) {
        let [x, y, z] = *triple else {
            unreachable!("windows of three")
        };
        let digits = -((z.unsigned_abs() % 22) as i64);
        let ours = format!(
            "{} {} {} {} {} {}",
            show(snek_rt_int_pow(x, (y.unsigned_abs() % 70) as i64), "big"),
            show(
                snek_rt_int_pow_mod(x, y, if z == 0 { 1 } else { z }),
                "none"
            ),
            show(snek_rt_int_round(x, digits), "big"),
            bits(snek_rt_int_true_div(x, if y == 0 { 1 } else { y })),
            show(snek_rt_int_gcd(x, y), "big"),
            snek_rt_int_isqrt((x.unsigned_abs() % (1 << 63)) as i64),
        );
        assert_eq!(ours, expected, "{triple:?}");
    }
}

#[test]
fn ints_and_floats_compare_exactly() {
    let mut random = Random::new(11);
    let mut pairs: Vec<(i64, f64)> = Vec::new();
    for _ in 0..5000 {
        let int = random.int();
        let near = f64::from_bits(
            (int as f64)
                .to_bits()
                .wrapping_add(random.bits() % 3)
                .wrapping_sub(1),
        );
        pairs.push((int, near));
        pairs.push((int, int as f64));
        pairs.push((int, random.float()));
    }
    for int in [i64::MIN, i64::MAX, i64::MAX - 1, 0, (1 << 53) + 1] {
        for float in [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            9.223372036854775e18,
            -9.223372036854775e18,
            -0.0,
        ] {
            pairs.push((int, float));
        }
    }
    let arguments: Vec<String> = pairs
        .iter()
        .flat_map(|(int, float)| [int.to_string(), float.to_bits().to_string()])
        .collect();
    let script = format!(
        "{HELPERS}
for i in range(0, len(args), 2):
    x, y = int(args[i]), f(args[i + 1])
    print(2 if y != y else (x > y) - (x < y))
"
    );
    let expected = evaluate(&script, &arguments);
    for ((int, float), expected) in pairs.iter().zip(expected.lines()) {
        assert_eq!(
            snek_rt_int_float_compare(*int, *float).to_string(),
            expected,
            "{int} {float}"
        );
    }
}

#[test]
fn wrapping_powers() {
    assert_eq!(snek_rt_int_pow_wrapping(3, 41), 3i64.wrapping_pow(41));
    assert_eq!(snek_rt_int_pow_wrapping(2, 64), 0);
    assert_eq!(snek_rt_int_pow_wrapping(0, 0), 1);
}

#[test]
fn exact_sums() {
    let mut random = Random::new(3);
    for round in 0..40 {
        let values: Vec<f64> = (0..2 * (round % 40))
            .map(|i| match i % 3 {
                0 => random.float() * 1e10,
                1 => random.float(),
                _ => random.float() * 1e-10,
            })
            .filter(|value| value.is_finite() && value.abs() < 1e150)
            .collect();
        let half = values.len() / 2;
        let arguments: Vec<String> = values
            .iter()
            .map(|value| value.to_bits().to_string())
            .collect();
        let script = format!(
            "{HELPERS}
from fractions import Fraction
v = [f(a) for a in args]
n = len(v) // 2
print(bits(math.fsum(v)), bits(math.dist(v[:n], v[n:2*n])), bits(math.hypot(*v)))
print(bits(float(sum((Fraction(x) * Fraction(y) for x, y in zip(v[:n], v[n:])), Fraction()))))
"
        );
        let data = values.as_ptr().cast::<u8>();
        // SAFETY: all ranges lie within `values`.
        let (sum, distance, norm, products) = unsafe {
            let right = values[half..].as_ptr().cast::<u8>();
            (
                snek_rt_math_fsum(data, values.len() as i64, 8),
                snek_rt_math_dist(data, 8, right, 8, half as i64),
                snek_rt_math_dist(data, 8, std::ptr::null(), 0, values.len() as i64),
                snek_rt_math_sumprod(data, 8, right, 8, half as i64),
            )
        };
        assert_eq!(sum.second, 0.0);
        let ours = format!(
            "{} {} {}\n{}\n",
            bits(sum.first),
            bits(distance),
            bits(norm),
            bits(products + 0.0)
        );
        assert_eq!(ours, evaluate(&script, &arguments), "{values:?}");
    }
}

#[test]
fn sums_that_fail() {
    let sum = |values: &[f64]| {
        // SAFETY: the range lies within `values`.
        unsafe { snek_rt_math_fsum(values.as_ptr().cast(), values.len() as i64, 8) }
    };
    assert_eq!(sum(&[1e308, 1e308]).second, 1.0);
    assert_eq!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).second, 2.0);
    assert_eq!(sum(&[f64::INFINITY, 1.0]).first, f64::INFINITY);
    assert!(sum(&[f64::NAN, 1.0]).first.is_nan());
}
