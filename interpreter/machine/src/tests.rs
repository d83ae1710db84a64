//! Runs of small programs that are built by hand, construct by construct; the suite in `tests/` has them as text.

mod bench;
mod build;

mod asks;
mod beside;
mod border;
mod calls;
mod edit;
mod fingerprint;
mod loops;
mod parallel;
mod park;
mod random;
mod regions;
mod replay;
mod share;
mod still;
mod undo;
mod values;
mod waits;
