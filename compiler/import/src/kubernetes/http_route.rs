//! `HTTPRoute` and `GRPCRoute` of Gateway API: of several matches that fit, the most specific holds.

mod filters;

use super::{
    condition::literal,
    host::Host,
    objects::Object,
    traffic::{Match, Named, Retry, Route, Says, Split, Table, Target, Text},
    virtual_service::time,
};
use crate::{fields::Fields, found::Found};
use filters::filters;
use std::cmp::Reverse;

/// What a route says, its matches in the order in which the first that fits holds.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Table {
    let mut spec = object.spec(found);
    let (mut gateways, mut services) = (Vec::new(), Vec::new());
    for mut parent in spec.objects("parentRefs", found) {
        let kind = parent.text("kind", found).unwrap_or_else(|| "Gateway".to_owned());
        let name = parent.text("name", found).unwrap_or_default();
        let namespace = parent
            .text("namespace", found)
            .unwrap_or_else(|| object.namespace.clone());
        parent.skip(&["group"]);
        parent.lost(&[("sectionName", "one of the listeners of a gateway")], found);
        match kind.as_str() {
            "Service" => parent.skip(&["port"]),
            _ => parent.lost(&[("port", "one of the ports of a gateway")], found),
        }
        match kind.as_str() {
            "Service" => services.push(Host::service(&name, &namespace)),
            "Gateway" => gateways.push(format!("{namespace}/{name}")),
            kind => found.lost(parent.node, &format!("a parent of kind `{kind}`")),
        }
        parent.end(found);
    }
    let mut table = Table {
        node: object.node.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        specific: true,
        hosts: spec.texts("hostnames", found),
        gateways,
        services: services.into_iter().filter(Host::is_plain).collect(),
        routes: Vec::new(),
        passes: Vec::new(),
        notes: found.notes(),
    };
    let grpc = object.kind == "GRPCRoute";
    for rule in spec.objects("rules", found) {
        table.routes.extend(routes(rule, object, grpc, found));
    }
    order(&mut table.routes);
    spec.end(found);
    table.notes.extend(found.notes());
    table
}

/// Puts routes of one match each in order.
pub(crate) fn order(routes: &mut [Route]) {
    routes.sort_by_key(|route| route.matches.first().map(rank));
}

/// A rule as routes of one match each, so that they can be put in order.
fn routes(mut rule: Fields<'_>, object: &Object<'_>, grpc: bool, found: &mut Found) -> Vec<Route> {
    rule.skip(&["name"]);
    let alternatives = rule.objects("matches", found);
    let none = alternatives.is_empty();
    let read = |it| if grpc { called(it, found) } else { one(it, found) };
    let mut matches: Vec<Match> = alternatives.into_iter().filter_map(read).collect();
    if none {
        matches.push(Match::default());
    }
    let mut says = Says::default();
    if let Some(mut timeouts) = rule.object("timeouts", found) {
        says.total_ms = time(&mut timeouts, "request", found).filter(|ms| *ms > 0);
        says.attempt_ms = time(&mut timeouts, "backendRequest", found).filter(|ms| *ms > 0);
        timeouts.end(found);
    }
    says.retry = rule.object("retry", found).and_then(|it| retry(it, found));
    rule.lost(
        &[("sessionPersistence", "visitors that stay with an endpoint")],
        found,
    );
    let redirect = filters(rule.objects("filters", found), object, &mut says, found);
    let to = split(rule.objects("backendRefs", found), object, found);
    let node = rule.node.clone();
    rule.end(found);
    let mut notes = found.notes();
    let each = matches.into_iter().map(|one| Route {
        node: node.clone(),
        matches: vec![one],
        to: to.clone(),
        redirect: redirect.clone(),
        says: says.clone(),
        notes: std::mem::take(&mut notes),
    });
    each.collect()
}

/// The order of Gateway API: an exact path, a regular expression, the longer prefix, a method, more headers, more of the
/// query; then as written.
fn rank(one: &Match) -> (u8, Reverse<usize>, bool, Reverse<usize>, Reverse<usize>) {
    let (class, length) = match &one.path {
        Some(Text::Exact(path)) => (0, path.len()),
        Some(Text::Regex(regex)) => (1, regex.len()),
        Some(Text::Below(path)) => (2, path.trim_end_matches('/').len()),
        _ => (2, 0),
    };
    (
        class,
        Reverse(length),
        one.method.is_none(),
        Reverse(one.headers.len()),
        Reverse(one.query.len()),
    )
}

/// A match of HTTP. Prefixes are of whole segments.
fn one(mut fields: Fields<'_>, found: &mut Found) -> Option<Match> {
    let mut whole = true;
    let path = fields.object("path", found).and_then(|mut path| {
        let kind = path
            .text("type", found)
            .unwrap_or_else(|| "PathPrefix".to_owned());
        let value = path.text("value", found).unwrap_or_else(|| "/".to_owned());
        let text = match kind.as_str() {
            "Exact" => Some(Text::Exact(value)),
            "PathPrefix" if value.trim_end_matches('/').is_empty() => None,
            "PathPrefix" => Some(Text::Below(value.trim_end_matches('/').to_owned())),
            "RegularExpression" => Some(Text::Regex(value)),
            kind => {
                found.lost(
                    path.node,
                    &format!("a path of type `{kind}`; the match is left out"),
                );
                whole = false;
                None
            }
        };
        path.end(found);
        text
    });
    let method = fields.text("method", found).map(Text::Exact);
    let headers = named(fields.objects("headers", found), found);
    let query = named(fields.objects("queryParams", found), found);
    fields.end(found);
    (whole).then_some(Match {
        host: None,
        path,
        method,
        headers: headers?,
        query: query?,
    })
}

/// A match of gRPC, as the request of HTTP that it is.
fn called(mut fields: Fields<'_>, found: &mut Found) -> Option<Match> {
    let mut path = None;
    if let Some(mut method) = fields.object("method", found) {
        let kind = method.text("type", found).unwrap_or_else(|| "Exact".to_owned());
        let (service, name) = (method.text("service", found), method.text("method", found));
        path = match (kind.as_str(), service, name) {
            ("Exact", Some(service), Some(name)) => Some(Text::Exact(format!("/{service}/{name}"))),
            ("Exact", Some(service), None) => Some(Text::Below(format!("/{service}"))),
            ("Exact", None, Some(name)) => Some(Text::Regex(format!("/[^/]+/{}", literal(&name)))),
            (_, service, name) => {
                let part = |it: Option<String>| it.unwrap_or_else(|| "[^/]+".to_owned());
                Some(Text::Regex(format!("/{}/{}", part(service), part(name))))
            }
        };
        method.end(found);
    }
    let headers = named(fields.objects("headers", found), found);
    fields.end(found);
    Some(Match {
        path,
        headers: headers?,
        ..Match::default()
    })
}

fn named(all: Vec<Fields<'_>>, found: &mut Found) -> Option<Vec<Named>> {
    let mut named: Vec<Named> = Vec::new();
    for mut fields in all {
        let kind = fields.text("type", found).unwrap_or_else(|| "Exact".to_owned());
        let pair = fields.text("name", found).zip(fields.text("value", found));
        let Some((name, value)) = pair else {
            found.bad_value(fields.node, "matches", "a name and a value");
            return None;
        };
        let text = match kind.as_str() {
            "Exact" => Text::Exact(value),
            "RegularExpression" => Text::Regex(value),
            kind => {
                found.lost(
                    fields.node,
                    &format!("a comparison of type `{kind}`; the match is left out"),
                );
                return None;
            }
        };
        fields.end(found);
        // Of several with one name, the first counts.
        if named.iter().all(|known| !known.name.eq_ignore_ascii_case(&name)) {
            named.push(Named {
                name,
                text,
                not: false,
            });
        }
    }
    Some(named)
}

/// Where requests go. A weight that is not said is one.
fn split(all: Vec<Fields<'_>>, object: &Object<'_>, found: &mut Found) -> Split {
    let mut split: Split = Vec::new();
    for mut fields in all {
        let weight = fields.count("weight", found).unwrap_or(1);
        fields.lost(
            &[("filters", "what is changed for one of several Services")],
            found,
        );
        if let Some(to) = backend(&mut fields, object, found) {
            split.push((to, weight));
        }
        fields.end(found);
    }
    // Where nobody has a share, requests are refused.
    if split.iter().all(|(_, weight)| *weight == 0) {
        split.clear();
    }
    if let [(_, weight)] = split.as_mut_slice() {
        *weight = 100;
    }
    split
}

/// A Service that a reference names.
pub(crate) fn backend(fields: &mut Fields<'_>, object: &Object<'_>, found: &mut Found) -> Option<Target> {
    let kind = fields.text("kind", found).unwrap_or_else(|| "Service".to_owned());
    fields.skip(&["group"]);
    let name = fields.text("name", found)?;
    let namespace = fields
        .text("namespace", found)
        .unwrap_or_else(|| object.namespace.clone());
    let port = fields
        .count("port", found)
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0);
    if kind != "Service" {
        found.lost(fields.node, &format!("a backend of kind `{kind}`"));
        return None;
    }
    let host = Host::service(&name, &namespace);
    if !host.is_plain() {
        found.bad_value(fields.node, "backendRefs.name", "the name of a Service");
        return None;
    }
    Some(Target {
        host,
        port,
        subset: None,
    })
}

/// Retries of the experimental channel; `attempts` counts retries there too.
fn retry(mut fields: Fields<'_>, found: &mut Found) -> Option<Retry> {
    use super::traffic::On;
    let more = fields.count("attempts", found).unwrap_or(1).min(99);
    let base_ms = time(&mut fields, "backoff", found).unwrap_or(25);
    let codes = fields.texts("codes", found);
    fields.end(found);
    let codes = codes.iter().filter_map(|code| code.parse().ok()).map(On::Status);
    let on = codes.chain([On::Connect]).collect();
    (more > 0).then_some(Retry { more, on, base_ms })
}
