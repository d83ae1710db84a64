//! Who calls, and conditions on it, as Istio says them.

use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{
        condition::{joined, not},
        traffic::{Match, Named, Text},
    },
    name::quoted,
};

/// A caller: any of some identities, for whom all conditions hold. A condition that is nothing cannot be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) who: Vec<String>,
    pub(crate) terms: Vec<Option<String>>,
    /// Whether it is just whoever shows no token, or just whoever shows one.
    pub(crate) without_token: bool,
    pub(crate) with_token: bool,
}

/// What stands before every identity of a mesh.
const SCHEME: &str = "spiffe://";
/// Where Istio's identities are from where nobody says otherwise.
const DOMAIN: &str = "cluster.local";
/// What is there where a token was shown.
const TOKEN: &str = "caller.claims.iss != none";
const IDENTITY: &str = "(caller.identity ?? \"\")";

/// A `source`: its fields must all fit, and of each list one element.
pub(super) fn source(mut fields: Fields<'_>, found: &mut Found) -> Source {
    let mut source = Source::default();
    let mut lists = Vec::new();
    let principals = fields.texts("principals", found);
    lists.push(
        principals
            .iter()
            .map(|it| format!("{SCHEME}{it}"))
            .collect::<Vec<_>>(),
    );
    let namespaces = fields.texts("namespaces", found);
    lists.push(namespaces.iter().map(|it| of_namespace(it)).collect());
    let accounts = fields.texts("serviceAccounts", found);
    let account = |it: &String| {
        let (namespace, name) = it.split_once('/').unwrap_or(("*", it));
        format!("{SCHEME}{DOMAIN}/ns/{namespace}/sa/{name}")
    };
    lists.push(accounts.iter().map(account).collect());
    for list in lists.into_iter().filter(|list| !list.is_empty()) {
        // Of an identity, a part that is open can only be its end.
        let odd = list.iter().any(|it| it.trim_end_matches('*').contains('*'));
        match (odd, source.who.is_empty()) {
            (true, _) => {
                found.lost(fields.node, "callers by the end of their identity");
                source.terms.push(None);
            }
            (false, true) => source.who = list,
            (false, false) => source.terms.push(joined(
                &list.iter().map(|it| identity(it)).collect::<Vec<_>>(),
                "or",
            )),
        }
    }
    for (name, form) in [("notPrincipals", 0), ("notNamespaces", 1)] {
        let texts = fields.texts(name, found);
        let each = texts.iter().map(|it| {
            if form == 0 {
                format!("{SCHEME}{it}")
            } else {
                of_namespace(it)
            }
        });
        let terms: Vec<String> = each.map(|it| identity(&it)).collect();
        source.terms.extend(joined(&terms, "or").map(|it| Some(not(&it))));
    }
    token(&mut fields, &mut source, found);
    for (name, denies) in [
        ("ipBlocks", false),
        ("remoteIpBlocks", false),
        ("notIpBlocks", true),
        ("notRemoteIpBlocks", true),
    ] {
        let texts = fields.texts(name, found);
        if !texts.is_empty() {
            let term = addresses(&texts);
            if term.is_none() {
                found.lost(fields.node, &format!("`{name}`: a range of addresses"));
            }
            source
                .terms
                .push(if denies { term.map(|it| not(&it)) } else { term });
        }
    }
    fields.end(found);
    source
}

/// Whose token it is.
fn token(fields: &mut Fields<'_>, source: &mut Source, found: &mut Found) {
    let with = fields.texts("requestPrincipals", found);
    let without = fields.texts("notRequestPrincipals", found);
    let bare = source.who.is_empty() && source.terms.is_empty();
    source.with_token = bare && with == ["*"] && without.is_empty();
    source.without_token = bare && without == ["*"] && with.is_empty();
    let mut of = |texts: &[String]| {
        let terms: Option<Vec<String>> = texts.iter().map(|it| principal(it)).collect();
        if terms.is_none() {
            found.lost(fields.node, "a part of who issued a token and to whom");
        }
        terms.and_then(|terms| joined(&terms, "or"))
    };
    if !with.is_empty() {
        source.terms.push(of(&with));
    }
    if !without.is_empty() {
        source.terms.push(of(&without).map(|it| not(&it)));
    }
}

/// `issuer/subject` of a token.
fn principal(text: &str) -> Option<String> {
    if text == "*" {
        return Some(TOKEN.to_owned());
    }
    let (issuer, subject) = text.rsplit_once('/')?;
    let claim = |name: &str, text: &str| format!("caller.claims.{name} == {} as json", quoted(text));
    match (issuer.contains('*'), subject) {
        (true, _) => None,
        (false, "*") => Some(claim("iss", issuer)),
        (false, subject) if subject.contains('*') => None,
        (false, subject) => joined(&[claim("iss", issuer), claim("sub", subject)], "and"),
    }
}

fn of_namespace(namespace: &str) -> String {
    format!("{SCHEME}{DOMAIN}/ns/{namespace}/sa/*")
}

/// A caller with an identity, perhaps with an open end.
pub(super) fn identity(text: &str) -> String {
    match text.strip_suffix('*') {
        Some(begin) => format!("{IDENTITY}.starts_with({})", quoted(begin)),
        None => format!("{IDENTITY} == {}", quoted(text)),
    }
}

/// Any of some addresses; nothing where one of them is a range.
fn addresses(texts: &[String]) -> Option<String> {
    let one = |text: &String| {
        let host = text
            .strip_suffix("/32")
            .or_else(|| text.strip_suffix("/128"))
            .unwrap_or(text);
        (!host.contains('/')).then(|| format!("caller.address == {}", quoted(host)))
    };
    let terms: Option<Vec<String>> = texts.iter().map(one).collect();
    joined(&terms?, "or")
}

/// A `when`: a key that has one of some values, and none of others.
pub(super) fn condition(mut fields: Fields<'_>, found: &mut Found) -> Option<String> {
    let key = fields.text("key", found).unwrap_or_default();
    let values = fields.texts("values", found);
    let others = fields.texts("notValues", found);
    let node = fields.node;
    fields.end(found);
    let each =
        |texts: &[String]| -> Option<Vec<String>> { texts.iter().map(|value| holds(&key, value)).collect() };
    let (Some(values), Some(others)) = (each(&values), each(&others)) else {
        found.lost(node, &format!("the condition on `{key}`"));
        return None;
    };
    let mut terms: Vec<String> = joined(&values, "or").into_iter().collect();
    terms.extend(joined(&others, "or").map(|it| not(&it)));
    joined(&terms, "and")
}

/// Whether a key has a value.
fn holds(key: &str, value: &str) -> Option<String> {
    if let Some(name) = within(key, "request.headers") {
        let one = Match {
            headers: vec![Named {
                name: name.to_owned(),
                text: open(value)?,
                not: false,
            }],
            ..Match::default()
        };
        return crate::kubernetes::condition::of(&one);
    }
    if let Some(claim) = within(key, "request.auth.claims") {
        let plain = claim
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || sign == '_')
            && !claim.is_empty();
        let of = match plain && !claim.starts_with(|sign: char| sign.is_ascii_digit()) {
            true => format!("caller.claims.{claim}"),
            false if claim.contains(['[', ']', '"']) => return None,
            false => format!("caller.claims[{}]", quoted(claim)),
        };
        return match value {
            "*" => Some(format!("{of} != none")),
            value if value.contains('*') => None,
            value => Some(format!("{of} has {}", quoted(value))),
        };
    }
    match key {
        "source.principal" => Some(identity(&format!("{SCHEME}{value}"))).filter(|_| !value.starts_with('*')),
        "source.namespace" => Some(identity(&of_namespace(value))).filter(|_| !value.contains('*')),
        "source.ip" | "remote.ip" => addresses(&[value.to_owned()]),
        "request.auth.principal" => principal(value),
        "request.auth.audiences" => {
            Some(format!("caller.claims.aud has {}", quoted(value))).filter(|_| !value.contains('*'))
        }
        _ => None,
    }
}

/// What stands in the brackets of a key.
fn within<'a>(key: &'a str, of: &str) -> Option<&'a str> {
    key.strip_prefix(of)?.strip_prefix('[')?.strip_suffix(']')
}

/// A value as Istio's rules compare it: as it is, or open at one end.
pub(super) fn open(value: &str) -> Option<Text> {
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        _ if value == "*" => Some(Text::Present),
        (Some(end), None) if !end.contains('*') => Some(Text::Suffix(end.to_owned())),
        (None, Some(begin)) if !begin.contains('*') => Some(Text::Prefix(begin.to_owned())),
        (None, None) if !value.contains('*') => Some(Text::Exact(value.to_owned())),
        _ => None,
    }
}
