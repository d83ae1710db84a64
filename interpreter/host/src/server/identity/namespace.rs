//! Namespaces: everything is in one, and nothing in one is seen from another.

use flowmesh_ir::Name;
use std::collections::BTreeSet;

/// The longest name, as labels of DNS and namespaces of Kubernetes have it.
const CHARS_MAX: usize = 63;
/// What the one is called that has no name of its own.
const DEFAULT: &str = "default";

/// Namespaces that somebody may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// All of them.
    All,
    /// These.
    Only(BTreeSet<Name>),
}

/// Reads the name of a namespace; `default` is the one that is kept without a name.
///
/// # Errors
/// If it cannot be the name of one.
pub fn namespace(text: &str) -> Result<Name, String> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| letter(*byte));
    let fits = bytes.len() <= CHARS_MAX
        && bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
        && ends(bytes.first())
        && ends(bytes.last());
    if !fits {
        return Err(format!(
            "expected at most {CHARS_MAX} lower-case letters, digits and `-`, found `{}`",
            text.escape_debug()
        ));
    }
    Ok(if text == DEFAULT {
        Name::default()
    } else {
        Name::new(text)
    })
}

/// As people see it.
pub(in crate::server) fn shown(namespace: &str) -> &str {
    if namespace.is_empty() { DEFAULT } else { namespace }
}

impl Namespaces {
    /// Whether one of them is this.
    #[must_use]
    pub fn have(&self, namespace: &Name) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(namespace),
        }
    }

    /// The one that is meant where nobody says: the only one, or else `default` if that is one of them.
    #[must_use]
    pub fn usual(&self) -> Option<Name> {
        match self {
            Self::All => Some(Name::default()),
            Self::Only(names) if names.len() == 1 => names.first().cloned(),
            Self::Only(names) => names.get(&Name::default()).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_labels_and_default_is_the_one_without() {
        assert_eq!(namespace("default"), Ok(Name::default()));
        assert_eq!(namespace("team-1"), Ok(Name::new("team-1")));
        let long = "a".repeat(64);
        for wrong in ["", "-a", "a-", "A", "a b", "a/b", "ä", "a\n", &long] {
            assert!(namespace(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_nobody_says_the_only_one_is_meant() {
        let of = |names: &[&str]| Namespaces::Only(names.iter().map(Name::new).collect());
        assert_eq!(Namespaces::All.usual(), Some(Name::default()));
        assert_eq!(of(&["a"]).usual(), Some(Name::new("a")));
        assert_eq!(of(&["", "a"]).usual(), Some(Name::default()));
        assert_eq!(of(&["a", "b"]).usual(), None);
        assert_eq!(of(&[]).usual(), None);
    }
}
