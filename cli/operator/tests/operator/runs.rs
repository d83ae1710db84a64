//! A run as an object: begun once, followed, and ended with it.

use crate::world::{SHOP, World};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_begun_once_and_says_its_result() {
    let (world, operator) = World::begun(&json!({})).await;
    let made = world.run("greet", "hello", &json!({ "name": "ann" }));
    world.succeeded("greet").await;
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
    let (world, operator) = World::begun(&json!({})).await;
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
    let (world, operator) = World::begun(&json!({})).await;
    world.run("big", "order", &json!({ "id": "a" }));
    let id = world.waits("big").await;
    world.double.until_condition("Run", "big", "Ended", "False").await;
    world.approve(&id).await;
    world.succeeded("big").await;
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
    world.succeeded("early").await;
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
    let (world, operator) = World::begun(&json!({})).await;
    for (policy, state) in [
        ("cancel", "cancelled"),
        ("terminate", "terminated"),
        ("leave", "waiting"),
    ] {
        let spec =
            json!({ "program": "orders", "flow": "order", "input": { "id": policy }, "deletion": policy });
        world.double.create("Run", policy, &json!({ "spec": spec }));
        let id = world.waits(policy).await;
        world.double.delete("Run", policy);
        world.gone("Run", policy).await;
        let run = world.ask("GET", &format!("/v1/runs/{id}"), "").await;
        assert_eq!(run["state"], state);
    }
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_comes_later_begins_no_run_twice() {
    let (world, operator) = World::begun(&json!({})).await;
    world.run("big", "order", &json!({ "id": "a" }));
    world.waits("big").await;
    operator.kill().await;
    // As if the first one had ended between the start and the status.
    world.double.status("Run", "big", &json!({}));
    let operator = world.operator("b").await;
    let run = world.waits("big").await;
    let count = world.ask("GET", "/v1/runs/count?flow=order", "").await;
    assert_eq!(count["count"], 1);
    let run = world.ask("GET", &format!("/v1/runs/{run}"), "").await;
    assert_eq!(run["state"], "waiting");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_begun_and_not_written_down_ends_with_its_object() {
    let (world, operator) = World::begun(&json!({})).await;
    world.run("big", "order", &json!({ "id": "a" }));
    let run = world.waits("big").await;
    operator.kill().await;
    world.double.status("Run", "big", &json!({}));
    world.double.delete("Run", "big");
    let operator = world.operator("b").await;
    world.gone("Run", "big").await;
    let run = world.ask("GET", &format!("/v1/runs/{run}"), "").await;
    assert_eq!(run["state"], "cancelled");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_its_server_does_not_know_says_so() {
    let (world, operator) = World::begun(&json!({})).await;
    world.run("big", "order", &json!({ "id": "a" }));
    let run = world.waits("big").await;
    operator.stop().await;
    let mut other = run;
    let last = if other.pop() == Some('0') { '1' } else { '0' };
    other.push(last);
    world
        .double
        .status("Run", "big", &json!({ "run": other, "state": "waiting" }));
    let operator = world.operator("b").await;
    world
        .double
        .until_reason("Run", "big", "Ended", "RunNotFound")
        .await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_that_no_client_can_read_keeps_no_other_run_from_beginning() {
    let (world, operator) = World::begun(&json!({})).await;
    let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
    world.run("deep", "hello", &json!({ "name": deep }));
    world
        .double
        .until_reason("Run", "deep", "Started", "Refused")
        .await;
    world.run("greet", "hello", &json!({ "name": "ann" }));
    world.succeeded("greet").await;
    // Nor an operator that reads the whole list.
    operator.stop().await;
    let operator = world.operator("b").await;
    world.run("again", "hello", &json!({ "name": "ann" }));
    world.succeeded("again").await;
    operator.stop().await;
}
