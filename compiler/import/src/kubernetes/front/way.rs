//! One route of a gateway: a method, a path, a condition.

use crate::{
    kubernetes::{
        condition::{self, compared, joined},
        fold::segments,
        settings::Setting,
        traffic::{Cors, Match, Text},
    },
    name::quoted,
};

/// A route of a gateway as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) method: Option<String>,
    pub(crate) path: String,
    /// What it asks for beside, all of it.
    pub(crate) terms: Vec<String>,
    /// How many headers and parameters of the query it asks for.
    pub(crate) asks: (usize, usize),
    pub(crate) hosts: Vec<String>,
    pub(crate) to: String,
    pub(crate) redirects: bool,
    /// Whether it takes requests that are refused; it is not written.
    pub(crate) refuses: bool,
    pub(crate) settings: Vec<Setting>,
    pub(crate) cors: Option<Cors>,
    pub(crate) notes: Vec<String>,
}

/// What a match becomes: method, path, condition and host.
pub(crate) struct Asked {
    pub(crate) method: Option<String>,
    pub(crate) path: String,
    pub(crate) terms: Vec<String>,
    pub(crate) asks: (usize, usize),
    pub(crate) host: Option<String>,
}

/// The parts of a match.
pub(crate) fn asked(one: &Match) -> Asked {
    let mut terms = Vec::new();
    let path = match one.path.as_ref().map(|path| (written(path), path)) {
        None => "/**".to_owned(),
        Some((Some(path), _)) => path,
        Some((None, path)) => match below(path) {
            Some((path, not_itself)) => {
                terms.push(not_itself);
                path
            }
            None => {
                terms.extend(condition::path(path));
                "/**".to_owned()
            }
        },
    };
    let method = match &one.method {
        Some(Text::Exact(method)) if is_method(method) => Some(method.clone()),
        Some(method) => {
            terms.push(condition::method(method));
            None
        }
        None => None,
    };
    let host = one.host.as_ref().and_then(|host| {
        let written = host_of(host);
        if written.is_none() {
            terms.push(compared("request.host", host));
        }
        written
    });
    terms.extend(condition::beside(one));
    let count = |terms: &[super::super::traffic::Named]| terms.len();
    Asked {
        method,
        path,
        terms,
        asks: (count(&one.headers), count(&one.query)),
        host,
    }
}

fn is_method(text: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&text)
}

/// A path as a gateway writes it; nothing where only a condition can say it.
fn written(path: &Text) -> Option<String> {
    let text = |all: &[Option<String>], rest: bool| {
        let inner = all.len().saturating_sub(1);
        let odd = |(at, segment): (usize, &Option<String>)| {
            segment.as_deref() == Some("") && (at < inner || rest || inner > 0)
        };
        if all.iter().enumerate().any(odd) {
            return None;
        }
        let each = all
            .iter()
            .map(|segment| format!("/{}", segment.as_deref().unwrap_or("*")));
        let text: String = each.collect();
        Some(if rest { format!("{text}/**") } else { text })
    };
    match path {
        Text::Below(all) | Text::Prefix(all) if all == "/" || all.is_empty() => Some("/**".to_owned()),
        Text::Below(path) => text(&segments(&Text::Exact(path.clone()))?, true),
        Text::Exact(_) => text(&segments(path)?, false),
        Text::Regex(regex) => match regex.strip_suffix("(/.*)?") {
            Some(before) => text(&segments(&Text::Regex(before.to_owned()))?, true),
            None => text(&segments(path)?, false),
        },
        Text::Prefix(_) | Text::Suffix(_) | Text::Present => None,
    }
}

/// All below a path without that path itself, which a prefix with a slash at its end is.
fn below(path: &Text) -> Option<(String, String)> {
    let Text::Prefix(prefix) = path else { return None };
    let path = prefix.strip_suffix('/').filter(|path| !path.is_empty())?;
    let written = written(&Text::Below(path.to_owned()))?;
    Some((written, format!("request.path != {}", quoted(path))))
}

/// A host as a route writes it: a name, or all below one, with or without a port.
fn host_of(host: &Text) -> Option<String> {
    let (text, below) = match host {
        Text::Exact(text) => (text.clone(), false),
        Text::Regex(regex) => {
            let inside = regex.strip_suffix("(:[0-9]+)?")?;
            let (inside, below) = match inside.strip_prefix(r"[^:]+\.") {
                Some(rest) => (rest, true),
                None => (inside, false),
            };
            (inside.replace(r"\.", "."), below)
        }
        _ => return None,
    };
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-.".contains(sign);
    let known = !text.is_empty() && text.chars().all(plain);
    known.then(|| if below { format!("*.{text}") } else { text })
}

/// An exact path and all below it are one.
pub(crate) fn united(matches: &[Match]) -> Vec<Match> {
    let mut all: Vec<Match> = Vec::new();
    for one in matches {
        let below = match &one.path {
            Some(Text::Prefix(prefix)) if prefix.len() > 1 => prefix.strip_suffix('/').map(str::to_owned),
            _ => None,
        };
        let exact = below.and_then(|path| {
            let same = |it: &Match| {
                it.path == Some(Text::Exact(path.clone()))
                    && Match {
                        path: None,
                        ..it.clone()
                    } == Match {
                        path: None,
                        ..one.clone()
                    }
            };
            all.iter().position(same).map(|at| (at, path))
        });
        match exact {
            Some((at, path)) => {
                if let Some(known) = all.get_mut(at) {
                    known.path = Some(Text::Below(path));
                }
            }
            None if all.contains(one) => {}
            None => all.push(one.clone()),
        }
    }
    all
}

impl Way {
    /// Its condition.
    pub(crate) fn condition(&self) -> Option<String> {
        joined(&self.terms, "and")
    }

    /// All that it asks for, as a condition.
    pub(crate) fn whole(&self) -> Option<String> {
        let mut terms = Vec::new();
        if let Some(path) = self.path.strip_suffix("/**") {
            if !path.is_empty() {
                terms.extend(condition::path(&shape(path, true)));
            }
        } else {
            terms.extend(condition::path(&shape(&self.path, false)));
        }
        terms.extend(
            self.method
                .as_ref()
                .map(|method| format!("request.method == {}", quoted(method))),
        );
        terms.extend(self.terms.clone());
        joined(&terms, "and")
    }
}

/// A path with gaps as a text to compare with.
fn shape(path: &str, rest: bool) -> Text {
    if !path.contains('*') {
        return if rest {
            Text::Below(path.to_owned())
        } else {
            Text::Exact(path.to_owned())
        };
    }
    let gap = |segment: &str| (segment != "*").then(|| segment.to_owned());
    let segments: Vec<Option<String>> = path.split('/').skip(1).map(gap).collect();
    let tail = if rest { "(/.*)?" } else { "" };
    Text::Regex(format!("{}{tail}", condition::shape(&segments)))
}
