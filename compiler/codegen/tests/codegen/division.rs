//! Which divisions are made of products. That their quotients are right is for `vectors` and `tests/run`.

use crate::support::{Module, array};
use crate::vectors::{exported, load, store, vector};
use snek_mir::builder::Builder;
use snek_mir::ir::{FloatOp, FloatUnaryOp, Layout, LoopKind, OpKind, Scalar, ValueId};

const LANES: u8 = 8;
const APPROXIMATION: &str = "vrcp14pd";

/// The listing of a module with a loop over `a` and `b` that stores into `out` what `body` makes of their lanes, and of what
/// it made before.
fn listing(body: impl Fn(&mut Builder<'_>, [ValueId; 3]) -> ValueId) -> String {
    let mut module = Module::new("divisions");
    let ty = array(Scalar::F64, 1, Layout::Contiguous);
    let params = [("a", ty), ("b", ty), ("out", ty)];
    exported(&mut module, "of", &params, |b, args| {
        let zero = b.const_i64(0);
        let stop = b.extent(args[2], 0);
        let none = b.const_float(vector(Scalar::F64, LANES), 1.0);
        let bounds = (zero, stop, i64::from(LANES));
        let kind = LoopKind::Vector(LANES);
        b.loop_(
            "i",
            bounds,
            kind,
            vec![none],
            Vec::new(),
            |b, _, i, carried| {
                let [x, y] = [args[0], args[1]].map(|from| load(b, from, i, Scalar::F64, LANES));
                let value = body(b, [x, y, carried[0]]);
                store(b, args[2], i, value, LANES);
                vec![value]
            },
        );
    });
    module.listing(snek_codegen::OptLevel::Speed)
}

#[test]
fn a_loop_that_waits_for_them() {
    let text = listing(|b, [x, y, _]| b.float(FloatOp::Div, x, y));
    assert!(
        text.contains(APPROXIMATION) && text.contains("aside"),
        "{text}"
    );
}

#[test]
fn beside_roots() {
    let text = listing(|b, [x, y, _]| {
        let ty = vector(Scalar::F64, LANES);
        let root = b.value(OpKind::FloatUnary(FloatUnaryOp::Sqrt), vec![y], ty);
        b.float(FloatOp::Div, x, root)
    });
    assert!(text.contains(APPROXIMATION), "{text}");
    assert!(text.contains("vsqrtpd zmm"), "{text}");
}

#[test]
fn not_where_products_take_longer_anyway() {
    let text = listing(|b, [x, y, _]| {
        let mut value = b.float(FloatOp::Div, x, y);
        for _ in 0..30 {
            value = b.float(FloatOp::Mul, value, x);
            value = b.float(FloatOp::Add, value, y);
        }
        value
    });
    assert!(!text.contains(APPROXIMATION), "{text}");
}

#[test]
fn not_where_a_quotient_is_waited_for() {
    let text = listing(|b, [x, y, before]| {
        let value = b.float(FloatOp::Div, x, before);
        b.float(FloatOp::Add, value, y)
    });
    assert!(!text.contains(APPROXIMATION), "{text}");
}
