//! Random programs, as HIR and as Python: what the lowered MIR does must be what CPython does. Control flow, variables
//! that may be unbound, evaluation order and exceptions are what this is about.

use crate::interpret::{Machine, Value};
use snek_diagnostics::{SourceMap, Span};
use snek_mir::lower::lower;
use snek_mir::parse::parse;
use snek_mir::verify::verify;
use snek_sema::hir::{
    BinaryOp, CompareOp, Const, Export, ExportParam, Expr, ExprId, ExprKind, For, Function, Iter,
    Local, LocalId, ParamKind, Program, Stmt, StmtKind, Target, Type,
};
use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// SplitMix64: the same programs each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

const NAMES: [&str; 6] = ["p", "q", "a", "b", "c", "d"];
const PARAMS: usize = 2;

struct Generator {
    random: Random,
    function: Function,
    span: Span,
    source: String,
    loops: usize,
    statements: usize,
}

impl Generator {
    fn expr(&mut self, kind: ExprKind, ty: Type) -> ExprId {
        let span = self.span;
        self.function.exprs.push(Expr { kind, ty, span })
    }

    fn local(&mut self) -> (LocalId, &'static str) {
        let index = self.random.below(NAMES.len());
        (LocalId::from_usize(index), NAMES[index])
    }

    fn int(&mut self, depth: usize) -> (ExprId, String) {
        let choice = self.random.below(if depth == 0 { 4 } else { 11 });
        match choice {
            0 => {
                let value = self.random.below(7) as i64 - 2;
                let kind = ExprKind::Const(Const::Int(value));
                (self.expr(kind, Type::Int), format!("({value})"))
            }
            1..=3 => {
                let (local, name) = self.local();
                let check_unbound = self.function.locals[local].maybe_unbound;
                let kind = ExprKind::Local {
                    local,
                    check_unbound,
                };
                (self.expr(kind, Type::Int), name.to_string())
            }
            4..=8 => {
                let (left, left_text) = self.int(depth - 1);
                let (right, right_text) = self.int(depth - 1);
                let (op, sign) = [
                    (BinaryOp::Add, "+"),
                    (BinaryOp::Sub, "-"),
                    (BinaryOp::FloorDiv, "//"),
                    (BinaryOp::Mod, "%"),
                    (BinaryOp::BitXor, "^"),
                ][self.random.below(5)];
                let id = self.expr(ExprKind::Binary(op, left, right), Type::Int);
                (id, format!("({left_text} {sign} {right_text})"))
            }
            9 => {
                let (cond, cond_text) = self.condition(depth - 1);
                let (then, then_text) = self.int(depth - 1);
                let (other, other_text) = self.int(depth - 1);
                let id = self.expr(ExprKind::If { cond, then, other }, Type::Int);
                (
                    id,
                    format!("({then_text} if {cond_text} else {other_text})"),
                )
            }
            _ => {
                let (value, text) = self.int(depth - 1);
                let (local, name) = self.local();
                let id = self.expr(ExprKind::Assign { local, value }, Type::Int);
                (id, format!("({name} := {text})"))
            }
        }
    }

    fn condition(&mut self, depth: usize) -> (ExprId, String) {
        if depth > 0 && self.random.one_in(3) {
            let (left, left_text) = self.condition(depth - 1);
            let (right, right_text) = self.condition(depth - 1);
            return if self.random.one_in(2) {
                let id = self.expr(ExprKind::And(left, right), Type::Bool);
                (id, format!("({left_text} and {right_text})"))
            } else {
                let id = self.expr(ExprKind::Or(left, right), Type::Bool);
                (id, format!("({left_text} or {right_text})"))
            };
        }
        let (left, left_text) = self.int(depth.saturating_sub(1));
        let (right, right_text) = self.int(depth.saturating_sub(1));
        let (op, sign) = [
            (CompareOp::Lt, "<"),
            (CompareOp::Ge, ">="),
            (CompareOp::Eq, "=="),
            (CompareOp::Ne, "!="),
        ][self.random.below(4)];
        let id = self.expr(ExprKind::Compare(op, left, right), Type::Bool);
        (id, format!("({left_text} {sign} {right_text})"))
    }

    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.source, "{:indent$}{text}", "", indent = indent * 4);
    }

    fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt {
            kind,
            span: self.span,
        }
    }

    /// A block of statements; the text has at least one line.
    fn block(&mut self, indent: usize) -> Vec<Stmt> {
        let count = 1 + self.random.below(3);
        let mut stmts = Vec::new();
        for _ in 0..count {
            self.statement(indent, &mut stmts);
        }
        stmts
    }

    fn statement(&mut self, indent: usize, out: &mut Vec<Stmt>) {
        self.statements += 1;
        let nested = indent < 4 && self.statements < 40;
        let kind = match self.random.below(if nested { 16 } else { 9 }) {
            0..=3 => {
                let (value, text) = self.int(2);
                let (local, name) = self.local();
                self.line(indent, &format!("{name} = {text}"));
                StmtKind::Assign { local, value }
            }
            4 | 5 => {
                let (value, text) = self.int(2);
                self.line(indent, &format!("print({text})"));
                StmtKind::Print {
                    args: vec![value],
                    sep: " ".to_string(),
                    end: "\n".to_string(),
                    flush: false,
                }
            }
            6 if self.random.one_in(3) => {
                let (local, name) = self.local();
                if !self.function.locals[local].maybe_unbound {
                    self.line(indent, "pass");
                    return;
                }
                self.line(indent, &format!("del {name}"));
                StmtKind::Delete(local)
            }
            7 if self.random.one_in(4) => {
                let (value, text) = self.int(1);
                self.line(indent, &format!("return {text}"));
                StmtKind::Return(Some(value))
            }
            8 if self.random.one_in(6) => {
                let (value, text) = self.int(1);
                self.line(indent, &format!("raise ValueError({text})"));
                StmtKind::Raise {
                    exception: "ValueError".to_string(),
                    args: Some(vec![value]),
                }
            }
            6..=8 if self.loops > 0 => {
                if self.random.one_in(2) {
                    self.line(indent, "break");
                    StmtKind::Break
                } else {
                    self.line(indent, "continue");
                    StmtKind::Continue
                }
            }
            6..=8 => {
                self.line(indent, "pass");
                return;
            }
            9..=12 => {
                let (cond, text) = self.condition(2);
                self.line(indent, &format!("if {text}:"));
                let then = self.block(indent + 1);
                let mut other = Vec::new();
                if self.random.one_in(2) {
                    self.line(indent, "else:");
                    other = self.block(indent + 1);
                }
                StmtKind::If { cond, then, other }
            }
            13 | 14 => return self.for_(indent, out),
            _ => return self.while_(indent, out),
        };
        out.push(self.stmt(kind));
    }

    fn loop_body(&mut self, indent: usize) -> Vec<Stmt> {
        self.loops += 1;
        let body = self.block(indent + 1);
        self.loops -= 1;
        body
    }

    fn loop_else(&mut self, indent: usize) -> Vec<Stmt> {
        if self.random.one_in(2) {
            return Vec::new();
        }
        self.line(indent, "else:");
        let loops = std::mem::replace(&mut self.loops, 0);
        let other = self.block(indent + 1);
        self.loops = loops;
        other
    }

    fn for_(&mut self, indent: usize, out: &mut Vec<Stmt>) {
        let (start, start_text) = self.int(1);
        let count = self.random.below(4) as i64;
        // The stop is near the start, or loops would not end.
        let stop = {
            let offset = self.expr(ExprKind::Const(Const::Int(count)), Type::Int);
            self.expr(ExprKind::Binary(BinaryOp::Add, start, offset), Type::Int)
        };
        let (step, step_text) = match self.random.below(4) {
            0 => (
                self.expr(ExprKind::Const(Const::Int(2)), Type::Int),
                "2".to_string(),
            ),
            1 => self.int(0),
            _ => (
                self.expr(ExprKind::Const(Const::Int(1)), Type::Int),
                "1".to_string(),
            ),
        };
        let (local, name) = self.local();
        let range = format!("range({start_text}, {start_text} + {count}, {step_text})");
        let mut iter = Iter::Range { start, stop, step };
        let mut text = range;
        if self.random.one_in(4) {
            iter = Iter::Reversed(Box::new(iter));
            text = format!("reversed({text})");
        }
        let mut target = Target::Local(local);
        let mut names = name.to_string();
        if self.random.one_in(4) {
            let (second, second_name) = self.local();
            let start = self.expr(ExprKind::Const(Const::Int(5)), Type::Int);
            iter = Iter::Enumerate {
                inner: Box::new(iter),
                start,
            };
            text = format!("enumerate({text}, 5)");
            target = Target::Parts(vec![Target::Local(second), target]);
            names = format!("{second_name}, {names}");
        }
        self.line(indent, &format!("for {names} in {text}:"));
        let body = self.loop_body(indent);
        let other = self.loop_else(indent);
        let data = For {
            iter,
            target,
            body,
            other,
            parallel: None,
        };
        out.push(self.stmt(StmtKind::For(Box::new(data))));
    }

    fn while_(&mut self, indent: usize, out: &mut Vec<Stmt>) {
        // A counter of its own ends the loop.
        let name = format!("w{}", self.function.locals.len());
        let counter = self.function.locals.push(Local {
            name: name.clone(),
            ty: Type::Int,
            maybe_unbound: false,
        });
        let zero = self.expr(ExprKind::Const(Const::Int(0)), Type::Int);
        self.line(indent, &format!("{name} = 0"));
        out.push(self.stmt(StmtKind::Assign {
            local: counter,
            value: zero,
        }));
        let one = self.expr(ExprKind::Const(Const::Int(1)), Type::Int);
        let kind = ExprKind::Local {
            local: counter,
            check_unbound: false,
        };
        let read = self.expr(kind, Type::Int);
        let sum = self.expr(ExprKind::Binary(BinaryOp::Add, read, one), Type::Int);
        let kind = ExprKind::Assign {
            local: counter,
            value: sum,
        };
        let counted = self.expr(kind, Type::Int);
        let limit = self.expr(ExprKind::Const(Const::Int(4)), Type::Int);
        let below = self.expr(ExprKind::Compare(CompareOp::Lt, counted, limit), Type::Bool);
        let (other, other_text) = self.condition(2);
        let (cond, text) = if self.random.one_in(4) {
            let kind = ExprKind::Const(Const::Bool(true));
            (self.expr(kind, Type::Bool), "True".to_string())
        } else {
            let cond = self.expr(ExprKind::And(below, other), Type::Bool);
            (cond, format!("({name} := {name} + 1) < 4 and {other_text}"))
        };
        self.line(indent, &format!("while {text}:"));
        let mut body = Vec::new();
        if text == "True" {
            self.line(indent + 1, &format!("if ({name} := {name} + 1) >= 4:"));
            self.line(indent + 2, "break");
            let exceeded = self.expr(ExprKind::Compare(CompareOp::Ge, counted, limit), Type::Bool);
            body.push(self.stmt(StmtKind::If {
                cond: exceeded,
                then: vec![self.stmt(StmtKind::Break)],
                other: Vec::new(),
            }));
        }
        body.extend(self.loop_body(indent));
        let other = self.loop_else(indent);
        out.push(self.stmt(StmtKind::While { cond, body, other }));
    }
}

/// The program with this number, as HIR and as Python.
fn generate(seed: u64, sources: &mut SourceMap) -> (Program, String) {
    let file = sources.add("random.py", "");
    let span = Span::at(file, 0);
    let mut generator = Generator {
        random: Random(seed),
        function: Function {
            name: "f".to_string(),
            file,
            name_span: span,
            parallel: false,
            auto_parallel: false,
            strict_math: false,
            fastmath: false,
            params: (0..PARAMS).map(LocalId::from_usize).collect(),
            result: Type::Int,
            locals: NAMES
                .iter()
                .enumerate()
                .map(|(index, name)| Local {
                    name: (*name).to_string(),
                    ty: Type::Int,
                    maybe_unbound: index > 0,
                })
                .collect(),
            exprs: Default::default(),
            body: Vec::new(),
        },
        span,
        source: String::new(),
        loops: 0,
        statements: 0,
    };
    // The assignment that never runs makes all names local.
    let locals = NAMES.join(" = ");
    generator.source = format!("def f{seed}(p, q):\n    if 0: {locals} = 0\n");
    let mut body = Vec::new();
    // Most names start assigned, or hardly any program would get far.
    for (index, name) in NAMES.iter().enumerate().skip(PARAMS) {
        if !generator.random.one_in(8) {
            let value = generator.expr(ExprKind::Const(Const::Int(index as i64)), Type::Int);
            generator.line(1, &format!("{name} = {index}"));
            body.push(generator.stmt(StmtKind::Assign {
                local: LocalId::from_usize(index),
                value,
            }));
        }
    }
    for _ in 0..4 {
        body.extend(generator.block(1));
    }
    generator.line(1, "return 77");
    let result = generator.expr(ExprKind::Const(Const::Int(77)), Type::Int);
    body.push(generator.stmt(StmtKind::Return(Some(result))));
    let mut function = generator.function;
    function.body = body;
    let mut program = Program {
        module: "random".to_string(),
        ..Program::default()
    };
    let id = program.functions.push(function);
    program.exports.push(Export {
        function: id,
        first_line: 1,
        params: NAMES[..PARAMS]
            .iter()
            .map(|name| ExportParam {
                name: (*name).to_string(),
                kind: ParamKind::PositionalOrKeyword,
            })
            .collect(),
    });
    (program, generator.source)
}

const ARGUMENTS: [(i64, i64); 4] = [(0, 0), (1, -3), (-2, 5), (3, 2)];

const HARNESS: &str = "
import sys
out = sys.stdout
def run(f, p, q):
    try:
        print('=', f(p, q))
    except Exception as error:
        print('!', type(error).__name__ + ': ' + str(error))
    print('---')
";

fn python(script: &str) -> String {
    let mut child = Command::new("python3")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the generated Python is wrong");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn random_programs_do_what_cpython_does() {
    let count = std::env::var("SNEK_RANDOM_PROGRAMS").map_or(400, |n| n.parse().unwrap());
    let mut sources = SourceMap::new();
    let mut script = HARNESS.to_string();
    let mut found = Vec::new();
    for seed in 0..count {
        let (hir, source) = generate(seed, &mut sources);
        script += &source;
        let program = lower(&hir, &sources).unwrap_or_else(|error| panic!("{error}\n{source}"));
        let text = program.to_string();
        let faults: Vec<String> = verify(&program).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{faults:#?}\n{source}\n{text}");
        let again = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again.to_string(), text);
        for (p, q) in ARGUMENTS {
            let _ = writeln!(script, "run(f{seed}, {p}, {q})");
            // The parsed program must do the same as the lowered one.
            let mut machine = Machine::new(&again);
            let args = vec![Value::Int(i128::from(p)), Value::Int(i128::from(q))];
            let result = machine.call(again.exports[0].contiguous, args);
            let mut output = machine.output;
            let end = match result.as_deref() {
                Ok([Value::Int(value)]) => format!("= {value}"),
                Ok(other) => format!("= {other:?}"),
                Err(text) => format!("! {text}"),
            };
            let _ = writeln!(output, "{end}");
            found.push((output, format!("f({p}, {q})\n{source}\n{text}")));
        }
    }
    let output = python(&script);
    let wanted: Vec<&str> = output.split("---\n").collect();
    for (wanted, (found, context)) in wanted.iter().zip(&found) {
        assert_eq!(found, wanted, "{context}");
    }
    assert_eq!(wanted.len(), found.len() + 1);
}
