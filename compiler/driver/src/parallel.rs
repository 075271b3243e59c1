//! How each loop over `prange` is run, for `--report parallel`: its schedule, what is reduced, what is private, and why
//! its accesses to arrays are safe. Read off the program before it is optimised, as the race check sees it. Beside them the
//! plain loops of `@parallel` functions, and why they are not made parallel if they are not.

use serde_json::json;
use snek_analysis::effects::effects;
use snek_analysis::races::{Plan, plans};
use snek_diagnostics::Span;
use snek_mir::edit;
use snek_mir::ir::{Function, OpId, OpKind, Program};
use snek_opt::Notes;
use snek_sema::hir;

use crate::loops::LoopLine;

/// A `prange` of the source, as the front end sees it.
struct Source {
    span: Span,
    reductions: Vec<String>,
    privates: Vec<String>,
}

/// The loops over `prange` that are written in the module itself, in the order of the source.
pub fn loops(source: &hir::Program, program: &Program) -> Vec<LoopLine> {
    let mut found: Vec<Source> = Vec::new();
    for function in &source.functions {
        collect(function, &function.body, &mut found);
    }
    let summaries = effects(program);
    let mut lines: Vec<LoopLine> = Vec::new();
    let mut seen: Vec<Span> = Vec::new();
    for (id, function) in program.functions.iter_enumerated() {
        let frame = &program.frames[function.frame];
        if frame.file.starts_with('<') {
            continue;
        }
        for plan in plans(program, id, &summaries) {
            let site = &function.sites[function.ops[plan.op].site];
            if seen.contains(&site.span) {
                continue;
            }
            seen.push(site.span);
            let source = found.iter().find(|source| source.span == site.span);
            lines.push(line(function, &frame.name, site.line, &plan, source));
        }
        // Products of complex numbers.
        for op in edit::ops(function) {
            let site = &function.sites[function.ops[op].site];
            let is_asked = found.iter().any(|source| source.span == site.span);
            if matches!(function.ops[op].kind, OpKind::For(_))
                && is_asked
                && !seen.contains(&site.span)
            {
                seen.push(site.span);
                let reason = "a product of complex numbers is folded in order";
                lines.push(LoopLine {
                    function: frame.name.clone(),
                    line: site.line,
                    variable: variable(function, op),
                    text: format!("serial: {reason}"),
                    json: json!({
                        "function": frame.name,
                        "line": site.line,
                        "variable": variable(function, op),
                        "kind": "serial",
                        "reason": reason,
                    }),
                });
            }
        }
    }
    lines.sort_by_key(|line| line.line);
    lines
}

/// Adds what became of plain loops of `@parallel` functions.
pub fn with_plain(mut lines: Vec<LoopLine>, program: &Program, notes: &Notes) -> Vec<LoopLine> {
    for note in notes.parallel() {
        let name = &program.frames[note.frame].name;
        let (kind, text) = match &note.reason {
            None => ("auto", "made parallel where it has enough work".to_owned()),
            Some(reason) => ("serial", format!("serial: {reason}")),
        };
        lines.push(LoopLine {
            function: name.clone(),
            line: note.line,
            variable: note.variable.clone(),
            text,
            json: json!({
                "function": name,
                "line": note.line,
                "variable": note.variable,
                "kind": kind,
                "reason": note.reason,
            }),
        });
    }
    lines.sort_by_key(|line| line.line);
    lines
}

fn line(
    function: &Function,
    name: &str,
    line: u32,
    plan: &Plan,
    source: Option<&Source>,
) -> LoopLine {
    let schedule = schedule(function, plan.op);
    let none = Vec::new();
    let reductions = source.map_or(&none, |source| &source.reductions);
    let privates = source.map_or(&none, |source| &source.privates);
    let condition: Vec<&str> = plan
        .nonnegative
        .iter()
        .map(|value| function.values[*value].name.as_deref().unwrap_or("start"))
        .collect();
    let (nest, asked) = nest(function, plan.op);
    let mut parts = match schedule {
        "join" => vec!["two tasks, at the same time where a thread is free".to_owned()],
        _ => vec![format!("parallel, schedule {schedule}")],
    };
    if nest.len() > 1 {
        let all: Vec<String> = nest.iter().map(|name| format!("`{name}`")).collect();
        let few = snek_opt::collapse::FEW;
        let when = match asked {
            true => String::new(),
            false => format!(" if `{}` has fewer than {few} iterations", nest[0]),
        };
        parts.push(format!("as one loop over {}{when}", all.join(", ")));
    }
    if !reductions.is_empty() {
        parts.push(format!("reduces {}", reductions.join(", ")));
    }
    if !privates.is_empty() {
        parts.push(format!("private: {}", privates.join(", ")));
    }
    for array in &plan.arrays {
        parts.push(format!("`{}`: {}", array.name, array.reason));
    }
    let arrays = plan
        .arrays
        .iter()
        .map(|array| json!({"name": array.name, "writes": array.writes, "reason": array.reason}));
    LoopLine {
        function: name.to_owned(),
        line,
        variable: variable(function, plan.op),
        json: json!({
            "function": name,
            "line": line,
            "variable": variable(function, plan.op),
            "kind": if schedule == "join" { "join" } else { "parallel" },
            "schedule": schedule,
            "collapse": nest,
            "reductions": reductions,
            "privates": privates,
            "nonnegative": condition,
            "arrays": arrays.collect::<Vec<_>>(),
        }),
        text: parts.join("; "),
    }
}

fn variable(function: &Function, op: OpId) -> Option<String> {
    match &function.ops[op].kind {
        OpKind::For(f) => {
            let label = function.labels[f.label].as_str();
            (!label.is_empty() && label != "for").then(|| label.to_owned())
        }
        _ => None,
    }
}

/// The variables of the loops that may be run as one, and whether the user has asked for that.
fn nest(function: &Function, op: OpId) -> (Vec<String>, bool) {
    use snek_abi::parallel::{COLLAPSE_MASK, COLLAPSE_SHIFT, HAS_CHUNK};
    let flags = flags(function, op);
    let asked = (flags >> COLLAPSE_SHIFT) & COLLAPSE_MASK;
    let mut loops = snek_opt::collapse::nest(function, op);
    if asked > 0 {
        loops.truncate(asked as usize);
    }
    if loops.len() < 2 || (asked == 0 && flags & HAS_CHUNK != 0) {
        return (Vec::new(), false);
    }
    let names = loops.into_iter().enumerate();
    let name = |(n, op)| variable(function, op).unwrap_or_else(|| format!("loop {}", n + 1));
    (names.map(name).collect(), asked > 0)
}

/// What the user has asked for: the call that checks it stands at the loop's place.
fn flags(function: &Function, op: OpId) -> i64 {
    let span = |op: OpId| function.sites[function.ops[op].site].span;
    let asked = edit::ops(function).into_iter().find_map(|other| {
        let data = &function.ops[other];
        let is_call = matches!(data.kind, OpKind::CallRuntime("snek_rt_parallel_options"));
        let flags = data.args.first().and_then(|v| function.const_int(*v));
        (is_call && span(other) == span(op)).then_some(flags?)
    });
    asked.unwrap_or(0)
}

fn schedule(function: &Function, op: OpId) -> &'static str {
    let names = snek_abi::parallel::SCHEDULES;
    let number = flags(function, op) & snek_abi::parallel::SCHEDULE_MASK;
    names.get(number as usize).copied().unwrap_or(names[0])
}

fn collect(function: &hir::Function, body: &[hir::Stmt], found: &mut Vec<Source>) {
    for stmt in body {
        match &stmt.kind {
            hir::StmtKind::If { then, other, .. } => {
                collect(function, then, found);
                collect(function, other, found);
            }
            hir::StmtKind::While { body, other, .. } => {
                collect(function, body, found);
                collect(function, other, found);
            }
            hir::StmtKind::For(each) => {
                if let Some(parallel) = &each.parallel {
                    let name = |local: &hir::LocalId| function.locals[*local].name.clone();
                    let reduced = parallel.reductions.iter();
                    let chosen = parallel.choices.iter().map(|choice| {
                        let companions: Vec<String> = choice
                            .companions
                            .iter()
                            .map(|local| format!("`{}`", name(local)))
                            .collect();
                        let word = match choice.op {
                            hir::CompareOp::Lt | hir::CompareOp::Le => "min",
                            _ => "max",
                        };
                        let key = name(&choice.key);
                        format!("`{key}` ({word}, with {})", companions.join(", "))
                    });
                    let folded = parallel.folds.iter();
                    let folded =
                        folded.map(|fold| format!("`{}` ({})", name(&fold.local), fold.name));
                    let mut privates: Vec<String> = parallel.privates.iter().map(name).collect();
                    privates.retain(|name| !name.starts_with('.'));
                    found.push(Source {
                        span: parallel.span,
                        reductions: reduced
                            .map(|fold| format!("`{}` ({})", name(&fold.local), word(fold.op)))
                            .chain(chosen)
                            .chain(folded)
                            .collect(),
                        privates: privates.iter().map(|name| format!("`{name}`")).collect(),
                    });
                }
                collect(function, &each.body, found);
                collect(function, &each.other, found);
            }
            _ => {}
        }
    }
}

fn word(op: hir::ReductionOp) -> &'static str {
    match op {
        hir::ReductionOp::Add => "+",
        hir::ReductionOp::Mul => "*",
        hir::ReductionOp::Min => "min",
        hir::ReductionOp::Max => "max",
        hir::ReductionOp::BitAnd => "&",
        hir::ReductionOp::BitOr => "|",
        hir::ReductionOp::BitXor => "^",
        hir::ReductionOp::And => "and",
        hir::ReductionOp::Or => "or",
    }
}
