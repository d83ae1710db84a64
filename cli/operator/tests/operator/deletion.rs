//! A program does not go before its runs have ended, unless somebody says so.

use crate::world::{Operator, World};
use serde_json::{Value, json};

async fn begun(more: &Value) -> (World, Operator, String) {
    let (world, operator) = World::begun(more).await;
    let run = world.waiting().await;
    (world, operator, run)
}

async fn gone(world: &World) {
    world.gone("Program", "orders").await;
    for kind in ["StatefulSet", "Service", "ConfigMap", "ServiceAccount"] {
        assert_eq!(world.double.all(kind), Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_stays_until_its_runs_have_ended() {
    let (world, operator, run) = begun(&json!({})).await;
    world.double.delete("Program", "orders");
    let kept = world.reason("Deletable", "RunsUnfinished").await;
    let message = kept["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("1 run has not ended: {run}.")),
        "{message}"
    );
    assert!(world.double.get("StatefulSet", "shop").is_some());
    world.approve(&run).await;
    gone(&world).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_other_namespaces_of_the_server_keep_it_too() {
    let (world, operator) = World::begun(&json!({})).await;
    // The header goes along with the path, as the client of these tests is a simple one.
    world
        .ask(
            "POST",
            "/v1/flows/order/runs HTTP/1.1\r\nFlowmesh-Namespace: other\r\nX:",
            r#"{"id":"a"}"#,
        )
        .await;
    world.double.delete("Program", "orders");
    let kept = world.reason("Deletable", "RunsUnfinished").await;
    assert!(
        kept["message"].as_str().unwrap().contains("other than `default`"),
        "{kept}"
    );
    world.change(&json!({ "deletion": "abandon" }));
    gone(&world).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_annotation_ends_the_runs() {
    let (world, operator, _) = begun(&json!({})).await;
    world.double.delete("Program", "orders");
    world.reason("Deletable", "RunsUnfinished").await;
    let annotation = json!({ "metadata": { "annotations": { "flowmesh.dev/deletion": "terminate" } } });
    world.double.patch("Program", "orders", &annotation);
    gone(&world).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spec_says_it_before() {
    let (world, operator, _) = begun(&json!({ "deletion": "terminate" })).await;
    world.double.delete("Program", "orders");
    gone(&world).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_cannot_be_asked_is_taken_for_a_yes() {
    let (world, operator, _) = begun(&json!({})).await;
    operator.stop().await;
    let nowhere = "http://127.0.0.1:1".to_owned();
    let operator = world
        .operator_with("b", |options| flowmesh_operator::Options {
            server_health: nowhere.clone(),
            ..options
        })
        .await;
    world.double.delete("Program", "orders");
    world.reason("Deletable", "ServerUnreachable").await;
    world.change(&json!({ "deletion": "abandon" }));
    gone(&world).await;
    operator.stop().await;
}
