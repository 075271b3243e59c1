//! Unwind tables and line tables.
//!
//! Cranelift's object writer makes an `.eh_frame` of absolute addresses, which no shared object
//! may have, so this one is ours: relative addresses, and only to the section symbol of `.text`,
//! which no other module can take over.

use cranelift_codegen::isa::unwind::UnwindInfo;
use gimli::write::{
    Address, AttributeValue, CallFrameInstruction, DwarfUnit, EhFrame, EndianVec,
    FrameDescriptionEntry, FrameTable, LineProgram, LineString, Result as GimliResult, Sections,
    Writer,
};
use gimli::{
    DW_EH_PE_pcrel, DW_EH_PE_sdata4, DwEhPe, Encoding, Format, LineEncoding, RunTimeEndian,
    SectionId, X86_64,
};
use object::write::{Object, Relocation, SymbolId};
use object::{RelocationFlags, SectionKind, elf};
use rustc_hash::FxHashMap;

use crate::CodegenError;
use crate::isa::Isa;
use crate::unit::{Frame, Unwind};

/// A function of the object, as these tables see it.
pub struct FunctionRange<'a> {
    /// Where it starts in `.text`.
    pub offset: u64,
    /// How many bytes it has.
    pub size: u64,
    /// How to unwind it.
    pub unwind: Option<&'a Unwind>,
    /// Its name and place, if it has one in the source.
    pub source: Option<FunctionSource<'a>>,
}

/// Where a function is written.
pub struct FunctionSource<'a> {
    /// As Python calls it.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line of its definition.
    pub line: u32,
    /// The line of each stretch of code.
    pub lines: &'a [(u32, u32)],
}

/// Adds `.eh_frame`, and `.debug_*` if `lines` says so.
pub fn add_tables(
    object: &mut Object<'static>,
    text: SymbolId,
    functions: &[FunctionRange<'_>],
    file_name: &str,
    isa: &Isa,
    lines: bool,
) -> Result<(), CodegenError> {
    let internal = |error: gimli::write::Error| CodegenError::Internal(error.to_string());
    let mut sections = vec![unwind_table(functions, isa).map_err(internal)?];
    if lines {
        sections.extend(line_tables(functions, file_name).map_err(internal)?);
    }

    let mut symbols = FxHashMap::default();
    let mut added = Vec::new();
    for (name, table, align, kind) in sections {
        let section = object.add_section(Vec::new(), name.as_bytes().to_vec(), kind);
        object.append_section_data(section, table.bytes.slice(), align);
        symbols.insert(name, object.section_symbol(section));
        added.push((section, table.relocs));
    }
    for (section, relocs) in added {
        for reloc in relocs {
            let symbol = match reloc.target {
                Target::Text => text,
                Target::Section(id) => symbols[id.name()],
            };
            let flags = RelocationFlags::Elf {
                r_type: reloc_type(isa, reloc.size, reloc.relative),
            };
            let Reloc { offset, addend, .. } = reloc;
            object
                .add_relocation(
                    section,
                    Relocation {
                        offset,
                        symbol,
                        addend,
                        flags,
                    },
                )
                .map_err(|error| CodegenError::Internal(error.to_string()))?;
        }
    }
    Ok(())
}

fn reloc_type(isa: &Isa, size: u8, relative: bool) -> u32 {
    match (isa.architecture(), size, relative) {
        (object::Architecture::Aarch64, _, true) => elf::R_AARCH64_PREL32,
        (object::Architecture::Aarch64, 8, false) => elf::R_AARCH64_ABS64,
        (object::Architecture::Aarch64, _, false) => elf::R_AARCH64_ABS32,
        (_, _, true) => elf::R_X86_64_PC32,
        (_, 8, false) => elf::R_X86_64_64,
        (_, _, false) => elf::R_X86_64_32,
    }
}

type Section = (&'static str, Table, u64, SectionKind);

fn unwind_table(functions: &[FunctionRange<'_>], isa: &Isa) -> GimliResult<Section> {
    let mut frames = FrameTable::default();
    // A target without such unwind information gets an empty table.
    if let Some(mut cie) = isa.target.create_systemv_cie() {
        cie.fde_address_encoding = DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0);
        let cie = frames.add_cie(cie);
        for function in functions {
            match function.unwind {
                Some(Unwind::Cranelift(UnwindInfo::SystemV(info))) => {
                    frames.add_fde(cie, info.to_fde(in_text(function.offset)));
                }
                Some(Unwind::Frame(frame)) => frames.add_fde(cie, frame_entry(function, frame)),
                _ => {}
            }
        }
    }
    let mut table = EhFrame(Table::default());
    frames.write_eh_frame(&mut table)?;
    Ok((".eh_frame", table.0, 8, SectionKind::ReadOnlyData))
}

/// How to unwind a function whose frame pointer is pushed first.
fn frame_entry(function: &FunctionRange<'_>, frame: &Frame) -> FrameDescriptionEntry {
    let size = function.size as u32;
    let mut entry = FrameDescriptionEntry::new(in_text(function.offset), size);
    // After the push, of one byte; after the frame pointer is set.
    entry.add_instruction(1, CallFrameInstruction::CfaOffset(16));
    entry.add_instruction(1, CallFrameInstruction::Offset(X86_64::RBP, -16));
    entry.add_instruction(frame.set_up, CallFrameInstruction::CfaRegister(X86_64::RBP));
    entry
}

fn in_text(offset: u64) -> Address {
    Address::Symbol {
        symbol: 0,
        addend: offset as i64,
    }
}

fn line_tables(functions: &[FunctionRange<'_>], file_name: &str) -> GimliResult<Vec<Section>> {
    let encoding = Encoding {
        format: Format::Dwarf32,
        version: 4,
        address_size: 8,
    };
    let text = |text: &str| LineString::String(text.as_bytes().to_vec());
    let mut dwarf = DwarfUnit::new(encoding);
    let mut program = LineProgram::new(
        encoding,
        LineEncoding::default(),
        text("."),
        None,
        text(file_name),
        None,
    );
    let directory = program.default_directory();
    let string = |text: &str| AttributeValue::String(text.as_bytes().to_vec());

    let root = dwarf.unit.root();
    for function in functions {
        let Some(source) = &function.source else {
            continue;
        };
        let file = program.add_file(text(&source.file), directory, None);
        program.begin_sequence(Some(in_text(function.offset)));
        // The prologue is at the line of the `def`.
        let start = [(0, source.line)];
        let rows = start
            .iter()
            .filter(|_| source.lines.first().is_none_or(|row| row.0 > 0));
        for (offset, line) in rows.chain(source.lines) {
            let row = program.row();
            row.address_offset = u64::from(*offset);
            row.file = file;
            row.line = u64::from(*line);
            program.generate_row();
        }
        program.end_sequence(function.size);

        let entry = dwarf.unit.add(root, gimli::DW_TAG_subprogram);
        let entry = dwarf.unit.get_mut(entry);
        entry.set(gimli::DW_AT_name, string(&source.name));
        entry.set(
            gimli::DW_AT_decl_file,
            AttributeValue::FileIndex(Some(file)),
        );
        entry.set(
            gimli::DW_AT_decl_line,
            AttributeValue::Udata(u64::from(source.line)),
        );
        entry.set(
            gimli::DW_AT_low_pc,
            AttributeValue::Address(in_text(function.offset)),
        );
        entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(function.size));
    }
    dwarf.unit.line_program = program;
    let end = functions
        .iter()
        .map(|function| function.offset + function.size)
        .max();
    let entry = dwarf.unit.get_mut(root);
    entry.set(gimli::DW_AT_producer, string("snek"));
    entry.set(gimli::DW_AT_name, string(file_name));
    entry.set(gimli::DW_AT_comp_dir, string("."));
    entry.set(
        gimli::DW_AT_language,
        AttributeValue::Language(gimli::DW_LANG_Python),
    );
    entry.set(gimli::DW_AT_stmt_list, AttributeValue::LineProgramRef);
    entry.set(gimli::DW_AT_low_pc, AttributeValue::Address(in_text(0)));
    entry.set(
        gimli::DW_AT_high_pc,
        AttributeValue::Udata(end.unwrap_or(0)),
    );

    let mut sections = Sections::new(Table::default());
    dwarf.write(&mut sections)?;
    let mut tables = Vec::new();
    sections.for_each(|id, table| -> GimliResult<()> {
        if table.bytes.len() > 0 {
            tables.push((id.name(), table.clone(), 1, SectionKind::Debug));
        }
        Ok(())
    })?;
    Ok(tables)
}

/// What an address in a table is relative to.
#[derive(Clone, Copy, Debug)]
enum Target {
    Text,
    Section(SectionId),
}

#[derive(Clone, Copy, Debug)]
struct Reloc {
    offset: u64,
    target: Target,
    addend: i64,
    size: u8,
    relative: bool,
}

/// A section under construction.
#[derive(Clone)]
struct Table {
    bytes: EndianVec<RunTimeEndian>,
    relocs: Vec<Reloc>,
}

impl Default for Table {
    fn default() -> Self {
        Table {
            bytes: EndianVec::new(RunTimeEndian::Little),
            relocs: Vec::new(),
        }
    }
}

impl Writer for Table {
    type Endian = RunTimeEndian;

    fn endian(&self) -> RunTimeEndian {
        RunTimeEndian::Little
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn write(&mut self, bytes: &[u8]) -> GimliResult<()> {
        self.bytes.write(bytes)
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> GimliResult<()> {
        self.bytes.write_at(offset, bytes)
    }

    fn write_address(&mut self, address: Address, size: u8) -> GimliResult<()> {
        match address {
            Address::Constant(value) => self.write_udata(value, size),
            Address::Symbol { addend, .. } => {
                let offset = self.len() as u64;
                let (target, relative) = (Target::Text, false);
                self.relocs.push(Reloc {
                    offset,
                    target,
                    addend,
                    size,
                    relative,
                });
                self.write_udata(0, size)
            }
        }
    }

    fn write_eh_pointer(&mut self, address: Address, pe: DwEhPe, size: u8) -> GimliResult<()> {
        match address {
            Address::Constant(value) => self.write_eh_pointer_data(value, pe.format(), size),
            // The only encoding that `unwind_table` asks for.
            Address::Symbol { addend, .. } => {
                let offset = self.len() as u64;
                let (target, relative) = (Target::Text, true);
                self.relocs.push(Reloc {
                    offset,
                    target,
                    addend,
                    size: 4,
                    relative,
                });
                self.write_udata(0, 4)
            }
        }
    }

    fn write_offset(&mut self, value: usize, section: SectionId, size: u8) -> GimliResult<()> {
        let offset = self.len() as u64;
        let (target, addend, relative) = (Target::Section(section), value as i64, false);
        self.relocs.push(Reloc {
            offset,
            target,
            addend,
            size,
            relative,
        });
        self.write_udata(0, size)
    }

    fn write_offset_at(
        &mut self,
        at: usize,
        value: usize,
        section: SectionId,
        size: u8,
    ) -> GimliResult<()> {
        let (target, addend, relative) = (Target::Section(section), value as i64, false);
        self.relocs.push(Reloc {
            offset: at as u64,
            target,
            addend,
            size,
            relative,
        });
        self.write_udata_at(at, 0, size)
    }
}
