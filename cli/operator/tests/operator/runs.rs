//! A run as an object: begun once, followed, and ended with it.

use crate::world::{Operator, SHOP, World};
use serde_json::{Value, json};

async fn begun() -> (World, Operator) {
    let world = World::new();
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    world.ready().await;
    (world, operator)
}

async fn state_of(world: &World, name: &str) -> Value {
    let run = world.double.get("Run", name).unwrap();
    let id = run["status"]["run"].as_str().unwrap().to_owned();
    world.ask("GET", &format!("/v1/runs/{id}?wait=30s"), "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_begun_once_and_says_its_result() {
    let (world, operator) = begun().await;
    let made = world.run("greet", "hello", &json!({ "name": "ann" }));
    world
        .double
        .until_condition("Run", "greet", "Succeeded", "True")
        .await;
    let run = world.double.get("Run", "greet").unwrap();
    assert_eq!(
        (&run["status"]["state"], &run["status"]["result"]),
        (&json!("done"), &json!("hello ann"))
    );
    assert_eq!(run["status"]["program"], world.status()["program"]);
    assert!(run["status"]["ended"].is_string());
    let uid = made["metadata"]["uid"].as_str().unwrap();
    let count = world.ask("GET", &format!("/v1/runs/count?key={uid}"), "").await;
    assert_eq!(count["count"], 1);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_fails_says_its_error() {
    let (world, operator) = begun().await;
    world.run("no", "refuse", &json!({ "why": "late" }));
    world
        .double
        .until_condition("Run", "no", "Succeeded", "False")
        .await;
    let run = world.double.get("Run", "no").unwrap();
    assert_eq!(run["status"]["state"], "failed");
    assert_eq!(run["status"]["error"]["name"], "Refused");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_says_at_what_and_goes_on() {
    let (world, operator) = begun().await;
    world.run("big", "order", &json!({ "id": "a" }));
    world
        .double
        .until("it waits", |double| {
            double.get("Run", "big").unwrap()["status"]["state"] == "waiting"
        })
        .await;
    world.double.until_condition("Run", "big", "Ended", "False").await;
    let id = world.double.get("Run", "big").unwrap()["status"]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .ask(
            "POST",
            &format!("/v1/runs/{id}/signals/approve"),
            r#"{"by":"ann"}"#,
        )
        .await;
    world
        .double
        .until_condition("Run", "big", "Succeeded", "True")
        .await;
    assert_eq!(
        world.double.get("Run", "big").unwrap()["status"]["result"],
        "a by ann"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_run_from_beginning_is_told() {
    let world = World::new();
    let operator = world.operator("a").await;
    world.run("early", "hello", &json!({ "name": "ann" }));
    world
        .double
        .until_reason("Run", "early", "Started", "ProgramNotFound")
        .await;
    world.pods.hold();
    world.program(SHOP, &json!({}));
    world
        .double
        .until_reason("Run", "early", "Started", "ProgramNotReady")
        .await;
    world.pods.release();
    world
        .double
        .until_condition("Run", "early", "Succeeded", "True")
        .await;
    world.run("wrong", "hello", &json!({ "nme": "ann" }));
    let started = world
        .double
        .until_reason("Run", "wrong", "Started", "Refused")
        .await;
    assert!(
        started["message"].as_str().unwrap().contains("(F1051)"),
        "{started}"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_run_cancels_it_terminates_it_or_leaves_it() {
    let (world, operator) = begun().await;
    for (policy, state) in [
        ("cancel", "cancelled"),
        ("terminate", "terminated"),
        ("leave", "waiting"),
    ] {
        let spec =
            json!({ "program": "orders", "flow": "order", "input": { "id": policy }, "deletion": policy });
        world.double.create("Run", policy, &json!({ "spec": spec }));
        let waits = |double: &crate::double::Double| {
            double.get("Run", policy).unwrap()["status"]["state"] == "waiting"
        };
        world.double.until("it waits", waits).await;
        let id = world.double.get("Run", policy).unwrap()["status"]["run"]
            .as_str()
            .unwrap()
            .to_owned();
        world.double.delete("Run", policy);
        world
            .double
            .until("the object is gone", |double| double.get("Run", policy).is_none())
            .await;
        let run = world.ask("GET", &format!("/v1/runs/{id}"), "").await;
        assert_eq!(run["state"], state);
    }
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_comes_later_begins_no_run_twice() {
    let (world, operator) = begun().await;
    world.run("big", "order", &json!({ "id": "a" }));
    world
        .double
        .until("it waits", |double| {
            double.get("Run", "big").unwrap()["status"]["state"] == "waiting"
        })
        .await;
    operator.kill().await;
    // As if the first one had ended between the start and the status.
    world.double.status("Run", "big", &json!({}));
    let operator = world.operator("b").await;
    world
        .double
        .until("it waits", |double| {
            double.get("Run", "big").unwrap()["status"]["state"] == "waiting"
        })
        .await;
    let count = world.ask("GET", "/v1/runs/count?flow=order", "").await;
    assert_eq!(count["count"], 1);
    assert_eq!(state_of(&world, "big").await["state"], "waiting");
    operator.stop().await;
}
