//! Widening. Each file of `tests/mir/widen` has a program, a line `=== after`, and the program with the first loop of each
//! function in 4 lanes, or what stopped that; `SNEK_UPDATE=1 cargo test` writes the second part. Then random programs are
//! run before and after, by the interpreter of MIR, and compared bit by bit. `SNEK_RANDOM_PROGRAMS` sets how many;
//! `SNEK_RANDOM_SEED` the first.

#[path = "../../mir/tests/lowering/interpret.rs"]
mod interpret;
mod widen_random;

use std::path::Path;

use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{
    For, Function, IntOp, LoopKind, OpId, OpKind, Overflow, Program, ReductionOp, Type, ValueDef,
};
use snek_mir::parse::parse;
use snek_mir::verify::verify;
use snek_opt::vectorise::widen::{Carry, Obstacle, widen};

const SEPARATOR: &str = "\n=== after\n";
const LANES: u8 = 4;

/// The first loop of a function and where it is.
fn first_loop(function: &Function) -> Option<OpId> {
    let ops = edit::ops(function);
    let is_for = |op: &OpId| matches!(function.ops[*op].kind, OpKind::For(_));
    ops.into_iter().find(is_for)
}

/// How a carried integer folds: the op that its next value is.
fn folds(function: &Function, data: &For) -> Vec<ReductionOp> {
    let end = function.terminator(data.body).unwrap();
    let of = |value: &snek_mir::ir::ValueId| loop {
        let op = function.def_op(*value).unwrap();
        break match &op.kind {
            OpKind::Int(IntOp::Xor, _) => ReductionOp::Xor,
            OpKind::Int(IntOp::Min, _) => ReductionOp::Min,
            OpKind::Int(IntOp::Max, _) => ReductionOp::Max,
            _ => ReductionOp::Add,
        };
    };
    function.ops[end].args.iter().map(of).collect()
}

/// Puts a loop that does 4 iterations at once where a loop was.
pub fn apply(function: &mut Function, op: OpId) -> Result<(), Obstacle> {
    let OpKind::For(data) = function.ops[op].kind.clone() else {
        panic!("no loop")
    };
    let folds = folds(function, &data);
    let carries: Vec<Carry> = folds.iter().map(|fold| Carry::Lanes(*fold)).collect();
    let label = function.add_label("lanes");
    let body = widen(function, op, LANES, &carries, label)?;
    let old = function.ops[op].clone();
    let parents = edit::Parents::compute(function);
    let region = parents.region_of[op].unwrap();
    let at = function.regions[region].ops.iter().position(|o| *o == op);
    let mut builder = Builder::before(function, region, at.unwrap(), old.site);
    let mut args = old.args[..2].to_vec();
    let mut types = Vec::new();
    for (value, fold) in old.args[2..].iter().zip(&folds) {
        let ty = builder.function.ty(*value);
        let ty = Type::Vector(ty.scalar().unwrap(), LANES);
        let identity = match fold {
            ReductionOp::Min => i64::MAX,
            ReductionOp::Max => i64::MIN,
            _ => 0,
        };
        types.push(ty);
        args.push(if ty.scalar().unwrap().is_float() {
            builder.const_float(ty, 0.0)
        } else {
            builder.const_int(ty, identity)
        });
    }
    let kind = OpKind::For(For {
        label,
        kind: LoopKind::Vector(LANES),
        step: data.step * i64::from(LANES),
        body,
        reductions: Vec::new(),
    });
    let vectors = builder.values(kind, args, &types);
    let mut results = Vec::new();
    for ((vector, fold), initial) in vectors.into_iter().zip(&folds).zip(&old.args[2..]) {
        let ty = builder.function.ty(*initial);
        let folded = builder.value(OpKind::Reduce(*fold), vec![vector], ty);
        results.push(match fold {
            ReductionOp::Xor => builder.int(IntOp::Xor, Overflow::Wrap, *initial, folded),
            ReductionOp::Min => builder.int(IntOp::Min, Overflow::Wrap, *initial, folded),
            ReductionOp::Max => builder.int(IntOp::Max, Overflow::Wrap, *initial, folded),
            _ if ty.scalar().unwrap().is_float() => {
                builder.float(snek_mir::ir::FloatOp::Add, *initial, folded)
            }
            _ => builder.int(IntOp::Add, Overflow::Wrap, *initial, folded),
        });
    }
    for (old, new) in old.results.iter().zip(results) {
        let ValueDef::Result(def, _) = function.values[new].def else {
            panic!("no result")
        };
        function.values[*old].def = ValueDef::Result(def, 0);
        function.ops[def].results = vec![*old];
    }
    edit::remove_op(function, region, op);
    Ok(())
}

/// Widens the first loop of each function; what stopped that.
fn apply_all(program: &mut Program) -> Vec<String> {
    let mut stopped = Vec::new();
    for function in &mut program.functions {
        let Some(op) = first_loop(function) else {
            continue;
        };
        if let Err(obstacle) = apply(function, op) {
            let line = function.sites[obstacle.site].line;
            stopped.push(format!(
                "; @{}, line {line}: {}",
                function.symbol, obstacle.reason
            ));
        }
    }
    // What is not used would only be noise.
    for _ in 0..2 {
        snek_opt::pipeline::run_pass(program, "dce");
    }
    stopped
}

fn assert_verified(program: &Program, what: &str) {
    let faults: Vec<String> = verify(program).iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{program}");
}

#[test]
fn loops_become_what_their_tests_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mir/widen");
    let update = std::env::var_os("SNEK_UPDATE").is_some();
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let what = path.display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_once(SEPARATOR).unwrap_or((text.trim_end(), ""));
        let mut program = parse(before).unwrap_or_else(|error| panic!("{what}:{error}"));
        assert_verified(&program, &what);
        let stopped = apply_all(&mut program);
        assert_verified(&program, &what);
        let mut printed = program.to_string().trim().to_string();
        for line in stopped {
            printed += "\n";
            printed += &line;
        }
        if printed != after.trim() {
            if update {
                let text = format!("{before}{SEPARATOR}{printed}\n");
                std::fs::write(&path, text).unwrap();
            } else {
                wrong.push(format!("{what}:\n{printed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
