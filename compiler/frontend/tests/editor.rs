//! Whatever is typed, the editor is answered: nothing panics, and every place that is named lies in its text.

#![expect(clippy::expect_used, reason = "a harness ends by a panic")]

use flowmesh_diagnostics::{Edit, SourceId, Span};
use flowmesh_frontend::{
    Workspace, World,
    ide::{self, Index, Known, Snapshot},
};
use shown::difference;
use std::rc::Rc;

mod shown;

struct Text(String);

impl World for Text {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "shop.flow" => Ok(self.0.clone()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

const SHOP: &str = include_str!("../../../examples/shop/shop.flow");

/// So many texts are tried of each sort.
const TEXTS: usize = 8;

fn answers(text: String) {
    let world = Text(text);
    let snapshot = Rc::new(Snapshot::new(&world, "shop.flow"));
    let source = snapshot.source("shop.flow").expect("the root");
    let project = Snapshot::project(&world, &["shop.flow".to_owned()]);
    let own = project.source("shop.flow").expect("the root");
    let length = u32::try_from(world.0.len()).expect("a small text");
    let is_place = |span: Span| {
        snapshot
            .sources
            .get(span.source)
            .is_some_and(|source| source.text.get(span.start as usize..span.end as usize).is_some())
    };
    let are_edits = |edits: &[Edit]| edits.iter().all(|edit| is_place(edit.span));
    assert!(
        ide::tokens(&snapshot, source, None)
            .iter()
            .all(|token| is_place(token.span))
    );
    assert!(
        ide::folds(&snapshot, source)
            .iter()
            .all(|fold| is_place(fold.span))
    );
    assert!(
        ide::hints(&snapshot, source, None)
            .iter()
            .all(|hint| hint.offset <= length)
    );
    assert!(
        ide::links(&snapshot, source)
            .iter()
            .all(|link| is_place(link.span))
    );
    assert!(
        ide::lenses(&snapshot, source)
            .iter()
            .all(|lens| is_place(lens.span))
    );
    assert!(
        ide::document_symbols(&snapshot, source)
            .iter()
            .all(|symbol| is_place(symbol.whole) && is_place(symbol.span))
    );
    assert!(are_edits(&ide::format_range(
        &snapshot,
        source,
        Span::new(source, 0, length / 2)
    )));
    let mut completions = Workspace::default();
    let index = Index::of(&project);
    for part in 0..8 {
        let mut offset = length * part / 7;
        while !world.0.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        at(&snapshot, source, offset, &is_place);
        assert!(
            ide::references(&project, own, offset, true)
                .iter()
                .all(|place| is_place(place.span))
        );
        let _ = ide::prepare_rename(&project, own, offset);
        let end = (offset + 40).min(length);
        let offered = ide::actions(&snapshot, &index, source, Span::new(source, offset, end));
        assert!(offered.iter().all(|action| are_edits(&action.edits)));
        let known = Known {
            elsewhere: Some(&index),
            program: None,
        };
        let found = ide::complete(&mut completions, &world, "shop.flow", offset, known);
        let known = Known {
            program: Some(&snapshot),
            ..known
        };
        let again = ide::complete(&mut completions, &world, "shop.flow", offset, known);
        assert_eq!(difference(&found, &again), None, "{}\n at {offset}", world.0);
        assert!(found.span.start <= found.span.end && found.span.end <= length);
        let _ = found.items.first().map(|item| found.docs(item));
    }
}

fn at(snapshot: &Snapshot, source: SourceId, offset: u32, is_place: &dyn Fn(Span) -> bool) {
    assert!(
        ide::definition(snapshot, source, offset)
            .iter()
            .all(|target| is_place(target.name) && is_place(target.whole))
    );
    assert!(ide::type_definition(snapshot, source, offset).is_none_or(|target| is_place(target.name)));
    assert!(
        ide::highlights(snapshot, source, offset)
            .iter()
            .all(|place| is_place(place.span))
    );
    assert!(
        ide::selections(snapshot, source, offset)
            .iter()
            .all(|span| is_place(*span))
    );
    assert!(ide::hover(&snapshot.analysis, source, offset).is_none_or(|hover| is_place(hover.span)));
    let _ = ide::signature_help(snapshot, source, offset);
    if let Some(party) = ide::call_party(snapshot, source, offset) {
        assert!(is_place(party.span) && is_place(party.whole));
        let _ = (
            ide::incoming_calls(snapshot, &party),
            ide::outgoing_calls(snapshot, &party),
        );
    }
}

#[test]
fn a_text_that_ends_early() {
    for part in 1..=TEXTS {
        answers(SHOP[..SHOP.len() * part / TEXTS].to_owned());
    }
}

#[test]
fn a_text_without_some_of_its_words() {
    let words: Vec<&str> = SHOP.split_inclusive([' ', '(', '{', '.']).collect();
    for part in 0..TEXTS {
        let left_out = words.len() * part / TEXTS + 3;
        let kept = words.iter().enumerate().filter(|(at, _)| *at != left_out);
        answers(kept.map(|(_, word)| *word).collect());
    }
}

#[test]
fn a_text_with_its_words_in_wrong_places() {
    let words: Vec<&str> = SHOP.split_inclusive([' ', '(', ')', '.']).collect();
    for part in 0..TEXTS {
        let (one, other) = (words.len() * part / TEXTS, (part * 7919 + 13) % words.len());
        let mut mixed = words.clone();
        mixed.swap(one, other);
        answers(mixed.concat());
    }
}

#[test]
fn no_text_at_all() {
    answers(String::new());
    answers("\u{feff}\u{1f600} \"{\n".to_owned());
}
