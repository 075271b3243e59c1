//! The functions of an object file: which there are, and their compilation, on several threads.
//!
//! What comes out depends on the program alone, not on the number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranelift_codegen::Context;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, LibCall};
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_codegen::{FinalizedMachReloc, FinalizedRelocTarget};
use snek_mir::edit;
use snek_mir::ir::{Bound, FunctionId, OpId, Program, Role};

use crate::CodegenError;
use crate::clif::{self, Translated};
use crate::data::Extern;
use crate::isa::{CodegenOptions, Isa};
use crate::leaf::{self, Form, Refused, Width};
use crate::{contract, flags, marks, placement};

/// A function of the object file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A MIR function.
    Body(FunctionId),
    /// Its form for newer processors, with wide vectors among other things: see [`crate::leaf`].
    Wide(FunctionId, Width),
    /// The frame entry of one that Python calls.
    Entry(FunctionId),
    /// What the runtime calls for a range of a parallel loop.
    ParallelThunk(FunctionId),
    /// What the runtime calls to combine partial results.
    CombineThunk(FunctionId),
    /// Raises IndexError for what lies in memory; see [`clif::thunk::index_error`].
    IndexError,
    /// `PyInit_NAME`.
    Init,
    /// `PyModExport_NAME`.
    Export,
}

impl Unit {
    /// The symbol of a unit. The dot keeps it apart from symbols of C.
    pub fn symbol(self, program: &Program) -> String {
        let name = |id: FunctionId| format!("{}.{}", program.module, program.functions[id].symbol);
        match self {
            Unit::Body(id) => name(id),
            Unit::Wide(id, Width::Y) => format!("{}$wide", name(id)),
            Unit::Wide(id, Width::Z) => format!("{}$widest", name(id)),
            Unit::Entry(id) => format!("{}$entry", name(id)),
            Unit::ParallelThunk(id) => format!("{}$parallel", name(id)),
            Unit::CombineThunk(id) => format!("{}$combine", name(id)),
            Unit::IndexError => format!("{}.$index_error", program.module),
            Unit::Init => hook_symbol("PyInit", &program.module),
            Unit::Export => hook_symbol("PyModExport", &program.module),
        }
    }
}

/// The symbol by which CPython finds a module's hook: other than ASCII names are in punycode.
fn hook_symbol(prefix: &str, module: &str) -> String {
    let name = module.rsplit('.').next().unwrap_or(module);
    if name.is_ascii() {
        format!("{prefix}_{name}")
    } else {
        format!("{prefix}U_{}", punycode(name).replace('-', "_"))
    }
}

/// RFC 3492.
fn punycode(text: &str) -> String {
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = out.len() as u32;
    if basic > 0 {
        out.push('-');
    }
    let total = text.chars().count() as u32;
    let (mut code, mut delta, mut bias, mut handled) = (128u32, 0u32, 72u32, basic);
    while handled < total {
        let next = text
            .chars()
            .map(u32::from)
            .filter(|c| *c >= code)
            .min()
            .unwrap_or(code);
        delta = delta.wrapping_add((next - code).wrapping_mul(handled + 1));
        code = next;
        for c in text.chars().map(u32::from) {
            if c < code {
                delta = delta.wrapping_add(1);
            }
            if c != code {
                continue;
            }
            let (mut rest, mut k) = (delta, 36);
            loop {
                let threshold = if k <= bias { 1 } else { (k - bias).min(26) };
                if rest < threshold {
                    break;
                }
                out.push(punycode_digit(
                    threshold + (rest - threshold) % (36 - threshold),
                ));
                rest = (rest - threshold) / (36 - threshold);
                k += 36;
            }
            out.push(punycode_digit(rest));
            let mut scaled = if handled == basic {
                delta / 700
            } else {
                delta / 2
            };
            scaled += scaled / (handled + 1);
            let mut steps = 0;
            while scaled > 455 {
                scaled /= 35;
                steps += 36;
            }
            bias = steps + 36 * scaled / (scaled + 38);
            delta = 0;
            handled += 1;
        }
        delta = delta.wrapping_add(1);
        code += 1;
    }
    out
}

fn punycode_digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, 36).unwrap_or('0')
}

/// Every unit that Python can reach, in a fixed order.
pub fn reachable(program: &Program) -> Vec<Unit> {
    let mut seen = BTreeSet::new();
    let mut pending: Vec<FunctionId> = Vec::new();
    let mut units = BTreeSet::from([Unit::Init, Unit::Export]);
    for export in &program.exports {
        for id in [Some(export.contiguous), export.strided]
            .into_iter()
            .flatten()
        {
            units.insert(Unit::Entry(id));
            pending.push(id);
        }
    }
    while let Some(id) = pending.pop() {
        if !seen.insert(id) {
            continue;
        }
        units.insert(Unit::Body(id));
        let function = &program.functions[id];
        match function.role {
            Role::Plain | Role::Leaf => {}
            Role::ParallelBody => {
                units.insert(Unit::ParallelThunk(id));
            }
            Role::Combine => {
                units.insert(Unit::CombineThunk(id));
            }
        }
        pending.extend(edit::callees(function));
        let checks = |bound: &Bound| matches!(bound, Bound::Checked | Bound::NonNegative);
        let bounded = |op: OpId| {
            function.ops[op]
                .kind
                .bounds()
                .is_some_and(|b| b.iter().any(checks))
        };
        if edit::ops(function).into_iter().any(bounded) {
            units.insert(Unit::IndexError);
        }
    }
    units.into_iter().collect()
}

/// What a relocation points to.
#[derive(Clone, Copy, Debug)]
pub enum RelocTarget {
    /// The n-th extern of the unit.
    Extern(u32),
    /// A function that Cranelift knows.
    LibCall(LibCall),
}

/// A place in the code that the linker fills in.
#[derive(Clone, Debug)]
pub struct CodeReloc {
    /// Where.
    pub offset: u32,
    /// How.
    pub kind: Reloc,
    /// With whose address.
    pub target: RelocTarget,
    /// And what is added to it.
    pub addend: i64,
}

/// How to unwind a function.
#[derive(Clone, Debug)]
pub enum Unwind {
    /// As Cranelift says.
    Cranelift(UnwindInfo),
    /// With a frame of the emitter of leaves.
    Frame(Frame),
}

/// A frame of the emitter of leaves, whose frame pointer is `rbp`.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Where the frame pointer is set: bytes of code before.
    pub set_up: u32,
}

/// The machine code of a unit.
pub struct Compiled {
    /// The bytes.
    pub code: Vec<u8>,
    /// Their alignment.
    pub align: u64,
    /// How far behind such a place they begin.
    pub begin: u32,
    /// What the linker fills in.
    pub relocs: Vec<CodeReloc>,
    /// What it refers to.
    pub externs: Vec<Extern>,
    /// How much of them is code: constants may follow.
    pub size: u32,
    /// How to unwind it.
    pub unwind: Option<Unwind>,
    /// The source line that each stretch of code comes from: its first byte and the line.
    pub lines: Vec<(u32, u32)>,
    /// Cranelift's listing, if asked for.
    pub asm: Option<String>,
}

/// The stack of a thread that compiles: enough for thousands of nested regions, and only touched
/// as far as they nest.
const STACK: usize = 64 << 20;

/// Forms that there are not, although functions might have had them, and why.
pub type Refusals = Vec<(Unit, Refused)>;

/// The forms that functions have besides their first one, the widest last.
pub type Forms = BTreeMap<FunctionId, Vec<Form>>;

/// A form's code, and what it asks for, unless it was refused.
type MadeForm = Result<(Compiled, Form), Refused>;

/// Compiles all units, and further forms of functions, which are put behind them. Says which could not be made.
pub fn compile_all(
    program: &Program,
    units: &mut Vec<Unit>,
    isa: &Isa,
    options: &CodegenOptions,
    listing: bool,
) -> Result<(Vec<Compiled>, Refusals), CodegenError> {
    let wanted: Vec<Unit> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Body(id) => Some(*id),
            _ => None,
        })
        .flat_map(|id| {
            let widths = leaf::wanted(&program.functions[id], isa, options).iter();
            widths.map(move |width| Unit::Wide(id, *width))
        })
        .collect();
    // What is called must be known: leaves call nothing, so they come first.
    let (leaves, others): (Vec<Unit>, Vec<Unit>) = wanted.into_iter().partition(
        |unit| matches!(unit, Unit::Wide(id, _) if program.functions[*id].role == Role::Leaf),
    );
    let mut forms = Forms::new();
    let of_leaves = further_forms(&leaves, program, isa, options, &forms, listing)?;
    add_forms(&mut forms, made(&leaves, &of_leaves));
    let (known, mut assumed) = (forms.clone(), forms.clone());
    let all = others.iter().filter_map(|unit| match unit {
        Unit::Wide(_, width) => Some((unit, width.form())),
        _ => None,
    });
    add_forms(&mut assumed, all);
    let mut of_others = further_forms(&others, program, isa, options, &assumed, listing)?;
    // Such forms call each other's: where one is refused, those that call it are.
    loop {
        forms = known.clone();
        add_forms(&mut forms, made(&others, &of_others));
        let mut changed = false;
        for (unit, compiled) in others.iter().zip(&mut of_others) {
            let Unit::Wide(id, _) = unit else { continue };
            let callees = edit::callees(&program.functions[*id]);
            let is_refused =
                |callee: &FunctionId| assumed.contains_key(callee) && !forms.contains_key(callee);
            if compiled.is_ok()
                && let Some(callee) = callees.into_iter().find(is_refused)
            {
                let symbol = Unit::Wide(callee, Width::Y).symbol(program);
                *compiled = Err(Refused(format!("it calls {symbol}")));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let compiled = in_threads(units, program, options, || {
        let mut translator = clif::Translator::new(program, isa, &forms);
        let mut context = Context::new();
        move |unit| {
            let mut translated = translator.translate(unit)?;
            if isa.always_fuses()
                && matches!(unit, Unit::Body(id) if program.functions[id].fastmath)
            {
                contract::run(&mut translated.function);
            }
            compile(&mut context, translated, isa, listing)
        }
    });
    let mut compiled = compiled.map_err(|(unit, error)| in_unit(unit, program, error))?;
    let mut refusals = Vec::new();
    let further = leaves.into_iter().chain(others);
    for (unit, form) in further.zip(of_leaves.into_iter().chain(of_others)) {
        match form {
            Ok((form, _)) => {
                units.push(unit);
                compiled.push(form);
            }
            Err(refused) => refusals.push((unit, refused)),
        }
    }
    Ok((compiled, refusals))
}

/// The units that were not refused.
fn made<'u>(units: &'u [Unit], compiled: &[MadeForm]) -> impl Iterator<Item = (&'u Unit, Form)> {
    let made = units.iter().zip(compiled);
    made.filter_map(|(unit, made)| made.as_ref().ok().map(|(_, form)| (unit, *form)))
}

fn add_forms<'u>(forms: &mut Forms, units: impl Iterator<Item = (&'u Unit, Form)>) {
    for (unit, form) in units {
        if let Unit::Wide(id, _) = unit {
            forms.entry(*id).or_default().push(form);
        }
    }
}

/// Compiles further forms, which call those in `forms`.
fn further_forms(
    units: &[Unit],
    program: &Program,
    isa: &Isa,
    options: &CodegenOptions,
    forms: &Forms,
    listing: bool,
) -> Result<Vec<MadeForm>, CodegenError> {
    let compiled = in_threads(units, program, options, || {
        let mut translator = clif::Translator::new(program, isa, forms);
        let mut context = Context::new();
        move |unit| {
            let translated = translator.translate(unit)?;
            let Unit::Wide(id, width) = unit else {
                return Err(CodegenError::Internal("a form of no leaf".to_owned()));
            };
            let how = leaf::How::new(&program.functions[id], width);
            leaf::compile(&mut context, translated, isa, how, listing)
        }
    });
    compiled.map_err(|(unit, error)| in_unit(unit, program, error))
}

/// Does something with every unit, on several threads, the largest first, for the last ones to end
/// together; results are in the order of the units.
fn in_threads<T: Send, F: FnMut(Unit) -> Result<T, CodegenError>>(
    units: &[Unit],
    program: &Program,
    options: &CodegenOptions,
    worker: impl Fn() -> F + Sync,
) -> Result<Vec<T>, (Unit, CodegenError)> {
    let Some(first) = units.first() else {
        return Ok(Vec::new());
    };
    let size = |index: &usize| match units[*index] {
        Unit::Body(id) | Unit::Wide(id, _) => program.functions[id].ops.len(),
        _ => 0,
    };
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(size(index)));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        let mut worker = worker();
        loop {
            let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return done;
            };
            let unit = units[index];
            done.push((index, worker(unit).map_err(|error| (unit, error))));
        }
    };

    // A thread costs about as much as a few small functions. Translation recurses into regions,
    // so none of it runs on the caller's stack, which may be small.
    let threads = options.threads.clamp(1, units.len().div_ceil(2));
    let mut done = std::thread::scope(|scope| {
        let workers = (0..threads)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, work)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                let error = format!("no thread to work in: {error}");
                (*first, CodegenError::Internal(error))
            })?;
        let mut done = Vec::with_capacity(units.len());
        for worker in workers {
            match worker.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<_, (Unit, CodegenError)>(done)
    })?;
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, compiled)| compiled).collect()
}

fn in_unit(unit: Unit, program: &Program, error: CodegenError) -> CodegenError {
    match error {
        CodegenError::Internal(reason) => {
            CodegenError::Internal(format!("{}: {reason}", unit.symbol(program)))
        }
        other => other,
    }
}

fn compile(
    context: &mut Context,
    translated: Translated,
    isa: &Isa,
    listing: bool,
) -> Result<Compiled, CodegenError> {
    context.clear();
    context.func = translated.function;
    context.set_disasm(listing);
    context
        .compile(&*isa.target, &mut ControlPlane::default())
        .map_err(|error| CodegenError::Internal(format!("{:?}", error.inner)))?;
    let code = context
        .compiled_code()
        .ok_or_else(|| CodegenError::Internal("Cranelift made no code".to_owned()))?;
    let unwind = code
        .create_unwind_info(&*isa.target)
        .map_err(|error| CodegenError::Internal(error.to_string()))?;
    let relocs = code
        .buffer
        .relocs()
        .iter()
        .map(|reloc| code_reloc(reloc, &context.func))
        .collect::<Result<_, _>>()?;
    let lines = code
        .buffer
        .get_srclocs_sorted()
        .iter()
        .filter(|range| !range.loc.is_default())
        .map(|range| (range.start, marks::line(range.loc)))
        .collect();
    let mut bytes = code.buffer.data().to_vec();
    if isa.architecture() == object::Architecture::X86_64 {
        let ranges = code.buffer.get_srclocs_sorted().iter();
        for range in ranges.filter(|range| marks::is_flag(range.loc)) {
            flags::fuse(&mut bytes[range.start as usize..range.end as usize]);
        }
    }
    let size = code.buffer.data().len() as u32;
    let seldom: Vec<(u32, u32)> = code
        .buffer
        .get_srclocs_sorted()
        .iter()
        .filter(|range| marks::is_seldom(range.loc))
        .map(|range| (range.start, range.end))
        .collect();
    let jumps = match isa.architecture() {
        object::Architecture::X86_64 => placement::jumps_back(&bytes, &code.bb_starts),
        _ => code.bb_edges.clone(),
    };
    let begin = placement::begin(&code.bb_starts, &jumps, &seldom, size);
    let align = match begin {
        Some(_) => placement::LINE.max(code.buffer.alignment),
        None => code.buffer.alignment,
    };
    Ok(Compiled {
        size,
        code: bytes,
        align: u64::from(align),
        begin: begin.unwrap_or(0),
        relocs,
        externs: translated.externs,
        unwind: unwind.map(Unwind::Cranelift),
        lines,
        asm: code.vcode.clone(),
    })
}

fn code_reloc(
    reloc: &FinalizedMachReloc,
    function: &cranelift_codegen::ir::Function,
) -> Result<CodeReloc, CodegenError> {
    let target = match &reloc.target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            RelocTarget::Extern(function.params.user_named_funcs()[*name].index)
        }
        FinalizedRelocTarget::ExternalName(ExternalName::LibCall(libcall)) => {
            RelocTarget::LibCall(*libcall)
        }
        other => return Err(CodegenError::Internal(format!("a relocation to {other:?}"))),
    };
    Ok(CodeReloc {
        offset: reloc.offset,
        kind: reloc.kind,
        target,
        addend: reloc.addend,
    })
}

/// The text of all units as Cranelift IR.
pub fn clif_text(program: &Program, units: &[Unit], isa: &Isa) -> Result<String, CodegenError> {
    let forms = Forms::new();
    let mut translator = clif::Translator::new(program, isa, &forms);
    let mut text = String::new();
    for unit in units {
        let translated = translator
            .translate(*unit)
            .map_err(|error| in_unit(*unit, program, error))?;
        let _ = writeln!(text, "; {}", unit.symbol(program));
        for (index, target) in translated.externs.iter().enumerate() {
            let _ = writeln!(text, ";   u0:{index} is {}", target.describe(program));
        }
        let _ = writeln!(text, "{}", translated.function.display());
    }
    Ok(text)
}

/// The listings of all units.
pub fn asm_text(
    program: &Program,
    units: &[Unit],
    compiled: &[Compiled],
    refusals: &[(Unit, Refused)],
) -> String {
    let mut text = String::new();
    for (unit, Refused(what)) in refusals {
        let _ = writeln!(text, "; no {}: {what}", unit.symbol(program));
    }
    for (unit, compiled) in units.iter().zip(compiled) {
        let _ = writeln!(text, "{}:", unit.symbol(program));
        for (index, target) in compiled.externs.iter().enumerate() {
            let _ = writeln!(text, "  ; u0:{index} is {}", target.describe(program));
        }
        let _ = writeln!(text, "{}", compiled.asm.as_deref().unwrap_or(""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_named_as_cpython_looks_for_them() {
        assert_eq!(hook_symbol("PyInit", "package.blur"), "PyInit_blur");
        // As `"é".encode("punycode")` and so on give them.
        assert_eq!(hook_symbol("PyInit", "größe"), "PyInitU_gre_6ka8i");
        assert_eq!(hook_symbol("PyModExport", "模糊"), "PyModExportU_vcw011b");
    }
}
