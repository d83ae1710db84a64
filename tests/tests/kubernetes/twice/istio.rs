//! Istio: routes, and who may call what.

use super::{every_program, twice};
use crate::again::{requests, rules, tables, taken};
use crate::istio::access::{CALLERS, OPERATIONS, RULES, Request, lets, program};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Options, Target, compile};
use serde_json::Value;

fn policies(objects: &[Value]) -> Vec<Value> {
    let own = objects.iter().filter(|it| it["kind"] == "AuthorizationPolicy");
    own.cloned().collect()
}

#[test]
fn whoever_was_let_in_is_let_in_again_and_nobody_else() {
    let mut seen = [0, 0];
    let pairs = RULES
        .iter()
        .flat_map(|one| RULES.iter().map(move |other| [*one, *other]));
    for rules in pairs.step_by(2) {
        let options = Options::default();
        let manifests = compile(
            &program(&rules),
            Target::Istio,
            &options,
            &mut Diagnostics::default(),
        );
        let both = twice(&manifests, Target::Istio, &options, &format!("{rules:?}"));
        let (before, after) = (policies(&both.before), policies(&both.after));
        for (_, principal) in CALLERS {
            for (method, path) in OPERATIONS.into_iter().chain([("GET", "/else")]) {
                for header in [None, Some("a"), Some("b")] {
                    let request = Request {
                        principal,
                        method,
                        path,
                        header,
                    };
                    let (first, second) = (lets(&before, &request), lets(&after, &request));
                    assert_eq!(
                        first, second,
                        "{principal} {method} {path} {header:?} under {rules:?}\n{}\n{after:#?}",
                        both.text
                    );
                    seen[usize::from(first)] += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

#[test]
fn every_program_answers_as_before() {
    let (mut same, mut told) = (0, Vec::new());
    for (place, manifests) in every_program(Target::Istio) {
        let both = twice(&manifests, Target::Istio, &Options::default(), &place);
        let (before, after) = (tables(&both.before), tables(&both.after));
        let answers = before.iter().all(|(about, routes)| {
            let others = after.get(about).cloned().unwrap_or_default();
            let all: Vec<Value> = routes.iter().chain(&others).cloned().collect();
            requests(&all).iter().all(|request| {
                let (first, mut second) = (taken(routes, request), taken(&others, request));
                // Where nothing limits the time, the program says so, and that a day stands for it.
                if first["timeout"].is_null() && both.text.contains("a day stands for that") {
                    second.as_object_mut().map(|all| all.remove("timeout"));
                }
                first == second
            })
        });
        let lets = rules(&both.before) == rules(&both.after);
        match answers && lets {
            true => same += 1,
            false => {
                assert!(
                    both.tells(""),
                    "{place}: routes {answers}, rules {lets}\n{}",
                    both.text
                );
                told.push(place);
            }
        }
    }
    // A header with a variable of Envoy, pages that may ask by some routes alone, and pods whose Service is not among the
    // manifests: no program says these, and the comments do.
    let expected = [
        "suite/consul/gateway",
        "suite/kubernetes/gateway",
        "suite/linkerd/derived",
    ];
    let names: Vec<&str> = told
        .iter()
        .filter_map(|place| place.split_once("tests/")?.1.strip_suffix(".flow"))
        .collect();
    assert_eq!(names, expected, "{same} are the same");
    assert!(same >= 20, "{same} are the same");
}
