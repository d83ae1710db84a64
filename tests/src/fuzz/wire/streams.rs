//! What comes in pieces: frames of gRPC, and items of a stream.

use super::{pieces, text};
use crate::mutate::Random;
use flowmesh_mesh::{
    decide::items::{Form, Items},
    readers::{in_frame, messages},
};

/// The longest message here, and the longest item.
const MOST: usize = 64;

pub(super) const ITEMS: &[&str] = &[
    "data: {\"a\": 1}\n\ndata: two\ndata: lines\n\n: why\n\nevent: x\nid: 7\n\n",
    "{\"a\": 1}\r\n{\"b\": 2}\n\n3",
    "data:\n\ndata\n\ndata:  x\r\n\r\n",
];

pub(super) const WORDS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "data:",
    "data: ",
    ":",
    "\0",
    "\u{1}",
    "\u{ff}",
    "\0\0\0\0\u{5}",
    "\u{16}\u{3}\u{1}",
    "!",
    "\u{11}",
    "\u{21}",
];

pub(super) fn frame_seeds() -> Vec<String> {
    let of = |message: &[u8]| in_frame(message).expect("it is short");
    let all = [of(b""), of(b"hello"), [of(b"a"), of(b"b"), of(&[0; 64])].concat()];
    all.iter().map(|bytes| text(bytes)).collect()
}

pub(super) fn frames(bytes: &[u8], random: &mut Random) {
    let whole = messages([bytes], MOST);
    let cut = messages(pieces(bytes, random), MOST);
    assert_eq!(cut, whole, "cut, they are others");
    let Ok((all, rest)) = whole else { return };
    assert!(all.iter().all(|message| message.len() <= MOST));
    let framed: Vec<u8> = all
        .iter()
        .flat_map(|message| in_frame(message).expect("it is short"))
        .collect();
    assert!(bytes.starts_with(&framed), "in their frames, they are others");
    assert_eq!(rest, framed.len() < bytes.len());
}

pub(super) fn items(bytes: &[u8], random: &mut Random) {
    for form in [Form::Events, Form::Lines] {
        let whole = read(form, [bytes]);
        let cut = read(form, pieces(bytes, random));
        match (whole, cut) {
            (Some(whole), Some(cut)) => assert_eq!(cut, whole, "{form:?}: cut, they are others"),
            // What is too long may be so only while its end is not there.
            (None, Some(cut)) | (Some(cut), None) => {
                assert!(cut.iter().all(|item| item.len() <= 2 * bytes.len()))
            }
            (None, None) => {}
        }
    }
    // What is written as an event is read as it was, if it has no ends of lines of its own.
    let line: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !b"\r\n".contains(byte))
        .take(MOST / 2)
        .collect();
    let event = [&b"data: "[..], &line, b"\n\n"].concat();
    assert_eq!(read(Form::Events, pieces(&event, random)), Some(vec![line]));
}

/// The items; nothing where one is too long.
fn read<'b>(form: Form, pieces: impl IntoIterator<Item = &'b [u8]>) -> Option<Vec<Vec<u8>>> {
    let (mut items, mut all) = (Items::new(form, MOST), Vec::new());
    for piece in pieces {
        items.take(piece).ok()?;
        while let Some(item) = items.item() {
            all.push(item);
        }
    }
    all.extend(items.rest());
    Some(all)
}
