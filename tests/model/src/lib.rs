//! A model of the pool's hand-over: the runtime's own `board.rs` and `claims.rs`, compiled with loom's means of
//! synchronisation instead of the standard library's, and run in all orders in which threads may run and stores may become visible.
//!
//! Bounded: at most so many changes of threads where none is needed ([`PREEMPTIONS`]). Sleeping never times out
//! here, so a wake-up that gets lost is a deadlock, which loom reports. What is not in the model: rayon, forks, clocks.

#![cfg(test)]

#[path = "../../../runtime/src/par/board.rs"]
mod board;
#[path = "../../../runtime/src/par/claims.rs"]
mod claims;
mod sync;
mod tests;
