//! Places in a text, what is wrong there, and the page of every code.
//!
//! This room knows texts and offsets. It does not know the language, the terminal or the editor: a diagnostic is
//! data, and someone else draws it.

mod code;
mod diagnostic;
mod fix;
mod nearest;
mod source;

pub use code::{Code, Page, page, pages};
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use fix::{Edit, Fix, compatible, mended};
pub use nearest::nearest;
pub use source::{Source, SourceId, Sources, Span};
