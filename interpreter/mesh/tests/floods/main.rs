//! Visitors who cost a gateway much: floods of frames, and connections by the thousand. In a process of their own, since
//! memory is measured.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../gateway/town.rs"]
#[expect(dead_code, reason = "the tests of gateways use more of it")]
mod town;

mod frames;
mod idle;
mod memory;
