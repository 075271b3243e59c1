//! The object file: code, the descriptors by which the runtime knows the module, and tables.
//!
//! Everything is added in an order that the program fixes, so equal programs give equal bytes.

use cranelift_module::{
    DataDescription, DataId, FuncId, Linkage, Module, ModuleError, ModuleReloc, ModuleRelocTarget,
    default_libcall_names,
};
use cranelift_object::{ObjectBuilder, ObjectModule};
use object::write::StandardSection;
use rustc_hash::FxHashMap;
use snek_abi::{
    ABI_VERSION, FUNCTION_RELEASES_GIL, FrameInfo, FunctionDesc, ModuleDesc, ParamDesc, StrDesc,
    TYPE_DISJOINT, TYPE_WRITTEN, TypeDesc, TypeTag,
};
use snek_mir::ir::{Export, FrameId, ParamKind, Program, PyType};

use crate::clif::builder::runtime;
use crate::clif::signature::runtime_signature;
use crate::data::{Data, Extern};
use crate::debug::{FunctionRange, FunctionSource, add_tables};
use crate::isa::{CodegenOptions, Isa};
use crate::summary::{Summary, summaries};
use crate::unit::{Compiled, RelocTarget, Unit};
use crate::{CodegenError, ModuleInfo, ObjectFile};

impl From<ModuleError> for CodegenError {
    fn from(error: ModuleError) -> Self {
        CodegenError::Internal(error.to_string())
    }
}

/// Puts an object file together.
pub fn assemble(
    program: &Program,
    info: ModuleInfo<'_>,
    units: &[Unit],
    compiled: Vec<Compiled>,
    isa: &Isa,
    options: &CodegenOptions,
) -> Result<ObjectFile, CodegenError> {
    let builder = ObjectBuilder::new(
        isa.target.clone(),
        info.file_name.as_bytes(),
        default_libcall_names(),
    )?;
    let mut assembler = Assembler {
        program,
        info,
        module: ObjectModule::new(builder),
        units: FxHashMap::default(),
        runtime: FxHashMap::default(),
        data: FxHashMap::default(),
    };
    for (unit, compiled) in units.iter().zip(&compiled) {
        assembler.define_unit(*unit, compiled)?;
    }
    let ids: Vec<FuncId> = units.iter().map(|unit| assembler.units[unit]).collect();

    let mut product = assembler.module.finish();
    for (compiled, id) in compiled.iter().zip(&ids) {
        let symbol = product.function_symbol(*id);
        let symbol = product.object.symbol_mut(symbol);
        symbol.value += u64::from(compiled.begin);
        symbol.size -= u64::from(compiled.begin);
    }
    let ranges: Vec<FunctionRange<'_>> = units
        .iter()
        .zip(&compiled)
        .zip(&ids)
        .map(|((unit, compiled), id)| {
            let symbol = product.function_symbol(*id);
            FunctionRange {
                offset: product.object.symbol(symbol).value,
                size: u64::from(compiled.size),
                unwind: compiled.unwind.as_ref(),
                source: source_of(program, info, *unit, compiled),
            }
        })
        .collect();
    let text = product.object.section_id(StandardSection::Text);
    let text = product.object.section_symbol(text);
    add_tables(
        &mut product.object,
        text,
        &ranges,
        info.file_name,
        isa,
        options.debug_info,
    )?;
    let bytes = product
        .emit()
        .map_err(|error| CodegenError::Internal(error.to_string()))?;
    let exports = [Unit::Init, Unit::Export]
        .map(|unit| unit.symbol(program))
        .into();
    Ok(ObjectFile { bytes, exports })
}

fn source_of<'a>(
    program: &Program,
    info: ModuleInfo<'_>,
    unit: Unit,
    compiled: &'a Compiled,
) -> Option<FunctionSource<'a>> {
    let (Unit::Body(id) | Unit::Wide(id, _)) = unit else {
        return None;
    };
    let frame = &program.frames[program.functions[id].frame];
    let file = if is_own(program, program.functions[id].frame) {
        info.file_name.to_owned()
    } else {
        frame.file.clone()
    };
    Some(FunctionSource {
        name: frame.name.clone(),
        file,
        line: frame.first_line,
        lines: &compiled.lines,
    })
}

/// Whether a frame is of the module's own source, not of the standard library.
fn is_own(program: &Program, frame: FrameId) -> bool {
    !program.frames[frame].file.starts_with('<')
}

struct Assembler<'a> {
    program: &'a Program,
    info: ModuleInfo<'a>,
    module: ObjectModule,
    units: FxHashMap<Unit, FuncId>,
    runtime: FxHashMap<&'static str, FuncId>,
    data: FxHashMap<Data, DataId>,
}

impl Assembler<'_> {
    fn unit(&mut self, unit: Unit) -> Result<FuncId, CodegenError> {
        if let Some(id) = self.units.get(&unit) {
            return Ok(*id);
        }
        let linkage = match unit {
            Unit::Init | Unit::Export => Linkage::Export,
            _ => Linkage::Local,
        };
        // Calls were made with the right signature; here only the symbol counts.
        let signature = self.module.make_signature();
        let id = self
            .module
            .declare_function(&unit.symbol(self.program), linkage, &signature)?;
        self.units.insert(unit, id);
        Ok(id)
    }

    fn runtime(&mut self, name: &'static str) -> Result<FuncId, CodegenError> {
        if let Some(id) = self.runtime.get(name) {
            return Ok(*id);
        }
        let signature = runtime_signature(runtime(name)?);
        let id = self
            .module
            .declare_function(name, Linkage::Import, &signature)?;
        self.runtime.insert(name, id);
        Ok(id)
    }

    fn define_unit(&mut self, unit: Unit, compiled: &Compiled) -> Result<(), CodegenError> {
        let id = self.unit(unit)?;
        let mut relocs = Vec::with_capacity(compiled.relocs.len());
        for reloc in &compiled.relocs {
            let name = match reloc.target {
                RelocTarget::LibCall(libcall) => ModuleRelocTarget::LibCall(libcall),
                RelocTarget::Extern(index) => match &compiled.externs[index as usize] {
                    Extern::Unit(unit) => self.unit(*unit)?.into(),
                    Extern::Runtime(name) => self.runtime(name)?.into(),
                    Extern::Data(data) => self.data(data)?.into(),
                },
            };
            let offset = compiled.begin + reloc.offset;
            let (kind, addend) = (reloc.kind, reloc.addend);
            relocs.push(ModuleReloc {
                offset,
                kind,
                name,
                addend,
            });
        }
        // What is before the begin is never reached.
        let mut code = vec![0xcc; compiled.begin as usize];
        code.extend_from_slice(&compiled.code);
        self.module
            .define_function_bytes(id, compiled.align, &code, &relocs)?;
        Ok(())
    }

    fn data(&mut self, data: &Data) -> Result<DataId, CodegenError> {
        if let Some(id) = self.data.get(data) {
            return Ok(*id);
        }
        let id = match data {
            Data::Text(text) => {
                let mut bytes = text.clone().into_bytes();
                bytes.push(0);
                self.define(Record {
                    bytes,
                    align: 1,
                    pointers: Vec::new(),
                })?
            }
            Data::Bytes(bytes) => self.define(Record {
                bytes: bytes.clone(),
                align: 8,
                pointers: Vec::new(),
            })?,
            Data::Frame(frame) => {
                let record = self.frame_info(*frame)?;
                self.define(record)?
            }
            Data::Module => {
                let record = self.module_desc()?;
                self.define(record)?
            }
        };
        self.data.insert(data.clone(), id);
        Ok(id)
    }

    fn define(&mut self, record: Record) -> Result<DataId, CodegenError> {
        let id = self.module.declare_anonymous_data(false, false)?;
        let mut description = DataDescription::new();
        description.define(record.bytes.into_boxed_slice());
        description.set_align(record.align);
        for (offset, pointer) in record.pointers {
            match pointer {
                Pointer::Data(target) => {
                    let target = self.module.declare_data_in_data(target, &mut description);
                    description.write_data_addr(offset as u32, target, 0);
                }
                Pointer::Function(target) => {
                    let target = self.module.declare_func_in_data(target, &mut description);
                    description.write_function_addr(offset as u32, target);
                }
            }
        }
        self.module.define_data(id, &description)?;
        Ok(id)
    }

    fn put_text(&mut self, record: &mut Record, at: usize, text: &str) -> Result<(), CodegenError> {
        let id = self.data(&Data::Text(text.to_owned()))?;
        record.point(at + StrDesc::DATA, Pointer::Data(id));
        record.put(at + StrDesc::LENGTH, &(text.len() as i64).to_le_bytes());
        Ok(())
    }

    fn frame_info(&mut self, frame: FrameId) -> Result<Record, CodegenError> {
        let program = self.program;
        let frame_data = &program.frames[frame];
        let mut record = Record::new(FrameInfo::SIZE);
        self.put_text(&mut record, FrameInfo::NAME, &frame_data.name)?;
        self.put_text(&mut record, FrameInfo::QUALNAME, &frame_data.name)?;
        let file = if is_own(program, frame) {
            ""
        } else {
            &frame_data.file
        };
        self.put_text(&mut record, FrameInfo::FILE, file)?;
        let line = i64::from(frame_data.first_line);
        record.put(FrameInfo::FIRST_LINE, &line.to_le_bytes());
        Ok(record)
    }

    fn module_desc(&mut self) -> Result<Record, CodegenError> {
        let program = self.program;
        let mut record = Record::new(ModuleDesc::SIZE);
        record.put(ModuleDesc::ABI_VERSION, &ABI_VERSION.to_le_bytes());
        self.put_text(&mut record, ModuleDesc::NAME, &program.module)?;
        self.put_text(&mut record, ModuleDesc::SOURCE, self.info.source)?;
        self.put_text(&mut record, ModuleDesc::FILE_NAME, self.info.file_name)?;
        let count = program.exports.len();
        record.put(ModuleDesc::FUNCTION_COUNT, &(count as u64).to_le_bytes());
        if count > 0 {
            let summaries = summaries(program);
            let mut functions = Record::new(count * FunctionDesc::SIZE);
            for (index, export) in program.exports.iter().enumerate() {
                let mut summary = summaries[export.contiguous];
                if let Some(strided) = export.strided {
                    summary = summary.join(summaries[strided]);
                }
                let at = index * FunctionDesc::SIZE;
                self.function_desc(&mut functions, at, export, summary)?;
            }
            let id = self.define(functions)?;
            record.point(ModuleDesc::FUNCTIONS, Pointer::Data(id));
        }
        Ok(record)
    }

    fn function_desc(
        &mut self,
        record: &mut Record,
        at: usize,
        export: &Export,
        summary: Summary,
    ) -> Result<(), CodegenError> {
        let function = &self.program.functions[export.contiguous];
        self.put_text(record, at + FunctionDesc::NAME, &export.name)?;
        self.put_text(record, at + FunctionDesc::QUALNAME, &export.name)?;
        let mut put = |offset: usize, value: u32| record.put(at + offset, &value.to_le_bytes());
        put(FunctionDesc::FIRST_LINE, export.first_line);
        put(
            FunctionDesc::FLAGS,
            if summary.long {
                FUNCTION_RELEASES_GIL
            } else {
                0
            },
        );
        let count = |kind: ParamKind| {
            export
                .params
                .iter()
                .filter(|param| param.kind == kind)
                .count() as u32
        };
        put(FunctionDesc::PARAM_COUNT, export.params.len() as u32);
        put(
            FunctionDesc::POSITIONAL_ONLY,
            count(ParamKind::PositionalOnly),
        );
        put(FunctionDesc::KEYWORD_ONLY, count(ParamKind::KeywordOnly));
        let arguments = function.regions[function.body].params.len();
        put(FunctionDesc::ARGUMENT_SLOTS, arguments as u32);
        put(
            FunctionDesc::FRAME_SLOTS,
            (arguments + function.results.len()) as u32,
        );

        if !export.params.is_empty() {
            let mut params = Record::new(export.params.len() * ParamDesc::SIZE);
            for (index, param) in export.params.iter().enumerate() {
                let at = index * ParamDesc::SIZE;
                self.put_text(&mut params, at + ParamDesc::NAME, &param.name)?;
                // What a parallel loop writes must be no other argument's memory.
                let flags = match (param.written, summary.parallel) {
                    (true, true) => TYPE_WRITTEN | TYPE_DISJOINT,
                    (true, false) => TYPE_WRITTEN,
                    (false, _) => 0,
                };
                self.type_desc(&mut params, at + ParamDesc::TY, &param.ty, flags)?;
            }
            let id = self.define(params)?;
            record.point(at + FunctionDesc::PARAMS, Pointer::Data(id));
        }
        self.type_desc(record, at + FunctionDesc::RESULT, &export.result, 0)?;
        let contiguous = self.unit(Unit::Entry(export.contiguous))?;
        let strided = self.unit(Unit::Entry(export.strided.unwrap_or(export.contiguous)))?;
        record.point(
            at + FunctionDesc::ENTRY_CONTIGUOUS,
            Pointer::Function(contiguous),
        );
        record.point(at + FunctionDesc::ENTRY_STRIDED, Pointer::Function(strided));
        Ok(())
    }

    fn type_desc(
        &mut self,
        record: &mut Record,
        at: usize,
        ty: &PyType,
        flags: u8,
    ) -> Result<(), CodegenError> {
        let mut put = |offset: usize, value: u8| record.put(at + offset, &[value]);
        match ty {
            PyType::Scalar(kind) => {
                put(TypeDesc::TAG, TypeTag::Scalar as u8);
                put(TypeDesc::SCALAR, *kind as u8);
            }
            PyType::Array { element, rank } => {
                put(TypeDesc::TAG, TypeTag::Array as u8);
                put(TypeDesc::SCALAR, *element as u8);
                put(TypeDesc::RANK, *rank);
                put(TypeDesc::FLAGS, flags);
            }
            PyType::Tuple(items) => {
                put(TypeDesc::TAG, TypeTag::Tuple as u8);
                put(TypeDesc::SCALAR, snek_abi::ScalarKind::None as u8);
                record.put(at + TypeDesc::COUNT, &(items.len() as u32).to_le_bytes());
                if !items.is_empty() {
                    let mut list = Record::new(items.len() * TypeDesc::SIZE);
                    for (index, item) in items.iter().enumerate() {
                        self.type_desc(&mut list, index * TypeDesc::SIZE, item, flags)?;
                    }
                    let id = self.define(list)?;
                    record.point(at + TypeDesc::ITEMS, Pointer::Data(id));
                }
            }
        }
        Ok(())
    }
}

/// Constant data with addresses in it.
struct Record {
    bytes: Vec<u8>,
    align: u64,
    pointers: Vec<(usize, Pointer)>,
}

#[derive(Clone, Copy)]
enum Pointer {
    Data(DataId),
    Function(FuncId),
}

impl Record {
    fn new(size: usize) -> Record {
        Record {
            bytes: vec![0; size],
            align: 8,
            pointers: Vec::new(),
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn point(&mut self, at: usize, pointer: Pointer) {
        self.pointers.push((at, pointer));
    }
}
