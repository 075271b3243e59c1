//! Random bodies of loops whose iterations may run at once: iteration `i` writes its own places only.

use std::fmt::Write;

use super::interpret::{Machine, Value, View};
use super::{apply, assert_verified, first_loop};
use snek_mir::ir::Program;
use snek_mir::parse::parse;

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

/// What a label takes.
#[derive(Clone)]
struct Label {
    name: String,
    is_loop: bool,
    is_block: bool,
    /// The types of what `break` gives; for a `for` those of `next`, too.
    results: Vec<&'static str>,
    nexts: Vec<&'static str>,
}

struct Generator {
    random: Random,
    text: String,
    indent: usize,
    next: usize,
    /// Values by type, of which those of outer regions come first.
    ints: Vec<String>,
    floats: Vec<String>,
    bools: Vec<String>,
    labels: Vec<Label>,
    ops: usize,
    /// Things may raise or leave the loop, as long as nothing has been stored.
    raises: bool,
    /// So many statements end the nesting.
    limit: usize,
    i: String,
}

const TYPES: [&str; 3] = ["i64", "f64", "bool"];

impl Generator {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = self.indent * 2);
    }

    fn fresh(&mut self) -> String {
        self.next += 1;
        format!("%{}", self.next)
    }

    fn pool(&mut self, ty: &str) -> &mut Vec<String> {
        match ty {
            "i64" => &mut self.ints,
            "f64" => &mut self.floats,
            _ => &mut self.bools,
        }
    }

    fn fresh_label(&mut self) -> String {
        self.next += 1;
        format!("@l.{}", self.next)
    }

    /// A value, of the later ones more often.
    fn value(&mut self, ty: &str) -> String {
        let len = self.pool(ty).len();
        let back = self.random.below(len).min(self.random.below(len));
        self.pool(ty)[len - 1 - back].clone()
    }

    fn values(&mut self, types: &[&str]) -> String {
        let values: Vec<String> = types.iter().map(|ty| self.value(ty)).collect();
        values.join(", ")
    }

    fn emit(&mut self, ty: &str, what: &str) -> String {
        let name = self.fresh();
        self.line(&format!("{name}: {ty} = {what}"));
        self.pool(ty).push(name.clone());
        name
    }

    fn scope(&self) -> (usize, usize, usize) {
        (self.ints.len(), self.floats.len(), self.bools.len())
    }

    fn leave(&mut self, (ints, floats, bools): (usize, usize, usize)) {
        self.ints.truncate(ints);
        self.floats.truncate(floats);
        self.bools.truncate(bools);
    }

    fn constant(&mut self, value: i64) -> String {
        let name = self.fresh();
        self.line(&format!("{name}: i64 = const {value}"));
        name
    }

    /// An index below a power of two.
    fn small(&mut self, mask: i64) -> String {
        let (x, m) = (self.value("i64"), self.constant(mask));
        let name = self.fresh();
        self.line(&format!("{name}: i64 = and {x}, {m}"));
        name
    }

    fn types(&mut self) -> Vec<&'static str> {
        (0..self.random.below(3))
            .map(|_| TYPES[self.random.below(3)])
            .collect()
    }

    fn names(&mut self, types: &[&'static str]) -> Vec<String> {
        types.iter().map(|_| self.fresh()).collect()
    }

    fn declare(&mut self, names: &[String], types: &[&'static str]) {
        for (name, ty) in names.iter().zip(types) {
            self.pool(ty).push(name.clone());
        }
    }

    fn typed(names: &[String], types: &[&'static str]) -> String {
        let all: Vec<String> = names
            .iter()
            .zip(types)
            .map(|(n, t)| format!("{n}: {t}"))
            .collect();
        all.join(", ")
    }

    fn results(names: &[String], types: &[&'static str]) -> String {
        if names.is_empty() {
            return String::new();
        }
        format!("{} = ", Self::typed(names, types))
    }

    fn arithmetic(&mut self) {
        let i = self.i.clone();
        match self.random.below(26) {
            0..=3 => {
                let op = self.random.pick(&[
                    "add.wrap", "sub.wrap", "mul.wrap", "and", "or", "xor", "min", "max",
                ]);
                let (a, b) = (self.value("i64"), self.value("i64"));
                self.emit("i64", &format!("{op} {a}, {b}"));
            }
            4 => {
                let c = self.random.below(5) as i64 - 2;
                self.emit("i64", &format!("const {c}"));
            }
            5 => {
                let a = self.value("i64");
                let op = self
                    .random
                    .pick(&["neg.wrap", "abs.wrap", "not", "popcount", "clz"]);
                self.emit("i64", &format!("{op} {a}"));
            }
            6 => {
                let count = self.small(7);
                let (a, op) = (self.value("i64"), self.random.pick(&["shl.wrap", "shr"]));
                self.emit("i64", &format!("{op} {a}, {count}"));
            }
            7 => {
                // Not zero.
                let (a, b, one) = (self.value("i64"), self.value("i64"), self.constant(1));
                let by = self.fresh();
                self.line(&format!("{by}: i64 = or {b}, {one}"));
                let op = self.random.pick(&["floordiv.wrap", "floormod"]);
                self.emit("i64", &format!("{op} {a}, {by}"));
            }
            8 | 9 => {
                let op = self
                    .random
                    .pick(&["fadd", "fsub", "fmul", "fdiv", "fmin", "fcopysign"]);
                let (a, b) = (self.value("f64"), self.value("f64"));
                self.emit("f64", &format!("{op} {a}, {b}"));
            }
            10 => {
                let a = self.value("i64");
                self.emit("f64", &format!("int_to_float {a}"));
            }
            11 => {
                let a = self.value("f64");
                self.emit("i64", &format!("float_to_int {a}"));
            }
            12 => {
                let ty = self.random.pick(&["i64", "f64"]);
                let op = self
                    .random
                    .pick(&["cmp.lt", "cmp.le", "cmp.eq", "cmp.ne", "cmp.gt"]);
                let (a, b) = (self.value(ty), self.value(ty));
                self.emit("bool", &format!("{op} {a}, {b}"));
            }
            13 => {
                let op = self
                    .random
                    .pick(&["and", "or", "xor", "cmp.le", "cmp.gt", "cmp.eq"]);
                let (a, b) = (self.value("bool"), self.value("bool"));
                self.emit("bool", &format!("{op} {a}, {b}"));
            }
            14 => {
                let a = self.value("bool");
                self.emit("bool", &format!("not {a}"));
            }
            15 => {
                let ty = self.random.pick(&TYPES);
                let c = self.value("bool");
                let (a, b) = (self.value(ty), self.value(ty));
                self.emit(ty, &format!("select {c}, {a}, {b}"));
            }
            16 => {
                let a = self.value("bool");
                self.emit("i64", &format!("extend {a}"));
            }
            17 => {
                let index = self.small(7);
                self.emit("i64", &format!("load %3[proved {index}]"));
            }
            18 => {
                // From the end: -8 to -1.
                let (x, c) = (self.value("i64"), self.constant(-8));
                let index = self.fresh();
                self.line(&format!("{index}: i64 = or {x}, {c}"));
                self.emit("i64", &format!("load %3[wrapping {index}]"));
            }
            19 => {
                let column = self.small(3);
                self.emit("f64", &format!("load %4[proved {i}, proved {column}]"));
            }
            20 => {
                let row = self.small(3);
                self.emit("f64", &format!("load %4[proved {row}, proved {row}]"));
            }
            21 => {
                let (row, column) = (self.fresh(), self.small(3));
                self.line(&format!("{row}: array<f64, 1> = row %4[proved {i}]"));
                self.emit("f64", &format!("load {row}[proved {column}]"));
            }
            22 => {
                let two = self.constant(2);
                let (double, odd) = (self.fresh(), self.fresh());
                let one = self.constant(1);
                self.line(&format!("{double}: i64 = mul.proved {i}, {two}"));
                self.line(&format!("{odd}: i64 = add.proved {double}, {one}"));
                self.emit("i64", &format!("load %5[proved {odd}]"));
            }
            23 => {
                // In bounds only where the condition holds.
                let (limit, test) = (self.constant(6), self.fresh());
                let index = self.random.pick(&["x", "i"]);
                let index = if index == "i" { i } else { self.small(31) };
                self.line(&format!("{test}: bool = cmp.lt {index}, {limit}"));
                let result = self.fresh();
                self.line(&format!("{result}: i64 = if {test} {{"));
                let inner = self.fresh();
                self.line(&format!("  {inner}: i64 = load %6[proved {index}]"));
                self.line(&format!("  yield {inner}"));
                self.line("} else {");
                let zero = self.value("i64");
                self.line(&format!("  yield {zero}"));
                self.line("}");
                self.ints.push(result);
            }
            24 => {
                let a = self.value("f64");
                self.emit("f64", &format!("call_runtime snek_rt_math_sin({a})"));
            }
            _ => {
                let zero = self.constant(0);
                self.emit("i64", &format!("load %3[proved {zero}]"));
            }
        }
    }

    /// What may raise, or ends the loop.
    fn risk(&mut self) {
        match self.random.below(8) {
            0 => {
                let condition = self.value("bool");
                self.line(&format!("check {condition}, ZeroDivisionError"));
            }
            1 => {
                let op = self
                    .random
                    .pick(&["add.checked", "sub.checked", "mul.checked"]);
                let (a, b) = (self.value("i64"), self.value("i64"));
                self.emit("i64", &format!("{op} {a}, {b}"));
            }
            2 => {
                let op = self.random.pick(&["neg.checked", "abs.checked"]);
                let a = self.value("i64");
                self.emit("i64", &format!("{op} {a}"));
            }
            3 => {
                let (a, c) = (self.value("i64"), self.constant(3));
                self.emit("i64", &format!("mul.checked {a}, {c}"));
            }
            4 => {
                let index = self.value("i64");
                self.emit("i64", &format!("load %3[checked {index}]"));
            }
            5 => {
                let (i, index) = (self.i.clone(), self.small(7));
                self.emit("f64", &format!("load %4[checked {i}, nonneg {index}]"));
            }
            6 => {
                let (index, x) = (self.value("i64"), self.constant(2));
                let row = self.fresh();
                self.line(&format!("{row}: array<f64, 1> = row %4[checked {index}]"));
                self.emit("f64", &format!("load {row}[proved {x}]"));
            }
            _ => {
                let condition = self.value("bool");
                let value = self.value("i64");
                self.line(&format!("if {condition} {{"));
                match self.random.below(3) {
                    0 => self.line("  raise ValueError"),
                    1 => self.line(&format!("  return {value}")),
                    _ => self.line("  break @i.0 %10"),
                }
                self.line("} else {");
                self.line("  yield");
                self.line("}");
            }
        }
    }

    fn store(&mut self) {
        if self.raises && self.random.below(3) > 0 {
            return self.risk();
        }
        let i = self.i.clone();
        match self.random.below(3) {
            0 | 1 => {
                let value = self.value("i64");
                self.line(&format!("store %7[proved {i}] = {value}"));
            }
            _ => {
                let (column, value) = (self.small(3), self.value("f64"));
                self.line(&format!("store %8[proved {i}, proved {column}] = {value}"));
            }
        }
    }

    /// Statements, some of which are leaves of the region.
    fn statements(&mut self, depth: usize) {
        for _ in 0..1 + self.random.below(3) {
            self.ops += 1;
            let nested = depth < 4 && self.ops < self.limit;
            match self.random.below(if nested { 20 } else { 11 }) {
                0..=7 => self.arithmetic(),
                8 => self.store(),
                9 | 10 => self.maybe_leave(),
                11..=14 => self.branch(depth),
                15 | 16 => self.block(depth),
                17 | 18 => self.for_loop(depth),
                _ => self.while_loop(depth),
            }
        }
    }

    /// `break` or `next` of any label, or `yield` of these types.
    fn exit(&mut self) -> String {
        let n = self.random.below(self.labels.len());
        let n = n.max(self.random.below(self.labels.len()));
        let label = self.labels[n].clone();
        let breaks = label.is_block || (label.is_loop && self.random.below(2) == 0);
        if breaks {
            let values = self.values(&label.results);
            format!("break {} {values}", label.name)
        } else if label.name == "@i.0" {
            "next @i.0 %10".to_string()
        } else {
            let values = self.values(&label.nexts);
            format!("next {} {values}", label.name)
        }
    }

    fn maybe_leave(&mut self) {
        let condition = self.value("bool");
        let exit = self.exit();
        let first = self.random.below(2) == 0;
        self.line(&format!("if {condition} {{"));
        self.line(&format!("  {}", if first { &exit } else { "yield" }));
        self.line("} else {");
        self.line(&format!("  {}", if first { "yield" } else { &exit }));
        self.line("}");
    }

    fn body(&mut self, depth: usize, end: impl FnOnce(&mut Self) -> String) {
        let scope = self.scope();
        self.indent += 1;
        self.statements(depth + 1);
        let end = end(self);
        self.line(&end);
        self.indent -= 1;
        self.leave(scope);
    }

    fn yield_(&mut self, types: &[&'static str]) -> String {
        if self.random.below(12) == 0 {
            return self.exit();
        }
        format!("yield {}", self.values(types))
    }

    fn branch(&mut self, depth: usize) {
        let types = self.types();
        let names = self.names(&types);
        let condition = self.value("bool");
        self.line(&format!(
            "{}if {condition} {{",
            Self::results(&names, &types)
        ));
        self.body(depth, |this| this.yield_(&types));
        self.line("} else {");
        if types.is_empty() && self.random.below(2) == 0 {
            self.line("  yield");
        } else {
            // One of the sides must come to its end.
            self.body(depth, |this| format!("yield {}", this.values(&types)));
        }
        self.line("}");
        self.declare(&names, &types);
    }

    fn block(&mut self, depth: usize) {
        let types = self.types();
        let names = self.names(&types);
        let name = self.fresh_label();
        self.line(&format!("{}block {name} {{", Self::results(&names, &types)));
        self.labels.push(Label {
            name,
            is_loop: false,
            is_block: true,
            results: types.clone(),
            nexts: Vec::new(),
        });
        self.body(depth, |this| format!("yield {}", this.values(&types)));
        self.labels.pop();
        self.line("}");
        self.declare(&names, &types);
    }

    /// ` carry(...)` and the names of the parameters.
    fn carry(&mut self, types: &[&'static str]) -> (String, Vec<String>) {
        let initial: Vec<String> = types.iter().map(|ty| self.value(ty)).collect();
        let params = self.names(types);
        if types.is_empty() {
            return (String::new(), params);
        }
        let all: Vec<String> = params
            .iter()
            .zip(types)
            .zip(initial)
            .map(|((name, ty), initial)| format!("{name}: {ty} = {initial}"))
            .collect();
        (format!(" carry({})", all.join(", ")), params)
    }

    fn for_loop(&mut self, depth: usize) {
        let types = self.types();
        let names = self.names(&types);
        let name = self.fresh_label();
        let (start, stop) = match self.random.below(5) {
            0 => (self.small(3), self.small(3)),
            1 => (self.constant(0), self.small(3)),
            2 => (self.i.clone(), "%0".to_string()),
            3 => (self.constant(0), self.i.clone()),
            _ => (self.constant(0), self.constant(3)),
        };
        let step = if self.random.below(6) == 0 {
            " step -1"
        } else {
            ""
        };
        let (carry, params) = self.carry(&types);
        let j = self.fresh();
        self.line(&format!(
            "{}for.serial {name} {j}: i64 in {start}..{stop}{step}{carry} {{",
            Self::results(&names, &types)
        ));
        self.labels.push(Label {
            name: name.clone(),
            is_loop: true,
            is_block: false,
            results: types.clone(),
            nexts: types.clone(),
        });
        let scope = self.scope();
        self.ints.push(j);
        self.declare(&params, &types);
        self.body(depth, |this| format!("next {name} {}", this.values(&types)));
        self.leave(scope);
        self.labels.pop();
        self.line("}");
        self.declare(&names, &types);
    }

    /// With a counter, so that it ends.
    fn while_loop(&mut self, depth: usize) {
        let types = self.types();
        let name = self.fresh_label();
        let (zero, one) = (self.constant(0), self.constant(1));
        let limit = if self.random.below(2) == 0 {
            self.constant(4)
        } else {
            self.small(3)
        };
        let outs = [&["i64"][..], &types].concat();
        let names = self.names(&outs);
        let (count, inner) = (self.fresh(), self.fresh());
        let initial: Vec<String> = types.iter().map(|ty| self.value(ty)).collect();
        let heads = self.names(&types);
        let mut carry = format!("{count}: i64 = {zero}");
        for ((name, ty), initial) in heads.iter().zip(&types).zip(initial) {
            let _ = write!(carry, ", {name}: {ty} = {initial}");
        }
        self.line(&format!(
            "{}while {name} carry({carry}) {{",
            Self::results(&names, &outs)
        ));
        let scope = self.scope();
        self.ints.push(count.clone());
        self.declare(&heads, &types);
        self.indent += 1;
        let outer = std::mem::take(&mut self.labels);
        for _ in 0..self.random.below(4) {
            self.arithmetic();
        }
        self.labels = outer;
        let test = self.fresh();
        self.line(&format!("{test}: bool = cmp.lt {count}, {limit}"));
        let both = self.fresh();
        let also = self.value("bool");
        self.line(&format!("{both}: bool = and {test}, {also}"));
        let end = if self.random.below(4) == 0 {
            test
        } else {
            both
        };
        let values = self.values(&types);
        let comma = if types.is_empty() { "" } else { ", " };
        self.line(&format!("yield {end}, {count}{comma}{values}"));
        self.indent -= 1;
        self.leave(scope);
        let params = self.names(&types);
        self.line(&format!(
            "}} do ({inner}: i64{comma}{}) {{",
            Self::typed(&params, &types)
        ));
        self.labels.push(Label {
            name: name.clone(),
            is_loop: true,
            is_block: false,
            results: outs.clone(),
            nexts: outs.clone(),
        });
        let scope = self.scope();
        self.ints.push(inner.clone());
        self.declare(&params, &types);
        // A `next` elsewhere must count, too: it takes any integer, so none is made.
        self.labels.last_mut().unwrap().is_block = true;
        self.body(depth, |this| {
            let counted = this.fresh();
            this.line(&format!("{counted}: i64 = add.proved {inner}, {one}"));
            format!("next {name} {counted}{comma}{}", this.values(&types))
        });
        self.leave(scope);
        self.labels.pop();
        self.line("}");
        self.declare(&names, &outs);
    }
}

fn generate(seed: u64) -> String {
    let mut generator = Generator {
        random: Random(seed),
        text: String::new(),
        indent: 1,
        next: 20,
        ints: Vec::new(),
        floats: Vec::new(),
        bools: Vec::new(),
        labels: Vec::new(),
        ops: 0,
        raises: seed.is_multiple_of(3),
        limit: 4 + (seed % 24) as usize,
        i: "%9".to_string(),
    };
    let g = &mut generator;
    g.text = "module \"m\"\nframe #0 \"f\" in \"f.py\" line 1\n\
        func @f(%0: i64, %1: i64, %2: bool, %3: array<i64, 1>, %4: array<f64, 2>, %5: array<i64, 1>, \
        %6: array<i64, 1>, %7: array<i64, 1>, %8: array<f64, 2>) -> (i64) frame #0 raises {\n"
        .to_string();
    let (zero, x) = (g.fresh(), g.fresh());
    g.line(&format!("{zero}: i64 = const 0 line 1"));
    g.line(&format!("{x}: f64 = fconst 0.75"));
    g.ints.extend(["%1".to_string(), zero.clone()]);
    g.floats.push(x);
    g.bools.push("%2".to_string());
    g.line(&format!(
        "%11: i64 = for.serial @i.0 %9: i64 in {zero}..%0 carry(%10: i64 = %1) {{"
    ));
    g.indent += 1;
    g.ints.push("%9".to_string());
    g.labels.push(Label {
        name: "@i.0".to_string(),
        is_loop: false,
        is_block: false,
        results: Vec::new(),
        nexts: Vec::new(),
    });
    for _ in 0..2 {
        let index = g.small(7);
        let x = g.emit("i64", &format!("load %3[proved {index}]"));
        let y = g.emit("f64", &format!("int_to_float {x}"));
        let threshold = g.floats[0].clone();
        g.emit("bool", &format!("cmp.lt {threshold}, {y}"));
    }
    let fold = g.random.pick(&["add.wrap", "xor", "min", "max"]);
    for _ in 0..3 {
        g.statements(0);
    }
    let value = g.value("i64");
    g.line(&format!("%12: i64 = {fold} %10, {value}"));
    g.line("next @i.0 %12");
    g.indent -= 1;
    g.line("}");
    g.line("return %11");
    g.text += "}\n";
    generator.text
}

/// What a call gives, and the arrays afterwards.
fn run(program: &Program, n: i64, p: i64) -> String {
    let ints = |count: i64, factor: i64| {
        let items = (0..count).map(|k| Value::Int(i128::from((k * factor) % 13 - 4)));
        View::new(&[count], items.collect())
    };
    let floats = |rows: i64, shift: f64| {
        let items = (0..rows * 4).map(|k| Value::Float(shift - (k * 7 % 11) as f64 * 0.5));
        View::new(&[rows, 4], items.collect())
    };
    let rows = n.max(4);
    let arrays = [
        ints(8, 5),
        floats(rows, 2.25),
        ints(2 * n, 7),
        ints(6, 3),
        ints(n, 11),
        floats(rows, -0.5),
    ];
    let mut machine = Machine::new(program);
    let mut args = vec![
        Value::Int(i128::from(n)),
        Value::Int(i128::from(p)),
        Value::Int(i128::from(p & 1)),
    ];
    args.extend(arrays.iter().map(|view| Value::Array(view.clone())));
    let id = program.functions.indices().next().unwrap();
    let result = machine.call(id, args);
    let arrays = arrays.map(|view| format!("{:?}", view.data.borrow()));
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
fn lanes_do_what_iterations_do() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).map_or(otherwise, |n| n.parse().unwrap());
    let first = number("SNEK_RANDOM_SEED", 0);
    let count = number("SNEK_RANDOM_PROGRAMS", 600);
    let mut stopped = std::collections::BTreeMap::new();
    for seed in first..first + count {
        let text = generate(seed);
        let mut context = Context(format!("seed {seed}\n{text}"));
        let before = parse(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_verified(&before, "before");
        let mut after = parse(&text).unwrap();
        let old = after.to_string();
        let id = after.functions.indices().next().unwrap();
        let function = &mut after.functions[id];
        let op = first_loop(function).unwrap();
        if let Err(obstacle) = apply(function, op) {
            assert_eq!(
                after.to_string(),
                old,
                "an obstacle leaves everything as it was"
            );
            *stopped.entry(obstacle.reason).or_insert(0) += 1;
            continue;
        }
        context.0 = format!("seed {seed}\n{text}\n{after}");
        assert_verified(&after, "after");
        for (n, p) in [(0, 1), (4, 3), (8, -2), (16, 6)] {
            assert_eq!(run(&after, n, p), run(&before, n, p), "n = {n}, p = {p}");
        }
    }
    let failures: u64 = stopped.values().sum();
    eprintln!("{failures} of {count} were stopped: {stopped:#?}");
    assert!(failures * 3 < count + 40, "{stopped:#?}");
}
