//! The typing rule of each op that has no regions, is no terminator and calls no function of the program.
//!
//! Looks at the op and the types of its operands and results alone; what needs the context of the op is in `verify`.

use crate::ir::{
    ArrayType, AtomicOp, Bound, Convert, IntOp, IntUnaryOp, Lanes, Layout, OpKind, Overflow,
    ReductionOp, Scalar, Type,
};
use crate::ops::{abi_type, int_fits};
use snek_abi::{AbiType, RuntimeFn};

fn expect(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

fn list(types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    format!("({})", types.join(", "))
}

/// Checks that all of `types` are `ty`.
fn same(what: &str, types: &[Type], wanted: &[Type]) -> Result<(), String> {
    expect(types == wanted, || {
        format!("{what} are {}, want {}", list(types), list(wanted))
    })
}

/// The typing rule of an op that has no regions, is no terminator and calls no function of the program (those need the
/// context that `verify` has). `args` and `results` are the types of its operands and results.
pub fn check_types(kind: &OpKind, args: &[Type], results: &[Type]) -> Result<(), String> {
    let arity = |operands: usize, outputs: usize| {
        expect(args.len() == operands && results.len() == outputs, || {
            format!(
                "has {} operands and {} results, want {operands} and {outputs}",
                args.len(),
                results.len()
            )
        })
    };
    match kind {
        OpKind::ConstInt(value) => {
            arity(0, 1)?;
            let scalar = results[0].scalar();
            expect(scalar.is_some_and(|s| int_fits(*value, s)), || {
                format!("{value} is no constant of {}", results[0])
            })
        }
        OpKind::ConstFloat(bits) => {
            arity(0, 1)?;
            expect(results[0].is_float(), || {
                format!("a float constant of {}", results[0])
            })?;
            let value = f64::from_bits(*bits);
            let fits = results[0].scalar() == Some(Scalar::F64)
                || value.is_nan()
                || f64::from(value as f32) == value;
            expect(fits, || format!("{value:?} is no f32"))
        }
        OpKind::ConstText(_) => same("results", results, &[Type::Ptr, Type::I64]),
        OpKind::Undefined => arity(0, 1),
        OpKind::VectorLevel => {
            arity(0, 1)?;
            same("results", results, &[Type::I64])
        }
        OpKind::Int(op, overflow) => {
            arity(2, 1)?;
            let bits = matches!(op, IntOp::And | IntOp::Or | IntOp::Xor);
            expect(
                results[0].is_int() || (bits && results[0].is_bool()),
                || format!("of type {}", results[0]),
            )?;
            expect(op.heeds_overflow() || *overflow == Overflow::Wrap, || {
                "does not heed overflow, want `wrap`".to_string()
            })?;
            never_raises(*overflow, results[0])?;
            let division = matches!(op, IntOp::FloorDiv | IntOp::FloorMod);
            expect(!division || results[0].lanes() == Some(0), || {
                format!("of type {}", results[0])
            })?;
            same("operands", args, &[results[0], results[0]])
        }
        OpKind::IntUnary(op, overflow) => {
            arity(1, 1)?;
            expect(
                results[0].is_int() || (*op == IntUnaryOp::Not && results[0].is_bool()),
                || format!("of type {}", results[0]),
            )?;
            expect(op.heeds_overflow() || *overflow == Overflow::Wrap, || {
                "does not heed overflow, want `wrap`".to_string()
            })?;
            never_raises(*overflow, results[0])?;
            let counts = matches!(
                op,
                IntUnaryOp::LeadingZeros | IntUnaryOp::TrailingZeros | IntUnaryOp::PopCount
            );
            expect(!counts || results[0].lanes() == Some(0), || {
                format!("of type {}", results[0])
            })?;
            same("operands", args, &[results[0]])
        }
        OpKind::Float(_) => {
            arity(2, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0], results[0]])
        }
        OpKind::FloatUnary(_) => {
            arity(1, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0]])
        }
        OpKind::FusedMulAdd => {
            arity(3, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0]; 3])
        }
        OpKind::Compare(_) => {
            arity(2, 1)?;
            same("operands", &args[1..], &args[..1])?;
            let want = args[0].with_scalar(Scalar::Bool);
            expect(want == Some(results[0]), || {
                format!("of {} gives {}", args[0], results[0])
            })
        }
        OpKind::Select => {
            arity(3, 1)?;
            let condition = args[0] == Type::BOOL
                || matches!((args[0], results[0].lanes()), (Type::Mask(m), Some(n)) if m == n);
            expect(condition, || format!("by {}", args[0]))?;
            same("operands", &args[1..], &[results[0], results[0]])
        }
        OpKind::Convert(op) => {
            arity(1, 1)?;
            expect(convert_is_legal(*op, args[0], results[0]), || {
                format!("from {} to {}", args[0], results[0])
            })
        }
        OpKind::Extent(axis) | OpKind::Stride(axis) => {
            arity(1, 1)?;
            let array = array_of(args)?;
            expect(*axis < array.rank, || {
                format!("of axis {axis} of {}", args[0])
            })?;
            same("results", results, &[Type::I64])
        }
        OpKind::View => {
            let array = array_of(results)?;
            arity(usize::from(array.rank) + 1, 1)?;
            expect(array.layout == Layout::Contiguous, || {
                format!("gives {}", results[0])
            })?;
            same("operands", args, &vec![Type::I64; args.len()])
        }
        OpKind::Local(_) => {
            arity(0, 1)?;
            same("results", results, &[Type::I64])
        }
        OpKind::AsStrided => {
            arity(1, 1)?;
            let want = ArrayType {
                layout: Layout::Strided,
                ..array_of(args)?
            };
            same("results", results, &[Type::Array(want)])
        }
        OpKind::Accumulator(op) => {
            arity(1, 1)?;
            let (scalar, parts) = array_of(args)?.element.scalars();
            let legal = match op {
                ReductionOp::Add => scalar != Scalar::Bool,
                ReductionOp::Mul => scalar != Scalar::Bool && parts == 1,
                ReductionOp::Min | ReductionOp::Max => parts == 1,
                ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => !scalar.is_float(),
            };
            expect(legal, || format!("of {}", args[0]))?;
            same("results", results, args)
        }
        OpKind::Atomic(op, bounds) => {
            let (scalar, parts) = subscripts(bounds, args)?;
            let values = if *op == AtomicOp::CompareExchange {
                2
            } else {
                1
            };
            arity(1 + bounds.len() + values, 1)?;
            let legal = match op {
                AtomicOp::Add | AtomicOp::Sub => scalar != Scalar::Bool,
                AtomicOp::And | AtomicOp::Or | AtomicOp::Xor => !scalar.is_float(),
                _ => true,
            };
            expect(legal && parts == 1, || format!("of {}", args[0]))?;
            let found = &args[1 + bounds.len()..];
            same("values", found, &vec![Type::Scalar(scalar); values])?;
            same("results", results, &[Type::Scalar(scalar)])
        }
        OpKind::DataPointer => {
            arity(1, 1)?;
            array_of(args)?;
            same("results", results, &[Type::Ptr])
        }
        OpKind::Row(bounds) => {
            let array = array_of(args)?;
            let count = bounds.len();
            expect(count >= 1 && count < usize::from(array.rank), || {
                format!("has {count} bounds, the array's rank is {}", array.rank)
            })?;
            arity(1 + count, 1)?;
            same("subscripts", &args[1..], &vec![Type::I64; count])?;
            let want = ArrayType {
                rank: array.rank - count as u8,
                ..array
            };
            same("results", results, &[Type::Array(want)])
        }
        OpKind::Splat => {
            arity(1, 1)?;
            let lanes = results[0].lanes().unwrap_or(0);
            expect(
                lanes > 0 && results[0].scalar().map(Type::Scalar) == Some(args[0]),
                || format!("of {} gives {}", args[0], results[0]),
            )
        }
        OpKind::Iota => {
            arity(0, 1)?;
            let lanes = results[0].lanes().unwrap_or(0);
            expect(lanes > 0 && results[0].is_int(), || {
                format!("of type {}", results[0])
            })
        }
        OpKind::Extract(lane) => {
            arity(1, 1)?;
            let lanes = args[0].lanes().unwrap_or(0);
            expect(*lane < lanes, || format!("of lane {lane} of {}", args[0]))?;
            let scalar = args[0].scalar().map(Type::Scalar);
            same("results", results, &Vec::from_iter(scalar))
        }
        OpKind::FromLanes => {
            expect(results.len() == 1, || "has no result".to_string())?;
            let lanes = usize::from(results[0].lanes().unwrap_or(0));
            expect(lanes > 0, || format!("of type {}", results[0]))?;
            let scalar = results[0].scalar().map(Type::Scalar);
            same("operands", args, &vec![scalar.unwrap_or(Type::Ptr); lanes])
        }
        OpKind::Reduce(op) => {
            arity(1, 1)?;
            let lanes = args[0].lanes().unwrap_or(0);
            let (bits, sums) = match op {
                ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => (true, false),
                ReductionOp::Add | ReductionOp::Mul | ReductionOp::Min | ReductionOp::Max => {
                    (false, true)
                }
            };
            let fits = (bits && !args[0].is_float()) || (sums && !args[0].is_bool());
            expect(lanes > 0 && fits, || format!("of {}", args[0]))?;
            let scalar = args[0].scalar().map(Type::Scalar);
            same("results", results, &Vec::from_iter(scalar))
        }
        OpKind::LoadLanes(lanes) => {
            let rank = usize::from(array_of(args)?.rank);
            lanes_fit(*lanes, rank)?;
            let indices = args.get(1..=rank).unwrap_or_default();
            same("subscripts", indices, &vec![Type::I64; rank])?;
            lane_values(args, results, &args[1 + rank..], lanes.masked)
        }
        OpKind::StoreLanes(lanes) => {
            let rank = usize::from(array_of(args)?.rank);
            lanes_fit(*lanes, rank)?;
            let indices = args.get(1..=rank).unwrap_or_default();
            same("subscripts", indices, &vec![Type::I64; rank])?;
            stored_lanes(args, results, lanes.masked)
        }
        OpKind::Gather { masked } => {
            let rank = gathered(args, results.first().and_then(|ty| ty.lanes()))?;
            lane_values(args, results, &args[1 + rank..], *masked)
        }
        OpKind::Scatter { masked } => {
            let rank = usize::from(array_of(args)?.rank);
            gathered(args, args.get(1 + rank).and_then(|ty| ty.lanes()))?;
            stored_lanes(args, results, *masked)
        }
        OpKind::Disjoint => {
            arity(2, 1)?;
            array_of(args)?;
            array_of(&args[1..])?;
            same("results", results, &[Type::BOOL])
        }
        OpKind::Load(bounds) => {
            let (scalar, count) = subscripts(bounds, args)?;
            arity(1 + bounds.len(), count)?;
            same("results", results, &vec![Type::Scalar(scalar); count])
        }
        OpKind::Store(bounds) => {
            let (scalar, count) = subscripts(bounds, args)?;
            arity(1 + bounds.len() + count, 0)?;
            let values = &args[1 + bounds.len()..];
            same("values", values, &vec![Type::Scalar(scalar); count])
        }
        OpKind::Check(raise) => {
            expect(results.is_empty(), || "has results".to_string())?;
            expect(args.first() == Some(&Type::BOOL), || {
                "wants a condition".to_string()
            })?;
            same("message operands", &args[1..], &raise.message.operands())
        }
        OpKind::CallRuntime(name) => {
            let Some(row) = RuntimeFn::find(name) else {
                return Err(format!("of `{name}`, which the runtime does not have"));
            };
            let types =
                |types: &[AbiType]| -> Vec<Type> { types.iter().copied().map(abi_type).collect() };
            same("operands", args, &types(row.params))?;
            let want = if row.raises {
                Vec::new()
            } else {
                types(row.results)
            };
            same("results", results, &want)
        }
        OpKind::Call(_)
        | OpKind::ParallelCall { .. }
        | OpKind::If { .. }
        | OpKind::Block { .. }
        | OpKind::For(_)
        | OpKind::While { .. }
        | OpKind::Yield
        | OpKind::Next(_)
        | OpKind::Break(_)
        | OpKind::Return
        | OpKind::Raise(_)
        | OpKind::Unreachable => Ok(()),
    }
}

fn array_of(args: &[Type]) -> Result<ArrayType, String> {
    match args.first() {
        Some(Type::Array(array)) => Ok(*array),
        Some(ty) => Err(format!("of {ty}, want an array")),
        None => Err("has no operands, want an array".to_string()),
    }
}

/// Checks the subscripts of a load or store; gives the scalars of an element.
fn subscripts(bounds: &[Bound], args: &[Type]) -> Result<(Scalar, usize), String> {
    let array = array_of(args)?;
    expect(bounds.len() == usize::from(array.rank), || {
        format!(
            "has {} bounds, the array's rank is {}",
            bounds.len(),
            array.rank
        )
    })?;
    let indices = args.get(1..=bounds.len()).unwrap_or_default();
    same("subscripts", indices, &vec![Type::I64; bounds.len()])?;
    Ok(array.element.scalars())
}

fn never_raises(overflow: Overflow, ty: Type) -> Result<(), String> {
    expect(
        overflow != Overflow::Checked || ty.lanes() == Some(0),
        || format!("is checked, of type {ty}"),
    )
}

fn lanes_fit(lanes: Lanes, rank: usize) -> Result<(), String> {
    expect(usize::from(lanes.axis) < rank && lanes.step != 0, || {
        format!("lies along axis {}, step {}", lanes.axis, lanes.step)
    })
}

/// Checks what a vector load gives, and its mask, which is all of `rest`.
fn lane_values(args: &[Type], results: &[Type], rest: &[Type], masked: bool) -> Result<(), String> {
    let (scalar, count) = array_of(args)?.element.scalars();
    let lanes = results.first().and_then(|ty| ty.lanes()).unwrap_or(0);
    let want = Type::Vector(Scalar::F64, lanes).with_scalar(scalar);
    expect(lanes > 0, || format!("results are {}", list(results)))?;
    same("results", results, &vec![want.unwrap_or(Type::Ptr); count])?;
    let mask = if masked {
        vec![Type::Mask(lanes)]
    } else {
        Vec::new()
    };
    same("masks", rest, &mask)
}

/// Checks what a vector store takes behind its subscripts.
fn stored_lanes(args: &[Type], results: &[Type], masked: bool) -> Result<(), String> {
    expect(results.is_empty(), || "has results".to_string())?;
    let array = array_of(args)?;
    let (_, count) = array.element.scalars();
    let first = 1 + usize::from(array.rank);
    expect(args.len() >= first + count, || {
        "has too few operands".to_string()
    })?;
    let (values, rest) = args[first..].split_at(count);
    lane_values(args, values, rest, masked)
}

/// Checks the subscripts of a gather or scatter of `lanes` lanes; gives their number.
fn gathered(args: &[Type], lanes: Option<u8>) -> Result<usize, String> {
    let rank = usize::from(array_of(args)?.rank);
    let indices = args.get(1..=rank).unwrap_or_default();
    let vector = lanes.map(|lanes| Type::Vector(Scalar::I64, lanes));
    let fits = |ty: &Type| *ty == Type::I64 || Some(*ty) == vector;
    expect(
        indices.len() == rank
            && indices.iter().all(fits)
            && indices.iter().any(|ty| *ty != Type::I64),
        || format!("subscripts are {}", list(indices)),
    )?;
    Ok(rank)
}

fn convert_is_legal(op: Convert, from: Type, to: Type) -> bool {
    let (Some(a), Some(b)) = (from.scalar(), to.scalar()) else {
        return false;
    };
    if from.lanes() != to.lanes() {
        return false;
    }
    match op {
        Convert::Extend => !a.is_float() && b.is_int() && a.bits() <= b.bits() && a != b,
        Convert::Truncate => a.is_int() && b.is_int() && a.bits() > b.bits(),
        Convert::IntToFloat => !a.is_float() && b.is_float(),
        Convert::FloatToInt => a.is_float() && b.is_int(),
        Convert::FloatToFloat => a.is_float() && b.is_float() && a != b,
        Convert::Bitcast => a.bits() == b.bits() && a != b && a != Scalar::Bool,
    }
}
