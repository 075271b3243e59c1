//! The primitives that the standard library names: ops, runtime functions, raises.
//!
//! | name | arguments | result |
//! |---|---|---|
//! | `op.sqrt op.floor op.ceil op.trunc op.rint op.fabs op.fneg` | a float | a float |
//! | `op.copysign op.fmin op.fmax` | two floats | a float |
//! | `op.fma` | three floats | a float |
//! | `op.bits`, `op.from_bits` | Float, Int (or U64) | Int (or U64), Float: the same 64 bits |
//! | `op.clz op.ctz op.popcount` | an int | the same type |
//! | `op.complex`, `op.real`, `op.imag` | two floats, a complex | a complex, a float |
//! | `atomic.NAME` | an array, its indices, a value (two for `compare_exchange`) | what the element was |
//! | `task.join` | flags, two values that are evaluated as tasks | a tuple of both |
//! | `raise.NAME` | none | raises `snek_abi::Message::NAME` |
//! | `raise.unpack` | expected, got | ValueError: not enough, or too many, values to unpack |
//! | `snek_rt_NAME` | as the row in `snek_abi` says | as the row says |
//!
//! For `snek_rt_*`: ints are widened to `i64`, a Bool is an `i32`, a Str is an address and a length. The sums over arrays
//! take their arrays alone; addresses, strides and counts are added here. A row that only ever runs on the way to an
//! exception (`snek_rt_raise_*`) leaves it pending, and control does not go on.

use super::function::{Body, known};
use super::types::flatten;
use super::{Result, bug};
use crate::ir::{
    AtomicOp, Bound, Compare, Convert, FloatOp, FloatUnaryOp, IntUnaryOp, Message, OpKind,
    Overflow, Raise, Scalar, Type, ValueId,
};
use snek_abi::{AbiType, Effect, ExcKind, RuntimeFn};
use snek_sema::hir::{self, ExprId};

impl Body<'_, '_> {
    /// Lowers a call of a primitive whose result has type `ty`.
    pub(super) fn intrinsic(
        &mut self,
        name: &str,
        args: &[ExprId],
        ty: &hir::Type,
    ) -> Result<Vec<ValueId>> {
        if name == "task.join" {
            return self.join(args);
        }
        let values = self.exprs(args)?;
        // The one message with computed parts.
        let name = match name {
            "raise.unpack" => "snek_rt_raise_unpack",
            name => name,
        };
        if let Some(message) = name.strip_prefix("raise.") {
            let found = snek_abi::Message::ALL
                .iter()
                .find(|known| format!("{known:?}") == message);
            let Some(message) = found else {
                return bug(format!("there is no intrinsic `{name}`"));
            };
            self.leave(OpKind::Raise(known(*message)), Vec::new());
            return Ok(Vec::new());
        }
        let flat = values.concat();
        let types = flatten(ty, &[]);
        if let Some(word) = name.strip_prefix("atomic.") {
            let Some(op) = AtomicOp::from_name(word) else {
                return bug(format!("there is no intrinsic `{name}`"));
            };
            let count = if op == AtomicOp::CompareExchange {
                3
            } else {
                2
            };
            let bounds = vec![Bound::Checked; flat.len().saturating_sub(count)];
            return Ok(self.b().values(OpKind::Atomic(op, bounds), flat, &types));
        }
        let results = match name.strip_prefix("op.") {
            Some(op) => self.op_intrinsic(op, &flat, &types)?,
            None => match RuntimeFn::find(name) {
                Some(row) => self.runtime_call(row, flat, ty)?,
                None => return bug(format!("there is no intrinsic `{name}`")),
            },
        };
        self.coerce(results, &types)
    }

    fn op_intrinsic(&mut self, op: &str, args: &[ValueId], types: &[Type]) -> Result<Vec<ValueId>> {
        let unary = match op {
            "sqrt" => Some(FloatUnaryOp::Sqrt),
            "floor" => Some(FloatUnaryOp::Floor),
            "ceil" => Some(FloatUnaryOp::Ceil),
            "trunc" => Some(FloatUnaryOp::Trunc),
            "rint" => Some(FloatUnaryOp::Nearest),
            "fabs" => Some(FloatUnaryOp::Abs),
            "fneg" => Some(FloatUnaryOp::Neg),
            _ => None,
        };
        let bits = match op {
            "clz" => Some(IntUnaryOp::LeadingZeros),
            "ctz" => Some(IntUnaryOp::TrailingZeros),
            "popcount" => Some(IntUnaryOp::PopCount),
            _ => None,
        };
        let binary = match op {
            "copysign" => Some(FloatOp::CopySign),
            "fmin" => Some(FloatOp::Min),
            "fmax" => Some(FloatOp::Max),
            _ => None,
        };
        let mut b = self.b();
        let value = match (op, args) {
            (_, [x]) if unary.is_some() => b.float_unary(unary.unwrap_or(FloatUnaryOp::Neg), *x),
            (_, [x]) if bits.is_some() => {
                b.int_unary(bits.unwrap_or(IntUnaryOp::PopCount), Overflow::Wrap, *x)
            }
            (_, [x, y]) if binary.is_some() => b.float(binary.unwrap_or(FloatOp::Add), *x, *y),
            ("fma", [x, y, z]) => {
                let ty = b.function.ty(*x);
                b.value(OpKind::FusedMulAdd, vec![*x, *y, *z], ty)
            }
            ("bits", [x]) => {
                let ty = types.first().copied().unwrap_or(Type::I64);
                b.convert(Convert::Bitcast, *x, ty)
            }
            ("from_bits", [x]) => b.convert(Convert::Bitcast, *x, Type::F64),
            ("complex", [re, im]) => return Ok(vec![*re, *im]),
            ("real", [re, _]) => *re,
            ("imag", [_, im]) => *im,
            _ => return bug(format!("there is no intrinsic `op.{op}` of {}", args.len())),
        };
        Ok(vec![value])
    }

    fn runtime_call(
        &mut self,
        row: &'static RuntimeFn,
        values: Vec<ValueId>,
        ty: &hir::Type,
    ) -> Result<Vec<ValueId>> {
        let values = self.array_arguments(row.name, values)?;
        if values.len() != row.params.len() {
            return bug(format!("`{}` has other parameters", row.name));
        }
        let mut args = Vec::with_capacity(values.len());
        for (value, param) in values.into_iter().zip(row.params) {
            args.push(self.abi_argument(row.name, value, *param)?);
        }
        if row.raises {
            self.b().call_runtime(row.name, args, &[]);
            return Ok(Vec::new());
        }
        let types: Vec<Type> = row
            .results
            .iter()
            .copied()
            .map(crate::ops::abi_type)
            .collect();
        let results = self.b().call_runtime(row.name, args, &types);
        if row.effect == Effect::Cold && row.name.starts_with("snek_rt_raise") {
            let raise = Raise {
                kind: ExcKind::Exception,
                message: Message::Pending,
            };
            self.leave(OpKind::Raise(raise), Vec::new());
            return Ok(Vec::new());
        }
        let wanted = flatten(ty, &[]);
        if wanted.len() != results.len() {
            return bug(format!("`{}` has other results", row.name));
        }
        let mut out = Vec::with_capacity(results.len());
        for (value, ty) in results.into_iter().zip(wanted) {
            out.push(self.abi_result(value, ty));
        }
        Ok(out)
    }

    /// Arrays as the sums of the runtime take them.
    fn array_arguments(&mut self, name: &str, values: Vec<ValueId>) -> Result<Vec<ValueId>> {
        let rank_one = |body: &Self, value: ValueId| {
            body.function
                .ty(value)
                .array()
                .is_some_and(|array| array.rank == 1)
        };
        match (name, values.as_slice()) {
            ("snek_rt_math_fsum", [array]) if rank_one(self, *array) => {
                let mut b = self.b();
                Ok(vec![
                    b.value(OpKind::DataPointer, vec![*array], Type::Ptr),
                    b.extent(*array, 0),
                    b.value(OpKind::Stride(0), vec![*array], Type::I64),
                ])
            }
            ("snek_rt_math_dist" | "snek_rt_math_sumprod", [left, right])
                if rank_one(self, *left) && rank_one(self, *right) =>
            {
                let mut b = self.b();
                let mut args = Vec::new();
                for array in [*left, *right] {
                    args.push(b.value(OpKind::DataPointer, vec![array], Type::Ptr));
                    args.push(b.value(OpKind::Stride(0), vec![array], Type::I64));
                }
                args.push(b.extent(*left, 0));
                Ok(args)
            }
            _ => Ok(values),
        }
    }

    fn abi_argument(&mut self, name: &str, value: ValueId, param: AbiType) -> Result<ValueId> {
        let found = self.function.ty(value);
        let wanted = crate::ops::abi_type(param);
        if found == wanted {
            return Ok(value);
        }
        match (param, found) {
            (AbiType::Ptr, Type::Array(_)) => {
                Ok(self.b().value(OpKind::DataPointer, vec![value], Type::Ptr))
            }
            (AbiType::F64, Type::Scalar(Scalar::F32)) => {
                Ok(self.float_to_float(value, Scalar::F64))
            }
            (AbiType::I64, Type::Scalar(scalar)) if !scalar.is_float() => {
                Ok(self.resize(value, Scalar::I64))
            }
            (AbiType::I32, Type::Scalar(scalar)) if !scalar.is_float() => {
                Ok(self.resize(value, Scalar::I32))
            }
            _ => bug(format!("`{name}` does not take {found}")),
        }
    }

    /// What a runtime function gave, as the type that the standard library declares.
    fn abi_result(&mut self, value: ValueId, wanted: Type) -> ValueId {
        let found = self.function.ty(value);
        if found == wanted {
            return value;
        }
        match wanted {
            Type::Scalar(Scalar::Bool) => {
                let zero = self.zero(found);
                self.b().compare(Compare::Ne, value, zero)
            }
            Type::Scalar(scalar)
                if found.scalar().is_some_and(Scalar::is_int) && scalar.is_int() =>
            {
                self.resize(value, scalar)
            }
            Type::Scalar(scalar)
                if found.scalar().is_some_and(Scalar::is_float) && scalar.is_float() =>
            {
                self.float_to_float(value, scalar)
            }
            // `coerce` says what is wrong.
            _ => value,
        }
    }
}
