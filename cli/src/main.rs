//! The joint.
fn main() {}
