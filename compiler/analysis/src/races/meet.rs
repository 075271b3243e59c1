//! Whether two accesses can go to one element in two iterations: all subscripts together, with all that is known of them.
//!
//! The second access is that of another iteration: what varies has other symbols in it. Python's negative indices count
//! from the end, so two subscripts also meet if one is negative and they differ by the extent.

use std::collections::BTreeMap;

use snek_mir::ir::ValueId;

use super::Question;
use super::accesses::Access;
use super::model::{Form, OTHER};
use super::system::System;
use crate::affine::Polynomial;

/// What was found out.
pub(super) enum Meet {
    /// Proved: they do not.
    Never,
    /// Only if some index is negative where another is not.
    Wrapped,
    /// Nothing is proved; under these conditions they would.
    Perhaps(Box<System>),
}

/// Two iterations that collide.
pub(super) struct Example {
    /// The values of the loop's variable.
    pub first: i128,
    pub second: i128,
    /// The subscripts of the element.
    pub subscripts: Vec<i128>,
    /// Names of what does not vary, with their values.
    pub with: Vec<(ValueId, i128)>,
}

impl Question<'_> {
    pub fn form(&mut self, access: &Access) -> Form {
        if access.form.get().is_none() {
            let form = self.model.form(&access.subscripts, &access.conditions);
            // Nobody else sets it.
            let _ = access.form.set(form);
        }
        access.form.get().cloned().unwrap_or_default()
    }

    /// A polynomial as another iteration has it.
    fn other(&self, polynomial: &Polynomial) -> Polynomial {
        let mut result = Polynomial::constant(polynomial.constant);
        for (product, factor) in &polynomial.terms {
            let mut moved: Vec<ValueId> = product
                .iter()
                .map(|v| match self.model.is_varying(*v) {
                    true => ValueId::from_usize(v.index() + OTHER),
                    false => *v,
                })
                .collect();
            moved.sort_unstable();
            result = result.add(&Polynomial {
                terms: vec![(moved, *factor)],
                constant: 0,
            });
        }
        result
    }

    /// Everything but that subscripts are equal: the forms, and the systems of each order of the iterations.
    fn settings(&mut self, a: &Access, b: &Access) -> (Form, Form, Vec<System>) {
        let dims = a.subscripts.len().min(b.subscripts.len());
        let induction = Polynomial::symbol(self.scope.induction);
        let position = Polynomial::symbol(self.model.position(self.scope.induction));
        let around = self.model.form(&[induction], &[]);
        let (mut first, mut second) = (self.form(a), self.form(b));
        first.subscripts.truncate(dims);
        second.subscripts = second.subscripts[..dims]
            .iter()
            .map(|p| self.other(p))
            .collect();
        second.conditions = second.conditions.iter().map(|p| self.other(p)).collect();
        let mut all: Vec<Polynomial> = Vec::new();
        let others = around.conditions.iter().map(|p| self.other(p));
        let conditions = around.conditions.iter().cloned().chain(others);
        let conditions = conditions
            .chain(first.conditions.iter().cloned())
            .chain(second.conditions.iter().cloned());
        for condition in conditions {
            if !all.contains(&condition) {
                all.push(condition);
            }
        }
        let one = Polynomial::constant(1);
        let after = self.other(&position).sub(&position).sub(&one);
        let before = position.sub(&self.other(&position)).sub(&one);
        // An access with itself: the earlier iteration is the first.
        let mut orders = vec![after];
        if !std::ptr::eq(a, b) {
            orders.push(before);
        }
        let mut systems = Vec::new();
        for order in orders {
            let mut nonnegative = all.clone();
            nonnegative.push(order);
            let mut signs = vec![nonnegative];
            // The step of the loop is not 0.
            for step in &self.model.steps {
                let mut split = Vec::new();
                for system in signs {
                    for sign in [1, -1] {
                        let mut system = system.clone();
                        system.push(step.scale(sign).sub(&one));
                        split.push(system);
                    }
                }
                signs = split;
            }
            systems.extend(signs.into_iter().map(|nonnegative| System {
                zero: Vec::new(),
                nonnegative,
            }));
        }
        (first, second, systems)
    }

    pub fn meet(&mut self, a: &Access, b: &Access) -> Meet {
        let (first, second, systems) = self.settings(a, b);
        let dims = first.subscripts.len();
        if dims == 0 {
            return Meet::Perhaps(Box::new(systems.into_iter().next().unwrap_or_default()));
        }
        let possible = |system: &System, zero: Vec<Polynomial>, more: &[Polynomial]| {
            let mut system = system.clone();
            system.zero = zero;
            system.nonnegative.extend_from_slice(more);
            let twin = |v: ValueId| match v.index() < OTHER {
                true => ValueId::from_usize(v.index() + OTHER),
                false => v,
            };
            (!system.is_impossible_by_cases(twin)).then_some(system)
        };
        for system in &systems {
            let pairs = first.subscripts.iter().zip(&second.subscripts);
            let equal = pairs.map(|(f, g)| f.sub(g)).collect();
            if let Some(system) = possible(system, equal, &[]) {
                return Meet::Perhaps(Box::new(system));
            }
        }
        // One of two indices may count from the end. Each dimension: equal, the first negative, the second negative.
        let mut ways: Vec<Vec<u8>> = vec![Vec::new()];
        for n in 0..dims {
            let known = |access: &Access| {
                let place = access.places.get(n);
                place.is_some_and(|place| self.signs.get(place) == Some(&true))
            };
            let never_negative = |index: &Polynomial, known: bool| {
                let negative = [index.scale(-1).sub(&Polynomial::constant(1))];
                known
                    || systems
                        .iter()
                        .all(|system| possible(system, Vec::new(), &negative).is_none())
            };
            let mut kinds = vec![0];
            if !never_negative(&first.subscripts[n], known(a)) {
                kinds.push(1);
            }
            if !never_negative(&second.subscripts[n], known(b)) {
                kinds.push(2);
            }
            ways = ways
                .iter()
                .flat_map(|way| kinds.iter().map(|kind| [&way[..], &[*kind]].concat()))
                .collect();
        }
        let one_array = a.base == b.base && !self.model.is_varying(a.base);
        for way in ways.iter().filter(|way| way.iter().any(|kind| *kind != 0)) {
            let (mut equal, mut more) = (Vec::new(), Vec::new());
            for (n, kind) in way.iter().enumerate() {
                let (f, g) = (&first.subscripts[n], &second.subscripts[n]);
                let extent = if one_array {
                    self.model.extent(a.base, n as u8)
                } else {
                    Polynomial::symbol(self.model.fresh(false))
                };
                let difference = f.sub(g);
                let (low, high) = match kind {
                    0 => {
                        equal.push(difference);
                        continue;
                    }
                    1 => {
                        equal.push(difference.add(&extent));
                        (f, g)
                    }
                    _ => {
                        equal.push(difference.sub(&extent));
                        (g, f)
                    }
                };
                // Both are within the array, or there is an IndexError instead of an access.
                more.push(low.scale(-1).sub(&Polynomial::constant(1)));
                more.push(low.add(&extent));
                more.push(high.clone());
                more.push(extent.sub(high).sub(&Polynomial::constant(1)));
            }
            for system in &systems {
                if possible(system, equal.clone(), &more).is_some() {
                    return Meet::Wrapped;
                }
            }
        }
        Meet::Never
    }

    /// Two iterations in which the accesses collide, if small numbers show it.
    pub fn example(&mut self, a: &Access, b: &Access) -> Option<Example> {
        let rank_known = !a.subscripts.is_empty() && a.subscripts.len() == b.subscripts.len();
        let Meet::Perhaps(system) = self.meet(a, b) else {
            return None;
        };
        if !rank_known {
            return None;
        }
        let induction = Polynomial::symbol(self.scope.induction);
        let item = self.model.form(&[induction], &[]).subscripts.pop()?;
        let position = self.model.position(self.scope.induction);
        let other_position = ValueId::from_usize(position.index() + OTHER);
        let found = system.solution(&[position, other_position])?;
        let is_free = |v: &ValueId| {
            let plain = if v.index() >= OTHER {
                ValueId::from_usize(v.index() - OTHER)
            } else {
                *v
            };
            self.model.opaque.contains(&plain)
        };
        if found.keys().any(is_free) {
            return None;
        }
        let value = |polynomial: &Polynomial| evaluate(polynomial, &found);
        let form = self.form(a);
        let example = Example {
            first: value(&item)?,
            second: value(&self.other(&item))?,
            subscripts: form.subscripts.iter().map(&value).collect::<Option<_>>()?,
            with: found
                .iter()
                .filter(|(v, _)| v.index() < super::SYNTHETIC && !self.model.is_varying(**v))
                .map(|(v, value)| (*v, *value))
                .collect(),
        };
        example
            .subscripts
            .iter()
            .all(|s| *s >= 0)
            .then_some(example)
    }
}

fn evaluate(polynomial: &Polynomial, at: &BTreeMap<ValueId, i128>) -> Option<i128> {
    let mut sum = polynomial.constant;
    for (product, factor) in &polynomial.terms {
        let mut term = *factor;
        for symbol in product {
            term = term.checked_mul(*at.get(symbol)?)?;
        }
        sum = sum.checked_add(term)?;
    }
    Some(sum)
}
