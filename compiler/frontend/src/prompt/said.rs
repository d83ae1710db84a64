//! What was said at a prompt, and the same as the text of a test.

use super::{INPUT, Session, read::statement};
use crate::{
    ast::Ident,
    check::Said,
    format,
    parse::{parse_expression, pieces},
    syntax::SyntaxKind,
};
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources, Span};
use flowmesh_ir::Name;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A statement as tests have them.
    Statement(String),
    /// A run goes on from what had happened to another one.
    Fork {
        /// What it is called.
        name: Name,
        /// The other one, as an expression.
        of: String,
        /// How many events they share.
        events: u64,
    },
    /// Mocks of a call hold no more: `payments.charge`.
    Unmock(String),
}

impl Line {
    /// It in the tree, in a text of its own; gives that text's number.
    pub(super) fn read(&self, sources: &mut Sources) -> Option<(SourceId, Said)> {
        Some(match self {
            Self::Statement(text) => {
                let source = sources.add(INPUT, text.as_str());
                (source, Said::Test(statement(source, text)?))
            }
            Self::Fork { name, of, events } => {
                let source = sources.add(INPUT, of.as_str());
                let read = parse_expression(source, of, &mut Diagnostics::default())?;
                let name = Ident {
                    text: name.clone(),
                    span: Span::new(source, 0, u32::try_from(of.len()).unwrap_or(0)),
                };
                let events = *events;
                (
                    source,
                    Said::Fork {
                        name,
                        of: read,
                        events,
                    },
                )
            }
            Self::Unmock(call) => {
                let text = format!("{}()", call.trim());
                let source = sources.add(INPUT, text.as_str());
                (
                    source,
                    Said::Unmock(parse_expression(source, &text, &mut Diagnostics::default())?),
                )
            }
        })
    }

    /// It as a line of a test. What tests cannot say is a comment.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Statement(text) => text.clone(),
            Self::Fork { name, of, events } => {
                let at = events.saturating_sub(1);
                format!("// only at a prompt: :fork {of} at {at} as {name}")
            }
            Self::Unmock(call) => format!("// only at a prompt: :unmock {call}"),
        }
    }
}

impl Session {
    /// What was said, as a test of this title with some statements more.
    #[must_use]
    pub fn test(&self, title: &str, more: &[String]) -> String {
        let lines = self.lines.iter().map(Line::text).chain(more.iter().cloned());
        let body: String = lines.map(|line| format!("{line}\n")).collect();
        let text = format!("test {} {{\n{body}}}\n", quoted(title));
        format::format(&text).unwrap_or(text)
    }

    /// What was said, as far as what is said next depends on it: names and what they stand for.
    pub(super) fn said(&self) -> String {
        // The flow of each run, for those that go on from one.
        let mut flows: Vec<(String, String)> = Vec::new();
        let mut text = String::new();
        for line in &self.lines {
            let (name, flow) = match line {
                Line::Statement(statement) => match started(statement) {
                    Some((name, flow)) => (name, flow),
                    None => {
                        text.push_str(statement);
                        text.push('\n');
                        continue;
                    }
                },
                Line::Fork { name, of, .. } => {
                    let known = flows.iter().rfind(|(run, _)| run == of.trim());
                    let flow = known.map(|(_, flow)| flow.clone()).unwrap_or_default();
                    (name.to_string(), flow)
                }
                Line::Unmock(_) => continue,
            };
            text.push_str(&format!("let {name} = start {flow}\n"));
            flows.push((name, flow));
        }
        text
    }

    /// Whether anything that was said is expected.
    #[must_use]
    pub fn expects(&self) -> bool {
        let expects = |line: &Line| matches!(line, Line::Statement(text) if first(text) == "expect" || first(text) == "always");
        self.lines.iter().any(expects)
    }
}

/// The name of the run that a statement starts, and how: `pay("7", 12.5)`.
fn started(statement: &str) -> Option<(String, String)> {
    let (name, rest) = statement.trim().strip_prefix("let ")?.split_once('=')?;
    let call = rest.trim_start().strip_prefix("start ")?;
    Some((name.trim().to_owned(), call.trim().to_owned()))
}

/// The first word of a statement, behind comments.
fn first(text: &str) -> &str {
    let all = pieces(text);
    let piece = all.iter().find(|piece| !piece.kind.is_trivia());
    piece
        .filter(|piece| piece.kind == SyntaxKind::Word)
        .and_then(|piece| text.get(piece.start..piece.end))
        .unwrap_or_default()
}

/// A text as the language writes it.
#[must_use]
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
