//! The routes of one path, by a part of the request that each needs to be one text.

use super::Says;
use flowmesh_ir::gateway::Part;
use std::collections::HashMap;

/// The routes of one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    /// Those that need nothing.
    plain: Vec<u32>,
    /// Those that need something, by what that is and what it must be.
    by: Vec<(Of, Texts)>,
}

/// For each text that a part must be, the routes that need it.
type Texts = HashMap<Box<str>, Vec<u32>>;

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Host,
    Header(Box<str>),
    Query(Box<str>),
}

impl Of {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Host => Part::Host,
            Self::Header(name) => Part::Header(name),
            Self::Query(name) => Part::Query(name),
        }
    }
}

impl From<Part<'_>> for Of {
    fn from(part: Part<'_>) -> Self {
        match part {
            Part::Host => Self::Host,
            Part::Header(name) => Self::Header(name.into()),
            Part::Query(name) => Self::Query(name.into()),
        }
    }
}

impl Leaf {
    pub(super) fn insert(&mut self, number: u32, need: Option<(Part<'_>, &str)>) {
        let Some((part, text)) = need else {
            self.plain.push(number);
            return;
        };
        let at = self.by.iter().position(|(of, _)| of.part() == part);
        let at = at.unwrap_or_else(|| {
            self.by.push((part.into(), HashMap::new()));
            self.by.len().saturating_sub(1)
        });
        if let Some((_, texts)) = self.by.get_mut(at) {
            texts.entry(text.into()).or_default().push(number);
        }
    }

    pub(super) fn find(&self, says: Option<&Says<'_>>, found: &mut Vec<u32>) {
        found.extend(&self.plain);
        for (of, texts) in &self.by {
            match says {
                None => found.extend(texts.values().flatten()),
                Some(says) => {
                    let text = says(of.part());
                    let routes = text.and_then(|text| texts.get(text.as_str()));
                    found.extend(routes.into_iter().flatten());
                }
            }
        }
    }
}
