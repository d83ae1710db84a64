//! What is answered while something is typed at a prompt: what can stand at the cursor, and what the words are. It is
//! what an editor is answered in a module of the same contents.

use super::{
    Session,
    make::{MODULE, Overlay},
    page::{ASKED, Form, Page, Part, Place, parts},
};
use crate::{
    Workspace, World,
    ide::{self, CompletionItem, Snapshot, TokenKind},
};
use flowmesh_diagnostics::Span;
use std::{collections::HashSet, ops::Range};

/// What was looked at while something was typed, so that the next key needs to look at little.
#[derive(Debug, Default)]
pub struct Typing {
    colours: Workspace,
    offers: Workspace,
}

/// What can stand at the cursor.
#[derive(Debug, Default)]
pub struct Offers {
    /// What is replaced of what is typed: the word at the cursor.
    pub replaced: Range<usize>,
    /// What can stand there, the likeliest first.
    pub items: Vec<CompletionItem>,
}

impl Typing {
    /// What can stand at a place of what is typed.
    #[must_use]
    pub fn offers(
        &mut self,
        (session, world): (&Session, &dyn World),
        (input, at): (&str, usize),
        form: Form<'_>,
    ) -> Offers {
        let mut offers = Offers {
            replaced: at..at,
            items: Vec::new(),
        };
        for parts in readings(input, at, form) {
            let page = Page::new(session, input, &parts);
            let Some(place) = page.place(at) else { continue };
            let overlay = Overlay {
                world,
                text: page.text,
            };
            let found = ide::complete(&mut self.offers, &overlay, MODULE, place, ide::Known::default());
            if found.items.is_empty() {
                continue;
            }
            let before = place.saturating_sub(found.span.start) as usize;
            let behind = found.span.end.saturating_sub(place) as usize;
            offers.replaced = at.saturating_sub(before)..(at + behind).min(input.len());
            offers.items.extend(found.items);
        }
        // What needs a `use` is said in two inputs.
        offers
            .items
            .retain(|item| item.also.is_empty() && item.label != ASKED);
        offers.items.sort_by_key(|item| std::cmp::Reverse(item.score));
        let mut seen = HashSet::new();
        offers.items.retain(|item| seen.insert(item.label.clone()));
        offers
    }

    /// The words of what is typed, and what they are.
    #[must_use]
    pub fn tokens(
        &mut self,
        (session, world): (&Session, &dyn World),
        input: &str,
        form: Form<'_>,
    ) -> Vec<(Range<usize>, TokenKind)> {
        let mut page = Page::new(session, input, &parts(input, form));
        let overlay = Overlay {
            world,
            text: std::mem::take(&mut page.text),
        };
        let snapshot = Snapshot::again(&mut self.colours, &overlay, MODULE);
        let Some(source) = snapshot.source(MODULE) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (range, to) in page.laid() {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let laid = Span::new(source, offset(*to), offset(to + range.len()));
            let tokens = ide::tokens(&snapshot, source, Some(laid));
            all.extend(tokens.iter().filter_map(|token| {
                let start = (token.span.start as usize).checked_sub(*to)? + range.start;
                let end = (token.span.end as usize).checked_sub(*to)? + range.start;
                (start < range.end).then(|| (start..end.min(range.end), token.kind))
            }));
        }
        all
    }
}

/// How what is typed may be meant: whose first word is not finished may begin a declaration, a statement or a value.
fn readings<'a>(input: &str, at: usize, form: Form<'a>) -> Vec<Vec<Part<'a>>> {
    let read = parts(input, form);
    let Some(here) = read.iter().rposition(|part| part.range.start <= at) else {
        return vec![read];
    };
    let begun = read
        .get(here)
        .and_then(|part| input.get(part.range.start..at))
        .unwrap_or_default();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if form != Form::Input || !begun.trim_start().chars().all(word) {
        return vec![read];
    }
    let meant = [Place::Asked, Place::Said, Place::Module].into_iter();
    let all = meant.map(|place| {
        let mut read = read.clone();
        if let Some(part) = read.get_mut(here) {
            part.place = place;
        }
        read
    });
    all.collect()
}
