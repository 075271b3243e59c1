//! Objects and shared objects as files: what they export, need and describe, and that the same
//! program always gives the same bytes.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::Module;
use gimli::{EndianSlice, LittleEndian, UnwindSection as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use snek_codegen::{CodegenOptions, Cpu, Isa, emit_asm, emit_clif};
use snek_link::{Linker, Target, link};
use snek_mir::ir::{FloatOp, IntOp, OpKind, Overflow, Type};

/// Many small functions, of which some call others.
fn sample(name: &str) -> Module {
    let mut module = Module::new(name);
    let mut last = None;
    for index in 0..40 {
        let name = format!("f{index}");
        let id = module.exported(
            &name,
            &[("x", Type::I64), ("y", Type::F64)],
            &[Type::F64],
            |b, args| {
                let seven = b.const_i64(7 + index);
                let x = b.int(IntOp::Mul, Overflow::Checked, args[0], seven);
                match last {
                    Some(callee) => b.values(OpKind::Call(callee), vec![x, args[1]], &[Type::F64]),
                    None => vec![b.float(FloatOp::Mul, args[1], args[1])],
                }
            },
        );
        last = (index % 5 != 4).then_some(id);
    }
    module
}

fn options(threads: usize) -> CodegenOptions {
    CodegenOptions {
        threads,
        ..CodegenOptions::default()
    }
}

#[test]
fn bytes_do_not_depend_on_threads_or_time() {
    let module = sample("same");
    let first = module.linked(&options(1), Linker::Wild, None);
    for threads in [1, 2, 3, 8] {
        assert!(
            first == module.linked(&options(threads), Linker::Wild, None),
            "{threads} threads"
        );
    }
    let isa = Isa::new(&options(1)).expect("a target");
    assert_eq!(
        emit_asm(&module.program, &isa, &options(1)).expect("a listing"),
        emit_asm(&module.program, &isa, &options(4)).expect("a listing"),
    );
}

#[test]
fn cc_gives_the_same_bytes_each_time_and_leaves_out_its_paths() {
    let module = sample("with_cc");
    let link =
        |name: &str| module.linked(&options(1), Linker::Cc, Some(&crate::support::folder(name)));
    assert!(link("cc_one") == link("cc_two_in_a_longer_folder"));
}

#[test]
fn only_the_hooks_are_exported() {
    let module = sample("hooks");
    for (linker, work) in [
        (Linker::Wild, None),
        (Linker::Cc, Some(crate::support::folder("hooks_cc"))),
    ] {
        let bytes = module.linked(&options(1), linker, work.as_deref());
        let file = object::File::parse(&*bytes).expect("an ELF file");
        let mut exported: Vec<&str> = file
            .dynamic_symbols()
            .filter(|symbol| symbol.is_definition())
            .map(|symbol| symbol.name().expect("a name"))
            .collect();
        exported.sort_unstable();
        assert_eq!(
            exported,
            ["PyInit_hooks", "PyModExport_hooks"],
            "{linker:?}"
        );
        let names: Vec<&str> = file
            .symbols()
            .filter_map(|symbol| symbol.name().ok())
            .collect();
        assert!(
            names.contains(&"hooks.f3.3"),
            "functions have symbols for profilers"
        );
        assert!(file.section_by_name(".eh_frame_hdr").is_some());
        assert!(bytes.len() < 1_500_000, "{} bytes", bytes.len());
    }
}

#[test]
fn unwind_tables_cover_every_function() {
    let module = sample("unwind");
    let isa = Isa::new(&options(1)).expect("a target");
    let object = module.object(&isa, &options(1));
    let file = object::File::parse(&*object.bytes).expect("an ELF file");
    let section = file.section_by_name(".eh_frame").expect("a table");
    let data = section.data().expect("its bytes");
    // Every function that is defined has an entry whose address is relative to `.text`.
    let text = file.section_by_name(".text").expect("code");
    let mut places = Vec::new();
    for (_, relocation) in section.relocations() {
        let object::RelocationTarget::Symbol(symbol) = relocation.target() else {
            panic!("a relocation to no symbol");
        };
        let symbol = file.symbol_by_index(symbol).expect("a symbol");
        assert_eq!(symbol.section_index(), Some(text.index()));
        assert_eq!(symbol.kind(), object::SymbolKind::Section);
        places.push(relocation.addend() as u64);
    }
    let mut functions: Vec<u64> = file
        .symbols()
        .filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.is_definition())
        .map(|symbol| symbol.address())
        .collect();
    functions.sort_unstable();
    places.sort_unstable();
    assert_eq!(places, functions);

    let table = gimli::EhFrame::new(data, LittleEndian);
    let bases = gimli::BaseAddresses::default().set_eh_frame(0).set_text(0);
    let mut entries = table.entries(&bases);
    let mut count = 0;
    while let Some(entry) = entries.next().expect("a well-formed table") {
        if let gimli::CieOrFde::Fde(partial) = entry {
            partial
                .parse(gimli::EhFrame::cie_from_offset)
                .expect("a well-formed entry");
            count += 1;
        }
    }
    assert_eq!(count, functions.len());
}

#[test]
fn line_tables_name_the_functions_and_their_lines() {
    let module = sample("lines");
    let bytes = module.linked(&options(1), Linker::Wild, None);
    let file = object::File::parse(&*bytes).expect("an ELF file");
    let load = |id: gimli::SectionId| -> Result<EndianSlice<'_, LittleEndian>, gimli::Error> {
        let data = file
            .section_by_name(id.name())
            .and_then(|section| section.data().ok());
        Ok(EndianSlice::new(data.unwrap_or(&[]), LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(load).expect("debug sections");
    let header = dwarf.units().next().expect("well-formed").expect("a unit");
    let unit = dwarf.unit(header).expect("a unit");

    let mut rows: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    let mut program = unit.line_program.clone().expect("lines").rows();
    while let Some((header, row)) = program.next_row().expect("well-formed") {
        if let (false, Some(line), Some(file)) = (row.end_sequence(), row.line(), row.file(header))
        {
            let name = dwarf.attr_string(&unit, file.path_name()).expect("a name");
            let name = name.to_string_lossy().into_owned();
            rows.insert(row.address(), (line.get(), name));
        }
    }
    let mut found = 0;
    for symbol in file.symbols() {
        let name = symbol.name().unwrap_or("");
        let Some(index) = name
            .strip_prefix("lines.f")
            .and_then(|name| name.split('.').next())
        else {
            continue;
        };
        let Ok(index) = index.parse::<u64>() else {
            continue;
        };
        if name.ends_with("$entry") {
            continue;
        }
        let first = 10 * (index + 1);
        let inside: Vec<&(u64, String)> = rows
            .range(symbol.address()..symbol.address() + symbol.size())
            .map(|(_, row)| row)
            .collect();
        assert!(
            inside.iter().any(|row| row.0 == first + 1),
            "{name}: {inside:?}"
        );
        assert!(
            inside.iter().all(|row| row.1 == "lines.py"),
            "{name}: {inside:?}"
        );
        found += 1;
    }
    assert_eq!(found, 40);

    let mut names = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs().expect("well-formed") {
        if entry.tag() == gimli::DW_TAG_subprogram {
            let name = entry.attr_value(gimli::DW_AT_name).expect("a name");
            let name = dwarf.attr_string(&unit, name).expect("a name");
            names.push(name.to_string_lossy().into_owned());
        }
    }
    assert!(
        names.contains(&"f0".to_owned()) && names.contains(&"f39".to_owned()),
        "{names:?}"
    );
}

/// Linking by `wild` starts no program and looks for no file.
#[test]
fn linking_needs_nothing_of_the_machine() {
    if std::env::var_os("SNEK_TEST_BARE").is_some() {
        let bytes = sample("bare").linked(&options(2), Linker::Wild, None);
        assert!(bytes.starts_with(b"\x7fELF"));
        return;
    }
    let empty = crate::support::folder("bare_cwd");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "linking_needs_nothing_of_the_machine"])
        .env_clear()
        .env("PATH", "")
        .env("SNEK_TEST_BARE", "1")
        .current_dir(&empty)
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(std::fs::read_dir(&empty).expect("a folder").count(), 0);
}

#[test]
fn failures_of_linkers_are_errors() {
    let isa = Isa::new(&options(1)).expect("a target");
    let target = Target::new(isa.triple(), isa.x86_level()).expect("a runtime");
    let exports = ["PyInit_x".to_owned()];
    let error = link(b"not an object", &exports, target, Linker::Wild, None)
        .expect_err("that is no object");
    assert!(
        error
            .to_string()
            .starts_with("the built-in linker failed: "),
        "{error}"
    );
    let error =
        link(b"not an object", &exports, target, Linker::Cc, None).expect_err("there is no folder");
    assert!(error.to_string().contains("folder"), "{error}");
    let work = crate::support::folder("bad_cc");
    let error = link(
        b"not an object",
        &exports,
        target,
        Linker::Auto,
        Some(&work),
    )
    .expect_err("that is no object");
    assert!(
        error
            .to_string()
            .starts_with("the built-in linker failed: "),
        "{error}"
    );
}

#[test]
fn every_cpu_compiles() {
    let module = sample("cpus");
    for cpu in [Cpu::Baseline, Cpu::Modern, Cpu::Native] {
        let options = CodegenOptions {
            cpu,
            verify: true,
            ..options(1)
        };
        let isa = Isa::new(&options).expect("a target");
        module.object(&isa, &options);
        let text = emit_clif(&module.program, &isa).expect("a text");
        assert!(text.contains("; cpus.f0.0"), "{text}");
    }
}

#[test]
fn an_unknown_target_is_an_error() {
    let triple = "riscv32-unknown-none".parse().expect("a triple");
    let options = CodegenOptions {
        triple: Some(triple),
        ..options(1)
    };
    let error = Isa::new(&options).expect_err("no such target");
    assert!(
        error.to_string().starts_with("cannot compile for riscv32"),
        "{error}"
    );
}

/// What does not change in a loop leaves it, also past checks whose failure leaves the loop.
#[test]
fn row_addresses_leave_the_inner_loop() {
    use snek_mir::ir::{Bound, Layout, Scalar};
    for bound in [Bound::Proved, Bound::NonNegative, Bound::Checked] {
        let mut module = Module::new("motion");
        let ty = crate::support::array(Scalar::F64, 2, Layout::Contiguous);
        let sum = crate::run::sum_with(bound);
        module.exported("sum", &[("a", ty)], &[Type::F64], sum);
        let isa = Isa::new(&options(1)).expect("a target");
        let listing = emit_asm(&module.program, &isa, &options(1)).expect("a listing");
        // Second forms stand last.
        let (listing, second) = listing.split_once("$wide").unwrap_or((&listing, ""));
        assert!(second.matches("imul").count() <= 1, "{second}");
        if listing.contains("addsd") {
            let (before, _) = listing.split_once("addsd").expect("the sum");
            let block = &before[before.rfind("block").expect("its block")..];
            assert!(
                block.contains("movsd") && !block.contains("imul"),
                "{listing}"
            );
            assert_eq!(listing.matches("imul").count(), 1, "{listing}");
        }
    }
}
