//! Texts with tokens taken away, doubled or swapped: nothing panics, and the tree is the text.

use super::super::*;
use super::{EVERYTHING, SHOP, STATEMENTS, read_text};

/// A small generator, so that a failing text can be made again from its seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// `count` texts made from `text` by a few changes of tokens each.
pub(crate) fn mutants(text: &str, count: u64) -> impl Iterator<Item = String> {
    let pieces: Vec<&str> = tokens::tokens(text)
        .all
        .iter()
        .map(|token| &text[token.start as usize..token.end as usize])
        .collect();
    (0..count).map(move |seed| {
        let mut random = Random(seed);
        let mut pieces = pieces.clone();
        for _ in 0..=random.below(3) {
            let (at, other) = (random.below(pieces.len()), random.below(pieces.len()));
            match random.below(4) {
                0 => drop(pieces.remove(at)),
                1 => pieces.insert(at, pieces[at]),
                2 => pieces.swap(at, other),
                _ => pieces.insert(
                    at,
                    [
                        ";", "'", "}", "{", "(", "\"", "=", "&&", "let ", "ü", "\"\"\"", "\n",
                    ][other % 12],
                ),
            }
        }
        pieces.concat()
    })
}

#[test]
fn no_text_makes_the_parser_panic_or_lose_a_byte() {
    for text in mutants(SHOP, 100)
        .chain(mutants(EVERYTHING, 200))
        .chain(mutants(STATEMENTS, 100))
    {
        read_text(&text);
    }
}

#[test]
fn a_text_cut_off_anywhere_is_read() {
    for (at, _) in EVERYTHING.char_indices().step_by(23) {
        read_text(&EVERYTHING[..at]);
    }
}

#[test]
fn unclosed_brackets_are_one_message_and_end_in_linear_time() {
    for bracket in ["(", "[", "{ a: "] {
        for count in [50, 127] {
            let text = format!("flow f() {{\n  let x = {}1\n}}\n", bracket.repeat(count - 1));
            let found = read_text(&text).1;
            assert_eq!(found.len(), 1, "{count} {bracket}: {found:?}");
            assert!(found[0].starts_with("F0103"), "{found:?}");
        }
        for count in [200, 5000, 50_000] {
            let found = read_text(&format!("flow f() {{ let x = {}", bracket.repeat(count))).1;
            assert_eq!(found.len(), 1);
            assert!(found[0].starts_with("F0109"), "{found:?}");
        }
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let mut found = Diagnostics::default();
    let parsed = parse(SourceId(0), &" ".repeat(10_000_001), &mut found);
    assert!(parsed.module.items.is_empty());
    let messages: Vec<_> = found.iter().map(|d| d.message.clone()).collect();
    assert_eq!(messages, ["expected a file of at most 10 MB, found a larger one"]);
}

#[test]
fn a_small_stack_is_an_error_and_no_crash() {
    let text = format!("fn f(a: int) -> int = {}1{}", "(".repeat(127), ")".repeat(127));
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let found = small
        .spawn(move || read_text(&text).1)
        .expect("a thread")
        .join()
        .expect("no crash");
    assert!(
        found.iter().all(|message| message.starts_with("F0109")),
        "{found:?}"
    );
}
