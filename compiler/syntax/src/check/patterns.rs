//! The patterns of a `match`: names bound once, alternatives that bind the same, nothing after what always matches.

use std::collections::{BTreeSet, HashMap};

use snek_diagnostics::{Code, Diagnostic, Span};

use crate::ast::*;

pub(super) fn check(cases: &[MatchCase], diagnostics: &mut Vec<Diagnostic>) {
    for (i, case) in cases.iter().enumerate() {
        let may_be_irrefutable = case.guard.is_some() || i + 1 == cases.len();
        let mut checker = Patterns { diagnostics };
        checker.irrefutable(&case.pattern, may_be_irrefutable);
        checker.names(&case.pattern, &mut HashMap::new());
        checker.shape(&case.pattern);
    }
}

struct Patterns<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Patterns<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) {
        let error = Diagnostic::error(Code::P009, span, message);
        self.diagnostics.push(error);
    }

    fn irrefutable(&mut self, pattern: &Pattern, allowed: bool) {
        match &pattern.kind {
            PatternKind::MatchAs {
                pattern: None,
                name,
            } if !allowed => {
                let message = match name {
                    Some(name) => format!(
                        "name capture '{}' makes remaining patterns unreachable",
                        name.name
                    ),
                    None => "wildcard makes remaining patterns unreachable".to_owned(),
                };
                self.error(pattern.span, message);
            }
            PatternKind::MatchAs {
                pattern: Some(inner),
                ..
            } => self.irrefutable(inner, allowed),
            PatternKind::MatchOr { patterns } => {
                let last = patterns.len().saturating_sub(1);
                for (i, alternative) in patterns.iter().enumerate() {
                    self.irrefutable(alternative, allowed && i == last);
                }
            }
            PatternKind::MatchAs { pattern: None, .. }
            | PatternKind::MatchValue { .. }
            | PatternKind::MatchSingleton { .. }
            | PatternKind::MatchSequence { .. }
            | PatternKind::MatchMapping { .. }
            | PatternKind::MatchClass { .. }
            | PatternKind::MatchStar { .. } => {}
        }
        // Inside of sequences, mappings and classes, alternatives still have their own order.
        for inner in children(pattern) {
            if !matches!(
                pattern.kind,
                PatternKind::MatchAs { .. } | PatternKind::MatchOr { .. }
            ) {
                self.irrefutable(inner, true);
            }
        }
    }

    fn bind<'a>(&mut self, name: Option<&'a Identifier>, bound: &mut HashMap<&'a str, Span>) {
        if let Some(name) = name
            && bound.insert(&name.name, name.span).is_some()
        {
            let message = format!("multiple assignments to name '{}' in pattern", name.name);
            self.error(name.span, message);
        }
    }

    /// Collects the names that a pattern binds.
    fn names<'a>(&mut self, pattern: &'a Pattern, bound: &mut HashMap<&'a str, Span>) {
        if let PatternKind::MatchOr { patterns } = &pattern.kind {
            let mut first: Option<HashMap<&str, Span>> = None;
            for alternative in patterns {
                let mut own = HashMap::new();
                self.names(alternative, &mut own);
                match &first {
                    None => first = Some(own),
                    Some(first) => {
                        let before: BTreeSet<&str> = first.keys().copied().collect();
                        let here: BTreeSet<&str> = own.keys().copied().collect();
                        if before != here {
                            let message = "alternative patterns bind different names";
                            self.error(pattern.span, message);
                            break;
                        }
                    }
                }
            }
            for (name, span) in first.unwrap_or_default() {
                if bound.insert(name, span).is_some() {
                    let message = format!("multiple assignments to name '{name}' in pattern");
                    self.error(span, message);
                }
            }
            return;
        }
        for inner in children(pattern) {
            self.names(inner, bound);
        }
        match &pattern.kind {
            PatternKind::MatchAs { name, .. } | PatternKind::MatchStar { name } => {
                self.bind(name.as_ref(), bound);
            }
            PatternKind::MatchMapping { rest, .. } => self.bind(rest.as_ref(), bound),
            PatternKind::MatchValue { .. }
            | PatternKind::MatchSingleton { .. }
            | PatternKind::MatchSequence { .. }
            | PatternKind::MatchClass { .. }
            | PatternKind::MatchOr { .. } => {}
        }
    }

    /// Stars, keys and attributes that are there twice, and values that are no literals.
    fn shape(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::MatchValue { value } if is_f_string(value) => {
                let message = "patterns may only match literals and attribute lookups";
                self.error(value.span, message);
            }
            PatternKind::MatchAs {
                pattern: Some(_),
                name,
            } if name.as_ref().is_none_or(|name| name.name == "_") => {
                self.error(pattern.span, "cannot use '_' as a target");
            }
            PatternKind::MatchSequence { patterns } => {
                let is_star = |p: &&Pattern| matches!(p.kind, PatternKind::MatchStar { .. });
                if let Some(second) = patterns.iter().filter(is_star).nth(1) {
                    let message = "multiple starred expressions in sequence pattern";
                    self.error(second.span, message);
                }
            }
            PatternKind::MatchMapping { keys, .. } => {
                for (i, key) in keys.iter().enumerate() {
                    let Some(value) = Key::of(key) else {
                        continue;
                    };
                    if keys[..i]
                        .iter()
                        .any(|before| Key::of(before) == Some(value))
                    {
                        let shown = match &key.kind {
                            ExprKind::Constant { value } => crate::dump_constant(value),
                            _ => "a number".to_owned(),
                        };
                        let message = format!("mapping pattern checks duplicate key ({shown})");
                        self.error(key.span, message);
                    }
                }
            }
            PatternKind::MatchClass { kwd_attrs, .. } => {
                for (i, attr) in kwd_attrs.iter().enumerate() {
                    if kwd_attrs[..i].iter().any(|before| before.name == attr.name) {
                        let message =
                            format!("attribute name repeated in class pattern: {}", attr.name);
                        self.error(attr.span, message);
                    }
                }
            }
            PatternKind::MatchValue { .. }
            | PatternKind::MatchSingleton { .. }
            | PatternKind::MatchStar { .. }
            | PatternKind::MatchAs { .. }
            | PatternKind::MatchOr { .. } => {}
        }
        for inner in children(pattern) {
            self.shape(inner);
        }
    }
}

/// The patterns directly inside of one.
fn children(pattern: &Pattern) -> Vec<&Pattern> {
    match &pattern.kind {
        PatternKind::MatchSequence { patterns }
        | PatternKind::MatchOr { patterns }
        | PatternKind::MatchMapping { patterns, .. } => patterns.iter().collect(),
        PatternKind::MatchClass {
            patterns,
            kwd_patterns,
            ..
        } => patterns.iter().chain(kwd_patterns).collect(),
        PatternKind::MatchAs { pattern, .. } => pattern.as_deref().into_iter().collect(),
        PatternKind::MatchValue { .. }
        | PatternKind::MatchSingleton { .. }
        | PatternKind::MatchStar { .. } => Vec::new(),
    }
}

fn is_f_string(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::JoinedStr { .. })
}

/// A literal key, equal to others as Python's `==` says: `0`, `-0.0`, `False` and `0j` are one.
#[derive(Clone, Copy, PartialEq)]
enum Key<'a> {
    Int(i128),
    Number(f64, f64),
    Other(&'a Constant),
}

impl<'a> Key<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        match &expr.kind {
            ExprKind::Constant { value } => Some(match value {
                Constant::Int(value) => Key::Int(i128::from(*value)),
                Constant::Bool(value) => Key::Int(i128::from(*value)),
                Constant::Float(value) => Key::number(*value, 0.0),
                Constant::Complex { imag } => Key::number(0.0, *imag),
                Constant::None
                | Constant::Ellipsis
                | Constant::BigInt(_)
                | Constant::Str(_)
                | Constant::SurrogateStr(_)
                | Constant::Bytes(_) => Key::Other(value),
            }),
            ExprKind::UnaryOp {
                op: UnaryOp::USub,
                operand,
            } => match Key::of(operand)? {
                Key::Int(value) => Some(Key::Int(-value)),
                Key::Number(real, imag) => Some(Key::number(-real, -imag)),
                Key::Other(_) => None,
            },
            // `1 + 2j`
            ExprKind::BinOp { left, op, right } => {
                let (real, imag) = match (Key::of(left)?, Key::of(right)?) {
                    (Key::Int(real), Key::Number(0.0, imag)) => (real as f64, imag),
                    (Key::Number(real, 0.0), Key::Number(0.0, imag)) => (real, imag),
                    _ => return None,
                };
                let sign = if *op == Operator::Sub { -1.0 } else { 1.0 };
                Some(Key::number(real, sign * imag))
            }
            _ => None,
        }
    }

    fn number(real: f64, imag: f64) -> Self {
        let int = real as i128;
        if imag == 0.0 && int as f64 == real && int.unsigned_abs() < 1 << 64 {
            Key::Int(int)
        } else {
            Key::Number(real, imag)
        }
    }
}
