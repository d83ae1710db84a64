//! What is asked for, as Istio's rules say it.

use super::source::open;
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{
        condition::{compared, joined, method, not, path},
        fold::is_plain,
        traffic::Text,
    },
};

/// An `operation`: its fields must all fit, and of each list one element. A condition that is nothing cannot be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) terms: Vec<Option<String>>,
    pub(crate) ports: Vec<u16>,
    /// A method and a path with gaps, where that is all of it.
    pub(crate) operation: Option<(String, Vec<Option<String>>)>,
}

/// What an `operation` asks for.
pub(super) fn target(mut fields: Fields<'_>, found: &mut Found) -> Target {
    let mut target = Target::default();
    let methods = fields.texts("methods", found);
    let paths = fields.texts("paths", found);
    if let ([one], [path]) = (methods.as_slice(), paths.as_slice())
        && path.contains("{*}")
    {
        target.operation = gaps(path)
            .map(|path| (one.clone(), path))
            .filter(|_| !one.contains('*'));
    }
    if target.operation.is_none() {
        target
            .terms
            .extend(any(&methods, |it| open(it).map(|text| method(&text))));
        target.terms.extend(any_path(&paths));
    }
    let hosts = fields.texts("hosts", found);
    target.terms.extend(any(&hosts, |it| {
        open(it).map(|text| compared("request.host", &text))
    }));
    let mut no = |name: &str, found: &mut Found| fields.texts(name, found);
    let (methods, paths, hosts) = (
        no("notMethods", found),
        no("notPaths", found),
        no("notHosts", found),
    );
    let negated = |term: Option<Option<String>>| term.map(|term| term.map(|it| not(&it)));
    target
        .terms
        .extend(negated(any(&methods, |it| open(it).map(|text| method(&text)))));
    target.terms.extend(negated(any_path(&paths)));
    target.terms.extend(negated(any(&hosts, |it| {
        open(it).map(|text| compared("request.host", &text))
    })));
    let ports = fields.texts("ports", found);
    target.ports = ports.iter().filter_map(|port| port.parse().ok()).collect();
    if !fields.texts("notPorts", found).is_empty() {
        found.lost(fields.node, "`notPorts`");
        target.terms.push(None);
    }
    if target.terms.contains(&None) {
        found.lost(fields.node, "a path, a method or a host with a `*` in its middle");
    }
    fields.end(found);
    target
}

/// Any of some texts; nothing is no term, and a term that is nothing cannot be said.
fn any(texts: &[String], one: impl Fn(&str) -> Option<String>) -> Option<Option<String>> {
    if texts.is_empty() || texts.iter().any(|text| text == "*") {
        return None;
    }
    let terms: Option<Vec<String>> = texts.iter().map(|text| one(text)).collect();
    Some(terms.and_then(|terms| joined(&terms, "or")))
}

/// Any of some paths. An exact one and all below it are one.
fn any_path(paths: &[String]) -> Option<Option<String>> {
    any(paths, |it| {
        let text = match gaps(it) {
            Some(all) if it.contains('{') => Some(Text::Regex(regex(&all))),
            _ if it.contains("{**}") => several(it),
            _ => open(it),
        }?;
        path(&text)
    })
}

/// The segments of a path, of which `{*}` is any one.
fn gaps(path: &str) -> Option<Vec<Option<String>>> {
    let one = |segment: &str| match segment {
        "{*}" => Some(None),
        segment => is_plain(segment).then(|| Some(segment.to_owned())),
    };
    path.strip_prefix('/')?.split('/').map(one).collect()
}

fn regex(segments: &[Option<String>]) -> String {
    let each = segments.iter().map(|segment| match segment {
        Some(text) => format!("/{}", text.replace('.', r"\.")),
        None => "/[^/]+".to_owned(),
    });
    each.collect()
}

/// A path that ends with any number of segments.
fn several(path: &str) -> Option<Text> {
    let before = path
        .strip_suffix("/{**}")
        .filter(|before| !before.contains("{**}"))?;
    Some(Text::Regex(format!("{}/.*", regex(&gaps(before)?))))
}
