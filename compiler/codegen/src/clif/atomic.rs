//! Changes of one element that no other thread sees half of.
//!
//! Integers have an instruction for each; floats are compared and exchanged as bits until nobody was in between.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::Type;
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Value};
use snek_mir::ir::{AtomicOp, Bound, Element, Op, Scalar};

use super::Lower;
use super::signature::scalar_type;
use crate::CodegenError;

impl Lower<'_> {
    /// An atomic op.
    pub(super) fn atomic(
        &mut self,
        op: &Op,
        kind: AtomicOp,
        bounds: &[Bound],
    ) -> Result<(), CodegenError> {
        let (view, address) = self.element_address(op, bounds)?;
        let flags = self.element_flags();
        let Element::Scalar(scalar) = view.ty.element else {
            return Err(CodegenError::Internal("an atomic complex".to_owned()));
        };
        let ty = scalar_type(scalar);
        let bits = Type::int(ty.bits() as u16).unwrap_or(ty);
        let value = self.one(op.args[1 + bounds.len()])?;
        let old = match kind {
            AtomicOp::CompareExchange => {
                let new = self.one(op.args[2 + bounds.len()])?;
                let expected = self.as_bits(value, bits);
                let new = self.as_bits(new, bits);
                self.b.ins.ins().atomic_cas(flags, address, expected, new)
            }
            AtomicOp::Exchange => {
                let value = self.as_bits(value, bits);
                let op = AtomicRmwOp::Xchg;
                self.b.ins.ins().atomic_rmw(bits, flags, op, address, value)
            }
            _ if scalar.is_float() => self.float_loop(kind, ty, bits, flags, address, value)?,
            _ => {
                let op = integer_op(kind, scalar)?;
                self.b.ins.ins().atomic_rmw(bits, flags, op, address, value)
            }
        };
        let old = if bits == ty {
            old
        } else {
            self.b.ins.ins().bitcast(ty, MemFlagsData::new(), old)
        };
        let old = if scalar == Scalar::Bool {
            // Memory that Python calls bool may hold other bytes than 0 and 1.
            self.b.ins.ins().icmp_imm_u(IntCC::NotEqual, old, 0)
        } else {
            old
        };
        self.define(op.results[0], old);
        Ok(())
    }

    fn as_bits(&mut self, value: Value, bits: Type) -> Value {
        if self.b.ins.func.dfg.value_type(value) == bits {
            return value;
        }
        self.b.ins.ins().bitcast(bits, MemFlagsData::new(), value)
    }

    /// Tries until the element has not changed between reading and writing; gives the bits that it had.
    fn float_loop(
        &mut self,
        kind: AtomicOp,
        ty: Type,
        bits: Type,
        flags: MemFlagsData,
        address: Value,
        value: Value,
    ) -> Result<Value, CodegenError> {
        let again = self.b.ins.create_block();
        let done = self.b.ins.create_block();
        self.b.ins.append_block_param(again, bits);
        let first = self.b.ins.ins().load(bits, flags, address, 0);
        self.b.ins.ins().jump(again, &[first.into()]);

        self.b.ins.switch_to_block(again);
        let expected = self.b.ins.block_params(again)[0];
        let old = self.b.ins.ins().bitcast(ty, MemFlagsData::new(), expected);
        let new = match kind {
            AtomicOp::Add => self.b.ins.ins().fadd(old, value),
            AtomicOp::Sub => self.b.ins.ins().fsub(old, value),
            AtomicOp::Min | AtomicOp::Max => {
                let less = match kind {
                    AtomicOp::Min => FloatCC::LessThan,
                    _ => FloatCC::GreaterThan,
                };
                let takes = self.b.ins.ins().fcmp(less, value, old);
                self.b.ins.ins().select(takes, value, old)
            }
            _ => return Err(CodegenError::Internal(format!("{kind:?} of floats"))),
        };
        let new = self.as_bits(new, bits);
        let seen = self.b.ins.ins().atomic_cas(flags, address, expected, new);
        let well = self.b.ins.ins().icmp(IntCC::Equal, seen, expected);
        self.b
            .ins
            .ins()
            .brif(well, done, &[], again, &[seen.into()]);

        self.b.ins.switch_to_block(done);
        Ok(expected)
    }
}

fn integer_op(kind: AtomicOp, scalar: Scalar) -> Result<AtomicRmwOp, CodegenError> {
    Ok(match (kind, scalar.is_signed()) {
        (AtomicOp::Add, _) => AtomicRmwOp::Add,
        (AtomicOp::Sub, _) => AtomicRmwOp::Sub,
        (AtomicOp::Min, true) => AtomicRmwOp::Smin,
        (AtomicOp::Min, false) => AtomicRmwOp::Umin,
        (AtomicOp::Max, true) => AtomicRmwOp::Smax,
        (AtomicOp::Max, false) => AtomicRmwOp::Umax,
        (AtomicOp::And, _) => AtomicRmwOp::And,
        (AtomicOp::Or, _) => AtomicRmwOp::Or,
        (AtomicOp::Xor, _) => AtomicRmwOp::Xor,
        (AtomicOp::Exchange | AtomicOp::CompareExchange, _) => {
            return Err(CodegenError::Internal(format!("{kind:?} is no update")));
        }
    })
}
