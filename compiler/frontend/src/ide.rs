//! What an editor asks, as plain functions over offsets and strings. No protocol of any editor is known here.

mod hover;

pub use hover::{Hover, hover};

use crate::{Analysis, World, analyse};
use flowmesh_diagnostics::{Diagnostics, Sources};

/// Analyses a program and hands over everything that was found.
pub fn diagnostics(world: &dyn World, root: &str) -> (Sources, Diagnostics, Analysis) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let analysis = analyse(world, root, &mut sources, &mut found);
    (sources, found, analysis)
}
