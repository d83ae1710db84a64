//! Changes that an editor offers at a place: what the compiler would mend, and what an author often does next.
//!
//! Each file in the folder has those of one subject. All of them look at the tree of what could be read, and offer
//! nothing where they are not sure: what comes of an action can be read, and is no more wrong than before.

mod binding;
mod call;
mod control;
mod extract;
mod fill;
mod generate;
mod head;
mod ignore;
mod literal;
mod names;
mod sketch;

use super::{index::Index, snapshot::Snapshot};
use crate::{
    ast::{Block, Flow, Item, ItemKind, Part, Statement},
    cure::tree,
};
use flowmesh_diagnostics::{Code, Diagnostic, Edit, Fix, Source, SourceId, Span};

/// What an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// It mends what is wrong.
    Fix,
    /// It takes a part out and gives it a name.
    Extract,
    /// It puts what a name stands for in its place.
    Inline,
    /// It says the same or more in another way.
    Rewrite,
    /// It writes something new.
    Generate,
}

/// A change that can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does, as an order.
    pub title: String,
    /// What it is for.
    pub kind: ActionKind,
    /// What is changed, laid out for the text in which it lands.
    pub edits: Vec<Edit>,
    /// What it mends, if it is a fix.
    pub mends: Option<Code>,
    /// Whether it is what most people want here.
    pub is_preferred: bool,
}

/// Where actions are asked for.
struct Ask<'a> {
    snapshot: &'a Snapshot,
    /// The names of other modules.
    project: &'a Index,
    source: &'a Source,
    id: SourceId,
    /// The cursor, or what is selected.
    span: Span,
}

/// All that can be done at a place or with a selection.
#[must_use]
pub fn actions(snapshot: &Snapshot, project: &Index, source: SourceId, range: Span) -> Vec<Action> {
    let Some(text) = snapshot.sources.get(source) else {
        return Vec::new();
    };
    let ask = Ask {
        snapshot,
        project,
        source: text,
        id: source,
        span: trimmed(text, range),
    };
    let mut found = mends(&ask);
    let all: [fn(&Ask<'_>) -> Vec<Action>; 11] = [
        names::actions,
        fill::actions,
        call::actions,
        head::actions,
        binding::actions,
        literal::actions,
        extract::actions,
        control::actions,
        generate::actions,
        sketch::actions,
        ignore::actions,
    ];
    found.extend(all.iter().flat_map(|of| of(&ask)));
    found.sort_by_key(|action| action.kind);
    let mut seen: Vec<(String, Vec<Edit>)> = Vec::new();
    found.retain_mut(|action| {
        action.edits = action.edits.iter().map(|edit| laid_out(text, edit)).collect();
        let own = (action.title.clone(), action.edits.clone());
        let new = !seen.contains(&own);
        seen.push(own);
        new
    });
    found
}

/// A selection without blanks around it.
fn trimmed(source: &Source, range: Span) -> Span {
    let text = source.slice(range);
    let (head, tail) = (
        text.len() - text.trim_start().len(),
        text.len() - text.trim_end().len(),
    );
    if head == text.len() {
        return Span {
            end: range.start,
            ..range
        };
    }
    let number = |length: usize| u32::try_from(length).unwrap_or(0);
    Span {
        start: range.start + number(head),
        end: range.end.saturating_sub(number(tail)),
        ..range
    }
}

/// An edit as it is in the text, which need not be laid out again.
fn laid_out(source: &Source, edit: &Edit) -> Edit {
    let (range, text) = edit.laid_out(&source.text);
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Edit {
        span: Span::new(edit.span.source, number(range.start), number(range.end)),
        text,
    }
}

/// What the compiler offers for what it found here.
fn mends(ask: &Ask<'_>) -> Vec<Action> {
    let found = ask.snapshot.found.iter().filter(|found| ask.touches(found.span));
    let of = |found: &Diagnostic| {
        let fix = found.fix.clone()?;
        fix.edits
            .iter()
            .all(|edit| edit.span.source == ask.id)
            .then_some(Action {
                title: fix.title,
                kind: ActionKind::Fix,
                edits: fix.edits,
                mends: Some(found.code),
                is_preferred: true,
            })
    };
    found.filter_map(of).collect()
}

impl<'a> Ask<'a> {
    /// Whether a place has to do with what is asked about.
    fn touches(&self, span: Span) -> bool {
        span.source == self.id && span.start <= self.span.end && self.span.start <= span.end
    }

    /// What is wrong here by one of some codes.
    fn found(&self, codes: &[u16]) -> impl Iterator<Item = &'a Diagnostic> {
        let all = self.snapshot.found.iter();
        all.filter(|found| codes.contains(&found.code.0) && self.touches(found.span))
    }

    fn at(&self) -> Span {
        Span {
            end: self.span.start,
            ..self.span
        }
    }

    /// The declaration around.
    fn item(&self) -> Option<&'a Item> {
        tree::item(&self.snapshot.analysis.resolved, self.at())
    }

    /// The flow around.
    fn flow(&self) -> Option<&'a Flow> {
        match &self.item()?.kind {
            ItemKind::Flow(flow) => Some(flow),
            _ => None,
        }
    }

    /// What is around, the outermost first.
    fn around(&self) -> Vec<Part<'a>> {
        tree::around(&self.snapshot.analysis.resolved, self.at())
    }

    /// The innermost statement around.
    fn statement(&self) -> Option<&'a Statement> {
        tree::statement(&self.snapshot.analysis.resolved, self.at())
    }

    /// The innermost block around.
    fn block(&self) -> Option<&'a Block> {
        self.around().into_iter().rev().find_map(|part| match part {
            Part::Block(block) => Some(block),
            _ => None,
        })
    }

    /// The statements that are selected, or the one at the cursor: of one block, one after the other.
    fn selected(&self) -> Vec<&'a Statement> {
        let Some(block) = self.block() else {
            return Vec::new();
        };
        let all = block.statements.iter();
        let touched = all.filter(|statement| {
            statement.span.start <= self.span.end && self.span.start <= statement.span.end
        });
        touched.collect()
    }

    /// Whether something is selected, and not only the cursor there.
    fn is_selection(&self) -> bool {
        self.span.start < self.span.end
    }

    fn slice(&self, span: Span) -> &'a str {
        self.source.slice(span)
    }

    /// A place with nothing in it.
    fn spot(&self, at: u32) -> Span {
        Span::new(self.id, at, at)
    }

    /// An insertion before a declaration and its documentation, with a blank line between.
    fn before_item(&self, item: &Item, text: &str) -> Edit {
        let start = self.doc_start(item);
        Edit {
            span: self.spot(start),
            text: format!("{text}\n\n"),
        }
    }

    /// Where the documentation of a declaration begins.
    fn doc_start(&self, item: &Item) -> u32 {
        let before = self.source.text.get(..item.span.start as usize).unwrap_or("");
        let mut start = item.span.start as usize;
        let lines: Vec<&str> = before.split_inclusive('\n').collect();
        for line in lines.iter().rev() {
            if !line.trim_start().starts_with("///") {
                break;
            }
            start -= line.len();
        }
        u32::try_from(start).unwrap_or(item.span.start)
    }

    /// An insertion after a declaration, with a blank line between.
    fn after_item(&self, item: &Item, text: &str) -> Edit {
        Edit {
            span: self.spot(item.span.end),
            text: format!("\n\n{text}"),
        }
    }

    /// The first of some names that stands nowhere in the text, or the last with a number.
    fn free(&self, names: &[&str]) -> String {
        let whole = Span::new(self.id, 0, u32::MAX);
        let name = crate::cure::text::free_name(self.source, whole, names);
        name.unwrap_or_else(|| names.last().map_or_else(String::new, |name| format!("{name}_x")))
    }
}

fn edit(span: Span, text: impl Into<String>) -> Edit {
    Edit {
        span,
        text: text.into(),
    }
}

fn action(kind: ActionKind, title: impl Into<String>, edits: Vec<Edit>) -> Action {
    Action {
        title: title.into(),
        kind,
        edits,
        mends: None,
        is_preferred: false,
    }
}

/// A fix of something that was found.
fn mend(found: &Diagnostic, fix: Fix) -> Action {
    Action {
        title: fix.title,
        kind: ActionKind::Fix,
        edits: fix.edits,
        mends: Some(found.code),
        is_preferred: false,
    }
}
