//! Reads functions of MIR's text form.

use super::{Parser, Result, Token};
use crate::ir::{
    AtomicOp, Bound, Compare, Convert, Cut, FloatOp, FloatUnaryOp, Fold, For, Function, IntOp,
    IntUnaryOp, LabelId, Lanes, LoopKind, Message, Op, OpId, OpKind, Overflow, Program, Raise,
    ReductionOp, RegionId, Role, Schedule, Site, SiteId, Type, Value, ValueDef, ValueId,
};
use crate::text::default_site;
use rustc_hash::FxHashMap;
use snek_abi::{ExcKind, RuntimeFn};
use snek_diagnostics::{FileId, Span};

/// More values than any sensible test; keeps a wild id from taking all memory.
const ID_LIMIT: usize = 1 << 22;

/// How deep regions may nest.
const DEPTH_LIMIT: usize = 1000;

struct State {
    function: Function,
    /// By id: whether the value has been defined.
    defined: Vec<bool>,
    /// Offsets of the tokens that use values not yet defined.
    used: FxHashMap<ValueId, usize>,
    /// The place of the op above, innermost first.
    place: Vec<Site>,
    sites: FxHashMap<Vec<Site>, SiteId>,
    depth: usize,
}

/// What follows the `=` of an op, before its results are known.
struct Parsed {
    kind: OpKind,
    args: Vec<ValueId>,
}

impl Parser<'_> {
    pub(super) fn function(&mut self, program: &Program) -> Result<Function> {
        let Token::At(symbol) = self.next() else {
            return self.error("want the symbol of the function");
        };
        let mut state = State {
            function: Function::new(symbol, crate::ir::FrameId::from_usize(0), &[], &[]),
            defined: Vec::new(),
            used: FxHashMap::default(),
            place: Vec::new(),
            sites: FxHashMap::default(),
            depth: 0,
        };
        let body = state.function.body;
        let params = self.list("(", ")", Self::typed)?;
        self.params(&mut state, body, params)?;
        self.expect("->")?;
        state.function.results = self.list("(", ")", Self::ty)?;
        self.expect_word("frame")?;
        state.function.frame = self.frame_id()?;
        state.place = vec![default_site(program, &state.function)];
        state.function.may_raise = self.eat_word("raises");
        state.function.recursive = self.eat_word("recursive");
        state.function.fastmath = self.eat_word("fastmath");
        state.function.strict_math = self.eat_word("strict_math");
        state.function.auto_parallel = self.eat_word("auto_parallel");
        state.function.role = if self.eat_word("parallel_body") {
            Role::ParallelBody
        } else if self.eat_word("combine") {
            Role::Combine
        } else if self.eat_word("leaf") {
            Role::Leaf
        } else {
            Role::Plain
        };
        self.region(&mut state, body)?;
        if let Some((value, offset)) = state
            .used
            .iter()
            .find(|(value, _)| !state.defined[value.index()])
        {
            let message = format!("%{} is defined nowhere", value.index());
            return Err(super::ParseError::new(self.text, *offset, message));
        }
        Ok(state.function)
    }

    /// `%name.id: type`.
    fn typed(&mut self) -> Result<(String, Type)> {
        let Token::Value(name) = self.peek() else {
            return self.wanted("a value");
        };
        let name = name.clone();
        self.next();
        self.expect(":")?;
        Ok((name, self.ty()?))
    }

    /// The id in `name.id`, and the name.
    fn split(&self, text: &str) -> Result<(usize, Option<String>)> {
        let (name, id) = match text.rsplit_once('.') {
            Some((name, id)) => (Some(name.to_string()), id),
            None => (None, text),
        };
        match id.parse::<usize>() {
            Ok(id) if id < ID_LIMIT => Ok((id, name)),
            _ => self.error(format!("`{text}` does not end with an id")),
        }
    }

    fn grow(&self, state: &mut State, id: usize) {
        let dead = ValueDef::Param(state.function.body, u32::MAX);
        while state.function.values.len() <= id {
            state.function.values.push(Value {
                ty: Type::BOOL,
                def: dead,
                name: None,
            });
            state.defined.push(false);
        }
    }

    fn define(
        &mut self,
        state: &mut State,
        (text, ty): (String, Type),
        def: ValueDef,
    ) -> Result<ValueId> {
        let (id, name) = self.split(&text)?;
        self.grow(state, id);
        if std::mem::replace(&mut state.defined[id], true) {
            return self.error(format!("%{id} is defined twice"));
        }
        let id = ValueId::from_usize(id);
        state.function.values[id] = Value { ty, def, name };
        Ok(id)
    }

    fn params(
        &mut self,
        state: &mut State,
        region: RegionId,
        params: Vec<(String, Type)>,
    ) -> Result<()> {
        for param in params {
            let index = state.function.regions[region].params.len() as u32;
            let value = self.define(state, param, ValueDef::Param(region, index))?;
            state.function.regions[region].params.push(value);
        }
        Ok(())
    }

    fn value(&mut self, state: &mut State) -> Result<ValueId> {
        let Token::Value(text) = self.peek() else {
            return self.wanted("a value");
        };
        let (id, _) = self.split(&text.clone())?;
        self.grow(state, id);
        let value = ValueId::from_usize(id);
        if !state.defined[id] {
            state.used.insert(value, self.tokens[self.at].0);
        }
        self.next();
        Ok(value)
    }

    /// Values separated by commas, up to something else.
    fn values(&mut self, state: &mut State) -> Result<Vec<ValueId>> {
        let mut values = Vec::new();
        if !matches!(self.peek(), Token::Value(_)) {
            return Ok(values);
        }
        loop {
            // A line's first value is the result of the next op.
            if self.starts_op() {
                return Ok(values);
            }
            values.push(self.value(state)?);
            if !self.eat(",") {
                return Ok(values);
            }
        }
    }

    /// At `%x: type`, which begins an op.
    fn starts_op(&self) -> bool {
        matches!(self.peek(), Token::Value(_))
            && matches!(self.tokens.get(self.at + 1), Some((_, Token::Mark(":"))))
    }

    fn label(&mut self, state: &mut State) -> Result<LabelId> {
        let Token::At(text) = self.peek() else {
            return self.wanted("a label");
        };
        let (id, name) = self.split(&text.clone())?;
        while state.function.labels.len() <= id {
            state.function.labels.push(String::new());
        }
        let label = LabelId::from_usize(id);
        state.function.labels[label] = name.unwrap_or_default();
        self.next();
        Ok(label)
    }

    fn region(&mut self, state: &mut State, region: RegionId) -> Result<()> {
        state.depth += 1;
        if state.depth > DEPTH_LIMIT {
            return self.error("regions nest too deeply");
        }
        self.expect("{")?;
        while !self.eat("}") {
            let op = self.op(state)?;
            state.function.regions[region].ops.push(op);
        }
        state.depth -= 1;
        Ok(())
    }

    fn op(&mut self, state: &mut State) -> Result<OpId> {
        let mut results = Vec::new();
        while self.starts_op() {
            results.push(self.typed()?);
            if !self.eat(",") {
                self.expect("=")?;
                break;
            }
        }
        let name = self.word("an op")?;
        let Parsed { kind, args } = self.op_head(state, &name)?;
        let site = self.site(state)?;
        let op = state.function.ops.push(Op {
            kind,
            args,
            results: Vec::new(),
            site,
        });
        self.op_regions(state, op)?;
        for (index, result) in results.into_iter().enumerate() {
            let value = self.define(state, result, ValueDef::Result(op, index as u32))?;
            state.function.ops[op].results.push(value);
        }
        Ok(op)
    }

    fn op_head(&mut self, state: &mut State, name: &str) -> Result<Parsed> {
        let (word, field) = match name.rsplit_once('.') {
            Some((word, field)) => (word, Some(field)),
            None => (name, None),
        };
        if let Some(kind) = self.arithmetic(name, word, field) {
            let args = self.values(state)?;
            return Ok(Parsed { kind, args });
        }
        let mut args = Vec::new();
        let kind = match word {
            "const" => OpKind::ConstInt(self.number("an integer")?),
            "fconst" => OpKind::ConstFloat(self.float()?),
            "text" => OpKind::ConstText(self.quoted()?),
            "undefined" => OpKind::Undefined,
            "vector_level" => OpKind::VectorLevel,
            "unreachable" => OpKind::Unreachable,
            "extent" | "stride" => {
                args.push(self.value(state)?);
                self.expect(",")?;
                let axis = self.number("an axis")?;
                if word == "extent" {
                    OpKind::Extent(axis)
                } else {
                    OpKind::Stride(axis)
                }
            }
            "row" | "load" | "store" | "atomic" => {
                args.push(self.value(state)?);
                let indices = self.list("[", "]", |parser| {
                    let word = parser.word("a bound")?;
                    let Some(bound) = Bound::from_name(&word) else {
                        return parser.error(format!("`{word}` is no bound"));
                    };
                    Ok((bound, parser.value(state)?))
                })?;
                let bounds = indices.iter().map(|(bound, _)| *bound).collect();
                args.extend(indices.into_iter().map(|(_, index)| index));
                if self.eat("=") {
                    args.extend(self.values(state)?);
                }
                match word {
                    "row" => OpKind::Row(bounds),
                    "load" => OpKind::Load(bounds),
                    "atomic" => match field.and_then(AtomicOp::from_name) {
                        Some(op) => OpKind::Atomic(op, bounds),
                        None => return self.error("there is no such atomic op"),
                    },
                    _ => OpKind::Store(bounds),
                }
            }
            "local" => OpKind::Local(self.number("a size")?),
            "extract" => {
                args.push(self.value(state)?);
                self.expect(",")?;
                OpKind::Extract(self.number("a lane")?)
            }
            "load_lanes" | "store_lanes" => {
                args.push(self.value(state)?);
                args.extend(self.list("[", "]", |parser| parser.value(state))?);
                self.expect_word("along")?;
                let axis = self.number("an axis")?;
                self.expect_word("step")?;
                let step = self.number("a step")?;
                let dense = self.eat_word("dense");
                let masked = self.lane_operands(state, &mut args)?;
                let lanes = Lanes {
                    axis,
                    step,
                    masked,
                    dense,
                };
                if word == "load_lanes" {
                    OpKind::LoadLanes(lanes)
                } else {
                    OpKind::StoreLanes(lanes)
                }
            }
            "gather" | "scatter" => {
                args.push(self.value(state)?);
                args.extend(self.list("[", "]", |parser| parser.value(state))?);
                let masked = self.lane_operands(state, &mut args)?;
                if word == "gather" {
                    OpKind::Gather { masked }
                } else {
                    OpKind::Scatter { masked }
                }
            }
            "check" => {
                args.push(self.value(state)?);
                self.expect(",")?;
                OpKind::Check(self.raise(state, &mut args)?)
            }
            "raise" => OpKind::Raise(self.raise(state, &mut args)?),
            "call" => {
                let callee = self.symbol()?;
                args = self.list("(", ")", |parser| parser.value(state))?;
                OpKind::Call(callee)
            }
            "call_runtime" => {
                let name = self.word("a runtime function")?;
                let Some(row) = RuntimeFn::find(&name) else {
                    return self.error(format!("the runtime has no `{name}`"));
                };
                args = self.list("(", ")", |parser| parser.value(state))?;
                OpKind::CallRuntime(row.name)
            }
            "parallel_call" => {
                let body = self.symbol()?;
                let combine = if self.eat_word("combine") {
                    Some(self.symbol()?)
                } else {
                    None
                };
                self.expect_word("step")?;
                let step = self.number("a step")?;
                self.expect_word("identities")?;
                let identities = self.list("[", "]", Self::bits)?;
                let mut accumulators = Vec::new();
                if self.eat_word("accumulate") {
                    accumulators = self.list("[", "]", |parser| {
                        let at: u32 = parser.number("a position")?;
                        let word = parser.word("an operation")?;
                        match ReductionOp::from_name(&word) {
                            Some(op) => Ok((at, op)),
                            None => parser.error(format!("`{word}` is no operation to fold by")),
                        }
                    })?;
                }
                let mut schedule = None;
                if self.eat_word("schedule") {
                    let word = self.word("a schedule")?;
                    schedule = Schedule::from_name(&word);
                    if schedule.is_none() {
                        return self.error(format!("there is no schedule `{word}`"));
                    }
                }
                let mut cut = Cut::of(1);
                if self.eat_word("grain") {
                    cut.grain = self.number("a number of iterations")?;
                }
                if self.eat_word("unit") {
                    cut.unit = self.number("a number of iterations")?;
                }
                if self.eat_word("together") {
                    cut.together = self.number("a number of iterations")?;
                }
                let progress = self.eat_word("progress");
                args = self.list("(", ")", |parser| parser.value(state))?;
                OpKind::ParallelCall {
                    body,
                    combine,
                    step,
                    identities,
                    accumulators,
                    schedule,
                    cut,
                    progress,
                }
            }
            "if" => {
                args.push(self.value(state)?);
                OpKind::If {
                    then: state.function.add_region(),
                    other: state.function.add_region(),
                }
            }
            "block" => OpKind::Block {
                label: self.label(state)?,
                body: state.function.add_region(),
            },
            "for" => self.for_head(state, field.unwrap_or_default(), &mut args)?,
            "while" => {
                let label = self.label(state)?;
                let cond = state.function.add_region();
                let body = state.function.add_region();
                self.carry(state, cond, &mut args)?;
                OpKind::While { label, cond, body }
            }
            "yield" | "return" => {
                args = self.values(state)?;
                if word == "yield" {
                    OpKind::Yield
                } else {
                    OpKind::Return
                }
            }
            "next" | "break" => {
                let label = self.label(state)?;
                args = self.values(state)?;
                if word == "next" {
                    OpKind::Next(label)
                } else {
                    OpKind::Break(label)
                }
            }
            _ => {
                let offset = self.tokens[self.at.saturating_sub(1)].0;
                let message = format!("there is no op `{name}`");
                return Err(super::ParseError::new(self.text, offset, message));
            }
        };
        Ok(Parsed { kind, args })
    }

    /// `if %mask = %value, ...`, both optional; whether there is a mask.
    fn lane_operands(&mut self, state: &mut State, args: &mut Vec<ValueId>) -> Result<bool> {
        let mask = if self.eat_word("if") {
            Some(self.value(state)?)
        } else {
            None
        };
        if self.eat("=") {
            args.extend(self.values(state)?);
        }
        args.extend(mask);
        Ok(mask.is_some())
    }

    /// The ops that are a word and operands.
    fn arithmetic(&self, name: &str, word: &str, field: Option<&str>) -> Option<OpKind> {
        let overflow = match field {
            None => Overflow::Wrap,
            Some(field) => Overflow::from_name(field).unwrap_or(Overflow::Wrap),
        };
        if let Some(op) = IntOp::from_name(word) {
            return (op.heeds_overflow() == field.is_some()).then_some(OpKind::Int(op, overflow));
        }
        if let Some(op) = IntUnaryOp::from_name(word) {
            return (op.heeds_overflow() == field.is_some())
                .then_some(OpKind::IntUnary(op, overflow));
        }
        let fold = name
            .strip_prefix("reduce.")
            .and_then(ReductionOp::from_name);
        let accumulator = name
            .strip_prefix("accumulator.")
            .and_then(ReductionOp::from_name);
        let kind = if let Some(op) = fold {
            OpKind::Reduce(op)
        } else if let Some(op) = accumulator {
            OpKind::Accumulator(op)
        } else if let Some(op) = FloatOp::from_name(name) {
            OpKind::Float(op)
        } else if let Some(op) = FloatUnaryOp::from_name(name) {
            OpKind::FloatUnary(op)
        } else if let Some(op) = Compare::from_name(name) {
            OpKind::Compare(op)
        } else if let Some(op) = Convert::from_name(name) {
            OpKind::Convert(op)
        } else {
            match name {
                "fma" => OpKind::FusedMulAdd,
                "select" => OpKind::Select,
                "view" => OpKind::View,
                "as_strided" => OpKind::AsStrided,
                "data" => OpKind::DataPointer,
                "splat" => OpKind::Splat,
                "iota" => OpKind::Iota,
                "from_lanes" => OpKind::FromLanes,
                "disjoint" => OpKind::Disjoint,
                _ => return None,
            }
        };
        Some(kind)
    }

    fn float(&mut self) -> Result<u64> {
        let text = match self.peek() {
            Token::Number(text) if text.starts_with("0x") => return self.bits(),
            Token::Number(text) | Token::Word(text) => text,
            _ => return self.wanted("a float"),
        };
        match text.parse::<f64>() {
            Ok(value) => {
                self.next();
                Ok(value.to_bits())
            }
            Err(_) => self.wanted("a float"),
        }
    }

    fn raise(&mut self, state: &mut State, args: &mut Vec<ValueId>) -> Result<Raise> {
        let word = self.word("an exception")?;
        let Some(kind) = ExcKind::from_name(&word) else {
            return self.error(format!("there is no exception `{word}`"));
        };
        let message = if let Token::Text(text) = self.peek() {
            let text = text.clone();
            self.next();
            Message::Text(text)
        } else if self.eat_word("known") {
            let word = self.word("a message")?;
            let known = snek_abi::Message::ALL
                .iter()
                .find(|message| format!("{message:?}") == word);
            match known {
                Some(message) => Message::Known(*message),
                None => return self.error(format!("there is no message `{word}`")),
            }
        } else if self.eat_word("weak_int") {
            Message::WeakInt(self.scalar_kind()?)
        } else if self.eat_word("unbound") {
            Message::Unbound(self.quoted()?)
        } else if self.eat_word("pending") {
            Message::Pending
        } else {
            Message::Bare
        };
        if matches!(self.peek(), Token::Mark("(")) {
            args.extend(self.list("(", ")", |parser| parser.value(state))?);
        }
        Ok(Raise { kind, message })
    }

    /// `carry(%x: type = %init fold add.wrap, ...)`: defines the region's parameters, gives the folds.
    fn carry(
        &mut self,
        state: &mut State,
        region: RegionId,
        args: &mut Vec<ValueId>,
    ) -> Result<Vec<Fold>> {
        let mut reductions = Vec::new();
        if !self.eat_word("carry") {
            return Ok(reductions);
        }
        let mut params = Vec::new();
        self.list("(", ")", |parser| {
            params.push(parser.typed()?);
            parser.expect("=")?;
            args.push(parser.value(state)?);
            if parser.eat_word("fold") {
                reductions.push(parser.fold()?);
            }
            Ok(())
        })?;
        self.params(state, region, params)?;
        Ok(reductions)
    }

    fn fold(&mut self) -> Result<Fold> {
        let word = self.word("a reduction")?;
        if word == "call" {
            let function = self.symbol()?;
            self.expect_word("from")?;
            let identity = self.bits()?;
            return Ok(Fold::Call { function, identity });
        }
        if word == "with" {
            return Ok(Fold::With(self.bits()?));
        }
        let fold =
            word.split_once('.')
                .and_then(|(op, how)| match (op, ReductionOp::from_name(op)) {
                    ("best", _) => Compare::from_name(how).map(Fold::Best),
                    (_, op) => Some(Fold::By(op?, Overflow::from_name(how)?)),
                });
        match fold {
            Some(fold) => Ok(fold),
            None => self.error(format!("`{word}` is no reduction")),
        }
    }

    fn for_head(
        &mut self,
        state: &mut State,
        kind: &str,
        args: &mut Vec<ValueId>,
    ) -> Result<OpKind> {
        let auto = kind == "auto_parallel";
        let kind = match kind {
            "serial" => LoopKind::Serial,
            "parallel" | "auto_parallel" => LoopKind::Parallel,
            _ => match kind.strip_prefix("vector").map(str::parse) {
                Some(Ok(lanes)) => LoopKind::Vector(lanes),
                _ => return self.error(format!("`{kind}` is no kind of loop")),
            },
        };
        let label = self.label(state)?;
        let body = state.function.add_region();
        let induction = self.typed()?;
        self.params(state, body, vec![induction])?;
        self.expect_word("in")?;
        args.push(self.value(state)?);
        self.expect("..")?;
        args.push(self.value(state)?);
        let step = if self.eat_word("step") {
            self.number("a step")?
        } else {
            1
        };
        let grain = if self.eat_word("grain") {
            self.number("a number of iterations")?
        } else {
            0
        };
        let reductions = self.carry(state, body, args)?;
        Ok(OpKind::For(For {
            label,
            kind,
            step,
            body,
            reductions,
            auto,
            grain,
        }))
    }

    fn op_regions(&mut self, state: &mut State, op: OpId) -> Result<()> {
        match state.function.ops[op].kind.clone() {
            OpKind::If { then, other } => {
                self.region(state, then)?;
                self.expect_word("else")?;
                self.region(state, other)
            }
            OpKind::Block { body, .. } => self.region(state, body),
            OpKind::For(data) => self.region(state, data.body),
            OpKind::While { cond, body, .. } => {
                self.region(state, cond)?;
                self.expect_word("do")?;
                let params = self.list("(", ")", Self::typed)?;
                self.params(state, body, params)?;
                self.region(state, body)
            }
            _ => Ok(()),
        }
    }

    fn site(&mut self, state: &mut State) -> Result<SiteId> {
        if self.eat_word("line") {
            let mut place = vec![self.one_site(state.function.frame)?];
            while self.eat_word("from") {
                let frame = place[place.len() - 1].frame;
                place.push(self.one_site(frame)?);
            }
            state.place = place;
        }
        if let Some(site) = state.sites.get(&state.place) {
            return Ok(*site);
        }
        let mut caller = None;
        for site in state.place.iter().rev() {
            caller = Some(state.function.sites.push(Site { caller, ..*site }));
        }
        match caller {
            Some(site) => {
                state.sites.insert(state.place.clone(), site);
                Ok(site)
            }
            None => self.error("an op without a place"),
        }
    }

    /// `9 [0:120..135] #2`.
    fn one_site(&mut self, frame: crate::ir::FrameId) -> Result<Site> {
        let line = self.number("a line")?;
        let mut span = Span::at(FileId(0), 0);
        if self.eat("[") {
            let file = FileId(self.number("the number of a file")?);
            self.expect(":")?;
            let start = self.number("an offset")?;
            self.expect("..")?;
            let end = self.number("an offset")?;
            if end < start {
                return self.error("the span ends before it starts");
            }
            span = Span::new(file, start, end);
            self.expect("]")?;
        }
        let frame = if matches!(self.peek(), Token::Mark("#")) {
            self.frame_id()?
        } else {
            frame
        };
        Ok(Site {
            span,
            line,
            frame,
            caller: None,
        })
    }
}
