//! Literals: numbers, strings and f-strings, with the values that CPython gives them.

use snek_diagnostics::{Code, Diagnostic, Span};

use super::convert::{Converter, Place};
use super::{Ranged, TextRange, r};
use crate::ast::*;
use crate::literal::{self, Written};

impl Converter<'_> {
    pub(super) fn number(&mut self, number: &r::ExprNumberLiteral) -> Constant {
        match &number.value {
            r::Number::Int(int) => match int.as_i64() {
                Some(value) => Constant::Int(value),
                None => match literal::decimal(&self.text[number.range]) {
                    Ok(digits) => Constant::BigInt(digits),
                    Err(message) => {
                        let span = self.span(number);
                        self.fail(Diagnostic::error(Code::P006, span, message));
                        Constant::None
                    }
                },
            },
            r::Number::Float(value) => Constant::Float(*value),
            r::Number::Complex { imag, .. } => Constant::Complex { imag: *imag },
        }
    }

    pub(super) fn string(&mut self, value: &r::StringLiteralValue) -> Constant {
        let mut joined = literal::Joined::default();
        for part in value {
            joined.push(&part.value, self.written(part));
        }
        joined.finish()
    }

    fn written(&self, part: &r::StringLiteral) -> Written<'_> {
        if part.flags.prefix().is_raw() {
            Written::Raw
        } else {
            Written::String(&self.text[part.content_range()])
        }
    }

    pub(super) fn f_string(&mut self, f_string: &r::ExprFString) -> ExprKind {
        let mut values = Pieces::default();
        let specs = std::mem::take(&mut self.specs);
        for part in &f_string.value {
            match part {
                r::FStringPart::Literal(part) => {
                    values.literal(self.span(part), &part.value, self.written(part));
                }
                r::FStringPart::FString(part) => {
                    let raw = part.flags.prefix().is_raw();
                    self.f_string_elements(&part.elements, raw, &mut values);
                }
            }
        }
        self.specs = specs;
        ExprKind::JoinedStr {
            values: values.finish(),
        }
    }

    fn f_string_elements(
        &mut self,
        elements: &r::InterpolatedStringElements,
        raw: bool,
        out: &mut Pieces,
    ) {
        for element in elements {
            match element {
                r::InterpolatedStringElement::Literal(part) => {
                    let written = match raw {
                        true => Written::Raw,
                        false => Written::FString(&self.text[part.range]),
                    };
                    out.literal(self.span(part), &part.value, written);
                }
                r::InterpolatedStringElement::Interpolation(field) => {
                    let max_specs = if self.minor < 12 { 1 } else { 2 };
                    if self.specs > max_specs {
                        self.invalid(field, "f-string: expressions nested too deeply");
                    }
                    let mut conversion = match field.conversion {
                        r::ConversionFlag::None => None,
                        r::ConversionFlag::Str => Some(Conversion::Str),
                        r::ConversionFlag::Ascii => Some(Conversion::Ascii),
                        r::ConversionFlag::Repr => Some(Conversion::Repr),
                    };
                    let span = self.span(field);
                    if let Some(debug) = &field.debug_text {
                        let start = field.range.start().to_usize() + 1;
                        let inner = field.expression.range();
                        // The text goes from the brace to the `=` and the blanks after it, with all parentheses.
                        let end = inner.end().to_usize() + debug.trailing.len();
                        let before = &self.text[start..inner.start().to_usize()];
                        let after = &self.text[inner.end().to_usize()..end];
                        // Blanks stay and comments go, as in CPython 3.13.
                        let text = [
                            &literal::without_comments(before),
                            &self.text[inner],
                            &literal::without_comments(after),
                        ]
                        .concat();
                        let range = TextRange::new((start as u32).into(), (end as u32).into());
                        out.literal(self.place.span(range), &text, Written::Raw);
                        if conversion.is_none() && field.format_spec.is_none() {
                            conversion = Some(Conversion::Repr);
                        }
                    }
                    let value = self.boxed_expr(&field.expression);
                    let format_spec = field.format_spec.as_ref().map(|spec| {
                        let mut values = Pieces::default();
                        let mut span = self.span(&**spec);
                        if let Place::Offset { .. } = self.place {
                            // The colon belongs to it.
                            span.start -= 1;
                        }
                        if self.enter(span) {
                            self.specs += 1;
                            self.f_string_elements(&spec.elements, raw, &mut values);
                            self.specs -= 1;
                            self.depth -= 1;
                        }
                        let values = values.finish();
                        Box::new(Expr {
                            span,
                            kind: ExprKind::JoinedStr { values },
                        })
                    });
                    out.flush();
                    let kind = ExprKind::FormattedValue {
                        value,
                        conversion,
                        format_spec,
                    };
                    out.values.push(Expr { span, kind });
                }
            }
        }
    }
}

/// The values of a `JoinedStr` in the making: adjacent text is joined, empty text dropped.
#[derive(Default)]
struct Pieces {
    values: Vec<Expr>,
    text: literal::Joined,
    span: Option<Span>,
}

impl Pieces {
    fn literal(&mut self, span: Span, value: &str, written: Written<'_>) {
        if !value.is_empty() {
            self.text.push(value, written);
            self.span = Some(self.span.map_or(span, |before| before.to(span)));
        }
    }

    fn flush(&mut self) {
        if let Some(span) = self.span.take() {
            let value = std::mem::take(&mut self.text).finish();
            let kind = ExprKind::Constant { value };
            self.values.push(Expr { span, kind });
        }
    }

    fn finish(mut self) -> Vec<Expr> {
        self.flush();
        self.values
    }
}
