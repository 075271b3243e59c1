//! Memory as vectors see it: rows, gathered places, places of the function's own; which arrays share any.

use crate::support::{Module, array};
use crate::vectors::{NUMBERS, check, exported, load, store, vector};
use snek_mir::ir::{
    ArrayType, Element, FloatOp, IntOp, Lanes, Layout, OpKind, Overflow, Scalar, Type,
};

fn element(name: Element, layout: Layout, rank: u8) -> Type {
    Type::Array(ArrayType {
        element: name,
        rank,
        layout,
    })
}

#[test]
fn memory_of_every_kind() {
    let mut module = Module::new("vector_memory");
    let elements: Vec<(String, Element)> = NUMBERS
        .iter()
        .chain(&[Scalar::Bool])
        .map(|scalar| (scalar.name().to_owned(), Element::Scalar(*scalar)))
        .chain([
            ("c64".to_owned(), Element::Complex64),
            ("c128".to_owned(), Element::Complex128),
        ])
        .collect();
    for (name, of) in &elements {
        let (scalar, count) = of.scalars();
        for lanes in [2, 4, 8, 32] {
            let types = vec![vector(scalar, lanes); count];
            let mask_row = array(Scalar::Bool, 1, Layout::Contiguous);
            // Any strides, of which the last may be known to be that of neighbours.
            for (layout, dense, which) in [
                (Layout::Contiguous, false, "c"),
                (Layout::Strided, false, "s"),
                (Layout::Strided, true, "d"),
            ] {
                let row = element(*of, layout, 1);
                for step in [1i64, -1, 2, -3] {
                    for masked in [false, true] {
                        // out lanes at (to, step) = lanes of a at (from, step), under a mask.
                        let lane = Lanes {
                            axis: 0,
                            step,
                            masked,
                            dense,
                        };
                        let step = step.to_string().replace('-', "m");
                        let name =
                            format!("move_{name}_{lanes}_{which}_{step}_{}", u8::from(masked));
                        let params = [
                            ("a", row),
                            ("at", Type::I64),
                            ("mask", mask_row),
                            ("out", row),
                            ("to", Type::I64),
                        ];
                        exported(&mut module, &name, &params, |b, args| {
                            let zero = b.const_i64(0);
                            let mask = load(b, args[2], zero, Scalar::Bool, lanes);
                            let mut operands = vec![args[0], args[1]];
                            operands.extend(masked.then_some(mask));
                            let loaded = b.values(OpKind::LoadLanes(lane), operands, &types);
                            let mut operands = vec![args[3], args[4]];
                            operands.extend(loaded);
                            operands.extend(masked.then_some(mask));
                            b.op(OpKind::StoreLanes(lane), operands, &[]);
                        });
                    }
                }
                for masked in [false, true] {
                    let indices = array(Scalar::I64, 1, Layout::Contiguous);
                    let name = format!("gather_{name}_{lanes}_{which}_{}", u8::from(masked));
                    let params = [
                        ("a", row),
                        ("source", indices),
                        ("mask", mask_row),
                        ("out", row),
                        ("target", indices),
                    ];
                    exported(&mut module, &name, &params, |b, args| {
                        let zero = b.const_i64(0);
                        let mask = load(b, args[2], zero, Scalar::Bool, lanes);
                        let from = load(b, args[1], zero, Scalar::I64, lanes);
                        let to = load(b, args[4], zero, Scalar::I64, lanes);
                        let mut operands = vec![args[0], from];
                        operands.extend(masked.then_some(mask));
                        let loaded = b.values(OpKind::Gather { masked }, operands, &types);
                        let mut operands = vec![args[3], to];
                        operands.extend(loaded);
                        operands.extend(masked.then_some(mask));
                        b.op(OpKind::Scatter { masked }, operands, &[]);
                    });
                }
            }
        }
    }
    check(
        module,
        r#"
import vector_memory as m, ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
PAGE = mmap.PAGESIZE
area = mmap.mmap(-1, 3 * PAGE)
base = ctypes.addressof(ctypes.c_char.from_buffer(area))
for page in 0, 2:
    assert libc.mprotect(ctypes.c_void_p(base + page * PAGE), ctypes.c_size_t(PAGE), 0) == 0
# An array between pages that cannot be touched, at the start or at the end of its page.
def guarded(like, at_end):
    size = like.nbytes
    offset = PAGE + (PAGE - size if at_end else 0)
    v = np.frombuffer(area, like.dtype, len(like), offset)
    v[:] = like
    return v
types = dict(TYPES, c64=np.complex64, c128=np.complex128)
def numbers(t):
    if t == "c64": return (values("f32") + 1j * values("f32", 1)).astype(np.complex64)
    if t == "c128": return values("f64") + 1j * values("f64", 1)
    return values(t)
def raw(a):
    return a.view(np.uint8)
for t in types:
    for lanes in 2, 4, 8, 32:
        for layout in "c", "s", "d":
            for step in 1, -1, 2, -3:
                for masked in 0, 1:
                    f = getattr(m, f"move_{t}_{lanes}_{layout}_{str(step).replace('-', 'm')}_{masked}")
                    for trial in range(4):
                        mask = [np.ones(64, bool), np.zeros(64, bool), rng.integers(0, 2, 64).astype(bool), np.arange(64) < lanes - 1][trial]
                        a, out = numbers(t), numbers(t)
                        at, to = ((lanes - 1) * -step if step < 0 else 0) + 2, ((lanes - 1) * -step if step < 0 else 0) + 5
                        if layout == "s":
                            # 128 elements as every second one, backwards.
                            big, bigger = np.zeros(256, a.dtype), np.zeros(256, a.dtype)
                            big[::-2], bigger[::-2] = a, out
                            a, out = big[::-2], bigger[::-2]
                        want = out.copy()
                        on = np.nonzero(mask[:lanes])[0] if masked else np.arange(lanes)
                        want[to + on * step] = a[at + on * step]
                        f(a, at, mask, out, to)
                        assert (raw(np.ascontiguousarray(out)) == raw(np.ascontiguousarray(want))).all(), (t, lanes, layout, step, masked, trial, out, want)
            for masked in 0, 1:
                f = getattr(m, f"gather_{t}_{lanes}_{layout}_{masked}")
                for trial in range(4):
                    mask = rng.integers(0, 2, 64).astype(bool)
                    a, out = numbers(t), numbers(t)
                    source, target = rng.integers(0, 128, 64), rng.integers(0, 20, 64)
                    if masked:
                        source[~mask] = -(1 << 40); target[~mask] = 1 << 40
                    if layout == "s":
                        big, bigger = np.zeros(256, a.dtype), np.zeros(256, a.dtype)
                        big[::-2], bigger[::-2] = a, out
                        a, out = big[::-2], bigger[::-2]
                    want = out.copy()
                    for k in range(lanes):
                        if mask[k] or not masked: want[target[k]] = a[source[k]]
                    f(a, source, mask, out, target)
                    assert (raw(np.ascontiguousarray(out)) == raw(np.ascontiguousarray(want))).all(), (t, lanes, layout, masked)
        # Lanes that are off lie on pages that fault.
        f = getattr(m, f"move_{t}_{lanes}_c_1_1")
        for count in range(lanes + 1):
            out = numbers(t); want = out.copy()
            mask = np.arange(64) < count
            a = guarded(numbers(t)[:max(count, 1)], True)
            f(a, 0, mask, out, 0)
            want[:count] = a[:count]
            assert (raw(out) == raw(want)).all()
            a = guarded(numbers(t)[:max(count, 1)], True)
            source = numbers(t)
            f(source, 0, mask, a, 0)
            assert (raw(a[:count].copy()) == raw(source[:count])).all()
            mask = np.arange(64) >= lanes - count
            a = guarded(numbers(t)[:max(count, 1)], False)
            f(a, count - lanes, mask, out, 0)
            assert (raw(out[lanes - count:lanes]) == raw(a[:count].copy())).all()
"#,
    );
}

#[test]
fn spans_of_memory() {
    let mut module = Module::new("vector_spans");
    for (name, layout) in [("c", Layout::Contiguous), ("s", Layout::Strided)] {
        for rank in [1, 2] {
            let params = [
                ("a", array(Scalar::F64, rank, layout)),
                ("b", array(Scalar::F32, rank, layout)),
            ];
            module.exported(
                &format!("disjoint_{name}_{rank}"),
                &params,
                &[Type::BOOL],
                |b, args| vec![b.value(OpKind::Disjoint, args.to_vec(), Type::BOOL)],
            );
        }
    }
    check(
        module,
        r#"
import vector_spans as m
x = np.zeros(40)
y = x.view(np.float32)
for i in range(0, 40, 3):
    for j in range(i, 40, 4):
        for k in range(0, 80, 5):
            for l in range(k, 80, 7):
                want = i == j or k == l or 8 * j <= 4 * k or 4 * l <= 8 * i
                assert m.disjoint_c_1(x[i:j], y[k:l]) == want, (i, j, k, l)
                assert m.disjoint_s_1(x[i:j], y[k:l]) == want
                assert m.disjoint_s_1(x[i:j][::-1], y[k:l][::-1]) == want
a, b = np.zeros((6, 6)), np.zeros((6, 6), np.float32)
assert m.disjoint_c_2(a, b) and m.disjoint_s_2(a[::2, ::-1], b.T)
c = a.view(np.float32)
assert not m.disjoint_s_2(a[:, :3], c[:, 6:])
assert m.disjoint_s_2(a[:3], c[3:]) and not m.disjoint_s_2(a[:4], c[3:])
assert m.disjoint_s_2(a[::-1][:3], c[:3]) and not m.disjoint_s_2(a[::-1][:4], c[:3]) and m.disjoint_c_2(a, c[:, :0])
"#,
    );
}

/// Subscripts that are made of scalars are used as these.
#[test]
fn lanes_made_of_scalars() {
    let mut module = Module::new("vector_lines");
    for scalar in [
        Scalar::U8,
        Scalar::I32,
        Scalar::I64,
        Scalar::F32,
        Scalar::F64,
    ] {
        for lanes in [2, 4, 8, 16] {
            let row = array(scalar, 1, Layout::Contiguous);
            let params = [
                ("a", row),
                ("first", Type::I64),
                ("distance", Type::I64),
                ("out", row),
                ("to", Type::I64),
            ];
            let name = format!("line_{}_{lanes}", scalar.name());
            exported(&mut module, &name, &params, |b, args| {
                let mut places = [args[1], args[4]].map(|first| vec![first]);
                for row in &mut places {
                    for lane in 1..usize::from(lanes) {
                        let before = row[lane - 1];
                        row.push(b.int(IntOp::Add, Overflow::Wrap, before, args[2]));
                    }
                }
                let places = places.map(|lanes_of| {
                    b.value(OpKind::FromLanes, lanes_of, vector(Scalar::I64, lanes))
                });
                let [from, to] = places;
                let masked = false;
                let gather = OpKind::Gather { masked };
                let loaded = b.value(gather, vec![args[0], from], vector(scalar, lanes));
                b.op(OpKind::Scatter { masked }, vec![args[3], to, loaded], &[]);
            });
        }
    }
    check(
        module,
        r#"
import vector_lines as m
for t in "u8", "i32", "i64", "f32", "f64":
    for lanes in 2, 4, 8, 16:
        for distance in 0, 1, 2, 3, -1, -5:
            a, out = values(t), values(t, 1)
            first = 100 if distance < 0 else 1
            want = out.copy()
            for k in range(lanes):
                want[first + 2 + k * distance] = a[first + k * distance]
            getattr(m, f"line_{t}_{lanes}")(a, first, distance, out, first + 2)
            assert same(out, want), (t, lanes, distance, out, want)
"#,
    );
}

/// What a function keeps in memory of its own.
#[test]
fn places_of_its_own() {
    let mut module = Module::new("vector_locals");
    let row = array(Scalar::F64, 1, Layout::Contiguous);
    for (name, lanes) in [("scalars", 1), ("rows", 8)] {
        exported(&mut module, name, &[("a", row), ("out", row)], |b, args| {
            let mut rows = Vec::new();
            for _ in 0..2 {
                let place = b.value(OpKind::Local(256), vec![], Type::I64);
                let count = b.const_i64(32);
                rows.push(b.value(OpKind::View, vec![place, count], row));
            }
            let (zero, stop, step) = (b.const_i64(0), b.const_i64(32), i64::from(lanes));
            b.for_("i", (zero, stop, step), vec![], |b, _, i, _| {
                let value = load(b, args[0], i, Scalar::F64, lanes);
                store(b, rows[0], i, value, lanes);
                let twice = b.float(FloatOp::Add, value, value);
                store(b, rows[1], i, twice, lanes);
                Vec::new()
            });
            b.for_("i", (zero, stop, step), vec![], |b, _, i, _| {
                let one = load(b, rows[0], i, Scalar::F64, lanes);
                let two = load(b, rows[1], i, Scalar::F64, lanes);
                let sum = b.float(FloatOp::Add, one, two);
                store(b, args[1], i, sum, lanes);
                Vec::new()
            });
        });
    }
    check(
        module,
        r#"
import vector_locals as m
for name in "scalars", "rows":
    a, out = np.arange(40.0), np.zeros(40)
    getattr(m, name)(a, out)
    assert (out[:32] == 3 * a[:32]).all() and (out[32:] == 0).all(), (name, out)
"#,
    );
}
