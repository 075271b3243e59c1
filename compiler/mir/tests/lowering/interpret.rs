//! Runs MIR, one op at a time, so that tests can compare what code means with what CPython says. Knows only the runtime
//! functions that the tests reach.

use snek_mir::ir::{
    Bound, Compare, Convert, FloatOp, FloatUnaryOp, Function, FunctionId, IntOp, IntUnaryOp,
    LabelId, Lanes, Message, OpId, OpKind, Overflow, Program, Raise, ReductionOp, RegionId, Scalar,
    Type, ValueId,
};
use std::cell::RefCell;
use std::rc::Rc;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// An integer or Bool, by its value.
    Int(i128),
    Float(f64),
    Text(Rc<str>),
    Array(View),
    /// A vector or mask.
    Lanes(Vec<Value>),
    Undefined,
}

/// A view of elements; strides count elements.
#[derive(Clone, Debug)]
pub struct View {
    pub data: Rc<RefCell<Vec<Value>>>,
    pub offset: i64,
    pub extents: Vec<i64>,
    pub strides: Vec<i64>,
}

impl View {
    /// A contiguous array.
    pub fn new(extents: &[i64], data: Vec<Value>) -> View {
        let mut strides = vec![1; extents.len()];
        for axis in (0..extents.len().saturating_sub(1)).rev() {
            strides[axis] = strides[axis + 1] * extents[axis + 1];
        }
        View {
            data: Rc::new(RefCell::new(data)),
            offset: 0,
            extents: extents.to_vec(),
            strides,
        }
    }
}

enum Exit {
    Yield(Vec<Value>),
    Next(LabelId, Vec<Value>),
    Break(LabelId, Vec<Value>),
    Return(Vec<Value>),
    Raise(String),
}

/// The state of a run.
pub struct Machine<'p> {
    program: &'p Program,
    /// What was printed.
    pub output: String,
    pending: String,
    /// Ops that may still run: tests must end.
    pub fuel: u64,
}

struct Activation<'p> {
    function: &'p Function,
    values: Vec<Value>,
}

impl<'p> Machine<'p> {
    pub fn new(program: &'p Program) -> Machine<'p> {
        Machine {
            program,
            output: String::new(),
            pending: String::new(),
            fuel: 1_000_000,
        }
    }

    /// Calls a function: its results, or the exception as `Kind: message`.
    pub fn call(&mut self, id: FunctionId, args: Vec<Value>) -> Result<Vec<Value>, String> {
        let function = &self.program.functions[id];
        let mut activation = Activation {
            function,
            values: vec![Value::Undefined; function.values.len()],
        };
        for (param, arg) in function.params().iter().zip(args) {
            activation.values[param.index()] = arg;
        }
        match self.region(&mut activation, function.body) {
            Exit::Return(values) => Ok(values),
            Exit::Raise(text) => Err(text),
            _ => panic!("@{} ended otherwise", function.symbol),
        }
    }

    fn region(&mut self, at: &mut Activation<'p>, region: RegionId) -> Exit {
        for op in &at.function.regions[region].ops {
            if let Some(exit) = self.op(at, *op) {
                return exit;
            }
        }
        panic!("a region has no end");
    }

    fn bind(at: &mut Activation<'p>, params: &[ValueId], values: Vec<Value>) {
        for (param, value) in params.iter().zip(values) {
            at.values[param.index()] = value;
        }
    }

    #[allow(clippy::too_many_lines)]
    fn op(&mut self, at: &mut Activation<'p>, op: OpId) -> Option<Exit> {
        self.fuel -= 1;
        assert!(self.fuel > 0, "the code does not end");
        let data = &at.function.ops[op];
        let args: Vec<Value> = data
            .args
            .iter()
            .map(|arg| at.values[arg.index()].clone())
            .collect();
        let ty = data.results.first().map(|value| at.function.ty(*value));
        let scalar = ty.and_then(|ty| ty.scalar());
        let int = |index: usize| match &args[index] {
            Value::Int(value) => *value,
            other => panic!("{other:?} is no int in {:?}", data.kind),
        };
        let results = match &data.kind {
            OpKind::ConstInt(value) => {
                let value = wrap(i128::from(*value), scalar.unwrap());
                vec![spread(ty, Value::Int(value))]
            }
            OpKind::ConstFloat(bits) => vec![spread(ty, Value::Float(f64::from_bits(*bits)))],
            OpKind::ConstText(text) => vec![
                Value::Text(Rc::from(text.as_str())),
                Value::Int(text.len() as i128),
            ],
            OpKind::Undefined => vec![Value::Undefined],
            OpKind::VectorLevel => vec![Value::Int(2)],
            OpKind::Int(..)
            | OpKind::IntUnary(..)
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::FusedMulAdd
            | OpKind::Compare(_)
            | OpKind::Select
            | OpKind::Convert(_) => {
                let from = at.function.ty(data.args[0]).scalar();
                match elementwise(&data.kind, &args, from, ty.unwrap()) {
                    Ok(value) => vec![value],
                    Err(exit) => return Some(Exit::Raise(exit)),
                }
            }
            OpKind::Splat => vec![spread(ty, args[0].clone())],
            OpKind::Iota => {
                let lanes = 0..i128::from(ty.and_then(Type::lanes).unwrap());
                let lane = |k| Value::Int(wrap(k, scalar.unwrap()));
                vec![Value::Lanes(lanes.map(lane).collect())]
            }
            OpKind::Extract(lane) => vec![lanes(&args[0])[usize::from(*lane)].clone()],
            OpKind::FromLanes => vec![Value::Lanes(args)],
            OpKind::Reduce(op) => vec![reduce(*op, lanes(&args[0]), scalar.unwrap())],
            OpKind::LoadLanes(Lanes {
                axis, step, masked, ..
            }) => {
                let distance = Some((usize::from(*axis), *step));
                load_lanes(ty.unwrap(), data.results.len(), &args, distance, *masked)
            }
            OpKind::Gather { masked } => {
                load_lanes(ty.unwrap(), data.results.len(), &args, None, *masked)
            }
            OpKind::StoreLanes(Lanes {
                axis, step, masked, ..
            }) => {
                store_lanes(&args, Some((usize::from(*axis), *step)), *masked);
                Vec::new()
            }
            OpKind::Scatter { masked } => {
                store_lanes(&args, None, *masked);
                Vec::new()
            }
            OpKind::Disjoint => {
                let (a, b) = (view(&args[0]), view(&args[1]));
                let apart = match (span(a), span(b)) {
                    (Some((low, high)), Some((first, last))) => {
                        !Rc::ptr_eq(&a.data, &b.data) || high < first || last < low
                    }
                    _ => true,
                };
                vec![Value::Int(i128::from(apart))]
            }
            OpKind::Stride(axis) => {
                let array = at.function.ty(data.args[0]).array().unwrap();
                let stride = view(&args[0]).strides[usize::from(*axis)];
                vec![Value::Int(
                    i128::from(stride) * i128::from(array.element.size()),
                )]
            }
            OpKind::Extent(axis) => {
                vec![Value::Int(i128::from(
                    view(&args[0]).extents[usize::from(*axis)],
                ))]
            }
            OpKind::View => {
                let extents: Vec<i64> = (1..args.len()).map(|n| int(n) as i64).collect();
                let count = extents.iter().product::<i64>() as usize;
                vec![Value::Array(View::new(
                    &extents,
                    vec![Value::Undefined; count],
                ))]
            }
            OpKind::Local(_) => vec![Value::Int(1)],
            OpKind::AsStrided | OpKind::Accumulator(_) => vec![args[0].clone()],
            OpKind::Row(bounds) => match subscript(bounds, &args) {
                Ok(view) => vec![Value::Array(view)],
                Err(exit) => return Some(Exit::Raise(exit)),
            },
            OpKind::Load(bounds) => match subscript(bounds, &args) {
                Ok(view) => {
                    let width = data.results.len() as i64;
                    let data = view.data.borrow();
                    (0..width)
                        .map(|part| data[(view.offset * width + part) as usize].clone())
                        .collect()
                }
                Err(exit) => return Some(Exit::Raise(exit)),
            },
            OpKind::Store(bounds) => match subscript(bounds, &args) {
                Ok(view) => {
                    let values = &args[1 + bounds.len()..];
                    let width = values.len() as i64;
                    for (part, value) in values.iter().enumerate() {
                        let place = view.offset * width + part as i64;
                        view.data.borrow_mut()[place as usize] = value.clone();
                    }
                    Vec::new()
                }
                Err(exit) => return Some(Exit::Raise(exit)),
            },
            OpKind::Check(raise) => {
                if int(0) == 0 {
                    return Some(Exit::Raise(self.exception(raise, &args[1..])));
                }
                Vec::new()
            }
            OpKind::Call(callee) => match self.call(*callee, args) {
                Ok(values) => values,
                Err(text) => return Some(Exit::Raise(text)),
            },
            OpKind::CallRuntime(name) => self.runtime(name, &args),
            OpKind::If { then, other } => {
                let taken = if int(0) == 1 { *then } else { *other };
                match self.region(at, taken) {
                    Exit::Yield(values) => values,
                    exit => return Some(exit),
                }
            }
            OpKind::Block { label, body } => match self.region(at, *body) {
                Exit::Yield(values) => values,
                Exit::Break(target, values) if target == *label => values,
                exit => return Some(exit),
            },
            OpKind::For(data) => {
                let params = at.function.regions[data.body].params.clone();
                let (start, stop) = (int(0), int(1));
                let step = i128::from(data.step);
                let mut carried = args[2..].to_vec();
                let mut now = start;
                while (step > 0 && now < stop) || (step < 0 && now > stop) {
                    let mut given = vec![Value::Int(now)];
                    given.append(&mut carried);
                    Self::bind(at, &params, given);
                    match self.region(at, data.body) {
                        Exit::Next(target, values) if target == data.label => carried = values,
                        Exit::Break(target, values) if target == data.label => {
                            carried = values;
                            break;
                        }
                        exit => return Some(exit),
                    }
                    now += step;
                }
                carried
            }
            OpKind::While { label, cond, body } => {
                let mut carried = args;
                loop {
                    let params = at.function.regions[*cond].params.clone();
                    Self::bind(at, &params, carried);
                    let mut values = match self.region(at, *cond) {
                        Exit::Yield(values) => values,
                        exit => return Some(exit),
                    };
                    let rest = values.split_off(1);
                    if matches!(values[0], Value::Int(0)) {
                        carried = rest;
                        break;
                    }
                    let params = at.function.regions[*body].params.clone();
                    Self::bind(at, &params, rest);
                    match self.region(at, *body) {
                        Exit::Next(target, values) if target == *label => carried = values,
                        Exit::Break(target, values) if target == *label => {
                            carried = values;
                            break;
                        }
                        exit => return Some(exit),
                    }
                }
                carried
            }
            OpKind::Yield => return Some(Exit::Yield(args)),
            OpKind::Next(label) => return Some(Exit::Next(*label, args)),
            OpKind::Break(label) => return Some(Exit::Break(*label, args)),
            OpKind::Return => return Some(Exit::Return(args)),
            OpKind::Raise(raise) => return Some(Exit::Raise(self.exception(raise, &args))),
            OpKind::Unreachable => panic!("reached {:?}", data.kind),
            OpKind::ParallelCall {
                body,
                combine,
                step,
                identities,
                schedule,
                ..
            } => {
                let scheduled = if schedule.is_some() { 2 } else { 0 };
                let args = &args[..args.len() - scheduled];
                let (start, stop, step) = (int(0), int(1), i128::from(*step));
                let (away, stride) = ((stop - start) * step.signum(), step.abs());
                let trips = ((away + stride - 1) / stride).max(0);
                let mut total = args[2..2 + identities.len()].to_vec();
                let captured = &args[2 + identities.len()..];
                let chunks = trips.min(3);
                for chunk in 0..chunks {
                    let mut given = captured.to_vec();
                    given.push(Value::Int(start));
                    given.push(Value::Int(trips * chunk / chunks));
                    given.push(Value::Int(trips * (chunk + 1) / chunks));
                    for (bits, initial) in identities.iter().zip(&total) {
                        given.push(match initial {
                            Value::Float(_) => Value::Float(f64::from_bits(*bits)),
                            // Not for u64, which the tests do not fold.
                            _ => Value::Int(i128::from(*bits as i64)),
                        });
                    }
                    let partial = match self.call(*body, given) {
                        Ok(values) => values,
                        Err(text) => return Some(Exit::Raise(text)),
                    };
                    if let Some(combine) = combine {
                        total.extend(partial);
                        total = match self.call(*combine, total) {
                            Ok(values) => values,
                            Err(text) => return Some(Exit::Raise(text)),
                        };
                    }
                }
                total
            }
            OpKind::Atomic(..) | OpKind::DataPointer => panic!("not interpreted"),
        };
        Self::bind(at, &data.results, results);
        None
    }

    fn exception(&mut self, raise: &Raise, operands: &[Value]) -> String {
        let kind = raise.kind.name();
        match &raise.message {
            Message::Bare => kind.to_string(),
            Message::Text(text) => format!("{kind}: {text}"),
            Message::Known(message) => format!("{kind}: {}", message.text().text),
            Message::WeakInt(scalar) => {
                let Value::Int(value) = operands[0] else {
                    panic!("{operands:?}")
                };
                format!(
                    "{kind}: Python integer {value} out of bounds for {}",
                    scalar.name()
                )
            }
            Message::Unbound(name) => format!(
                "{kind}: cannot access local variable '{name}' where it is not associated with a value"
            ),
            Message::Pending => std::mem::take(&mut self.pending),
        }
    }

    fn runtime(&mut self, name: &str, args: &[Value]) -> Vec<Value> {
        let float = |value: f64| vec![Value::Float(value)];
        match (name, args) {
            ("snek_rt_print_begin" | "snek_rt_print_end", _) => Vec::new(),
            ("snek_rt_print_int" | "snek_rt_print_uint", [Value::Int(value)]) => {
                self.output += &value.to_string();
                Vec::new()
            }
            ("snek_rt_print_float", [Value::Float(value)]) => {
                self.output += &format!("{value:?}");
                Vec::new()
            }
            ("snek_rt_print_bool", [Value::Int(value)]) => {
                self.output += if *value == 1 { "True" } else { "False" };
                Vec::new()
            }
            ("snek_rt_scratch_take", [_]) => vec![Value::Int(1)],
            ("snek_rt_scratch_give", _) => Vec::new(),
            ("snek_rt_print_none", _) => {
                self.output += "None";
                Vec::new()
            }
            ("snek_rt_print_str", [Value::Text(text), _]) => {
                self.output += text;
                Vec::new()
            }
            ("snek_rt_exc_begin", [Value::Int(kind)]) => {
                let kind = snek_abi::ExcKind::from_u32(*kind as u32).unwrap();
                self.pending = format!("{}:", kind.name());
                Vec::new()
            }
            ("snek_rt_exc_arg_int", [Value::Int(value)]) => {
                self.pending += &format!(" {value}");
                Vec::new()
            }
            ("snek_rt_exc_arg_str", [Value::Text(text), _]) => {
                self.pending += &format!(" {text}");
                Vec::new()
            }
            ("snek_rt_exc_end", _) => Vec::new(),
            ("snek_rt_int_true_div", [Value::Int(a), Value::Int(b)]) => {
                // The last bit says whether there is a rest.
                let quotient = (a << 62) / b;
                let sticky = i128::from((a << 62) % b != 0);
                float((quotient | sticky) as f64 / (1i64 << 62) as f64)
            }
            ("snek_rt_float_floor_div", [Value::Float(a), Value::Float(b)]) => {
                float((a / b).floor())
            }
            ("snek_rt_float_mod", [Value::Float(a), Value::Float(b)]) => {
                float(a - (a / b).floor() * b)
            }
            ("snek_rt_math_sin", [Value::Float(x)]) => float(x.sin()),
            ("snek_rt_math_exp", [Value::Float(x)]) => float(x.exp()),
            _ => panic!("the tests have no `{name}` of {args:?}"),
        }
    }
}

/// The value, or a vector of it.
fn spread(ty: Option<Type>, value: Value) -> Value {
    match ty.and_then(Type::lanes) {
        None | Some(0) => value,
        Some(lanes) => Value::Lanes(vec![value; usize::from(lanes)]),
    }
}

fn lanes(value: &Value) -> &[Value] {
    match value {
        Value::Lanes(lanes) => lanes,
        other => panic!("{other:?} is no vector"),
    }
}

/// Arithmetic, lane by lane if the result is a vector.
fn elementwise(
    kind: &OpKind,
    args: &[Value],
    from: Option<Scalar>,
    ty: Type,
) -> Result<Value, String> {
    // What nobody looks at may be anything: invariants of loops that do not run.
    let lane = |args: &[Value]| match (kind, args) {
        (OpKind::Select, [Value::Undefined, ..]) => Ok(Value::Undefined),
        (OpKind::Select, _) => one_lane(kind, args, from, ty.scalar()),
        _ if args.iter().any(|arg| matches!(arg, Value::Undefined)) => Ok(Value::Undefined),
        _ => one_lane(kind, args, from, ty.scalar()),
    };
    let Some(count) = ty.lanes().filter(|lanes| *lanes > 0) else {
        return lane(args);
    };
    let mut out = Vec::new();
    for n in 0..usize::from(count) {
        let of_lane = |arg: &Value| match arg {
            Value::Lanes(lanes) => lanes[n].clone(),
            scalar => scalar.clone(),
        };
        out.push(lane(&args.iter().map(of_lane).collect::<Vec<_>>())?);
    }
    Ok(Value::Lanes(out))
}

fn one_lane(
    kind: &OpKind,
    args: &[Value],
    from: Option<Scalar>,
    scalar: Option<Scalar>,
) -> Result<Value, String> {
    if let (OpKind::Select, [Value::Int(condition), a, b]) = (kind, args) {
        return Ok(if *condition == 1 { a } else { b }.clone());
    }
    let (scalar, from) = (scalar.unwrap(), from.unwrap());
    let int = |index: usize| match &args[index] {
        Value::Int(value) => *value,
        other => panic!("{other:?} is no int in {kind:?}"),
    };
    let float = |index: usize| match &args[index] {
        Value::Float(value) => *value,
        other => panic!("{other:?} is no float in {kind:?}"),
    };
    Ok(match kind {
        OpKind::Int(op, overflow) => {
            Value::Int(arithmetic(*op, *overflow, int(0), int(1), scalar)?)
        }
        OpKind::IntUnary(op, overflow) => {
            let x = int(0);
            let bits = (x as u128) & ((1 << scalar.bits()) - 1);
            let exact = match op {
                IntUnaryOp::Neg => -x,
                IntUnaryOp::Abs => x.abs(),
                IntUnaryOp::Not if scalar == Scalar::Bool => 1 - x,
                IntUnaryOp::Not => wrap(!x, scalar),
                IntUnaryOp::LeadingZeros => {
                    i128::from(bits.leading_zeros()) - 128 + i128::from(scalar.bits())
                }
                IntUnaryOp::TrailingZeros => i128::from(bits.trailing_zeros().min(scalar.bits())),
                IntUnaryOp::PopCount => i128::from(bits.count_ones()),
            };
            Value::Int(fit(exact, *overflow, scalar)?)
        }
        OpKind::Float(op) => Value::Float(round(float_arithmetic(*op, float(0), float(1)), scalar)),
        OpKind::FloatUnary(op) => {
            let x = float(0);
            let value = match op {
                FloatUnaryOp::Neg => -x,
                FloatUnaryOp::Abs => x.abs(),
                FloatUnaryOp::Sqrt => x.sqrt(),
                FloatUnaryOp::Floor => x.floor(),
                FloatUnaryOp::Ceil => x.ceil(),
                FloatUnaryOp::Trunc => x.trunc(),
                FloatUnaryOp::Nearest => x.round_ties_even(),
            };
            Value::Float(round(value, scalar))
        }
        OpKind::FusedMulAdd => Value::Float(float(0).mul_add(float(1), float(2))),
        OpKind::Compare(op) => {
            let order = match args {
                [Value::Int(x), Value::Int(y)] => Some(x.cmp(y)),
                [Value::Float(x), Value::Float(y)] => x.partial_cmp(y),
                other => panic!("compares {other:?}"),
            };
            let truth = match op {
                Compare::Eq => order.is_some_and(|o| o.is_eq()),
                Compare::Ne => !order.is_some_and(|o| o.is_eq()),
                Compare::Lt => order.is_some_and(|o| o.is_lt()),
                Compare::Le => order.is_some_and(|o| o.is_le()),
                Compare::Gt => order.is_some_and(|o| o.is_gt()),
                Compare::Ge => order.is_some_and(|o| o.is_ge()),
            };
            Value::Int(i128::from(truth))
        }
        OpKind::Convert(op) => match op {
            Convert::Extend | Convert::Truncate => Value::Int(wrap(int(0), scalar)),
            Convert::IntToFloat if scalar == Scalar::F32 => Value::Float(f64::from(int(0) as f32)),
            Convert::IntToFloat => Value::Float(int(0) as f64),
            Convert::FloatToInt => {
                let (low, high) = (scalar.min_value(), scalar.max_value());
                Value::Int((float(0) as i128).clamp(low, high))
            }
            Convert::FloatToFloat => Value::Float(round(float(0), scalar)),
            Convert::Bitcast => {
                let bits = match from {
                    Scalar::F32 => i128::from((float(0) as f32).to_bits()),
                    Scalar::F64 => i128::from(float(0).to_bits()),
                    _ => int(0),
                };
                match scalar {
                    Scalar::F32 => Value::Float(f64::from(f32::from_bits(bits as u32))),
                    Scalar::F64 => Value::Float(f64::from_bits(bits as u64)),
                    _ => Value::Int(wrap(bits, scalar)),
                }
            }
        },
        other => panic!("{other:?} of {args:?}"),
    })
}

fn float_arithmetic(op: FloatOp, x: f64, y: f64) -> f64 {
    match op {
        FloatOp::Add => x + y,
        FloatOp::Sub => x - y,
        FloatOp::Mul => x * y,
        FloatOp::Div => x / y,
        FloatOp::CopySign => x.copysign(y),
        FloatOp::Min | FloatOp::Max if x.is_nan() || y.is_nan() => f64::NAN,
        FloatOp::Min if x == y => {
            if x.is_sign_negative() {
                x
            } else {
                y
            }
        }
        FloatOp::Max if x == y => {
            if x.is_sign_negative() {
                y
            } else {
                x
            }
        }
        FloatOp::Min => x.min(y),
        FloatOp::Max => x.max(y),
    }
}

/// Folds lane k with lane k + n/2 until one is left.
fn reduce(op: ReductionOp, lanes: &[Value], scalar: Scalar) -> Value {
    let [first, ..] = lanes else {
        panic!("no lanes")
    };
    if lanes.len() == 1 {
        return first.clone();
    }
    let (left, right) = lanes.split_at(lanes.len() / 2);
    let pairs = left.iter().zip(right).map(|pair| match pair {
        (Value::Int(x), Value::Int(y)) => {
            let op = match op {
                ReductionOp::Add => IntOp::Add,
                ReductionOp::Mul => IntOp::Mul,
                ReductionOp::Min => IntOp::Min,
                ReductionOp::Max => IntOp::Max,
                ReductionOp::And => IntOp::And,
                ReductionOp::Or => IntOp::Or,
                ReductionOp::Xor => IntOp::Xor,
            };
            Value::Int(arithmetic(op, Overflow::Wrap, *x, *y, scalar).unwrap())
        }
        (Value::Float(x), Value::Float(y)) => {
            let op = match op {
                ReductionOp::Add => FloatOp::Add,
                ReductionOp::Mul => FloatOp::Mul,
                ReductionOp::Min => FloatOp::Min,
                ReductionOp::Max => FloatOp::Max,
                other => panic!("{other:?} of floats"),
            };
            Value::Float(round(float_arithmetic(op, *x, *y), scalar))
        }
        other => panic!("folds {other:?}"),
    });
    reduce(op, &pairs.collect::<Vec<_>>(), scalar)
}

/// The element that a lane reaches: by its distance along an axis, or by an index of its own.
fn element_of_lane(args: &[Value], distance: Option<(usize, i64)>, lane: usize) -> View {
    let rank = view(&args[0]).extents.len();
    let mut indices = vec![args[0].clone()];
    for (axis, index) in args[1..=rank].iter().enumerate() {
        indices.push(match (index, distance) {
            (Value::Lanes(lanes), _) => lanes[lane].clone(),
            (Value::Int(index), Some((along, step))) if along == axis => {
                Value::Int(index + i128::from(step) * lane as i128)
            }
            (index, _) => index.clone(),
        });
    }
    subscript(&vec![Bound::Proved; rank], &indices).unwrap()
}

fn is_active(args: &[Value], masked: bool, lane: usize) -> bool {
    let mask = args.last().filter(|_| masked);
    mask.is_none_or(|mask| match lanes(mask)[lane] {
        Value::Int(active) => active == 1,
        ref other => panic!("{other:?} in a mask"),
    })
}

fn load_lanes(
    ty: Type,
    parts: usize,
    args: &[Value],
    distance: Option<(usize, i64)>,
    masked: bool,
) -> Vec<Value> {
    let zero = match ty.scalar() {
        Some(Scalar::F32 | Scalar::F64) => Value::Float(0.0),
        _ => Value::Int(0),
    };
    let mut out = vec![Vec::new(); parts];
    for lane in 0..usize::from(ty.lanes().unwrap()) {
        let element = is_active(args, masked, lane).then(|| element_of_lane(args, distance, lane));
        for (part, out) in out.iter_mut().enumerate() {
            out.push(match &element {
                Some(at) => at.data.borrow()[at.offset as usize * parts + part].clone(),
                None => zero.clone(),
            });
        }
    }
    out.into_iter().map(Value::Lanes).collect()
}

fn store_lanes(args: &[Value], distance: Option<(usize, i64)>, masked: bool) {
    let first = 1 + view(&args[0]).extents.len();
    let values = &args[first..args.len() - usize::from(masked)];
    for lane in 0..lanes(&values[0]).len() {
        if !is_active(args, masked, lane) {
            continue;
        }
        let at = element_of_lane(args, distance, lane);
        for (part, value) in values.iter().enumerate() {
            let place = at.offset as usize * values.len() + part;
            at.data.borrow_mut()[place] = lanes(value)[lane].clone();
        }
    }
}

/// The first and the last element that a view spans.
fn span(view: &View) -> Option<(i64, i64)> {
    let (mut low, mut high) = (view.offset, view.offset);
    for (extent, stride) in view.extents.iter().zip(&view.strides) {
        if *extent == 0 {
            return None;
        }
        let reach = (extent - 1) * stride;
        low += reach.min(0);
        high += reach.max(0);
    }
    Some((low, high))
}

fn view(value: &Value) -> &View {
    match value {
        Value::Array(view) => view,
        other => panic!("{other:?} is no array"),
    }
}

fn wrap(value: i128, scalar: Scalar) -> i128 {
    let modulus = 1i128 << scalar.bits();
    let value = value.rem_euclid(modulus);
    if value > scalar.max_value() {
        value - modulus
    } else {
        value
    }
}

fn round(value: f64, scalar: Scalar) -> f64 {
    if scalar == Scalar::F32 {
        f64::from(value as f32)
    } else {
        value
    }
}

fn fit(exact: i128, overflow: Overflow, scalar: Scalar) -> Result<i128, String> {
    let wrapped = wrap(exact, scalar);
    match overflow {
        Overflow::Wrap => Ok(wrapped),
        Overflow::Proved => {
            assert_eq!(wrapped, exact, "was proved not to overflow");
            Ok(wrapped)
        }
        Overflow::Checked if wrapped == exact => Ok(wrapped),
        Overflow::Checked => Err("OverflowError: int result does not fit in 64 bits".to_string()),
    }
}

fn arithmetic(
    op: IntOp,
    overflow: Overflow,
    x: i128,
    y: i128,
    scalar: Scalar,
) -> Result<i128, String> {
    let floor = |x: i128, y: i128| x.div_euclid(y) - i128::from(y < 0 && x.rem_euclid(y) != 0);
    let exact = match op {
        IntOp::Add => x + y,
        IntOp::Sub => x - y,
        IntOp::Mul => x * y,
        IntOp::FloorDiv => floor(x, y),
        IntOp::FloorMod => x - floor(x, y) * y,
        IntOp::And => x & y,
        IntOp::Or => x | y,
        IntOp::Xor => x ^ y,
        IntOp::Shl if y >= i128::from(scalar.bits()) => {
            let lost = overflow == Overflow::Checked && x != 0;
            if lost { i128::MAX } else { 0 }
        }
        IntOp::Shl => x << y,
        IntOp::Shr => x >> y.min(100),
        IntOp::Min => x.min(y),
        IntOp::Max => x.max(y),
    };
    fit(exact, overflow, scalar)
}

/// The element or the row at some indices, which follow the array in `args`.
fn subscript(bounds: &[Bound], args: &[Value]) -> Result<View, String> {
    let mut out = view(&args[0]).clone();
    for (axis, (bound, index)) in bounds.iter().zip(&args[1..]).enumerate() {
        let Value::Int(index) = index else {
            panic!("{index:?} is no index")
        };
        let extent = out.extents[axis];
        let mut index = *index as i64;
        let outside = format!(
            "IndexError: index {index} is out of bounds for axis {axis} with size {extent}"
        );
        if index < 0 && matches!(bound, Bound::Checked | Bound::Wrapping) {
            index += extent;
        }
        if !(0..extent).contains(&index) {
            assert!(bound.may_raise(), "was proved: {outside}");
            return Err(outside);
        }
        out.offset += index * out.strides[axis];
    }
    out.extents.drain(..bounds.len());
    out.strides.drain(..bounds.len());
    Ok(out)
}
