//! Every acting route with an `Idempotency-Key`: done once, and answered the second time as the first; also by a server
//! that was opened again, and by one that lost its answers in a crash. A route without a row here fails.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/acts.rs"]
mod acts;
#[path = "support/client.rs"]
mod client;
#[path = "support/desk.rs"]
mod desk;
#[path = "support/programs.rs"]
mod programs;

use acts::{Sent, World, program, requests, services, world};
use client::{Answer, ask};
use flowmesh_host::{
    disk::{Disk, RealDisk},
    server, upkeep,
};
use flowmesh_ir::Program;
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Duration};

/// Routes that take no key, and why.
const UNKEYED: [(&str, &str); 4] = [
    ("plan_deployment", "it changes nothing"),
    ("lease_task", "a lease is in memory alone, and is over by itself"),
    ("heartbeat_task", "it says how things stand now"),
    (
        "lease_limits",
        "what is lent is in memory alone, and lapses by itself",
    ),
];

/// Sends everything once, and again.
async fn send_all(world: &World, other: &Program) -> Vec<Sent> {
    let mut all = Vec::new();
    for (operation, path, body) in requests(world, other).await {
        let answer = world.keyed(operation, &path, &body).await;
        assert!(
            answer.status < 300,
            "{operation}: {} {}",
            answer.status,
            answer.body
        );
        assert!(!answer.head.contains("idempotency-replayed"), "{operation}");
        all.push(Sent {
            operation,
            path,
            body,
            answer,
        });
    }
    all
}

/// The answers are those of the first time.
async fn all_again(world: &World, all: &[Sent]) {
    let before = world.rests().await;
    for sent in all {
        let operation = sent.operation;
        let answer = world.keyed(operation, &sent.path, &sent.body).await;
        assert_eq!(
            (answer.status, &answer.body),
            (sent.answer.status, &sent.answer.body),
            "{operation}"
        );
        assert!(
            answer.head.contains("idempotency-replayed: true"),
            "{operation}: {}",
            answer.head
        );
        let location = |answer: &Answer| {
            answer
                .head
                .lines()
                .find(|line| line.starts_with("location"))
                .map(str::to_owned)
        };
        assert_eq!(location(&answer), location(&sent.answer), "{operation}");
    }
    assert_eq!(world.rests().await, before, "nothing is done again");
}

/// A copy of a directory in which no answer was kept, as after a crash behind each act.
fn without_answers(from: &Path, to: &Path) {
    let disk = |path: &Path| -> Arc<dyn Disk> { Arc::new(RealDisk::open(path).unwrap()) };
    let mut lines = Vec::new();
    upkeep::export(&disk(from), false, &mut lines, &mut |_, _| {}).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let is_kept = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["act"].is_null() || line["act"]["answer"]["text"] == ""
    };
    let (all, acts) = (text.lines().count(), text.matches("{\"act\":").count());
    let kept: Vec<&str> = text.lines().filter(is_kept).collect();
    assert!(
        acts > 30 && all - kept.len() == 21,
        "{acts} acts, {} of {all} kept",
        kept.len()
    );
    upkeep::import(&disk(to), &mut kept.join("\n").as_bytes()).unwrap();
}

#[test]
fn every_acting_route_takes_a_key_or_says_why_not() {
    let described = server::openapi();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            let mut parameters = operation["parameters"].as_array().unwrap().iter();
            let keyed = parameters.any(|parameter| parameter["name"] == "Idempotency-Key");
            let excepted = method == "get" || UNKEYED.iter().any(|(unkeyed, _)| *unkeyed == name);
            assert_ne!(keyed, excepted, "{name} at {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_does_once_what_comes_twice() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = program(services().await);
    let other = Program {
        name: "another".into(),
        ..program.clone()
    };
    let first = world(folder.path(), &program).await;
    let all = send_all(&first, &other).await;
    let described = server::openapi();
    for methods in described["paths"].as_object().unwrap().values() {
        if let Some(name) = methods["post"]["operationId"].as_str() {
            let known = all.iter().any(|sent| sent.operation == name);
            let unkeyed = UNKEYED.iter().any(|(unkeyed, _)| *unkeyed == name);
            assert!(known != unkeyed, "{name} has no row, or one too many");
        }
    }
    all_again(&first, &all).await;
    for sent in &all {
        let separator = if sent.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{separator}other=1", sent.path);
        let answer = first.keyed(sent.operation, &path, &sent.body).await;
        let code = answer.json()["code"].as_str().map(str::to_owned);
        assert_eq!(
            (answer.status, code.as_deref()),
            (422, Some("F1074")),
            "{}",
            sent.operation
        );
    }
    first.stop().await;

    let second = world(folder.path(), &program).await;
    all_again(&second, &all).await;
    second.stop().await;

    without_answers(folder.path(), copy.path());
    let third = world(copy.path(), &program).await;
    let before = third.rests().await;
    for sent in &all {
        let answer = third.keyed(sent.operation, &sent.path, &sent.body).await;
        let operation = sent.operation;
        // Somebody went back from that program since.
        if operation == "deploy" {
            assert_eq!(answer.json()["code"], "F1160", "{}", answer.body);
            continue;
        }
        assert_eq!(answer.status, sent.answer.status, "{operation}: {}", answer.body);
        // A batch finds what it would find now; what was done is not done again.
        let replayed = answer.head.contains("idempotency-replayed: true");
        assert_eq!(replayed, operation != "batch", "{operation}");
    }
    assert_eq!(third.rests().await, before, "nothing is done again");
    let again = third.keyed("start_run", "/v1/flows/hear/runs", "").await;
    let started = all.iter().find(|sent| sent.operation == "start_run").unwrap();
    assert_eq!(again.json()["id"], started.answer.json()["id"]);
    third.stop().await;
    let rebuilt = copy.path().join("index.redb");
    std::fs::remove_file(rebuilt).unwrap();
    let fourth = world(copy.path(), &program).await;
    let last = fourth.keyed("start_run", "/v1/flows/hear/runs", "").await;
    assert_eq!(
        (last.status, &last.body),
        (again.status, &again.body),
        "also without an index"
    );
    fourth.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_uses_up_no_key_and_keys_have_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), &program(services().await)).await;
    let run = world.start("hear", "").await;
    let resume = format!("/v1/runs/{run}/decide");
    let body = r#"{"choice":"retry"}"#;
    let refused = world.keyed("k", &resume, body).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (409, Some("F1080"))
    );
    let other = world.keyed("k", &format!("/v1/runs/{run}/pause"), "").await;
    assert_eq!(other.status, 202, "{}", other.body);
    let wrong = world.keyed("k", &format!("/v1/runs/{run}/pause?a=1"), "").await;
    assert_eq!(
        (wrong.status, wrong.json()["code"].as_str()),
        (422, Some("F1074"))
    );
    for key in ["".to_owned(), "x".repeat(256), "\u{e9}".to_owned()] {
        let headers = format!("Idempotency-Key: {key}\r\n");
        let path = format!("/v1/runs/{run}/resume");
        let answer = ask(world.api, "POST", &path, &headers, "").await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (400, Some("F1058")),
            "{key}"
        );
    }
    let headers = "Idempotency-Key: k\r\nFlowmesh-Namespace: other\r\n";
    let elsewhere = ask(world.api, "POST", "/v1/flows/hear/runs", headers, "").await;
    assert_eq!(elsewhere.status, 202, "keys are of one namespace");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_at_the_same_time_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), &program(services().await)).await;
    let path = "/v1/flows/nap/runs?wait=2s";
    let first = world.keyed("k", path, "");
    let second = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.keyed("k", path, "").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.status, second.status), (202, 409), "{}", second.body);
    assert_eq!(second.json()["code"], "F1075");
    assert!(second.head.contains("retry-after: 1"), "{}", second.head);
    let third = world.keyed("k", path, "").await;
    assert_eq!((third.status, &third.body), (202, &first.body));
    world.stop().await;
}
