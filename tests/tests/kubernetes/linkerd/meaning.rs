//! Routes must mean to Linkerd what the service's routes mean to the program: every request goes the same way, and may take
//! the same time. A proxy takes the most specific match of all objects; both what Linkerd says of that and what its proxies do
//! are tried, and of equals in two objects either may be the older one.

use crate::meaning::{CONDITIONS, OPERATIONS, Request, routed};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Options, Target, compile};
use regex::Regex;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// How specific a match is: whether it is exact, how much of the path fits, a method, headers, and query.
type Rank = (u8, usize, bool, usize, usize);

/// In which order matches are preferred.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// As Gateway API says it: an exact path before all others.
    Said,
    /// As proxies do it: by how much of the path fits.
    Done,
}

/// How specific a match is for a request that fits it.
pub(crate) fn rank(one: &Value, request: &Request, reading: Reading) -> Option<Rank> {
    let value = one["path"]["value"].as_str().expect("a path has a value");
    let path = request.path;
    let (kind, length) = match one["path"]["type"].as_str() {
        Some("Exact") => (path == value).then_some((2, path.len())),
        Some("PathPrefix") if value == "/" => Some((0, 1)),
        Some("PathPrefix") => {
            let rest = path.strip_prefix(value);
            let below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            below.then_some((0, value.len()))
        }
        Some("RegularExpression") => KNOWN.with_borrow_mut(|known| {
            let made = || Regex::new(value).expect("it is a regular expression");
            let regex = known.entry(value.to_owned()).or_insert_with(made);
            // The first that is found must be the whole path: nothing else is looked for.
            let whole = |found: regex::Match<'_>| found.start() == 0 && found.end() == path.len();
            regex.find(path).is_some_and(whole).then_some((1, path.len()))
        }),
        _ => panic!("a way to compare paths: {one}"),
    }?;
    let none = Vec::new();
    let of = |name: &str| one[name].as_array().unwrap_or(&none).clone();
    let (headers, query) = (of("headers"), of("queryParams"));
    let method = one["method"].as_str();
    let fits = method.is_none_or(|method| method == request.method)
        && headers
            .iter()
            .all(|header| header["value"].as_str() == request.header)
        && query.is_empty();
    let kind = match reading {
        Reading::Said => kind,
        Reading::Done => 0,
    };
    fits.then_some((kind, length, method.is_some(), headers.len(), query.len()))
}

/// The rules that may be taken, with the objects that they are of: the first of each object that is as specific as any.
pub(crate) fn taken<'a>(
    objects: &'a [Value],
    request: &Request,
    reading: Reading,
) -> Vec<(&'a Value, &'a Value)> {
    let mut best: Vec<(Rank, &Value, &Value)> = Vec::new();
    for object in objects {
        let mut own: Option<(Rank, &Value)> = None;
        for rule in object["spec"]["rules"].as_array().expect("a route has rules") {
            let matches = rule["matches"].as_array().expect("a rule has matches");
            let ranks = matches.iter().filter_map(|one| rank(one, request, reading));
            if let Some(rank) = ranks.max()
                && own.is_none_or(|(known, _)| rank > known)
            {
                own = Some((rank, rule));
            }
        }
        if let Some((rank, rule)) = own {
            best.push((rank, object, rule));
        }
    }
    let most = best.iter().map(|(rank, _, _)| *rank).max();
    let best = best.into_iter().filter(|(rank, _, _)| Some(*rank) == most);
    best.map(|(_, object, rule)| (object, rule)).collect()
}

#[test]
fn every_request_goes_where_the_program_sends_it() {
    let (mut made, mut refused, mut requests) = (0, 0, 0);
    for number in (0..7 * 7 * 7 * 32_usize).step_by(11) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let mut found = Diagnostics::default();
        let program = routed(&conditions, policies);
        let manifests = compile(&program, Target::Linkerd, &Options::default(), &mut found);
        if found.has_errors() {
            refused += 1;
            continue;
        }
        made += 1;
        let read = |yaml: &str| serde_saphyr::from_str(yaml).expect("a manifest is YAML");
        let objects: Vec<Value> = manifests.iter().map(|manifest| read(&manifest.yaml)).collect();
        for ((name, method, _, path), policy) in OPERATIONS.iter().zip(policies) {
            for header in [None, Some("a"), Some("b"), Some("c")] {
                let request = Request {
                    method: method.as_str(),
                    path,
                    header,
                };
                let fits = |condition: &crate::meaning::Condition| condition.holds(&request);
                let way = conditions.iter().position(fits).unwrap_or(3);
                for reading in [Reading::Said, Reading::Done] {
                    let place =
                        format!("{name} {header:?} {conditions:?} {policies:?} {reading:?}\n{objects:#?}");
                    let found = taken(&objects, &request, reading);
                    assert!(!found.is_empty(), "nothing is taken: {place}");
                    for (object, rule) in found {
                        requests += 1;
                        assert_eq!(rule["backendRefs"][0]["name"], format!("s{way}"), "{place}");
                        let timeout = &object["metadata"]["annotations"]["timeout.linkerd.io/request"];
                        assert_eq!(*timeout, format!("{}s", policy + 1), "{place}");
                    }
                }
            }
        }
    }
    assert!(made > 100 && refused > 100, "{made} were made, {refused} refused");
    assert!(requests > 5_000, "{requests} requests");
}
