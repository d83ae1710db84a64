//! Decisions on a call's way: pure functions of what is known, of a time passed in and of chance passed in.

pub mod access;
pub mod address;
pub mod attempts;
mod backoff;
pub mod balance;
pub mod breaker;
pub mod budget;
pub mod cache;
pub mod canonical;
pub mod chance;
pub mod code;
pub mod endpoints;
pub mod fault;
pub mod health;
pub mod items;
pub mod limit;
pub mod mirror;
pub mod operation;
pub mod outcome;
pub mod propagation;
pub mod proxied;
pub mod retry_after;
pub mod route;
pub mod tally;
pub mod template;
pub mod tree;
