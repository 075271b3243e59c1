//! Facts `a <= b + k` between integers, and an interval for each, with scopes.
//!
//! Facts are added while a walk enters a region and taken back when it leaves. A question is answered by a search along
//! the facts with a fixed budget: a "no" means "not found". Every fact must be true of the exact integers.

use std::collections::VecDeque;

use super::interval::Interval;

/// An integer that facts are about: a value of the function or an extent that no op reads.
pub type Node = u32;

/// Facts looked at per node, newest first; nodes and steps per search.
const EDGES_PER_NODE: usize = 16;
const NODES_PER_SEARCH: usize = 64;
const STEPS_PER_SEARCH: usize = 128;
/// Constants beyond this say nothing worth keeping.
const FAR: u128 = 1 << 62;

#[derive(Clone, Debug)]
enum Undo {
    Interval(Node, Interval),
    NotZero(Node),
    Edge(Node, Node),
}

/// The facts of the current place.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    intervals: Vec<Interval>,
    /// Those that are known not to be 0, which no interval says of what may have either sign.
    not_zero: Vec<bool>,
    /// `(b, k)` in `upper[a]`: `a <= b + k`.
    upper: Vec<Vec<(Node, i64)>>,
    /// `(b, k)` in `lower[a]`: `b <= a + k`.
    lower: Vec<Vec<(Node, i64)>>,
    undo: Vec<Undo>,
    found: Vec<(Node, i128)>,
    queue: VecDeque<usize>,
}

/// A place to come back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Which way to search.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To what is larger.
    Up,
    /// To what is smaller.
    Down,
}

impl Relations {
    /// Adds a node.
    pub fn add_node(&mut self, interval: Interval) -> Node {
        self.intervals.push(interval);
        self.not_zero.push(false);
        self.upper.push(Vec::new());
        self.lower.push(Vec::new());
        (self.intervals.len() - 1) as Node
    }

    /// Sets what a node is known to be, at its definition.
    pub fn define(&mut self, node: Node, interval: Interval) {
        self.undo
            .push(Undo::Interval(node, self.intervals[node as usize]));
        self.intervals[node as usize] = interval;
    }

    /// What is stored of a node; [`Relations::bounds`] knows more.
    pub fn interval(&self, node: Node) -> Interval {
        self.intervals[node as usize]
    }

    /// The present place.
    pub fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Takes back all facts since then.
    pub fn rollback(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            match self.undo.pop() {
                Some(Undo::Interval(node, interval)) => self.intervals[node as usize] = interval,
                Some(Undo::NotZero(node)) => self.not_zero[node as usize] = false,
                Some(Undo::Edge(a, b)) => {
                    self.upper[a as usize].pop();
                    self.lower[b as usize].pop();
                }
                None => {}
            }
        }
    }

    /// Notes that the node is also in `interval`.
    pub fn refine(&mut self, node: Node, interval: Interval) {
        let old = self.intervals[node as usize];
        let new = old.intersect(interval);
        if new != old {
            self.undo.push(Undo::Interval(node, old));
            self.intervals[node as usize] = new;
        }
    }

    /// Notes that the node is not 0.
    pub fn exclude_zero(&mut self, node: Node) {
        if !std::mem::replace(&mut self.not_zero[node as usize], true) {
            self.undo.push(Undo::NotZero(node));
        }
    }

    /// Whether it is known that the node, or one that is equal to it, is not 0.
    pub fn is_not_zero(&mut self, node: Node) -> bool {
        let bounds = self.bounds(node);
        if bounds.lo > 0 || bounds.hi < 0 || self.not_zero[node as usize] {
            return true;
        }
        if self.upper[node as usize].is_empty() {
            return false;
        }
        self.search(node, Way::Up);
        let not_zero = |&&(other, d): &&(Node, i128)| d == 0 && self.not_zero[other as usize];
        let found: Vec<Node> = self.found.iter().filter(not_zero).map(|n| n.0).collect();
        found.into_iter().any(|other| self.is_le(other, node, 0))
    }

    /// Notes `a <= b + k`.
    pub fn add(&mut self, a: Node, b: Node, k: i128) {
        if a == b || k.unsigned_abs() > FAR {
            return;
        }
        let (of_a, of_b) = (self.intervals[a as usize], self.intervals[b as usize]);
        self.refine(a, Interval::new(i128::MIN, of_b.hi.saturating_add(k)));
        self.refine(b, Interval::new(of_a.lo.saturating_sub(k), i128::MAX));
        // What holds by the intervals alone need not be kept.
        if of_a.constant().is_some() || of_b.constant().is_some() {
            return;
        }
        self.undo.push(Undo::Edge(a, b));
        self.upper[a as usize].push((b, k as i64));
        self.lower[b as usize].push((a, k as i64));
    }

    /// Notes `a == b + k`.
    pub fn add_equal(&mut self, a: Node, b: Node, k: i128) {
        self.add(a, b, k);
        self.add(b, a, k.saturating_neg());
    }

    /// Fills `found` with nodes and distances: `start <= node + d` going up, `start >= node + d` going down.
    fn search(&mut self, start: Node, way: Way) {
        self.found.clear();
        self.found.push((start, 0));
        self.queue.clear();
        self.queue.push_back(0);
        let mut steps = 0;
        while let Some(at) = self.queue.pop_front() {
            let (node, distance) = self.found[at];
            steps += 1;
            if steps > STEPS_PER_SEARCH {
                break;
            }
            let edges = match way {
                Way::Up => &self.upper[node as usize],
                Way::Down => &self.lower[node as usize],
            };
            for &(other, k) in edges.iter().rev().take(EDGES_PER_NODE) {
                let reached = match way {
                    Way::Up => distance.saturating_add(i128::from(k)),
                    Way::Down => distance.saturating_sub(i128::from(k)),
                };
                let better = |old: i128| match way {
                    Way::Up => reached < old,
                    Way::Down => reached > old,
                };
                match self.found.iter().position(|(n, _)| *n == other) {
                    Some(at) if better(self.found[at].1) => {
                        self.found[at].1 = reached;
                        if !self.queue.contains(&at) {
                            self.queue.push_back(at);
                        }
                    }
                    Some(_) => {}
                    None if self.found.len() < NODES_PER_SEARCH => {
                        self.queue.push_back(self.found.len());
                        self.found.push((other, reached));
                    }
                    None => {}
                }
            }
        }
    }

    /// All that is known of a node's value.
    pub fn bounds(&mut self, node: Node) -> Interval {
        let mut result = self.intervals[node as usize];
        if result.constant().is_some() {
            return result;
        }
        if !self.upper[node as usize].is_empty() {
            self.search(node, Way::Up);
            for &(other, d) in &self.found {
                result.hi = result
                    .hi
                    .min(self.intervals[other as usize].hi.saturating_add(d));
            }
        }
        if !self.lower[node as usize].is_empty() {
            self.search(node, Way::Down);
            for &(other, d) in &self.found {
                result.lo = result
                    .lo
                    .max(self.intervals[other as usize].lo.saturating_add(d));
            }
        }
        result
    }

    /// The least `d` found with `a <= b + d`.
    pub fn difference(&mut self, a: Node, b: Node) -> i128 {
        if a == b {
            return 0;
        }
        let least = self.bounds(b).lo;
        self.search(a, Way::Up);
        let mut best = i128::MAX;
        for &(node, d) in &self.found {
            if node == b {
                best = best.min(d);
            }
            let by_interval = self.intervals[node as usize].hi.saturating_add(d);
            best = best.min(by_interval.saturating_sub(least));
        }
        best
    }

    /// Whether `a <= b + k` is known.
    pub fn is_le(&mut self, a: Node, b: Node, k: i128) -> bool {
        let (of_a, of_b) = (self.intervals[a as usize], self.intervals[b as usize]);
        of_a.hi <= of_b.lo.saturating_add(k) || self.difference(a, b) <= k
    }

    /// Nodes with `start <= node + d`, the start itself first.
    pub fn above(&mut self, start: Node) -> &[(Node, i128)] {
        self.search(start, Way::Up);
        &self.found
    }

    /// Nodes with `start >= node + d`, the start itself first.
    pub fn below(&mut self, start: Node) -> &[(Node, i128)] {
        self.search(start, Way::Down);
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_scopes() {
        let mut r = Relations::default();
        let any = Interval::new(i64::MIN as i128, i64::MAX as i128);
        let [i, n, extent] = [any, any, Interval::new(0, 1 << 60)].map(|x| r.add_node(x));
        let outer = r.mark();
        r.add(i, n, -1);
        r.refine(i, Interval::new(0, i128::MAX));
        assert!(!r.is_le(i, extent, -1));
        let inner = r.mark();
        r.add(n, extent, 0);
        assert!(r.is_le(i, extent, -1));
        assert_eq!(r.bounds(extent).lo, 1);
        r.rollback(inner);
        assert!(!r.is_le(i, extent, -1));
        assert_eq!(r.bounds(n).lo, 1);
        r.rollback(outer);
        assert_eq!(r.bounds(n), any);
    }
}
