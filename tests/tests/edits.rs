//! An editor that is used by somebody: random edits and undos, after each of which every answer is that of a compiler which sees
//! the text for the first time.
//!
//! `FLOWMESH_EDITS=1000000 cargo test --release -p flowmesh-tests --test edits -- --nocapture` is the whole of it.

use flowmesh_diagnostics::SourceId;
use flowmesh_frontend::{
    Workspace, World,
    ide::{self, Snapshot, position::Text},
};
use flowmesh_tests::{annotate, files, generate::Random};
use std::{collections::HashMap, env, fs, path::PathBuf, rc::Rc};

/// How many edits there are where nothing is said, and how many of one text follow each other.
const EDITS: usize = 20_000;
const SITTING: usize = 200;

/// How many edits go by between questions: whoever types is not asked after each letter.
const BETWEEN: usize = 40;

/// The longest text; what makes it longer is taken back.
const LONGEST: usize = 4_000;

/// A text on somebody's desk, with those that are beside it.
struct Desk {
    root: PathBuf,
    name: String,
    text: Text,
    /// What it was, the last at the end.
    before: Vec<String>,
}

impl World for Desk {
    fn read(&self, path: &str) -> Result<String, String> {
        match path == self.name {
            true => Ok(self.text.as_str().to_owned()),
            false => fs::read_to_string(self.root.join(path)).map_err(|why| why.to_string()),
        }
    }
}

fn desks() -> Vec<(PathBuf, String, String)> {
    let top = files::top();
    let folders = ["tests/suite", "examples"].map(|folder| top.join(folder));
    let paths = folders.iter().flat_map(|folder| files::below(folder, ".flow"));
    let all = paths.map(|path| {
        let root = path.parent().unwrap().to_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (root, name, annotate::strip(&fs::read_to_string(&path).unwrap()))
    });
    all.filter(|(_, _, text)| text.len() < LONGEST).collect()
}

/// Something that somebody does to a text.
fn edit(desk: &mut Desk, random: &mut Random, words: &[&str]) -> String {
    let text = desk.text.as_str().to_owned();
    if random.below(6) == 0
        && let Some(before) = desk.before.pop()
    {
        desk.text = Text::new(before);
        return "undo".to_owned();
    }
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let at = boundary(random.below(text.len() + 1));
    let behind = boundary((at + 1 + random.below(12)).min(text.len()));
    let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    let (start, stop, put) = match random.below(10) {
        0 | 1 => (at, behind, String::new()),
        2 => (line, end, String::new()),
        3 => (end, end, text[line..end].to_owned()),
        4 => (
            at,
            at,
            ["{", "}", "(", ")", "\"", "\n", ".", ",", "/", "\u{1f600}"][random.below(10)].to_owned(),
        ),
        5 => (at, behind, words[random.below(words.len())].to_owned()),
        _ => (at, at, words[random.below(words.len())].to_owned()),
    };
    desk.before.push(text.clone());
    desk.text.replace_at(start as u32, stop as u32, &put);
    let whole = [&text[..start], &put, &text[stop..]].concat();
    assert_eq!(desk.text.as_str(), whole, "a text that is changed piece by piece");
    if whole.len() > LONGEST {
        desk.before.clear();
        desk.text = Text::new(text);
    }
    format!("{start}..{stop} became {put:?}")
}

/// Every answer about a place, in words.
fn answers(snapshot: &Snapshot, source: SourceId, offset: u32) -> Vec<String> {
    let found: Vec<String> = snapshot
        .found
        .sorted()
        .iter()
        .map(|found| format!("{found:?}"))
        .collect();
    vec![
        found.join("\n"),
        format!("{:?}", ide::hover(&snapshot.analysis, source, offset)),
        format!("{:?}", ide::definition(snapshot, source, offset)),
        format!("{:?}", ide::type_definition(snapshot, source, offset)),
        format!("{:?}", ide::highlights(snapshot, source, offset)),
        format!("{:?}", ide::document_symbols(snapshot, source)),
        format!("{:?}", snapshot.analysis.program),
    ]
}

/// Another text of the same folder, if there is one, and the one that is edited: a project.
fn beside(desk: &Desk) -> Vec<String> {
    let names = files::below(&desk.root, ".flow").into_iter().filter_map(|path| {
        let inside = path.strip_prefix(&desk.root).ok()?;
        Some(inside.to_string_lossy().into_owned())
    });
    let other = names
        .into_iter()
        .find(|name| *name != desk.name && !name.contains('/'));
    other.into_iter().chain([desk.name.clone()]).collect()
}

/// What is wrong in a project, and every place of every name with what stands there.
fn named(snapshot: &Snapshot) -> Vec<String> {
    let mut facts: Vec<String> = snapshot
        .analysis
        .checked
        .facts
        .iter()
        .map(|fact| format!("{fact:?}"))
        .collect();
    facts.sort();
    let names = snapshot.names().iter().map(|name| format!("{name:?}"));
    let found = snapshot
        .found
        .sorted()
        .into_iter()
        .map(|found| format!("{found:?}"));
    facts.into_iter().chain(names).chain(found).collect()
}

/// What is offered, in words; by whom the program is known, or by whom it is not.
fn offered(workspace: &mut Workspace, desk: &Desk, offset: u32, program: Option<&Rc<Snapshot>>) -> String {
    let known = ide::Known {
        program,
        ..ide::Known::default()
    };
    let offered = ide::complete(workspace, desk, &desk.name, offset, known);
    let items = offered.items.iter();
    let items = items.map(|item| {
        format!(
            "{} {:?} {} {} {:?}",
            item.label, item.kind, item.insert, item.score, item.also
        )
    });
    format!("{:?} {:?}", offered.span, items.collect::<Vec<_>>())
}

#[test]
fn after_any_edit_every_answer_is_that_of_a_fresh_server() {
    let edits = env::var("FLOWMESH_EDITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(EDITS);
    let desks = desks();
    let all: String = desks.iter().map(|(_, _, text)| text.as_str()).collect();
    let mut counts = HashMap::<&str, usize>::new();
    for word in all.split(|sign: char| !sign.is_alphanumeric() && sign != '_') {
        *counts.entry(word).or_default() += 1;
    }
    let mut words: Vec<&str> = counts
        .into_iter()
        .filter(|(_, count)| *count > 20)
        .map(|(word, _)| word)
        .collect();
    words.sort_unstable();
    let mut random = Random(5);
    let (mut done, mut asked) = (0, 0);
    while done < edits {
        let (root, name, text) = desks[random.below(desks.len())].clone();
        let mut desk = Desk {
            root,
            name,
            text: Text::new(text),
            before: Vec::new(),
        };
        let (mut workspace, mut project) = (Workspace::default(), Workspace::default());
        let paths = beside(&desk);
        for _ in 0..SITTING.min(edits - done) {
            let what = edit(&mut desk, &mut random, &words);
            done += 1;
            if done % BETWEEN != 0 {
                continue;
            }
            let mut offset = random.below(desk.text.as_str().len() + 1) as u32;
            while !desk.text.as_str().is_char_boundary(offset as usize) {
                offset -= 1;
            }
            let program = Rc::new(Snapshot::again(&mut workspace, &desk, &desk.name));
            let fresh = Snapshot::new(&desk, &desk.name);
            let why = || {
                format!(
                    "{}: {what}, asked at {offset} of\n{}",
                    desk.name,
                    desk.text.as_str()
                )
            };
            let source = fresh.source(&desk.name).expect("the text is there");
            let (one, other) = (answers(&program, source, offset), answers(&fresh, source, offset));
            for (one, other) in one.iter().zip(&other) {
                assert_eq!(one, other, "{}", why());
            }
            let known = Snapshot::project_again(&mut project, &desk, &paths);
            let fresh = Snapshot::project(&desk, &paths);
            let (one, other) = (named(&known), named(&fresh));
            let first = one.iter().zip(&other).find(|(one, other)| one != other);
            assert_eq!(first, None, "in a project of {paths:?}: {}", why());
            assert_eq!(one.len(), other.len(), "in a project of {paths:?}: {}", why());
            let one = offered(&mut workspace, &desk, offset, Some(&program));
            let other = offered(&mut Workspace::default(), &desk, offset, None);
            assert_eq!(one, other, "{}", why());
            asked += 1;
        }
    }
    println!("{done} edits, asked {asked} times");
}
