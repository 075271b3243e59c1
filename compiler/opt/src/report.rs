//! Facts about the loops of an optimised program, for the driver's report.

use std::collections::BTreeMap;

use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit;
use snek_mir::ir::{FrameId, OpKind, Program, Role};
use snek_mir::ops::Raises;

/// What became of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopReport {
    /// The Python function that it is written in.
    pub frame: FrameId,
    /// Its line.
    pub line: u32,
    /// Runs on all cores.
    pub parallel: bool,
    /// Has no loop inside.
    pub innermost: bool,
    /// Ops in its body that may raise: tests that are left. Of a loop in two versions: of the better one.
    pub checks: usize,
    /// The name of its variable, if it has one.
    pub variable: Option<String>,
}

/// The loops of all functions, in the order of frames and lines. A line has one report: of its version with the fewest
/// checks.
pub fn loop_reports(program: &Program) -> Vec<LoopReport> {
    let mut reports: BTreeMap<(FrameId, u32), LoopReport> = BTreeMap::new();
    for function in &program.functions {
        let structure = Structure::new(function);
        for &op in &structure.order {
            let data = &function.ops[op];
            if !is_loop(&data.kind) {
                continue;
            }
            let site = &function.sites[data.site];
            let (mut checks, mut innermost) = (0, true);
            for region in data.kind.regions() {
                for inner in edit::ops_in(function, region) {
                    let kind = &function.ops[inner].kind;
                    innermost &= !is_loop(kind) && !matches!(kind, OpKind::ParallelCall { .. });
                    let raises = match kind {
                        OpKind::Call(callee) => program.functions[*callee].may_raise,
                        kind => kind.properties().raises == Raises::Yes,
                    };
                    checks += usize::from(raises);
                }
            }
            // The loop of a parallel body is the one at its top.
            let outermost = structure.region_of[op] == Some(function.body);
            let parallel = function.role == Role::ParallelBody && outermost;
            let variable = match &data.kind {
                OpKind::For(f) => {
                    let induction = function.regions[f.body].params[0];
                    function.values[induction].name.clone()
                }
                _ => None,
            };
            let report = LoopReport {
                frame: site.frame,
                line: site.line,
                parallel,
                innermost,
                checks,
                variable,
            };
            match reports.get(&(site.frame, site.line)) {
                Some(known) if known.checks <= checks => {}
                _ => {
                    reports.insert((site.frame, site.line), report);
                }
            }
        }
    }
    reports.into_values().collect()
}
