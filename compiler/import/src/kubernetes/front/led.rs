//! Where the visitors of a gateway are led by a table of routes.

use super::{
    Front,
    hosts::hosts,
    way::{Way, asked, united},
};
use crate::{
    found::Found,
    kubernetes::{
        fold::{is_unsent, takes},
        settings::{Beside, Setting, settings},
        traffic::{Match, Redirect, Route, Says, Table, Target, Text, may_repeat},
        world::{Service, World},
    },
    name::quoted,
};

/// The most routes of one table that are looked at as the routes of a service.
const MAX_INNER: usize = 64;

/// Adds the routes of a table to a gateway.
pub(super) fn lead(front: &mut Front, table: &Table, world: &mut World, found: &mut Found) {
    let hosts = hosts(front, table, found);
    if front.notes.iter().all(|note| !table.notes.contains(note)) {
        front.notes.extend(table.notes.clone());
    }
    for (name, to) in &table.passes {
        match to.first() {
            Some((to, _)) => {
                let (service, subset) = world.target(to, &table.node, found);
                front.passes.push((name.clone(), named(world, service, subset)));
            }
            None => found.lost(
                &table.node,
                &format!("a route of TLS for `{name}` that leads nowhere"),
            ),
        }
    }
    let Some(hosts) = hosts else {
        front.notes.extend(found.notes());
        return;
    };
    let routes = repeated(&table.routes);
    let mut at = 0;
    while let Some((route, writes)) = routes.get(at) {
        let (ways, taken) = match whole_service(&routes, at, world) {
            Some((service, last, count)) => (
                to_service(&last.0, last.1, (service, None), front, world, found),
                count,
            ),
            None => (one(route, *writes, table, front, world, found), 1),
        };
        for mut way in ways {
            if way.hosts.is_empty() {
                way.hosts.clone_from(&hosts);
            }
            front.ways.push(way);
        }
        at += taken;
    }
    front.notes.extend(found.notes());
}

/// Routes of which one takes what may be repeated and the next the rest are one; whether that copies what it must not repeat.
fn repeated(routes: &[Route]) -> Vec<(Route, bool)> {
    let mut all: Vec<(Route, bool)> = Vec::new();
    for route in routes {
        let matches = if route.matches.is_empty() {
            vec![Match::default()]
        } else {
            route.matches.clone()
        };
        let pair = all.last().filter(|(before, _)| {
            let may = |one: &Match| {
                one.method.as_ref().is_some_and(|method| match method {
                    Text::Exact(method) => may_repeat(method),
                    method => method.is_idempotent(),
                })
            };
            before.to == route.to
                && before.says != route.says
                && is_unsent(&before.says, &route.says)
                && before.matches.iter().all(may)
        });
        let Some((before, _)) = pair else {
            let writes = route.says.mirror.is_some();
            all.push((
                Route {
                    matches,
                    ..route.clone()
                },
                writes,
            ));
            continue;
        };
        let mut joined = matches;
        for one in &before.matches {
            let bare = Match {
                method: None,
                ..one.clone()
            };
            if !joined.iter().any(|known| takes(known, one) || *known == bare) {
                joined.push(one.clone());
            }
        }
        let merged = Route {
            matches: joined,
            notes: [before.notes.clone(), route.notes.clone()].concat(),
            ..before.clone()
        };
        let writes = route.says.mirror.is_some();
        all.pop();
        all.push((merged, writes));
    }
    all
}

/// The service whose own routes begin at a place, the last of them, and how many they are.
fn whole_service<'a>(
    routes: &'a [(Route, bool)],
    at: usize,
    world: &World,
) -> Option<(usize, &'a (Route, bool), usize)> {
    let fits = |service: &Service| {
        let led = &service.folded.led;
        let several = service.subsets.len() > 1 && !led.is_empty() && led.len() <= MAX_INNER;
        let some = routes.get(at..at + led.len()).filter(|_| several)?;
        let ending = some.last()?;
        let (last, writes) = ending;
        let each = some.iter().zip(led).all(|((route, copies), led)| {
            let wanted = crossed(&last.matches, &led.matches);
            route.to == led.to
                && route.redirect.is_none()
                && route.says == last.says
                && copies == writes
                && wanted.is_some_and(|wanted| same(&wanted, &route.matches))
        });
        each.then_some((ending, led.len()))
    };
    let mut all = world.services.iter().enumerate();
    all.find_map(|(number, service)| fits(service).map(|(ending, count)| (number, ending, count)))
}

fn same(a: &[Match], b: &[Match]) -> bool {
    a.iter().all(|one| b.contains(one)) && b.iter().all(|one| a.contains(one))
}

/// The requests that fit one of each; nothing where that is not said by headers, query and one path.
fn crossed(a: &[Match], b: &[Match]) -> Option<Vec<Match>> {
    let all = [Match::default()];
    let b = if b.is_empty() { &all[..] } else { b };
    let mut both = Vec::new();
    for one in a {
        for other in b {
            let part = |a: &Option<Text>, b: &Option<Text>| match (a, b) {
                (Some(a), Some(b)) if a != b => None,
                (a, b) => Some(a.clone().or_else(|| b.clone())),
            };
            let mut headers = one.headers.clone();
            headers.extend(
                other
                    .headers
                    .iter()
                    .filter(|it| !one.headers.contains(it))
                    .cloned(),
            );
            headers.sort_by(|a, b| a.name.cmp(&b.name));
            let mut query = one.query.clone();
            query.extend(other.query.iter().filter(|it| !one.query.contains(it)).cloned());
            query.sort_by(|a, b| a.name.cmp(&b.name));
            both.push(Match {
                host: part(&one.host, &other.host)?,
                path: part(&one.path, &other.path)?,
                method: part(&one.method, &other.method)?,
                headers,
                query,
            });
        }
    }
    Some(both)
}

/// One route of a table.
fn one(
    route: &Route,
    writes: bool,
    table: &Table,
    front: &mut Front,
    world: &mut World,
    found: &mut Found,
) -> Vec<Way> {
    if let Some(redirect) = &route.redirect {
        let mut to = format!("redirect(\"{}\"", place(redirect, route, front, found));
        if redirect.status != 302 {
            to += &format!(", status: {}", redirect.status);
        }
        return ways(route, &format!("{to})"), true, &[], found);
    }
    match route.to.as_slice() {
        [] => {
            found.part(
                &route.node,
                "requests that are refused here; no other route takes them",
            );
            let mut all = ways(route, "", true, &[], found);
            all.iter_mut().for_each(|way| way.refuses = true);
            all
        }
        [(to, _)] => {
            let target = world.target(to, &route.node, found);
            to_service(route, writes, target, front, world, found)
        }
        split => {
            let service = shared(split, table, route, world, found);
            to_service(route, writes, (service, None), front, world, found)
        }
    }
}

/// Where visitors are sent: by the scheme by which they came, where nobody says another.
fn place(redirect: &Redirect, route: &Route, front: &Front, found: &mut Found) -> String {
    let secure = front.listen.iter().any(|it| it.starts_with("https"));
    let rest = redirect
        .to
        .strip_prefix("http://")
        .filter(|_| secure && redirect.as_came);
    let Some(rest) = rest else {
        return redirect.to.clone();
    };
    if front.listen.iter().any(|it| it.starts_with("http:")) {
        found.part(
            &route.node,
            "a redirect goes to `https`, also for those who came by `http`",
        );
    }
    format!("https://{rest}")
}

/// A service that splits so: one that is there, or one for this route.
fn shared(
    split: &[(Target, u32)],
    table: &Table,
    route: &Route,
    world: &mut World,
    found: &mut Found,
) -> usize {
    let splits = |service: &Service| matches!(service.folded.led.as_slice(), [only] if only.to == split && only.matches.is_empty());
    match world.services.iter().position(splits) {
        Some(known) => known,
        None => world.split(split, &table.name, &route.node, found),
    }
}

/// A service, or a subset of one, as a route names it.
fn named(world: &World, service: usize, subset: Option<usize>) -> String {
    let Some(service) = world.services.get(service) else {
        return String::new();
    };
    let subset = subset
        .and_then(|at| service.subsets.get(at))
        .filter(|it| !it.name.is_empty());
    match subset {
        Some(subset) => format!("{}.{}", service.name, subset.name),
        None => service.name.clone(),
    }
}

/// A route to a service, with what it says otherwise than that.
fn to_service(
    route: &Route,
    writes: bool,
    (service, subset): (usize, Option<usize>),
    front: &mut Front,
    world: &World,
    found: &mut Found,
) -> Vec<Way> {
    let to = named(world, service, subset);
    let Some(declared) = world.services.get(service) else {
        return Vec::new();
    };
    let beside = Beside {
        idle_ms: None,
        budget: declared.budget,
        writes,
    };
    let base = &declared.folded.says;
    let place = |to: &_| world.written(to, Some(service));
    let all = settings(&route.says, Some(base), beside, &place);
    let (mut direct, within): (Vec<Setting>, Vec<Setting>) = all
        .into_iter()
        .partition(|(name, _)| matches!(*name, "timeout" | "retry"));
    if !within.is_empty() {
        // A route holds these by a policy.
        let known = front.policies.iter().find(|(_, settings)| *settings == within);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => format!("{}_{}", front.name, front.policies.len() + 1),
        };
        if known.is_none() {
            front.policies.push((name.clone(), within));
        }
        direct.insert(0, ("policy", name));
    }
    direct.extend(rewrite(&route.says, base).map(|text| ("rewrite", text)));
    ways(route, &to, false, &direct, found)
}

/// What is changed of the request: what it matched is replaced.
fn rewrite(says: &Says, base: &Says) -> Option<String> {
    let mut parts = Vec::new();
    let before = says
        .rewrite
        .before
        .as_ref()
        .filter(|it| base.rewrite.before.as_ref() != Some(it));
    let prefix = says.rewrite.prefix.as_ref().or(before);
    let prefix = prefix.map(|it| match it.trim_end_matches('/') {
        "" => "/".to_owned(),
        it => it.to_owned(),
    });
    parts.extend(prefix.map(|it| format!("prefix: {}", quoted(&it))));
    let host = says
        .rewrite
        .host
        .as_ref()
        .filter(|it| base.rewrite.host.as_ref() != Some(it));
    parts.extend(host.map(|it| format!("host: {}", quoted(it))));
    (!parts.is_empty()).then(|| format!("{{ {} }}", parts.join(", ")))
}

/// A route of the gateway for each match.
fn ways(route: &Route, to: &str, redirects: bool, settings: &[Setting], found: &mut Found) -> Vec<Way> {
    let mut notes = route.notes.clone();
    notes.extend(found.notes());
    let each = united(&route.matches).into_iter().map(|one| {
        let asked = asked(&one);
        let mut settings = settings.to_vec();
        // What a route matched is what its path says, and not what its condition does.
        if asked.path == "/**"
            && one.path.is_some()
            && settings.iter().any(|(_, text)| text.starts_with("{ prefix"))
        {
            found.lost(
                &route.node,
                "`rewrite` of a path of which only a condition says what is matched",
            );
            settings.retain(|(name, _)| *name != "rewrite");
            notes.extend(found.notes());
        }
        Way {
            method: asked.method,
            path: asked.path,
            terms: asked.terms,
            asks: asked.asks,
            hosts: asked.host.into_iter().collect(),
            to: to.to_owned(),
            redirects,
            refuses: false,
            settings,
            cors: route.says.cors.clone(),
            notes: std::mem::take(&mut notes),
        }
    });
    each.collect()
}
