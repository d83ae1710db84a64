//! Codes in a comment that says which warnings are meant: those that would be told there first, and then all others.

use super::{Completion, Item, ItemKind, Origin, Program};
use crate::{
    Workspace, World,
    ide::snapshot::Snapshot,
    ignored::can_be_ignored,
    parse::{about, asks_for_code},
};
use flowmesh_diagnostics::{Code, Page, Severity, Span, pages};
use std::{collections::HashSet, rc::Rc};

/// The codes that can stand at an offset; nothing where no such comment is there.
pub(super) fn codes(
    (workspace, world): (&mut Workspace, &dyn World),
    (root, text): (&str, &str),
    offset: u32,
    known: Option<&Rc<Snapshot>>,
) -> Option<Completion> {
    let line = text.get(..usize::try_from(offset).ok()?)?.rsplit('\n').next()?;
    if !line.contains("//") {
        return None;
    }
    let snapshot = Program::now(workspace, world, root, known);
    let source = snapshot.source(root)?;
    let comment = snapshot.tokens_at(source, offset).0?;
    let begins = u32::from(comment.text_range().start());
    let at = usize::try_from(offset.checked_sub(begins)?).ok()?;
    let (before, behind) = comment.text().split_at_checked(at)?;
    let letter = |c: char| c.is_ascii_alphanumeric();
    let said = before.trim_end_matches(letter);
    if !comment.kind().is_comment() || !asks_for_code(said) {
        return None;
    }
    let rest = behind.trim_start_matches(letter);
    let place = |inside: usize| Some(begins.saturating_add(u32::try_from(inside).ok()?));
    let span = Span::new(
        source,
        place(said.len())?,
        place(comment.text().len() - rest.len())?,
    );
    let about = about(&comment);
    let is_here =
        |span: Span| span.source == source && about.iter().any(|range| range.contains(span.start.into()));
    let warned = snapshot.found.iter();
    let warned = warned.filter(|d| d.severity == Severity::Warning && is_here(d.span));
    let warned: HashSet<Code> = warned.map(|d| d.code).collect();
    let all = pages().iter().filter(|page| can_be_ignored(page.code));
    let new = all.filter(|page| !said.contains(&page.code.to_string()));
    let mut items: Vec<Item> = new.map(|page| item(page, warned.contains(&page.code))).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.score));
    Some(Completion {
        span,
        items,
        program: snapshot.made(),
        ..Completion::default()
    })
}

/// A code with the title of its page.
fn item(page: &'static Page, is_here: bool) -> Item {
    let title = page.text.lines().next().unwrap_or_default();
    let title = title.split_once(": ").map_or(title, |(_, title)| title);
    let score = if is_here { 100 } else { 0 };
    let mut item = Item::new(page.code.to_string(), ItemKind::Word, score).detail(title);
    item.origin = Origin::Said(page.text);
    item
}
