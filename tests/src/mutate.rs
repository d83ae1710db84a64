//! Valid programs broken in one place, as a hand slips: a token deleted, doubled, swapped or misspelt.

use flowmesh_diagnostics::{Diagnostics, Severity, SourceId, Sources};
use flowmesh_frontend::{World, analyse, parse, syntax::SyntaxKind};
use std::collections::BTreeMap;

/// A small generator, so that a broken program can be made again from its seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers that belong to a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// A number below `limit`, or 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// How a program is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    /// A token is gone.
    Delete,
    /// A token stands there twice.
    Double,
    /// A token and the next one change places.
    Swap,
    /// A letter of a word is wrong, missing, doubled, or changed places with the next.
    Misspell,
}

/// All ways to break a program.
pub const SLIPS: [Slip; 4] = [Slip::Delete, Slip::Double, Slip::Swap, Slip::Misspell];

/// A broken program.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its text.
    pub text: String,
    /// How it was broken.
    pub slip: Slip,
    /// What was there.
    pub token: String,
    /// The line of the break, from 1.
    pub line: u32,
}

/// The tokens of a program that mean something: kind, first byte, text.
#[must_use]
pub fn tokens(text: &str) -> Vec<(SyntaxKind, usize, String)> {
    let parsed = parse::parse(SourceId(0), text, &mut Diagnostics::default());
    let tokens = parsed
        .tree
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    let trivia = |kind| {
        use SyntaxKind::{Comment, Doc, ModuleDoc, Whitespace};
        matches!(kind, Whitespace | Comment | Doc | ModuleDoc)
    };
    let telling = tokens.filter(|token| !trivia(token.kind()));
    telling
        .map(|token| {
            (
                token.kind(),
                usize::from(token.text_range().start()),
                token.text().to_owned(),
            )
        })
        .collect()
}

/// How often a token is drawn for a way that fits only some: each way comes as often as the others.
const DRAWS: usize = 64;

/// The program broken in the way that a seed says; nothing where the way fits no token that was drawn.
#[must_use]
pub fn mutant(text: &str, tokens: &[(SyntaxKind, usize, String)], seed: u64) -> Option<Mutant> {
    let mut random = Random::new(seed);
    let slip = SLIPS[random.below(SLIPS.len())];
    (0..DRAWS).find_map(|_| {
        let at = random.below(tokens.len());
        broken(text, tokens, slip, at, &mut random)
    })
}

fn broken(
    text: &str,
    tokens: &[(SyntaxKind, usize, String)],
    slip: Slip,
    at: usize,
    random: &mut Random,
) -> Option<Mutant> {
    let (_, start, token) = tokens.get(at)?;
    let end = start + token.len();
    let (before, after) = (&text[..*start], &text[end..]);
    let made = match slip {
        Slip::Delete => format!("{before}{after}"),
        Slip::Double if is_word(token) => format!("{before}{token} {token}{after}"),
        Slip::Double => format!("{before}{token}{token}{after}"),
        Slip::Swap => {
            let (_, next, other) = tokens.get(at + 1).filter(|(.., other)| other != token)?;
            let between = &text[end..*next];
            let apart = if between.is_empty() && is_word(token) && is_word(other) {
                " "
            } else {
                ""
            };
            format!(
                "{before}{other}{apart}{between}{token}{}",
                &text[next + other.len()..]
            )
        }
        Slip::Misspell => format!("{before}{}{after}", misspelt(token, random)?),
    };
    let line = before.matches('\n').count() as u32 + 1;
    (made != text).then(|| Mutant {
        text: made,
        slip,
        token: token.clone(),
        line,
    })
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

fn misspelt(word: &str, random: &mut Random) -> Option<String> {
    let letters = word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if !letters || word.len() < 3 {
        return None;
    }
    let mut word: Vec<char> = word.chars().collect();
    let at = random.below(word.len() - 1);
    match random.below(4) {
        0 => word.swap(at, at + 1),
        1 => drop(word.remove(at)),
        2 => word.insert(at, word[at]),
        _ => word[at] = char::from(b'a' + random.below(26) as u8),
    }
    Some(word.into_iter().collect())
}

/// What was said about a broken program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// It is no error after all.
    Nothing,
    /// One error, within two lines of the break.
    One,
    /// One error, elsewhere.
    Elsewhere,
    /// Several errors.
    Several,
}

/// Checks a broken program; also what was said, for people.
#[must_use]
pub fn hear(world: &dyn World, root: &str, mutant: &Mutant) -> (Heard, Vec<String>) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    analyse(world, root, &mut sources, &mut found);
    let errors: Vec<_> = found
        .sorted()
        .into_iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    let line = |span| sources.place(span);
    let said: Vec<String> = errors
        .iter()
        .map(|d| format!("{} {} {}", line(d.span), d.code, d.message))
        .collect();
    let near = |d: &flowmesh_diagnostics::Diagnostic| {
        let source = sources.get(d.span.source);
        let at = source.map_or(0, |source| source.line_column(d.span.start).0);
        d.span.source == SourceId(0) && at.abs_diff(mutant.line) <= 2
    };
    let heard = match errors.as_slice() {
        [] => Heard::Nothing,
        [one] if near(one) => Heard::One,
        [_] => Heard::Elsewhere,
        _ => Heard::Several,
    };
    (heard, said)
}

/// How often each kind of answer came.
pub type Tally = BTreeMap<Heard, usize>;
