//! Ops on vectors against the same ops on scalars, run by Python.

use crate::support::{Module, array};
use snek_mir::builder::Builder;
use snek_mir::ir::{
    Bound, Compare, Convert, FloatOp, FloatUnaryOp, IntOp, IntUnaryOp, Lanes, Layout, LoopKind,
    OpKind, Overflow, ReductionOp, Role, Scalar, Type, ValueId,
};

const INTS: [Scalar; 8] = [
    Scalar::I8,
    Scalar::I16,
    Scalar::I32,
    Scalar::I64,
    Scalar::U8,
    Scalar::U16,
    Scalar::U32,
    Scalar::U64,
];
const FLOATS: [Scalar; 2] = [Scalar::F32, Scalar::F64];
/// All numbers.
pub const NUMBERS: [Scalar; 10] = [
    Scalar::I8,
    Scalar::I16,
    Scalar::I32,
    Scalar::I64,
    Scalar::U8,
    Scalar::U16,
    Scalar::U32,
    Scalar::U64,
    Scalar::F32,
    Scalar::F64,
];

/// Lane counts to try; 0 is the scalar op, 1 the same in a leaf. Less than a register, one, and several.
const LANES: [u8; 7] = [0, 1, 2, 4, 8, 16, 64];

pub fn vector(scalar: Scalar, lanes: u8) -> Type {
    match lanes {
        0 | 1 => Type::Scalar(scalar),
        _ => Type::Vector(Scalar::F64, lanes)
            .with_scalar(scalar)
            .unwrap(),
    }
}

const ROW: Lanes = Lanes {
    axis: 0,
    step: 1,
    masked: false,
    dense: false,
};

pub fn load(b: &mut Builder<'_>, from: ValueId, at: ValueId, scalar: Scalar, lanes: u8) -> ValueId {
    let kind = match lanes {
        0 | 1 => OpKind::Load(vec![Bound::Proved]),
        _ => OpKind::LoadLanes(ROW),
    };
    b.value(kind, vec![from, at], vector(scalar, lanes))
}

pub fn store(b: &mut Builder<'_>, to: ValueId, at: ValueId, value: ValueId, lanes: u8) {
    let kind = match lanes {
        0 | 1 => OpKind::Store(vec![Bound::Proved]),
        _ => OpKind::StoreLanes(ROW),
    };
    b.op(kind, vec![to, at, value], &[]);
}

/// A loop over all of `array`, of which each iteration stands for so many lanes.
fn over(
    b: &mut Builder<'_>,
    array: ValueId,
    lanes: u8,
    body: impl FnOnce(&mut Builder<'_>, ValueId),
) {
    let zero = b.const_i64(0);
    let stop = b.extent(array, 0);
    let (step, kind) = match lanes {
        0 | 1 => (1, LoopKind::Serial),
        _ => (i64::from(lanes), LoopKind::Vector(lanes)),
    };
    b.loop_(
        "i",
        (zero, stop, step),
        kind,
        Vec::new(),
        Vec::new(),
        |b, _, i, _| {
            body(b, i);
            Vec::new()
        },
    );
}

/// Exports `NAME_LANES(inputs..., out)` for each lane count, which puts an op's result into `out`.
fn lanewise(
    module: &mut Module,
    name: &str,
    inputs: &[Scalar],
    out: Scalar,
    op: impl Fn(&mut Builder<'_>, &[ValueId], u8) -> ValueId,
) {
    for lanes in LANES {
        let names = ["a", "b", "c"];
        let mut params: Vec<(&str, Type)> = Vec::new();
        for (name, scalar) in names.iter().zip(inputs) {
            params.push((name, array(*scalar, 1, Layout::Contiguous)));
        }
        params.push(("out", array(out, 1, Layout::Contiguous)));
        let role = match lanes {
            0 => Role::Plain,
            _ => Role::Leaf,
        };
        exported_as(
            module,
            &format!("{name}_{lanes}"),
            &params,
            role,
            |b, args| {
                let (out, arrays) = args.split_last().unwrap();
                over(b, *out, lanes, |b, i| {
                    let values: Vec<ValueId> = arrays
                        .iter()
                        .zip(inputs)
                        .map(|(from, scalar)| load(b, *from, i, *scalar, lanes))
                        .collect();
                    let value = op(b, &values, lanes);
                    store(b, *out, i, value, lanes);
                });
            },
        );
    }
}

/// Exports a function that calls a leaf.
pub fn exported(
    module: &mut Module,
    name: &str,
    params: &[(&str, Type)],
    body: impl FnOnce(&mut Builder<'_>, &[ValueId]),
) {
    exported_as(module, name, params, Role::Leaf, body);
}

fn exported_as(
    module: &mut Module,
    name: &str,
    params: &[(&str, Type)],
    role: Role,
    body: impl FnOnce(&mut Builder<'_>, &[ValueId]),
) {
    let leaf = module.function(&format!("leaf_{name}"), params, &[], |b, args| {
        body(b, args);
        Vec::new()
    });
    let function = &mut module.program.functions[leaf];
    function.role = role;
    function.may_raise = false;
    module.exported(name, params, &[], |b, args| {
        b.op(OpKind::Call(leaf), args.to_vec(), &[]);
        Vec::new()
    });
}

pub fn check(mut module: Module, script: &str) {
    for export in &mut module.program.exports {
        for param in &mut export.params {
            param.written = true;
        }
    }
    // What is rare has the narrow form alone.
    let rare = [
        "a large frame",
        "fcvt_from_uint.i64",
        "fcvt_to_uint_sat.i32",
        "fcvt_to_uint_sat.i64",
    ];
    let mut refusals = module.refusals();
    refusals.retain(|line| !rare.iter().any(|rare| line.ends_with(rare)));
    assert!(refusals.is_empty(), "{refusals:#?}");
    module.check(&format!("{COMMON}{script}"));
}

/// Values of every type, with those at the edges, 128 of them; each function against its scalar form.
const COMMON: &str = r#"
import numpy as np, importlib, itertools
rng = np.random.default_rng(7)
TYPES = dict(i8=np.int8, i16=np.int16, i32=np.int32, i64=np.int64, u8=np.uint8, u16=np.uint16, u32=np.uint32,
             u64=np.uint64, f32=np.float32, f64=np.float64, bool=np.bool_)
def values(name, shift=0):
    t = TYPES[name]
    if name == "bool":
        v = rng.integers(0, 2, 128).astype(t)
    elif name[0] == "f":
        m = np.finfo(t).max
        edges = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 127, 128, -128, -129, 255, 256,
                 32767, 32768, -32769, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**32 - 1, 2**32, 2**53 + 1,
                 2**63, -2**63, 2**64, 1e30, -1e30, m, -m, np.finfo(t).tiny / 4, 1e-310, 3.7, -3.7]
        v = np.concatenate([np.array(edges, np.float64).astype(t), (rng.normal(size=128) * 10.0 ** rng.integers(-3, 12, 128)).astype(t)])
    else:
        i = np.iinfo(t)
        edges = [0, 1, 2, i.max, i.max - 1, i.min, i.min + 1, i.max // 2, i.max // 2 + 1]
        edges += [x for x in (-1, -2, 255, 256, 127, 128, -128, -129, 2**24 + 1, 2**31, 2**53 + 1, 2**63 + 2**11 - 1, 2**62 + 2**38 + 1) if i.min <= x <= i.max]
        v = np.concatenate([np.array(edges, t), rng.integers(i.min, i.max, 128, dtype=t, endpoint=True)])
    return np.ascontiguousarray(np.roll(v[:128], shift * 37))
def same(a, b):
    if a.dtype.kind == "f":
        return np.array_equal(a, b, equal_nan=True) and (np.signbit(a) == np.signbit(b))[~np.isnan(a)].all()
    return np.array_equal(a, b)
def compare(module, name, inputs, out):
    arrays = [values(n, s) for s, n in enumerate(inputs)]
    got = {}
    for lanes in (0, 1, 2, 4, 8, 16, 64):
        o = values(out)
        getattr(module, f"{name}_{lanes}")(*arrays, o)
        got[lanes] = o
        wrong = None if same(o, got[0]) else [i for i in range(128) if not same(o[i:i+1], got[0][i:i+1])]
        assert wrong is None, (name, lanes, [(i, [a[i] for a in arrays], o[i], got[0][i]) for i in wrong[:5]])
"#;

#[test]
fn integer_arithmetic() {
    let mut module = Module::new("vector_ints");
    let binary = [
        IntOp::Add,
        IntOp::Sub,
        IntOp::Mul,
        IntOp::And,
        IntOp::Or,
        IntOp::Xor,
        IntOp::Min,
        IntOp::Max,
    ];
    for scalar in INTS {
        let name = scalar.name();
        for op in binary {
            let name = format!("{}_{name}", op.name());
            lanewise(&mut module, &name, &[scalar; 2], scalar, |b, v, _| {
                b.int(op, Overflow::Wrap, v[0], v[1])
            });
        }
        for op in [IntUnaryOp::Neg, IntUnaryOp::Abs, IntUnaryOp::Not] {
            let name = format!("{}_{name}", op.name());
            lanewise(&mut module, &name, &[scalar], scalar, |b, v, _| {
                b.int_unary(op, Overflow::Wrap, v[0])
            });
        }
        for op in [IntOp::Shl, IntOp::Shr] {
            for count in [0, 1, 5, 7, 8, 15, 31, 32, 63, 64, 100] {
                let name = format!("{}{count}_{name}", op.name());
                lanewise(&mut module, &name, &[scalar], scalar, |b, v, lanes| {
                    let count = b.const_int(vector(scalar, lanes), count);
                    b.int(op, Overflow::Wrap, v[0], count)
                });
                let name = format!("any_{name}");
                lanewise(&mut module, &name, &[scalar], scalar, |b, v, lanes| {
                    // A count that is known only at run time.
                    let known = one_of(b, v[0], lanes);
                    let of = b.const_int(Type::Scalar(scalar), count);
                    let sum = b.select(known, of, of);
                    let count = match lanes {
                        0 | 1 => sum,
                        _ => b.value(OpKind::Splat, vec![sum], vector(scalar, lanes)),
                    };
                    b.int(op, Overflow::Wrap, v[0], count)
                });
            }
        }
    }
    check(
        module,
        r#"
import vector_ints as m
for t in list(TYPES)[:8]:
    for op in "add sub mul and or xor min max".split():
        compare(m, f"{op}_{t}", [t, t], t)
    for op in "neg abs not".split():
        compare(m, f"{op}_{t}", [t], t)
    for op in "shl", "shr":
        for n in 0, 1, 5, 7, 8, 15, 31, 32, 63, 64, 100:
            compare(m, f"{op}{n}_{t}", [t], t)
            compare(m, f"any_{op}{n}_{t}", [t], t)
"#,
    );
}

/// Some condition that no pass knows.
fn one_of(b: &mut Builder<'_>, value: ValueId, lanes: u8) -> ValueId {
    let value = match lanes {
        0 | 1 => value,
        _ => {
            let scalar = b.function.ty(value).scalar().unwrap();
            b.value(OpKind::Extract(1), vec![value], Type::Scalar(scalar))
        }
    };
    b.compare(Compare::Eq, value, value)
}

#[test]
fn float_arithmetic() {
    let mut module = Module::new("vector_floats");
    for scalar in FLOATS {
        let name = scalar.name();
        for op in FloatOp::ALL {
            let name = format!("{}_{name}", op.name());
            lanewise(&mut module, &name, &[scalar; 2], scalar, |b, v, _| {
                b.float(*op, v[0], v[1])
            });
        }
        for op in FloatUnaryOp::ALL {
            let name = format!("{}_{name}", op.name());
            lanewise(&mut module, &name, &[scalar], scalar, |b, v, _| {
                b.float_unary(*op, v[0])
            });
        }
        let fused = format!("fma_{name}");
        lanewise(&mut module, &fused, &[scalar; 3], scalar, |b, v, _| {
            let ty = b.function.ty(v[0]);
            b.value(OpKind::FusedMulAdd, v.to_vec(), ty)
        });
        let constant = format!("constant_{name}");
        lanewise(&mut module, &constant, &[scalar], scalar, |b, v, lanes| {
            let c = b.const_float(vector(scalar, lanes), 2.5);
            b.float(FloatOp::Mul, v[0], c)
        });
    }
    check(
        module,
        r#"
import vector_floats as m
for t in "f32", "f64":
    for op in "fadd fsub fmul fdiv fmin fmax fcopysign".split():
        compare(m, f"{op}_{t}", [t, t], t)
    for op in "fneg fabs fsqrt ffloor fceil ftrunc fnearest constant".split():
        compare(m, f"{op}_{t}", [t], t)
    compare(m, f"fma_{t}", [t, t, t], t)
"#,
    );
}

#[test]
fn comparisons_and_selects() {
    let mut module = Module::new("vector_masks");
    for scalar in NUMBERS {
        let name = scalar.name();
        for op in Compare::ALL {
            let compared = format!("{}_{name}", op.name().replace('.', "_"));
            lanewise(
                &mut module,
                &compared,
                &[scalar; 2],
                Scalar::Bool,
                |b, v, _| b.compare(*op, v[0], v[1]),
            );
        }
        // A mask of every width selects lanes of every width.
        for by in NUMBERS {
            let selected = format!("select_{name}_by_{}", by.name());
            lanewise(
                &mut module,
                &selected,
                &[scalar, scalar, by],
                scalar,
                |b, v, lanes| {
                    let ty = vector(by, lanes);
                    let zero = match by {
                        Scalar::F32 | Scalar::F64 => b.const_float(ty, 0.0),
                        _ => b.const_int(ty, 0),
                    };
                    let mask = b.compare(Compare::Gt, v[2], zero);
                    b.select(mask, v[0], v[1])
                },
            );
        }
    }
    for op in [IntOp::And, IntOp::Or, IntOp::Xor] {
        let name = format!("bits_{}", op.name());
        lanewise(
            &mut module,
            &name,
            &[Scalar::F64, Scalar::U8, Scalar::Bool],
            Scalar::Bool,
            |b, v, lanes| {
                let zero = b.const_float(vector(Scalar::F64, lanes), 0.0);
                let many = b.const_int(vector(Scalar::U8, lanes), 100);
                let x = b.compare(Compare::Lt, v[0], zero);
                let y = b.compare(Compare::Lt, v[1], many);
                let z = b.int(op, Overflow::Wrap, x, y);
                let z = b.int_unary(IntUnaryOp::Not, Overflow::Wrap, z);
                b.int(op, Overflow::Wrap, z, v[2])
            },
        );
    }
    for op in Compare::ALL {
        let name = format!("bools_{}", op.name().replace('.', "_"));
        lanewise(
            &mut module,
            &name,
            &[Scalar::Bool; 2],
            Scalar::Bool,
            |b, v, _| b.compare(*op, v[0], v[1]),
        );
    }
    check(
        module,
        r#"
import vector_masks as m
numbers = list(TYPES)[:10]
for t in numbers:
    for op in "eq ne lt le gt ge".split():
        compare(m, f"cmp_{op}_{t}", [t, t], "bool")
    for by in numbers:
        compare(m, f"select_{t}_by_{by}", [t, t, by], t)
for op in "and", "or", "xor":
    compare(m, f"bits_{op}", ["f64", "u8", "bool"], "bool")
for op in "eq ne lt le gt ge".split():
    compare(m, f"bools_cmp_{op}", ["bool", "bool"], "bool")
"#,
    );
}

#[test]
fn conversions() {
    let mut module = Module::new("vector_conversions");
    let all = [&NUMBERS[..], &[Scalar::Bool]].concat();
    let mut cases = Vec::new();
    for from in all {
        for to in NUMBERS {
            let mut kinds = Vec::new();
            match (from.is_float(), to.is_float()) {
                (false, true) => kinds.push(Convert::IntToFloat),
                (true, false) => kinds.push(Convert::FloatToInt),
                (true, true) if from != to => kinds.push(Convert::FloatToFloat),
                (false, false) if from.bits() > to.bits() => kinds.push(Convert::Truncate),
                (false, false) if from != to => kinds.push(Convert::Extend),
                _ => {}
            }
            if from.bits() == to.bits() && from != to {
                kinds.push(Convert::Bitcast);
            }
            for kind in kinds {
                let name = format!("{}_{}_{}", kind.name(), from.name(), to.name());
                lanewise(&mut module, &name, &[from], to, |b, v, lanes| {
                    b.convert(kind, v[0], vector(to, lanes))
                });
                cases.push(format!("({name:?}, {:?}, {:?})", from.name(), to.name()));
            }
        }
    }
    check(
        module,
        &format!(
            "import vector_conversions as m\nfor name, a, b in [{}]:\n    compare(m, name, [a], b)\n",
            cases.join(", ")
        ),
    );
}

#[test]
fn lanes_and_scalars() {
    let mut module = Module::new("vector_lanes");
    let all = [&NUMBERS[..], &[Scalar::Bool]].concat();
    for scalar in all {
        let name = scalar.name();
        let ops: &[ReductionOp] = match scalar {
            Scalar::Bool => &[ReductionOp::And, ReductionOp::Or, ReductionOp::Xor],
            Scalar::F32 | Scalar::F64 => &ReductionOp::ALL[..4],
            _ => ReductionOp::ALL,
        };
        let ty = Type::Scalar(scalar);
        let row = array(scalar, 1, Layout::Contiguous);
        for lanes in [2, 4, 8, 16, 32, 64] {
            for op in ops {
                let name = format!("reduce_{}_{name}_{lanes}", op.name());
                exported(
                    &mut module,
                    &name,
                    &[("a", row), ("out", row)],
                    |b, args| {
                        let zero = b.const_i64(0);
                        let v = load(b, args[0], zero, scalar, lanes);
                        let folded = b.value(OpKind::Reduce(*op), vec![v], ty);
                        store(b, args[1], zero, folded, 0);
                    },
                );
            }
            // Reversed by single lanes; then the first lane everywhere behind it.
            let reversed = format!("single_{name}_{lanes}");
            exported(
                &mut module,
                &reversed,
                &[("a", row), ("out", row)],
                |b, args| {
                    let zero = b.const_i64(0);
                    let v = load(b, args[0], zero, scalar, lanes);
                    let mut singles = Vec::new();
                    for lane in (0..lanes).rev() {
                        singles.push(b.value(OpKind::Extract(lane), vec![v], ty));
                    }
                    let first = singles[usize::from(lanes) - 1];
                    let back = b.value(OpKind::FromLanes, singles, vector(scalar, lanes));
                    store(b, args[1], zero, back, lanes);
                    let next = b.const_i64(i64::from(lanes));
                    let splat = b.value(OpKind::Splat, vec![first], vector(scalar, lanes));
                    store(b, args[1], next, splat, lanes);
                },
            );
            if scalar.is_int() {
                let iota = format!("iota_{name}_{lanes}");
                exported(&mut module, &iota, &[("out", row)], |b, args| {
                    let zero = b.const_i64(0);
                    let v = b.value(OpKind::Iota, Vec::new(), vector(scalar, lanes));
                    store(b, args[0], zero, v, lanes);
                });
            }
        }
    }
    check(
        module,
        r#"
import vector_lanes as m
np.seterr(all="ignore")
def nanmin(f):
    def g(x, y):
        r = f(x, y)
        zero = (x == 0) & (y == 0)
        sign = np.signbit(x) | np.signbit(y) if f is np.minimum else np.signbit(x) & np.signbit(y)
        return np.where(zero, np.where(sign, x.dtype.type(-0.0), x.dtype.type(0.0)), r).astype(x.dtype) if x.dtype.kind == "f" else r
    return g
folds = {"add": np.add, "mul": np.multiply, "min": nanmin(np.minimum), "max": nanmin(np.maximum), "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
for t in TYPES:
    for lanes in 2, 4, 8, 16, 32, 64:
        for op, f in folds.items():
            if not hasattr(m, f"reduce_{op}_{t}_{lanes}"): continue
            for shift in range(12):
                a = values(t, shift)
                if t == "bool":
                    a = [np.zeros(64, bool), np.ones(64, bool), values(t), np.arange(64) == shift, np.arange(64) != shift][shift % 5].copy()
                x = a[:lanes]
                while len(x) > 1:
                    x = f(x[:len(x) // 2], x[len(x) // 2:])
                out = a[:1].copy()
                getattr(m, f"reduce_{op}_{t}_{lanes}")(a, out)
                assert same(out, x), (t, lanes, op, a[:lanes], out, x)
        a = values(t); out = values(t)
        getattr(m, f"single_{t}_{lanes}")(a, out)
        assert same(out[:lanes], a[:lanes][::-1]) and same(out[lanes:2*lanes], np.repeat(a[:1], lanes)), (t, lanes, a, out)
        if t[0] in "iu":
            getattr(m, f"iota_{t}_{lanes}")(out)
            assert same(out[:lanes], np.arange(lanes).astype(out.dtype))
"#,
    );
}

/// Escape times of `z*z + c`, a lane per point: vectors and a mask carried by a loop that ends when no lane is on.
fn escape(b: &mut Builder<'_>, cx: ValueId, cy: ValueId, lanes: u8) -> ValueId {
    let (float, int) = (vector(Scalar::F64, lanes), vector(Scalar::I64, lanes));
    let mask = float.with_scalar(Scalar::Bool).unwrap();
    let (cond, body) = (b.function.add_region(), b.function.add_region());
    let label = b.function.add_label("escape");
    let types = [float, float, int, mask];
    let zero = b.const_float(float, 0.0);
    let none = b.const_int(int, 0);
    let all = b.const_int(mask, 1);
    let heads = types.map(|ty| b.function.add_param(cond, ty, None));
    let params = types.map(|ty| b.function.add_param(body, ty, None));
    {
        let mut b = b.inside(cond);
        let goes_on = match lanes {
            0 | 1 => heads[3],
            _ => b.value(OpKind::Reduce(ReductionOp::Or), vec![heads[3]], Type::BOOL),
        };
        let mut yielded = vec![goes_on];
        yielded.extend(heads);
        b.end_with_yield(yielded);
    }
    {
        let mut b = b.inside(body);
        let [x, y, n, on] = params;
        let (xx, yy) = (b.float(FloatOp::Mul, x, x), b.float(FloatOp::Mul, y, y));
        let xy = b.float(FloatOp::Mul, x, y);
        let difference = b.float(FloatOp::Sub, xx, yy);
        let next_x = b.float(FloatOp::Add, difference, cx);
        let twice = b.float(FloatOp::Add, xy, xy);
        let next_y = b.float(FloatOp::Add, twice, cy);
        let size = b.float(FloatOp::Add, xx, yy);
        let four = b.const_float(float, 4.0);
        let inside = b.compare(Compare::Le, size, four);
        let most = b.const_int(int, 200);
        let few = b.compare(Compare::Lt, n, most);
        let on = b.int(IntOp::And, Overflow::Wrap, on, inside);
        let on = b.int(IntOp::And, Overflow::Wrap, on, few);
        let one = b.const_int(int, 1);
        let more = b.int(IntOp::Add, Overflow::Wrap, n, one);
        let n = b.select(on, more, n);
        let x = b.select(on, next_x, x);
        let y = b.select(on, next_y, y);
        b.end_with(OpKind::Next(label), vec![x, y, n, on]);
    }
    let kind = OpKind::While { label, cond, body };
    b.values(kind, vec![zero, zero, none, all], &types)[2]
}

#[test]
fn branches_on_the_level() {
    let mut module = Module::new("vector_levels");
    let params = [
        ("a", array(Scalar::F64, 1, Layout::Contiguous)),
        ("out", array(Scalar::F64, 1, Layout::Contiguous)),
    ];
    // Forms with the widest vectors have one side of the branch, and the others the other one.
    for (name, both) in [("squares", false), ("squares_if", true)] {
        exported(&mut module, name, &params, |b, args| {
            let (a, out) = (args[0], args[1]);
            let mut condition = b.has_widest_vectors();
            if both {
                let count = b.extent(a, 0);
                let few = b.const_i64(64);
                let many = b.compare(Compare::Ge, count, few);
                condition = b.int(IntOp::And, Overflow::Wrap, many, condition);
            }
            let squares = |lanes: u8| {
                move |b: &mut Builder<'_>| {
                    over(b, out, lanes, |b, i| {
                        let value = load(b, a, i, Scalar::F64, lanes);
                        let square = b.float(FloatOp::Mul, value, value);
                        store(b, out, i, square, lanes);
                    });
                    Vec::new()
                }
            };
            b.if_(condition, &[], squares(16), squares(8));
        });
    }
    check(
        module,
        r#"
import vector_levels as m
for n in 0, 16, 48, 64, 128:
    for square in m.squares, m.squares_if:
        a, out = rng.normal(size=n), np.zeros(n)
        square(a, out)
        assert same(out, a * a), (square, n)
"#,
    );
}

/// A function that adds up, `n` times, after a leaf: one with a single loop, or with one loop in another.
fn calls_of_a_leaf(nested: bool) -> String {
    let mut module = Module::new("short");
    let ty = array(Scalar::F64, 1, Layout::Contiguous);
    let leaf = module.function("leaf", &[("a", ty)], &[], |b, args| {
        let a = args[0];
        let doubled = |b: &mut Builder<'_>| {
            over(b, a, 8, |b, i| {
                let value = load(b, a, i, Scalar::F64, 8);
                let value = b.float(FloatOp::Add, value, value);
                store(b, a, i, value, 8);
            });
            Vec::new()
        };
        let (zero, twice) = (b.const_i64(0), b.const_i64(2));
        match nested {
            true => {
                b.for_("j", (zero, twice, 1), Vec::new(), |b, _, _, _| doubled(b));
            }
            false => _ = doubled(b),
        }
        Vec::new()
    });
    module.program.functions[leaf].role = Role::Leaf;
    module.program.functions[leaf].may_raise = false;
    module.exported(
        "caller",
        &[("a", ty), ("n", Type::I64)],
        &[Type::I64],
        |b, args| {
            let zero = b.const_i64(0);
            b.for_("i", (zero, args[1], 1), vec![zero], |b, _, i, sums| {
                b.op(OpKind::Call(leaf), vec![args[0]], &[]);
                let inner = b.for_("k", (zero, i, 1), sums.to_vec(), |b, _, k, sums| {
                    vec![b.int(IntOp::Xor, Overflow::Wrap, sums[0], k)]
                });
                vec![inner[0]]
            })
        },
    );
    let text = module.listing(snek_codegen::OptLevel::Speed);
    let start = text
        .find("caller.1$wide:")
        .unwrap_or_else(|| panic!("no second form: {text}"));
    let rest = &text[start..];
    let end = rest.find("block0").unwrap_or(rest.len());
    rest[..end].to_owned()
}

#[test]
fn a_short_leaf_amid_scalars_is_no_wider_than_they_are() {
    let short = calls_of_a_leaf(false);
    assert!(
        short.contains("leaf.0$wide") && !short.contains("vector_level"),
        "{short}"
    );
    let long = calls_of_a_leaf(true);
    assert!(
        long.contains("leaf.0$widest") && long.contains("vector_level"),
        "{long}"
    );
}

#[test]
fn carried_vectors_and_masks() {
    let mut module = Module::new("vector_carried");
    lanewise(
        &mut module,
        "escape",
        &[Scalar::F64; 2],
        Scalar::I64,
        |b, v, lanes| escape(b, v[0], v[1], lanes),
    );
    // Through `if` and `block`, with a mask among the results.
    lanewise(
        &mut module,
        "regions",
        &[Scalar::F32; 2],
        Scalar::F32,
        |b, v, lanes| {
            let ty = vector(Scalar::F32, lanes);
            let mask = ty.with_scalar(Scalar::Bool).unwrap();
            let condition = one_of(b, v[1], lanes);
            let zero = b.const_float(ty, 0.0);
            let got = b.if_(
                condition,
                &[ty, mask],
                |b| {
                    let sum = b.float(FloatOp::Add, v[0], v[1]);
                    vec![sum, b.compare(Compare::Lt, v[0], v[1])]
                },
                |b| {
                    let sum = b.float(FloatOp::Sub, v[0], v[1]);
                    vec![sum, b.compare(Compare::Gt, v[0], zero)]
                },
            );
            if lanes <= 1 {
                // Each scalar decides for itself; lane 1 decides for its vector.
                let sum = b.float(FloatOp::Add, v[0], v[1]);
                let on = b.compare(Compare::Lt, v[0], v[1]);
                return b.select(on, sum, v[1]);
            }
            // A number that compares equal with itself took the first way, or the lanes are chosen so again.
            let sum = b.float(FloatOp::Add, v[0], v[1]);
            let on = b.compare(Compare::Lt, v[0], v[1]);
            let sum = b.select(condition, got[0], sum);
            let on = b.select(condition, got[1], on);
            b.select(on, sum, v[1])
        },
    );
    check(
        module,
        r#"
import vector_carried as m
grid = np.linspace(-2, 1, 128)
for y in -1.0, -0.3, 0.0, 0.01, 0.65:
    want = None
    for lanes in 0, 1, 2, 4, 8, 16, 64:
        out = np.zeros(128, np.int64)
        getattr(m, f"escape_{lanes}")(grid, np.full(128, y), out)
        want = out if want is None else want
        assert (out == want).all(), (y, lanes)
    assert want.max() > 1
compare(m, "regions", ["f32", "f32"], "f32")
"#,
    );
}
