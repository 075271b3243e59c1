//! `print`: all arguments are evaluated, then written piece by piece between `print_begin` and `print_end`.

use super::function::Body;
use super::types::{Number, fixed_kind, width};
use super::{Result, bug};
use crate::ir::{Scalar, Type, ValueId};
use snek_sema::hir::{self, ExprId};

impl Body<'_, '_> {
    /// Lowers a `print`.
    pub(super) fn print(
        &mut self,
        args: &[ExprId],
        sep: &str,
        end: &str,
        flush: bool,
    ) -> Result<()> {
        let values = self.exprs(args)?;
        if !self.reachable {
            return Ok(());
        }
        self.runtime("snek_rt_print_begin", Vec::new());
        for (index, (arg, values)) in args.iter().zip(values).enumerate() {
            if index > 0 {
                self.piece(sep);
            }
            let ty = &self.hir_expr(*arg)?.ty;
            self.print_value(ty, &values, false)?;
        }
        self.piece(end);
        let flush = self
            .b()
            .const_int(Type::Scalar(Scalar::I32), i64::from(flush));
        self.runtime("snek_rt_print_end", vec![flush]);
        Ok(())
    }

    /// Calls a runtime function that has no results.
    pub(super) fn runtime(&mut self, name: &'static str, args: Vec<ValueId>) {
        self.b().call_runtime(name, args, &[]);
    }

    fn piece(&mut self, text: &str) {
        if !text.is_empty() {
            let text = self.b().const_text(text);
            self.runtime("snek_rt_print_str", text);
        }
    }

    /// Prints a value: its `str()`, or its `repr()` within a tuple.
    fn print_value(&mut self, ty: &hir::Type, values: &[ValueId], repr: bool) -> Result<()> {
        match ty {
            hir::Type::None => self.runtime("snek_rt_print_none", Vec::new()),
            hir::Type::Str if repr => self.runtime("snek_rt_print_repr_str", values.to_vec()),
            hir::Type::Str => self.runtime("snek_rt_print_str", values.to_vec()),
            hir::Type::Tuple(items) => {
                self.piece("(");
                let mut rest = values;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.piece(", ");
                    }
                    let (first, others) = rest.split_at(width(item).min(rest.len()));
                    self.print_value(item, first, true)?;
                    rest = others;
                }
                self.piece(if items.len() == 1 { ",)" } else { ")" });
            }
            hir::Type::Fixed(fixed) if repr => self.print_fixed_repr(*fixed, values)?,
            _ => self.print_number(ty, values)?,
        }
        Ok(())
    }

    fn print_number(&mut self, ty: &hir::Type, values: &[ValueId]) -> Result<()> {
        let Some(number) = Number::of(ty) else {
            return bug(format!("`{}`: print of {ty:?}", self.hir.name));
        };
        let (name, args) = match (number, values) {
            (Number::Bool, [x]) => ("snek_rt_print_bool", vec![self.bool_to_i32(*x)]),
            (Number::Fixed(Scalar::U64), [x]) => {
                ("snek_rt_print_uint", vec![self.resize(*x, Scalar::I64)])
            }
            (Number::Int | Number::Fixed(_), [x]) => {
                ("snek_rt_print_int", vec![self.resize(*x, Scalar::I64)])
            }
            (Number::Float(Scalar::F32, _), [x]) => ("snek_rt_print_f32", vec![*x]),
            (Number::Float(..), [x]) => ("snek_rt_print_float", vec![*x]),
            (Number::Complex(Scalar::F32, _), [re, im]) => ("snek_rt_print_c64", vec![*re, *im]),
            (Number::Complex(..), [re, im]) => ("snek_rt_print_complex", vec![*re, *im]),
            _ => return bug(format!("`{}`: print of {ty:?}", self.hir.name)),
        };
        self.runtime(name, args);
        Ok(())
    }

    /// NumPy's scalars name their type in `repr()`.
    fn print_fixed_repr(&mut self, fixed: hir::Fixed, values: &[ValueId]) -> Result<()> {
        let (name, args) = match (fixed, values) {
            (hir::Fixed::F32, [x]) => ("snek_rt_print_repr_f32", vec![*x]),
            (hir::Fixed::F64, [x]) => ("snek_rt_print_repr_f64", vec![*x]),
            (hir::Fixed::C64, [re, im]) => ("snek_rt_print_repr_c64", vec![*re, *im]),
            (hir::Fixed::C128, [re, im]) => ("snek_rt_print_repr_c128", vec![*re, *im]),
            (_, [x]) => {
                let value = self.resize(*x, Scalar::I64);
                let kind = i64::from(fixed_kind(fixed) as u8);
                let kind = self.b().const_int(Type::Scalar(Scalar::I32), kind);
                ("snek_rt_print_repr_fixed", vec![value, kind])
            }
            _ => return bug(format!("`{}`: print of {fixed:?}", self.hir.name)),
        };
        self.runtime(name, args);
        Ok(())
    }
}
