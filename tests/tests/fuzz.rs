//! Texts that nobody would write end in a result or a clear error. The long form is `--bin fuzz`.

use flowmesh_diagnostics::{Diagnostics, SourceId};
use flowmesh_frontend::parse;
use flowmesh_tests::{
    annotate, files,
    fuzz::{self, READERS, Target},
};
use std::fs;

fn some_texts(target: Target) {
    let paths = files::below(&files::top().join("examples"), ".flow");
    let texts = paths
        .iter()
        .map(|path| annotate::strip(&fs::read_to_string(path).unwrap()));
    let corpus = fuzz::corpus(target, texts.collect());
    assert!(!corpus.is_empty());
    for seed in 0..60 {
        fuzz::feed(target, &fuzz::made(target, &corpus, seed));
    }
}

#[test]
fn the_parser_keeps_every_byte_of_any_text() {
    some_texts(Target::Parse);
}

#[test]
fn the_formatter_changes_nothing_the_second_time() {
    some_texts(Target::Format);
}

#[test]
fn the_checker_ends_with_any_text() {
    some_texts(Target::Check);
}

#[test]
fn what_is_loaded_loads_again() {
    some_texts(Target::Load);
}

#[test]
fn whatever_program_loads_the_machine_keeps_what_it_promises() {
    some_texts(Target::Machine);
}

#[test]
fn the_readers_of_what_strangers_send_keep_what_they_promise() {
    for reader in READERS {
        let target = Target::Reader(reader);
        let corpus = fuzz::corpus(target, Vec::new());
        for text in &corpus {
            fuzz::feed(target, text);
        }
        for seed in 0..2_000 {
            let text = fuzz::made(target, &corpus, seed);
            let fed = std::panic::catch_unwind(|| fuzz::feed(target, &text));
            assert!(fed.is_ok(), "{} breaks by {text:?}", reader.name());
        }
    }
}

/// The codes that a text is answered with.
fn codes(text: &str) -> Vec<u16> {
    let mut found = Diagnostics::default();
    parse::parse(SourceId(0), text, &mut found);
    found.iter().map(|d| d.code.0).collect()
}

#[test]
fn a_hundred_thousand_brackets_are_one_clear_error() {
    for bracket in ["(", "[", "{", "\"{"] {
        let text = format!("fn f() -> int = {}", bracket.repeat(100_000));
        assert_eq!(codes(&text).len(), 1, "{bracket}: {:?}", codes(&text));
    }
    let paired = format!("fn f() -> int = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(codes(&paired), [109]);
}

#[test]
fn huge_literals_are_read_or_refused() {
    assert_eq!(codes(&format!("fn f() -> int = {}", "9".repeat(100_000))), [107]);
    assert_eq!(
        codes(&format!("fn f() -> string = \"{}\"", "a".repeat(1_000_000))),
        [0u16; 0]
    );
}

#[test]
fn a_file_of_ten_megabytes_is_read_and_a_larger_one_refused() {
    let line = "// a comment that is as long as comments are, and says as much as most of them do\n";
    let text = line.repeat(10_000_000 / line.len());
    assert_eq!(codes(&text), [0u16; 0]);
    assert_eq!(codes(&(text + &line.repeat(2))), [109]);
}
