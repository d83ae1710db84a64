//! Runs of small programs that are built by hand, construct by construct; the suite in `tests/` has them as text.

mod bench;
mod build;

mod asks;
mod beside;
mod border;
mod calls;
mod fingerprint;
mod loops;
mod parallel;
mod random;
mod regions;
mod replay;
mod undo;
mod values;
mod waits;
