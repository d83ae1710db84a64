//! Texts that nobody would write, made from those that somebody did: tokens and bytes changed, texts spliced, brackets
//! without an end, numbers without a measure. What the compiler makes of them is up to it, as long as it is something.
//!
//! The folder: `kept` (what formatting keeps), `alter` (programs in JSON, changed so that they still load), `world` (a run
//! of any program in a world by chance), `sample` (JSON for a type), `wire` (the readers of what strangers send).

mod alter;
mod kept;
mod sample;
mod wire;
mod world;

pub use wire::{READERS, Reader};

use crate::mutate::Random;
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources};
use flowmesh_frontend::{World, analyse, compile, parse};
use flowmesh_ir::{Program, json, print};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The parser: the tree is the text, byte for byte.
    Parse,
    /// The formatter: formatting a text twice changes nothing more, and it keeps words, comments and meaning, whatever is
    /// wrong with it.
    Format,
    /// The checker, and `validate` for what comes out sound.
    Check,
    /// The reader of programs in JSON: what it takes comes back the same.
    Load,
    /// The machine: whatever program loads and whatever happens to its runs, it keeps what it promises.
    Machine,
    /// A reader of what comes over the wire.
    Reader(Reader),
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "parse" => Self::Parse,
            "format" => Self::Format,
            "check" => Self::Check,
            "load" => Self::Load,
            "machine" => Self::Machine,
            other => match READERS.into_iter().find(|reader| reader.name() == other) {
                Some(reader) => Self::Reader(reader),
                None => {
                    let readers = READERS.map(Reader::name).join(", ");
                    let expected =
                        format!("expected parse, format, check, load, machine, wire or one of {readers}");
                    return Err(format!("{expected}, found {other}"));
                }
            },
        })
    }
}

/// One module and nothing else.
#[derive(Debug)]
struct Alone<'t>(&'t str);

impl World for Alone<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "main.flow" => Ok(self.0.to_owned()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

/// What a corpus of programs is for a target.
#[must_use]
pub fn corpus(target: Target, texts: Vec<String>) -> Vec<String> {
    match target {
        Target::Load | Target::Machine => {
            let generated = crate::generate::program(100);
            let texts = texts.iter().chain([&generated]);
            let programs = texts.filter_map(|text| compiled(text));
            let programs = programs.filter(|program| target == Target::Load || !program.flows.is_empty());
            programs.map(|program| print::json(&program)).collect()
        }
        Target::Reader(reader) => reader.corpus(),
        _ => texts,
    }
}

/// The program of a text that needs no other file.
#[must_use]
pub fn compiled(text: &str) -> Option<Program> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    compile(&Alone(text), "main.flow", &mut sources, &mut found)
}

/// Feeds one text. It panics where a promise is broken.
pub fn feed(target: Target, text: &str) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    match target {
        Target::Parse => {
            let parsed = parse::parse(SourceId(0), text, &mut found);
            let refused = found.iter().any(|d| d.code.0 == 109);
            assert!(refused || parsed.tree.text() == text, "the tree is not the text");
        }
        Target::Format => kept::check(text),
        Target::Check => {
            analyse(&Alone(text), "main.flow", &mut sources, &mut found);
            if let Some(program) = compiled(text) {
                flowmesh_ir::validate(&program).expect("a compiled program is valid");
            }
        }
        Target::Load => {
            if let Ok(program) = json::load(text.as_bytes()) {
                let back = json::load(print::json(&program).as_bytes()).expect("what was loaded loads again");
                assert_eq!(back, program);
            }
        }
        Target::Machine => {
            if let Ok(program) = json::load(text.as_bytes()) {
                world::run(&program, &mut chance(text));
            }
        }
        Target::Reader(reader) => reader.feed(text, &mut chance(text)),
    }
}

/// What follows from a text by chance, so that the same text leads to the same again.
fn chance(text: &str) -> Random {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Random::new(hasher.finish())
}

/// A text made from the corpus.
#[must_use]
pub fn made(target: Target, corpus: &[String], seed: u64) -> String {
    let mut random = Random::new(seed);
    match target {
        Target::Machine => alter::altered(corpus, &mut random),
        Target::Reader(reader) => text(corpus, reader.words(), &mut random),
        _ => text(corpus, WORDS, &mut random),
    }
}

/// What stands in programs.
const WORDS: &[&str] = &[
    "match ",
    "else ",
    "if ",
    "->",
    "catch ",
    "\"\"\"",
    "\n",
    "..",
    "=>",
    "}",
    ")",
    "where ",
    ",",
    " ",
    "\n\n",
    "// why\n",
    " // why\n",
    "\n// why\n\n",
    "/// why\n",
    "//! why\n",
];

fn text(corpus: &[String], words: &[&str], random: &mut Random) -> String {
    let pick = |random: &mut Random| corpus[random.below(corpus.len())].clone();
    let mut text = pick(random);
    for _ in 0..=random.below(6) {
        let at = boundary(&text, random.below(text.len() + 1));
        let end = boundary(&text, (at + random.below(40)).min(text.len()));
        match random.below(8) {
            0 => text.replace_range(at..end, ""),
            1 => {
                let twice = text[at..end].to_owned();
                text.insert_str(at, &twice);
            }
            2 => {
                let other = pick(random);
                let from = boundary(&other, random.below(other.len() + 1));
                text = format!("{}{}", &text[..at], &other[from..]);
            }
            3 => text.insert_str(
                at,
                &["(", "[", "{", "\"{", "-", "not "][random.below(6)].repeat(1 + random.below(300)),
            ),
            4 => text.insert_str(at, &"9".repeat(1 + random.below(400))),
            5 => text.insert(at, char::from(32 + random.below(95) as u8)),
            6 => text.insert(at, ['\0', 'ü', '\u{2028}', '\r', '\u{1F600}'][random.below(5)]),
            _ => text.insert_str(at, words[random.below(words.len())]),
        }
    }
    text
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
