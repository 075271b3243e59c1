//! `raise` and `assert`. An exception without arguments or with one constant text is a message of the op; any other is
//! built by runtime calls and then pending.

use super::function::{Body, Handed};
use super::types::{Number, width};
use super::{Result, bug};
use crate::ir::{Message, OpKind, Raise, Scalar, Type, ValueId};
use snek_abi::ExcKind;
use snek_sema::hir::{self, Const, ExprId, ExprKind};

impl Body<'_, '_> {
    /// Lowers a `raise`.
    pub(super) fn raise(&mut self, exception: &str, args: Option<&[ExprId]>) -> Result<()> {
        let Some(kind) = ExcKind::from_name(exception) else {
            return bug(format!("there is no exception `{exception}`"));
        };
        let message = self.message(kind, args.unwrap_or_default())?;
        self.leave(OpKind::Raise(Raise { kind, message }), Vec::new());
        Ok(())
    }

    /// Lowers an `assert`.
    pub(super) fn assert(&mut self, cond: ExprId, message: Option<ExprId>) -> Result<()> {
        let cond = self.condition(cond)?;
        let kind = ExcKind::AssertionError;
        let constant = match message {
            None => Some(Message::Bare),
            Some(message) => self.constant_text(message)?.map(Message::Text),
        };
        match (constant, message) {
            (Some(message), _) => self.b().check(cond, Raise { kind, message }, &[]),
            (None, message) => {
                let args: Vec<ExprId> = message.into_iter().collect();
                self.branch(
                    cond,
                    &[],
                    &Handed::default(),
                    |_| Ok(Vec::new()),
                    |body| {
                        let message = body.message(kind, &args)?;
                        body.leave(OpKind::Raise(Raise { kind, message }), Vec::new());
                        Ok(Vec::new())
                    },
                )?;
            }
        }
        Ok(())
    }

    fn constant_text(&self, expr: ExprId) -> Result<Option<String>> {
        Ok(match &self.hir_expr(expr)?.kind {
            ExprKind::Const(Const::Str(text)) => Some(text.clone()),
            _ => None,
        })
    }

    /// The message for these arguments; builds the exception if they are not constant.
    fn message(&mut self, kind: ExcKind, args: &[ExprId]) -> Result<Message> {
        if args.is_empty() {
            return Ok(Message::Bare);
        }
        if let [arg] = args
            && let Some(text) = self.constant_text(*arg)?
        {
            return Ok(Message::Text(text));
        }
        let values = self.exprs(args)?;
        if !self.reachable {
            return Ok(Message::Bare);
        }
        let number = self
            .b()
            .const_int(Type::Scalar(Scalar::I32), i64::from(kind as u32));
        self.runtime("snek_rt_exc_begin", vec![number]);
        for (arg, values) in args.iter().zip(values) {
            let ty = &self.hir_expr(*arg)?.ty;
            self.argument(ty, &values)?;
        }
        self.runtime("snek_rt_exc_end", Vec::new());
        Ok(Message::Pending)
    }

    fn argument(&mut self, ty: &hir::Type, values: &[ValueId]) -> Result<()> {
        if let hir::Type::Tuple(items) = ty {
            self.runtime("snek_rt_exc_tuple_begin", Vec::new());
            let mut rest = values;
            for item in items {
                let (first, others) = rest.split_at(width(item).min(rest.len()));
                self.argument(item, first)?;
                rest = others;
            }
            self.runtime("snek_rt_exc_tuple_end", Vec::new());
            return Ok(());
        }
        let (name, args) = match (ty, Number::of(ty), values) {
            (hir::Type::None, ..) => ("snek_rt_exc_arg_none", Vec::new()),
            (hir::Type::Str, _, [..]) => ("snek_rt_exc_arg_str", values.to_vec()),
            (_, Some(Number::Bool), [x]) => ("snek_rt_exc_arg_bool", vec![self.bool_to_i32(*x)]),
            (_, Some(Number::Fixed(Scalar::U64)), [x]) => {
                ("snek_rt_exc_arg_uint", vec![self.resize(*x, Scalar::I64)])
            }
            (_, Some(Number::Int | Number::Fixed(_)), [x]) => {
                ("snek_rt_exc_arg_int", vec![self.resize(*x, Scalar::I64)])
            }
            (_, Some(Number::Float(..)), [x]) => (
                "snek_rt_exc_arg_float",
                vec![self.float_to_float(*x, Scalar::F64)],
            ),
            (_, Some(Number::Complex(..)), [re, im]) => {
                let real = self.float_to_float(*re, Scalar::F64);
                let imaginary = self.float_to_float(*im, Scalar::F64);
                ("snek_rt_exc_arg_complex", vec![real, imaginary])
            }
            _ => return bug(format!("`{}`: an exception with {ty:?}", self.hir.name)),
        };
        self.runtime(name, args);
        Ok(())
    }
}
