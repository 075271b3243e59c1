//! Spills and reloads of what lies there already.
//!
//! `regalloc2` splits the live range of a value that a loop only reads, where registers are short, into pieces that it
//! joins by moves, without asking whether the other piece still holds the value. So a bound may be loaded from its slot at
//! the end of a loop and stored to the same slot before the next iteration, which makes each iteration wait for the one
//! before it. Here a forward analysis over the blocks tells which registers are equal to which slots, and moves between
//! equals are dropped. Nothing else changes.

use std::collections::BTreeMap;

use regalloc2::{
    Allocation, Block, Edit, Function, InstOrEdit, OperandKind, Output, PReg, PRegSet,
};

use super::machine::MachineCode;

/// The slots whose values are also in registers, and these.
type Equal = BTreeMap<usize, PRegSet>;

/// Drops them.
pub fn run(code: &MachineCode, output: &mut Output) {
    let touches_stack = |edit: &Edit| {
        let Edit::Move { from, to } = edit;
        from.is_stack() || to.is_stack()
    };
    if !output.edits.iter().any(|(_, edit)| touches_stack(edit)) {
        return;
    }
    // `None`: not reached yet.
    let mut ends: Vec<Option<Equal>> = vec![None; code.blocks.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for block in 0..code.blocks.len() {
            let mut equal = at_start(code, &ends, block);
            walk(code, output, block, &mut equal, |_| {});
            if ends[block].as_ref() != Some(&equal) {
                ends[block] = Some(equal);
                changed = true;
            }
        }
    }
    let mut is_idle = Vec::with_capacity(output.edits.len());
    for block in 0..code.blocks.len() {
        let mut equal = at_start(code, &ends, block);
        walk(code, output, block, &mut equal, |idle| is_idle.push(idle));
    }
    // Moves are in the order of the instructions that they stand at, and blocks hold these in the same order.
    debug_assert_eq!(is_idle.len(), output.edits.len());
    let mut is_idle = is_idle.into_iter();
    output.edits.retain(|_| is_idle.next() != Some(true));
}

/// What is equal at the end of all predecessors of a block that are known.
fn at_start(code: &MachineCode, ends: &[Option<Equal>], block: usize) -> Equal {
    let before = &code.blocks[block].predecessors;
    let mut known = before.iter().filter_map(|pred| ends[pred.index()].as_ref());
    let Some(first) = known.next() else {
        return Equal::new();
    };
    let mut equal = first.clone();
    for other in known {
        equal.retain(|slot, registers| match other.get(slot) {
            Some(others) => {
                registers.intersect_from(*others);
                *registers != PRegSet::empty()
            }
            None => false,
        });
    }
    equal
}

/// Goes through a block, and says of each move whether it is between equals.
fn walk(
    code: &MachineCode,
    output: &Output,
    block: usize,
    equal: &mut Equal,
    mut each: impl FnMut(bool),
) {
    for item in output.block_insts_and_edits(code, Block::new(block)) {
        match item {
            InstOrEdit::Edit(Edit::Move { from, to }) => each(moved(equal, *from, *to)),
            InstOrEdit::Inst(inst) => {
                let operands = code.inst_operands(inst);
                for (operand, place) in operands.iter().zip(output.inst_allocs(inst)) {
                    if operand.kind() == OperandKind::Def {
                        overwritten(equal, *place);
                    }
                }
                for register in code.inst_clobbers(inst) {
                    lost(equal, register);
                }
            }
        }
    }
}

/// Notes a move; whether it changes nothing.
fn moved(equal: &mut Equal, from: Allocation, to: Allocation) -> bool {
    let holds = |equal: &Equal, slot: Allocation, register| {
        let slot = slot.as_stack().map(|slot| slot.index());
        slot.and_then(|slot| equal.get(&slot))
            .is_some_and(|registers| registers.contains(register))
    };
    let slots_of = |equal: &Equal, register| -> Vec<usize> {
        let known = equal.iter().filter(|(_, all)| all.contains(register));
        known.map(|(slot, _)| *slot).collect()
    };
    if from == to {
        return false;
    }
    match (from.as_reg(), to.as_reg()) {
        (Some(from), None) if holds(equal, to, from) => true,
        (None, Some(register)) if holds(equal, from, register) => true,
        (Some(from), None) => {
            overwritten(equal, to);
            if let Some(slot) = to.as_stack() {
                equal.insert(slot.index(), PRegSet::empty().with(from));
            }
            false
        }
        (None, Some(register)) => {
            lost(equal, register);
            if let Some(slot) = from.as_stack() {
                let registers = equal.entry(slot.index()).or_default();
                registers.add(register);
            }
            false
        }
        (Some(from), Some(register)) => {
            let slots = slots_of(equal, from);
            lost(equal, register);
            for slot in slots {
                equal.entry(slot).or_default().add(register);
            }
            false
        }
        (None, None) => {
            overwritten(equal, to);
            false
        }
    }
}

fn overwritten(equal: &mut Equal, place: Allocation) {
    if let Some(register) = place.as_reg() {
        lost(equal, register);
    } else if let Some(slot) = place.as_stack() {
        equal.remove(&slot.index());
    }
}

/// Forgets what a register held.
fn lost(equal: &mut Equal, register: PReg) {
    equal.retain(|_, registers| {
        registers.remove(register);
        *registers != PRegSet::empty()
    });
}

#[cfg(test)]
mod tests {
    use regalloc2::SpillSlot;

    use super::super::machine::general;
    use super::*;

    #[test]
    fn a_store_of_what_was_loaded_is_idle_until_the_register_changes() {
        let slot = Allocation::stack(SpillSlot::new(3));
        let [a, b] = [7, 8].map(|number| Allocation::reg(general(number)));
        let mut equal = Equal::new();
        assert!(!moved(&mut equal, slot, a));
        assert!(moved(&mut equal, a, slot));
        assert!(!moved(&mut equal, a, b));
        overwritten(&mut equal, a);
        assert!(moved(&mut equal, b, slot));
        assert!(!moved(&mut equal, a, slot));
        assert!(!moved(&mut equal, slot, b));
        lost(&mut equal, general(8));
        assert!(!moved(&mut equal, slot, b));
        overwritten(&mut equal, slot);
        assert!(!moved(&mut equal, slot, b));
    }

    #[test]
    fn places_are_equal_where_they_are_at_the_end_of_all_blocks_before() {
        let with = |numbers: &[usize]| {
            let set = PRegSet::empty();
            (numbers.iter()).fold(set, |set, number| set.with(general(*number)))
        };
        let code = MachineCode {
            blocks: vec![super::super::machine::BlockCode {
                predecessors: (0..3).map(Block::new).collect(),
                ..Default::default()
            }],
            ..MachineCode::default()
        };
        let one = Equal::from([(0, with(&[1, 2])), (1, with(&[3]))]);
        let two = Equal::from([(0, with(&[2, 3])), (2, with(&[3]))]);
        let ends = [Some(one), None, Some(two)];
        assert_eq!(at_start(&code, &ends, 0), Equal::from([(0, with(&[2]))]));
    }
}
