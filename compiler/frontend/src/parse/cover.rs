//! The text that the grammar reads: the author's, with what was reported already covered or completed.

use super::tokens::{Cover, Patch};

/// A text for the grammar, and the way back to the places of the author's text.
#[derive(Debug)]
pub(super) struct Covered {
    pub(super) text: String,
    /// Where, in `text`, one character was added, in order.
    added: Vec<usize>,
}

/// Applies patches and inserts, each in the order of their places.
pub(super) fn cover(source: &str, patches: &[Patch], inserts: &[(u32, char)]) -> Covered {
    let mut covered = Covered {
        text: String::with_capacity(source.len() + inserts.len()),
        added: Vec::new(),
    };
    let mut at = 0;
    let mut inserts = inserts.iter().peekable();
    for patch in patches {
        while let Some((place, sign)) = inserts.next_if(|(place, _)| *place <= patch.start) {
            covered.copy(source, &mut at, *place);
            covered.add(*sign);
        }
        covered.copy(source, &mut at, patch.start);
        covered
            .text
            .push_str(&stand_in(patch.by, (patch.end - patch.start) as usize));
        at = patch.end as usize;
    }
    for (place, sign) in inserts {
        covered.copy(source, &mut at, *place);
        covered.add(*sign);
    }
    covered.copy(source, &mut at, u32::try_from(source.len()).unwrap_or(u32::MAX));
    covered
}

impl Covered {
    fn copy(&mut self, source: &str, at: &mut usize, to: u32) {
        self.text.push_str(source.get(*at..to as usize).unwrap_or(""));
        *at = (*at).max(to as usize);
    }

    fn add(&mut self, sign: char) {
        self.added.push(self.text.len());
        self.text.push(sign);
    }

    /// The place in the author's text of a place in the covered text.
    pub(super) fn to_source(&self, place: usize) -> u32 {
        let before = self.added.partition_point(|added| *added < place);
        u32::try_from(place - before).unwrap_or(u32::MAX)
    }
}

/// Text of `length` bytes that the grammar reads as `by` says.
fn stand_in(by: Cover, length: usize) -> String {
    match (by, length) {
        (Cover::Word, _) => "x".repeat(length),
        (Cover::Value, 0 | 1) => "0".repeat(length),
        (Cover::Value, _) => format!("\"{}\"", "x".repeat(length - 2)),
        (Cover::Operator, 2) => "==".to_owned(),
        (Cover::Sign, 1) => "-".to_owned(),
        _ => " ".repeat(length),
    }
}
