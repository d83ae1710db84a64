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
use core::net::IpAddr;

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

/// How identities are named, by the field that asks for them and the one that asks for others.
type Naming = (&'static str, &'static str, fn(&str) -> String);
const NAMINGS: [Naming; 3] = [
    ("principals", "notPrincipals", |it| format!("{SCHEME}{it}")),
    ("namespaces", "notNamespaces", of_namespace),
    ("serviceAccounts", "notServiceAccounts", of_account),
];

/// A `source`: its fields must all fit, and of each list one element.
pub(super) fn source(mut fields: Fields<'_>, found: &mut Found) -> Source {
    let mut source = Source::default();
    for (name, _, of) in NAMINGS {
        let list: Vec<String> = fields.texts(name, found).iter().map(|it| of(it)).collect();
        match (any_identity(&list), source.who.is_empty()) {
            (Some(_), true) => source.who = list,
            (Some(term), false) => source.terms.push(Some(term)),
            (None, _) if list.is_empty() => {}
            (None, _) => {
                found.lost(fields.node, "callers by the end of their identity");
                source.terms.push(None);
            }
        }
    }
    for (_, name, of) in NAMINGS {
        let list: Vec<String> = fields.texts(name, found).iter().map(|it| of(it)).collect();
        if !list.is_empty() {
            let term = any_identity(&list);
            if term.is_none() {
                found.lost(fields.node, "callers by the end of their identity");
            }
            source.terms.push(term.map(|it| not(&it)));
        }
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
    // What is not known may ask for anything.
    if !fields.is_whole() {
        source.terms.push(None);
    }
    let only = source.terms.len() == 1;
    source.with_token &= only;
    source.without_token &= only;
    fields.end(found);
    source
}

/// Any of some identities; nothing where there is none, or one that is open elsewhere than at its end.
fn any_identity(list: &[String]) -> Option<String> {
    let odd = |it: &String| it.strip_suffix('*').unwrap_or(it).contains('*');
    if list.iter().any(odd) {
        return None;
    }
    let terms: Vec<String> = list.iter().map(|it| identity(it)).collect();
    joined(&terms, "or")
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

/// `issuer/subject` of a token. Where it has several slashes, each may be the one between them.
fn principal(text: &str) -> Option<String> {
    if text == "*" {
        return Some(TOKEN.to_owned());
    }
    let claim = |name: &str, text: &str| format!("caller.claims.{name} == {} as json", quoted(text));
    let begin = text.find("://").map_or(0, |at| at + 3);
    let slashes = text.match_indices('/').filter(|(at, _)| *at >= begin);
    let each = slashes.map(|(at, _)| {
        let (issuer, subject) = text.split_at(at);
        match (issuer.contains('*'), subject.strip_prefix('/')?) {
            (true, _) => None,
            (false, "*") => Some(claim("iss", issuer)),
            (false, subject) if subject.contains('*') => None,
            (false, subject) => joined(&[claim("iss", issuer), claim("sub", subject)], "and"),
        }
    });
    let all: Option<Vec<String>> = each.collect();
    joined(&all?, "or")
}

fn of_account(account: &str) -> String {
    let (namespace, name) = account.split_once('/').unwrap_or(("*", account));
    format!("{SCHEME}{DOMAIN}/ns/{namespace}/sa/{name}")
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

/// Any of some addresses, as requests have them; nothing where one of them is a range.
fn addresses(texts: &[String]) -> Option<String> {
    let one = |text: &String| {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { "32" } else { "128" };
        let known = bits.is_empty() || bits == whole;
        known.then(|| format!("caller.address == {}", quoted(&address.to_string())))
    };
    let terms: Option<Vec<String>> = texts.iter().map(one).collect();
    joined(&terms?, "or")
}

/// A `when`: a key that has one of some values, and none of others.
pub(super) fn condition(mut fields: Fields<'_>, found: &mut Found) -> Option<String> {
    let key = fields.text("key", found).unwrap_or_default();
    let values = fields.texts("values", found);
    let others = fields.texts("notValues", found);
    let (node, whole) = (fields.node, fields.is_whole());
    fields.end(found);
    let each =
        |texts: &[String]| -> Option<Vec<String>> { texts.iter().map(|value| holds(&key, value)).collect() };
    let (Some(values), Some(others), true) = (each(&values), each(&others), whole) else {
        found.lost(node, &format!("the condition on `{key}`"));
        return None;
    };
    let mut terms: Vec<String> = joined(&values, "or").into_iter().collect();
    terms.extend(joined(&others, "or").map(|it| not(&it)));
    joined(&terms, "and")
}

/// Whether a key has a value.
fn holds(key: &str, value: &str) -> Option<String> {
    // A name with a colon is no header: a part of the request by the name that HTTP/2 has for it.
    if let Some(name) = within(key, "request.headers").filter(|name| !name.contains(':')) {
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

#[cfg(test)]
mod tests {
    use super::{addresses, any_identity, principal};

    #[test]
    fn addresses_are_compared_as_requests_have_them() {
        let one = |text: &str| addresses(&[text.to_owned()]);
        assert_eq!(
            one("2001:DB8::0001/128").as_deref(),
            Some("caller.address == \"2001:db8::1\"")
        );
        for range in ["2001:db8::/32", "10.0.0.0/8", "10.0.0.1/128", "all"] {
            assert_eq!(one(range), None, "{range}");
        }
    }

    #[test]
    fn issuers_and_subjects_may_have_slashes() {
        let found = principal("https://a.example.com/b").expect("a condition");
        assert_eq!(
            found,
            "caller.claims.iss == \"https://a.example.com\" as json and caller.claims.sub == \"b\" as json"
        );
        let found = principal("https://a.example.com/b/c").expect("a condition");
        assert!(found.contains("\"https://a.example.com\" as json and caller.claims.sub == \"b/c\""));
        assert!(found.contains("\"https://a.example.com/b\" as json and caller.claims.sub == \"c\""));
        assert_eq!(principal("*/b"), None);
    }

    #[test]
    fn identities_are_open_at_their_end_only() {
        let of = |text: &str| any_identity(&[text.to_owned()]);
        assert!(of("spiffe://a/*").is_some());
        for odd in ["spiffe://*/b", "spiffe://a/*/b", "spiffe://a/**"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
