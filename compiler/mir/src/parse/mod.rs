//! Reads the text form of MIR: the inverse of `text.rs`. What it reads may be wrong MIR; `verify` is the judge. Ids that
//! the text skips become dead values and labels. Must never panic on any text.

mod function;
mod lexer;

use crate::ir::{
    ArrayType, Element, Export, ExportParam, Frame, FrameId, FunctionId, Layout, ParamKind,
    Program, PyType, Scalar, Type, VectorForm,
};
use crate::text::scalar_kind_name;
use lexer::Token;
use rustc_hash::FxHashMap;
use snek_abi::ScalarKind;
use std::fmt;

/// Why a text is no MIR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ParseError {
    fn new(text: &str, offset: usize, message: impl Into<String>) -> ParseError {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

type Result<T> = std::result::Result<T, ParseError>;

/// Reads a program.
pub fn parse(text: &str) -> Result<Program> {
    let tokens = lexer::tokens(text)?;
    let mut symbols = FxHashMap::default();
    for pair in tokens.windows(2) {
        if let [(_, Token::Word(word)), (at, Token::At(symbol))] = pair
            && word == "func"
        {
            let id = FunctionId::from_usize(symbols.len());
            if symbols.insert(symbol.clone(), id).is_some() {
                let message = format!("`@{symbol}` is defined twice");
                return Err(ParseError::new(text, *at, message));
            }
        }
    }
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        symbols,
    };
    parser.program()
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    symbols: FxHashMap<String, FunctionId>,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].1.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(ParseError::new(self.text, self.tokens[self.at].0, message))
    }

    fn wanted<T>(&self, what: &str) -> Result<T> {
        let found = match self.peek() {
            Token::Word(word) | Token::Number(word) => format!("`{word}`"),
            Token::Text(_) => "a text".to_string(),
            Token::Value(name) => format!("`%{name}`"),
            Token::At(name) => format!("`@{name}`"),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::End => "the end".to_string(),
        };
        self.error(format!("want {what}, found {found}"))
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Token::Mark(found) if *found == mark);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, mark: &str) -> Result<()> {
        if self.eat(mark) {
            Ok(())
        } else {
            self.wanted(&format!("`{mark}`"))
        }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(found) if found == word);
        if found {
            self.next();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) {
            Ok(())
        } else {
            self.wanted(&format!("`{word}`"))
        }
    }

    fn word(&mut self, what: &str) -> Result<String> {
        match self.peek() {
            Token::Word(word) => {
                let word = word.clone();
                self.next();
                Ok(word)
            }
            _ => self.wanted(what),
        }
    }

    fn quoted(&mut self) -> Result<String> {
        match self.peek() {
            Token::Text(text) => {
                let text = text.clone();
                self.next();
                Ok(text)
            }
            _ => self.wanted("a text"),
        }
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T> {
        match self.peek() {
            Token::Number(number) => match number.parse() {
                Ok(value) => {
                    self.next();
                    Ok(value)
                }
                Err(_) => self.wanted(what),
            },
            _ => self.wanted(what),
        }
    }

    /// The bits that `0x...` says.
    fn bits(&mut self) -> Result<u64> {
        if let Token::Number(number) = self.peek()
            && let Some(digits) = number.strip_prefix("0x")
            && let Ok(bits) = u64::from_str_radix(digits, 16)
        {
            self.next();
            return Ok(bits);
        }
        self.wanted("bits such as `0x3ff`")
    }

    /// Items between marks, separated by commas.
    fn list<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn program(&mut self) -> Result<Program> {
        let mut program = Program::default();
        self.expect_word("module")?;
        program.module = self.quoted()?;
        loop {
            if self.eat_word("frame") {
                let frame = self.frame(program.frames.len())?;
                program.frames.push(frame);
            } else if self.eat_word("export") {
                let export = self.export()?;
                program.exports.push(export);
            } else if self.eat_word("vector") {
                let name = self.quoted()?;
                let Some(row) = snek_abi::RuntimeFn::find(&name) else {
                    return self.error(format!("the runtime has no `{name}`"));
                };
                self.expect("=")?;
                let (name, function) = (row.name, self.symbol()?);
                program.vector_forms.push(VectorForm { name, function });
            } else if self.eat_word("func") {
                let function = self.function(&program)?;
                program.functions.push(function);
            } else if *self.peek() == Token::End {
                return Ok(program);
            } else {
                return self.wanted("`frame`, `export`, `vector` or `func`");
            }
        }
    }

    fn frame(&mut self, index: usize) -> Result<Frame> {
        let id = self.frame_id()?;
        if id.index() != index {
            return self.error(format!("want frame #{index}, found #{}", id.index()));
        }
        let name = self.quoted()?;
        self.expect_word("in")?;
        let file = self.quoted()?;
        self.expect_word("line")?;
        let first_line = self.number("a line")?;
        Ok(Frame {
            name,
            file,
            first_line,
        })
    }

    fn frame_id(&mut self) -> Result<FrameId> {
        self.expect("#")?;
        let id: u16 = self.number("the number of a frame")?;
        Ok(FrameId::from_usize(usize::from(id)))
    }

    fn symbol(&mut self) -> Result<FunctionId> {
        let Token::At(name) = self.peek() else {
            return self.wanted("a function");
        };
        match self.symbols.get(name) {
            Some(id) => {
                let id = *id;
                self.next();
                Ok(id)
            }
            None => self.error(format!("there is no function `@{name}`")),
        }
    }

    fn export(&mut self) -> Result<Export> {
        let name = self.quoted()?;
        let params = self.list("(", ")", Self::export_param)?;
        self.expect("->")?;
        let result = self.py_type()?;
        self.expect_word("line")?;
        let first_line = self.number("a line")?;
        self.expect("=")?;
        let contiguous = self.symbol()?;
        let strided = if self.eat(",") {
            Some(self.symbol()?)
        } else {
            None
        };
        Ok(Export {
            name,
            first_line,
            params,
            result,
            contiguous,
            strided,
        })
    }

    fn export_param(&mut self) -> Result<ExportParam> {
        let mut name = self.word("a parameter")?;
        let mut kind = ParamKind::PositionalOrKeyword;
        if let Token::Word(_) = self.peek() {
            kind = match name.as_str() {
                "positional" => ParamKind::PositionalOnly,
                "keyword" => ParamKind::KeywordOnly,
                _ => return self.wanted("`:`"),
            };
            name = self.word("a parameter")?;
        }
        self.expect(":")?;
        let ty = self.py_type()?;
        let written = self.eat_word("written");
        Ok(ExportParam {
            name,
            kind,
            ty,
            written,
        })
    }

    fn scalar_kind(&mut self) -> Result<ScalarKind> {
        if let Token::Word(word) = self.peek()
            && let Some(kind) = ScalarKind::ALL
                .into_iter()
                .find(|kind| scalar_kind_name(*kind) == word)
        {
            self.next();
            return Ok(kind);
        }
        self.wanted("a scalar type of Python")
    }

    fn py_type(&mut self) -> Result<PyType> {
        if matches!(self.peek(), Token::Mark("(")) {
            return Ok(PyType::Tuple(self.list("(", ")", Self::py_type)?));
        }
        if self.eat_word("array") {
            self.expect("<")?;
            let element = self.scalar_kind()?;
            self.expect(",")?;
            let rank = self.number("a rank")?;
            self.expect(">")?;
            return Ok(PyType::Array { element, rank });
        }
        Ok(PyType::Scalar(self.scalar_kind()?))
    }

    fn element(&mut self) -> Result<Element> {
        let Token::Word(word) = self.peek() else {
            return self.wanted("an element type");
        };
        let element = match word.as_str() {
            "c64" => Element::Complex64,
            "c128" => Element::Complex128,
            word => match Scalar::from_name(word) {
                Some(scalar) => Element::Scalar(scalar),
                None => return self.wanted("an element type"),
            },
        };
        self.next();
        Ok(element)
    }

    fn ty(&mut self) -> Result<Type> {
        if self.eat_word("array") {
            self.expect("<")?;
            let element = self.element()?;
            self.expect(",")?;
            let rank = self.number("a rank")?;
            let mut layout = Layout::Contiguous;
            if self.eat(",") {
                self.expect_word("strided")?;
                layout = Layout::Strided;
            }
            self.expect(">")?;
            return Ok(Type::Array(ArrayType {
                element,
                rank,
                layout,
            }));
        }
        if let Token::Word(word) = self.peek()
            && let Some(ty) = word_type(word)
        {
            self.next();
            return Ok(ty);
        }
        self.wanted("a type")
    }
}

fn word_type(word: &str) -> Option<Type> {
    if word == "ptr" {
        return Some(Type::Ptr);
    }
    if let Some(lanes) = word.strip_prefix("mask") {
        return Some(Type::Mask(lanes.parse().ok()?));
    }
    if let Some((scalar, lanes)) = word.split_once('x') {
        return Some(Type::Vector(
            Scalar::from_name(scalar)?,
            lanes.parse().ok()?,
        ));
    }
    Some(Type::Scalar(Scalar::from_name(word)?))
}
