//! What is known of values where several ways of control meet.
//!
//! Each way hands in its values while its own facts hold; [`Join::finish`] keeps what holds on all of them, in terms of
//! nodes that are older than the place where the ways parted.

use super::interval::Interval;
use super::relations::{Node, Relations};

/// How many nodes per value and way are tried as bases of a fact.
const BASES: usize = 8;

/// What one way knows of one value.
#[derive(Clone, Debug)]
struct Arrival {
    interval: Interval,
    above: Vec<(Node, i128)>,
    below: Vec<(Node, i128)>,
}

/// Ways that meet.
#[derive(Clone, Debug, Default)]
pub struct Join {
    /// One list per way.
    ways: Vec<Vec<Option<Arrival>>>,
}

/// What holds on all ways.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The value's interval.
    pub interval: Interval,
    /// `value <= node + k`.
    pub above: Vec<(Node, i128)>,
    /// `value >= node + k`.
    pub below: Vec<(Node, i128)>,
}

impl Join {
    /// Adds a way: its values as nodes, `None` for what is no integer. Nodes with `is_old` may be bases of facts.
    pub fn arrive(
        &mut self,
        relations: &mut Relations,
        values: &[Option<Node>],
        is_old: impl Fn(Node) -> bool,
    ) {
        let way = values
            .iter()
            .map(|value| {
                value.map(|node| {
                    let interval = relations.bounds(node);
                    let old = |found: &[(Node, i128)]| -> Vec<(Node, i128)> {
                        found
                            .iter()
                            .copied()
                            .filter(|(n, _)| is_old(*n))
                            .take(BASES)
                            .collect()
                    };
                    let above = old(relations.above(node));
                    let below = old(relations.below(node));
                    Arrival {
                        interval,
                        above,
                        below,
                    }
                })
            })
            .collect();
        self.ways.push(way);
    }

    /// Whether no way arrived.
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// What holds of the `index`-th value, with the facts of the place where the ways meet.
    pub fn finish(&self, relations: &Relations, index: usize) -> Option<Joined> {
        let arrivals: Option<Vec<&Arrival>> = self
            .ways
            .iter()
            .map(|way| way.get(index).and_then(Option::as_ref))
            .collect();
        let arrivals = arrivals.filter(|a| !a.is_empty())?;
        let interval = arrivals[1..]
            .iter()
            .fold(arrivals[0].interval, |i, a| i.hull(a.interval));
        let mut joined = Joined {
            interval,
            above: Vec::new(),
            below: Vec::new(),
        };
        for arrival in &arrivals {
            for &(base, _) in &arrival.above {
                if joined.above.iter().any(|(n, _)| *n == base) {
                    continue;
                }
                let least = relations.interval(base).lo;
                let distance = |a: &&Arrival| {
                    let by_interval = a.interval.hi.saturating_sub(least);
                    let direct = a.above.iter().find(|(n, _)| *n == base);
                    direct.map_or(by_interval, |(_, d)| by_interval.min(*d))
                };
                let most = arrivals.iter().map(distance).max().unwrap_or(i128::MAX);
                joined.above.push((base, most));
            }
            for &(base, _) in &arrival.below {
                if joined.below.iter().any(|(n, _)| *n == base) {
                    continue;
                }
                let most = relations.interval(base).hi;
                let distance = |a: &&Arrival| {
                    let by_interval = a.interval.lo.saturating_sub(most);
                    let direct = a.below.iter().find(|(n, _)| *n == base);
                    direct.map_or(by_interval, |(_, d)| by_interval.max(*d))
                };
                let least = arrivals.iter().map(distance).min().unwrap_or(i128::MIN);
                joined.below.push((base, least));
            }
        }
        Some(joined)
    }
}
