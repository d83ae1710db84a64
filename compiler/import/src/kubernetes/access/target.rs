//! What is asked for, as Istio's rules say it.

use super::source::open;
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{
        condition::{compared, joined, method, not, path, shape},
        fold::is_plain,
        traffic::Text,
    },
};

/// An `operation`: its fields must all fit, and of each list one element. A condition that is nothing cannot be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) terms: Vec<Option<String>>,
    pub(crate) ports: Vec<u16>,
    /// A method and a path with gaps, where that is all that is asked of both.
    pub(crate) operation: Option<(String, Vec<Option<String>>)>,
}

impl Target {
    /// All that it asks for as conditions; of the ports of pods nothing can be said.
    pub(super) fn conditions(&self) -> Vec<Option<String>> {
        let mut all = self.terms.clone();
        if let Some((name, path)) = &self.operation {
            all.push(Some(method(&Text::Exact(name.clone()))));
            all.push(Some(compared("request.path", &Text::Regex(shape(path)))));
        }
        if !self.ports.is_empty() {
            all.push(None);
        }
        all
    }
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
        target.terms.extend(any_method(&methods));
        target.terms.extend(any_path(&paths));
    }
    let hosts = fields.texts("hosts", found);
    target.terms.extend(any_host(&hosts));
    let mut no = |name: &str| fields.texts(name, found);
    let (methods, paths, hosts) = (no("notMethods"), no("notPaths"), no("notHosts"));
    target.terms.extend(none(&methods, any_method(&methods)));
    target.terms.extend(none(&paths, any_path(&paths)));
    target.terms.extend(none(&hosts, any_host(&hosts)));
    let ports = fields.texts("ports", found);
    target.ports = ports.iter().filter_map(|port| port.parse().ok()).collect();
    if !fields.texts("notPorts", found).is_empty() {
        found.lost(fields.node, "`notPorts`");
        target.terms.push(None);
    }
    if target.terms.contains(&None) {
        found.lost(
            fields.node,
            "a path, a method or a host with a `*` in its middle, or a host with a port",
        );
    }
    // What is not known may ask for anything.
    if !fields.is_whole() || target.ports.len() < ports.len() {
        target.terms.push(None);
    }
    fields.end(found);
    target
}

/// What fits none of some texts; of those that every text fits, that cannot be said.
fn none(texts: &[String], any: Option<Option<String>>) -> Option<Option<String>> {
    match any {
        None if texts.is_empty() => None,
        any => Some(any.flatten().map(|it| not(&it))),
    }
}

/// Any of some texts; nothing is no term, and a term that is nothing cannot be said.
fn any(texts: &[String], one: impl Fn(&str) -> Option<String>) -> Option<Option<String>> {
    if texts.is_empty() || texts.iter().any(|text| text == "*") {
        return None;
    }
    let terms: Option<Vec<String>> = texts.iter().map(|text| one(text)).collect();
    Some(terms.and_then(|terms| joined(&terms, "or")))
}

/// Any of some methods.
fn any_method(methods: &[String]) -> Option<Option<String>> {
    any(methods, |it| open(it).map(|text| method(&text)))
}

/// Any of some hosts, as requests have them: in small letters, and without a port.
fn any_host(hosts: &[String]) -> Option<Option<String>> {
    any(hosts, |it| {
        let host = it.to_ascii_lowercase();
        let host = host.strip_suffix(":*").unwrap_or(&host);
        let text = open(host).filter(|_| !host.contains(':'))?;
        Some(compared("request.host", &text))
    })
}

/// Any of some paths. An exact one and all below it are one.
fn any_path(paths: &[String]) -> Option<Option<String>> {
    any(paths, |it| {
        let text = match gaps(it) {
            Some(all) if it.contains('{') => Some(Text::Regex(shape(&all))),
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

/// A path that ends with any number of segments.
fn several(path: &str) -> Option<Text> {
    let before = path
        .strip_suffix("/{**}")
        .filter(|before| !before.contains("{**}"))?;
    Some(Text::Regex(format!("{}/.*", shape(&gaps(before)?))))
}

#[cfg(test)]
mod tests {
    use super::{any_host, any_path, none};

    fn texts(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn what_no_text_fits_cannot_be_said() {
        assert_eq!(none(&texts("*"), any_path(&texts("*"))), Some(None));
        assert_eq!(none(&[], any_path(&[])), None);
    }

    #[test]
    fn hosts_are_compared_as_requests_have_them() {
        let lower = Some(Some("request.host == \"a.example.com\"".to_owned()));
        assert_eq!(any_host(&texts("A.Example.com")), lower);
        assert_eq!(any_host(&texts("a.example.com:*")), lower);
        assert_eq!(any_host(&texts("a.example.com:8443")), Some(None));
    }

    #[test]
    fn signs_of_expressions_stand_for_themselves_in_paths() {
        let found = any_path(&texts("/a+b.c/{*}"));
        let expected = "request.path matches \"^/a\\\\+b\\\\.c/[^/]+$\"";
        assert_eq!(found, Some(Some(expected.to_owned())));
    }
}
