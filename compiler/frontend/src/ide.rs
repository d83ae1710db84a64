//! What an editor asks, as plain functions over offsets and strings. No protocol of any editor is known here.
//!
//! 1. [`Snapshot`] is a program as it was analysed; every question is asked of one. [`position`] counts lines and columns.
//! 2. [`names`] has all names with their places: [`definition()`], [`references`], [`rename()`] and [`files_moved`] follow them.
//! 3. [`hover()`] says what stands at a place; [`symbols`] what a text declares.

pub mod completion;
pub mod definition;
mod fuzzy;
mod hover;
pub mod moved;
pub mod names;
mod parts;
pub mod position;
pub mod rename;
mod snapshot;
pub mod symbols;
mod walk;

pub use completion::{Completion, Item as CompletionItem, ItemKind as CompletionKind, complete};
pub use definition::{Target, definition, highlights, references, type_definition};
pub use hover::{Hover, hover};
pub use moved::files_moved;
pub use names::{NameKind, Names, Occurrence, Role};
pub use rename::{Renamable, prepare_rename, rename};
pub use snapshot::Snapshot;
pub use symbols::{Found, Symbol, SymbolKind, document_symbols, workspace_symbols};

use crate::{Analysis, World, analyse};
use flowmesh_diagnostics::{Diagnostics, Sources};

/// Analyses a program and hands over everything that was found.
pub fn diagnostics(world: &dyn World, root: &str) -> (Sources, Diagnostics, Analysis) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let analysis = analyse(world, root, &mut sources, &mut found);
    (sources, found, analysis)
}
