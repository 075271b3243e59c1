//! How a loop is cut into chunks: a function of its length and its body (and of the chunk size
//! that the user asks for), never of the number of threads.

/// The most chunks of a loop, unless the user asks for a chunk size.
pub const CHUNKS: usize = 256;

/// The most chunks of a loop whose chunk size the user has chosen.
const CHUNKS_MAX: i64 = 1 << 16;

/// A loop of `trip_count` iterations in `chunks` pieces.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    trip_count: i64,
    /// How many pieces there are.
    pub chunks: usize,
    /// Iterations of a piece, if all but the last have as many; else 0.
    size: i64,
}

impl Grid {
    /// Cuts a loop. `chunk` 0 leaves the size of the pieces open: they are at least `grain` iterations then, if the loop has
    /// that many, and multiples of `unit`, a power of two, but for the last one.
    pub fn new(trip_count: i64, chunk: i64, grain: i64, unit: i64) -> Grid {
        let trip_count = trip_count.max(0);
        if chunk <= 0 {
            let pieces = (trip_count / grain.max(1)).clamp(1, CHUNKS as i64);
            return match unit {
                ..=1 => Grid::pieces(trip_count, pieces as usize),
                _ => {
                    let units = rounded_up(trip_count, pieces * unit);
                    Grid::of_size(trip_count, units.saturating_mul(unit))
                }
            };
        }
        Grid::of_size(trip_count, chunk.max(rounded_up(trip_count, CHUNKS_MAX)))
    }

    /// Pieces of that size, and what is left.
    fn of_size(trip_count: i64, size: i64) -> Grid {
        let size = size.max(1);
        Grid {
            trip_count,
            chunks: rounded_up(trip_count, size) as usize,
            size,
        }
    }

    /// Cuts a loop into so many pieces, at most.
    pub fn pieces(trip_count: i64, pieces: usize) -> Grid {
        let trip_count = trip_count.max(0);
        Grid {
            trip_count,
            chunks: trip_count.min(pieces as i64) as usize,
            size: 0,
        }
    }

    /// How many pieces so many iterations are, at least 1.
    pub fn chunks_of(&self, iterations: i64) -> usize {
        let size = (self.trip_count / self.chunks as i64).max(1);
        usize::try_from(iterations / size).unwrap_or(1).max(1)
    }

    /// The iterations of a piece: from, and up to but without.
    pub fn bounds(&self, index: usize) -> (i64, i64) {
        let index = index as i64;
        if self.size > 0 {
            let lo = index * self.size;
            return (lo, self.trip_count.min(lo.saturating_add(self.size)));
        }
        // Those with one iteration more lie as evenly as can be, so that neighbours are as much as others.
        let chunks = self.chunks as i64;
        let (size, rest) = (self.trip_count / chunks, self.trip_count % chunks);
        let start = |index: i64| index * size + index * rest / chunks;
        (start(index), start(index + 1))
    }
}

fn rounded_up(count: i64, by: i64) -> i64 {
    count / by + i64::from(count % by != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_loop_in_order() {
        for trip_count in [0, 1, 2, 255, 256, 257, 1000, 65_537, i64::MAX] {
            for (chunk, grain) in [
                (0, 1),
                (0, 100),
                (0, i64::MAX),
                (1, 1),
                (7, 9),
                (100, 1),
                (i64::MAX, 1),
            ] {
                for unit in [1, 4, 64] {
                    let grid = Grid::new(trip_count, chunk, grain, unit);
                    let mut at = 0;
                    for index in 0..grid.chunks {
                        let (lo, hi) = grid.bounds(index);
                        assert!(lo == at && hi > lo, "{trip_count} {chunk} {index}");
                        assert!(chunk > 0 || hi == trip_count || (hi - lo) % unit == 0);
                        at = hi;
                    }
                    assert_eq!(at, trip_count);
                }
            }
        }
    }

    #[test]
    fn pieces_of_light_loops_have_a_least_size() {
        let chunks = |trip_count| Grid::new(trip_count, 0, 1024, 1).chunks;
        assert_eq!([0, 1, 1024, 2047, 2048].map(chunks), [0, 1, 1, 1, 2]);
        assert_eq!([256 * 1024, i64::MAX].map(chunks), [256, 256]);
    }
}
