//! What was typed: read once, so that the caller knows what to do with it.

use super::{INPUT, name_of};
use crate::parse::{Part, PartKind, PromptInput, parse, parse_prompt};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, SourceId, Sources, Span};
use flowmesh_ir::Name;

/// What was typed.
#[derive(Debug)]
pub enum Input {
    /// Nothing.
    Empty,
    /// It goes on in the next line.
    Incomplete,
    /// These, in order.
    Parts(Vec<Typed>),
    /// Something is wrong with it.
    Bad(Sources, Diagnostics),
}

/// One of the things that were typed together.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Where that begins in the whole.
    pub at: u32,
    /// Of a declaration: by which a later one takes its place.
    pub name: Name,
}

/// What can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A declaration.
    Declaration,
    /// A statement of a test.
    Statement,
    /// An expression.
    Expression,
}

/// Reads what was typed.
#[must_use]
pub fn read(text: &str) -> Input {
    named(INPUT, text)
}

/// Reads a file, of which a broken part gives nothing but what is wrong with it.
#[must_use]
pub fn of_file(name: &str, text: &str) -> Input {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let source = sources.add(name, text);
    let module = parse(source, text, &mut found).module;
    let mut from = 0_u32;
    let mut all = Vec::with_capacity(module.items.len());
    for item in module.items {
        let (start, end) = (from, item.span.end);
        from = end;
        let span = Span::new(source, start, end);
        let kind = PartKind::Item(Box::new(item));
        all.extend(typed(&Part { span, kind }, text, &mut found));
    }
    match found.has_errors() {
        true => Input::Bad(sources, found),
        false => Input::Parts(all),
    }
}

/// Reads what stands in a text of a name.
fn named(name: &str, text: &str) -> Input {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let source = sources.add(name, text);
    let parts = match parse_prompt(source, text, &mut found) {
        PromptInput::Empty => return Input::Empty,
        PromptInput::Incomplete => return Input::Incomplete,
        PromptInput::Bad => return Input::Bad(sources, found),
        PromptInput::Parts(parts) => parts,
    };
    let typed: Vec<Typed> = parts
        .iter()
        .filter_map(|part| typed(part, text, &mut found))
        .collect();
    match found.has_errors() {
        true => Input::Bad(sources, found),
        false => Input::Parts(typed),
    }
}

fn typed(part: &Part, whole: &str, found: &mut Diagnostics) -> Option<Typed> {
    let (start, end) = (part.span.start as usize, part.span.end as usize);
    let text = whole.get(start..end)?;
    let blank = text.len().saturating_sub(text.trim_start().len());
    let text = text.trim().to_owned();
    let (kind, name) = match &part.kind {
        PartKind::Item(item) => (Kind::Declaration, name_of(item, &text)),
        PartKind::Test(_) => (Kind::Statement, Name::default()),
        PartKind::Expression(_) => (Kind::Expression, Name::default()),
        PartKind::Statement(statement) => {
            let message =
                "expected a declaration, a statement of a test or an expression, found another statement";
            let help = "statements of flows stand in flows: declare one with `flow`, and `start` it";
            found.add(Diagnostic::error(Code(422), statement.span, message).help(help));
            return None;
        }
    };
    let at = part.span.start.saturating_add(u32::try_from(blank).unwrap_or(0));
    Some(Typed { kind, text, at, name })
}

/// The statement that a text is.
pub(super) fn statement(source: SourceId, text: &str) -> Option<crate::ast::TestStatement> {
    match parse_prompt(source, text, &mut Diagnostics::default()) {
        PromptInput::Parts(parts) => parts.into_iter().find_map(|part| match part.kind {
            PartKind::Test(statement) => Some(*statement),
            _ => None,
        }),
        _ => None,
    }
}
