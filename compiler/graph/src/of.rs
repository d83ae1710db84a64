//! A program as graphs.

mod calls;
mod flow;
mod mesh;
mod regions;

pub use calls::{asked, calls};
pub use flow::flow;
pub use mesh::mesh;
