//! What can stand where the cursor is: what is of the language as in an editor, directives and what they take, files.

mod taken;

use super::{
    directive::{self, Takes, Verb},
    stage::Shared,
};
use flowmesh_frontend::{
    World,
    ide::{CompletionItem, TokenKind},
    prompt::{Form, Session, Typing},
};
use reedline::{Completer, CompletionResult, Span, Suggestion};
use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};
use taken::{files, named, of_library, words};

/// So many things are shown.
const SHOWN_MAX: usize = 200;

/// Something that can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is written.
    pub(super) text: String,
    /// What it is, in a few words.
    pub(super) detail: String,
}

/// Who knows what can stand where, what the words are, and what nobody may read later.
pub(super) trait Completion: Send + Sync {
    /// What of a text is replaced at the cursor, and by what.
    fn at(&self, text: &str, cursor: usize) -> (Range<usize>, Vec<Candidate>);

    /// The words of the language in a text, and what they are.
    fn tokens(&self, text: &str) -> Vec<(Range<usize>, TokenKind)>;

    /// Values that are secret.
    fn secrets(&self) -> Vec<String>;
}

/// What the talk knows, as its editor sees it.
#[derive(Default)]
pub(super) struct Known {
    knows: Mutex<Knows>,
    typing: Mutex<Typing>,
}

/// What is known of a session.
#[derive(Clone, Default)]
pub(super) struct Knows {
    pub(super) session: Session,
    pub(super) world: Option<Shared>,
    /// The names of runs.
    pub(super) runs: Vec<String>,
    pub(super) flows: Vec<String>,
    pub(super) secrets: Vec<String>,
}

impl Known {
    /// Everything is so from now on.
    pub(super) fn tell(&self, knows: Knows) {
        *self.knows.lock().unwrap_or_else(PoisonError::into_inner) = knows;
    }

    fn now(&self) -> Knows {
        self.knows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks what an editor would be answered. What goes wrong with that is no reason to lose a session.
    fn typing<T: Default>(&self, ask: impl FnOnce(&mut Typing) -> T) -> T {
        let mut typing = self.typing.lock().unwrap_or_else(PoisonError::into_inner);
        catch_unwind(AssertUnwindSafe(|| ask(&mut typing))).unwrap_or_else(|_| {
            *typing = Typing::default();
            T::default()
        })
    }

    /// What is of the language, as an editor offers it, from a place of the text on.
    fn of_code(
        &self,
        knows: &Knows,
        (text, cursor): (&str, usize),
        (from, form): (usize, Form<'_>),
    ) -> (Range<usize>, Vec<Candidate>) {
        let (code, at) = (text.get(from..).unwrap_or_default(), cursor.saturating_sub(from));
        let here = (&knows.session, knows.around());
        let offers = self.typing(|typing| typing.offers(here, (code, at), form));
        let begun = code.get(offers.replaced.start..at).unwrap_or_default();
        let all = nearest(offers.items, begun).into_iter().map(|item| Candidate {
            text: item.beginning(),
            detail: item.detail,
        });
        let moved = |at: usize| at.saturating_add(from);
        (
            moved(offers.replaced.start)..moved(offers.replaced.end),
            all.collect(),
        )
    }

    /// A directive, or what it takes.
    fn behind_a_colon(
        &self,
        knows: &Knows,
        (text, cursor): (&str, usize),
        start: usize,
    ) -> (Range<usize>, Vec<Candidate>) {
        let before = text.get(..cursor).unwrap_or(text);
        let rest = before.get(start..).unwrap_or_default();
        let Some((name, taken)) = rest.split_once(char::is_whitespace) else {
            return beginning(text, start..cursor, words());
        };
        let behind = cursor.saturating_sub(taken.len());
        let word = before
            .rfind(char::is_whitespace)
            .map_or(start, |at| at.saturating_add(1));
        let begun = before.get(word..).unwrap_or_default();
        let plain = |all| beginning(text, word..cursor, all);
        let code = |from, form| self.of_code(knows, (text, cursor), (from, form));
        match directive::find(name).map(|word| (word.verb, word.takes)) {
            Some((Verb::Unmock, _)) => code(behind, Form::Within("mock ", " -> none")),
            Some((Verb::Signal, _)) => match taken.trim_start().split_once(char::is_whitespace) {
                Some((run, signal)) => code(
                    cursor.saturating_sub(signal.len()),
                    Form::Within("send ", &format!(" to {run}")),
                ),
                None => plain(named(&knows.runs, "run")),
            },
            Some((Verb::Doc, _)) => match beginning(text, behind..cursor, of_library()) {
                (range, all) if taken.contains('.') && !all.is_empty() => (range, all),
                _ => code(behind, Form::Expression),
            },
            Some((_, Takes::Expression)) => code(behind, Form::Expression),
            Some((_, Takes::File)) => plain(files(begun)),
            Some((_, Takes::Flow)) => plain(named(&knows.flows, "flow")),
            Some((_, Takes::Run)) => plain(named(&knows.runs, "run")),
            Some((_, Takes::Word)) => plain(words()),
            Some((_, Takes::Nothing)) | None => (cursor..cursor, Vec::new()),
        }
    }
}

impl Completion for Known {
    fn at(&self, text: &str, cursor: usize) -> (Range<usize>, Vec<Candidate>) {
        let knows = self.now();
        let (replaced, mut all) = match directive::begin(text) {
            Some(start) if start <= cursor => self.behind_a_colon(&knows, (text, cursor), start),
            Some(_) => (cursor..cursor, Vec::new()),
            None => self.of_code(&knows, (text, cursor), (0, Form::Input)),
        };
        all.dedup_by(|a, b| a.text == b.text);
        all.truncate(SHOWN_MAX);
        (replaced, all)
    }

    fn tokens(&self, text: &str) -> Vec<(Range<usize>, TokenKind)> {
        let knows = self.now();
        let (from, form) = match directive::begin(text) {
            Some(start) => {
                let rest = text.get(start..).unwrap_or_default();
                let Some((name, taken)) = rest.split_once(char::is_whitespace) else {
                    return Vec::new();
                };
                match directive::find(name).map(|word| word.takes) {
                    Some(Takes::Expression) => (text.len().saturating_sub(taken.len()), Form::Expression),
                    _ => return Vec::new(),
                }
            }
            None => (0, Form::Input),
        };
        let code = text.get(from..).unwrap_or_default();
        let here = (&knows.session, knows.around());
        let all = self.typing(|typing| typing.tokens(here, code, form));
        let moved = |at: usize| at.saturating_add(from);
        let all = all.into_iter();
        all.map(|(range, kind)| (moved(range.start)..moved(range.end), kind))
            .collect()
    }

    fn secrets(&self) -> Vec<String> {
        self.now().secrets
    }
}

impl Knows {
    fn around(&self) -> &dyn World {
        match &self.world {
            Some(world) => &**world,
            None => &super::Nothing,
        }
    }
}

/// What begins with what was typed, in the same case first, and alone where that has capitals; where nothing does, what
/// has its letters.
fn nearest(all: Vec<CompletionItem>, begun: &str) -> Vec<CompletionItem> {
    let small = begun.to_lowercase();
    let begins = |item: &CompletionItem| item.label.to_lowercase().starts_with(&small);
    if !all.iter().any(begins) {
        return all;
    }
    let all = all.into_iter().filter(begins);
    let (mut same, other): (Vec<_>, Vec<_>) = all.partition(|item| item.label.starts_with(begun));
    // Whoever writes a capital means it.
    if same.is_empty() || small == begun {
        same.extend(other);
    }
    same
}

/// Those that begin with what stands in a range.
fn beginning(text: &str, range: Range<usize>, mut all: Vec<Candidate>) -> (Range<usize>, Vec<Candidate>) {
    let begun = text.get(range.clone()).unwrap_or_default().to_lowercase();
    all.retain(|one| one.text.to_lowercase().starts_with(&begun));
    (range, all)
}

/// The editor's view of whoever completes.
pub(super) struct Editing<C>(pub(super) Arc<C>);

impl<C: Completion> Completer for Editing<C> {
    fn complete(&mut self, text: &str, at: usize) -> CompletionResult {
        let (replaced, all) = self.0.at(text, at);
        let suggestion = |one: Candidate| Suggestion {
            value: one.text,
            description: Some(one.detail).filter(|detail| !detail.is_empty()),
            span: Span::new(replaced.start, replaced.end),
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
        ide::{NameKind, TokenKind},
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
                    flow wait() -> int {\n  signal go_on(by: string)\n  await go_on as by within 1d else return 0\n  return 1\n}";
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
            runs: vec!["run".to_owned()],
            flows: vec!["wait".to_owned()],
            secrets: Vec::new(),
        });
        known
    }

    fn at(before: &str) -> Vec<String> {
        let (_, all) = known().at(before, before.len());
        all.into_iter().map(|one| one.text).collect()
    }

    fn first(before: &str) -> String {
        at(before).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn names_and_members_are_known() {
        assert_eq!(at("let x = ite"), ["item", "Item(price: "]);
        assert_eq!(at("ite"), ["item", "Item(price: "]);
        assert_eq!(at("let x = Ite"), ["Item(price: "]);
        assert_eq!(first("item.pr"), "price");
        assert!(at("run.").contains(&"status".to_owned()));
        assert_eq!(at("mock mail.se"), ["send("]);
        assert_eq!(first("\"a\".upp"), "upper()");
        assert_eq!(at("let s = \"a\" + ite"), ["item", "Item(price: "]);
    }

    #[test]
    fn in_a_text_only_what_is_between_braces_is_completed() {
        assert_eq!(at("let s = \"ite"), Vec::<String>::new());
        assert_eq!(at("let s = \"a{item} ite"), Vec::<String>::new());
        assert_eq!(first("let s = \"a {item.pr"), "price");
        assert_eq!(at("\"a {ite"), ["item", "Item(price: "]);
    }

    #[test]
    fn words_of_declarations_and_statements_are_written_as_far_as_they_are_known() {
        assert_eq!(first("moc"), "mock ");
        assert_eq!(first("expec"), "expect ");
        assert_eq!(first("flo"), "flow ");
        assert_eq!(first("flow other() -> int {\n  retu"), "return ");
        assert_eq!(first("let other = start wa"), "wait()");
        for text in [
            "",
            "let x = ",
            "item.",
            "mock ",
            "flow f() {\n  ",
            "service s {\n  ",
        ] {
            assert!(at(text).iter().all(|one| !one.contains(['$', '\n'])), "{text}");
        }
    }

    #[test]
    fn what_was_typed_before_it_counts_too() {
        assert_eq!(first("let first_one = 1\nlet b = first_"), "first_one");
        assert_eq!(first("fn half(n: int) -> int = n / 2\nhal"), "half(");
    }

    #[test]
    fn a_word_is_replaced_as_a_whole() {
        let (replaced, all) = known().at("let x = item.prxx + 1", "let x = item.pr".len());
        assert_eq!(replaced, 13..17);
        assert_eq!(all.first().map(|one| one.text.as_str()), Some("price"));
    }

    #[test]
    fn directives_and_what_they_take_are_known() {
        assert_eq!(at(":ins"), ["inspect "]);
        assert_eq!(at(":inspect r"), ["run"]);
        assert_eq!(at(":run w"), ["wait"]);
        assert_eq!(first(":type item.c"), "count");
        assert!(at(":doc list.su").contains(&"list.sum".to_owned()));
        assert_eq!(at(":doc mail.se"), ["send("]);
        assert_eq!(at(":unmock mail.se"), ["send("]);
        assert!(first(":signal run go").starts_with("go_on"));
        assert_eq!(at(":help for"), ["fork "]);
        assert_eq!(at(":load Cargo.t"), ["Cargo.toml"]);
    }

    #[test]
    fn words_are_what_they_stand_for() {
        let known = known();
        let kinds = |text: &str| -> Vec<(String, TokenKind)> {
            let all = known.tokens(text).into_iter();
            all.map(|(range, kind)| (text[range].to_owned(), kind)).collect()
        };
        let has = |text: &str, word: &str, kind: TokenKind| {
            let all = kinds(text);
            assert!(all.contains(&(word.to_owned(), kind)), "{text}: {all:?}");
        };
        has("let x = item.price", "item", TokenKind::Name(NameKind::Local));
        has("item.price", "price", TokenKind::Name(NameKind::Field));
        has(
            "mock mail.send(_) -> none",
            "mail",
            TokenKind::Name(NameKind::Service),
        );
        has("mock mail.send(_) -> none", "mock", TokenKind::Keyword);
        has(":type item.price", "price", TokenKind::Name(NameKind::Field));
        has("flow f() {\n  let a = wa", "flow", TokenKind::Keyword);
    }
}
