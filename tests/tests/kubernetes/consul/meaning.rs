//! A chain must mean to Consul what the service's routes mean to the program: every request goes the same way, in the same
//! parts, and may take the same time.

use super::{
    objects,
    reader::{Request, led},
};
use crate::meaning::{self, CONDITIONS, OPERATIONS, routed};
use flowmesh_ir::{Program, SubsetId};
use std::{collections::BTreeMap, sync::Arc};

/// Where a route leads, by the numbers of subsets.
const SPLITS: [&[(u32, u32)]; 5] = [
    &[(0, 100)],
    &[(1, 100)],
    &[(0, 90), (1, 10)],
    &[(1, 10), (0, 90)],
    &[(1, 33), (2, 33), (3, 34)],
];

/// Paths that are no operation's, or look as if they were below a prefix.
const PATHS: [&str; 8] = ["/", "/a", "/ab", "/a/", "/a/b", "/a/bc", "/a/b/", "/c/d"];

/// The operation that a request is of: the one without a parameter first.
fn operation(method: &str, path: &str) -> Option<usize> {
    let fits = |template: &str| {
        let (wanted, found): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        let same =
            |(wanted, found): (&&str, &&str)| wanted == found || (*wanted == "{}" && !found.is_empty());
        wanted.len() == found.len() && wanted.iter().zip(&found).all(same)
    };
    let of = |number: &usize| {
        let (_, known, template, _) = OPERATIONS[*number];
        known.as_str() == method && fits(template)
    };
    let mut all: Vec<usize> = (0..OPERATIONS.len()).filter(of).collect();
    all.sort_by_key(|number| OPERATIONS[*number].2.contains("{}"));
    all.first().copied()
}

/// The same program, with these splits instead of whole subsets.
fn split(mut program: Program, splits: &[&[(u32, u32)]]) -> Program {
    let service = Arc::make_mut(&mut program.services[0]);
    for (route, split) in service.routes.iter_mut().zip(splits) {
        route.split = split
            .iter()
            .map(|(subset, weight)| (SubsetId(*subset), *weight))
            .collect();
    }
    program
}

/// Which parts of requests are to go where.
fn parts(split: &[(u32, u32)]) -> BTreeMap<String, f64> {
    let one = |(subset, weight): &(u32, u32)| (format!("s{subset}"), f64::from(*weight));
    split.iter().map(one).collect()
}

#[test]
fn every_request_goes_where_the_program_sends_it() {
    let mut asked = 0;
    for number in (0..7 * 7 * 7 * 32_usize).step_by(53) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let splits = [0, 1, 2, 3].map(|place| SPLITS[number / 5_usize.pow(place) % 5]);
        let program = split(routed(&conditions, policies), &splits);
        let objects = objects(&program);
        let paths = OPERATIONS.iter().map(|(_, _, _, path)| *path).chain(PATHS);
        for path in paths {
            for (method, header) in ["GET", "POST"]
                .into_iter()
                .flat_map(|method| [None, Some("a"), Some("b"), Some("c")].map(|header| (method, header)))
            {
                asked += 1;
                let request = meaning::Request { method, path, header };
                let mut conditions_hold = conditions.iter().map(|condition| condition.holds(&request));
                let way = conditions_hold.position(|holds| holds).unwrap_or(3);
                let policy = operation(method, path).map_or(0, |number| policies[number]);
                let (backends, says) = led(&objects, "s", Request { method, path, header });
                let place = format!("{method} {path} {header:?} {conditions:?} {policies:?} {splits:?}");
                assert_eq!(backends, parts(splits[way]), "{place}\n{objects:#?}");
                assert_eq!(says["requestTimeout"], format!("{}s", policy + 1), "{place}");
                assert!(
                    says["numRetries"].is_null() && says["retryOn"].is_null(),
                    "{place}"
                );
            }
        }
    }
    assert!(asked > 5_000, "{asked} were asked");
}
