//! Addresses that a call fills: which parts of an address data may choose, and what such data may be.
//!
//! Data never chooses a whole address. What is written out says the scheme, the port and who owns the host: behind the
//! last part of the host that data chooses stand at least two labels that it does not, and no data holds a dot.

use crate::{Value, expr::Expr};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A piece of an address, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A text.
    Text(&'a str),
    /// A text that is known when the program starts.
    Later,
    /// A text that each call gives.
    Param,
}

/// Which part of an address a call fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A label of the host, or a piece of one.
    Label,
    /// A segment of the path, or a piece of one.
    Segment,
}

/// Why data may not stand in an address where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The scheme is not written out.
    Scheme,
    /// It would choose the port.
    Port,
    /// It would choose who owns the host.
    Owner,
    /// It stands before an `@`, or in brackets.
    Host,
}

/// The parts that a call fills, in the order of the [`Piece::Param`]s.
///
/// # Errors
/// The number of the first one that may not stand where it does, and why.
pub fn parts(pieces: &[Piece<'_>]) -> Result<Vec<Part>, (usize, Wrong)> {
    if !pieces.contains(&Piece::Param) {
        return Ok(Vec::new());
    }
    let mut walk = Walk::default();
    let mut rest = pieces.iter();
    match rest.next() {
        Some(Piece::Text(text)) => match text.split_once("://") {
            Some((_, authority)) => walk.text(authority),
            None => return Err((0, Wrong::Scheme)),
        },
        _ => return Err((0, Wrong::Scheme)),
    }
    for piece in rest {
        match piece {
            Piece::Text(text) => walk.text(text),
            Piece::Later if walk.at == At::Host => walk.suffix = Suffix::Later,
            Piece::Later => {}
            Piece::Param => walk.param().map_err(|wrong| (walk.found.len(), wrong))?,
        }
    }
    let last = walk.found.iter().rposition(|part| *part == Part::Label);
    match (last, walk.wrong()) {
        (Some(at), Some(wrong)) => Err((at, wrong)),
        _ => Ok(walk.found),
    }
}

/// How far an address was read.
#[derive(Default)]
struct Walk {
    found: Vec<Part>,
    at: At,
    /// What stands in the host behind the last piece of data.
    suffix: Suffix,
    /// Whether a user, or an address in brackets, stands in it.
    special: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Host,
    Port,
    Path,
}

enum Suffix {
    Text(String),
    /// It has something that is known when the program starts; then it is looked at again.
    Later,
}

impl Default for Suffix {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Walk {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match (self.at, c) {
                (At::Path, _) => {}
                (_, '/') => self.at = At::Path,
                (_, '@' | '[' | ']' | '?' | '#' | '\\') => self.special = true,
                (At::Host, ':') => self.at = At::Port,
                (At::Port, _) => {}
                (At::Host, c) => {
                    if let Suffix::Text(suffix) = &mut self.suffix {
                        suffix.push(c);
                    }
                }
            }
        }
    }

    fn param(&mut self) -> Result<(), Wrong> {
        match self.at {
            At::Path => self.found.push(Part::Segment),
            At::Port => return Err(Wrong::Port),
            At::Host => {
                self.suffix = Suffix::default();
                self.found.push(Part::Label);
            }
        }
        Ok(())
    }

    fn wrong(&self) -> Option<Wrong> {
        if self.special {
            return Some(Wrong::Host);
        }
        match &self.suffix {
            Suffix::Text(suffix) if !owned(suffix) => Some(Wrong::Owner),
            _ => None,
        }
    }
}

/// Names without a dot that nobody can register.
const PRIVATE: [&str; 4] = ["localhost", "internal", "local", "test"];

/// Whether what follows the last piece of data in a host says who owns it: two labels, or one that is for private use.
/// Numbers would make an IPv4 address of it.
fn owned(suffix: &str) -> bool {
    let Some((_, fixed)) = suffix.split_once('.') else {
        return false;
    };
    let labels: Vec<&str> = fixed.trim_end_matches('.').split('.').collect();
    let Some(last) = labels.last() else { return false };
    let number = last.bytes().all(|byte| byte.is_ascii_digit());
    let several = labels.len() > 1 && labels.iter().all(|label| !label.is_empty());
    !number && (several || PRIVATE.contains(last))
}

/// The longest label of a host.
const LABEL_MAX: usize = 63;

/// A text as it may stand in a host: in small letters, and without a dot, so that it stays in its label.
///
/// # Errors
/// Why it may not: a sentence.
pub fn label(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("`{}` cannot stand in a host: {why}", shown(text)));
    if text.is_empty() {
        return wrong("it is empty");
    }
    if text.len() > LABEL_MAX {
        return wrong("it is longer than 63 characters");
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !text.bytes().all(fits) {
        return wrong("expected letters, digits and `-`");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return wrong("it begins or ends with `-`");
    }
    Ok(text.to_ascii_lowercase())
}

/// The beginning of a text that may be long or hold anything.
fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// Whether an address is filled by each call.
#[must_use]
pub fn is_template(address: &Expr) -> bool {
    matches!(address, Expr::Text(parts) if parts.iter().any(|part| matches!(part, Expr::Slot(_))))
}

/// The pieces of an address.
#[must_use]
pub fn pieces(address: &Expr) -> Vec<Piece<'_>> {
    match address {
        Expr::Text(parts) => parts.iter().map(piece).collect(),
        other => vec![piece(other)],
    }
}

fn piece(part: &Expr) -> Piece<'_> {
    match part {
        Expr::Constant(Value::String(text)) => Piece::Text(text),
        Expr::Slot(_) => Piece::Param,
        _ => Piece::Later,
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the scheme is not written out",
            Self::Port => "a call would choose the port",
            Self::Owner => "a call would choose who owns the host",
            Self::Host => "a call fills labels of a name, not a user or an address in brackets",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Piece::*, Wrong, label, parts};

    #[test]
    fn labels_and_segments_are_told_apart() {
        let address = [Text("http://"), Param, Text(".shop.example.com:80/v1/"), Param];
        assert_eq!(parts(&address), Ok(vec![Part::Label, Part::Segment]));
        let address = [Text("dns://a-"), Param, Text("-b."), Later, Text(":80")];
        assert_eq!(parts(&address), Ok(vec![Part::Label]));
        assert_eq!(
            parts(&[Text("http://"), Param, Text(".localhost:1")]),
            Ok(vec![Part::Label])
        );
        assert_eq!(
            parts(&[Text("http://"), Later, Text("/"), Param]),
            Ok(vec![Part::Segment])
        );
    }

    #[test]
    fn data_never_chooses_the_whole_address() {
        for whole in [
            &[Text("http://"), Param][..],
            &[Text("http://a."), Param],
            &[Text("http://"), Param, Text(".com")],
            &[Text("http://"), Param, Text("example.com")],
            &[Text("http://"), Param, Text("/a.b.c")],
            &[Text("http://"), Param, Text(":80.a.b")],
            &[Text("http://"), Param, Text(":"), Later],
            &[Text("http://"), Param, Text(".0.0.1")],
            &[Text("http://"), Param, Text("..com")],
            &[Text("http://x"), Later, Param, Text(".com")],
        ] {
            assert_eq!(parts(whole), Err((0, Wrong::Owner)), "{whole:?}");
        }
        assert_eq!(parts(&[Param, Text("://a.example.com")]), Err((0, Wrong::Scheme)));
        assert_eq!(parts(&[Later, Text("/"), Param]), Err((0, Wrong::Scheme)));
        assert_eq!(
            parts(&[Text("http://a.example.com:"), Param]),
            Err((0, Wrong::Port))
        );
        let user = [Text("http://"), Param, Text("@a.example.com")];
        assert_eq!(parts(&user), Err((0, Wrong::Host)));
        assert_eq!(
            parts(&[Text("http://["), Param, Text("]:80")]),
            Err((0, Wrong::Host))
        );
    }

    #[test]
    fn a_label_cannot_leave_its_place() {
        assert_eq!(label("Acme-1"), Ok("acme-1".to_owned()));
        for wrong in [
            "",
            "a.b",
            "a/b",
            "a:b",
            "a@b",
            "-a",
            "a-",
            "a b",
            "é",
            "a_b",
            &"a".repeat(64),
        ] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
    }
}
