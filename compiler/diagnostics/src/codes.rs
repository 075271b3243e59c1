//! THE table of error codes. A code is never given a second meaning; to add one, add a row.
//!
//! Letters: `P` parse, `T` types, `N` not native, `R` races, `D` driver (files, options), `L` link.

use std::fmt;

/// A stable code, such as `T014`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

impl Code {
    /// The code's text, such as `T014`.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// What the code stands for, in one line.
    pub fn title(self) -> &'static str {
        Code::ALL
            .iter()
            .find(|(code, _)| *code == self)
            .map_or("", |(_, title)| title)
    }

    /// The code with this text.
    pub fn parse(text: &str) -> Option<Code> {
        let mut codes = Code::ALL.iter().map(|(code, _)| *code);
        codes.find(|code| code.0 == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($name:ident $title:literal)*) => {
        impl Code {
            $(#[doc = $title] pub const $name: Code = Code(stringify!($name));)*

            /// Every code with its title.
            pub const ALL: &[(Code, &str)] = &[$((Code::$name, $title)),*];
        }
    };
}

codes! {
    P001 "invalid syntax"
    P002 "the source cannot be decoded"
    P003 "the source contains null bytes"
    P004 "the source is nested too deeply"
    P005 "wrong indentation"
    P006 "invalid string or number"
    P007 "invalid target of an assignment"
    P008 "a statement or expression stands where it cannot"
    P009 "a name is declared or bound twice"
    P010 "wrong use of `__future__`"
    P011 "syntax newer than the Python version asked for"

    T001 "unknown name"
    T002 "unknown type"
    T003 "wrong arguments of a call"
    T004 "operator does not take these types"
    T005 "a value has another type than declared"
    T006 "no such attribute"
    T007 "not subscriptable this way"
    T008 "not iterable"
    T009 "not callable"
    T010 "wrong return type"
    T011 "wrong number of values to unpack"
    T012 "name is never assigned before use"
    T013 "type cannot be inferred"
    T014 "a variable has two types where control flow joins"
    T015 "conversion must be explicit"
    T016 "constant out of range"

    N001 "uses something that is not native yet"
    N002 "is not annotated"
    N003 "stays Python"
    N004 "calls a function that stays Python"
    N005 "must be native, but cannot be"

    R001 "iterations of a `prange` are not independent"
    R002 "a scalar is carried from one `prange` iteration to another"
    R003 "`prange` iterations write to one element"
    R004 "control flow leaves a `prange`"

    D001 "file cannot be read"
    D002 "file cannot be written"
    D003 "nothing to compile"
    D004 "wrong option or configuration"
    D005 "not a Python module"
    D006 "two modules have one output"
    D007 "program cannot be started"

    L001 "linking failed"
    L002 "linker not found"
    L003 "no runtime for a machine"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_well_formed() {
        let mut seen = std::collections::HashSet::new();
        for (code, title) in Code::ALL {
            assert!(seen.insert(*code), "{code} is there twice");
            assert!(!title.is_empty());
            let (letter, digits) = code.as_str().split_at(1);
            assert!("PTNRDL".contains(letter), "{code}");
            assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()));
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert_eq!(code.title(), *title);
        }
        assert_eq!(Code::parse("X001"), None);
    }
}
