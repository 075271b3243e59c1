//! One function: its variables as values, the places of its ops, and the control flow around pieces of code.
//!
//! Code after a terminator goes into a region that nobody owns, so that lowering an expression need not ask whether it
//! can be reached; lists of statements do ask, and stop.

use super::layouts::{self, Layouts};
use super::live::{Locals, LoopLive};
use super::types::flatten;
use super::{Lowering, Result, bug};
use crate::builder::Builder;
use crate::ir::{
    FrameId, Function, FunctionId, LabelId, Layout, Message, OpKind, Raise, RegionId, Scalar, Site,
    SiteId, Type, ValueId,
};
use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_abi::ExcKind;
use snek_diagnostics::{SourceFile, Span};
use snek_sema::hir;

/// A variable at some place of the code.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    /// Its value, flattened; none before it is assigned.
    pub(super) values: Option<Vec<ValueId>>,
    /// Whether it is assigned, for variables that may be unbound.
    pub(super) flag: Option<ValueId>,
}

/// All variables at some place of the code.
pub(super) type Env = IndexVec<hir::LocalId, Slot>;

/// Variables that a structured op hands over.
#[derive(Clone, Debug, Default)]
pub(super) struct Handed {
    /// Which, in order.
    pub(super) locals: Vec<hir::LocalId>,
    /// With the flags of those that may be unbound; reductions go without.
    pub(super) flags: bool,
}

impl Handed {
    /// With flags.
    pub(super) fn new(locals: Vec<hir::LocalId>) -> Handed {
        Handed {
            locals,
            flags: true,
        }
    }
}

/// The innermost loop.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    /// What `continue` names, and hands over.
    pub(super) next: (LabelId, Handed),
    /// What `break` names, and hands over.
    pub(super) exit: (LabelId, Handed),
    /// What is live there.
    pub(super) live: LoopLive,
    /// Some `break` was lowered.
    pub(super) breaks: bool,
}

/// The state of lowering one function.
pub(super) struct Body<'l, 'h> {
    pub(super) lowering: &'l mut Lowering<'h>,
    pub(super) hir: &'h hir::Function,
    file: &'h SourceFile,
    pub(super) function: Function,
    pub(super) region: RegionId,
    pub(super) reachable: bool,
    site: SiteId,
    sites: FxHashMap<(Span, Option<FrameId>), SiteId>,
    pub(super) env: Env,
    pub(super) layouts: Layouts,
    pub(super) loops: Vec<Loop>,
    /// The lambda that is being lowered in place, and where it is called.
    pub(super) lambda: Option<(FrameId, SiteId)>,
}

/// Lowers a function for the given layouts; `instance` is the id that it will have.
pub(super) fn lower_function<'h>(
    lowering: &mut Lowering<'h>,
    hir: &'h hir::Function,
    param_layouts: &[Layout],
    instance: FunctionId,
) -> Result<Function> {
    let Some(file) = lowering.sources.get(hir.file) else {
        return bug(format!("the file of `{}` is not known", hir.name));
    };
    let mut function = lowering.functions[instance].clone();
    function.strict_math = hir.strict_math;
    function.auto_parallel = hir.auto_parallel;
    function.fastmath = hir.fastmath;
    let region = function.body;
    let site = function.add_site(Site {
        span: hir.name_span,
        line: lowering.frames[function.frame].first_line,
        frame: function.frame,
        caller: None,
    });
    let mut body = Body {
        lowering,
        hir,
        file,
        function,
        region,
        reachable: true,
        site,
        sites: FxHashMap::default(),
        env: hir.locals.iter().map(|_| Slot::default()).collect(),
        layouts: layouts::infer(hir, param_layouts),
        loops: Vec::new(),
        lambda: None,
    };
    body.prologue(param_layouts)?;
    body.block(&hir.body, &Locals::default())?;
    body.epilogue();
    Ok(body.function)
}

impl<'l, 'h> Body<'l, 'h> {
    fn prologue(&mut self, param_layouts: &[Layout]) -> Result<()> {
        let mut given = param_layouts.iter().copied();
        let region = self.region;
        for param in &self.hir.params {
            let Some(local) = self.hir.locals.get(*param) else {
                return bug(format!("`{}` lacks a parameter", self.hir.name));
            };
            let count = self.layouts[*param].len();
            let layouts: Vec<Layout> = given.by_ref().take(count).collect();
            let types = flatten(&local.ty, &layouts);
            let complex = matches!(
                super::types::Number::of(&local.ty),
                Some(super::types::Number::Complex(..))
            );
            let mut values = Vec::with_capacity(types.len());
            for (index, ty) in types.iter().enumerate() {
                let name = match (types.len(), complex, index) {
                    (1, ..) => local.name.clone(),
                    (_, true, 0) => format!("{}.re", local.name),
                    (_, true, _) => format!("{}.im", local.name),
                    _ => format!("{}.{index}", local.name),
                };
                values.push(self.function.add_param(region, *ty, Some(name)));
            }
            self.assign(*param, values)?;
        }
        // Variables that may be unbound start so.
        for (local, data) in self.hir.locals.iter_enumerated() {
            if data.maybe_unbound && self.env[local].values.is_none() {
                let values = self.undefined_local(local);
                let flag = self.b().const_bool(false);
                self.env[local] = Slot {
                    values: Some(values),
                    flag: Some(flag),
                };
            }
        }
        Ok(())
    }

    fn epilogue(&mut self) {
        if !self.reachable {
            return;
        }
        if self.function.results.is_empty() {
            self.leave(OpKind::Return, Vec::new());
        } else {
            // Sema knows that this cannot be reached; should it be wrong, the user gets an exception and no nonsense.
            let raise = Raise {
                kind: ExcKind::SystemError,
                message: Message::Text("a native function ended without its result".to_string()),
            };
            self.leave(OpKind::Raise(raise), Vec::new());
        }
    }

    /// Inserts at the current place.
    pub(super) fn b(&mut self) -> Builder<'_> {
        Builder::at_end(&mut self.function, self.region, self.site)
    }

    /// New ops are at `span` from here on; gives the site to go back to.
    pub(super) fn enter(&mut self, span: Span) -> SiteId {
        let before = self.site;
        let key = (span, self.lambda.map(|lambda| lambda.0));
        if let Some(site) = self.sites.get(&key) {
            self.site = *site;
        } else {
            let site = Site {
                span,
                line: self.file.line_index(span.start) + 1,
                frame: self.lambda.map_or(self.function.frame, |lambda| lambda.0),
                caller: self.lambda.map(|lambda| lambda.1),
            };
            self.site = self.function.sites.push(site);
            self.sites.insert(key, self.site);
        }
        before
    }

    /// The place of new ops.
    pub(super) fn place(&self) -> SiteId {
        self.site
    }

    /// Goes back to the place before [`Body::enter`].
    pub(super) fn back(&mut self, site: SiteId) {
        self.site = site;
    }

    /// Ends the region with a terminator; what follows is dead.
    pub(super) fn leave(&mut self, kind: OpKind, args: Vec<ValueId>) {
        self.b().op(kind, args, &[]);
        self.die();
    }

    /// What follows is dead.
    pub(super) fn die(&mut self) {
        self.region = self.function.add_region();
        self.reachable = false;
    }

    /// The flattened type of a local.
    pub(super) fn local_types(&self, local: hir::LocalId) -> Vec<Type> {
        flatten(&self.hir.locals[local].ty, &self.layouts[local])
    }

    fn undefined_local(&mut self, local: hir::LocalId) -> Vec<ValueId> {
        let types = self.local_types(local);
        types.into_iter().map(|ty| self.b().undefined(ty)).collect()
    }

    /// Makes values have the wanted types, which may differ in the layouts of arrays only. In dead code anything goes.
    pub(super) fn coerce(&mut self, values: Vec<ValueId>, wanted: &[Type]) -> Result<Vec<ValueId>> {
        if values.len() != wanted.len() {
            if !self.reachable {
                return Ok(wanted.iter().map(|ty| self.b().undefined(*ty)).collect());
            }
            return bug(format!(
                "`{}`: {} values where {} are wanted",
                self.hir.name,
                values.len(),
                wanted.len()
            ));
        }
        let mut out = Vec::with_capacity(values.len());
        for (value, ty) in values.into_iter().zip(wanted) {
            let found = self.function.ty(value);
            if found == *ty {
                out.push(value);
            } else if let (Type::Array(from), Type::Array(to)) = (found, *ty)
                && from.element == to.element
                && from.rank == to.rank
                && to.layout == Layout::Strided
            {
                out.push(self.b().value(OpKind::AsStrided, vec![value], *ty));
            } else if !self.reachable {
                out.push(self.b().undefined(*ty));
            } else {
                return bug(format!(
                    "`{}`: a value of {found} where {ty} is wanted",
                    self.hir.name
                ));
            }
        }
        Ok(out)
    }

    /// Assigns a local.
    pub(super) fn assign(&mut self, local: hir::LocalId, values: Vec<ValueId>) -> Result<()> {
        let types = self.local_types(local);
        let values = self.coerce(values, &types)?;
        let data = &self.hir.locals[local];
        if let [value] = values.as_slice()
            && !data.name.starts_with('.')
        {
            self.b().name(*value, &data.name);
        }
        let flag = data.maybe_unbound.then(|| self.b().const_bool(true));
        self.env[local] = Slot {
            values: Some(values),
            flag,
        };
        Ok(())
    }

    /// The value of a local.
    pub(super) fn read(&mut self, local: hir::LocalId, check: bool) -> Result<Vec<ValueId>> {
        let slot = self.env[local].clone();
        if check && let Some(flag) = slot.flag {
            self.check_bound(local, flag);
        }
        match slot.values {
            Some(values) => Ok(values),
            None if !self.reachable => Ok(self.undefined_local(local)),
            None if check => {
                let flag = self.b().const_bool(false);
                self.check_bound(local, flag);
                Ok(self.undefined_local(local))
            }
            None => bug(format!(
                "`{}`: `{}` is read before it has a value",
                self.hir.name, self.hir.locals[local].name
            )),
        }
    }

    /// Raises UnboundLocalError unless `flag`.
    pub(super) fn check_bound(&mut self, local: hir::LocalId, flag: ValueId) {
        let raise = Raise {
            kind: ExcKind::UnboundLocalError,
            message: Message::Unbound(self.hir.locals[local].name.clone()),
        };
        self.b().check(flag, raise, &[]);
    }

    /// The types of what is handed over.
    pub(super) fn handed_types(&self, handed: &Handed) -> Vec<Type> {
        let mut types = Vec::new();
        for local in &handed.locals {
            types.extend(self.local_types(*local));
            if handed.flags && self.hir.locals[*local].maybe_unbound {
                types.push(Type::BOOL);
            }
        }
        types
    }

    /// The names of what is handed over, for the parameters and results that stand for it.
    fn handed_names(&self, handed: &Handed) -> Vec<Option<String>> {
        let mut names = Vec::new();
        for local in &handed.locals {
            let data = &self.hir.locals[*local];
            let count = self.local_types(*local).len();
            let name = (count == 1 && !data.name.starts_with('.')).then(|| data.name.clone());
            names.extend(std::iter::repeat_n(name, count));
            if handed.flags && data.maybe_unbound {
                names.push(None);
            }
        }
        names
    }

    /// The current values of what is handed over.
    pub(super) fn handed_values(&mut self, handed: &Handed) -> Vec<ValueId> {
        let mut values = Vec::new();
        for local in &handed.locals {
            let slot = self.env[*local].clone();
            match slot.values {
                Some(found) => values.extend(found),
                None => values.extend(self.undefined_local(*local)),
            }
            if handed.flags && self.hir.locals[*local].maybe_unbound {
                let flag = slot.flag.unwrap_or_else(|| self.b().const_bool(false));
                values.push(flag);
            }
        }
        values
    }

    /// The variables have these values from here on.
    pub(super) fn bind(&mut self, handed: &Handed, values: &[ValueId]) {
        let names = self.handed_names(handed);
        for (value, name) in values.iter().zip(names) {
            if let Some(name) = name {
                self.b().name(*value, &name);
            }
        }
        let mut values = values.iter().copied();
        for local in &handed.locals {
            let count = self.local_types(*local).len();
            let found: Vec<ValueId> = values.by_ref().take(count).collect();
            self.env[*local].values = Some(found);
            if handed.flags && self.hir.locals[*local].maybe_unbound {
                self.env[*local].flag = values.next();
            }
        }
    }

    /// A region with parameters for what is handed over, after `first`; the variables have these values from here on.
    pub(super) fn region_with(&mut self, first: &[Type], handed: &Handed) -> Vec<ValueId> {
        let region = self.function.add_region();
        let mut given = Vec::with_capacity(first.len());
        for ty in first {
            given.push(self.function.add_param(region, *ty, None));
        }
        let types = self.handed_types(handed);
        let mut params = Vec::with_capacity(types.len());
        for ty in types {
            params.push(self.function.add_param(region, ty, None));
        }
        self.region = region;
        self.reachable = true;
        self.bind(handed, &params);
        given
    }

    /// `cond ? then : other` as a structured op: both give values of `types` and hand over variables.
    pub(super) fn branch(
        &mut self,
        cond: ValueId,
        types: &[Type],
        handed: &Handed,
        then: impl FnOnce(&mut Self) -> Result<Vec<ValueId>>,
        other: impl FnOnce(&mut Self) -> Result<Vec<ValueId>>,
    ) -> Result<Vec<ValueId>> {
        let site = self.site;
        let region = self.region;
        let before = self.env.clone();
        let was_reachable = self.reachable;

        let (then_region, then_reachable) = self.arm(types, handed, was_reachable, then)?;
        self.env.clone_from(&before);
        self.back(site);
        let (other_region, other_reachable) = self.arm(types, handed, was_reachable, other)?;
        self.env = before;
        self.back(site);
        self.region = region;
        self.reachable = was_reachable && (then_reachable || other_reachable);

        let kind = OpKind::If {
            then: then_region,
            other: other_region,
        };
        if was_reachable && !self.reachable {
            self.b().op(kind, vec![cond], &[]);
            self.leave(OpKind::Unreachable, Vec::new());
            return Ok(types.iter().map(|ty| self.b().undefined(*ty)).collect());
        }
        let mut all = types.to_vec();
        all.extend(self.handed_types(handed));
        let mut results = self.b().values(kind, vec![cond], &all);
        let rest = results.split_off(types.len());
        self.bind(handed, &rest);
        Ok(results)
    }

    fn arm(
        &mut self,
        types: &[Type],
        handed: &Handed,
        reachable: bool,
        code: impl FnOnce(&mut Self) -> Result<Vec<ValueId>>,
    ) -> Result<(RegionId, bool)> {
        let region = self.function.add_region();
        self.region = region;
        self.reachable = reachable;
        let values = code(self)?;
        let falls = self.reachable;
        if falls || !reachable {
            let mut values = self.coerce(values, types)?;
            values.extend(self.handed_values(handed));
            self.b().end_with_yield(values);
        }
        Ok((region, falls))
    }

    /// Raises a message of CPython's if `cond` is false.
    pub(super) fn require(&mut self, cond: ValueId, message: snek_abi::Message) {
        let raise = known(message);
        self.b().check(cond, raise, &[]);
    }

    /// Converts a Bool to the I32 that the runtime takes.
    pub(super) fn bool_to_i32(&mut self, value: ValueId) -> ValueId {
        self.b()
            .convert(crate::ir::Convert::Extend, value, Type::Scalar(Scalar::I32))
    }
}

/// An exception with a message of CPython's.
pub(super) fn known(message: snek_abi::Message) -> Raise {
    Raise {
        kind: message.text().kind,
        message: Message::Known(message),
    }
}
