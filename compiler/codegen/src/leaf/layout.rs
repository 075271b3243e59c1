//! Blocks of machine code, laid out as a function: which one follows which, short and long jumps, aligned loops, what is
//! out of the way, constants.

use cranelift_codegen::binemit::Reloc;

use super::machine::{BlockCode, Condition};
use crate::data::Extern;
use crate::unit::{CodeReloc, Compiled, Frame, RelocTarget, Unwind};

/// A block's instructions, but for the jump at its end.
#[derive(Default)]
pub struct Piece {
    pub bytes: Vec<u8>,
    /// Where in `bytes` the distance to a constant stands, where its instruction ends, and which constant.
    pub constants: Vec<(usize, usize, usize)>,
    /// Where in `bytes` the distance to an extern stands, of which kind it is, and which extern.
    pub externs: Vec<(usize, Reloc, u32)>,
    /// What seldom runs: where in `bytes` the jump to it ends, and its instructions, but for the jump back.
    pub asides: Vec<(usize, Vec<u8>)>,
    /// Where a line begins.
    pub lines: Vec<(usize, u32)>,
    pub listing: String,
    pub end: End,
}

impl Piece {
    /// Puts instructions out of the way, and a jump to them here. Gives where they come back to.
    pub fn put_aside(&mut self, condition: Condition, aside: Vec<u8>) -> usize {
        // The distance is filled in when places are known.
        self.bytes
            .extend([0x0f, 0x80 + condition as u8, 0, 0, 0, 0]);
        self.asides.push((self.bytes.len(), aside));
        self.bytes.len()
    }
}

/// How a block ends.
#[derive(Clone, Copy, Default)]
pub enum End {
    #[default]
    Nothing,
    Jump(usize),
    Branch(Condition, usize, usize),
}

/// The blocks in the order in which they are laid out: what seldom runs lies behind everything else, and what a loop does
/// between two iterations before its head, so that it ends with one jump, which is taken if it goes on.
pub fn ordered(blocks: &[BlockCode], mut pieces: Vec<Piece>) -> (Vec<BlockCode>, Vec<Piece>) {
    let mut blocks = blocks.to_vec();
    let (mut order, cold): (Vec<usize>, Vec<usize>) =
        (0..blocks.len()).partition(|block| !blocks[*block].is_cold);
    for block in order.clone() {
        if let Some(head) = goes_on(&blocks, &pieces, &order, block) {
            order.retain(|other| *other != block);
            let at = order.iter().position(|other| *other == head);
            order.insert(at.unwrap_or(order.len()), block);
            blocks[head].is_loop_head = false;
            blocks[block].is_loop_head = true;
        }
    }
    order.extend(cold);
    let mut places = vec![0; order.len()];
    for (place, block) in order.iter().enumerate() {
        places[*block] = place;
    }
    for piece in &mut pieces {
        piece.end = match piece.end {
            End::Nothing => End::Nothing,
            End::Jump(to) => End::Jump(places[to]),
            End::Branch(condition, then, other) => {
                End::Branch(condition, places[then], places[other])
            }
        };
    }
    let moved = order
        .iter()
        .map(|block| std::mem::take(&mut pieces[*block]));
    let moved = moved.collect();
    (
        order.iter().map(|block| blocks[*block].clone()).collect(),
        moved,
    )
}

/// The head of the loop, if a block is what its last block does before it goes on.
fn goes_on(blocks: &[BlockCode], pieces: &[Piece], order: &[usize], block: usize) -> Option<usize> {
    let End::Jump(head) = pieces[block].end else {
        return None;
    };
    let [before] = blocks[block].predecessors[..] else {
        return None;
    };
    if pieces[block].bytes.is_empty() || !blocks[head].is_loop_head {
        return None;
    }
    let at = order.iter().position(|other| *other == block)?;
    // The entry stays the first.
    let is_back = order.get(1..at)?.contains(&head);
    let is_way = matches!(pieces[before.index()].end, End::Branch(..));
    (is_back && is_way).then_some(head)
}

/// Where an empty block that only jumps leads to.
fn threaded(pieces: &[Piece], mut block: usize) -> usize {
    // Blocks that only jump in a circle do not exist: a loop has a test.
    for _ in 0..pieces.len() {
        match pieces[block].end {
            End::Jump(to) if pieces[block].bytes.is_empty() => block = to,
            _ => break,
        }
    }
    block
}

/// A jump as it will be encoded.
#[derive(Clone, Copy)]
struct Jump {
    /// `None`: always.
    condition: Option<Condition>,
    to: usize,
    /// In the long form.
    long: bool,
}

impl Jump {
    fn size(self) -> usize {
        match (self.long, self.condition) {
            (false, _) => 2,
            (true, None) => 5,
            (true, Some(_)) => 6,
        }
    }
}

fn jumps(pieces: &[Piece], block: usize, live: &[bool]) -> Vec<Jump> {
    let next = (block + 1..pieces.len()).find(|block| live[*block]);
    let jump = |condition, to| Jump {
        condition,
        to,
        long: false,
    };
    match pieces[block].end {
        End::Nothing => Vec::new(),
        End::Jump(to) => {
            let to = threaded(pieces, to);
            if Some(to) == next {
                Vec::new()
            } else {
                vec![jump(None, to)]
            }
        }
        End::Branch(condition, then, other) => {
            let (then, other) = (threaded(pieces, then), threaded(pieces, other));
            if Some(then) == next {
                vec![jump(Some(condition.inverse()), other)]
            } else if Some(other) == next {
                vec![jump(Some(condition), then)]
            } else {
                vec![jump(Some(condition), then), jump(None, other)]
            }
        }
    }
}

/// The bytes of a loop, from its head to the last jump back.
fn loop_end(pieces: &[Piece], all: &[Vec<Jump>], head: usize) -> Option<usize> {
    (head..pieces.len())
        .rev()
        .find(|block| all[*block].iter().any(|jump| jump.to == head))
}

/// The function: blocks one after the other, loops at the start of a line of the cache, what is out of the way and constants
/// behind.
pub fn assemble(
    blocks: &[BlockCode],
    constants: &[Vec<u8>],
    mut pieces: Vec<Piece>,
    externs: Vec<Extern>,
    listing: bool,
) -> Compiled {
    let count = pieces.len();
    // Blocks that nothing leads to any more.
    let mut live = vec![false; count];
    let mut pending = vec![0];
    while let Some(block) = pending.pop() {
        if std::mem::replace(&mut live[block], true) {
            continue;
        }
        match pieces[block].end {
            End::Nothing => {}
            End::Jump(to) => pending.push(threaded(&pieces, to)),
            End::Branch(_, then, other) => {
                pending.extend([threaded(&pieces, then), threaded(&pieces, other)]);
            }
        }
    }
    let mut all: Vec<Vec<Jump>> = (0..count)
        .map(|block| match live[block] {
            true => jumps(&pieces, block, &live),
            false => Vec::new(),
        })
        .collect();
    let innermost: Vec<bool> = (0..count)
        .map(|head| is_innermost(blocks, &pieces, &all, head))
        .collect();

    // Long jumps make other jumps long; it ends because none becomes short again.
    let mut starts = vec![0; count];
    loop {
        let mut at: usize = 0;
        for block in 0..count {
            if live[block] && innermost[block] {
                at = at.next_multiple_of(32);
            }
            starts[block] = at;
            if live[block] {
                at += pieces[block].bytes.len();
                at += all[block].iter().map(|jump| jump.size()).sum::<usize>();
            }
        }
        let mut changed = false;
        for block in 0..count {
            let mut at = starts[block] + pieces[block].bytes.len();
            for jump in &mut all[block] {
                at += jump.size();
                let distance = starts[jump.to] as i64 - at as i64;
                if !jump.long && i8::try_from(distance).is_err() {
                    jump.long = true;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }

    let mut bytes: Vec<u8> = Vec::new();
    let mut lines = Vec::new();
    let (mut fixups, mut relocs) = (Vec::new(), Vec::new());
    let mut asides = Vec::new();
    let mut text = String::new();
    for block in 0..count {
        if !live[block] {
            continue;
        }
        pad(&mut bytes, starts[block]);
        let piece = std::mem::take(&mut pieces[block]);
        let start = bytes.len();
        for (back, aside) in piece.asides {
            asides.push((start + back, aside));
        }
        lines.extend(
            piece
                .lines
                .iter()
                .map(|(at, line)| ((start + at) as u32, *line)),
        );
        for (at, end, constant) in &piece.constants {
            fixups.push((start + at, start + end, *constant));
        }
        for (at, kind, target) in &piece.externs {
            relocs.push(CodeReloc {
                offset: (start + at) as u32,
                kind: *kind,
                target: RelocTarget::Extern(*target),
                addend: -4,
            });
        }
        bytes.extend(&piece.bytes);
        for jump in &all[block] {
            put_jump(&mut bytes, *jump, starts[jump.to]);
        }
        if listing {
            text.push_str(&format!(
                "block{block}:  ; at {start:#x}\n{}",
                piece.listing
            ));
            for jump in &all[block] {
                let name = jump
                    .condition
                    .map_or("jmp".to_owned(), |c| format!("j({c:?})"));
                text.push_str(&format!("  {name} block{}\n", jump.to));
            }
        }
    }
    for (back, aside) in asides {
        let distance = bytes.len() as i32 - back as i32;
        bytes[back - 4..back].copy_from_slice(&distance.to_le_bytes());
        bytes.extend(aside);
        let jump = Jump {
            condition: None,
            to: 0,
            long: true,
        };
        put_jump(&mut bytes, jump, back);
    }
    let code_size = bytes.len() as u32;
    let mut places = Vec::with_capacity(constants.len());
    for constant in constants {
        bytes.resize(bytes.len().next_multiple_of(constant.len().max(1)), 0xcc);
        places.push(bytes.len());
        bytes.extend(constant);
    }
    for (at, end, constant) in fixups {
        let distance = places[constant] as i32 - end as i32;
        bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
    }
    Compiled {
        size: code_size,
        code: bytes,
        align: 64,
        begin: 0,
        relocs,
        externs,
        unwind: Some(Unwind::Frame(Frame { set_up: 4 })),
        lines,
        asm: listing.then_some(text),
    }
}

/// Whether a block is the head of a loop without loops inside.
fn is_innermost(blocks: &[BlockCode], pieces: &[Piece], all: &[Vec<Jump>], head: usize) -> bool {
    let is_head = |block: usize| {
        blocks[block].is_loop_head && loop_end(pieces, all, block).is_some_and(|end| end >= block)
    };
    if !is_head(head) {
        return false;
    }
    let end = loop_end(pieces, all, head).unwrap_or(head);
    !(head + 1..=end).any(is_head)
}

/// Fills up to a place with instructions that do nothing.
fn pad(bytes: &mut Vec<u8>, to: usize) {
    const NOPS: [&[u8]; 9] = [
        &[0x90],
        &[0x66, 0x90],
        &[0x0f, 0x1f, 0x00],
        &[0x0f, 0x1f, 0x40, 0x00],
        &[0x0f, 0x1f, 0x44, 0x00, 0x00],
        &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
        &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
        &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
        &[0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
    ];
    while bytes.len() < to {
        let size = (to - bytes.len()).min(NOPS.len());
        bytes.extend(NOPS[size - 1]);
    }
}

fn put_jump(bytes: &mut Vec<u8>, jump: Jump, to: usize) {
    let end = bytes.len() + jump.size();
    let distance = to as i64 - end as i64;
    match (jump.condition, jump.long) {
        (None, false) => bytes.push(0xeb),
        (None, true) => bytes.push(0xe9),
        (Some(condition), false) => bytes.push(0x70 + condition as u8),
        (Some(condition), true) => bytes.extend([0x0f, 0x80 + condition as u8]),
    }
    if jump.long {
        bytes.extend((distance as i32).to_le_bytes());
    } else {
        bytes.push(distance as i8 as u8);
    }
}
