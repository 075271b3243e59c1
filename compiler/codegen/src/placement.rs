//! Where a function begins within a line of the cache, so that its innermost loops lie in few lines: the processor reads a
//! line in each cycle, and a short loop that straddles two takes two cycles at least.
//!
//! Cranelift has no alignment of blocks. It says where blocks are, so all that is left to choose is the begin of the
//! function: one of four places, since constants behind the code want to be aligned to 16.

/// Bytes of a line.
pub const LINE: u32 = 64;
const STEP: u32 = 16;
/// Longer loops do not gain.
const LONG: u32 = 192;

/// The best begin within a line, in bytes, by the begins of blocks and the edges between them; `None` if it is all one.
pub fn begin(starts: &[u32], edges: &[(u32, u32)], size: u32) -> Option<u32> {
    let mut sorted = starts.to_vec();
    sorted.sort_unstable();
    let end_of = |block: u32| {
        let next = sorted.partition_point(|start| *start <= block);
        sorted.get(next).copied().unwrap_or(size)
    };
    let back = edges.iter().filter(|(from, to)| to <= from);
    let mut loops: Vec<(u32, u32)> = back.map(|(from, to)| (*to, end_of(*from))).collect();
    loops.sort_unstable();
    loops.dedup();
    let all = loops.clone();
    let holds = |(a, b): (u32, u32), (c, d): (u32, u32)| a <= c && d <= b && (a, b) != (c, d);
    loops.retain(|outer| {
        outer.1 - outer.0 <= LONG && !all.iter().any(|inner| holds(*outer, *inner))
    });
    if loops.is_empty() {
        return None;
    }
    // Lines beyond those that a loop needs anyway; a short loop feels one more the most.
    let cost = |begin: u32| -> u32 {
        let cost = |&(first, end): &(u32, u32)| {
            let lines = (begin + end - 1) / LINE - (begin + first) / LINE + 1;
            let needed = (end - first).div_ceil(LINE).max(1);
            (lines - needed) * (4 * LONG / (end - first).max(STEP))
        };
        loops.iter().map(cost).sum()
    };
    (0..LINE / STEP)
        .map(|n| n * STEP)
        .min_by_key(|begin| cost(*begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_lie_in_few_lines() {
        // No loop.
        assert_eq!(begin(&[0, 10, 20], &[(0, 10), (10, 20)], 30), None);
        // 24 bytes across the end of a line, and where they are not.
        assert_eq!(
            begin(&[0, 57, 81], &[(0, 57), (57, 57), (57, 81)], 90),
            Some(16)
        );
        assert_eq!(
            begin(&[0, 20, 44], &[(0, 20), (20, 20), (20, 44)], 90),
            Some(0)
        );
        // The loop around does not count, nor does one that is long.
        let nest = [(0, 40), (40, 57), (57, 57), (57, 81), (81, 40)];
        assert_eq!(begin(&[0, 40, 57, 81, 100], &nest, 110), Some(16));
        assert_eq!(
            begin(&[0, 57, 400], &[(0, 57), (57, 57), (57, 400)], 500),
            None
        );
        // The shorter one of two decides.
        let two = [(0, 50), (50, 50), (50, 74), (74, 90), (90, 90), (90, 170)];
        let best = begin(&[0, 50, 74, 90, 170], &two, 180);
        assert_eq!(best, Some(16));
    }
}
