//! The verifier: every rule of `ir.rs`, said precisely. It runs after lowering and after every pass in tests and debug
//! builds. It must never panic, whatever it is given, and never change anything.

mod fold;
mod function;

use crate::ir::{
    Element, Export, FunctionId, Layout, OpId, Program, PyType, Role, Scalar, Type, VectorForm,
};
use crate::text::print_op;
use rustc_hash::FxHashSet;
use snek_abi::ScalarKind;
use snek_diagnostics::InternalError;
use std::fmt;

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The function or the export.
    pub place: String,
    /// The op as text, if it is about one.
    pub op: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            Some(op) => write!(f, "{}: `{op}`: {}", self.place, self.message),
            None => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

/// All faults of a program; none if it is right.
pub fn verify(program: &Program) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut symbols = FxHashSet::default();
    for (id, function) in program.functions.iter_enumerated() {
        let mut fault = |message: String| {
            faults.push(Fault {
                place: format!("@{}", function.symbol),
                op: None,
                message,
            });
        };
        if !symbols.insert(function.symbol.as_str()) {
            fault("its symbol is taken".to_string());
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
        if function.symbol.is_empty() || !function.symbol.chars().all(legal) {
            fault("its symbol has illegal characters".to_string());
        }
        faults.extend(verify_function(program, id));
    }
    for export in &program.exports {
        verify_export(program, export, &mut |message| {
            faults.push(Fault {
                place: format!("export {}", export.name),
                op: None,
                message,
            });
        });
    }
    for form in &program.vector_forms {
        if let Some(message) = verify_form(program, form) {
            faults.push(Fault {
                place: format!("vector {}", form.name),
                op: None,
                message,
            });
        }
    }
    faults
}

fn verify_form(program: &Program, form: &VectorForm) -> Option<String> {
    let Some(function) = program.functions.get(form.function) else {
        return Some("its function does not exist".to_string());
    };
    let Some(row) = snek_abi::RuntimeFn::find(form.name) else {
        return Some("the runtime has no such function".to_string());
    };
    let types = |types: &[snek_abi::AbiType]| -> Vec<Type> {
        types.iter().copied().map(crate::ops::abi_type).collect()
    };
    let differs = function.types(function.params()) != types(row.params)
        || function.results != types(row.results);
    differs.then(|| "its function has other parameters or results".to_string())
}

/// The faults of one function.
pub fn verify_function(program: &Program, id: FunctionId) -> Vec<Fault> {
    let function = &program.functions[id];
    function::check(program, function)
        .into_iter()
        .map(|(op, message)| Fault {
            place: format!("@{}", function.symbol),
            op: op
                .filter(|op: &OpId| function.ops.get(*op).is_some())
                .map(|op| print_op(program, function, op)),
            message,
        })
        .collect()
}

/// A broken rule is a bug of whoever made the program: `place` says who.
pub fn expect_valid(program: &Program, place: &str) -> Result<(), InternalError> {
    let faults = verify(program);
    if faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = faults.iter().take(10).map(ToString::to_string).collect();
    Err(InternalError::new(place, lines.join("\n")))
}

/// The MIR types of a value at the boundary.
pub fn flatten(ty: &PyType, layout: Layout) -> Vec<Type> {
    let scalar = |scalar| Type::Scalar(scalar);
    match ty {
        PyType::Scalar(kind) => match kind {
            ScalarKind::Int | ScalarKind::I64 => vec![scalar(Scalar::I64)],
            ScalarKind::Bool => vec![scalar(Scalar::Bool)],
            ScalarKind::Float | ScalarKind::F64 => vec![scalar(Scalar::F64)],
            ScalarKind::Complex | ScalarKind::C128 => vec![scalar(Scalar::F64); 2],
            ScalarKind::I8 => vec![scalar(Scalar::I8)],
            ScalarKind::I16 => vec![scalar(Scalar::I16)],
            ScalarKind::I32 => vec![scalar(Scalar::I32)],
            ScalarKind::U8 => vec![scalar(Scalar::U8)],
            ScalarKind::U16 => vec![scalar(Scalar::U16)],
            ScalarKind::U32 => vec![scalar(Scalar::U32)],
            ScalarKind::U64 => vec![scalar(Scalar::U64)],
            ScalarKind::F32 => vec![scalar(Scalar::F32)],
            ScalarKind::C64 => vec![scalar(Scalar::F32); 2],
            ScalarKind::None => Vec::new(),
        },
        PyType::Array { element, rank } => {
            let element = match element {
                ScalarKind::C64 => Some(Element::Complex64),
                ScalarKind::C128 | ScalarKind::Complex => Some(Element::Complex128),
                kind => match flatten(&PyType::Scalar(*kind), layout).first() {
                    Some(Type::Scalar(scalar)) => Some(Element::Scalar(*scalar)),
                    _ => None,
                },
            };
            element
                .map(|element| {
                    Type::Array(crate::ir::ArrayType {
                        element,
                        rank: *rank,
                        layout,
                    })
                })
                .into_iter()
                .collect()
        }
        PyType::Tuple(items) => items
            .iter()
            .flat_map(|item| flatten(item, layout))
            .collect(),
    }
}

fn has_array(ty: &PyType) -> bool {
    match ty {
        PyType::Scalar(_) => false,
        PyType::Array { .. } => true,
        PyType::Tuple(items) => items.iter().any(has_array),
    }
}

fn verify_export(program: &Program, export: &Export, fault: &mut impl FnMut(String)) {
    let arrays = export.params.iter().any(|param| has_array(&param.ty));
    if arrays != export.strided.is_some() {
        fault("has a strided body if and only if it has array parameters".to_string());
    }
    let bodies = [
        (Some(export.contiguous), Layout::Contiguous),
        (export.strided, Layout::Strided),
    ];
    for (id, layout) in bodies {
        let Some(id) = id else { continue };
        let Some(function) = program.functions.get(id) else {
            fault(format!("its function #{} does not exist", id.index()));
            continue;
        };
        if function.role != Role::Plain {
            fault(format!("@{} is not plain", function.symbol));
        }
        let want: Vec<Type> = export
            .params
            .iter()
            .flat_map(|param| flatten(&param.ty, layout))
            .collect();
        let found: Vec<Type> = function
            .regions
            .get(function.body)
            .map(|body| body.params.as_slice())
            .unwrap_or_default()
            .iter()
            .filter_map(|param| function.values.get(*param))
            .map(|value| value.ty)
            .collect();
        if want != found {
            fault(format!(
                "the parameters of @{} are ({}), want ({})",
                function.symbol,
                list(&found),
                list(&want)
            ));
        }
        // An array result is one of the arguments; its layout is not known in general.
        let loosen = |types: Vec<Type>| -> Vec<Type> {
            types
                .into_iter()
                .map(|ty| match ty {
                    Type::Array(array) => Type::Array(crate::ir::ArrayType {
                        layout: Layout::Strided,
                        ..array
                    }),
                    ty => ty,
                })
                .collect()
        };
        let want = loosen(flatten(&export.result, layout));
        if want != loosen(function.results.clone()) {
            fault(format!(
                "the results of @{} are ({}), want ({})",
                function.symbol,
                list(&function.results),
                list(&want)
            ));
        }
    }
}

/// Types as a list for messages.
fn list(types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    types.join(", ")
}
