//! No source, however deep, overflows a stack: it parses, or it is refused with a message.

use snek_diagnostics::{Code, FileId};
use snek_syntax::{ParseResult, parse};

/// Parses on a thread with a stack of 1 MiB, and drops the tree there.
fn errors(source: String) -> Vec<(Code, String)> {
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let work = move || {
        let ParseResult {
            module,
            diagnostics,
            ..
        } = parse(FileId(0), source.as_bytes());
        assert_eq!(module.is_none(), !diagnostics.is_empty());
        let pair = |d: snek_diagnostics::Diagnostic| (d.code, d.message);
        diagnostics.into_iter().map(pair).collect()
    };
    small
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no panic")
}

fn refused(source: String) {
    let start: String = source.chars().take(30).collect();
    let errors = errors(source);
    assert!(!errors.is_empty(), "{start}... is accepted");
}

fn refused_as(source: String, code: Code, message: &str) {
    let start: String = source.chars().take(30).collect();
    assert_eq!(
        errors(source).first(),
        Some(&(code, message.to_owned())),
        "{start}..."
    );
}

#[test]
fn brackets() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("{1:", "}"),
        ("(a,", ")"),
        ("a[", "]"),
    ] {
        let nested = |n: usize| format!("x = {}1{}\n", open.repeat(n), close.repeat(n));
        assert_eq!(errors(nested(150)), [], "{open}");
        refused_as(nested(100_000), Code::P004, "too many nested parentheses");
        refused_as(
            open.repeat(100_000),
            Code::P004,
            "too many nested parentheses",
        );
    }
    refused_as("(".repeat(199), Code::P001, "'(' was never closed");
}

#[test]
fn operators() {
    for unit in [
        "-",
        "~",
        "not ",
        "lambda: ",
        "lambda x=1, y=2: ",
        "a if b else ",
        "a if b <= c else ",
        "a ** ",
        "a + ",
        "await ",
        "f'{x}' + ",
    ] {
        let chain = |n: usize| format!("async def f():\n    x = {}a\n", unit.repeat(n));
        let few = errors(chain(500));
        assert!(few.is_empty() || unit == "await ", "{unit}: {few:?}");
        refused(chain(5_000));
        refused(chain(14_000));
        refused(chain(29_000));
        refused_as(
            chain(100_000),
            Code::P004,
            "the source is nested too deeply",
        );
    }
    let sum = |n: usize| format!("x = {}\n", vec!["a"; n].join(" + "));
    assert_eq!(errors(sum(2_500)), []);
    refused_as(sum(3_000), Code::P004, "the source is nested too deeply");
    refused_as(sum(200_000), Code::P004, "the source is nested too deeply");
}

#[test]
fn postfixes() {
    for unit in [".a", "()", "[0]", "(1)(a=2)"] {
        let chain = |n: usize| format!("x = a{}\n", unit.repeat(n));
        assert_eq!(errors(chain(1_000)), [], "{unit}");
        refused_as(chain(20_000), Code::P004, "the source is nested too deeply");
        refused_as(
            chain(200_000),
            Code::P004,
            "the source is nested too deeply",
        );
    }
}

#[test]
fn blocks() {
    let nested = |n: usize| {
        let lines = (0..n).map(|i| format!("{}if x:\n", " ".repeat(i)));
        format!("{}{}pass\n", lines.collect::<String>(), " ".repeat(n))
    };
    assert_eq!(errors(nested(99)), []);
    refused_as(nested(100), Code::P004, "too many levels of indentation");
    refused_as(nested(3_000), Code::P004, "too many levels of indentation");

    let elifs = |n: usize| format!("if a:\n  b\n{}", "elif a:\n  b\n".repeat(n));
    assert_eq!(errors(elifs(2_000)), []);
    refused_as(
        elifs(100_000),
        Code::P004,
        "the source is nested too deeply",
    );
}

#[test]
fn f_strings() {
    let nested = |n: usize| (0..n).fold("1".to_owned(), |inner, _| format!("f'{{{inner}}}'"));
    assert_eq!(errors(nested(60)), []);
    refused(nested(2_000));
    refused(format!("f'{{{}", "a:{".repeat(100_000)));
    refused("f'{".repeat(100_000));
}

#[test]
fn long_is_not_deep() {
    for (unit, n) in [
        ("a, ", 100_000),
        ("a and ", 50_000),
        ("a < ", 50_000),
        ("a <= b != ", 50_000),
        ("a and not ", 10_000),
        ("'a' ", 50_000),
        ("a = ", 20_000),
        ("{a: -b, **c}, ", 10_000),
        ("lambda: 0, ", 2_000),
        ("'%s' % a if b else c, ", 5_000),
    ] {
        let source = format!("x = ({}a)\n", unit.repeat(n));
        let source = if unit == "a = " {
            format!("{}a\n", unit.repeat(n))
        } else {
            source
        };
        let found = errors(source);
        assert!(found.is_empty() || unit == "'a' ", "{unit}: {found:?}");
    }
    assert_eq!(errors("@a\n".repeat(10_000) + "def f(): pass\n"), []);
    assert_eq!(errors("x = -a; ".repeat(50_000)), []);
}

#[test]
fn nonsense() {
    for unit in [
        "async ",
        "async @a\n",
        "yield ",
        "* ",
        "** ",
        "case ",
        "match ",
        "type ",
        "@",
        "if ",
        "else ",
        "for x in ",
        ":",
        "x: ",
        "->",
        "lambda ",
        "del ",
        "a := ",
        "try:\n",
        "async def f(\n",
        "class C(",
        "\\\n",
        "match x:\n case ",
        "with ",
        "from . ",
        "import a.",
        "-\n",
        "print >> ",
        "a if ",
        "`",
        "$",
        "\0",
        "]",
        "}",
    ] {
        refused(unit.repeat(100_000));
        refused(unit.repeat(15_000));
    }
}
