//! What was declared, what was said and what is being typed, as one module: so that who types at a prompt is answered as
//! who types in a file.

use super::{Input, Kind, Session, Typed, open::closing, read::read};
use crate::{
    parse::{Piece, begins_item, begins_test_statement, pieces},
    syntax::SyntaxKind,
};
use flowmesh_ir::Name;
use std::ops::Range;

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// An input, whatever it is.
    Input,
    /// An expression.
    Expression,
    /// A part of a statement, with what stands before and behind it there.
    Within(&'a str, &'a str),
}

/// What an expression that is asked is called there. No author writes it.
pub(super) const ASKED: &str = "flowmesh_asked_value";

/// How often the end of what is whole is looked for in what is not.
const TRIES: usize = 20;

/// Where a part of what is typed belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Among the declarations.
    Module,
    /// Behind what was said.
    Said,
    /// There too, as a value.
    Asked,
    /// There too, between these.
    Within(&'a str, &'a str),
}

/// A part of what is typed.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) place: Place<'a>,
    /// Where it is in what is typed.
    pub(super) range: Range<usize>,
    /// What it declares.
    name: Option<Name>,
}

/// The module.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    laid: Vec<(Range<usize>, usize)>,
}

/// The parts of what is typed, one behind the other, each up to the next.
pub(super) fn parts<'a>(input: &str, form: Form<'a>) -> Vec<Part<'a>> {
    let lone = |place| {
        vec![Part {
            place,
            range: 0..input.len(),
            name: None,
        }]
    };
    match form {
        Form::Expression => return lone(Place::Asked),
        Form::Within(before, behind) => return lone(Place::Within(before, behind)),
        Form::Input => {}
    }
    let (typed, end) = whole(input);
    let mut all: Vec<Part<'a>> = Vec::new();
    for part in &typed {
        let from = if all.is_empty() { 0 } else { part.at as usize };
        begin(&mut all, from, of_kind(part.kind), Some(part.name.clone()));
    }
    let rest = input.get(end..).unwrap_or_default();
    if all.is_empty() || !rest.trim().is_empty() {
        let (place, name) = begun(rest);
        begin(&mut all, end, place, name);
    }
    if let Some(last) = all.last_mut() {
        last.range.end = input.len();
    }
    all
}

/// Begins a part where the one before ends.
fn begin<'a>(all: &mut Vec<Part<'a>>, from: usize, place: Place<'a>, name: Option<Name>) {
    if let Some(last) = all.last_mut() {
        last.range.end = from;
    }
    all.push(Part {
        place,
        range: from..from,
        name,
    });
}

fn of_kind(kind: Kind) -> Place<'static> {
    match kind {
        Kind::Declaration => Place::Module,
        Kind::Statement => Place::Said,
        Kind::Expression => Place::Asked,
    }
}

/// What can be read from the beginning on, up to the end of a line, and where that is.
fn whole(input: &str) -> (Vec<Typed>, usize) {
    let ends = std::iter::once(input.len()).chain(ends(input).into_iter().rev().take(TRIES));
    for end in ends {
        let (head, rest) = input.split_at_checked(end).unwrap_or((input, ""));
        // A member goes on with what stands before.
        let goes_on = rest.trim_start().starts_with(['.', '?']);
        if !goes_on && let Input::Parts(parts) = read(head) {
            return (parts, end);
        }
    }
    (Vec::new(), 0)
}

/// Where lines end outside of brackets.
fn ends(input: &str) -> Vec<usize> {
    let (mut all, mut depth) = (Vec::new(), 0_usize);
    for piece in pieces(input) {
        match piece.kind {
            kind if kind.opens() => depth += 1,
            kind if kind.closes() => depth = depth.saturating_sub(1),
            SyntaxKind::Whitespace if depth == 0 => {
                let text = input.get(piece.start..piece.end).unwrap_or_default();
                all.extend(text.find('\n').map(|at| piece.start + at));
            }
            _ => {}
        }
    }
    all
}

/// Where what is not whole yet belongs, by its first word, and what it declares.
fn begun(text: &str) -> (Place<'static>, Option<Name>) {
    let all = pieces(text);
    let mut words = all.iter().filter(|piece| !piece.kind.is_trivia());
    let word = |piece: Option<&Piece>| {
        let text = piece.and_then(|piece| text.get(piece.start..piece.end));
        text.unwrap_or_default()
    };
    let (first, second, third) = (words.next(), words.next(), words.next());
    match word(first) {
        // Who gives a config its value for now says no type.
        "config" if third.is_none_or(|third| third.kind != SyntaxKind::Colon) => (Place::Said, None),
        first if begins_item(first) => {
            let name = word(second);
            (Place::Module, (!name.is_empty()).then(|| Name::from(name)))
        }
        first if begins_test_statement(first) => (Place::Said, None),
        _ => (Place::Asked, None),
    }
}

impl Page {
    /// The module in which everything stands in its place.
    pub(super) fn new(session: &Session, input: &str, parts: &[Part<'_>]) -> Self {
        let mut page = Self::default();
        let declared = |name: &Name| parts.iter().any(|part| part.name.as_ref() == Some(name));
        for item in session.items.iter().filter(|item| !declared(&item.name)) {
            page.text.push_str(&item.text);
            page.text.push_str("\n\n");
        }
        let (unfinished, rest) = match parts.split_last() {
            Some((last, rest)) if last.place == Place::Module => (Some(last), rest),
            _ => (None, parts),
        };
        for part in rest.iter().filter(|part| part.place == Place::Module) {
            page.lay("", input, part, "\n\n");
        }
        page.text.push_str("test \"session\" {\n");
        page.text.push_str(&session.said());
        for part in rest {
            match part.place {
                Place::Module => {}
                Place::Said => page.lay("", input, part, "\n"),
                Place::Asked => page.lay(&format!("let {ASKED} = "), input, part, "\n"),
                Place::Within(before, behind) => page.lay(before, input, part, &format!("{behind}\n")),
            }
        }
        page.text.push_str("}\n\n");
        if let Some(part) = unfinished {
            page.lay("", input, part, "\n");
        }
        page
    }

    /// Puts a part down, and closes what it leaves open.
    fn lay(&mut self, before: &str, input: &str, part: &Part<'_>, behind: &str) {
        let text = input.get(part.range.clone()).unwrap_or_default();
        let blank = text.len() - text.trim_start().len();
        let text = text.trim_start();
        self.text.push_str(before);
        self.laid
            .push((part.range.start + blank..part.range.end, self.text.len()));
        self.text.push_str(text);
        let closing = closing(text);
        // A comment ends with its line, and so does a text.
        if !closing.is_empty() && !closing.contains('"') {
            self.text.push('\n');
        }
        self.text.push_str(&closing);
        self.text.push_str(behind);
    }

    /// Where a place of what is typed is in the module.
    pub(super) fn place(&self, at: usize) -> Option<u32> {
        let inside = |(range, _): &&(Range<usize>, usize)| range.start <= at && at <= range.end;
        let (range, to) = self.laid.iter().rfind(inside)?;
        u32::try_from(to + (at - range.start)).ok()
    }

    /// Where the parts of what is typed are, and where in the module.
    pub(super) fn laid(&self) -> impl Iterator<Item = &(Range<usize>, usize)> {
        self.laid.iter()
    }
}
