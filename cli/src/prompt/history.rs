//! What was typed in this and earlier sessions, in a file that only its owner reads. What may hold a secret is not in it.

use super::complete::Completion;
use crate::private;
use flowmesh_frontend::{parse::pieces, syntax::SyntaxKind};
use reedline::{
    FileBackedHistory, History, HistoryItem, HistoryItemId, HistorySessionId, ReedlineError,
    ReedlineErrorVariants, Result, SearchQuery,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// So many inputs are kept.
const INPUTS_MAX: usize = 1000;

/// A longer input is a file that was pasted, and is kept elsewhere.
const LENGTH_MAX: usize = 4000;

/// Shorter values are in too many texts to say anything.
const SECRET_MIN: usize = 4;

/// Names of what nobody should read later.
const TELLING: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
];

/// The history of all sessions, where there is a place for it.
pub(super) fn open(known: &Arc<impl Completion + 'static>) -> Option<Box<dyn History>> {
    let path = place(|name| env::var(name).ok())?;
    private::directory(path.parent()?).ok()?;
    owned(&path)?;
    let inner = FileBackedHistory::with_file(INPUTS_MAX, path).ok()?;
    let known = Arc::clone(known);
    Some(Box::new(Kept {
        inner,
        secrets: Box::new(move || known.secrets()),
    }))
}

/// `$XDG_STATE_HOME/flowmesh/history`, or below `~/.local/state`.
fn place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let given = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = given("XDG_STATE_HOME").or_else(|| Some(given("HOME")?.join(".local/state")))?;
    Some(state.join("flowmesh").join("history"))
}

/// Nobody else reads the file, also where it was there before.
fn owned(path: &Path) -> Option<()> {
    if !path.exists() {
        return private::create(path, "", private::OWNER).ok();
    }
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(private::OWNER)).ok()?;
    Some(())
}

/// A history that lets secrets pass by.
struct Kept {
    inner: FileBackedHistory,
    /// The values of secrets that are known now.
    secrets: Box<dyn Fn() -> Vec<String> + Send>,
}

impl History for Kept {
    fn save(&mut self, item: HistoryItem) -> Result<HistoryItem> {
        if !may_be_kept(&item.command_line, &(self.secrets)()) {
            // The editor keeps it to be mended, as long as nothing else was typed.
            return Err(ReedlineError(ReedlineErrorVariants::OtherHistoryError(
                "it may hold a secret",
            )));
        }
        let saved = self.inner.save(item)?;
        // A session that is killed has kept what was typed.
        let _ = self.inner.sync();
        Ok(saved)
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        self.inner.load(id)
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        self.inner.count(query)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        self.inner.search(query)
    }

    fn update(&mut self, id: HistoryItemId, updater: &dyn Fn(HistoryItem) -> HistoryItem) -> Result<()> {
        self.inner.update(id, updater)
    }

    fn clear(&mut self) -> Result<()> {
        self.inner.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> Result<()> {
        self.inner.delete(id)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.inner.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.inner.session()
    }
}

/// Whether an input may be read later. One that begins with a blank may not, as in shells.
fn may_be_kept(text: &str, secrets: &[String]) -> bool {
    let long = |secret: &&String| secret.chars().count() >= SECRET_MIN;
    let begun = text.trim_start();
    let attaches = begun.starts_with(":attach") && (begun.contains("--token") || begun.contains('@'));
    text.len() <= LENGTH_MAX
        && !text.starts_with(' ')
        && !attaches
        && !secrets
            .iter()
            .filter(long)
            .any(|secret| text.contains(secret.as_str()))
        && !tells(text)
}

/// Whether a text stands behind a name such as `password`, or is a token by its looks.
fn tells(text: &str) -> bool {
    let mut named = false;
    for piece in pieces(text) {
        let word = text.get(piece.start..piece.end).unwrap_or_default();
        match piece.kind {
            SyntaxKind::Chars if named => return true,
            SyntaxKind::Chars if word.starts_with("Bearer ") || word.starts_with("eyJ") => return true,
            SyntaxKind::Chars => named = telling(word) && word.len() < 40,
            SyntaxKind::Comma | SyntaxKind::BraceClose | SyntaxKind::RoundClose => named = false,
            kind if kind.is_word() => named = telling(word) || (named && word != "let"),
            _ => {}
        }
    }
    false
}

fn telling(word: &str) -> bool {
    let word = word.to_lowercase();
    TELLING.iter().any(|name| word.contains(name))
}

#[cfg(test)]
mod tests {
    use super::{may_be_kept, place};
    use std::path::PathBuf;

    #[test]
    fn what_may_hold_a_secret_is_not_kept() {
        let secrets = ["hunter22".to_owned(), "a".to_owned()];
        for text in [
            " 1 + 1",
            "let x = \"hunter22\"",
            ":attach http://x --token abc",
            ":attach http://me:word@host",
            "login(password: \"abc\")",
            "let api_key = \"abc\"",
            "{ \"token\": \"abc\" }",
            ":signal run enter(token: \"abc\")",
            "send(header: \"Bearer abc\")",
        ] {
            assert!(!may_be_kept(text, &secrets), "{text}");
        }
    }

    #[test]
    fn everything_else_is() {
        let secrets = ["hunter22".to_owned(), "a".to_owned()];
        for text in [
            "let a = \"b\"",
            "secret api_key",
            ":attach http://127.0.0.1:7700 --write",
            "expect run.tags.order == \"7\"",
            "charge(tokens: 3, note: \"x\")",
        ] {
            assert!(may_be_kept(text, &secrets), "{text}");
        }
        assert!(!may_be_kept(&"x".repeat(5000), &[]));
    }

    #[test]
    fn it_lies_where_states_of_users_lie() {
        let with = |all: &'static [(&str, &str)]| {
            place(move |name| {
                all.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            with(&[("HOME", "/home/ada")]),
            Some(PathBuf::from("/home/ada/.local/state/flowmesh/history"))
        );
        assert_eq!(
            with(&[("HOME", "/home/ada"), ("XDG_STATE_HOME", "/s")]),
            Some(PathBuf::from("/s/flowmesh/history"))
        );
        assert_eq!(with(&[("XDG_STATE_HOME", "s")]), None);
    }
}
