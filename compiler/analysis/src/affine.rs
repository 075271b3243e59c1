//! Integers as polynomials over values: subscripts as `2*i + w*y - 1`.
//!
//! Only arithmetic that cannot wrap is followed (what overflows raises instead), so the polynomial is the exact integer.
//! Everything else is a symbol. This must never equate symbols that may differ. [`Affine::modular`] follows all 64-bit
//! arithmetic instead; its polynomials are exact modulo 2^64 only.

use rustc_hash::FxHashMap;
use snek_mir::ir::{Convert, Function, IntOp, IntUnaryOp, OpKind, Overflow, Scalar, Type, ValueId};

use crate::arrays::extent_of;
use crate::ranges::Interval;
use crate::structure::Structure;

/// A sum of products of values, and a constant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial {
    /// Products (sorted values, at least one) with their factors, which are not 0; sorted.
    pub terms: Vec<(Vec<ValueId>, i128)>,
    /// The constant.
    pub constant: i128,
}

/// Products of more values than this are symbols of their own.
const DEGREE: usize = 4;
const TERMS: usize = 12;

impl Polynomial {
    /// A constant.
    pub fn constant(value: i128) -> Self {
        Self {
            terms: Vec::new(),
            constant: value,
        }
    }

    /// One value.
    pub fn symbol(value: ValueId) -> Self {
        Self {
            terms: vec![(vec![value], 1)],
            constant: 0,
        }
    }

    /// The constant that it is.
    pub fn as_constant(&self) -> Option<i128> {
        self.terms.is_empty().then_some(self.constant)
    }

    fn add_term(&mut self, product: Vec<ValueId>, factor: i128) {
        match self.terms.binary_search_by(|(p, _)| p.cmp(&product)) {
            Ok(at) => {
                self.terms[at].1 = self.terms[at].1.saturating_add(factor);
                if self.terms[at].1 == 0 {
                    self.terms.remove(at);
                }
            }
            Err(at) if factor != 0 => self.terms.insert(at, (product, factor)),
            Err(_) => {}
        }
    }

    /// Sum.
    pub fn add(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.constant = sum.constant.saturating_add(other.constant);
        for (product, factor) in &other.terms {
            sum.add_term(product.clone(), *factor);
        }
        sum
    }

    /// Multiple.
    pub fn scale(&self, by: i128) -> Self {
        if by == 0 {
            return Self::default();
        }
        Self {
            terms: self
                .terms
                .iter()
                .map(|(p, f)| (p.clone(), f.saturating_mul(by)))
                .collect(),
            constant: self.constant.saturating_mul(by),
        }
    }

    /// Difference.
    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.scale(-1))
    }

    /// Product, if it is not too large.
    pub fn mul(&self, other: &Self) -> Option<Self> {
        let mut result = self.scale(other.constant);
        for (product, factor) in &other.terms {
            result.add_term(product.clone(), factor.saturating_mul(self.constant));
            for (p, f) in &self.terms {
                let mut both = p.clone();
                both.extend_from_slice(product);
                both.sort_unstable();
                if both.len() > DEGREE {
                    return None;
                }
                result.add_term(both, f.saturating_mul(*factor));
            }
        }
        (result.terms.len() <= TERMS).then_some(result)
    }

    /// The polynomial as `factor * value + rest`, where neither has the value in it.
    pub fn split(&self, value: ValueId) -> Option<(Self, Self)> {
        let (mut factor, mut rest) = (Self::default(), Self::constant(self.constant));
        for (product, f) in &self.terms {
            match product.iter().filter(|v| **v == value).count() {
                0 => rest.add_term(product.clone(), *f),
                1 => {
                    let others: Vec<ValueId> =
                        product.iter().copied().filter(|v| *v != value).collect();
                    if others.is_empty() {
                        factor.constant = *f;
                    } else {
                        factor.add_term(others, *f);
                    }
                }
                _ => return None,
            }
        }
        Some((factor, rest))
    }

    /// The values in it.
    pub fn symbols(&self) -> Vec<ValueId> {
        let mut all: Vec<ValueId> = self.terms.iter().flat_map(|(p, _)| p.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Makes polynomials of the values of a function.
pub struct Affine<'f> {
    function: &'f Function,
    /// One value for each extent, so that several reads of one extent are one symbol.
    extents: FxHashMap<(ValueId, u8), ValueId>,
    known: FxHashMap<ValueId, Polynomial>,
    /// What wraps is followed, too.
    modular: bool,
}

impl<'f> Affine<'f> {
    /// For one function.
    pub fn new(function: &'f Function, structure: &Structure) -> Self {
        let mut extents = FxHashMap::default();
        for &op in &structure.order {
            let data = &function.ops[op];
            if let OpKind::Extent(axis) = data.kind {
                let of = extent_of(function, data.args[0], axis);
                extents.entry(of).or_insert(data.results[0]);
            }
        }
        let known = FxHashMap::default();
        Self {
            function,
            extents,
            known,
            modular: false,
        }
    }

    /// For one function: polynomials modulo 2^64.
    pub fn modular(function: &'f Function, structure: &Structure) -> Self {
        Self {
            modular: true,
            ..Self::new(function, structure)
        }
    }

    /// The symbol of an extent, if the function reads it: an array that is no row and no cast, and its dimension.
    pub fn extent(&self, of: (ValueId, u8)) -> Option<Polynomial> {
        self.extents.get(&of).copied().map(Polynomial::symbol)
    }

    /// The polynomial of an integer value.
    pub fn of(&mut self, value: ValueId) -> Polynomial {
        self.at_depth(value, 24)
    }

    fn at_depth(&mut self, value: ValueId, depth: u32) -> Polynomial {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        let polynomial = self.compute(value, depth);
        self.known.insert(value, polynomial.clone());
        polynomial
    }

    fn compute(&mut self, value: ValueId, depth: u32) -> Polynomial {
        let symbol = || Polynomial::symbol(value);
        let function = self.function;
        let Some(data) = function.def_op(value) else {
            return symbol();
        };
        if depth == 0 {
            return symbol();
        }
        match &data.kind {
            OpKind::ConstInt(c) if function.ty(value) != Type::Scalar(Scalar::U64) => {
                Polynomial::constant(i128::from(*c))
            }
            OpKind::Extent(axis) => {
                let of = extent_of(function, data.args[0], *axis);
                Polynomial::symbol(self.extents.get(&of).copied().unwrap_or(value))
            }
            OpKind::Int(op, overflow) if self.follows(value, *overflow) => match op {
                IntOp::Add => self
                    .at_depth(data.args[0], depth - 1)
                    .add(&self.at_depth(data.args[1], depth - 1)),
                IntOp::Sub => self
                    .at_depth(data.args[0], depth - 1)
                    .sub(&self.at_depth(data.args[1], depth - 1)),
                IntOp::Mul => self
                    .at_depth(data.args[0], depth - 1)
                    .mul(&self.at_depth(data.args[1], depth - 1))
                    .unwrap_or_else(symbol),
                IntOp::Shl => match function.const_int(data.args[1]) {
                    Some(count @ 0..=62) => {
                        self.at_depth(data.args[0], depth - 1).scale(1 << count)
                    }
                    _ => symbol(),
                },
                _ => symbol(),
            },
            OpKind::IntUnary(IntUnaryOp::Neg, overflow) if self.follows(value, *overflow) => {
                self.at_depth(data.args[0], depth - 1).scale(-1)
            }
            OpKind::Convert(Convert::Extend) => {
                let interval = |v| match function.ty(v) {
                    Type::Scalar(scalar) => Interval::of(scalar),
                    _ => None,
                };
                match (interval(data.args[0]), interval(value)) {
                    // Narrower arithmetic wraps at another width.
                    (Some(_), Some(_)) if self.modular && !self.is_wide(data.args[0]) => {
                        Polynomial::symbol(data.args[0])
                    }
                    (Some(_), Some(_)) if self.modular => self.at_depth(data.args[0], depth - 1),
                    (Some(from), Some(to)) if to.contains(from) => {
                        self.at_depth(data.args[0], depth - 1)
                    }
                    _ => symbol(),
                }
            }
            _ => symbol(),
        }
    }

    fn follows(&self, value: ValueId, overflow: Overflow) -> bool {
        match self.modular {
            true => self.is_wide(value),
            false => overflow != Overflow::Wrap,
        }
    }

    fn is_wide(&self, value: ValueId) -> bool {
        matches!(
            self.function.ty(value),
            Type::Scalar(Scalar::I64 | Scalar::U64)
        )
    }
}
