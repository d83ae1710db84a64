//! Texts that nobody would write, made from those that somebody did: tokens and bytes changed, texts spliced, brackets
//! without an end, numbers without a measure. What the compiler makes of them is up to it, as long as it is something.

use crate::mutate::Random;
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources};
use flowmesh_frontend::{World, analyse, compile, format, parse};
use flowmesh_ir::{Program, json, print};

/// What is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The parser: the tree is the text, byte for byte.
    Parse,
    /// The formatter: formatting a text that can be read twice changes nothing more.
    Format,
    /// The checker, and `validate` for what comes out sound.
    Check,
    /// The reader of programs in JSON: what it takes comes back the same.
    Load,
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "parse" => Self::Parse,
            "format" => Self::Format,
            "check" => Self::Check,
            "load" => Self::Load,
            other => return Err(format!("expected parse, format, check or load, found {other}")),
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
        Target::Load => texts
            .iter()
            .filter_map(|text| Some(print::json(&compiled(text)?)))
            .collect(),
        _ => texts,
    }
}

fn compiled(text: &str) -> Option<Program> {
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
        Target::Format => {
            if let Ok(once) = format::format(text) {
                let twice = format::format(&once).unwrap_or_default();
                parse::parse(SourceId(0), text, &mut found);
                assert!(
                    found.has_errors() || once == twice,
                    "formatting twice changes more"
                );
            }
        }
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
    }
}

/// A text made from the corpus.
#[must_use]
pub fn made(corpus: &[String], seed: u64) -> String {
    let mut random = Random::new(seed);
    let pick = |random: &mut Random| corpus[random.below(corpus.len())].clone();
    let mut text = pick(&mut random);
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
                let other = pick(&mut random);
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
            _ => {
                let words = [
                    "match ", "else ", "if ", "->", "catch ", "\"\"\"", "\n", "..", "=>", "}", ")", "where ",
                ];
                text.insert_str(at, words[random.below(words.len())]);
            }
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
