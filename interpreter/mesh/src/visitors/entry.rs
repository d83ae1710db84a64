//! A line of a file of visitors: `NAME:HASH:SCOPES`, the scopes with spaces between them.

use super::{
    Visitor,
    hash::{self, Hash},
};
use std::fmt;
use thiserror::Error;

/// The longest name, the longest scopes in all, and the longest password, in bytes.
const NAME_MAX: usize = 128;
const SCOPES_MAX: usize = 4 << 10;
const PASSWORD_MAX: usize = 256;

/// One visitor, and the hash of the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub(super) visitor: Visitor,
    pub(super) hash: Hash,
}

/// Why there is no such line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unread {
    /// It has no two parts.
    #[error("expected `NAME:HASH:SCOPES`")]
    Form,
    /// The name cannot be one.
    #[error("expected a name of at most 128 bytes without `:`, spaces at its ends and control characters")]
    Name,
    /// The scopes cannot be such.
    #[error("expected scopes without spaces, quotes, `\\` and control characters, at most 4 KiB in all")]
    Scopes,
    /// The hash is none that is made here.
    #[error("expected the hash of a key or of a password, as `flowmesh visitors add` makes it")]
    Hash,
    /// The password cannot be one.
    #[error("expected a password of at most 256 bytes without control characters")]
    Password,
}

impl Entry {
    /// A visitor with a key that is drawn here. The key is told once, and is in nothing that is kept.
    ///
    /// # Errors
    /// If the name or a scope cannot be one.
    pub fn with_key(name: &str, scopes: &[String]) -> Result<(Self, String), Unread> {
        let visitor = visitor(name, scopes)?;
        let (key, hash) = hash::draw_key().ok_or(Unread::Hash)?;
        Ok((Self { visitor, hash }, key))
    }

    /// A visitor with a password.
    ///
    /// # Errors
    /// If the name, a scope or the password cannot be one.
    pub fn with_password(name: &str, scopes: &[String], password: &str) -> Result<Self, Unread> {
        let visitor = visitor(name, scopes)?;
        if !is_password(password) {
            return Err(Unread::Password);
        }
        let hash = hash::of_password(password).ok_or(Unread::Hash)?;
        Ok(Self { visitor, hash })
    }

    /// Who it is.
    #[must_use]
    pub fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Whether the visitor has a password, and not a key.
    #[must_use]
    pub fn has_password(&self) -> bool {
        matches!(self.hash, Hash::Password(_))
    }

    /// Reads a line.
    pub(crate) fn read(line: &str) -> Result<Self, Unread> {
        let mut parts = line.splitn(3, ':');
        let (Some(name), Some(hash)) = (parts.next(), parts.next()) else {
            return Err(Unread::Form);
        };
        let scopes = parts.next().unwrap_or_default().split_whitespace();
        let scopes: Vec<String> = scopes.map(str::to_owned).collect();
        Ok(Self {
            visitor: visitor(name, &scopes)?,
            hash: Hash::read(hash).ok_or(Unread::Hash)?,
        })
    }
}

/// As a line of the file.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { visitor, hash } = self;
        write!(f, "{}:{hash}:{}", visitor.name, visitor.scopes.join(" "))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.visitor).finish()
    }
}

/// Whether somebody may have this as a password. It is compared as it was typed.
pub(super) fn is_password(text: &str) -> bool {
    !text.is_empty() && text.len() <= PASSWORD_MAX && !text.chars().any(char::is_control)
}

fn visitor(name: &str, scopes: &[String]) -> Result<Visitor, Unread> {
    let wrong = |c: char| c == ':' || c.is_control();
    let fits = !name.is_empty() && name.len() <= NAME_MAX && name.trim() == name && !name.contains(wrong);
    // A line that begins so is a remark.
    if !fits || name.starts_with('#') {
        return Err(Unread::Name);
    }
    // The characters of RFC 6749, 3.3.
    let scope = |scope: &String| {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        !scope.is_empty() && scope.bytes().all(fits)
    };
    let length: usize = scopes.iter().map(|scope| scope.len().saturating_add(1)).sum();
    match scopes.iter().all(scope) && length <= SCOPES_MAX {
        true => Ok(Visitor {
            name: name.to_owned(),
            scopes: scopes.to_vec(),
        }),
        false => Err(Unread::Scopes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let scopes = ["order:write".to_owned(), "stock".to_owned()];
        let (entry, key) = Entry::with_key("ann b", &scopes).unwrap();
        let line = entry.to_string();
        assert!(
            !line.contains(&key) && line.ends_with(":order:write stock"),
            "{line}"
        );
        assert!(Entry::read(&line).unwrap() == entry);
        let entry = Entry::with_password("ben", &[], "open sesame").unwrap();
        let line = entry.to_string();
        assert!(!line.contains("sesame"), "{line}");
        assert!(Entry::read(&line).unwrap() == entry && entry.has_password());
    }

    #[test]
    fn what_is_no_name_scope_password_or_hash_is_refused() {
        let name = |name: &str| Entry::with_key(name, &[]).err();
        for wrong in ["", " a", "a ", "a:b", "a\nb", "#a"] {
            assert_eq!(name(wrong), Some(Unread::Name), "{wrong:?}");
        }
        assert_eq!(name(&"a".repeat(NAME_MAX)), None);
        assert_eq!(name(&"a".repeat(NAME_MAX + 1)), Some(Unread::Name));
        let scope = |scope: &str| Entry::with_key("a", &[scope.to_owned()]).err();
        for wrong in ["", "a b", "a\"", "a\\", "é"] {
            assert_eq!(scope(wrong), Some(Unread::Scopes), "{wrong:?}");
        }
        let password = |text: &str| Entry::with_password("a", &[], text).err();
        assert_eq!(password(""), Some(Unread::Password));
        assert_eq!(password("a\tb"), Some(Unread::Password));
        assert_eq!(password(&"a".repeat(PASSWORD_MAX)), None);
        assert_eq!(password(&"a".repeat(PASSWORD_MAX + 1)), Some(Unread::Password));
        for wrong in [
            "a",
            "a:",
            "a:secret",
            "a:$sha256$00",
            "a:$apr1$x$y",
            "a:$2y$05$abc",
        ] {
            assert!(Entry::read(wrong).is_err(), "{wrong}");
        }
    }
}
