//! Manifests as YAML text, the one place where it is made.

use crate::Manifest;
use serde::Serialize;

/// An object as a file.
pub(crate) fn manifest<T: Serialize>(kind: &str, name: &str, object: &T) -> Manifest {
    Manifest {
        path: format!("{}-{name}.yaml", kind.to_lowercase()),
        yaml: text(object),
    }
}

/// The text of an object.
///
/// Clusters and their tools read YAML 1.1, where `no` is a bool, `012` is ten and `1:30` is ninety: whatever such a
/// reader could take for anything but a text is quoted.
pub fn text<T: Serialize>(object: &T) -> String {
    let options =
        serde_saphyr::ser_options! { yaml_12: false, prefer_block_scalars: false, compact_list_indent: true };
    // Objects are structs of texts and numbers with texts as keys, which YAML always holds.
    serde_saphyr::to_string_with_options(object, options).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::manifest;
    use crate::{
        http_route::{
            Filter, HttpRoute, NewPath, RouteMatch, Rule, ServiceRef, Timeouts, UrlRewrite, object,
        },
        manifest::{Metadata, Object},
        matcher::Match,
    };
    use std::collections::BTreeMap;

    /// Texts that a reader of YAML 1.1 or 1.2 takes for something else, or that would end the line or the value.
    const TRAPS: [&str; 44] = [
        "no",
        "No",
        "NO",
        "n",
        "N",
        "yes",
        "y",
        "on",
        "On",
        "off",
        "true",
        "False",
        "null",
        "Null",
        "~",
        "",
        "1e3",
        "012",
        "0o17",
        "0x1F",
        "0b11",
        "1_000",
        "1:30",
        "190:20:30",
        "+1",
        "-1",
        "1.0",
        ".5",
        ".inf",
        "-.INF",
        ".nan",
        "2026-01-31",
        "2026-01-31T00:00:00Z",
        "=",
        "<<",
        "- a",
        "a: b",
        "a #b",
        "#",
        "*a",
        "&a",
        "!a",
        "%a",
        "\"a'\n\t",
    ];

    fn route(value: &str) -> Object<HttpRoute> {
        let one = Match {
            headers: [("x".to_owned(), value.to_owned())].into(),
            ..Match::all()
        };
        let timeouts = Timeouts {
            request: value.to_owned(),
            backend_request: value.to_owned(),
        };
        let matches = vec![RouteMatch::from(&one)];
        let backend_refs = vec![ServiceRef::new(value, Some(1), Some(0))];
        let rewrite = UrlRewrite {
            hostname: Some(value.to_owned()),
            path: Some(NewPath::ReplaceFullPath {
                replace_full_path: value.to_owned(),
            }),
        };
        let filters = vec![Filter::UrlRewrite { url_rewrite: rewrite }];
        let pair = BTreeMap::from([
            (format!("k{value}"), value.to_owned()),
            (value.to_owned(), value.to_owned()),
        ]);
        let metadata = Metadata {
            name: value.to_owned(),
            namespace: value.to_owned(),
            labels: pair.clone(),
            annotations: pair,
        };
        object(
            metadata,
            HttpRoute {
                parent_refs: backend_refs.clone(),
                hostnames: vec![value.to_owned()],
                rules: vec![Rule {
                    matches,
                    filters,
                    backend_refs,
                    timeouts: Some(timeouts),
                    retry: None,
                    session_persistence: None,
                }],
            },
        )
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in TRAPS {
            let written = route(text);
            let yaml = manifest("HTTPRoute", "a", &written).yaml;
            assert_eq!(
                serde_saphyr::from_str::<Object<HttpRoute>>(&yaml).expect(&yaml),
                written,
                "{yaml}"
            );
        }
    }

    #[test]
    fn no_text_can_be_taken_for_anything_else() {
        for text in TRAPS {
            let yaml = manifest("HTTPRoute", "a", &route(text)).yaml;
            let value = yaml
                .lines()
                .find_map(|line| line.trim().strip_prefix("namespace: "))
                .expect(&yaml);
            assert!(value.starts_with(['"', '\'']), "{text:?} stands as {value}");
        }
    }
}
