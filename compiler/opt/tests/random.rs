//! Random programs through the pipeline: what optimised MIR does must be what fresh MIR does, and what was proved must
//! hold when it runs. `SNEK_RANDOM_PROGRAMS` sets how many; `SNEK_RANDOM_SEED` the first.

#[path = "../../mir/tests/lowering/interpret.rs"]
mod interpret;

use interpret::{Machine, Value, View};
use snek_analysis::races;
use snek_diagnostics::SourceMap;
use snek_mir::ir::Program;
use snek_mir::lower::lower;
use snek_opt::{Level, Options, optimise};
use std::fmt::Write;

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

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

struct Generator {
    random: Random,
    source: String,
    /// Variables of loops, which are not assigned.
    indices: Vec<String>,
    loops: usize,
    statements: usize,
    names: usize,
}

impl Generator {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.source, "{:indent$}{text}", "", indent = indent * 4);
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn variable(&mut self) -> String {
        if !self.indices.is_empty() && self.random.below(2) == 0 {
            let n = self.random.below(self.indices.len());
            return self.indices[n].clone();
        }
        self.random.pick(&["p", "q", "r", "s", "t"]).to_string()
    }

    fn array(&mut self) -> &'static str {
        self.random.pick(&["a", "b"])
    }

    fn index(&mut self) -> String {
        match self.random.below(8) {
            0..=2 => self.variable(),
            3 => format!("{} - 1", self.variable()),
            4 => format!("{} + 1", self.variable()),
            5 => {
                let c = self.random.below(4) as i64 - 2;
                format!("{c}")
            }
            6 => format!("{} % 4", self.variable()),
            _ => self.int(1),
        }
    }

    fn int(&mut self, depth: usize) -> String {
        let choice = self.random.below(if depth == 0 { 4 } else { 14 });
        match choice {
            0 => self
                .random
                .pick(&[
                    "0",
                    "1",
                    "2",
                    "3",
                    "(-1)",
                    "(-7)",
                    "10",
                    "4611686018427387904",
                    "len(a)",
                ])
                .to_string(),
            1..=3 => self.variable(),
            4..=7 => {
                let op = self.random.pick(&["+", "-", "+", "-", "*", "&", "|", "^"]);
                format!("({} {op} {})", self.int(depth - 1), self.int(depth - 1))
            }
            8 => {
                let op = self.random.pick(&["//", "%"]);
                let by = self.random.pick(&["1", "2", "3", "8", "(-3)", "(q | 1)"]);
                format!("({} {op} {by})", self.int(depth - 1))
            }
            9 => {
                let name = self.random.pick(&["min", "max"]);
                format!("{name}({}, {})", self.int(depth - 1), self.int(depth - 1))
            }
            10 => format!("({} >> {})", self.int(depth - 1), self.random.below(5)),
            11 => {
                let c = self.condition(1);
                format!(
                    "({} if {c} else {})",
                    self.int(depth - 1),
                    self.int(depth - 1)
                )
            }
            12 if self.random.below(3) == 0 => {
                let (i, j) = (self.index(), self.index());
                format!("int(c[{i}, {j}])")
            }
            12 if self.random.below(4) == 0 => format!("int(u[{}])", self.index()),
            12 => {
                let (array, index) = (self.array(), self.index());
                format!("int({array}[{index}])")
            }
            _ => format!("help({}, {})", self.int(depth - 1), self.variable()),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.below(3) == 0 {
            let op = self.random.pick(&["and", "or"]);
            return format!(
                "({} {op} {})",
                self.condition(depth - 1),
                self.condition(depth - 1)
            );
        }
        if self.random.below(5) == 0 {
            return format!("0 <= {} < len(a)", self.variable());
        }
        let op = self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
        format!("{} {op} {}", self.int(1), self.int(1))
    }

    fn block(&mut self, indent: usize) {
        for _ in 0..1 + self.random.below(3) {
            self.statement(indent);
        }
    }

    fn statement(&mut self, indent: usize) {
        self.statements += 1;
        let nested = indent < 5 && self.statements < 30;
        match self.random.below(if nested { 18 } else { 9 }) {
            0..=3 => {
                let (target, value) = (self.random.pick(&["r", "s", "t"]), self.int(2));
                self.line(indent, &format!("{target} = {value}"));
            }
            4 => {
                let target = self.random.pick(&["r", "s", "t"]);
                let step = self.random.pick(&["1", "2", "r", "3"]);
                self.line(indent, &format!("{target} += {step}"));
            }
            5 if self.random.below(3) == 0 => {
                let (i, j, value) = (self.index(), self.index(), self.int(1));
                let op = self.random.pick(&["=", "+=", "="]);
                self.line(indent, &format!("c[{i}, {j}] {op} {value}"));
            }
            6 if self.random.below(3) == 0 => {
                let (i, v, c) = (self.index(), self.variable(), self.condition(0));
                let value = self.random.pick(&[
                    "x[I] * 0.5 + V",
                    "x[I] / 4.0 - 0.0",
                    "float(V) if C else x[I]",
                    "abs(x[I])",
                ]);
                let value = value.replace('I', &i).replace('V', &v).replace('C', &c);
                let j = self.index();
                self.line(indent, &format!("x[{j}] = {value}"));
            }
            5 | 6 => {
                let (array, index, value) = (self.array(), self.index(), self.int(1));
                self.line(indent, &format!("{array}[{index}] = {value}"));
            }
            7 if self.loops > 0 => {
                let leave = self.random.pick(&["break", "continue"]);
                let condition = self.condition(0);
                self.line(indent, &format!("if {condition}:"));
                self.line(indent + 1, leave);
            }
            8 => {
                let (condition, value) = (self.condition(1), self.int(1));
                self.line(indent, &format!("if {condition}:"));
                let leave = if self.random.below(2) == 0 {
                    format!("return {value}")
                } else {
                    "raise ValueError(\"found\")".to_string()
                };
                self.line(indent + 1, &leave);
            }
            7 => self.line(indent, "pass"),
            9..=12 => {
                let condition = self.condition(2);
                self.line(indent, &format!("if {condition}:"));
                self.block(indent + 1);
                if self.random.below(2) == 0 {
                    self.line(indent, "else:");
                    self.block(indent + 1);
                }
            }
            13..=15 => self.for_loop(indent),
            16 => self.while_loop(indent),
            _ => self.parallel_loop(indent),
        }
    }

    fn for_loop(&mut self, indent: usize) {
        let i = self.name("i");
        let (low, high) = (self.variable(), self.variable());
        let range = match self.random.below(10) {
            0 | 1 => "range(len(a))".to_string(),
            2 if self.random.below(2) == 0 => "range(c.shape[1])".to_string(),
            3 if self.random.below(2) == 0 => "range(c.shape[0])".to_string(),
            2 => "range(1, len(a) - 1)".to_string(),
            3 => "range(len(b))".to_string(),
            4 => format!("range(min({high}, 6))"),
            5 => format!("range({low} % 3, min({high}, 7))"),
            6 => format!("range(min({high}, 7), -1, -1)"),
            7 => format!("range({low} % 4, 9, {high} % 3 + 1)"),
            8 => format!("range(max({low}, 0), min({high}, 12), max({high}, 1))"),
            _ => format!("range({low} % 5, len(b), 2)"),
        };
        self.line(indent, &format!("for {i} in {range}:"));
        self.indices.push(i);
        self.loops += 1;
        self.block(indent + 1);
        self.loops -= 1;
        self.indices.pop();
    }

    fn while_loop(&mut self, indent: usize) {
        let w = self.name("w");
        let start = self.random.pick(&["0", "1", "p % 3"]);
        self.line(indent, &format!("{w} = {start}"));
        let limit = self.random.pick(&["len(a)", "5", "len(b) - 1", "q % 6"]);
        let op = self.random.pick(&["<", "<="]);
        self.line(indent, &format!("while {w} {op} {limit}:"));
        self.indices.push(w.clone());
        self.line(indent + 1, &format!("{w} += 1"));
        self.loops += 1;
        self.block(indent + 1);
        self.loops -= 1;
        self.indices.pop();
    }

    fn parallel_loop(&mut self, indent: usize) {
        if self.loops > 0 {
            return self.line(indent, "pass");
        }
        let i = self.name("i");
        let range = self
            .random
            .pick(&["len(a)", "1, len(a)", "p % 3, len(a)", "p, min(q, 5)"]);
        let array = self.array();
        let value = self
            .random
            .pick(&["p * I", "I - q", "help(I, p)", "I // 2"]);
        let value = value.replace('I', &i);
        let total = self.name("total");
        let fold = self
            .random
            .pick(&["+= I", "+= I * p", "= max(T, I)", "= min(I, T)", "^= I"]);
        let fold = fold.replace('I', &i).replace('T', &total);
        self.line(indent, &format!("{total} = q"));
        self.line(indent, &format!("for {i} in prange({range}):"));
        self.line(indent + 1, &format!("{array}[{i}] = {value}"));
        self.line(indent + 1, &format!("{total} {fold}"));
        self.line(indent, &format!("r = r ^ {total}"));
    }
}

fn generate(seed: u64) -> String {
    let mut generator = Generator {
        random: Random(seed),
        source: String::new(),
        indices: Vec::new(),
        loops: 0,
        statements: 0,
        names: 0,
    };
    generator.source = "from snek import Array1D, Array2D, f64, i64, prange, u8\n\
        def help(x, y):\n    if x > y:\n        return x - y\n    return y + 1\n\
        def f(a: Array1D[i64], b: Array1D[i64], c: Array2D[i64], x: Array1D[f64], u: Array1D[u8], p: int, q: int) -> int:\n    r = 1\n    s = p\n    t = 0\n"
        .to_string();
    for _ in 0..3 {
        generator.block(1);
    }
    generator.line(1, "return r ^ s ^ t");
    generator.source
}

/// Fresh MIR of a source, or why it is refused.
fn compile(source: &str) -> Result<Program, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("random.py", source);
    let parsed = snek_syntax::parse(file, source.as_bytes());
    let module = parsed.module.ok_or(format!("{:?}", parsed.diagnostics))?;
    let input = snek_sema::Input {
        module: &module,
        name: "random",
        strict: true,
    };
    let analysis = snek_sema::analyze(&input, &mut sources);
    if let Some(error) = analysis.diagnostics.iter().find(|d| d.is_error()) {
        return Err(format!("{error:?}"));
    }
    let program = lower(&analysis.program, &sources).map_err(|error| error.to_string())?;
    match races::check(&program).first() {
        Some(error) => Err(format!("{error:?}")),
        None => Ok(program),
    }
}

const BIG: i64 = i64::MAX - 3;
const ARGUMENTS: [(i64, i64, usize, usize); 7] = [
    (0, 0, 0, 0),
    (1, 2, 4, 4),
    (-2, 5, 5, 3),
    (3, -3, 3, 6),
    (BIG, 4, 4, 5),
    (2, i64::MIN, 6, 6),
    (5, BIG, 1, 2),
];

/// What a call gives: its result or exception, and the arrays afterwards.
fn run(program: &Program, (p, q, m, n): (i64, i64, usize, usize)) -> String {
    let array = |n: usize| {
        let items = (0..n).map(|k| Value::Int(k as i128 * 3 - 2)).collect();
        View::new(&[n as i64], items)
    };
    let (a, b) = (array(m), array(n));
    let c = View::new(
        &[m as i64, n as i64],
        (0..m * n).map(|k| Value::Int(k as i128 - 3)).collect(),
    );
    let floats = (0..n).map(|k| Value::Float(k as f64 - 1.5)).collect();
    let x = View::new(&[n as i64], floats);
    let bytes = (0..m).map(|k| Value::Int(k as i128 * 50)).collect();
    let u = View::new(&[m as i64], bytes);
    let mut machine = Machine::new(program);
    let int = |x: i64| Value::Int(i128::from(x));
    let mut args = [&a, &b, &c, &x, &u]
        .map(|view| Value::Array(view.clone()))
        .to_vec();
    args.extend([int(p), int(q)]);
    let result = machine.call(program.exports[0].contiguous, args);
    let arrays = [a, b, c, x].map(|view| format!("{:?}", view.data.borrow()));
    format!("{result:?} {arrays:?}")
}

/// Shows the program when a test fails in the middle of it.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

#[test]
fn optimised_programs_do_what_fresh_ones_do() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).map_or(otherwise, |n| n.parse().unwrap());
    let first = number("SNEK_RANDOM_SEED", 0);
    let count = number("SNEK_RANDOM_PROGRAMS", 120);
    let mut refused = 0;
    for seed in first..first + count {
        let source = generate(seed);
        let mut context = Context(format!("seed {seed}\n{source}"));
        let fresh = match compile(&source) {
            Ok(program) => program,
            Err(error) => {
                refused += 1;
                assert!(refused * 2 < count + 20, "{error}");
                continue;
            }
        };
        for level in [Level::O0, Level::O2] {
            let mut program = compile(&source).unwrap();
            let options = Options {
                level,
                verify: true,
            };
            optimise(&mut program, options).unwrap();
            context.0 = format!("seed {seed} {level:?}\n{source}\n{program}");
            for arguments in ARGUMENTS {
                let wanted = run(&fresh, arguments);
                let found = run(&program, arguments);
                assert_eq!(found, wanted, "{arguments:?}");
            }
        }
    }
    eprintln!("{refused} of {count} programs were refused");
}
