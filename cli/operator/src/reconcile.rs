//! One object at a time: looked at, brought on its way by one step, and told how it stands.
//!
//! `program` compiles and rolls out (`rollout`, `applying`), `leave` lets a program go, `run` follows a run; `say` writes what is
//! said of both.

mod applying;
mod leave;
pub(crate) mod program;
mod rollout;
pub(crate) mod run;
mod say;
mod token;
