//! How many consecutive iterations of a loop may run in lanes.

use snek_analysis::dependence::{Lanes, WINDOW, accesses};
use snek_analysis::ranges::ranges;
use snek_analysis::structure::Structure;
use snek_mir::ir::{FunctionId, OpKind};
use snek_mir::parse::parse;

/// The window of the outermost loop of a function with this body (`i` runs up from 100, `j` is any integer), 0 if there is
/// a conflict, and the number of pairs of arrays to test.
fn window(step: i64, body: &str) -> (u64, usize) {
    let text = format!(
        r#"module "m"

frame #0 "f" in "f.py" line 1

func @f(%a.0: array<i64, 1>, %b.1: array<i64, 1>, %c.2: array<i64, 2>, %j.3: i64) -> () frame #0 {{
  %from.4: i64 = const 100
  %to.5: i64 = const 900
  %one.6: i64 = const 1
  %two.7: i64 = const 2
  %four.8: i64 = const 4
  for.serial @l.0 %i.9: i64 in %from.4..%to.5 step {step} {{
{body}
    next @l.0
  }}
  return
}}
"#
    );
    let program = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let function = &program.functions[FunctionId::from_usize(0)];
    let structure = Structure::new(function);
    let facts = ranges(function, &structure);
    let mut ops = structure.order.iter().copied();
    let op = ops.find(|op| matches!(function.ops[*op].kind, OpKind::For(_)));
    let op = op.expect("a loop");
    let mut lanes = Lanes::new(function, &structure, &facts, op).expect("a counted loop");
    match lanes.dependences(&accesses(function, &structure, op)) {
        Ok(found) => (found.window, found.apart.len()),
        Err(_) => (0, 0),
    }
}

const ALL: u64 = WINDOW as u64;

#[test]
fn one_array() {
    let at = |load: &str, store: &str| {
        let ops = [
            "%20: i64 = add.wrap %i.9, %one.6",
            "%21: i64 = sub.proved %i.9, %four.8",
            "%22: i64 = add.proved %i.9, %j.3",
            "%23: i64 = mul.proved %i.9, %two.7",
            "%24: i64 = add.proved %23, %one.6",
        ];
        let load = format!("%30: i64 = load %a.0[{load}]");
        let store = format!("store %a.0[{store}] = %30");
        (ops.join("\n"), load, store)
    };
    let load_first = |step, load: &str, store: &str| {
        let (ops, load, store) = at(load, store);
        window(step, &format!("{ops}\n{load}\n{store}")).0
    };
    // The same element; one that a later iteration writes; one that an earlier one wrote.
    assert_eq!(load_first(1, "proved %i.9", "proved %i.9"), ALL);
    assert_eq!(load_first(1, "proved %20", "proved %i.9"), ALL);
    assert_eq!(load_first(1, "proved %i.9", "proved %20"), 0);
    assert_eq!(load_first(1, "proved %21", "proved %i.9"), 4);
    assert_eq!(load_first(2, "proved %21", "proved %i.9"), 2);
    assert_eq!(load_first(3, "proved %21", "proved %i.9"), ALL);
    // Even and odd ones; other factors; an offset that is not known.
    assert_eq!(load_first(1, "proved %23", "proved %24"), ALL);
    assert_eq!(load_first(1, "proved %23", "proved %i.9"), 0);
    assert_eq!(load_first(1, "proved %22", "proved %i.9"), 0);
    assert_eq!(load_first(1, "proved %22", "proved %22"), ALL);
    // Negative subscripts count from the end.
    assert_eq!(load_first(1, "wrapping %20", "proved %i.9"), 0);
}

#[test]
fn several_dimensions_and_arrays() {
    let body = "%30: i64 = load %c.2[proved %j.3, proved %i.9]
        store %c.2[proved %one.6, proved %i.9] = %30";
    assert_eq!(window(1, body), (ALL, 0));
    let body = "%30: i64 = load %c.2[proved %one.6, proved %j.3]
        store %c.2[proved %two.7, proved %j.3] = %30";
    assert_eq!(window(1, body), (ALL, 0));
    let body = "%30: i64 = load %c.2[proved %i.9, proved %j.3]
        store %c.2[proved %j.3, proved %i.9] = %30";
    assert_eq!(window(1, body).0, 0);
    let body = "%30: i64 = load %a.0[proved %j.3]
        store %b.1[proved %i.9] = %30";
    assert_eq!(window(1, body), (ALL, 1));
}

#[test]
fn what_is_loaded_is_not_known() {
    // One store keeps the order of its lanes, a load and a store do not.
    let body = "%30: i64 = load %a.0[proved %i.9]
        store %b.1[checked %30] = %30";
    assert_eq!(window(1, body), (ALL, 1));
    let body = "%30: i64 = load %a.0[proved %i.9]
        %31: i64 = load %b.1[proved %30]
        store %b.1[proved %30] = %31";
    assert_eq!(window(1, body).0, 0);
}

#[test]
fn loops_inside() {
    let inner = |store: &str| {
        format!(
            "for.serial @k.1 %k.20: i64 in %one.6..%four.8 {{
              %21: i64 = add.proved %i.9, %one.6
              %30: i64 = load %c.2[proved %k.20, proved %i.9]
              store %c.2[{store}] = %30
              next @k.1
            }}"
        )
    };
    assert_eq!(window(1, &inner("proved %k.20, proved %i.9")).0, ALL);
    assert_eq!(window(1, &inner("proved %one.6, proved %i.9")).0, ALL);
    // Within an iteration there is no order between the two.
    assert_eq!(window(1, &inner("proved %k.20, proved %21")).0, 0);
    assert_eq!(window(1, &inner("proved %i.9, proved %k.20")).0, 0);
}

#[test]
fn one_that_moves_and_one_that_does_not() {
    let at = |step: i64, load: &str, store: &str| {
        let body = [
            "%20: i64 = const 99",
            "%21: i64 = const 100",
            "%22: i64 = const 900",
            "%23: i64 = const 899",
            "%24: i64 = sub.wrap %one.6, %i.9",
            "%25: i64 = const -99",
            "%26: i64 = add.wrap %i.9, %one.6",
            &format!("%30: i64 = load %a.0[{load}]"),
            &format!("store %a.0[{store}] = %30"),
        ];
        window(step, &body.join("\n")).0
    };
    // Before the first one, after the last one, and between.
    assert_eq!(at(1, "proved %20", "proved %i.9"), ALL);
    assert_eq!(at(1, "proved %i.9", "proved %20"), ALL);
    assert_eq!(at(1, "proved %21", "proved %i.9"), 0);
    assert_eq!(at(1, "proved %22", "proved %i.9"), ALL);
    assert_eq!(at(1, "proved %23", "proved %i.9"), 0);
    assert_eq!(at(1, "proved %21", "proved %26"), ALL);
    assert_eq!(at(2, "proved %20", "proved %i.9"), ALL);
    assert_eq!(at(8, "proved %20", "proved %i.9"), 0);
    // Downwards from 100, and not below 901.
    assert_eq!(at(-1, "proved %22", "proved %i.9"), ALL);
    assert_eq!(at(-1, "proved %21", "proved %i.9"), ALL);
    assert_eq!(at(-1, "proved %j.3", "proved %i.9"), 0);
    // From -99 downwards.
    assert_eq!(at(1, "proved %20", "proved %24"), ALL);
    assert_eq!(at(1, "proved %25", "proved %24"), 0);
    // Any other place; and one that counts from the end.
    assert_eq!(at(1, "proved %j.3", "proved %i.9"), 0);
    assert_eq!(at(1, "wrapping %20", "proved %i.9"), 0);
}
