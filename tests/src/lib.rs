//! What the test files share: where things are, and how a case is read. Tests see every room; no room sees them.

pub mod annotate;
pub mod cel;
pub mod crd;
pub mod files;
pub mod fuzz;
pub mod generate;
pub mod mutate;
pub mod page;
pub mod tested;
