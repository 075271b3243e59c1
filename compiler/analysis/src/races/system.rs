//! Systems of inequalities over the integers: proofs that one has no solution, and small solutions of one.
//!
//! Products of unknowns are unknowns of their own; what bounds a factor is multiplied by the rest where that is known not
//! to be negative, so that the rows of a flattened array (`y*w + x`) are kept apart. Then equations are substituted (with
//! the GCD test) and unknowns eliminated one by one (Fourier and Motzkin), constants rounded to integers. "No solution"
//! is always a proof; "perhaps" may only mean that the system was too large.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use snek_mir::ir::ValueId;

use crate::affine::Polynomial;

/// Inequalities beyond which a system is given up.
const LIMIT: usize = 400;
/// Unknowns (with products) beyond which a system is given up.
const COLUMNS: usize = 40;

/// Conditions that hold together.
#[derive(Clone, Debug, Default)]
pub(super) struct System {
    /// Each is 0.
    pub zero: Vec<Polynomial>,
    /// Each is at least 0.
    pub nonnegative: Vec<Polynomial>,
}

impl System {
    /// Whether no integers satisfy all conditions.
    pub fn is_impossible(&self) -> bool {
        let mut system = self.clone();
        if system.substitute() {
            return true;
        }
        for zero in std::mem::take(&mut system.zero) {
            system.nonnegative.push(zero.scale(-1));
            system.nonnegative.push(zero);
        }
        if eliminate(&system.nonnegative) {
            return true;
        }
        let products = system.products();
        if products.is_empty() {
            return false;
        }
        system.nonnegative.extend(products);
        eliminate(&system.nonnegative)
    }

    /// All symbols, in a fixed order.
    pub fn symbols(&self) -> Vec<ValueId> {
        let all = self.zero.iter().chain(&self.nonnegative);
        let mut symbols: Vec<ValueId> = all.flat_map(Polynomial::symbols).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// Uses equations to replace unknowns. Whether one of them cannot hold.
    fn substitute(&mut self) -> bool {
        let mut kept = Vec::new();
        while let Some(equation) = self.zero.pop() {
            if let Some(constant) = equation.as_constant() {
                if constant != 0 {
                    return true;
                }
                continue;
            }
            let divisor = equation.terms.iter().fold(0, |d, (_, f)| gcd(d, *f));
            if equation.constant % divisor != 0 {
                return true;
            }
            let solved = equation.terms.iter().find_map(|(product, factor)| {
                let [symbol] = product[..] else { return None };
                // The equation is divided by what all factors have in common.
                if factor.abs() != divisor {
                    return None;
                }
                let (alone, rest) = equation.split(symbol)?;
                alone.as_constant()?;
                let mut value = Polynomial::constant(-rest.constant / factor);
                for (product, f) in &rest.terms {
                    value = value.add(&Polynomial {
                        terms: vec![(product.clone(), -f / factor)],
                        constant: 0,
                    });
                }
                let put = |list: &[Polynomial]| -> Option<Vec<Polynomial>> {
                    list.iter().map(|p| replace(p, symbol, &value)).collect()
                };
                Some((put(&self.zero)?, put(&kept)?, put(&self.nonnegative)?))
            });
            match solved {
                Some((zero, others, nonnegative)) => {
                    self.zero = zero;
                    // They may be solved now.
                    self.zero.extend(others);
                    kept = Vec::new();
                    self.nonnegative = nonnegative;
                }
                None => kept.push(equation),
            }
        }
        self.zero = kept;
        false
    }

    /// For each product of unknowns: what bounds one of them, times the others.
    fn products(&self) -> Vec<Polynomial> {
        let mut pairs: Vec<(ValueId, Vec<ValueId>)> = Vec::new();
        for polynomial in &self.nonnegative {
            for (product, _) in &polynomial.terms {
                if product.len() < 2 {
                    continue;
                }
                for (at, symbol) in product.iter().enumerate() {
                    let mut rest = product.clone();
                    rest.remove(at);
                    if !pairs.contains(&(*symbol, rest.clone())) {
                        pairs.push((*symbol, rest));
                    }
                }
            }
        }
        let mut known: FxHashMap<ValueId, i128> = FxHashMap::default();
        let mut made = Vec::new();
        for (symbol, rest) in pairs {
            let signs = rest.iter().map(|v| {
                let found = known.get(v).copied();
                let found = found.unwrap_or_else(|| self.sign(*v));
                known.insert(*v, found);
                found
            });
            let sign: i128 = signs.product();
            if sign == 0 {
                continue;
            }
            let factor = Polynomial {
                terms: vec![(rest, sign)],
                constant: 0,
            };
            for bound in &self.nonnegative {
                let mentions = |(product, _): &(Vec<ValueId>, i128)| product[..] == [symbol];
                if bound.terms.iter().any(mentions)
                    && let Some(product) = bound.mul(&factor)
                    && !made.contains(&product)
                    && made.len() < LIMIT / 4
                {
                    made.push(product);
                }
            }
        }
        made
    }

    /// 1 if it is not negative, -1 if it is not positive, 0 if that is not known.
    fn sign(&self, symbol: ValueId) -> i128 {
        let beyond = |sign: i128| {
            let mut all = self.nonnegative.clone();
            let value = Polynomial::symbol(symbol).scale(-sign);
            all.push(value.sub(&Polynomial::constant(1)));
            eliminate(&all)
        };
        match (beyond(1), beyond(-1)) {
            (true, _) => 1,
            (_, true) => -1,
            _ => 0,
        }
    }

    /// As [`System::is_impossible`], also by cases: of two iterations' values that are factors of products, one is less
    /// than, equal to, or greater than the other.
    pub fn is_impossible_by_cases(&self, other: impl Fn(ValueId) -> ValueId) -> bool {
        if self.is_impossible() {
            return true;
        }
        let all = self.zero.iter().chain(&self.nonnegative);
        let products = all.flat_map(|p| p.terms.iter().filter(|(product, _)| product.len() > 1));
        let mut factors: Vec<ValueId> = products.flat_map(|(product, _)| product.clone()).collect();
        factors.sort_unstable();
        factors.dedup();
        let pair = factors.iter().find_map(|first| {
            let second = other(*first);
            (second != *first && factors.contains(&second)).then_some((*first, second))
        });
        let Some((first, second)) = pair else {
            return false;
        };
        let difference = Polynomial::symbol(first).sub(&Polynomial::symbol(second));
        let one = Polynomial::constant(1);
        let mut cases = [self.clone(), self.clone(), self.clone()];
        cases[0].nonnegative.push(difference.sub(&one));
        cases[1].nonnegative.push(difference.scale(-1).sub(&one));
        cases[2].zero.push(difference);
        cases.iter().all(System::is_impossible)
    }

    /// Small integers that satisfy all conditions, if they are found soon.
    pub fn solution(&self, first: &[ValueId]) -> Option<BTreeMap<ValueId, i128>> {
        let mut order: Vec<ValueId> = first.to_vec();
        for symbol in self.symbols() {
            if !order.contains(&symbol) {
                order.push(symbol);
            }
        }
        if order.len() > 16 {
            return None;
        }
        let mut values: Vec<i128> = (0..10).chain([-1, -2, -3]).collect();
        for polynomial in self.zero.iter().chain(&self.nonnegative) {
            for value in [polynomial.constant.abs(), polynomial.constant.abs() + 1] {
                if value < 1 << 20 && !values.contains(&value) && values.len() < 24 {
                    values.push(value);
                }
            }
        }
        let mut found = BTreeMap::new();
        let mut steps = 600;
        self.search(&order, &values, &mut found, &mut steps)
            .then_some(found)
    }

    fn search(
        &self,
        order: &[ValueId],
        values: &[i128],
        found: &mut BTreeMap<ValueId, i128>,
        steps: &mut u32,
    ) -> bool {
        let [symbol, rest @ ..] = order else {
            let zero = self.zero.iter().all(|p| p.as_constant() == Some(0));
            let least = |p: &Polynomial| p.as_constant().is_some_and(|c| c >= 0);
            return zero && self.nonnegative.iter().all(least);
        };
        // An equation may say what it is.
        let forced = self.zero.iter().find_map(|p| match p.terms[..] {
            [(ref product, factor)] if product[..] == [*symbol] && p.constant % factor == 0 => {
                Some(-p.constant / factor)
            }
            _ => None,
        });
        let forced: Option<Vec<i128>> = forced.map(|value| vec![value]);
        for &value in forced.as_deref().unwrap_or(values) {
            if *steps == 0 {
                return false;
            }
            *steps -= 1;
            let put = |list: &[Polynomial]| -> Option<Vec<Polynomial>> {
                let value = Polynomial::constant(value);
                list.iter().map(|p| replace(p, *symbol, &value)).collect()
            };
            let (Some(zero), Some(nonnegative)) = (put(&self.zero), put(&self.nonnegative)) else {
                return false;
            };
            let next = System { zero, nonnegative };
            if next.is_impossible() {
                continue;
            }
            found.insert(*symbol, value);
            if next.search(rest, values, found, steps) {
                return true;
            }
            found.remove(symbol);
        }
        false
    }
}

/// The polynomial with another in the place of a symbol; `None` if that becomes too large.
pub(super) fn replace(
    polynomial: &Polynomial,
    symbol: ValueId,
    by: &Polynomial,
) -> Option<Polynomial> {
    let mut result = Polynomial::constant(polynomial.constant);
    for (product, factor) in &polynomial.terms {
        let power = product.iter().filter(|v| **v == symbol).count();
        let others: Vec<ValueId> = product.iter().copied().filter(|v| *v != symbol).collect();
        let mut term = if others.is_empty() {
            Polynomial::constant(*factor)
        } else {
            Polynomial {
                terms: vec![(others, *factor)],
                constant: 0,
            }
        };
        for _ in 0..power {
            term = term.mul(by)?;
        }
        result = result.add(&term);
    }
    Some(result)
}

/// An inequality: the sum of the factors times the unknowns, and the constant, is at least 0.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    factors: Vec<i128>,
    constant: i128,
}

/// Whether the inequalities have no integer solution, by elimination of one unknown after the other.
fn eliminate(nonnegative: &[Polynomial]) -> bool {
    let mut columns: FxHashMap<&[ValueId], usize> = FxHashMap::default();
    for polynomial in nonnegative {
        for (product, _) in &polynomial.terms {
            let next = columns.len();
            columns.entry(product).or_insert(next);
        }
    }
    if columns.len() > COLUMNS || nonnegative.len() > LIMIT {
        return false;
    }
    let mut rows: Vec<Row> = Vec::with_capacity(nonnegative.len());
    for polynomial in nonnegative {
        let mut factors = vec![0; columns.len()];
        for (product, factor) in &polynomial.terms {
            factors[columns[&product[..]]] = *factor;
        }
        let constant = polynomial.constant;
        if add(&mut rows, Row { factors, constant }) {
            return true;
        }
    }
    let mut left: Vec<usize> = (0..columns.len()).collect();
    while !left.is_empty() {
        let count = |column: usize, sign: i128| {
            let mut signs = rows.iter().map(|row| row.factors[column].signum());
            signs.by_ref().filter(|s| *s == sign).count()
        };
        let cost = |column: usize| count(column, 1) * count(column, -1);
        let Some(at) = (0..left.len()).min_by_key(|at| cost(left[*at])) else {
            return false;
        };
        let column = left.swap_remove(at);
        let (with, mut next): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.factors[column] != 0);
        let (lower, upper): (Vec<&Row>, Vec<&Row>) =
            with.iter().partition(|row| row.factors[column] > 0);
        for low in &lower {
            for high in &upper {
                let Some(row) = combine(low, high, column) else {
                    return false;
                };
                if add(&mut next, row) {
                    return true;
                }
                if next.len() > LIMIT {
                    return false;
                }
            }
        }
        rows = next;
    }
    false
}

/// The sum of multiples of two rows in which the column cancels.
fn combine(low: &Row, high: &Row, column: usize) -> Option<Row> {
    let (a, b) = (low.factors[column], -high.factors[column]);
    let common = gcd(a, b);
    let (a, b) = (a / common, b / common);
    let sum = |x: i128, y: i128| b.checked_mul(x)?.checked_add(a.checked_mul(y)?);
    let pairs = low.factors.iter().zip(&high.factors);
    Some(Row {
        factors: pairs.map(|(x, y)| sum(*x, *y)).collect::<Option<_>>()?,
        constant: sum(low.constant, high.constant)?,
    })
}

/// Adds a row, tightened to integers, unless another says as much. Whether it cannot hold.
fn add(rows: &mut Vec<Row>, mut row: Row) -> bool {
    let divisor = row.factors.iter().fold(0, |d, f| gcd(d, *f));
    if divisor == 0 {
        return row.constant < 0;
    }
    if divisor > 1 {
        row.factors.iter_mut().for_each(|f| *f /= divisor);
        row.constant = row.constant.div_euclid(divisor);
    }
    match rows.iter_mut().find(|known| known.factors == row.factors) {
        Some(known) => known.constant = known.constant.min(row.constant),
        None => rows.push(row),
    }
    false
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(n: usize) -> Polynomial {
        Polynomial::symbol(ValueId::from_usize(n))
    }

    fn number(n: i128) -> Polynomial {
        Polynomial::constant(n)
    }

    #[test]
    fn parity_keeps_apart() {
        // 2x == 2y + 1
        let zero = vec![symbol(0).scale(2).sub(&symbol(1).scale(2)).sub(&number(1))];
        let system = System {
            zero,
            nonnegative: vec![],
        };
        assert!(system.is_impossible());
    }

    #[test]
    fn rows_of_symbolic_width_keep_apart() {
        // y*w + x == v*w + u with 0 <= x, u < w and y < v
        let [y, x, v, u, w] = [0, 1, 2, 3, 4].map(symbol);
        let (yw, vw) = (y.mul(&w).expect("small"), v.mul(&w).expect("small"));
        let mut system = System {
            zero: vec![yw.add(&x).sub(&vw).sub(&u)],
            nonnegative: vec![
                x.clone(),
                u.clone(),
                w.sub(&x).sub(&number(1)),
                w.sub(&u).sub(&number(1)),
                v.sub(&y).sub(&number(1)),
            ],
        };
        assert!(system.is_impossible());
        // Not if x reaches w.
        system.nonnegative[2] = w.sub(&x);
        assert!(!system.is_impossible());
        let found = system.solution(&[]).expect("it has small solutions");
        assert_eq!(found.len(), 5);
    }
}
