//! Gateway API: routes of services and of gateways.

#[path = "reader.rs"]
mod reader;

use super::{every_program, twice};
use crate::{
    front,
    meaning::{CONDITIONS, routed},
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use reader::{READINGS, parents, requests, taken};
use serde_json::Value;

fn options() -> Options<'static> {
    Options {
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    }
}

/// Asks both the same; says how many questions that were. Where there is no counterpart, a comment may stand for an answer.
fn answer_the_same(manifests: &[Manifest], place: &str, told: bool) -> usize {
    let both = twice(manifests, Target::GatewayApi, &options(), place);
    let mut asked = 0;
    for (parent, routes) in parents(&both.before) {
        let others = parents(&both.after).remove(&parent).unwrap_or_default();
        if told && both.tells_in(&parent.name) {
            continue;
        }
        let all: Vec<&Value> = routes.iter().chain(&others).copied().collect();
        for request in requests(&all) {
            for reading in READINGS {
                asked += 1;
                let before = taken(&routes, &request, reading);
                let mut after = taken(&others, &request, reading);
                // Where nothing limits the time, the program says so, and that a day stands for it.
                if before["timeouts"].is_null() && both.text.contains("a day stands for that") {
                    after.as_object_mut().map(|all| all.remove("timeouts"));
                }
                assert_eq!(
                    before, after,
                    "{place}: {parent:?} {request:?} {reading:?}\n{}\n{others:#?}",
                    both.text
                );
            }
        }
    }
    for kind in ["Gateway", "BackendTLSPolicy"] {
        let of = |all: &[Value]| reader::settings(all, kind);
        for (name, said) in of(&both.before) {
            let again = of(&both.after).remove(&name);
            let same = again.as_ref() == Some(&said);
            assert!(
                same || both.tells(&name),
                "{place}: {kind} {name}\n{said}\n{again:?}\n{}",
                both.text
            );
        }
    }
    asked
}

#[test]
fn every_program_answers_as_before() {
    let mut asked = 0;
    for (place, manifests) in every_program(Target::GatewayApi) {
        asked += answer_the_same(&manifests, &place, true);
    }
    assert!(asked > 1_000, "{asked} were asked");
}

#[test]
fn routes_of_services_answer_as_before() {
    let mut asked = 0;
    for number in (0..7 * 7 * 7 * 32_usize).step_by(431) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let program = routed(&conditions, policies);
        let manifests = compile(
            &program,
            Target::GatewayApi,
            &options(),
            &mut Diagnostics::default(),
        );
        asked += answer_the_same(&manifests, &format!("{conditions:?} {policies:?}"), false);
    }
    assert!(asked > 10_000, "{asked} were asked");
}

#[test]
fn gateways_answer_as_before() {
    let (mut held, mut asked) = (0, 0);
    for seed in (0..900).step_by(9) {
        let Some(program) = front::gateway(seed) else {
            continue;
        };
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::GatewayApi, &options(), &mut found);
        if !found.has_errors() {
            held += 1;
            asked += answer_the_same(&manifests, &format!("seed {seed}"), false);
        }
    }
    assert!(held > 15 && asked > 10_000, "{held} were held, {asked} asked");
}
