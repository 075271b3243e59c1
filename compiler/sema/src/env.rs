//! What is known of each variable at one point of a function, and how such knowledge joins.

use oxc_index::{IndexVec, define_index_type};
use snek_diagnostics::Span;

use crate::hir::{LocalId, Type};

define_index_type! {
    /// A Python name that is local to a function.
    pub struct NameId = u32;
}

/// What a variable holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Slot {
    /// Nothing yet.
    Unassigned,
    /// A value.
    Bound {
        /// Where it is kept; gives the type.
        local: LocalId,
        /// On some way here it was not assigned.
        maybe_unbound: bool,
        /// Where it was assigned.
        at: Span,
    },
    /// Two types met.
    Conflict(Box<[(Type, Span); 2]>),
    /// Assigned in the body of a `prange` that is over: its value depends on the order of iterations.
    AfterParallel {
        /// Where it was assigned.
        at: Span,
        /// The `prange(...)`.
        parallel: Span,
    },
    /// An error was reported where it was assigned.
    Poisoned,
}

/// What is known at one point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Env {
    /// For each name.
    pub slots: IndexVec<NameId, Slot>,
    /// Whether control gets here.
    pub reachable: bool,
}

impl Env {
    /// A point that control does not reach.
    pub fn dead(&self) -> Env {
        Env {
            slots: self.slots.clone(),
            reachable: false,
        }
    }
}
