//! What an editor asks, as plain functions over offsets and strings. No protocol of any editor is known here.
//!
//! 1. [`Snapshot`] is a program as it was analysed; every question is asked of one. [`position`] counts lines and columns.
//! 2. [`names`] has all names with their places: [`definition()`], [`references`], [`rename()`] and [`files_moved`] follow them.
//! 3. [`hover()`] says what stands at a place, [`complete`] what can stand there, [`signature_help`] what a call takes.
//! 4. [`symbols`], [`outline`], [`tokens()`], [`hints`], [`links()`] and [`calls`] show a text as a whole.

pub mod action;
pub mod calls;
pub mod completion;
pub mod definition;
mod fuzzy;
mod holds;
mod hover;
pub mod index;
pub mod inlay;
pub mod links;
pub mod moved;
pub mod names;
pub mod outline;
mod parts;
pub mod position;
pub mod rename;
pub mod signature;
mod snapshot;
pub mod symbols;
pub mod tokens;
mod walk;

pub use action::{Action, ActionKind, actions};
pub use calls::{Calls, Party, call_party, incoming_calls, outgoing_calls};
pub use completion::{Completion, Item as CompletionItem, ItemKind as CompletionKind, Known, complete};
pub use definition::{Target, definition, highlights, references, type_definition};
pub use hover::{Hover, hover};
pub use index::Index;
pub use inlay::{Hint, HintKind, hints};
pub use links::{Deed, Goal, Lens, Link, lenses, links};
pub use moved::files_moved;
pub use names::{NameKind, Names, Occurrence, Role};
pub use outline::{Fold, FoldKind, folds, format_range, selections};
pub use rename::{Renamable, prepare_rename, rename};
pub use signature::{SignatureHelp, signature_help};
pub use snapshot::Snapshot;
pub use symbols::{Found, Symbol, SymbolKind, document_symbols, workspace_symbols};
pub use tokens::{Token, TokenKind, tokens};

use crate::{Analysis, World, analyse};
use flowmesh_diagnostics::{Diagnostics, Sources};

/// Analyses a program and hands over everything that was found.
pub fn diagnostics(world: &dyn World, root: &str) -> (Sources, Diagnostics, Analysis) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let analysis = analyse(world, root, &mut sources, &mut found);
    (sources, found, analysis)
}
