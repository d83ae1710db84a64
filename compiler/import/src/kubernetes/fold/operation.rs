//! Requests by one method and one path, as an operation.

use crate::kubernetes::traffic::{Match, Says, Text};

/// An operation of a service: its method, its path, and what it says otherwise than the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) method: String,
    /// Its segments; `None` is any one.
    pub(crate) path: Vec<Option<String>>,
    pub(crate) says: Option<Says>,
    /// Whether it stands for all that is below a path.
    pub(crate) below: bool,
    /// What people call it; made when it is written.
    pub(crate) name: String,
}

impl Operation {
    pub(crate) fn new(method: String, path: Vec<Option<String>>) -> Self {
        Self {
            method,
            path,
            says: None,
            below: false,
            name: String::new(),
        }
    }

    /// Whether it takes some requests of the same method by another path, too.
    pub(crate) fn takes(&self, path: &[Option<String>]) -> bool {
        let before = self.path.split_last().filter(|_| self.below);
        let below =
            before.is_some_and(|(_, before)| path.get(..before.len()).is_some_and(|it| covers(before, it)));
        below || covers(&self.path, path)
    }

    /// Its path with names for its parameters.
    pub(crate) fn template(&self) -> String {
        let mut number = 0;
        let mut text = String::new();
        for segment in &self.path {
            text.push('/');
            match segment {
                Some(literal) => text.push_str(literal),
                None => {
                    number += 1;
                    text.push_str(&format!("{{p{number}}}"));
                }
            }
        }
        text
    }

    /// How many parameters its path has.
    pub(crate) fn parameters(&self) -> usize {
        self.path.iter().filter(|segment| segment.is_none()).count()
    }
}

/// The methods that operations have.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The method and the path of a match, where it asks for one of each.
pub(crate) fn path_of(one: &Match) -> Option<(String, Vec<Option<String>>)> {
    let (Some(Text::Exact(method)), Some(path)) = (&one.method, &one.path) else {
        return None;
    };
    let known = METHODS.iter().take(6).any(|known| known == method);
    let segments = match path {
        // Of what is below a path, an operation with one more segment is the nearest.
        Text::Below(path) => {
            let mut all = segments(&Text::Exact(path.clone()))?;
            all.push(None);
            all
        }
        path => segments(path)?,
    };
    known.then(|| (method.clone(), segments))
}

/// The segments of a path, exact or of the form `/a/[^/]+/b`; nothing where it has another form.
pub(crate) fn segments(path: &Text) -> Option<Vec<Option<String>>> {
    let (text, regex) = match path {
        Text::Exact(text) => (text.as_str(), false),
        Text::Regex(text) => (text.as_str(), true),
        _ => return None,
    };
    // What stands for a segment has a slash in it.
    let text = if regex {
        text.replace("[^/]+", "\0")
    } else {
        text.to_owned()
    };
    let inside = text.strip_prefix('/')?;
    let one = |segment: &str| match segment {
        "\0" if regex => Some(None),
        segment if regex => unquoted(segment).map(Some),
        segment => is_plain(segment).then(|| Some(segment.to_owned())),
    };
    inside.split('/').map(one).collect()
}

/// A text from a regular expression that is this text only.
fn unquoted(regex: &str) -> Option<String> {
    let mut text = String::new();
    let mut signs = regex.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => text.push(signs.next().filter(|sign| !sign.is_ascii_alphanumeric())?),
            sign if sign.is_ascii_alphanumeric() || "-_~%".contains(sign) => text.push(sign),
            _ => return None,
        }
    }
    is_plain(&text).then_some(text)
}

/// A segment that a path of the language can have as it is.
pub(crate) fn is_plain(segment: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-._~!$&'()+,=:@".contains(sign);
    !matches!(segment, "." | "..") && segment.chars().all(plain)
}

/// Whether every path that fits the second fits the first.
fn covers(first: &[Option<String>], second: &[Option<String>]) -> bool {
    let fits = |(a, b): (&Option<String>, &Option<String>)| a.is_none() || a == b;
    first.len() == second.len() && first.iter().zip(second).all(fits)
}
