//! Where the parser crate and CPython differ, and what we say of wrong sources.

mod common;

use snek_diagnostics::{Code, FileId, SourceMap, Span, render_json, render_terminal};
use snek_syntax::ast::{Constant, Expr, ExprKind, Module, Stmt, StmtKind};
use snek_syntax::{Dialect, ParseResult, Place, dump, parse, parse_expression, parse_with};

fn module(source: &[u8]) -> Module {
    let result = parse(FileId(0), source);
    assert!(result.diagnostics.is_empty(), "{:?}", result.diagnostics);
    result.module.expect("a module without errors")
}

fn value(stmt: &Stmt) -> &Expr {
    match &stmt.kind {
        StmtKind::Expr { value } | StmtKind::Assign { value, .. } => value,
        other => panic!("no value: {other:?}"),
    }
}

fn constant(source: &[u8]) -> Constant {
    match &value(&module(source).body[0]).kind {
        ExprKind::Constant { value } => value.clone(),
        other => panic!("no constant: {other:?}"),
    }
}

/// The first error's code, message and text.
fn error(source: &[u8]) -> (Code, String, String) {
    let ParseResult {
        module,
        text,
        diagnostics,
    } = parse(FileId(0), source);
    assert!(module.is_none(), "accepted");
    let first = diagnostics.into_iter().next().expect("an error");
    let span = first.primary.expect("a place");
    (first.code, first.message, text[span.range()].to_owned())
}

fn rendered(source: &[u8]) -> String {
    let mut sources = SourceMap::new();
    let file = sources.add("bad.py", "");
    let result = parse(file, source);
    sources.set_text(file, result.text);
    let all = result.diagnostics.iter();
    all.map(|d| render_terminal(&sources, d, false)).collect()
}

#[test]
fn line_ends_are_newlines() {
    let expected = Constant::Str("a\nb\nc".into());
    assert_eq!(constant(b"'''a\r\nb\rc'''\r\n"), expected);
    assert_eq!(constant(b"'''a\nb\\\r\n\nc'''"), expected);
    let result = parse(FileId(0), b"x = 1\r\ny = 2\r");
    assert_eq!(result.text, "x = 1\ny = 2\n");
}

#[test]
fn surrogates_stay() {
    assert_eq!(
        constant(br"'a\ud800b'"),
        Constant::SurrogateStr(vec![97, 0xD800, 98])
    );
    assert_eq!(
        constant(br"'x' '\N{BULLET}\udcff\x41'"),
        Constant::SurrogateStr(vec![120, 0x2022, 0xDCFF, 65])
    );
    assert_eq!(
        constant("'\\U0000dc80\u{FFFD}'".as_bytes()),
        Constant::SurrogateStr(vec![0xDC80, 0xFFFD])
    );
    assert_eq!(
        constant(br"u'u\ud800' '''{{'''"),
        Constant::SurrogateStr(vec![117, 0xD800, 123, 123])
    );
    // CPython does not join pairs.
    assert_eq!(
        constant(br"'\ud83d\ude00'"),
        Constant::SurrogateStr(vec![0xD83D, 0xDE00])
    );
    assert_eq!(constant(br"r'\ud800'"), Constant::Str("\\ud800".into()));
    let tree = module(br"f'{x}{{{{\ud800}}'");
    let ExprKind::JoinedStr { values } = &value(&tree.body[0]).kind else {
        panic!("no f-string");
    };
    let ExprKind::Constant { value } = &values[1].kind else {
        panic!("no text");
    };
    assert_eq!(*value, Constant::SurrogateStr(vec![123, 123, 0xD800, 125]));
}

#[test]
fn soft_keywords_after_a_semicolon() {
    for source in [
        "a; match = 2",
        "a; match",
        "a; match[0] = 1; case = 3",
        "a; type = 2; b",
        "if x: a; match = 2",
        "a; match(x)",
        "a; _ = match.case",
        "a; type X = int",
    ] {
        module(source.as_bytes());
    }
    assert_eq!(module(b"a; match = 2").body.len(), 2);
    assert!(
        parse(FileId(0), b"a; match x:\n  case 1: pass\n")
            .module
            .is_none()
    );
    assert!(parse(FileId(0), b"a; match = 2 3\n").module.is_none());
}

#[test]
fn decorated_definitions_start_at_their_keyword() {
    let source = "@a # b\n@c(\n)\n\n# d\nasync def f(): pass\n@a\nclass C: pass;\n";
    let tree = module(source.as_bytes());
    assert_eq!(&source[tree.body[0].span.range()], "async def f(): pass");
    assert_eq!(&source[tree.body[1].span.range()], "class C: pass;");
    let StmtKind::FunctionDef(def) = &tree.body[0].kind else {
        panic!("no function");
    };
    assert!(source[def.full_span.range()].starts_with("@a # b\n@c"));
    assert_eq!(&source[def.name.span.range()], "f");
}

#[test]
fn identifiers_are_normalised() {
    let tree = module("ﬁ.ﬁ(ﬁ=ℌ)".as_bytes());
    let mut sources = SourceMap::new();
    let file = sources.add("", "ﬁ.ﬁ(ﬁ=ℌ)");
    let text = dump(&tree, sources.file(file));
    for part in ["Name 1:0-1:3 id='fi'", "attr='fi'", "arg='fi'", "id='H'"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn encodings() {
    let text = |source: &[u8]| constant(source);
    assert_eq!(
        text(b"# coding: latin-1\n'\xe9\x80'"),
        Constant::Str("é\u{80}".into())
    );
    assert_eq!(
        text(b"\n# -*- coding: cp1252 -*-\n'\x80'"),
        Constant::Str("€".into())
    );
    assert_eq!(
        text(b"#!/usr/bin/python\n# vim: set fileencoding=koi8_r :\n'\xc1'"),
        Constant::Str("а".into())
    );
    assert_eq!(
        text(b"# coding=euc-jp\n'\xa4\xa2'"),
        Constant::Str("あ".into())
    );
    assert_eq!(
        text(b"\xef\xbb\xbf# coding: utf-8\n'\xc3\xa9'"),
        Constant::Str("é".into())
    );
    assert_eq!(text(b"\xef\xbb\xbf'a'"), Constant::Str("a".into()));
    // Not in the first two lines, or after code: not a cookie.
    assert_eq!(
        text(b"'\xc3\xa9' # coding: latin-1"),
        Constant::Str("é".into())
    );
    assert_eq!(
        text(b"\n\n# coding: latin-1\n'\xc3\xa9'"),
        Constant::Str("é".into())
    );

    let refused = |source: &[u8]| {
        let (code, message, text) = error(source);
        assert_eq!(code, Code::P002);
        (message, text)
    };
    let replacement = || "\u{FFFD}".to_owned();
    assert_eq!(
        refused(b"x = 1\r\ny = '\xff'\n"),
        (
            "Non-UTF-8 code starting with '\\xff', but no encoding declared".into(),
            replacement()
        )
    );
    assert_eq!(refused(b"# coding: utf-8\n\xff").1, replacement());
    assert_eq!(refused(b"# coding: ascii\n'\xe9'").1, replacement());
    assert_eq!(
        refused(b"# coding: klingon\n"),
        ("unknown encoding: klingon".into(), "klingon".into())
    );
    assert_eq!(refused(b"# coding: utf-16\n").1, "utf-16");
    assert_eq!(
        refused(b"\xef\xbb\xbf# coding: latin-1\n").0,
        "encoding problem: latin-1 with BOM"
    );
    assert_eq!(
        error(b"x = 1\0\n"),
        (
            Code::P003,
            "source code cannot contain null bytes".into(),
            "\0".into()
        )
    );
}

#[test]
fn empty_sources() {
    for source in [
        &b""[..],
        b"\n",
        b"# only a comment",
        b"\xef\xbb\xbf",
        b"   \t",
        b"\x0c\n",
    ] {
        let result = parse(FileId(0), source);
        assert!(
            result.diagnostics.is_empty(),
            "{source:?}: {:?}",
            result.diagnostics
        );
    }
}

#[test]
fn numbers() {
    assert_eq!(constant(b"0x7fff_ffff_ffff_ffff"), Constant::Int(i64::MAX));
    assert_eq!(
        constant(b"9223372036854775808"),
        Constant::BigInt("9223372036854775808".into())
    );
    assert_eq!(
        constant(b"0x1_0000_0000_0000_0000"),
        Constant::BigInt("18446744073709551616".into())
    );
    assert_eq!(constant(b"1e400"), Constant::Float(f64::INFINITY));
    assert_eq!(constant(b"1_0.5_0e-1_0"), Constant::Float(10.5e-10));
    assert_eq!(constant(b"1.5J"), Constant::Complex { imag: 1.5 });
    assert!(
        error("9".repeat(5000).as_bytes())
            .1
            .starts_with("Exceeds the limit (4300 digits)")
    );
    assert_eq!(error(b"0x").0, Code::P006);
    assert_eq!(error(b"x = 012").0, Code::P006);
}

#[test]
fn syntax_by_version() {
    let source = b"type X[T] = list[T]\n";
    assert!(
        parse_with(FileId(0), source, Dialect { minor: 12 })
            .module
            .is_some()
    );
    let old = parse_with(FileId(0), source, Dialect { minor: 11 });
    assert_eq!(old.diagnostics[0].code, Code::P011);
    assert_eq!(error(b"t'{x}'").0, Code::P011);
}

#[test]
fn annotations_in_strings() {
    let place = Place::Offset {
        file: FileId(0),
        offset: 10,
    };
    let expr = parse_expression(place, "list[\n int]").expect("an expression");
    assert_eq!(expr.span, Span::new(FileId(0), 10, 20 + 1));
    let whole = Span::new(FileId(0), 3, 9);
    let expr = parse_expression(Place::Whole(whole), "a.b").expect("an expression");
    assert_eq!(expr.span, whole);
    for bad in [
        "",
        "a b",
        "x = 1",
        "(",
        ")",
        "a; b",
        &"(".repeat(5000),
        &"-".repeat(5000),
    ] {
        let error = parse_expression(Place::Whole(whole), bad).expect_err("no expression");
        assert_eq!(error.primary, Some(whole), "{bad}");
    }
}

#[test]
fn every_error_is_reported() {
    let source = b"def f(:\n    pass\n\nx = = 1\n\nif True\n    y = 2\n\nfor 1 in z:\n    pass\n";
    let result = parse(FileId(0), source);
    let lines: Vec<usize> = result
        .diagnostics
        .iter()
        .map(|d| {
            result.text[..d.primary.expect("a place").start as usize]
                .matches('\n')
                .count()
                + 1
        })
        .collect();
    assert_eq!(lines, [1, 4, 6, 9]);
    let source =
        b"return\nbreak\ndef f(a, a):\n    nonlocal q\n    await x\n    global a\n*a = 1\n";
    let messages: Vec<String> = parse(FileId(0), source)
        .diagnostics
        .into_iter()
        .map(|d| d.message)
        .collect();
    assert_eq!(
        messages,
        [
            "'return' outside function",
            "'break' outside loop",
            "duplicate argument 'a' in function definition",
            "no binding for nonlocal 'q' found",
            "'await' outside async function",
            "name 'a' is parameter and global",
            "starred assignment target must be in a list or tuple",
        ]
    );
}

#[test]
fn errors_are_shown_with_their_place() {
    let expected = "\
error[P007]: cannot assign to function call
  ┌─ bad.py:2:1
  │
2 │ f(x) = 3
  │ ^^^^
  │
  = help: to compare, write `==`

";
    assert_eq!(rendered(b"x = 1\nf(x) = 3\n"), expected);
    let expected = "\
error[P001]: closing parenthesis ']' does not match opening parenthesis '('
  ┌─ bad.py:1:10
  │
1 │ é = (1, 2]
  │     -    ^
  │     │
  │     opened here

";
    assert_eq!(rendered("é = (1, 2]\n".as_bytes()), expected);
    let expected = "\
error[P002]: Non-UTF-8 code starting with '\\xe9', but no encoding declared
  ┌─ bad.py:2:6
  │
2 │ y = '\u{FFFD}'
  │      ^ byte 0xe9
  │
  = help: save the file as UTF-8, or declare its encoding in the first line, as in `# -*- coding: latin-1 -*-`

";
    assert_eq!(rendered(b"x = 1\ny = '\xe9'\n"), expected);
    assert!(rendered(b"print 'hello'\n").contains("Did you mean print(...)?"));
}

#[test]
fn errors_are_json() {
    let mut sources = SourceMap::new();
    let file = sources.add("bad.py", "");
    let result = parse(file, b"x = 1\nreturn 2\n");
    sources.set_text(file, result.text);
    let json = render_json(&sources, &result.diagnostics[0]);
    assert_eq!(
        json,
        r#"{"code":"P008","file":"bad.py","help":[],"labels":[],"message":"'return' outside function","notes":[],"severity":"error","span":{"column":1,"end":14,"end_column":9,"end_line":2,"file":"bad.py","label":"","line":2,"start":6}}"#
    );
}

/// The verdicts of CPython's own compiler over a list of snippets, most of them wrong in one way.
#[test]
fn verdicts_are_cpythons() {
    let mut oracle = common::Oracle::start();
    let folder = std::env::temp_dir().join(format!("snek-verdicts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("snippet.py");
    let mut differences = Vec::new();
    for snippet in include_str!("snippets.txt").split("\n----\n") {
        std::fs::write(&path, snippet).expect("a temporary file");
        let theirs = oracle.ask("compile", &path);
        let ours = parse_with(
            FileId(0),
            snippet.as_bytes(),
            Dialect {
                minor: oracle.minor,
            },
        );
        if (theirs == "ok") != ours.module.is_some() {
            let first = ours.diagnostics.first().map(|d| &d.message);
            differences.push(format!("{snippet}\n  CPython: {theirs}\n  we: {first:?}"));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder");
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
