//! API tokens, and the file they are kept in.
//!
//! A token is 256 bits of chance, so what is kept of it is its SHA-256 alone: nobody can try all of them, and the slow
//! hashes that passwords need would only make every request slow. It is found by an identifier that is no secret, and
//! what is secret is compared in constant time.

mod file;
mod text;

use super::{Caller, Means, Namespaces, Role};
use flowmesh_ir::Name;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use subtle::ConstantTimeEq;
use thiserror::Error;

pub(in crate::server) use text::PREFIX as TOKEN_PREFIX;

/// The most tokens of one file.
const TOKENS_MAX: usize = 10_000;
/// The longest name of a token.
const NAME_CHARS_MAX: usize = 100;

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// By which it is found; no secret.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Where; all namespaces if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is good for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    sha256: String,
}

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It is good.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Where; everywhere if nothing is said.
    pub namespace: Option<Name>,
    /// From when on it is good for nothing.
    pub expires: Option<Timestamp>,
}

/// Why tokens cannot be had, made or revoked.
#[derive(Debug, Error)]
pub enum TokensError {
    /// The file cannot be read, or is none of ours.
    #[error("the tokens in `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file cannot be written.
    #[error("the tokens in `{path}` cannot be written: {why}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A name that cannot be one, or is taken.
    #[error("the token `{name}`: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no such token.
    #[error("there is no token `{0}`")]
    Missing(String),
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::server) enum Unknown {
    #[error("the token is not known")]
    Token,
    #[error("the token has expired")]
    Expired,
    #[error("the token was revoked")]
    Revoked,
    #[error("the tokens of this server cannot be read")]
    File,
}

/// The tokens of one file, read again when it changes.
#[derive(Clone, Debug)]
pub struct Tokens {
    path: PathBuf,
    known: Arc<Mutex<Option<Known>>>,
}

#[derive(Debug)]
struct Known {
    stamp: file::Stamp,
    /// None if the file is none of ours: then no token is accepted.
    tokens: Option<Arc<BTreeMap<String, Token>>>,
}

impl Tokens {
    /// The tokens of a file, which need not be there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            known: Arc::default(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file: then everybody is asked for a token.
    #[must_use]
    pub fn exist(&self) -> bool {
        // What cannot be looked at is not taken for something that is not there.
        fs::symlink_metadata(&self.path)
            .map_or_else(|error| error.kind() != std::io::ErrorKind::NotFound, |_| true)
    }

    /// All tokens, the oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn list(&self) -> Result<Vec<Token>, TokensError> {
        file::read(&self.path)
    }

    /// Makes a token and gives its text, which is nowhere else.
    ///
    /// # Errors
    /// If its name is taken, or the file cannot be written.
    pub fn create(&self, new: &NewToken, now: Timestamp) -> Result<(Token, String), TokensError> {
        let fits = !new.name.is_empty()
            && new.name.chars().count() <= NAME_CHARS_MAX
            && !new.name.chars().any(char::is_control);
        let refused = |why| TokensError::Name {
            name: new.name.escape_debug().to_string(),
            why,
        };
        if !fits {
            return Err(refused("a name has 1 to 100 characters that can be seen"));
        }
        let text = text::draw().map_err(|why| TokensError::Unwritable {
            path: self.path.clone(),
            why,
        })?;
        file::change(&self.path, |tokens| {
            let taken = |token: &Token| token.name == new.name && token.status(now) == TokenStatus::Active;
            if tokens.iter().any(taken) {
                return Err(refused("there is one of this name already"));
            }
            if tokens.len() >= TOKENS_MAX {
                return Err(refused("there are too many; take old ones out of the file"));
            }
            let token = Token {
                id: text.id.clone(),
                name: new.name.clone(),
                role: new.role,
                namespace: new
                    .namespace
                    .as_deref()
                    .map(|name| super::namespace::shown(name).to_owned()),
                created: now,
                expires: new.expires,
                revoked: None,
                sha256: text::hash(&text.whole),
            };
            tokens.push(token.clone());
            Ok((token, text.whole.clone()))
        })
    }

    /// Revokes a token, by its name or its identifier. A second time changes nothing.
    ///
    /// # Errors
    /// If there is none, or the file cannot be written.
    pub fn revoke(&self, which: &str, now: Timestamp) -> Result<Token, TokensError> {
        file::change(&self.path, |tokens| {
            let by_id = tokens.iter().position(|token| token.id == which);
            let active = |token: &Token| token.name == which && token.revoked.is_none();
            let by_name = || tokens.iter().position(active);
            let any = || tokens.iter().position(|token| token.name == which);
            let found = by_id.or_else(by_name).or_else(any);
            let token = found.and_then(|at| tokens.get_mut(at));
            let token = token.ok_or_else(|| TokensError::Missing(which.to_owned()))?;
            token.revoked.get_or_insert(now);
            Ok(token.clone())
        })
    }

    /// Whose token this is.
    pub(in crate::server) fn caller(&self, text: &str, now: Timestamp) -> Result<Caller, Unknown> {
        let tokens = self.read_again().ok_or(Unknown::File)?;
        let id = text::id(text).ok_or(Unknown::Token)?;
        let token = tokens.get(id).ok_or(Unknown::Token)?;
        let same = text::hash(text).as_bytes().ct_eq(token.sha256.as_bytes());
        if !bool::from(same) {
            return Err(Unknown::Token);
        }
        match token.status(now) {
            TokenStatus::Revoked => return Err(Unknown::Revoked),
            TokenStatus::Expired => return Err(Unknown::Expired),
            TokenStatus::Active => {}
        }
        let namespaces = match &token.namespace {
            None => Namespaces::All,
            // One that was written into the file by hand and is none reaches nothing.
            Some(name) => Namespaces::Only(super::namespace(name).into_iter().collect()),
        };
        Ok(Caller {
            name: token.name.clone(),
            means: Means::Token(token.id.clone()),
            role: Some(token.role),
            namespaces,
        })
    }

    /// The tokens by their identifiers, as the file has them now.
    fn read_again(&self) -> Option<Arc<BTreeMap<String, Token>>> {
        let stamp = file::Stamp::of(&self.path);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.stamp == stamp) {
            return known.tokens.clone();
        }
        let read = file::read(&self.path);
        if let Err(why) = &read {
            tracing::error!(%why, "nobody is let in with an API token");
        }
        let by_id = |tokens: Vec<Token>| {
            let tokens = tokens.into_iter().map(|token| (token.id.clone(), token));
            Arc::new(tokens.collect())
        };
        let tokens = read.ok().map(by_id);
        *known = Some(Known {
            stamp,
            tokens: tokens.clone(),
        });
        tokens
    }
}

impl Token {
    /// How it stands at a time.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> TokenStatus {
        match (self.revoked, self.expires) {
            (Some(_), _) => TokenStatus::Revoked,
            (None, Some(until)) if until <= now => TokenStatus::Expired,
            _ => TokenStatus::Active,
        }
    }
}

#[cfg(test)]
mod tests;
