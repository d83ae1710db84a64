//! Where things stand in the text, beside the program and not inside it.

use flowmesh_diagnostics::Span;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// The places of a program.
///
/// A place is named by a path: `service/payments`, `service/payments/charge`, `service/payments@timeout`,
/// `flow/checkout`, `flow/checkout/12` (a state), `gateway/shop`, `gateway/shop/0` (a route), `access/0` (a rule),
/// `schedule/nightly`, `migrate/0`, and, where it was said what holds for an operation, `said/payments/charge/timeout`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Flat", into = "Flat")]
pub struct Origins {
    /// Names of the sources, by their number.
    pub sources: Vec<String>,
    /// By the first two words of the path, so that what belongs to one declaration can be shared.
    parts: BTreeMap<String, Arc<Places>>,
}

/// The places of one declaration, by the rest of the path; that of the whole is under the empty one.
pub type Places = BTreeMap<String, Span>;

/// As it is written: all paths in one map.
#[derive(Serialize, Deserialize)]
struct Flat {
    sources: Vec<String>,
    spans: BTreeMap<String, Span>,
}

impl Origins {
    /// Where something stands; what the compiler made is nowhere.
    #[must_use]
    pub fn span(&self, path: &str) -> Option<Span> {
        let (part, rest) = parted(path);
        self.parts.get(part)?.get(rest).copied()
    }

    /// Says where something stands.
    pub fn add(&mut self, path: &str, span: Span) {
        let (part, rest) = parted(path);
        if let Some(places) = self.parts.get_mut(part) {
            Arc::make_mut(places).insert(rest.to_owned(), span);
        } else {
            let places = Places::from([(rest.to_owned(), span)]);
            self.parts.insert(part.to_owned(), Arc::new(places));
        }
    }

    /// Says where everything of one declaration stands: `flow/checkout`.
    pub fn add_part(&mut self, part: String, places: Arc<Places>) {
        if !places.is_empty() {
            self.parts.insert(part, places);
        }
    }

    /// Every path with its place.
    pub fn iter(&self) -> impl Iterator<Item = (String, Span)> {
        let parts = self.parts.iter();
        parts.flat_map(|(part, places)| {
            let places = places.iter();
            places.map(move |(rest, span)| (format!("{part}{rest}"), *span))
        })
    }
}

/// The first two words of a path, and the rest.
fn parted(path: &str) -> (&str, &str) {
    let mut signs = path.match_indices(['/', '@']).map(|(at, _)| at);
    let end = signs.nth(1).unwrap_or(path.len());
    path.split_at(end)
}

impl From<Flat> for Origins {
    fn from(flat: Flat) -> Self {
        let mut origins = Self {
            sources: flat.sources,
            parts: BTreeMap::new(),
        };
        for (path, span) in &flat.spans {
            origins.add(path, *span);
        }
        origins
    }
}

impl From<Origins> for Flat {
    fn from(origins: Origins) -> Self {
        Self {
            spans: origins.iter().collect(),
            sources: origins.sources,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;
    use flowmesh_diagnostics::{SourceId, Span};

    #[test]
    fn places_are_found_by_their_paths_and_written_as_one_map() {
        let paths = [
            "mesh",
            "flow/a",
            "flow/a/0",
            "flow/a.b/1",
            "service/p@retry",
            "service/p/op@key",
        ];
        let mut origins = Origins::default();
        for (at, path) in (0u32..).zip(paths) {
            origins.add(path, Span::new(SourceId(0), at, at));
        }
        assert_eq!(origins.span("flow/a.b/1").map(|span| span.start), Some(3));
        assert_eq!(origins.span("flow/a.b"), None);
        assert_eq!(origins.iter().count(), paths.len());
        let json = serde_json::to_value(&origins).unwrap();
        assert_eq!(json["spans"]["service/p/op@key"]["start"], 5);
        assert_eq!(serde_json::from_value::<Origins>(json).unwrap(), origins);
    }
}
