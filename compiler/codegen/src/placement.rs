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
/// Loops with code that seldom runs have no say.
pub fn begin(
    starts: &[u32],
    edges: &[(u32, u32)],
    seldom: &[(u32, u32)],
    size: u32,
) -> Option<u32> {
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
        outer.1 - outer.0 <= LONG
            && !all.iter().any(|inner| holds(*outer, *inner))
            && !seldom.iter().any(|code| holds(*outer, *code))
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

/// The jumps back at the ends of blocks of x86-64 code, by the begins of both blocks. (Those that Cranelift lists are of
/// other blocks where there are cold ones.) Not those of cold blocks, which lie behind all that returns.
pub fn jumps_back(code: &[u8], starts: &[u32]) -> Vec<(u32, u32)> {
    let mut sorted = starts.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut found = Vec::new();
    for (n, &from) in sorted.iter().enumerate() {
        let end = sorted.get(n + 1).map_or(code.len(), |next| *next as usize);
        let block = &code[from as usize..end];
        // A jump, and one on a condition that may be before it.
        let mut conditional = end;
        let mut ends = Vec::new();
        if let [.., 0xe9, a, b, c, d] = *block {
            ends.push((end, i32::from_le_bytes([a, b, c, d])));
            conditional -= 5;
        }
        let before = &code[from as usize..conditional];
        if let [.., 0x0f, 0x80..=0x8f, a, b, c, d] = *before {
            ends.push((conditional, i32::from_le_bytes([a, b, c, d])));
        }
        for (at, distance) in ends {
            let to = (at as i64 + i64::from(distance)) as u32;
            let Ok(first) = sorted.binary_search(&to) else {
                continue;
            };
            let returns = |m: usize| code[sorted[m + 1] as usize - 1] == 0xc3;
            if to <= from && !(first..n).any(returns) {
                found.push((from, to));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_back_are_found() {
        let code = [
            0x90, 0x90, // 0: two steps
            0x0f, 0x8c, 0xfa, 0xff, 0xff, 0xff, // 2: to 2, on a condition
            0x0f, 0x85, 0x06, 0x00, 0x00, 0x00, // 8: to 20, on a condition
            0xe9, 0xed, 0xff, 0xff, 0xff, // and to 0
            0xc3, // 19: returns
            0xe9, 0xef, 0xff, 0xff, 0xff, // 20: to 8, from a cold block
        ];
        let starts = [0, 2, 8, 19, 20];
        assert_eq!(jumps_back(&code, &starts), [(2, 2), (8, 0)]);
    }

    #[test]
    fn loops_lie_in_few_lines() {
        // No loop.
        assert_eq!(begin(&[0, 10, 20], &[(0, 10), (10, 20)], &[], 30), None);
        // 24 bytes across the end of a line, and where they are not.
        assert_eq!(
            begin(&[0, 57, 81], &[(0, 57), (57, 57), (57, 81)], &[], 90),
            Some(16)
        );
        assert_eq!(
            begin(&[0, 20, 44], &[(0, 20), (20, 20), (20, 44)], &[], 90),
            Some(0)
        );
        // The loop around does not count, nor does one that is long.
        let nest = [(0, 40), (40, 57), (57, 57), (57, 81), (81, 40)];
        assert_eq!(begin(&[0, 40, 57, 81, 100], &nest, &[], 110), Some(16));
        assert_eq!(
            begin(&[0, 57, 400], &[(0, 57), (57, 57), (57, 400)], &[], 500),
            None
        );
        // The shorter one of two decides.
        let two = [(0, 50), (50, 50), (50, 74), (74, 90), (90, 90), (90, 170)];
        let best = begin(&[0, 50, 74, 90, 170], &two, &[], 180);
        assert_eq!(best, Some(16));
        // If it seldom runs, the longer one does.
        let best = begin(&[0, 50, 74, 90, 170], &two, &[(60, 70)], 180);
        assert_eq!(best, Some(0));
    }
}
