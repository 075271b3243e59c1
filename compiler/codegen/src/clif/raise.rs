//! The way out of a function with an exception.
//!
//! Each test branches to a cold block that has the runtime make the exception, from there to a
//! block that appends the traceback entries of the place, and from there to the one that returns
//! status 1. Blocks are shared where they would be equal, and are laid out after everything else.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, SourceLoc, StackSlot, Value};
use snek_abi::Message as RuntimeMessage;
use snek_mir::ir::{FrameId, Message, Raise, SiteId, ValueId};

use super::builder::runtime;
use super::thunk::index_error_signature;
use super::{BlockMap, Lower};
use crate::CodegenError;
use crate::data::{Data, Extern};
use crate::unit::Unit;

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// One of CPython's messages.
    Message(RuntimeMessage),
    /// IndexError of an array.
    Index {
        /// As the user wrote it.
        index: Value,
        /// Of which dimension.
        axis: usize,
        /// What the dimension has.
        extent: Value,
        /// How many dimensions there are.
        rank: usize,
    },
    /// One that MIR describes.
    Raise(Raise, Vec<Value>),
    /// RecursionError.
    Recursion,
}

/// Frames for a traceback, innermost first.
type Frames = Vec<(FrameId, u32)>;

/// The blocks on the way out.
#[derive(Default)]
pub struct Raising {
    /// Where exceptions are made.
    made: BlockMap<(What, Frames)>,
    /// Where traceback entries are appended.
    unwound: BlockMap<Frames>,
    /// What is yet to be filled in.
    pending: Vec<Pending>,
    /// Where status 1 is returned.
    failed: Option<Block>,
    /// Where index and extent of an IndexError are put down.
    index_place: Option<StackSlot>,
}

struct Pending {
    block: Block,
    source: SourceLoc,
    kind: PendingKind,
}

enum PendingKind {
    Make(What, Block),
    Unwind(Frames, Block),
}

impl<'a> Lower<'a> {
    fn cold_block(&mut self) -> Block {
        let block = self.b.ins.create_block();
        self.b.ins.set_cold_block(block);
        block
    }

    fn failed_block(&mut self) -> Result<Block, CodegenError> {
        if !self.function.may_raise {
            return Err(CodegenError::Internal(
                "a function that cannot raise has an op that may".to_owned(),
            ));
        }
        if let Some(block) = self.raising.failed {
            return Ok(block);
        }
        let block = self.cold_block();
        self.raising.failed = Some(block);
        Ok(block)
    }

    /// The block that leaves the function with the exception that is pending.
    pub(super) fn unwind_block(&mut self, site: SiteId) -> Result<Block, CodegenError> {
        let failed = self.failed_block()?;
        let frames = self.frames(site);
        if frames.is_empty() {
            return Ok(failed);
        }
        if let Some(block) = self.raising.unwound.get(&frames) {
            return Ok(*block);
        }
        let block = self.cold_block();
        let source = SourceLoc::new(self.line(site));
        self.raising.unwound.insert(frames.clone(), block);
        let kind = PendingKind::Unwind(frames, failed);
        self.raising.pending.push(Pending {
            block,
            source,
            kind,
        });
        Ok(block)
    }

    /// The block that raises.
    pub(super) fn raise_block(&mut self, what: What, site: SiteId) -> Result<Block, CodegenError> {
        let key = (what, self.frames(site));
        if let Some(block) = self.raising.made.get(&key) {
            return Ok(*block);
        }
        // RecursionError is the caller's: this function has not begun.
        let unwind = match key.0 {
            What::Recursion => self.failed_block()?,
            _ => self.unwind_block(site)?,
        };
        let block = self.cold_block();
        let source = SourceLoc::new(self.line(site));
        let kind = PendingKind::Make(key.0.clone(), unwind);
        self.raising.made.insert(key, block);
        self.raising.pending.push(Pending {
            block,
            source,
            kind,
        });
        Ok(block)
    }

    /// Raises if `condition` is not 0, else goes on.
    pub(super) fn raise_if(
        &mut self,
        condition: Value,
        what: What,
        site: SiteId,
    ) -> Result<(), CodegenError> {
        let raises = self.raise_block(what, site)?;
        let goes_on = self.b.ins.create_block();
        self.b.ins.ins().brif(condition, raises, &[], goes_on, &[]);
        self.b.ins.switch_to_block(goes_on);
        Ok(())
    }

    /// Raises if `condition` is 0, else goes on.
    pub(super) fn check(
        &mut self,
        condition: Value,
        raise: &Raise,
        operands: &[ValueId],
        site: SiteId,
    ) -> Result<(), CodegenError> {
        let what = What::Raise(raise.clone(), self.all_parts(operands)?);
        let wrong = self.negated(condition);
        self.raise_if(wrong, what, site)
    }

    /// Raises.
    pub(super) fn raise(
        &mut self,
        raise: &Raise,
        operands: &[ValueId],
        site: SiteId,
    ) -> Result<(), CodegenError> {
        let what = What::Raise(raise.clone(), self.all_parts(operands)?);
        let raises = self.raise_block(what, site)?;
        self.b.ins.ins().jump(raises, &[] as &[BlockArg]);
        Ok(())
    }

    /// Leaves the function if a status is not 0, from the place of a call.
    pub(super) fn test_status(&mut self, status: Value, site: SiteId) -> Result<(), CodegenError> {
        let unwind = self.unwind_block(site)?;
        self.leave_to(unwind, status)
    }

    /// Leaves the function if a status is not 0. The traceback names this function already: the code that failed was
    /// written in it.
    pub(super) fn test_outlined_status(&mut self, status: Value) -> Result<(), CodegenError> {
        let failed = self.failed_block()?;
        self.leave_to(failed, status)
    }

    fn leave_to(&mut self, unwind: Block, status: Value) -> Result<(), CodegenError> {
        let goes_on = self.b.ins.create_block();
        self.b.ins.ins().brif(status, unwind, &[], goes_on, &[]);
        self.b.ins.switch_to_block(goes_on);
        Ok(())
    }

    /// Raises RecursionError where the stack is about to end.
    pub(super) fn check_stack(&mut self) -> Result<(), CodegenError> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let failed = self.cold_block();
        let goes_on = self.b.ins.create_block();
        let stack = self.b.ins.ins().get_stack_pointer(types::I64);
        let ends = self.b.ins.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        let kind = PendingKind::Make(What::Recursion, self.failed_block()?);
        let source = SourceLoc::new(self.program.frames[self.function.frame].first_line);
        self.raising.pending.push(Pending {
            block: failed,
            source,
            kind,
        });
        self.b.ins.ins().brif(ends, failed, &[], goes_on, &[]);
        self.b.ins.switch_to_block(goes_on);
        Ok(())
    }

    /// Fills in the cold blocks, at the end of the function.
    pub(super) fn finish_raising(&mut self) -> Result<(), CodegenError> {
        for Pending {
            block,
            source,
            kind,
        } in std::mem::take(&mut self.raising.pending)
        {
            self.b.ins.switch_to_block(block);
            self.b.ins.set_srcloc(source);
            let next = match kind {
                PendingKind::Make(what, next) => {
                    self.make(&what)?;
                    next
                }
                PendingKind::Unwind(frames, next) => {
                    for (frame, line) in frames {
                        let info = self.b.address(Data::Frame(frame));
                        let line = self.b.int(types::I64, i64::from(line));
                        self.b
                            .call_runtime(runtime("snek_rt_traceback")?, &[info, line]);
                    }
                    next
                }
            };
            self.b.ins.ins().jump(next, &[] as &[BlockArg]);
        }
        if let Some(failed) = self.raising.failed {
            self.b.ins.switch_to_block(failed);
            let mut values = vec![self.b.int(types::I32, 1)];
            let results = self.results.clone();
            for (ty, fits) in results.parts.iter().zip(&results.in_register) {
                if *fits {
                    values.push(self.b.zero(*ty));
                }
            }
            self.b.ins.ins().return_(&values);
        }
        Ok(())
    }

    /// Has the runtime make an exception.
    fn make(&mut self, what: &What) -> Result<(), CodegenError> {
        match what {
            What::Message(message) => self.make_message(*message),
            What::Index {
                index,
                axis,
                extent,
                rank,
            } => {
                let slot = match self.raising.index_place {
                    Some(slot) => slot,
                    None => self.b.stack_slot(16),
                };
                self.raising.index_place = Some(slot);
                let place = self.b.slot_address(slot);
                self.b.store(*index, place, 0);
                self.b.store(*extent, place, 8);
                let axis = self.b.int(types::I64, *axis as i64);
                let rank = self.b.int(types::I64, *rank as i64);
                let target = Extern::Unit(Unit::IndexError);
                let thunk = self.b.function(target, &index_error_signature());
                self.b.ins.ins().call(thunk, &[place, axis, rank]);
                Ok(())
            }
            What::Recursion => {
                self.b
                    .call_runtime(runtime("snek_rt_raise_recursion")?, &[]);
                Ok(())
            }
            What::Raise(raise, operands) => self.make_raise(raise, operands),
        }
    }

    fn make_message(&mut self, message: RuntimeMessage) -> Result<(), CodegenError> {
        let number = self.b.int(types::I32, message as i64);
        self.b
            .call_runtime(runtime("snek_rt_raise_message")?, &[number]);
        Ok(())
    }

    fn make_raise(&mut self, raise: &Raise, operands: &[Value]) -> Result<(), CodegenError> {
        let kind = self.b.int(types::I32, raise.kind as i64);
        match &raise.message {
            Message::Bare => {
                let null = self.b.int(types::I64, 0);
                let none = self.b.int(types::I64, -1);
                self.b
                    .call_runtime(runtime("snek_rt_raise")?, &[kind, null, none]);
            }
            Message::Text(text) => {
                if let Some(message) = worded_by_version(raise, text) {
                    return self.make_message(message);
                }
                let address = self.b.address(Data::Text(text.clone()));
                let length = self.b.int(types::I64, text.len() as i64);
                self.b
                    .call_runtime(runtime("snek_rt_raise")?, &[kind, address, length]);
            }
            Message::WeakInt(scalar) => {
                let [value] = operands else {
                    return Err(CodegenError::Internal("one integer is wanted".to_owned()));
                };
                let scalar = self.b.int(types::I32, *scalar as i64);
                self.b
                    .call_runtime(runtime("snek_rt_raise_weak_int")?, &[*value, scalar]);
            }
            Message::Unbound(name) => {
                let address = self.b.address(Data::Text(name.clone()));
                let length = self.b.int(types::I64, name.len() as i64);
                self.b
                    .call_runtime(runtime("snek_rt_raise_unbound")?, &[address, length]);
            }
            Message::Known(message) => self.make_message(*message)?,
            Message::Pending => {}
        }
        Ok(())
    }
}

/// The runtime's own message of this text, if Pythons differ in its wording or arguments.
fn worded_by_version(raise: &Raise, text: &str) -> Option<RuntimeMessage> {
    RuntimeMessage::ALL.iter().copied().find(|message| {
        let known = message.text();
        known.kind == raise.kind && known.text == text && (known.since != 0 || known.errno != 0)
    })
}
