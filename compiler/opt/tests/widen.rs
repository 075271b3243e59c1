//! Widening. Each file of `tests/mir/widen` has a program, a line `=== after`, and the program with the first loop of each
//! function in 4 lanes, or what stopped that; `SNEK_UPDATE=1 cargo test` writes the second part. Then random programs are
//! run before and after, by the interpreter of MIR, and compared bit by bit. `SNEK_RANDOM_PROGRAMS` sets how many;
//! `SNEK_RANDOM_SEED` the first.

#[path = "../../mir/tests/lowering/interpret.rs"]
mod interpret;
mod widen_random;

use std::collections::BTreeSet;
use std::path::Path;

use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{
    For, Function, IntOp, LoopKind, OpId, OpKind, Overflow, Program, ReductionOp, Type, ValueId,
};
use snek_mir::parse::parse;
use snek_mir::verify::verify;
use snek_opt::vectorise::widen::{Carry, Obstacle, widen_with_exits};

const SEPARATOR: &str = "\n=== after\n";
const LANES: u8 = 4;

/// The first loop of a function and where it is.
fn first_loop(function: &Function) -> Option<OpId> {
    let ops = edit::ops(function);
    let is_for = |op: &OpId| matches!(function.ops[*op].kind, OpKind::For(_));
    ops.into_iter().find(is_for)
}

/// How each carried value folds: the op that its next value is.
fn carries(function: &Function, data: &For) -> Vec<Carry> {
    let end = function.terminator(data.body).unwrap();
    let params = &function.regions[data.body].params[1..];
    let of = |(value, param): (&ValueId, &ValueId)| {
        if value == param {
            return Carry::Unchanged;
        }
        Carry::Lanes(match function.def_op(*value).unwrap().kind {
            OpKind::Int(IntOp::Xor, _) => ReductionOp::Xor,
            OpKind::Int(IntOp::Min, _) => ReductionOp::Min,
            OpKind::Int(IntOp::Max, _) => ReductionOp::Max,
            _ => ReductionOp::Add,
        })
    };
    let next = function.ops[end].args.iter();
    next.zip(params).map(of).collect()
}

/// Puts a loop that does 4 iterations at once before a loop, which goes on where that one left, or has nothing to do.
pub fn apply(function: &mut Function, op: OpId) -> Result<(), Obstacle> {
    let OpKind::For(data) = function.ops[op].kind.clone() else {
        panic!("no loop")
    };
    let carries = carries(function, &data);
    let label = function.add_label("lanes");
    let widened = widen_with_exits(function, op, LANES, &carries, &BTreeSet::new(), label)?;
    let old = function.ops[op].clone();
    let parents = edit::Parents::compute(function);
    let region = parents.region_of[op].unwrap();
    let at = function.regions[region].ops.iter().position(|o| *o == op);
    let mut builder = Builder::before(function, region, at.unwrap(), old.site);
    let mut args = old.args[..2].to_vec();
    let mut types = Vec::new();
    for (value, carry) in old.args[2..].iter().zip(&carries) {
        let Carry::Lanes(fold) = carry else { continue };
        let ty = builder.function.ty(*value);
        let ty = Type::Vector(ty.scalar().unwrap(), LANES);
        let identity = match fold {
            ReductionOp::Min => i64::MAX,
            ReductionOp::Max => i64::MIN,
            _ => 0,
        };
        types.push(ty);
        args.push(builder.const_int(ty, identity));
    }
    if widened.exits {
        types.push(Type::I64);
        args.push(old.args[0]);
    }
    let kind = OpKind::For(For {
        label,
        kind: LoopKind::Vector(LANES),
        step: data.step * i64::from(LANES),
        body: widened.region,
        reductions: Vec::new(),
        auto: false,
    });
    let mut vectors = builder.values(kind, args, &types).into_iter();
    let mut rest = old.args.clone();
    for (value, carry) in rest[2..].iter_mut().zip(&carries) {
        let Carry::Lanes(fold) = carry else { continue };
        let vector = vectors.next().unwrap();
        let folded = builder.value(OpKind::Reduce(*fold), vec![vector], Type::I64);
        let op = match fold {
            ReductionOp::Xor => IntOp::Xor,
            ReductionOp::Min => IntOp::Min,
            ReductionOp::Max => IntOp::Max,
            _ => IntOp::Add,
        };
        *value = builder.int(op, Overflow::Wrap, *value, folded);
    }
    rest[0] = vectors.next().unwrap_or(old.args[1]);
    function.ops[op].args = rest;
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
