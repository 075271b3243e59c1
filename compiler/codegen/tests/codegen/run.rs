//! Programs in MIR, compiled, linked, imported by Python and called.

use crate::support::{Module, array};
use snek_abi::ExcKind;
use snek_mir::builder::Builder;
use snek_mir::ir::{
    Bound, Compare, Convert, Cut, FloatOp, FunctionId, IntOp, IntUnaryOp, Layout, Message, OpKind,
    Overflow, Raise, Role, Scalar, Type, ValueId,
};

const INT: Type = Type::I64;
const FLOAT: Type = Type::F64;
const BOOL: Type = Type::BOOL;

#[test]
fn integers_are_checked_and_rounded_as_in_python() {
    let mut module = Module::new("ints");
    for (name, op) in [
        ("add", IntOp::Add),
        ("sub", IntOp::Sub),
        ("mul", IntOp::Mul),
        ("div", IntOp::FloorDiv),
        ("mod", IntOp::FloorMod),
    ] {
        module.exported(name, &[("a", INT), ("b", INT)], &[INT], |b, args| {
            vec![b.int(op, Overflow::Checked, args[0], args[1])]
        });
        for constant in [1, 2, 3, 7, 8, -1, -2, -7, i64::MAX, i64::MIN] {
            let name = format!("{name}_{}", constant.to_string().replace('-', "m"));
            module.exported(&name, &[("a", INT)], &[INT], |b, args| {
                let constant = b.const_i64(constant);
                vec![b.int(op, Overflow::Checked, args[0], constant)]
            });
        }
    }
    for constant in -3..=10 {
        let name = format!("times_{}", constant.to_string().replace('-', "m"));
        module.exported(&name, &[("a", INT)], &[INT], |b, args| {
            let constant = b.const_i64(constant);
            vec![b.int(IntOp::Mul, Overflow::Wrap, args[0], constant)]
        });
    }
    for (name, op) in [("neg", IntUnaryOp::Neg), ("abs_", IntUnaryOp::Abs)] {
        module.exported(name, &[("a", INT)], &[INT], |b, args| {
            vec![b.int_unary(op, Overflow::Checked, args[0])]
        });
    }
    for (name, op) in [("shl", IntOp::Shl), ("shr", IntOp::Shr)] {
        module.exported(name, &[("a", INT), ("b", INT)], &[INT], |b, args| {
            vec![b.int(op, Overflow::Checked, args[0], args[1])]
        });
    }
    module.check(
        r#"
import ints, operator
M, m = 2**63 - 1, -2**63
values = [0, 1, -1, 2, -2, 3, 7, -7, 8, -9, 100, -101, 2**31, -2**31, 2**32, 2**40 + 5, -2**50, M - 1, M, m, m + 1]
ops = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.floordiv, "mod": operator.mod}
def check(f, exact, *args):
    try:
        got = f(*args)
    except OverflowError as e:
        assert str(e) == "int result does not fit in 64 bits", e
        got = None
    want = exact if m <= exact <= M else None
    assert got == want, (f.__name__, args, got, want)
for name, op in ops.items():
    for a in values:
        for b in values:
            if b or name in ("add", "sub", "mul"):
                check(getattr(ints, name), op(a, b), a, b)
        for c in [1, 2, 3, 7, 8, -1, -2, -7, M, m]:
            check(getattr(ints, name + "_" + str(c).replace("-", "m")), op(a, c), a)
for a in values:
    for c in range(-3, 11):
        f = getattr(ints, "times_" + str(c).replace("-", "m"))
        assert f(a) == (a * c + 2**63) % 2**64 - 2**63
    check(ints.neg, -a, a)
    check(ints.abs_, abs(a), a)
    for b in [0, 1, 5, 31, 32, 62, 63, 64, 65, 1000]:
        check(ints.shl, a << b, a, b)
        check(ints.shr, a >> b, a, b)
"#,
    );
}

fn all_float_ops(b: &mut Builder<'_>, args: &[ValueId]) -> Vec<ValueId> {
    [
        FloatOp::Add,
        FloatOp::Sub,
        FloatOp::Mul,
        FloatOp::Div,
        FloatOp::CopySign,
    ]
    .into_iter()
    .map(|op| b.float(op, args[0], args[1]))
    .collect()
}

#[test]
fn results_beyond_the_registers_come_back_in_order() {
    let mut module = Module::new("many");
    let callee = module.function(
        "callee",
        &[("a", FLOAT), ("b", FLOAT)],
        &[FLOAT; 5],
        all_float_ops,
    );
    module.exported(
        "floats",
        &[("a", FLOAT), ("b", FLOAT)],
        &[FLOAT; 5],
        |b, args| b.values(OpKind::Call(callee), args.to_vec(), &[FLOAT; 5]),
    );
    module.exported(
        "mixed",
        &[("a", INT), ("b", FLOAT), ("c", BOOL)],
        &[INT, FLOAT, BOOL, INT, FLOAT, FLOAT, BOOL],
        |_, args| {
            let [a, b, c] = [args[0], args[1], args[2]];
            vec![a, b, c, a, b, b, c]
        },
    );
    module.exported("nothing", &[("a", INT)], &[], |_, _| Vec::new());
    module.check(
        r#"
import many, math
assert many.floats(7.5, -2.0) == (5.5, 9.5, -15.0, -3.75, -7.5)
assert many.mixed(-3, 2.5, True) == (-3, 2.5, True, -3, 2.5, 2.5, True)
assert many.mixed(4, -1.0, False)[2] is False
assert many.nothing(1) is None
"#,
    );
}

#[test]
fn arguments_beyond_the_registers_are_on_the_stack() {
    let mut module = Module::new("arguments");
    let small = Type::Scalar(Scalar::I16);
    let single = Type::Scalar(Scalar::F32);
    let mut params = Vec::new();
    for _ in 0..4 {
        params.extend([
            ("i", INT),
            ("x", FLOAT),
            ("s", small),
            ("y", single),
            ("b", BOOL),
        ]);
    }
    // What comes is added up with a weight of its own.
    let callee = module.function("callee", &params, &[INT, FLOAT], |b, args| {
        let (mut ints, mut floats) = (b.const_i64(0), b.const_float(FLOAT, 0.0));
        for (at, arg) in args.iter().copied().enumerate() {
            let weight = b.const_i64(at as i64 + 1);
            match b.function.ty(arg) {
                FLOAT => {
                    let weight = b.convert(Convert::IntToFloat, weight, FLOAT);
                    let product = b.float(FloatOp::Mul, arg, weight);
                    floats = b.float(FloatOp::Add, floats, product);
                }
                ty if ty == single => {
                    let double = b.convert(Convert::FloatToFloat, arg, FLOAT);
                    floats = b.float(FloatOp::Sub, floats, double);
                }
                ty => {
                    let value = match ty {
                        INT => arg,
                        _ => b.convert(Convert::Extend, arg, INT),
                    };
                    let product = b.int(IntOp::Mul, Overflow::Wrap, value, weight);
                    ints = b.int(IntOp::Add, Overflow::Wrap, ints, product);
                }
            }
        }
        vec![ints, floats]
    });
    let given = [("n", INT), ("x", FLOAT), ("b", BOOL)];
    module.exported("called", &given, &[INT, FLOAT], |b, args| {
        let (n, x, on) = (args[0], args[1], args[2]);
        let (zero, none) = (b.const_i64(0), b.const_float(FLOAT, 0.0));
        b.for_("i", (zero, n, 1), vec![zero, none], |b, _, i, sums| {
            let mut values = Vec::new();
            for at in 0..4 {
                let int = match at {
                    3 => b.const_i64(-7),
                    _ => b.int(IntOp::Add, Overflow::Wrap, i, n),
                };
                let float = match at {
                    3 => x,
                    _ => sums[1],
                };
                let small = b.convert(Convert::Truncate, int, small);
                let single = b.convert(Convert::FloatToFloat, x, single);
                values.extend([int, float, small, single, on]);
            }
            let got = b.values(OpKind::Call(callee), values, &[INT, FLOAT]);
            vec![
                b.int(IntOp::Add, Overflow::Wrap, sums[0], got[0]),
                b.float(FloatOp::Add, x, got[1]),
            ]
        })
    });
    assert!(module.refusals().is_empty(), "{:#?}", module.refusals());
    module.check(
        r#"
import arguments
def called(n, x, b):
    ints, floats = 0, 0.0
    for i in range(n):
        args = []
        for at in range(4):
            k = -7 if at == 3 else i + n
            args += [k, x if at == 3 else floats, k, x, b]
        total = 0.0
        for at, arg in enumerate(args):
            if at % 5 == 1:
                total += arg * (at + 1)
            elif at % 5 == 3:
                total -= arg
            else:
                ints += arg * (at + 1)
        floats = x + total
    return ints, floats
for n in 0, 1, 5:
    for on in False, True:
        assert arguments.called(n, 1.5, on) == called(n, 1.5, on), (n, on)
"#,
    );
}

#[test]
fn the_smaller_and_the_larger_are_chosen_as_compared() {
    let mut module = Module::new("chosen");
    for (ty, bits) in [(FLOAT, 64), (Type::Scalar(Scalar::F32), 32)] {
        for (name, compare) in [
            ("lt", Compare::Lt),
            ("gt", Compare::Gt),
            ("le", Compare::Le),
            ("ge", Compare::Ge),
        ] {
            for (way, swap) in [("", false), ("_swapped", true)] {
                let params = [("a", FLOAT), ("b", FLOAT)];
                let name = format!("{name}{way}{bits}");
                module.exported(&name, &params, &[FLOAT], |b, args| {
                    let convert = |b: &mut Builder<'_>, value, to| match ty {
                        FLOAT => value,
                        _ => b.convert(Convert::FloatToFloat, value, to),
                    };
                    let left = convert(b, args[0], ty);
                    let right = convert(b, args[1], ty);
                    let holds = b.compare(compare, left, right);
                    let chosen = match swap {
                        false => b.select(holds, left, right),
                        true => b.select(holds, right, left),
                    };
                    vec![convert(b, chosen, FLOAT)]
                });
            }
        }
    }
    module.check(
        r#"
import chosen, math, operator
values = [0.0, -0.0, 1.0, -1.0, 2.5, math.inf, -math.inf, math.nan]
for a in values:
    for b in values:
        for name in "lt", "gt", "le", "ge":
            holds = getattr(operator, name)(a, b)
            for bits in "32", "64":
                for way, want in (("", a if holds else b), ("_swapped", b if holds else a)):
                    got = getattr(chosen, name + way + bits)(a, b)
                    assert repr(got) == repr(want), (name, way, bits, a, b, got)
"#,
    );
}

#[test]
fn conversions_saturate_and_extend() {
    let mut module = Module::new("conversions");
    let ints = [
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
    ];
    for scalar in ints {
        let ty = Type::Scalar(scalar);
        let name = format!("from_float_{}", scalar.name());
        module.exported(&name, &[("x", FLOAT)], &[ty], |b, args| {
            vec![b.convert(Convert::FloatToInt, args[0], ty)]
        });
        let name = format!("to_float_{}", scalar.name());
        module.exported(&name, &[("x", ty)], &[FLOAT], |b, args| {
            vec![b.convert(Convert::IntToFloat, args[0], FLOAT)]
        });
        let name = format!("cut_{}", scalar.name());
        module.exported(&name, &[("x", INT)], &[ty], |b, args| {
            let kind = if scalar.size() == 8 {
                Convert::Extend
            } else {
                Convert::Truncate
            };
            vec![b.convert(kind, args[0], ty)]
        });
    }
    module.check(
        r#"
import conversions as c
for name, bits in [("i8", 8), ("i16", 16), ("i32", 32), ("i64", 64), ("u8", 8), ("u16", 16), ("u32", 32), ("u64", 64)]:
    low, high = (-2**(bits-1), 2**(bits-1) - 1) if name[0] == "i" else (0, 2**bits - 1)
    for x in [0.0, 1.9, -1.9, 100.5, 127.0, 128.0, -128.0, -129.0, 255.0, 256.0, 40000.0, 70000.0, 3e9, 5e9, 1e18, 1e19, 1e20, -1e20]:
        got = int(getattr(c, "from_float_" + name)(x))
        assert got == min(max(int(x), low), high), (name, x, got)
    assert int(getattr(c, "from_float_" + name)(float("nan"))) == 0
    for x in [low, low + 1, 0, 1, high // 2, high - 1, high]:
        assert getattr(c, "to_float_" + name)(x) == float(x), (name, x)
    for x in [0, 1, -1, 127, 128, 255, 256, 65535, 2**31, -2**31 - 1, 2**63 - 1, -2**63]:
        want = x % 2**bits
        if want > high: want -= 2**bits
        assert int(getattr(c, "cut_" + name)(x)) == want, (name, x)
"#,
    );
}

pub fn sum_with(bound: Bound) -> impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId> {
    move |b, args| {
        let (rows, columns) = (b.extent(args[0], 0), b.extent(args[0], 1));
        let zero = b.const_i64(0);
        let start = b.const_float(FLOAT, 0.0);
        b.for_("i", (zero, rows, 1), vec![start], |b, _, i, carried| {
            b.for_(
                "j",
                (zero, columns, 1),
                carried.to_vec(),
                |b, _, j, carried| {
                    let load = OpKind::Load(vec![bound, bound]);
                    let item = b.value(load, vec![args[0], i, j], FLOAT);
                    vec![b.float(FloatOp::Add, carried[0], item)]
                },
            )
        })
    }
}

#[test]
fn arrays_are_read_by_any_layout_and_bound() {
    let mut module = Module::new("arrays");
    for (name, bound) in [
        ("checked", Bound::Checked),
        ("nonneg", Bound::NonNegative),
        ("proved", Bound::Proved),
        ("wrapping", Bound::Wrapping),
    ] {
        let mut bodies = Vec::new();
        for layout in [Layout::Contiguous, Layout::Strided] {
            let ty = array(Scalar::F64, 2, layout);
            bodies.push(module.function(name, &[("a", ty)], &[FLOAT], sum_with(bound)));
        }
        module.export(bodies[0], Some(bodies[1]));
    }
    let mut bodies = Vec::new();
    for layout in [Layout::Contiguous, Layout::Strided] {
        let ty = array(Scalar::I32, 3, layout);
        let params = [("a", ty), ("i", INT), ("j", INT), ("k", INT)];
        bodies.push(
            module.function("item", &params, &[Type::Scalar(Scalar::I32)], |b, args| {
                let load = OpKind::Load(vec![Bound::Checked; 3]);
                vec![b.value(load, args.to_vec(), Type::Scalar(Scalar::I32))]
            }),
        );
    }
    module.export(bodies[0], Some(bodies[1]));
    let mut bodies = Vec::new();
    for layout in [Layout::Contiguous, Layout::Strided] {
        let ty = array(Scalar::I32, 3, layout);
        let row = array(Scalar::I32, 1, layout);
        let i32_ = Type::Scalar(Scalar::I32);
        let inner = module.function("inner", &[("a", row), ("k", INT)], &[i32_], |b, args| {
            vec![b.value(OpKind::Load(vec![Bound::Checked]), args.to_vec(), i32_)]
        });
        let params = [("a", ty), ("i", INT), ("j", INT), ("k", INT)];
        bodies.push(module.function("by_row", &params, &[i32_], |b, args| {
            let kind = OpKind::Row(vec![Bound::Checked; 2]);
            let view = b.value(kind, args[..3].to_vec(), row);
            b.values(OpKind::Call(inner), vec![view, args[3]], &[i32_])
        }));
    }
    module.export(bodies[0], Some(bodies[1]));
    module.check(
        r#"
import arrays, numpy as np
a = np.arange(12.0).reshape(3, 4)
for f in (arrays.checked, arrays.nonneg, arrays.proved, arrays.wrapping):
    for view in (a, a[::-1], a[:, ::2], a.T, a[::2, ::-1], np.broadcast_to(a[0], (5, 4)), a[:0], a[:, :0]):
        assert f(view) == view.sum(), f
b = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
for view in (b, b[::-1, :, ::2], b.transpose(2, 0, 1)):
    n, m, p = view.shape
    for f in (arrays.item, arrays.by_row):
        for i in range(-n - 2, n + 2):
            for j in range(-m - 2, m + 2):
                for k in range(-p - 2, p + 2):
                    try: want = int(view[i, j, k])
                    except IndexError as e: want = str(e)
                    try: got = int(f(view, i, j, k))
                    except IndexError as e: got = str(e)
                    if isinstance(want, str) and f is arrays.by_row:
                        assert isinstance(got, str)
                    else:
                        assert got == want, (i, j, k, got, want)
"#,
    );
}

#[test]
fn arrays_are_written() {
    let mut module = Module::new("writes");
    let mut bodies = Vec::new();
    for layout in [Layout::Contiguous, Layout::Strided] {
        let ty = array(Scalar::U8, 1, layout);
        let u8_ = Type::Scalar(Scalar::U8);
        bodies.push(
            module.function("fill", &[("a", ty), ("step", u8_)], &[], |b, args| {
                let zero = b.const_i64(0);
                let n = b.extent(args[0], 0);
                let start = b.const_int(u8_, 0);
                b.for_("i", (zero, n, 1), vec![start], |b, _, i, carried| {
                    let store = OpKind::Store(vec![Bound::Proved]);
                    b.op(store, vec![args[0], i, carried[0]], &[]);
                    vec![b.int(IntOp::Add, Overflow::Wrap, carried[0], args[1])]
                });
                Vec::new()
            }),
        );
    }
    module.export(bodies[0], Some(bodies[1]));
    module.program.exports[0].params[0].written = true;
    module.check(
        r#"
import writes, numpy as np
a = np.zeros(300, np.uint8)
writes.fill(a, 7)
assert (a == np.arange(300) * 7 % 256).all()
a[:] = 0
writes.fill(a[::-3], 1)
assert (a[::-3] == np.arange(100)).all() and a.sum() == np.arange(100).sum()
a.flags.writeable = False
try: writes.fill(a, 1)
except (TypeError, ValueError, BufferError) as e: pass
else: raise AssertionError("a read-only buffer was written")
"#,
    );
}

#[test]
fn loops_count_as_range_does() {
    let mut module = Module::new("loops");
    for step in [1, 2, 3, 7, -1, -2, -5, i64::MAX, i64::MIN] {
        let name = format!("range_{}", step.to_string().replace('-', "m"));
        // The number of iterations, and the sum of the induction variable.
        module.exported(&name, &[("a", INT), ("b", INT)], &[INT, INT], |b, args| {
            let zero = b.const_i64(0);
            b.for_(
                "i",
                (args[0], args[1], step),
                vec![zero, zero],
                |b, _, i, carried| {
                    let one = b.const_i64(1);
                    let count = b.int(IntOp::Add, Overflow::Wrap, carried[0], one);
                    vec![count, b.int(IntOp::Add, Overflow::Wrap, carried[1], i)]
                },
            )
        });
    }
    // The first multiple of 7 from `a` on that is not a multiple of 2; -1 if there is none.
    module.exported("search", &[("a", INT), ("b", INT)], &[INT], |b, args| {
        let none = b.const_i64(-1);
        b.for_(
            "i",
            (args[0], args[1], 1),
            vec![none],
            |b, label, i, carried| {
                let (two, seven, zero) = (b.const_i64(2), b.const_i64(7), b.const_i64(0));
                let odd = b.int(IntOp::FloorMod, Overflow::Wrap, i, two);
                let even = b.compare(Compare::Eq, odd, zero);
                b.if_(
                    even,
                    &[],
                    |b| {
                        b.op(OpKind::Next(label), carried.to_vec(), &[]);
                        Vec::new()
                    },
                    |_| Vec::new(),
                );
                let rest = b.int(IntOp::FloorMod, Overflow::Wrap, i, seven);
                let found = b.compare(Compare::Eq, rest, zero);
                b.if_(
                    found,
                    &[],
                    |b| {
                        b.op(OpKind::Break(label), vec![i], &[]);
                        Vec::new()
                    },
                    |_| Vec::new(),
                );
                carried.to_vec()
            },
        )
    });
    module.exported("collatz", &[("n", INT)], &[INT], collatz);
    module.check(
        r#"
import loops
M, m = 2**63 - 1, -2**63
bounds = [0, 1, 2, 5, 6, 7, 20, -1, -7, -20, M, M - 1, M - 6, m, m + 1, m + 9]
for step in [1, 2, 3, 7, -1, -2, -5, M, m]:
    f = getattr(loops, "range_" + str(step).replace("-", "m"))
    for a in bounds:
        for b in bounds:
            r = range(a, b, step)
            if abs(b - a) // abs(step) > 1000: continue
            want = (len(r), (sum(r) + 2**63) % 2**64 - 2**63)
            assert f(a, b) == want, (a, b, step, f(a, b), want)
for a in range(0, 40):
    for b in range(0, 40):
        want = next((i for i in range(a, b) if i % 2 and i % 7 == 0), -1)
        assert loops.search(a, b) == want, (a, b)
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
for n in range(1, 300):
    assert loops.collatz(n) == collatz(n)
"#,
    );
}

fn collatz(b: &mut Builder<'_>, args: &[ValueId]) -> Vec<ValueId> {
    let zero = b.const_i64(0);
    let (cond, body) = (b.function.add_region(), b.function.add_region());
    let label = b.function.add_label("steps");
    let n = b.function.add_param(cond, INT, None);
    let steps = b.function.add_param(cond, INT, None);
    {
        let mut b = b.inside(cond);
        let one = b.const_i64(1);
        let goes_on = b.compare(Compare::Ne, n, one);
        b.end_with_yield(vec![goes_on, n, steps]);
    }
    let n = b.function.add_param(body, INT, None);
    let steps = b.function.add_param(body, INT, None);
    {
        let mut b = b.inside(body);
        let (zero, one, two, three) = (
            b.const_i64(0),
            b.const_i64(1),
            b.const_i64(2),
            b.const_i64(3),
        );
        let odd = b.int(IntOp::FloorMod, Overflow::Wrap, n, two);
        let even = b.compare(Compare::Eq, odd, zero);
        let next = b.if_(
            even,
            &[INT],
            |b| vec![b.int(IntOp::FloorDiv, Overflow::Checked, n, two)],
            |b| {
                let product = b.int(IntOp::Mul, Overflow::Checked, n, three);
                vec![b.int(IntOp::Add, Overflow::Checked, product, one)]
            },
        );
        let steps = b.int(IntOp::Add, Overflow::Checked, steps, one);
        b.end_with(OpKind::Next(label), vec![next[0], steps]);
    }
    let kind = OpKind::While { label, cond, body };
    vec![b.values(kind, vec![args[0], zero], &[INT, INT])[1]]
}

#[test]
fn exceptions_carry_tracebacks() {
    let mut module = Module::new("raises");
    let inner = module.function("inner", &[("x", INT)], &[INT], |b, args| {
        let zero = b.const_i64(0);
        let fine = b.compare(Compare::Ne, args[0], zero);
        let message = Message::Text("zero is not welcome".to_owned());
        b.check(
            fine,
            Raise {
                kind: ExcKind::ValueError,
                message,
            },
            &[],
        );
        vec![args[0]]
    });
    module.export(inner, None);
    module.exported("outer", &[("x", INT)], &[INT], |b, args| {
        b.values(OpKind::Call(inner), args.to_vec(), &[INT])
    });
    module.exported("bare", &[], &[INT], |b, _| {
        let raise = Raise {
            kind: ExcKind::KeyError,
            message: Message::Bare,
        };
        b.op(OpKind::Raise(raise), Vec::new(), &[]);
        Vec::new()
    });
    module.exported("weak", &[("x", INT)], &[INT], |b, args| {
        let zero = b.const_bool(false);
        let message = Message::WeakInt(snek_abi::ScalarKind::U8);
        b.check(
            zero,
            Raise {
                kind: ExcKind::OverflowError,
                message,
            },
            &[args[0]],
        );
        vec![args[0]]
    });
    module.exported("unbound", &[], &[INT], |b, _| {
        let raise = Raise {
            kind: ExcKind::UnboundLocalError,
            message: Message::Unbound("y".to_owned()),
        };
        b.op(OpKind::Raise(raise), Vec::new(), &[]);
        Vec::new()
    });
    module.check(
        r#"
import raises, traceback
assert raises.outer(3) == 3
try: raises.outer(0)
except ValueError as e:
    assert str(e) == "zero is not welcome"
    frames = traceback.extract_tb(e.__traceback__)[1:]
    assert [(f.name, f.lineno) for f in frames] == [("outer", 21), ("inner", 11)], frames
    assert all(f.filename.endswith("raises.py") for f in frames), frames
else: raise AssertionError
try: raises.bare()
except KeyError as e: assert e.args == ()
try: raises.weak(300)
except OverflowError as e: assert str(e) == "Python integer 300 out of bounds for uint8", e
try: raises.unbound()
except UnboundLocalError as e: assert str(e) == "cannot access local variable 'y' where it is not associated with a value", e
"#,
    );
}

#[test]
fn recursion_ends_in_an_exception() {
    let mut module = Module::new("recursion");
    let fib = FunctionId::from_usize(0);
    let id = module.exported("fib", &[("n", INT)], &[INT], |b, args| {
        let (one, two) = (b.const_i64(1), b.const_i64(2));
        let small = b.compare(Compare::Lt, args[0], two);
        b.if_(
            small,
            &[INT],
            |_| vec![args[0]],
            |b| {
                let a = b.int(IntOp::Sub, Overflow::Checked, args[0], one);
                let a = b.values(OpKind::Call(fib), vec![a], &[INT])[0];
                let c = b.int(IntOp::Sub, Overflow::Checked, args[0], two);
                let c = b.values(OpKind::Call(fib), vec![c], &[INT])[0];
                vec![b.int(IntOp::Add, Overflow::Checked, a, c)]
            },
        )
    });
    assert_eq!(id, fib);
    module.program.functions[fib].recursive = true;
    let deep = FunctionId::from_usize(1);
    module.exported("deep", &[("n", INT)], &[INT], |b, args| {
        let one = b.const_i64(1);
        let n = b.int(IntOp::Add, Overflow::Checked, args[0], one);
        let n = b.values(OpKind::Call(deep), vec![n], &[INT])[0];
        vec![b.int(IntOp::Add, Overflow::Checked, n, one)]
    });
    module.program.functions[deep].recursive = true;
    module.check(
        r#"
import recursion, threading
assert recursion.fib(20) == 6765
def dive():
    try: recursion.deep(0)
    except RecursionError as e: caught.append(str(e))
caught = []
dive()
t = threading.Thread(target=dive)
t.start(); t.join()
assert len(caught) == 2 and caught[0].startswith("maximum recursion depth exceeded"), caught
"#,
    );
}

/// `sum(i * scale for i in range(start, stop, step))` in parallel, raising at `bad`.
#[test]
fn parallel_loops_reduce_and_raise() {
    let mut module = Module::new("parallel");
    let params = [
        ("scale", FLOAT),
        ("bad", INT),
        ("start", INT),
        ("lo", INT),
        ("hi", INT),
        ("sum", FLOAT),
        ("count", INT),
    ];
    let body = module.function("body", &params, &[FLOAT, INT], |b, args| {
        let [scale, bad, start, lo, hi] = [args[0], args[1], args[2], args[3], args[4]];
        b.for_(
            "k",
            (lo, hi, 1),
            vec![args[5], args[6]],
            |b, _, k, carried| {
                let (three, one) = (b.const_i64(3), b.const_i64(1));
                let offset = b.int(IntOp::Mul, Overflow::Wrap, k, three);
                let i = b.int(IntOp::Add, Overflow::Wrap, start, offset);
                let fine = b.compare(Compare::Ne, i, bad);
                let message = Message::Text("bad".to_owned());
                b.check(
                    fine,
                    Raise {
                        kind: ExcKind::ValueError,
                        message,
                    },
                    &[],
                );
                let i = b.convert(Convert::IntToFloat, i, FLOAT);
                let term = b.float(FloatOp::Mul, i, scale);
                let sum = b.float(FloatOp::Add, carried[0], term);
                vec![sum, b.int(IntOp::Add, Overflow::Checked, carried[1], one)]
            },
        )
    });
    module.program.functions[body].role = Role::ParallelBody;
    let params = [("a", FLOAT), ("b", INT), ("c", FLOAT), ("d", INT)];
    let combine = module.function("combine", &params, &[FLOAT, INT], |b, args| {
        let sum = b.float(FloatOp::Add, args[0], args[2]);
        vec![sum, b.int(IntOp::Add, Overflow::Checked, args[1], args[3])]
    });
    module.program.functions[combine].role = Role::Combine;
    let params = [("a", INT), ("b", INT), ("scale", FLOAT), ("bad", INT)];
    module.exported("total", &params, &[FLOAT, INT], |b, args| {
        let kind = OpKind::ParallelCall {
            body,
            combine: Some(combine),
            step: 3,
            identities: vec![0.0f64.to_bits(), 0],
            accumulators: Vec::new(),
            schedule: None,
            cut: Cut::of(1),
            progress: false,
        };
        let (zero, ten) = (b.const_float(FLOAT, 0.5), b.const_i64(10));
        b.values(
            kind,
            vec![args[0], args[1], zero, ten, args[2], args[3]],
            &[FLOAT, INT],
        )
    });
    let params = [
        ("a", array(Scalar::I64, 1, Layout::Contiguous)),
        ("start", INT),
        ("lo", INT),
        ("hi", INT),
    ];
    let body = module.function("fill_body", &params, &[], |b, args| {
        b.for_("k", (args[2], args[3], 1), Vec::new(), |b, _, k, _| {
            let square = b.int(IntOp::Mul, Overflow::Checked, k, k);
            b.op(
                OpKind::Store(vec![Bound::Checked]),
                vec![args[0], k, square],
                &[],
            );
            Vec::new()
        });
        Vec::new()
    });
    module.program.functions[body].role = Role::ParallelBody;
    module.exported("squares", &params[..1], &[], |b, args| {
        let (zero, n) = (b.const_i64(0), b.extent(args[0], 0));
        let kind = OpKind::ParallelCall {
            body,
            combine: None,
            step: 1,
            identities: Vec::new(),
            accumulators: Vec::new(),
            schedule: None,
            cut: Cut::of(1),
            progress: false,
        };
        b.op(kind, vec![zero, n, args[0]], &[]);
        Vec::new()
    });
    module.program.exports[1].params[0].written = true;
    module.check(
        r#"
import parallel, numpy as np, traceback
for a, b in [(0, 0), (5, 1), (0, 1), (0, 3), (0, 4), (-7, 1000), (3, 100000)]:
    r = range(a, b, 3)
    assert parallel.total(a, b, 2.0, -10**9) == (0.5 + 2.0 * sum(r), 10 + len(r)), (a, b)
try: parallel.total(0, 100000, 2.0, 300)
except ValueError as e:
    assert str(e) == "bad"
    # The function that the loop is in appears once: as the body that was taken out of it.
    assert [f.name for f in traceback.extract_tb(e.__traceback__)][1:] == ["body"]
else: raise AssertionError
a = np.zeros(100001, np.int64)
parallel.squares(a)
assert (a == np.arange(100001) ** 2).all()
"#,
    );
}

/// `-1 if n == 0 else (-2 if n == 1 else ...)`, as a long chain of `elif` comes to be.
fn chain(b: &mut Builder<'_>, n: ValueId, index: i64, end: i64) -> Vec<ValueId> {
    let value = b.const_i64(-1 - index);
    if index == end {
        return vec![value];
    }
    let this = b.const_i64(index);
    let found = b.compare(Compare::Eq, n, this);
    b.if_(
        found,
        &[INT],
        |_| vec![value],
        |b| chain(b, n, index + 1, end),
    )
}

#[test]
fn deep_nesting_compiles() {
    let build = || {
        let mut module = Module::new("deep");
        module.exported("chain", &[("n", INT)], &[INT], |b, args| {
            chain(b, args[0], 0, 3000)
        });
        module
    };
    // Making the program recurses too, here.
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(build);
    let module = thread.expect("a thread").join().expect("a program");
    module.check(
        r#"
import deep
for n in [0, 1, 2, 1500, 2999, 3000, 5000]:
    assert deep.chain(n) == -1 - min(n, 3000)
"#,
    );
}
