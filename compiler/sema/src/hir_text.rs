//! HIR as text, for `--emit hir` and for tests. Looks like Python with types; is not parsed back.

use std::fmt::{self, Write as _};

use crate::hir::{
    BinaryOp, CompareOp, Const, ExprId, ExprKind, For, Function, Iter, LocalId, Program,
    ReductionOp, Stmt, StmtKind, Target, Type, UnaryOp,
};

/// The text of a whole program.
pub fn write_program(program: &Program) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "module {}", program.module);
    for (id, function) in program.functions.iter_enumerated() {
        let export = program.exports.iter().find(|export| export.function == id);
        text.push('\n');
        if let Some(export) = export {
            let _ = writeln!(text, "# exported, line {}", export.first_line);
        }
        let mut writer = Writer {
            program,
            function,
            text: String::new(),
            depth: 0,
        };
        let _ = writer.function(id.index());
        text.push_str(&writer.text);
    }
    text
}

struct Writer<'p> {
    program: &'p Program,
    function: &'p Function,
    text: String,
    depth: usize,
}

impl Writer<'_> {
    fn function(&mut self, number: usize) -> fmt::Result {
        let function = self.function;
        let params: Vec<String> = function
            .params
            .iter()
            .map(|param| format!("{}: {}", self.local(*param), function.locals[*param].ty))
            .collect();
        let parallel = if function.parallel { "@parallel " } else { "" };
        writeln!(
            self.text,
            "{parallel}def {}#{number}({}) -> {}:",
            function.name,
            params.join(", "),
            function.result
        )?;
        self.depth = 1;
        for (id, local) in function.locals.iter_enumerated() {
            if !function.params.contains(&id) {
                let unbound = if local.maybe_unbound {
                    "  # may be unbound"
                } else {
                    ""
                };
                let name = self.local(id);
                self.line(&format!("var {name}: {}{unbound}", local.ty))?;
            }
        }
        self.block(&function.body)
    }

    /// A Python name that has several types is several locals: the later ones are numbered.
    fn local(&self, id: LocalId) -> String {
        let name = &self.function.locals[id].name;
        let earlier = self.function.locals.iter_enumerated();
        let earlier = earlier
            .filter(|(other, local)| *other < id && local.name == *name)
            .count();
        match earlier {
            0 => name.clone(),
            n => format!("{name}'{n}"),
        }
    }

    fn line(&mut self, line: &str) -> fmt::Result {
        writeln!(self.text, "{:indent$}{line}", "", indent = self.depth * 4)
    }

    fn block(&mut self, body: &[Stmt]) -> fmt::Result {
        if body.is_empty() {
            return self.line("pass");
        }
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn nested(&mut self, body: &[Stmt]) -> fmt::Result {
        self.depth += 1;
        let result = self.block(body);
        self.depth -= 1;
        result
    }

    fn otherwise(&mut self, body: &[Stmt]) -> fmt::Result {
        if body.is_empty() {
            return Ok(());
        }
        self.line("else:")?;
        self.nested(body)
    }

    fn stmt(&mut self, stmt: &Stmt) -> fmt::Result {
        match &stmt.kind {
            StmtKind::Expr(value) => {
                let value = self.expr(*value);
                self.line(&value)
            }
            StmtKind::Assign { local, value } => {
                let line = format!("{} = {}", self.local(*local), self.expr(*value));
                self.line(&line)
            }
            StmtKind::Store {
                array,
                indices,
                value,
                augmented,
            } => {
                let note = match augmented {
                    Some(op) => format!("  # {}=", binary(*op)),
                    None => String::new(),
                };
                let line = format!(
                    "{}[{}] = {}{note}",
                    self.expr(*array),
                    self.list(indices),
                    self.expr(*value)
                );
                self.line(&line)
            }
            StmtKind::Delete(local) => {
                let line = format!("del {}", self.local(*local));
                self.line(&line)
            }
            StmtKind::If { cond, then, other } => {
                let line = format!("if {}:", self.expr(*cond));
                self.line(&line)?;
                self.nested(then)?;
                self.otherwise(other)
            }
            StmtKind::While { cond, body, other } => {
                let line = format!("while {}:", self.expr(*cond));
                self.line(&line)?;
                self.nested(body)?;
                self.otherwise(other)
            }
            StmtKind::For(each) => self.each(each),
            StmtKind::Break => self.line("break"),
            StmtKind::Continue => self.line("continue"),
            StmtKind::Return(None) => self.line("return"),
            StmtKind::Return(Some(value)) => {
                let line = format!("return {}", self.expr(*value));
                self.line(&line)
            }
            StmtKind::Raise { exception, args } => {
                let line = match args {
                    None => format!("raise {exception}"),
                    Some(args) => format!("raise {exception}({})", self.list(args)),
                };
                self.line(&line)
            }
            StmtKind::Assert { cond, message } => {
                let mut line = format!("assert {}", self.expr(*cond));
                if let Some(message) = message {
                    let _ = write!(line, ", {}", self.expr(*message));
                }
                self.line(&line)
            }
            StmtKind::Print {
                args,
                sep,
                end,
                flush,
            } => {
                let line = format!(
                    "print({}; sep={sep:?}, end={end:?}, flush={flush})",
                    self.list(args)
                );
                self.line(&line)
            }
        }
    }

    fn each(&mut self, each: &For) -> fmt::Result {
        let word = if each.parallel.is_some() {
            "parallel for"
        } else {
            "for"
        };
        let line = format!(
            "{word} {} in {}:",
            self.target(&each.target),
            self.iter(&each.iter)
        );
        self.line(&line)?;
        if let Some(parallel) = &each.parallel {
            self.depth += 1;
            for reduction in &parallel.reductions {
                let name = self.local(reduction.local);
                self.line(&format!("reduce {name} by {}", reduction_op(reduction.op)))?;
            }
            for reduction in &parallel.arrays {
                let name = self.local(reduction.local);
                let op = reduction_op(reduction.op);
                self.line(&format!("reduce elements of {name} by {op}"))?;
            }
            for choice in &parallel.choices {
                let companions: Vec<String> = choice
                    .companions
                    .iter()
                    .map(|local| self.local(*local))
                    .collect();
                let line = format!(
                    "choose {} by {} with {}",
                    self.local(choice.key),
                    compare_op(choice.op),
                    companions.join(", ")
                );
                self.line(&line)?;
            }
            for fold in &parallel.folds {
                let name = self.local(fold.local);
                let identity = self.expr(fold.identity);
                self.line(&format!("reduce {name} by {} from {identity}", fold.name))?;
            }
            let privates: Vec<String> = parallel
                .privates
                .iter()
                .map(|local| self.local(*local))
                .collect();
            if !privates.is_empty() {
                self.line(&format!("private {}", privates.join(", ")))?;
            }
            self.depth -= 1;
        }
        self.nested(&each.body)?;
        self.otherwise(&each.other)
    }

    fn target(&self, target: &Target) -> String {
        match target {
            Target::Local(local) => self.local(*local),
            Target::Parts(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.target(part)).collect();
                format!("({})", parts.join(", "))
            }
        }
    }

    fn iter(&self, iter: &Iter) -> String {
        match iter {
            Iter::Range { start, stop, step } => {
                format!("range({})", self.list(&[*start, *stop, *step]))
            }
            Iter::Array(array) => self.expr(*array),
            Iter::Enumerate { inner, start } => {
                format!("enumerate({}, {})", self.iter(inner), self.expr(*start))
            }
            Iter::Zip(iters) => {
                let iters: Vec<String> = iters.iter().map(|iter| self.iter(iter)).collect();
                format!("zip({})", iters.join(", "))
            }
            Iter::Reversed(inner) => format!("reversed({})", self.iter(inner)),
        }
    }

    fn list(&self, exprs: &[ExprId]) -> String {
        let texts: Vec<String> = exprs.iter().map(|expr| self.expr(*expr)).collect();
        texts.join(", ")
    }

    fn expr(&self, id: ExprId) -> String {
        let expr = &self.function.exprs[id];
        match &expr.kind {
            ExprKind::Const(value) => constant(value, &expr.ty),
            ExprKind::Local {
                local,
                check_unbound,
            } => match check_unbound {
                true => format!("{}?", self.local(*local)),
                false => self.local(*local),
            },
            ExprKind::Unary(op, operand) => {
                let op = match op {
                    UnaryOp::Neg => "-",
                    UnaryOp::Invert => "~",
                    UnaryOp::Not => "not ",
                };
                format!("({op}{})", self.expr(*operand))
            }
            ExprKind::Binary(op, left, right) => {
                format!(
                    "({} {} {})",
                    self.expr(*left),
                    binary(*op),
                    self.expr(*right)
                )
            }
            ExprKind::Compare(op, left, right) => {
                let op = compare_op(*op);
                format!("({} {op} {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::And(left, right) => {
                format!("({} and {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::Or(left, right) => format!("({} or {})", self.expr(*left), self.expr(*right)),
            ExprKind::If { cond, then, other } => format!(
                "({} if {} else {})",
                self.expr(*then),
                self.expr(*cond),
                self.expr(*other)
            ),
            ExprKind::Convert { operand, checked } => {
                let checked = if *checked { "!" } else { "" };
                format!("{}{checked}({})", expr.ty, self.expr(*operand))
            }
            ExprKind::Truth(operand) => format!("bool({})", self.expr(*operand)),
            ExprKind::Call { function, args } => {
                let name = self
                    .program
                    .functions
                    .get(*function)
                    .map_or("?", |function| &function.name);
                format!("{name}#{}({})", function.index(), self.list(args))
            }
            ExprKind::Intrinsic { name, args } => format!("@{name}({})", self.list(args)),
            ExprKind::Tuple(items) => format!("({},)", self.list(items)),
            ExprKind::Field { tuple, index } => format!("{}.{index}", self.expr(*tuple)),
            ExprKind::Subscript { array, indices } => {
                format!("{}[{}]", self.expr(*array), self.list(indices))
            }
            ExprKind::Extent { array, axis } => format!("{}.shape[{axis}]", self.expr(*array)),
            ExprKind::Assign { local, value } => {
                format!("({} := {})", self.local(*local), self.expr(*value))
            }
        }
    }
}

fn constant(value: &Const, ty: &Type) -> String {
    let text = match value {
        Const::None => return "None".to_owned(),
        Const::Bool(true) => return "True".to_owned(),
        Const::Bool(false) => return "False".to_owned(),
        Const::Str(text) => return format!("{text:?}"),
        Const::Int(value) => match ty {
            Type::Fixed(fixed) if fixed.is_unsigned() => format!("{}", *value as u64),
            _ => format!("{value}"),
        },
        Const::Float(value) => format!("{value:?}"),
        Const::Complex(re, im) => format!("({re:?}, {im:?})"),
    };
    match ty {
        Type::Fixed(fixed) => format!("{}:{text}", fixed.name()),
        _ => text,
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::TrueDiv => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
    }
}

fn compare_op(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

fn reduction_op(op: ReductionOp) -> &'static str {
    match op {
        ReductionOp::Add => "+",
        ReductionOp::Mul => "*",
        ReductionOp::Min => "min",
        ReductionOp::Max => "max",
        ReductionOp::BitAnd => "&",
        ReductionOp::BitOr => "|",
        ReductionOp::BitXor => "^",
        ReductionOp::And => "and",
        ReductionOp::Or => "or",
    }
}
