//! All visitors of a file, found by what they show.

use super::{
    Shown, Visitor,
    entry::{Entry, Unread},
    hash::{Hash, of_key},
    passwords::Passwords,
};
use crate::kept::Kept;
use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    fmt::Write,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// The most visitors in a file, and the longest file.
const VISITORS_MAX: usize = 10_000;
const BYTES_MAX: u64 = 4 << 20;
/// The longest key that is looked up.
const KEY_MAX: usize = 256;

/// Why a file of visitors is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VisitorsError {
    /// It cannot be read.
    #[error("cannot read `{}`: {why}", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A line is none.
    #[error("`{}`, line {line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1 on.
        line: usize,
        /// Why.
        why: Unread,
    },
    /// A name stands there twice.
    #[error("`{}` names `{name}` twice", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Which name.
        name: String,
    },
    /// There are too many.
    #[error("`{}` is longer than 4 MiB, or has more than 10,000 visitors", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
    },
}

/// The visitors of a file, as it is now.
pub struct Visitors {
    path: PathBuf,
    /// INVARIANT: a file that is damaged lets nobody in, whoever was in it before.
    kept: Kept<Result<Arc<Table>, String>>,
    passwords: Passwords,
}

/// Whom a file names, by what they show.
struct Table {
    /// The hash is the key of a map with a seed of its own, and is compared in constant time where it is found: who
    /// measures how long it takes learns nothing of a hash, and a hash is nothing of a key.
    keys: HashMap<[u8; 32], Visitor>,
    passwords: HashMap<String, (Visitor, argon2::password_hash::PasswordHashString)>,
}

impl Visitors {
    /// The visitors of a file, which is read again when it changes.
    ///
    /// # Errors
    /// If it cannot be read now.
    pub fn load(path: &Path) -> Result<Self, VisitorsError> {
        let kept = Kept::new(vec![path.to_owned()], || table(path).map(Ok))?;
        Ok(Self {
            path: path.to_owned(),
            kept,
            passwords: Passwords::new(),
        })
    }

    /// Whose key it is.
    #[must_use]
    pub fn of_key(&self, key: &[u8]) -> Shown {
        let table = match self.table() {
            Ok(table) => table,
            Err(why) => return Shown::Unsure(why),
        };
        if key.len() > KEY_MAX {
            return Shown::Unknown;
        }
        let hash = of_key(key);
        let found = table.keys.get_key_value(&hash);
        let found = found.filter(|(known, _)| bool::from(known.ct_eq(&hash)));
        found.map_or(Shown::Unknown, |(_, visitor)| Shown::Known(visitor.clone()))
    }

    /// Whether a password is that of the name, when somebody at an address says so.
    pub async fn of_password(&self, name: &str, password: &str, address: IpAddr) -> Shown {
        let table = match self.table() {
            Ok(table) => table,
            Err(why) => return Shown::Unsure(why),
        };
        let known = table
            .passwords
            .get(name)
            .map(|(visitor, hash)| (visitor.clone(), hash.clone()));
        self.passwords.check(known, password, address).await
    }

    fn table(&self) -> Result<Arc<Table>, String> {
        self.kept.get(|| {
            Ok::<_, Infallible>(table(&self.path).map_err(|why| {
                tracing::error!(%why, "nobody is let in by this file");
                why.to_string()
            }))
        })
    }
}

fn table(path: &Path) -> Result<Arc<Table>, VisitorsError> {
    let (mut keys, mut passwords) = (HashMap::new(), HashMap::new());
    for Entry { visitor, hash } in read(path)? {
        match hash {
            Hash::Key(hash) => drop(keys.insert(hash, visitor)),
            Hash::Password(hash) => drop(passwords.insert(visitor.name.clone(), (visitor, hash))),
        }
    }
    Ok(Arc::new(Table { keys, passwords }))
}

/// The lines of a file.
///
/// # Errors
/// If it cannot be read, or a line is none.
pub fn read(path: &Path) -> Result<Vec<Entry>, VisitorsError> {
    let unreadable = |why: std::io::Error| VisitorsError::Unreadable {
        path: path.to_owned(),
        why: why.to_string(),
    };
    let too_many = || VisitorsError::TooMany {
        path: path.to_owned(),
    };
    if fs::metadata(path).map_err(unreadable)?.len() > BYTES_MAX {
        return Err(too_many());
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let (mut all, mut names) = (Vec::new(), HashSet::new());
    for (line, text) in (1..).zip(text.lines()) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let entry = Entry::read(text).map_err(|why| VisitorsError::Line {
            path: path.to_owned(),
            line,
            why,
        })?;
        if !names.insert(entry.visitor.name.clone()) {
            return Err(VisitorsError::Twice {
                path: path.to_owned(),
                name: entry.visitor.name,
            });
        }
        all.push(entry);
    }
    match all.len() > VISITORS_MAX {
        true => Err(too_many()),
        false => Ok(all),
    }
}

/// The text of a file with these lines.
#[must_use]
pub fn write(all: &[Entry]) -> String {
    let mut text = String::from("# NAME:HASH:SCOPES, made by `flowmesh visitors`\n");
    for entry in all {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{entry}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn file(lines: &[&Entry]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let all: Vec<Entry> = lines.iter().map(|entry| (*entry).clone()).collect();
        fs::write(file.path(), write(&all)).unwrap();
        file
    }

    #[test]
    fn a_key_is_its_visitors_and_nobody_elses() {
        let scopes = ["write".to_owned()];
        let (ann, key) = Entry::with_key("ann", &scopes).unwrap();
        let (ben, other) = Entry::with_key("ben", &[]).unwrap();
        let file = file(&[&ann, &ben]);
        let visitors = Visitors::load(file.path()).unwrap();
        assert_eq!(visitors.of_key(key.as_bytes()), Shown::Known(ann.visitor.clone()));
        assert_eq!(
            visitors.of_key(other.as_bytes()),
            Shown::Known(ben.visitor.clone())
        );
        for wrong in ["", "ann", &key[1..], &format!("{key} "), &"a".repeat(KEY_MAX + 1)] {
            assert_eq!(visitors.of_key(wrong.as_bytes()), Shown::Unknown, "{wrong}");
        }
        let hash = ann.hash.to_string();
        assert_eq!(
            visitors.of_key(hash.as_bytes()),
            Shown::Unknown,
            "a hash is no key"
        );
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_one_that_is_damaged_lets_nobody_in() {
        let (ann, key) = Entry::with_key("ann", &[]).unwrap();
        let file = file(&[&ann]);
        let visitors = Visitors::load(file.path()).unwrap();
        let until = |what: &str, holds: &dyn Fn(&Shown) -> bool| {
            for _ in 0..300 {
                if holds(&visitors.of_key(key.as_bytes())) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            panic!("never: {what}");
        };
        fs::write(file.path(), "ann:half of a ha").unwrap();
        until("nobody can say", &|shown| matches!(shown, Shown::Unsure(_)));
        fs::write(file.path(), write(&[])).unwrap();
        until("the key is revoked", &|shown| *shown == Shown::Unknown);
        fs::write(file.path(), write(std::slice::from_ref(&ann))).unwrap();
        until("the key is good again", &|shown| matches!(shown, Shown::Known(_)));
        fs::remove_file(file.path()).unwrap();
        until("the file is gone", &|shown| matches!(shown, Shown::Unsure(_)));
    }

    #[test]
    fn a_name_stands_in_a_file_once() {
        let (ann, _) = Entry::with_key("ann", &[]).unwrap();
        let twice = file(&[&ann, &ann]);
        assert!(matches!(
            Visitors::load(twice.path()),
            Err(VisitorsError::Twice { .. })
        ));
        let wrong = tempfile::NamedTempFile::new().unwrap();
        fs::write(wrong.path(), "# a remark\n\nann\n").unwrap();
        let error = Visitors::load(wrong.path()).err().unwrap();
        assert!(matches!(error, VisitorsError::Line { line: 3, .. }), "{error}");
    }
}
