//! Loops on wide vectors, or with much arithmetic on floats, as functions of their own, of role `Leaf`: the back end makes
//! a second form of them for processors that have such vectors, and instructions of three operands with them.
//!
//! Runs last. What moves is a loop with everything in it, the outermost one that calls nothing and raises nothing, and
//! the ops behind it that make scalars of its vectors; so what a leaf takes and gives are scalars and arrays. Vectors
//! that were computed before the loop (splats, mostly) are computed again in the leaf, and so is whatever says how wide
//! its vectors are: that is another thing in each of its forms. A branch on it comes into the leaf too. The order of what happens does not
//! change, so nothing else has to be proved.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Function, FunctionId, Op, OpId, OpKind, Program, RegionId, Role, Type, Value, ValueDef, ValueId,
};
use snek_mir::ops::Raises;

use crate::level::is_of_level;

/// Vectors of less bits have nothing to gain.
const WIDE: u32 = 256;
/// Less arithmetic on scalars has little to gain.
const FLOATS: usize = 16;

/// Runs the pass.
pub fn run(program: &mut Program) {
    for next in 0..program.functions.len() {
        let id = FunctionId::from_usize(next);
        let mut count = 0;
        while let Some(group) = find(&program.functions[id]) {
            outline(program, id, group, count);
            count += 1;
        }
    }
}

/// Ops in a row of a region, with what they take from outside and what they give.
struct Group {
    region: RegionId,
    first: usize,
    end: usize,
    /// Pure ops that are done again in the leaf, in order.
    repeated: Vec<OpId>,
    captured: Vec<ValueId>,
    results: Vec<ValueId>,
}

fn find(function: &Function) -> Option<Group> {
    let floats = |value: &Value| is_wide(value.ty) || is_float(value.ty);
    if function.role == Role::Leaf || !function.values.iter().any(floats) {
        return None;
    }
    let uses = users(function);
    find_in(function, function.body, &uses)
}

/// The ops that use each value, and the regions in which they are.
type Users = FxHashMap<ValueId, Vec<OpId>>;

fn users(function: &Function) -> Users {
    let mut users = Users::default();
    for op in edit::ops(function) {
        for arg in &function.ops[op].args {
            users.entry(*arg).or_default().push(op);
        }
    }
    users
}

fn find_in(function: &Function, region: RegionId, users: &Users) -> Option<Group> {
    for (at, op) in function.regions[region].ops.iter().enumerate() {
        let data = &function.ops[*op];
        if data.kind.regions().is_empty() || !gains(function, data) {
            continue;
        }
        let begins = match data.kind {
            OpKind::For(_) | OpKind::While { .. } => true,
            OpKind::If { .. } => is_of_level(function, data.args[0]),
            _ => false,
        };
        if begins && let Some(group) = group(function, region, at, users) {
            return Some(group);
        }
        for inner in data.kind.regions() {
            if let Some(group) = find_in(function, inner, users) {
                return Some(group);
            }
        }
    }
    None
}

fn is_wide(ty: Type) -> bool {
    matches!(ty, Type::Vector(scalar, lanes) if scalar.bits() * u32::from(lanes) >= WIDE)
}

fn is_vector(ty: Type) -> bool {
    matches!(ty, Type::Vector(..) | Type::Mask(_))
}

fn is_float(ty: Type) -> bool {
    matches!(ty, Type::Scalar(scalar) if scalar.is_float())
}

/// Whether there are wide vectors in an op, or much arithmetic on floats, whose instructions take three operands there.
fn gains(function: &Function, op: &Op) -> bool {
    let mut floats = 0;
    for region in op.kind.regions() {
        for inner in edit::ops_in(function, region) {
            let data = &function.ops[inner];
            if data
                .results
                .iter()
                .any(|value| is_wide(function.ty(*value)))
            {
                return true;
            }
            let is_arithmetic = matches!(data.kind, OpKind::Float(_) | OpKind::FloatUnary(_));
            let is_float = data
                .results
                .iter()
                .any(|value| is_float(function.ty(*value)));
            floats += usize::from(is_arithmetic && is_float);
        }
    }
    floats >= FLOATS
}

/// Whether an op, with all that is in it, may be in a leaf.
fn fits(function: &Function, op: &Op) -> bool {
    let may = |kind: &OpKind| {
        kind.properties().raises == Raises::No
            && !matches!(
                kind,
                OpKind::Return
                    | OpKind::Call(_)
                    | OpKind::CallRuntime(_)
                    | OpKind::ParallelCall { .. }
                    | OpKind::ConstText(_)
            )
    };
    if !may(&op.kind) {
        return false;
    }
    let mut inside = FxHashSet::default();
    let mut targets = FxHashSet::default();
    inside.extend(op.kind.label());
    for region in op.kind.regions() {
        for inner in edit::ops_in(function, region) {
            let kind = &function.ops[inner].kind;
            if !may(kind) {
                return false;
            }
            inside.extend(kind.label());
            targets.extend(kind.target());
        }
    }
    targets.is_subset(&inside)
}

/// The group that begins with a loop, if it can be a leaf.
fn group(function: &Function, region: RegionId, first: usize, users: &Users) -> Option<Group> {
    let ops = &function.regions[region].ops;
    let mut inside: FxHashSet<OpId> = FxHashSet::default();
    let mut made: Vec<ValueId> = Vec::new();
    let mut end = first;
    loop {
        let op = *ops.get(end)?;
        let data = &function.ops[op];
        if data.kind.is_terminator() || !fits(function, data) {
            return None;
        }
        inside.insert(op);
        for inner in data.kind.regions() {
            inside.extend(edit::ops_in(function, inner));
        }
        made.extend(&data.results);
        end += 1;
        let used_outside = |value: &ValueId| {
            let users = users.get(value).map_or(&[][..], Vec::as_slice);
            users.iter().any(|user| !inside.contains(user))
        };
        let results: Vec<ValueId> = made.iter().copied().filter(used_outside).collect();
        // Vectors, and views of arrays, do not leave: what uses them must come along.
        if results
            .iter()
            .all(|value| matches!(function.ty(*value), Type::Scalar(_)))
        {
            let (repeated, captured) = captures(function, &ops[first..end])?;
            return Some(Group {
                region,
                first,
                end,
                repeated,
                captured,
                results,
            });
        }
    }
}

/// What a group takes from outside: pure ops to do again, and values.
fn captures(function: &Function, ops: &[OpId]) -> Option<(Vec<OpId>, Vec<ValueId>)> {
    let mut known: FxHashSet<ValueId> = FxHashSet::default();
    let mut all = Vec::new();
    for op in ops {
        all.push(*op);
        known.extend(&function.ops[*op].results);
        for region in function.ops[*op].kind.regions() {
            for inner in edit::regions_in(function, region) {
                known.extend(&function.regions[inner].params);
            }
            for inner in edit::ops_in(function, region) {
                all.push(inner);
                known.extend(&function.ops[inner].results);
            }
        }
    }
    let (mut repeated, mut captured) = (Vec::new(), Vec::new());
    for op in all {
        for arg in &function.ops[op].args {
            bring(function, *arg, &mut known, &mut repeated, &mut captured)?;
        }
    }
    Some((repeated, captured))
}

/// Makes a value of outside known inside: constants, and vectors that pure ops make, are made again there; others are
/// captured. `None` if a vector would have to be.
fn bring(
    function: &Function,
    value: ValueId,
    known: &mut FxHashSet<ValueId>,
    repeated: &mut Vec<OpId>,
    captured: &mut Vec<ValueId>,
) -> Option<()> {
    if !known.insert(value) {
        return Some(());
    }
    let made_by = match function.values[value].def {
        ValueDef::Result(op, _) => Some(op),
        ValueDef::Param(..) => None,
    };
    let again = made_by.filter(|op| {
        let kind = &function.ops[*op].kind;
        let constant = matches!(
            kind,
            OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::ConstText(_) | OpKind::Undefined
        );
        let is_vector = is_vector(function.ty(value)) && kind.properties().is_pure();
        constant || is_vector || is_of_level(function, value)
    });
    match again {
        Some(op) => {
            for arg in &function.ops[op].args {
                bring(function, *arg, known, repeated, captured)?;
            }
            known.extend(&function.ops[op].results);
            repeated.push(op);
        }
        None if is_vector(function.ty(value)) => return None,
        None => captured.push(value),
    }
    Some(())
}

fn outline(program: &mut Program, id: FunctionId, group: Group, count: usize) {
    let source = &program.functions[id];
    let ops = source.regions[group.region].ops[group.first..group.end].to_vec();
    let params: Vec<(&str, Type)> = group
        .captured
        .iter()
        .map(|value| {
            let name = source.values[*value].name.as_deref();
            (name.unwrap_or(""), source.ty(*value))
        })
        .collect();
    let symbol = format!("{}$leaf{count}", source.symbol);
    let results = source.types(&group.results);
    let mut leaf = Function::new(symbol, source.frame, &params, &results);
    leaf.role = Role::Leaf;
    leaf.fastmath = source.fastmath;
    leaf.may_raise = false;

    let mut cloner = Cloner {
        source: Some(source),
        ..Cloner::within()
    };
    let params = leaf.params().to_vec();
    cloner.values = group.captured.iter().copied().zip(params).collect();
    let site = cloner.site(&mut leaf, source.ops[ops[0]].site);
    for op in group.repeated.iter().chain(&ops) {
        let new = cloner.op(&mut leaf, *op);
        let body = leaf.body;
        leaf.regions[body].ops.push(new);
    }
    let given = group
        .results
        .iter()
        .map(|value| cloner.values[value])
        .collect();
    let body = leaf.body;
    Builder::at_end(&mut leaf, body, site).end_with(OpKind::Return, given);
    let leaf = program.functions.push(leaf);

    let function = &mut program.functions[id];
    let site = function.ops[ops[0]].site;
    for op in &ops {
        function.ops[*op].results.clear();
    }
    for (at, value) in group.results.iter().enumerate() {
        function.values[*value].def =
            ValueDef::Result(OpId::from_usize(function.ops.len()), at as u32);
    }
    let call = function.ops.push(Op {
        kind: OpKind::Call(leaf),
        args: group.captured,
        results: group.results,
        site,
    });
    let range = group.first..group.end;
    function.regions[group.region].ops.splice(range, [call]);
}
