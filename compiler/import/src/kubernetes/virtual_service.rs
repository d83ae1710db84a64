//! `VirtualService` of Istio: routes of which the first that fits holds.

mod says;

pub(crate) use says::{default, is_name, time};

use super::{
    condition::literal,
    host::Host,
    objects::Object,
    traffic::{Match, Named, Redirect, Route, Says, Split, Table, Target, Text},
};
use crate::{
    fields::Fields,
    found::Found,
    name::escaped,
    node::{Node, Value},
};
use says::says;

/// What a `VirtualService` says: one table, or one for each gateway where matches ask for some of them.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Vec<Table> {
    let mut spec = object.spec(found);
    let hosts = spec.texts("hosts", found);
    let gateways = spec.texts("gateways", found);
    spec.skip(&["exportTo"]);
    spec.lost(&[("tcp", "routes of TCP")], found);
    let mesh = gateways.is_empty() || gateways.iter().any(|name| name == "mesh");
    let whole = |name: &String| match name.contains('/') {
        true => name.clone(),
        false => format!("{}/{name}", object.namespace),
    };
    let services = hosts
        .iter()
        .filter(|_| mesh)
        .map(|host| Host::of(host, &object.namespace));
    let passes = spec
        .objects("tls", found)
        .into_iter()
        .flat_map(|it| pass(it, object, found))
        .collect();
    let mut table = Table {
        node: object.node.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        specific: false,
        services: services.filter(Host::is_plain).collect(),
        gateways: gateways
            .iter()
            .filter(|name| *name != "mesh")
            .map(whole)
            .collect(),
        hosts: hosts.clone(),
        routes: Vec::new(),
        passes,
        notes: Vec::new(),
    };
    for host in hosts.iter().filter(|_| mesh) {
        if !Host::of(host, &object.namespace).is_plain() {
            found.lost(
                object.node,
                &format!("routes of the mesh for `{host}`, which is no one service"),
            );
        }
    }
    table.notes = found.notes();
    let mut only = Vec::new();
    for http in spec.objects("http", found) {
        match route(http, object, found) {
            (Some(route), gateways) => {
                table.routes.push(route);
                only.push(gateways);
            }
            (None, _) => table.notes.extend(found.notes()),
        }
    }
    spec.end(found);
    table.notes.extend(found.notes());
    apart(table, &only, &whole)
}

/// The gateways that each match of a route is for; none is all.
type Only = Vec<Vec<String>>;

/// A table for each gateway, and one for the mesh, each with the matches that are for it.
fn apart(table: Table, only: &[Only], whole: &dyn Fn(&String) -> String) -> Vec<Table> {
    if only.iter().flatten().all(Vec::is_empty) {
        return vec![table];
    }
    let of = |gateway: &str| {
        let mut own = Table {
            gateways: Vec::new(),
            services: Vec::new(),
            routes: Vec::new(),
            passes: Vec::new(),
            ..table.clone()
        };
        for (route, only) in table.routes.iter().zip(only) {
            let here = |names: &&Vec<String>| {
                names.is_empty() || names.iter().any(|name| name == gateway || whole(name) == gateway)
            };
            let kept = route
                .matches
                .iter()
                .zip(only)
                .filter(|(_, names)| here(names))
                .map(|(one, _)| one.clone());
            let matches: Vec<Match> = kept.collect();
            if route.matches.is_empty() || !matches.is_empty() {
                own.routes.push(Route {
                    matches,
                    ..route.clone()
                });
            }
        }
        own
    };
    let mut all = Vec::new();
    if !table.services.is_empty() {
        all.push(Table {
            services: table.services.clone(),
            ..of("mesh")
        });
    }
    for gateway in &table.gateways {
        let passes = table.passes.clone();
        all.push(Table {
            gateways: vec![gateway.clone()],
            passes,
            ..of(gateway)
        });
    }
    all
}

/// A route, unless it has matches and none of them can be asked.
fn route(mut http: Fields<'_>, object: &Object<'_>, found: &mut Found) -> (Option<Route>, Only) {
    http.skip(&["name"]);
    http.lost(
        &[
            ("delegate", "routes of another `VirtualService`"),
            ("directResponse", "an answer without a service"),
        ],
        found,
    );
    let alternatives = http.objects("match", found);
    let some = !alternatives.is_empty();
    let read = alternatives.into_iter().filter_map(|it| one(it, found));
    let (matches, only): (Vec<Match>, Only) = read.unzip();
    let to = split(http.objects("route", found), object, found);
    let redirect = http.object("redirect", found).and_then(|it| redirect(it, found));
    let says = says(&mut http, object, found);
    let node = http.node.clone();
    http.end(found);
    if some && matches.is_empty() {
        return (None, only);
    }
    let route = Route {
        node,
        matches,
        to,
        redirect,
        says,
        notes: found.notes(),
    };
    (Some(route), only)
}

/// A match; nothing where it asks for something that cannot be asked, so that it must not fit more.
fn one(mut fields: Fields<'_>, found: &mut Found) -> Option<(Match, Vec<String>)> {
    fields.skip(&["name", "statPrefix"]);
    let gateways = fields.texts("gateways", found);
    let unknown = ["sourceLabels", "sourceNamespace", "port"];
    let asked: Vec<&str> = unknown
        .into_iter()
        .filter(|name| fields.node.get(name).is_some())
        .collect();
    let lost: Vec<(&str, &str)> = asked
        .iter()
        .map(|name| (*name, "what a match asks for there; the match is left out"))
        .collect();
    fields.lost(&lost, found);
    let folds = fields.flag("ignoreUriCase", found).unwrap_or_default();
    let mut part = |name: &str| fields.take(name).map(|node| (node, text(node, name, found)));
    let (uri, scheme, method, authority) = (part("uri"), part("scheme"), part("method"), part("authority"));
    if let Some((node, _)) = scheme {
        found.lost(
            node,
            "`match.scheme`: whether TLS was spoken; the match is left out",
        );
    }
    let whole = asked.is_empty()
        && scheme.is_none()
        && [&uri, &method, &authority]
            .iter()
            .all(|it| it.as_ref().is_none_or(|(_, text)| text.is_some()));
    let of = |it: Option<(&Node, Option<Text>)>| it.and_then(|(_, text)| text);
    let path = of(uri).map(|path| if folds { folded(&path) } else { path });
    let (headers, query) = (
        named(&mut fields, ("headers", false), found),
        named(&mut fields, ("queryParams", false), found),
    );
    let without = named(&mut fields, ("withoutHeaders", true), found);
    fields.end(found);
    let (mut headers, query, without) = (headers?, query?, without?);
    headers.extend(without);
    let one = Match {
        host: of(authority),
        path,
        method: of(method),
        headers,
        query,
    };
    whole.then_some((one, gateways))
}

/// Headers or parameters; a name that begins with `:` would be of HTTP/2 itself.
fn named(fields: &mut Fields<'_>, (name, not): (&str, bool), found: &mut Found) -> Option<Vec<Named>> {
    let Some(node) = fields.take(name) else {
        return Some(Vec::new());
    };
    let Value::Object(all) = &node.value else {
        found.bad_value(node, name, "an object");
        return None;
    };
    let one = |(key, node): &(String, Node)| {
        // What stands there without a way to compare asks whether it is there.
        let empty =
            matches!(&node.value, Value::Null) || matches!(&node.value, Value::Object(it) if it.is_empty());
        let text = if empty {
            Some(Text::Present)
        } else {
            text(node, key, found)
        }?;
        Some(Named {
            name: key.clone(),
            text,
            not,
        })
    };
    all.iter().map(one).collect()
}

/// `exact`, `prefix` or `regex`.
fn text(node: &Node, name: &str, found: &mut Found) -> Option<Text> {
    let mut fields = Fields::of(node, name, found);
    let exact = fields.text("exact", found).map(Text::Exact);
    let prefix = fields.text("prefix", found).map(Text::Prefix);
    let regex = fields.text("regex", found).map(Text::Regex);
    fields.end(found);
    let text = exact.or(prefix).or(regex);
    if text.is_none() {
        found.bad_value(node, name, "`exact`, `prefix` or `regex`");
    }
    text
}

/// A path whatever its letters are, large or small.
fn folded(path: &Text) -> Text {
    match path {
        Text::Exact(path) => Text::Regex(format!("(?i){}", literal(path))),
        Text::Prefix(path) | Text::Below(path) => Text::Regex(format!("(?i){}.*", literal(path))),
        other => other.clone(),
    }
}

/// Where requests go. Weights that are not said are all of it where there is one, and none beside others.
fn split(all: Vec<Fields<'_>>, object: &Object<'_>, found: &mut Found) -> Split {
    let mut split = Vec::new();
    let several = all.len() > 1;
    for mut fields in all {
        let weight = fields.count("weight", found);
        fields.lost(&[("headers", "headers for one destination")], found);
        if let Some(to) = fields
            .object("destination", found)
            .and_then(|it| target(it, object, found))
        {
            let weight = if several { weight.unwrap_or_default() } else { 100 };
            split.push((to, weight));
        }
        fields.end(found);
    }
    split
}

/// A destination.
fn target(mut fields: Fields<'_>, object: &Object<'_>, found: &mut Found) -> Option<Target> {
    let host = fields.text("host", found);
    let port = fields.object("port", found).and_then(|mut port| {
        let number = port.count("number", found);
        port.end(found);
        number
            .and_then(|number| u16::try_from(number).ok())
            .filter(|number| *number > 0)
    });
    let subset = fields.text("subset", found);
    let node = fields.node;
    fields.end(found);
    let host = Host::of(&host?, &object.namespace);
    if !host.is_plain() {
        found.bad_value(node, "destination.host", "the name of a host");
        return None;
    }
    Some(Target { host, port, subset })
}

/// Where visitors are sent instead.
fn redirect(mut fields: Fields<'_>, found: &mut Found) -> Option<Redirect> {
    let scheme = fields.text("scheme", found);
    let authority = fields.text("authority", found);
    let uri = fields.text("uri", found);
    let port = fields.count("port", found);
    fields.skip(&["derivePort"]);
    let status = fields
        .count("redirectCode", found)
        .and_then(|code| u16::try_from(code).ok());
    let node = fields.node;
    fields.end(found);
    if uri.as_deref().is_some_and(|uri| uri.contains('%')) {
        found.lost(node, "`redirect.uri` with a variable");
        return None;
    }
    Some(Redirect {
        as_came: scheme.is_none(),
        to: address(scheme, authority, port, uri),
        status: status
            .filter(|code| matches!(code, 301 | 302 | 303 | 307 | 308))
            .unwrap_or(301),
    })
}

/// The address of a redirect, escaped as a text of the language is.
pub(crate) fn address(
    scheme: Option<String>,
    host: Option<String>,
    port: Option<u32>,
    path: Option<String>,
) -> String {
    let inside = |text: &str| escaped(text);
    let path = path.map_or("{request.path}".to_owned(), |path| inside(&path));
    if scheme.is_none() && host.is_none() && port.is_none() {
        return path;
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = host.map_or("{request.host}".to_owned(), |host| inside(&host));
    let scheme = scheme.unwrap_or_else(|| "http".to_owned());
    format!("{}://{host}{port}{path}", inside(&scheme))
}

/// Connections that are handed on by the name that they ask for.
fn pass(mut fields: Fields<'_>, object: &Object<'_>, found: &mut Found) -> Vec<(String, Split)> {
    let mut names = Vec::new();
    for mut one in fields.objects("match", found) {
        names.extend(one.texts("sniHosts", found));
        one.skip(&["port", "gateways"]);
        one.end(found);
    }
    let to = split(fields.objects("route", found), object, found);
    fields.end(found);
    names.into_iter().map(|name| (name, to.clone())).collect()
}
