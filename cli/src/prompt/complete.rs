//! What can stand where the cursor is: directives and what they take, names, members behind a dot, files.

use super::{
    directive::{self, Takes, WORDS},
    stage::Shared,
};
use flowmesh_frontend::{
    World,
    parse::{Piece, pieces},
    prompt::Session,
    syntax::SyntaxKind,
};
use flowmesh_stdlib::natives;
use reedline::{Completer, CompletionResult, Span, Suggestion};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// So many things are shown.
const SHOWN_MAX: usize = 200;

/// Words with which an input may begin, or go on.
const BEGINNINGS: &[&str] = &[
    "let", "start", "send", "mock", "expect", "always", "emit", "advance", "cancel", "crash", "config",
    "flow", "service", "type", "enum", "error", "event", "policy", "fn", "use", "secret", "gateway", "allow",
    "deny", "schedule", "test",
];

/// Something that can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is written.
    pub(super) text: String,
    /// What it is, in a few words.
    pub(super) detail: String,
}

/// Who knows what can stand where, and what nobody may read later.
pub(super) trait Completion: Send + Sync {
    /// From where on the text before the cursor is replaced, and by what.
    fn at(&self, before: &str) -> (usize, Vec<Candidate>);

    /// Values that are secret.
    fn secrets(&self) -> Vec<String>;
}

/// What the talk knows, as its editor sees it.
#[derive(Default)]
pub(super) struct Known(Mutex<Knows>);

/// What is known of a session.
#[derive(Clone, Default)]
pub(super) struct Knows {
    pub(super) session: Session,
    pub(super) world: Option<Shared>,
    /// The names that were bound, with their types.
    pub(super) bound: Vec<(String, String)>,
    /// Those of runs.
    pub(super) runs: Vec<String>,
    pub(super) flows: Vec<String>,
    pub(super) secrets: Vec<String>,
}

impl Known {
    /// Everything is so from now on.
    pub(super) fn tell(&self, knows: Knows) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = knows;
    }

    fn now(&self) -> Knows {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Completion for Known {
    fn at(&self, before: &str) -> (usize, Vec<Candidate>) {
        if is_in_text(before) {
            return (before.len(), Vec::new());
        }
        let knows = self.now();
        let (from, mut all) = match before.trim_start().strip_prefix(':') {
            Some(rest) => knows.behind_a_colon(before, rest),
            None => knows.of_code(before, 0),
        };
        let begun = before.get(from..).unwrap_or_default().to_lowercase();
        all.retain(|one| one.text.to_lowercase().starts_with(&begun));
        all.dedup_by(|a, b| a.text == b.text);
        all.truncate(SHOWN_MAX);
        (from, all)
    }

    fn secrets(&self) -> Vec<String> {
        self.now().secrets
    }
}

/// Whether what comes next would be a part of a text, and of no expression in it.
fn is_in_text(before: &str) -> bool {
    // For each text that is open, how many brackets are open in the expression at hand; nothing in the text itself.
    let mut open: Vec<Option<u32>> = Vec::new();
    let mut signs = before.chars();
    while let Some(sign) = signs.next() {
        match (sign, open.last_mut()) {
            ('\\', Some(None)) => drop(signs.next()),
            ('"', Some(None)) => drop(open.pop()),
            ('"', _) => open.push(None),
            ('{', Some(inner)) => *inner = Some(inner.map_or(1, |depth| depth.saturating_add(1))),
            ('}', Some(inner @ Some(_))) => {
                *inner = inner
                    .and_then(|depth| depth.checked_sub(1))
                    .filter(|depth| *depth > 0);
            }
            _ => {}
        }
    }
    matches!(open.last(), Some(None))
}

impl Knows {
    /// A directive, or what it takes.
    fn behind_a_colon(&self, before: &str, rest: &str) -> (usize, Vec<Candidate>) {
        let start = before.len().saturating_sub(rest.len());
        let Some((name, taken)) = rest.split_once(char::is_whitespace) else {
            return (start, words());
        };
        let word = before
            .rfind(char::is_whitespace)
            .map_or(start, |at| at.saturating_add(1));
        let begun = before.get(word..).unwrap_or_default();
        match directive::find(name).map(|word| word.takes) {
            Some(Takes::Expression) => self.of_code(before, before.len().saturating_sub(taken.len())),
            Some(Takes::File) => (word, files(begun)),
            Some(Takes::Flow) => (word, plain(&self.flows, "flow")),
            Some(Takes::Run) => (word, plain(&self.runs, "run")),
            Some(Takes::Word) => (word, words()),
            Some(Takes::Nothing) | None => (before.len(), Vec::new()),
        }
    }

    /// A name, or a member behind a dot.
    fn of_code(&self, before: &str, from: usize) -> (usize, Vec<Candidate>) {
        let code = before.get(from..).unwrap_or_default();
        let all = pieces(code);
        let word = all.last().filter(|piece| piece.kind.is_word());
        let at = word.map_or(code.len(), |word| word.start);
        let done: Vec<Piece> = all.iter().copied().take_while(|piece| piece.end <= at).collect();
        if let Some(last) = done.last()
            && matches!(last.kind, SyntaxKind::Dot | SyntaxKind::QuestionDot)
        {
            let of = code.get(receiver(&done)..last.start).unwrap_or_default();
            return (from.saturating_add(at), self.members(of));
        }
        if done.last().is_some_and(|piece| piece.kind == SyntaxKind::Chars) {
            return (before.len(), Vec::new());
        }
        (from.saturating_add(at), self.names())
    }

    fn members(&self, of: &str) -> Vec<Candidate> {
        let Some(world) = &self.world else {
            return Vec::new();
        };
        let world: &dyn World = &**world;
        let members = self.session.members(world, of).into_iter();
        let all = members.map(|member| Candidate {
            text: if member.called {
                member.name + "("
            } else {
                member.name
            },
            detail: member.detail,
        });
        all.collect()
    }

    fn names(&self) -> Vec<Candidate> {
        let bound = self.bound.iter().map(|(name, ty)| Candidate {
            text: name.clone(),
            detail: ty.clone(),
        });
        let declared = self.session.names().filter(|name| is_word(name));
        let declared = declared.map(|name| Candidate {
            text: name.to_string(),
            detail: "declared".to_owned(),
        });
        let free = natives().iter().filter(|native| native.receiver.is_none());
        let free = free.map(|native| Candidate {
            text: format!("{}(", native.name),
            detail: native.doc.to_owned(),
        });
        let words = BEGINNINGS.iter().map(|word| Candidate {
            text: format!("{word} "),
            detail: String::new(),
        });
        let mut all: Vec<Candidate> = bound.chain(declared).chain(words).chain(free).collect();
        all.sort_by(|a, b| a.text.cmp(&b.text));
        all
    }
}

fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn words() -> Vec<Candidate> {
    let all = WORDS.iter().map(|word| Candidate {
        text: if word.form.is_empty() {
            word.name.to_owned()
        } else {
            format!("{} ", word.name)
        },
        detail: word.doc.to_owned(),
    });
    all.collect()
}

fn plain(names: &[String], what: &str) -> Vec<Candidate> {
    let all = names.iter().map(|name| Candidate {
        text: name.clone(),
        detail: what.to_owned(),
    });
    all.collect()
}

/// Where what stands before the dot at the end begins: names, dots, texts and brackets with all that is in them.
fn receiver(done: &[Piece]) -> usize {
    let mut depth = 0_usize;
    let mut start = done.last().map_or(0, |dot| dot.start);
    let mut text = false;
    for piece in done.iter().rev().skip(1) {
        match piece.kind {
            SyntaxKind::Quote => text = !text,
            _ if text => {}
            kind if kind.closes() => depth = depth.saturating_add(1),
            kind if kind.opens() && depth == 0 => break,
            kind if kind.opens() => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            SyntaxKind::Word
            | SyntaxKind::Dot
            | SyntaxKind::QuestionDot
            | SyntaxKind::NumberToken
            | SyntaxKind::TrueKw
            | SyntaxKind::FalseKw => {}
            _ => break,
        }
        start = piece.start;
    }
    start
}

/// Files and folders that go on from what was begun.
fn files(begun: &str) -> Vec<Candidate> {
    let (folder, name) = begun
        .rsplit_once('/')
        .map_or(("", begun), |(folder, name)| (folder, name));
    let path = match (folder, begun.starts_with('/')) {
        ("", true) => Path::new("/"),
        ("", false) => Path::new("."),
        (folder, _) => Path::new(folder),
    };
    let before = begun
        .get(..begun.len().saturating_sub(name.len()))
        .unwrap_or_default();
    let Ok(all) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut found: Vec<Candidate> = Vec::new();
    for entry in all.flatten().take(10_000) {
        let Ok(known) = entry.file_name().into_string() else {
            continue;
        };
        let folder = entry.path().is_dir();
        if known.starts_with('.') != name.starts_with('.') || !known.starts_with(name) {
            continue;
        }
        found.push(Candidate {
            text: format!("{before}{known}{}", if folder { "/" } else { "" }),
            detail: String::new(),
        });
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found
}

/// The editor's view of whoever completes.
pub(super) struct Editing<C>(pub(super) Arc<C>);

impl<C: Completion> Completer for Editing<C> {
    fn complete(&mut self, text: &str, at: usize) -> CompletionResult {
        let before = text.get(..at).unwrap_or(text);
        let (from, all) = self.0.at(before);
        let suggestion = |one: Candidate| Suggestion {
            value: one.text,
            description: Some(one.detail).filter(|detail| !detail.is_empty()),
            span: Span::new(from.min(at), at),
            display_override: None,
            style: None,
            extra: None,
            append_whitespace: false,
            match_indices: None,
        };
        CompletionResult::fresh(all.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::{Completion, Known, Knows};
    use flowmesh_frontend::{
        World,
        prompt::{Input, Line, Session, read},
    };
    use std::sync::Arc;

    struct Nothing;

    impl World for Nothing {
        fn read(&self, _: &str) -> Result<String, String> {
            Err("nothing".to_owned())
        }
    }

    fn known() -> Known {
        let text = "type Item { price: decimal, count: int }\n\
                    service mail {\n  at: \"http://127.0.0.1:1\"\n  op send(to: string) = PUT \"/{to}\"\n}\n\
                    flow wait() -> int {\n  sleep 1d\n  return 1\n}";
        let Input::Parts(parts) = read(text) else {
            panic!("it is read");
        };
        let parts: Vec<_> = parts.iter().collect();
        let session = Session::default();
        let made = session
            .declare(&Nothing, ("<input>", text), &parts)
            .made
            .expect("it is sound");
        let said = |session: &Session, text: &str| {
            let made = session.say(&Nothing, Line::Statement(text.to_owned())).made;
            made.expect("it is sound").session
        };
        let session = said(&made.session, "let item = Item(price: 1.5, count: 2)");
        let session = said(&session, "let run = start wait()");
        let known = Known::default();
        known.tell(Knows {
            session,
            world: Some(Arc::new(Nothing)),
            bound: vec![
                ("item".to_owned(), "Item".to_owned()),
                ("run".to_owned(), "a run".to_owned()),
            ],
            runs: vec!["run".to_owned()],
            flows: vec!["wait".to_owned()],
            secrets: Vec::new(),
        });
        known
    }

    fn at(before: &str) -> Vec<String> {
        let (_, all) = known().at(before);
        all.into_iter().map(|one| one.text).collect()
    }

    #[test]
    fn names_and_members_are_known() {
        assert_eq!(at("let x = ite"), ["Item", "item"]);
        assert_eq!(at("item.pr"), ["price"]);
        assert!(at("run.").contains(&"status".to_owned()));
        assert_eq!(at("mock mail.se"), ["send("]);
        assert!(
            at("\"a\".up").contains(&"upper(".to_owned()),
            "{:?}",
            at("\"a\".up")
        );
        assert_eq!(at("let s = \"ite"), Vec::<String>::new());
        assert_eq!(at("let s = \"a{item} ite"), Vec::<String>::new());
        assert_eq!(at("let s = \"a\" + ite"), ["Item", "item"]);
    }

    #[test]
    fn directives_and_what_they_take_are_known() {
        assert_eq!(at(":ins"), ["inspect "]);
        assert_eq!(at(":inspect r"), ["run"]);
        assert_eq!(at(":run w"), ["wait"]);
        assert_eq!(at(":type item.c"), ["count"]);
        assert_eq!(at(":help for"), ["fork "]);
        assert_eq!(at(":load Cargo.t"), ["Cargo.toml"]);
    }
}
