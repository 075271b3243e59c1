//! Tests of code generation: on object files, and on modules that Python imports.

mod division;
mod link;
mod run;
mod support;
mod vector_memory;
mod vectors;
