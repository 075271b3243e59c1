//! AST to typed HIR: resolve names, infer, check. Must never know of machine layouts or passes.

pub mod hir;
