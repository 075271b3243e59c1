//! The text form of MIR: what `--emit mir` shows and what tests are written in. `parse.rs` is its inverse.
//!
//! Every value is written `%name.id` or `%id`, every label `@name.id`; ids are those of the arenas, so they stay the same
//! from pass to pass. An op's place (`line 9 [0:120..135]`: the line, then file and bytes) is written where it differs
//! from that of the op above; the first op's is the line of the function. `#n` is a frame, `from` the call that was
//! inlined.

use crate::ir::{
    Element, Export, Fold, Frame, Function, FunctionId, LabelId, Layout, LoopKind, Message, OpId,
    OpKind, ParamKind, Program, PyType, Raise, RegionId, Role, Scalar, Site, SiteId, Type, ValueId,
};
use snek_abi::ScalarKind;
use snek_diagnostics::{FileId, Span};
use std::fmt::{self, Display, Write};

impl Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Scalar(scalar) => scalar.fmt(f),
            Element::Complex64 => f.write_str("c64"),
            Element::Complex128 => f.write_str("c128"),
        }
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Scalar(scalar) => scalar.fmt(f),
            Type::Vector(scalar, lanes) => write!(f, "{scalar}x{lanes}"),
            Type::Mask(lanes) => write!(f, "mask{lanes}"),
            Type::Array(array) => {
                write!(f, "array<{}, {}", array.element, array.rank)?;
                match array.layout {
                    Layout::Contiguous => f.write_str(">"),
                    Layout::Strided => f.write_str(", strided>"),
                }
            }
            Type::Ptr => f.write_str("ptr"),
        }
    }
}

/// The word for a scalar type of the boundary.
pub(crate) fn scalar_kind_name(kind: ScalarKind) -> &'static str {
    match kind {
        ScalarKind::Int => "int",
        ScalarKind::Bool => "bool",
        ScalarKind::Float => "float",
        ScalarKind::Complex => "complex",
        ScalarKind::I8 => "i8",
        ScalarKind::I16 => "i16",
        ScalarKind::I32 => "i32",
        ScalarKind::I64 => "i64",
        ScalarKind::U8 => "u8",
        ScalarKind::U16 => "u16",
        ScalarKind::U32 => "u32",
        ScalarKind::U64 => "u64",
        ScalarKind::F32 => "f32",
        ScalarKind::F64 => "f64",
        ScalarKind::C64 => "c64",
        ScalarKind::C128 => "c128",
        ScalarKind::None => "None",
    }
}

impl Display for PyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PyType::Scalar(kind) => f.write_str(scalar_kind_name(*kind)),
            PyType::Array { element, rank } => {
                write!(f, "array<{}, {rank}>", scalar_kind_name(*element))
            }
            PyType::Tuple(items) => {
                f.write_str("(")?;
                for (index, item) in items.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{item}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A string as the text form quotes it.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The place that ops have before the text names one.
pub(crate) fn default_site(program: &Program, function: &Function) -> Site {
    Site {
        span: Span::at(FileId(0), 0),
        line: program
            .frames
            .get(function.frame)
            .map_or(0, |frame| frame.first_line),
        frame: function.frame,
        caller: None,
    }
}

/// A place with its callers, as contents rather than as ids.
#[derive(Clone, PartialEq, Eq)]
struct Place(Vec<Site>);

fn place(function: &Function, site: SiteId) -> Place {
    let mut sites = Vec::new();
    let mut next = Some(site);
    // A chain cannot be longer than the table, unless it is broken; the verifier says so.
    while let Some(site) = next.and_then(|site| function.sites.get(site))
        && sites.len() <= function.sites.len()
    {
        next = site.caller;
        sites.push(Site {
            caller: None,
            ..*site
        });
    }
    Place(sites)
}

struct Printer<'p> {
    program: &'p Program,
    function: &'p Function,
    place: Place,
    out: String,
    depth: usize,
}

impl Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "module {}", quote(&self.module))?;
        if !self.frames.is_empty() {
            writeln!(f)?;
        }
        for (id, frame) in self.frames.iter_enumerated() {
            let Frame {
                name,
                file,
                first_line,
            } = frame;
            writeln!(
                f,
                "frame #{} {} in {} line {first_line}",
                id.index(),
                quote(name),
                quote(file)
            )?;
        }
        if !self.exports.is_empty() {
            writeln!(f)?;
        }
        for export in &self.exports {
            self.fmt_export(f, export)?;
        }
        for form in &self.vector_forms {
            let function = self.symbol(form.function);
            writeln!(f, "vector {} = {function}", quote(form.name))?;
        }
        for id in self.functions.indices() {
            write!(f, "\n{}", print_function(self, id))?;
        }
        Ok(())
    }
}

impl Program {
    fn symbol(&self, id: FunctionId) -> String {
        match self.functions.get(id) {
            Some(function) => format!("@{}", function.symbol),
            None => format!("@$missing{}", id.index()),
        }
    }

    fn fmt_export(&self, f: &mut fmt::Formatter<'_>, export: &Export) -> fmt::Result {
        write!(f, "export {} (", quote(&export.name))?;
        for (index, param) in export.params.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let kind = match param.kind {
                ParamKind::PositionalOnly => "positional ",
                ParamKind::PositionalOrKeyword => "",
                ParamKind::KeywordOnly => "keyword ",
            };
            let written = if param.written { " written" } else { "" };
            write!(f, "{separator}{kind}{}: {}{written}", param.name, param.ty)?;
        }
        write!(
            f,
            ") -> {} line {} = {}",
            export.result,
            export.first_line,
            self.symbol(export.contiguous)
        )?;
        if let Some(strided) = export.strided {
            write!(f, ", {}", self.symbol(strided))?;
        }
        writeln!(f)
    }
}

/// The text of one function.
pub fn print_function(program: &Program, id: FunctionId) -> String {
    let function = &program.functions[id];
    let mut printer = Printer {
        program,
        function,
        place: Place(vec![default_site(program, function)]),
        out: String::new(),
        depth: 1,
    };
    printer.header();
    printer.region(function.body);
    printer.out.push_str("}\n");
    printer.out
}

/// The text of one op, without regions and place, for messages.
pub fn print_op(program: &Program, function: &Function, op: OpId) -> String {
    let mut printer = Printer {
        program,
        function,
        place: place(function, function.ops[op].site),
        out: String::new(),
        depth: 0,
    };
    printer.op_head(op);
    printer.out
}

impl Printer<'_> {
    fn value(&self, value: ValueId) -> String {
        match self
            .function
            .values
            .get(value)
            .and_then(|value| value.name.as_ref())
        {
            Some(name) => format!("%{name}.{}", value.index()),
            None => format!("%{}", value.index()),
        }
    }

    fn typed(&self, value: ValueId) -> String {
        match self.function.values.get(value) {
            Some(data) => format!("{}: {}", self.value(value), data.ty),
            None => format!("{}: ?", self.value(value)),
        }
    }

    fn label(&self, label: LabelId) -> String {
        match self.function.labels.get(label) {
            Some(name) if !name.is_empty() => format!("@{name}.{}", label.index()),
            _ => format!("@{}", label.index()),
        }
    }

    fn list(&self, values: &[ValueId]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.value(*value)).collect();
        values.join(", ")
    }

    fn typed_list(&self, values: &[ValueId]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.typed(*value)).collect();
        values.join(", ")
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        for _ in 0..self.depth {
            self.put("  ");
        }
    }

    fn header(&mut self) {
        let function = self.function;
        let results: Vec<String> = function.results.iter().map(ToString::to_string).collect();
        let header = format!(
            "func @{}({}) -> ({}) frame #{}",
            function.symbol,
            self.typed_list(function.params()),
            results.join(", "),
            function.frame.index()
        );
        self.put(&header);
        let flags = [
            (function.may_raise, " raises"),
            (function.recursive, " recursive"),
            (function.fastmath, " fastmath"),
            (function.strict_math, " strict_math"),
            (function.auto_parallel, " auto_parallel"),
            (function.role == Role::ParallelBody, " parallel_body"),
            (function.role == Role::Combine, " combine"),
            (function.role == Role::Leaf, " leaf"),
        ];
        for (flag, word) in flags {
            if flag {
                self.put(word);
            }
        }
        self.put(" {\n");
    }

    fn region(&mut self, region: RegionId) {
        for op in &self.function.regions[region].ops {
            self.line();
            self.op_head(*op);
            self.site(self.function.ops[*op].site);
            self.op_regions(*op);
            self.put("\n");
        }
    }

    fn nested(&mut self, region: RegionId) {
        self.put("{\n");
        self.depth += 1;
        self.region(region);
        self.depth -= 1;
        self.line();
        self.put("}");
    }

    /// The op up to its place.
    fn op_head(&mut self, op: OpId) {
        let data = &self.function.ops[op];
        if !data.results.is_empty() {
            let results = format!("{} = ", self.typed_list(&data.results));
            self.put(&results);
        }
        self.put(data.kind.name());
        let args = &data.args;
        let text = match &data.kind {
            OpKind::ConstInt(value) => format!(" {value}"),
            OpKind::ConstFloat(bits) => format!(" {}", float_text(*bits)),
            OpKind::ConstText(text) => format!(" {}", quote(text)),
            OpKind::Int(op, overflow) if op.heeds_overflow() => {
                format!(".{} {}", overflow.name(), self.list(args))
            }
            OpKind::IntUnary(op, overflow) if op.heeds_overflow() => {
                format!(".{} {}", overflow.name(), self.list(args))
            }
            OpKind::Undefined | OpKind::VectorLevel | OpKind::Unreachable => String::new(),
            OpKind::Int(..)
            | OpKind::IntUnary(..)
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::FusedMulAdd
            | OpKind::Compare(_)
            | OpKind::Select
            | OpKind::Convert(_)
            | OpKind::View
            | OpKind::AsStrided
            | OpKind::Splat
            | OpKind::FromLanes
            | OpKind::Disjoint
            | OpKind::DataPointer => format!(" {}", self.list(args)),
            OpKind::Iota => String::new(),
            OpKind::Local(bytes) => format!(" {bytes}"),
            OpKind::Extract(lane) => format!(" {}, {lane}", self.list(args)),
            OpKind::Reduce(op) | OpKind::Accumulator(op) => {
                format!(".{} {}", op.name(), self.list(args))
            }
            OpKind::LoadLanes(lanes) | OpKind::StoreLanes(lanes) => {
                let dense = if lanes.dense { " dense" } else { "" };
                let along = format!(" along {} step {}{dense}", lanes.axis, lanes.step);
                self.lanes(args, &along, lanes.masked)
            }
            OpKind::Gather { masked } | OpKind::Scatter { masked } => self.lanes(args, "", *masked),
            OpKind::Extent(axis) | OpKind::Stride(axis) => {
                format!(" {}, {axis}", self.list(args))
            }
            OpKind::Row(bounds)
            | OpKind::Load(bounds)
            | OpKind::Store(bounds)
            | OpKind::Atomic(_, bounds) => {
                let indices = args.get(1..).unwrap_or_default();
                let parts: Vec<String> = bounds
                    .iter()
                    .zip(indices)
                    .map(|(bound, index)| format!("{} {}", bound.name(), self.value(*index)))
                    .collect();
                let array = args.first().map(|array| self.value(*array));
                let field = match &data.kind {
                    OpKind::Atomic(op, _) => format!(".{}", op.name()),
                    _ => String::new(),
                };
                let array = array.unwrap_or_default();
                let mut text = format!("{field} {array}[{}]", parts.join(", "));
                let rest = args.get(1 + bounds.len()..).unwrap_or_default();
                if !rest.is_empty() {
                    let _ = write!(text, " = {}", self.list(rest));
                }
                text
            }
            OpKind::Check(raise) => {
                let cond = args.first().map(|cond| self.value(*cond));
                let operands = args.get(1..).unwrap_or_default();
                format!(
                    " {}, {}",
                    cond.unwrap_or_default(),
                    self.raise(raise, operands)
                )
            }
            OpKind::Raise(raise) => format!(" {}", self.raise(raise, args)),
            OpKind::Call(callee) => {
                format!(" {}({})", self.program.symbol(*callee), self.list(args))
            }
            OpKind::CallRuntime(name) => format!(" {name}({})", self.list(args)),
            OpKind::ParallelCall {
                body,
                combine,
                step,
                identities,
                accumulators,
                schedule,
                cut,
                progress,
            } => {
                let mut text = format!(" {}", self.program.symbol(*body));
                if let Some(combine) = combine {
                    let _ = write!(text, " combine {}", self.program.symbol(*combine));
                }
                let identities: Vec<String> = identities
                    .iter()
                    .map(|identity| format!("{identity:#x}"))
                    .collect();
                let _ = write!(text, " step {step} identities [{}]", identities.join(", "));
                if !accumulators.is_empty() {
                    let all: Vec<String> = accumulators
                        .iter()
                        .map(|(at, op)| format!("{at} {}", op.name()))
                        .collect();
                    let _ = write!(text, " accumulate [{}]", all.join(", "));
                }
                if let Some(schedule) = schedule {
                    let _ = write!(text, " schedule {}", schedule.name());
                }
                if cut.grain != 1 {
                    let _ = write!(text, " grain {}", cut.grain);
                }
                if cut.unit != 1 {
                    let _ = write!(text, " unit {}", cut.unit);
                }
                if cut.together != 1 {
                    let _ = write!(text, " together {}", cut.together);
                }
                if *progress {
                    text.push_str(" progress");
                }
                let _ = write!(text, " ({})", self.list(args));
                text
            }
            OpKind::If { .. } => format!(" {}", self.list(args)),
            OpKind::Block { label, .. } => format!(" {}", self.label(*label)),
            OpKind::For(data) => {
                let kind = match data.kind {
                    LoopKind::Serial => "serial".to_string(),
                    LoopKind::Parallel if data.auto => "auto_parallel".to_string(),
                    LoopKind::Parallel => "parallel".to_string(),
                    LoopKind::Vector(lanes) => format!("vector{lanes}"),
                };
                let params = &self.function.regions[data.body].params;
                let induction = params.first().map(|param| self.typed(*param));
                let bounds: Vec<String> = args.iter().take(2).map(|arg| self.value(*arg)).collect();
                let mut text = format!(
                    ".{kind} {} {} in {}",
                    self.label(data.label),
                    induction.unwrap_or_default(),
                    bounds.join("..")
                );
                if data.step != 1 {
                    let _ = write!(text, " step {}", data.step);
                }
                if data.grain != 0 {
                    let _ = write!(text, " grain {}", data.grain);
                }
                let folds: Vec<String> = data
                    .reductions
                    .iter()
                    .map(|fold| format!(" fold {}", self.fold(fold)))
                    .collect();
                let params = params.get(1..).unwrap_or_default();
                text += &self.carry(params, args.get(2..).unwrap_or_default(), &folds);
                text
            }
            OpKind::While { label, cond, .. } => {
                let params = &self.function.regions[*cond].params;
                format!(" {}{}", self.label(*label), self.carry(params, args, &[]))
            }
            OpKind::Yield | OpKind::Return if args.is_empty() => String::new(),
            OpKind::Yield | OpKind::Return => format!(" {}", self.list(args)),
            OpKind::Next(label) | OpKind::Break(label) => {
                let space = if args.is_empty() { "" } else { " " };
                format!(" {}{space}{}", self.label(*label), self.list(args))
            }
        };
        self.put(&text);
    }

    fn fold(&self, fold: &Fold) -> String {
        match fold {
            Fold::By(op, overflow) => format!("{}.{}", op.name(), overflow.name()),
            Fold::Best(compare) => format!("best.{}", compare.name()),
            Fold::Call { function, identity } => {
                let symbol = self.program.symbol(*function);
                format!("call {symbol} from {identity:#x}")
            }
            Fold::With(identity) => format!("with {identity:#x}"),
        }
    }

    /// The operands of a vector access: `%a[%i, %j] along 1 step 1 if %mask = %value`.
    fn lanes(&self, args: &[ValueId], along: &str, masked: bool) -> String {
        let Some((array, rest)) = args.split_first() else {
            return along.to_string();
        };
        let rank = self.function.values[*array].ty.array();
        let rank = rank.map_or(0, |array| usize::from(array.rank));
        let (indices, rest) = rest.split_at(rank.min(rest.len()));
        let (values, mask) = rest.split_at(rest.len().saturating_sub(usize::from(masked)));
        let mut text = format!(" {}[{}]{along}", self.value(*array), self.list(indices));
        if masked {
            let _ = write!(text, " if {}", self.list(mask));
        }
        if !values.is_empty() {
            let _ = write!(text, " = {}", self.list(values));
        }
        text
    }

    fn carry(&self, params: &[ValueId], init: &[ValueId], folds: &[String]) -> String {
        if params.is_empty() {
            return String::new();
        }
        let parts: Vec<String> = params
            .iter()
            .enumerate()
            .map(|(index, param)| {
                let init = init.get(index).map(|value| self.value(*value));
                let fold = folds.get(index).map_or("", String::as_str);
                format!(
                    "{} = {}{fold}",
                    self.typed(*param),
                    init.unwrap_or_default()
                )
            })
            .collect();
        format!(" carry({})", parts.join(", "))
    }

    fn op_regions(&mut self, op: OpId) {
        match &self.function.ops[op].kind {
            OpKind::If { then, other } => {
                self.put(" ");
                self.nested(*then);
                self.put(" else ");
                self.nested(*other);
            }
            OpKind::Block { body, .. } => {
                self.put(" ");
                self.nested(*body);
            }
            OpKind::For(data) => {
                self.put(" ");
                self.nested(data.body);
            }
            OpKind::While { cond, body, .. } => {
                self.put(" ");
                self.nested(*cond);
                let params = self.typed_list(&self.function.regions[*body].params);
                self.put(&format!(" do ({params}) "));
                self.nested(*body);
            }
            _ => {}
        }
    }

    fn raise(&self, raise: &Raise, operands: &[ValueId]) -> String {
        let mut text = raise.kind.name().to_string();
        match &raise.message {
            Message::Bare => {}
            Message::Text(message) => {
                let _ = write!(text, " {}", quote(message));
            }
            Message::Known(message) => {
                let _ = write!(text, " known {message:?}");
            }
            Message::WeakInt(kind) => {
                let _ = write!(text, " weak_int {}", scalar_kind_name(*kind));
            }
            Message::Unbound(name) => {
                let _ = write!(text, " unbound {}", quote(name));
            }
            Message::Pending => text.push_str(" pending"),
        }
        if !operands.is_empty() {
            let _ = write!(text, " ({})", self.list(operands));
        }
        text
    }

    fn site(&mut self, site: SiteId) {
        let place = place(self.function, site);
        if place == self.place {
            return;
        }
        let mut frame = self.function.frame;
        for (index, site) in place.0.iter().enumerate() {
            let word = if index == 0 { "line" } else { "from" };
            let text = format!(
                " {word} {} [{}:{}..{}]",
                site.line, site.span.file.0, site.span.start, site.span.end
            );
            self.put(&text);
            if site.frame != frame {
                self.put(&format!(" #{}", site.frame.index()));
            }
            frame = site.frame;
        }
        self.place = place;
    }
}

/// A float as the shortest decimal that reads back, or its bits where there is none.
fn float_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() && bits != f64::NAN.to_bits() {
        format!("{bits:#x}")
    } else {
        format!("{value:?}")
    }
}
