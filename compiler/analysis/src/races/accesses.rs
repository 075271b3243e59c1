//! THE interface of the race check: what an op reads and writes of the memory that outlives an iteration.
//!
//! A new kind of op or of value adds an arm to [`Collector::of_op`]. What a function does to its parameters is a list of
//! [`Template`]s: accesses in its own terms, into which a call puts its arguments.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use oxc_index::IndexVec;
use rustc_hash::{FxHashMap, FxHashSet};
use snek_mir::ir::{Function, FunctionId, OpId, OpKind, Program, ValueDef, ValueId};

use super::model::{Form, Model};
use super::system::replace;
use crate::affine::Polynomial;
use crate::arrays::{extent_of, roots, view};
use crate::effects::Effects;
use crate::ranges::ranges;
use crate::structure::Structure;

/// How an access goes along with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    /// Not to be torn: well with others of its kind.
    Atomic,
    /// An update through an `accumulator` view.
    Fold(ValueId),
}

/// An access to an array.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub op: OpId,
    pub writes: bool,
    pub way: Way,
    /// The array that it goes to, rows followed.
    pub base: ValueId,
    /// The parameters that the array may be.
    pub roots: Option<Vec<ValueId>>,
    /// Subscripts of the leading dimensions.
    pub subscripts: Vec<Polynomial>,
    /// The op and position of the first subscripts, to ask what is known of their sign.
    pub places: Vec<(OpId, usize)>,
    /// What holds where it happens: each is at least 0.
    pub conditions: Vec<Polynomial>,
    /// The module's locks that are held, of those that were taken within an iteration.
    pub locks: Vec<i64>,
    /// The function that accesses it, if it is an argument.
    pub callee: Option<FunctionId>,
    /// The subscripts with all that is known of them.
    pub form: OnceCell<Form>,
}

/// An access of a function to one of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Template {
    param: usize,
    writes: bool,
    way: Way,
    locks: Vec<i64>,
    /// In terms of the function's values.
    form: Form,
}

/// What a function does to its parameters.
#[derive(Debug)]
pub(super) struct Summary {
    templates: Vec<Template>,
    opaque: FxHashSet<ValueId>,
}

/// Accesses of a function beyond which a call is taken to access whole arrays.
const TEMPLATES: usize = 32;

/// The summaries of the functions of a program, made when they are first asked for.
pub(super) struct Callees<'p> {
    program: &'p Program,
    pub effects: &'p IndexVec<FunctionId, Effects>,
    known: RefCell<FxHashMap<FunctionId, Option<Rc<Summary>>>>,
}

impl<'p> Callees<'p> {
    pub fn new(program: &'p Program, effects: &'p IndexVec<FunctionId, Effects>) -> Self {
        Self {
            program,
            effects,
            known: RefCell::default(),
        }
    }

    /// `None`: it may do anything to the arrays that its effects name.
    fn summary(&self, id: FunctionId) -> Option<Rc<Summary>> {
        if let Some(known) = self.known.borrow().get(&id) {
            return known.clone();
        }
        // A function that calls itself finds this.
        self.known.borrow_mut().insert(id, None);
        let summary = self.summarise(&self.program.functions[id]).map(Rc::new);
        self.known.borrow_mut().insert(id, summary.clone());
        summary
    }

    fn summarise(&self, function: &Function) -> Option<Summary> {
        if function.recursive {
            return None;
        }
        let structure = Structure::new(function);
        let facts = ranges(function, &structure);
        let mut model = Model::new(self.program, function, &structure, &facts, None);
        let collector = Collector {
            callees: self,
            function,
            structure: &structure,
            scope: None,
        };
        let mut templates: Vec<Template> = Vec::new();
        for access in collector.collect(&mut model, &structure.order) {
            let all = access.roots.as_ref()?;
            let params = function.params();
            let whole = !params.contains(&access.base);
            for root in all {
                let param = params.iter().position(|param| param == root)?;
                let form = if whole {
                    Form::default()
                } else {
                    model.form(&access.subscripts, &access.conditions)
                };
                let is_known = templates.iter().any(|known| {
                    known.param == param
                        && known.writes == access.writes
                        && known.way == access.way
                        && known.locks == access.locks
                        && known.form.subscripts == form.subscripts
                        && known.form.conditions == form.conditions
                });
                if !is_known {
                    templates.push(Template {
                        param,
                        writes: access.writes,
                        // What it folds is folded into its parameter.
                        way: match access.way {
                            Way::Fold(_) => Way::Plain,
                            way => way,
                        },
                        locks: access.locks.clone(),
                        form,
                    });
                }
            }
        }
        let opaque = model.opaque.clone();
        (templates.len() <= TEMPLATES).then_some(Summary { templates, opaque })
    }
}

/// Finds accesses in a function.
pub(super) struct Collector<'c> {
    pub callees: &'c Callees<'c>,
    pub function: &'c Function,
    pub structure: &'c Structure,
    /// The parallel loop whose iterations are compared.
    pub scope: Option<OpId>,
}

impl Collector<'_> {
    /// The accesses of these ops.
    pub fn collect(&self, model: &mut Model<'_>, ops: &[OpId]) -> Vec<Access> {
        let mut accesses = Vec::new();
        for &op in ops {
            self.of_op(model, op, &mut accesses);
        }
        accesses
    }

    fn of_op(&self, model: &mut Model<'_>, op: OpId, out: &mut Vec<Access>) {
        let data = &self.function.ops[op];
        match &data.kind {
            OpKind::Load(bounds) | OpKind::Store(bounds) => {
                let mut access = self.to(model, op, data.args[0]);
                access.writes = matches!(data.kind, OpKind::Store(_));
                self.subscripts(model, &mut access, bounds.len());
                out.push(access);
            }
            OpKind::Atomic(_, bounds) => {
                let mut access = self.to(model, op, data.args[0]);
                access.writes = true;
                access.way = Way::Atomic;
                self.subscripts(model, &mut access, bounds.len());
                out.push(access);
            }
            OpKind::DataPointer => out.push(self.to(model, op, data.args[0])),
            OpKind::Call(callee) => self.call(model, op, *callee, out),
            _ => {}
        }
    }

    fn subscripts(&self, model: &mut Model<'_>, access: &mut Access, count: usize) {
        let data = &self.function.ops[access.op];
        for n in 0..count {
            access.subscripts.push(model.affine.of(data.args[n + 1]));
            access.places.push((access.op, n));
        }
    }

    fn call(&self, model: &mut Model<'_>, op: OpId, callee: FunctionId, out: &mut Vec<Access>) {
        let data = &self.function.ops[op];
        let Some(summary) = self.callees.summary(callee) else {
            let effects = &self.callees.effects[callee];
            for (n, &arg) in data.args.iter().enumerate() {
                if effects.reads[n] || effects.writes[n] {
                    let mut access = self.to(model, op, arg);
                    access.writes = effects.writes[n];
                    access.callee = Some(callee);
                    out.push(access);
                }
            }
            return;
        };
        let inner = &self.callees.program.functions[callee];
        let mut given: FxHashMap<ValueId, Polynomial> = FxHashMap::default();
        for template in &summary.templates {
            let mut access = self.to(model, op, data.args[template.param]);
            access.writes = template.writes;
            access.callee = Some(callee);
            if access.way == Way::Plain {
                access.way = template.way;
            }
            access.locks.extend(&template.locks);
            let all = template
                .form
                .subscripts
                .iter()
                .chain(&template.form.conditions);
            for symbol in all.flat_map(Polynomial::symbols) {
                if given.contains_key(&symbol) {
                    continue;
                }
                let value = self.argument(model, inner, symbol, &data.args);
                let value = value.unwrap_or_else(|| {
                    let fresh = model.fresh(true);
                    if summary.opaque.contains(&symbol) {
                        model.opaque.insert(fresh);
                    }
                    Polynomial::symbol(fresh)
                });
                given.insert(symbol, value);
            }
            let put = |list: &[Polynomial]| -> Vec<Option<Polynomial>> {
                list.iter().map(|p| put_all(p, &given)).collect()
            };
            let subscripts: Option<Vec<Polynomial>> =
                put(&template.form.subscripts).into_iter().collect();
            // Without subscripts it is the whole array.
            access.subscripts.extend(subscripts.unwrap_or_default());
            let conditions = put(&template.form.conditions);
            access.conditions.extend(conditions.into_iter().flatten());
            out.push(access);
        }
    }

    /// A symbol of the function that is called, in terms of the arguments.
    fn argument(
        &self,
        model: &mut Model<'_>,
        inner: &Function,
        symbol: ValueId,
        args: &[ValueId],
    ) -> Option<Polynomial> {
        let position = |v| inner.params().iter().position(|param| *param == v);
        if symbol.index() >= inner.values.len() {
            return None;
        }
        if let Some(n) = position(symbol) {
            return Some(model.affine.of(args[n]));
        }
        let op = inner.def_op(symbol)?;
        let OpKind::Extent(axis) = op.kind else {
            return None;
        };
        let (array, axis) = extent_of(inner, op.args[0], axis);
        let array = args[position(array)?];
        let base = view(self.function, array).base;
        // The extents of an array that changes from iteration to iteration do so, too.
        let is_fixed = self
            .scope
            .is_none_or(|scope| self.structure.is_invariant(self.function, base, scope));
        is_fixed.then(|| model.extent(array, axis))
    }

    /// An access to (a part of) an array.
    fn to(&self, model: &mut Model<'_>, op: OpId, array: ValueId) -> Access {
        let viewed = view(self.function, array);
        let mut places = Vec::new();
        let mut way = Way::Plain;
        // The views on the way, the outermost last.
        let mut value = array;
        while let Some(data) = self.function.def_op(value) {
            match &data.kind {
                OpKind::Row(bounds) => {
                    if let ValueDef::Result(row, _) = self.function.values[value].def {
                        places.splice(0..0, (0..bounds.len()).map(|n| (row, n)));
                    }
                }
                OpKind::Accumulator(_) => {
                    // Of loops in loops: the view that this loop folds through.
                    let outside = self
                        .scope
                        .is_some_and(|s| self.structure.is_invariant(self.function, value, s));
                    if outside && way == Way::Plain {
                        way = Way::Fold(value);
                    }
                }
                OpKind::AsStrided => {}
                _ => break,
            }
            value = data.args[0];
        }
        let subscripts = viewed.prefix.iter().map(|v| model.affine.of(*v)).collect();
        Access {
            op,
            writes: false,
            way,
            base: viewed.base,
            roots: roots(self.function, self.structure, viewed.base),
            subscripts,
            places,
            conditions: model.conditions_at(op),
            locks: self.locks_at(op),
            callee: None,
            form: OnceCell::new(),
        }
    }
}

impl Collector<'_> {
    /// The locks that are held at an op and were taken within the iteration: what was taken before keeps other loops out,
    /// but not the iterations of this one.
    fn locks_at(&self, op: OpId) -> Vec<i64> {
        // From the inside to the outside: the ops before, in each region.
        let mut levels = Vec::new();
        let mut at = op;
        while Some(at) != self.scope
            && let Some(region) = self.structure.region_of[at]
        {
            let ops = &self.function.regions[region].ops;
            let before = ops.iter().take_while(|other| **other != at);
            let changes: Vec<(bool, i64)> = before
                .filter_map(|other| {
                    let data = &self.function.ops[*other];
                    let takes = match data.kind {
                        OpKind::CallRuntime("snek_rt_lock") => true,
                        OpKind::CallRuntime("snek_rt_unlock") => false,
                        _ => return None,
                    };
                    Some((takes, self.function.const_int(data.args[0])?))
                })
                .collect();
            levels.push(changes);
            match self.structure.owner_of[region] {
                Some(owner) => at = owner,
                None => break,
            }
        }
        let mut held = Vec::new();
        for (takes, lock) in levels.into_iter().rev().flatten() {
            match takes {
                true => held.push(lock),
                false => held.retain(|other| *other != lock),
            }
        }
        held
    }
}

/// Puts values into all places of symbols at once: they may have symbols of the same number.
fn put_all(polynomial: &Polynomial, given: &FxHashMap<ValueId, Polynomial>) -> Option<Polynomial> {
    const ASIDE: usize = 1 << 29;
    let mut result = Polynomial::constant(polynomial.constant);
    for (product, factor) in &polynomial.terms {
        let moved = product
            .iter()
            .map(|v| ValueId::from_usize(v.index() + ASIDE));
        result = result.add(&Polynomial {
            terms: vec![(moved.collect(), *factor)],
            constant: 0,
        });
    }
    for symbol in polynomial.symbols() {
        let aside = ValueId::from_usize(symbol.index() + ASIDE);
        result = replace(&result, aside, given.get(&symbol)?)?;
    }
    Some(result)
}
