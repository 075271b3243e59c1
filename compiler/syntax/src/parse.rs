//! Source to AST with the parser crate `rustpython-ruff_python_parser`: the only file that names it.
//!
//! The crate's tree is converted to ours, with the places and values that CPython gives where the two differ:
//! decorated definitions start at `def`, lone surrogates stay, adjacent f-string parts are joined.
//! Recursion here and in the parser is bounded by [`crate::scan`] beforehand; deep sources run on a thread of their own.

use std::collections::HashSet;

use rustpython_ruff_python_ast as r;
use rustpython_ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use rustpython_ruff_python_parser as parser;
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};
use snek_diagnostics::{Code, Diagnostic, FileId, Span};

use crate::ast::{Expr, Module};
use crate::scan::{Scan, scan};
use crate::{Dialect, MAX_DEPTH, ParseResult, check, message};

mod convert;
mod strings;

use convert::Converter;
pub use convert::Place;

/// A source with a higher estimate of its depth is not even given to the parser.
const MAX_ESTIMATE: u32 = 30_000;
/// Up to this estimate, the stack of any thread will do.
const SHALLOW: u32 = 100;
/// Bytes of stack for each level of the estimate: measured for the worst constructs, doubled.
const STACK_PER_LEVEL: usize = 8 << 10;

/// Parses decoded text.
pub(crate) fn parse_module(file: FileId, text: String, dialect: Dialect) -> ParseResult {
    let scan = scan(file, &text);
    let (module, diagnostics) = match refuse(file, &scan) {
        Some(error) => (None, vec![error]),
        None => with_stack(&scan, || run(file, &text, dialect, scan.brackets.clone())),
    };
    ParseResult {
        module,
        text,
        diagnostics,
    }
}

/// Parses one expression, as it may stand in a string annotation. `place` says where the text is in the file.
pub(crate) fn parse_expression(place: Place, text: &str) -> Result<Expr, Diagnostic> {
    let scan = scan(place.file(), text);
    let error = |message: String, range: TextRange| {
        Diagnostic::error(Code::P001, place.span(range), message)
    };
    if scan.limit.is_some() || scan.depth > SHALLOW {
        let all = TextRange::up_to((text.len() as u32).into());
        return Err(error("this expression is nested too deeply".into(), all));
    }
    let options = parser::ParseOptions::from(parser::Mode::ParenthesizedExpression);
    match parser::parse(text, options).map(|parsed| parsed.into_syntax()) {
        Ok(r::Mod::Expression(expression)) => {
            Converter::new(place, text, Dialect::default()).whole(|c| c.expr(&expression.body))
        }
        Ok(r::Mod::Module(module)) => Err(error("invalid syntax".into(), module.range)),
        Err(e) => Err(error(convert_error(&e, text).1, e.location)),
    }
}

fn refuse(file: FileId, scan: &Scan) -> Option<Diagnostic> {
    if let Some(error) = &scan.limit {
        return Some(error.clone());
    }
    if scan.depth <= MAX_ESTIMATE {
        return None;
    }
    // A bracket that is never closed makes the whole rest of the file one expression.
    Some(match &scan.brackets {
        Some(error) => error.clone(),
        None => too_deep(Span::at(file, scan.deepest)),
    })
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(Code::P004, span, "the source is nested too deeply")
        .note(format!(
            "the tree of a module can be {MAX_DEPTH} nodes deep, as in CPython 3.11"
        ))
        .help("split the expression or the chain of `elif` into several")
}

/// Runs `work` where its recursion has the stack that the scan says it may need.
fn with_stack<T: Send>(
    scan: &Scan,
    work: impl FnOnce() -> (Option<T>, Vec<Diagnostic>) + Send,
) -> (Option<T>, Vec<Diagnostic>) {
    if scan.depth <= SHALLOW {
        return work();
    }
    let size = (scan.depth as usize + 1000) * STACK_PER_LEVEL;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(size)
            .spawn_scoped(scope, work);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => {
                let message = format!("no thread to parse this deeply nested source: {error}");
                let error = Diagnostic::new(snek_diagnostics::Severity::Error, Code::P004, message);
                (None, vec![error])
            }
        }
    })
}

fn run(
    file: FileId,
    text: &str,
    dialect: Dialect,
    brackets: Option<Diagnostic>,
) -> (Option<Module>, Vec<Diagnostic>) {
    let version = r::PythonVersion {
        major: 3,
        minor: dialect.minor,
    };
    let options = parser::ParseOptions::from(parser::Mode::Module).with_target_version(version);
    let parsed = parser::parse_unchecked(text, options);
    let place = Place::Offset { file, offset: 0 };
    let r::Mod::Module(tree) = parsed.syntax() else {
        return (None, Vec::new());
    };

    let mut diagnostics = Vec::new();
    let errors = without_false_alarms(parsed.errors(), tree, text);
    for error in one_per_line(errors, text) {
        let (code, message) = convert_error(error, text);
        let mut diagnostic = Diagnostic::error(code, place.span(error.location), message);
        if error.error == parser::ParseErrorType::InvalidAssignmentTarget {
            diagnostic = diagnostic.help("to compare, write `==`");
        }
        diagnostics.push(diagnostic);
    }
    for error in one_per_line(parsed.unsupported_syntax_errors().iter().collect(), text) {
        let message = message::lower_first(error.to_string());
        diagnostics.push(Diagnostic::error(
            Code::P011,
            place.span(error.range),
            message,
        ));
    }
    if !diagnostics.is_empty() {
        if let Some(error) = brackets {
            replace_noise(&mut diagnostics, error, text);
        }
        snek_diagnostics::sort(&mut diagnostics);
        return (None, diagnostics);
    }
    match Converter::new(place, text, dialect).whole(|c| c.suite(&tree.body)) {
        Ok(body) => {
            let span = Span::new(file, 0, text.len() as u32);
            let module = Module { file, span, body };
            let errors = check::check(&module);
            (errors.is_empty().then_some(module), errors)
        }
        Err(error) => (None, vec![error]),
    }
}

/// Puts the error about a bracket in the place of what the parser says because of it: the next error after the bracket.
fn replace_noise(diagnostics: &mut Vec<Diagnostic>, bracket: Diagnostic, text: &str) {
    let line_start = bracket.primary.map_or(0, |span| {
        let before = &text[..span.start as usize];
        before.rfind('\n').map_or(0, |newline| newline as u32 + 1)
    });
    let is_before = |d: &Diagnostic| d.primary.is_some_and(|span| span.start < line_start);
    let at = diagnostics.iter().position(|d| !is_before(d));
    // An open bracket is missed again at the end of the file.
    let end = text.trim_end().len() as u32;
    let last = diagnostics.len().saturating_sub(1);
    if at.is_some_and(|at| at < last)
        && diagnostics[last]
            .primary
            .is_some_and(|span| span.start >= end)
    {
        diagnostics.pop();
    }
    match at {
        Some(at) => diagnostics[at] = bracket,
        None => diagnostics.push(bracket),
    }
}

/// The first error of each line: the others mostly follow from it.
fn one_per_line<'e, E: Ranged>(mut errors: Vec<&'e E>, text: &str) -> Vec<&'e E> {
    errors.sort_by_key(|e| e.range().start());
    let mut at = 0;
    let mut kept: Vec<&E> = Vec::new();
    for error in errors {
        let start = error.range().start().to_usize();
        let lines = text.as_bytes()[at..start].contains(&b'\n');
        if kept.is_empty() || lines {
            kept.push(error);
        }
        at = start;
    }
    kept
}

/// `a; match = 2`: the parser takes any `match` after a semicolon for a compound statement, although it parses it well.
fn without_false_alarms<'e>(
    errors: &'e [parser::ParseError],
    tree: &r::ModModule,
    text: &str,
) -> Vec<&'e parser::ParseError> {
    let is_suspect = |error: &parser::ParseError| {
        error.error == parser::ParseErrorType::SimpleAndCompoundStatementOnSameLine
            && &text[error.location] == "match"
    };
    if !errors.iter().any(is_suspect) {
        return errors.iter().collect();
    }
    #[derive(Default)]
    struct Matches(HashSet<TextSize>);
    impl<'a> StatementVisitor<'a> for Matches {
        fn visit_stmt(&mut self, stmt: &'a r::Stmt) {
            if matches!(stmt, r::Stmt::Match(_)) {
                self.0.insert(stmt.range().start());
            }
            walk_stmt(self, stmt);
        }
    }
    let mut matches = Matches::default();
    matches.visit_body(&tree.body);
    let is_real =
        |e: &&parser::ParseError| !is_suspect(e) || matches.0.contains(&e.location.start());
    errors.iter().filter(is_real).collect()
}

/// The code and the message, in CPython's words where it is known which they are.
fn convert_error(error: &parser::ParseError, text: &str) -> (Code, String) {
    use parser::LexicalErrorType as L;
    use parser::ParseErrorType as E;
    let target = || {
        let parsed = parser::parse_expression(&text[error.location]);
        parsed.map_or("expression", |parsed| expression_name(parsed.expr()))
    };
    let own = |code: Code, text: &str| (code, text.to_owned());
    match &error.error {
        E::InvalidAssignmentTarget | E::InvalidAnnotatedAssignmentTarget => {
            let what = target();
            let message = match (&error.error, what) {
                (_, "True" | "False" | "None" | "ellipsis") => format!("cannot assign to {what}"),
                (E::InvalidAnnotatedAssignmentTarget, "list" | "tuple") => {
                    format!("only single target (not {what}) can be annotated")
                }
                (E::InvalidAnnotatedAssignmentTarget, _) => "illegal target for annotation".into(),
                _ => format!("cannot assign to {what}"),
            };
            (Code::P007, message)
        }
        E::InvalidNamedAssignmentTarget => (
            Code::P007,
            format!("cannot use assignment expressions with {}", target()),
        ),
        E::InvalidAugmentedAssignmentTarget => (
            Code::P007,
            format!(
                "'{}' is an illegal expression for augmented assignment",
                target()
            ),
        ),
        E::InvalidDeleteTarget => (Code::P007, format!("cannot delete {}", target())),
        E::UnexpectedIndentation => own(Code::P005, "unexpected indent"),
        E::Lexical(L::IndentationError) => own(
            Code::P005,
            "unindent does not match any outer indentation level",
        ),
        E::OtherError(text) if text.starts_with("Expected an indented block") => {
            (Code::P005, message::lower_first(text.clone()))
        }
        E::PositionalAfterKeywordArgument => {
            own(Code::P001, "positional argument follows keyword argument")
        }
        E::PositionalAfterKeywordUnpacking => own(
            Code::P001,
            "positional argument follows keyword argument unpacking",
        ),
        E::InvalidArgumentUnpackingOrder => own(
            Code::P001,
            "iterable argument unpacking follows keyword argument unpacking",
        ),
        E::DuplicateKeywordArgumentError(name) => {
            (Code::P009, format!("keyword argument repeated: {name}"))
        }
        E::NonDefaultParamAfterDefaultParam => own(
            Code::P001,
            "parameter without a default follows parameter with a default",
        ),
        E::ParamAfterVarKeywordParam => {
            own(Code::P001, "arguments cannot follow var-keyword argument")
        }
        E::VarParameterWithDefault => own(
            Code::P001,
            "var-positional argument cannot have default value",
        ),
        E::ExpectedKeywordParam => own(Code::P001, "named arguments must follow bare *"),
        E::UnparenthesizedGeneratorExpression => {
            own(Code::P001, "generator expression must be parenthesized")
        }
        E::IterableUnpackingInComprehension => own(
            Code::P001,
            "iterable unpacking cannot be used in comprehension",
        ),
        E::EmptyImportNames => own(Code::P001, "expected one or more names after 'import'"),
        E::Lexical(L::UnclosedStringError) => {
            let triple =
                text[error.location].contains("\"\"\"") || text[error.location].contains("'''");
            let kind = if triple {
                "triple-quoted string"
            } else {
                "string"
            };
            (Code::P006, format!("unterminated {kind} literal"))
        }
        E::Lexical(L::InvalidByteLiteral) => own(
            Code::P006,
            "bytes can only contain ASCII literal characters",
        ),
        E::Lexical(L::LineContinuationError) => own(
            Code::P001,
            "unexpected character after line continuation character",
        ),
        E::Lexical(L::Eof) => own(Code::P001, "unexpected EOF while parsing"),
        E::Lexical(L::UnrecognizedToken { tok }) => {
            let message = match tok {
                '$' | '?' | '!' => "invalid syntax".to_owned(),
                c if c.is_ascii_graphic() => "invalid syntax".to_owned(),
                c => format!("invalid character '{c}' (U+{:04X})", *c as u32),
            };
            (Code::P001, message)
        }
        E::Lexical(L::UnicodeError | L::MissingUnicodeLbrace | L::MissingUnicodeRbrace) => own(
            Code::P006,
            "(unicode error) invalid escape in string literal",
        ),
        E::SimpleStatementsOnSameLine => {
            let message = message::old_statement(text, error.location.start().to_usize());
            let plain = "invalid syntax: statements must be separated by newlines or semicolons";
            (Code::P001, message.unwrap_or_else(|| plain.to_owned()))
        }
        E::Lexical(L::OtherError(message)) if message::number(message).is_some() => (
            Code::P006,
            message::number(message).unwrap_or_default().to_owned(),
        ),
        E::Lexical(L::OtherError(message)) => {
            (Code::P006, message::lower_first(message.to_string()))
        }
        E::ExpectedExpression => own(Code::P001, "expected an expression"),
        E::ExpectedToken { expected, found } => (
            Code::P001,
            message::expected(&expected.to_string(), &found.to_string()),
        ),
        other => (Code::P001, message::lower_first(other.to_string())),
    }
}

/// CPython's word for a kind of expression (`_PyPegen_get_expr_name`).
fn expression_name(expr: &r::Expr) -> &'static str {
    match expr {
        r::Expr::BoolOp(_) | r::Expr::BinOp(_) | r::Expr::UnaryOp(_) => "expression",
        r::Expr::Named(_) => "named expression",
        r::Expr::Lambda(_) => "lambda",
        r::Expr::If(_) => "conditional expression",
        r::Expr::Dict(_) => "dict literal",
        r::Expr::Set(_) => "set display",
        r::Expr::ListComp(_) => "list comprehension",
        r::Expr::SetComp(_) => "set comprehension",
        r::Expr::DictComp(_) => "dict comprehension",
        r::Expr::Generator(_) => "generator expression",
        r::Expr::Await(_) => "await expression",
        r::Expr::Yield(_) | r::Expr::YieldFrom(_) => "yield expression",
        r::Expr::Compare(_) => "comparison",
        r::Expr::Call(_) => "function call",
        r::Expr::FString(_) => "f-string expression",
        r::Expr::TString(_) => "t-string expression",
        r::Expr::StringLiteral(_) | r::Expr::BytesLiteral(_) | r::Expr::NumberLiteral(_) => {
            "literal"
        }
        r::Expr::BooleanLiteral(b) if b.value => "True",
        r::Expr::BooleanLiteral(_) => "False",
        r::Expr::NoneLiteral(_) => "None",
        r::Expr::EllipsisLiteral(_) => "ellipsis",
        r::Expr::Attribute(_) => "attribute",
        r::Expr::Subscript(_) => "subscript",
        r::Expr::Starred(_) => "starred",
        r::Expr::Name(_) => "name",
        r::Expr::List(_) => "list",
        r::Expr::Tuple(_) => "tuple",
        r::Expr::Slice(_) | r::Expr::IpyEscapeCommand(_) => "expression",
    }
}
