//! Where nothing changes, nothing is written: neither while all is well nor while something is not.

use crate::world::{SHOP, World};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_with_nothing_to_do_writes_nothing() {
    let (world, operator) = World::begun(&json!({})).await;
    world.run("big", "order", &json!({ "id": "a" }));
    world.waits("big").await;
    world.run("wrong", "hello", &json!({ "nme": "ann" }));
    world
        .double
        .until_reason("Run", "wrong", "Started", "Refused")
        .await;
    let lost = json!({ "spec": { "program": "nothing", "flow": "hello" } });
    world.double.create("Run", "lost", &lost);
    world
        .double
        .until_reason("Run", "lost", "Started", "ProgramNotFound")
        .await;
    let source = |text: &str| json!({ "spec": { "source": { "files": { "shop.flow": text } } } });
    world
        .double
        .create("Program", "broken", &source("flow a() { missing() }\n"));
    world
        .double
        .until_reason("Program", "broken", "Compiled", "Errors")
        .await;
    world.double.create("Program", "rival", &source(SHOP));
    world
        .double
        .until_reason("Program", "rival", "Applied", "Conflict")
        .await;
    // One that waits for its runs before it goes.
    world.double.delete("Program", "orders");
    world.reason("Deletable", "RunsUnfinished").await;
    world
        .double
        .until_reason("Run", "wrong", "Started", "ProgramDeleted")
        .await;
    let writes = world.double.writes().len();
    let looked = world
        .double
        .asked("GET /apis/apps/v1/namespaces/shop/statefulsets/shop");
    world
        .double
        .until("it looked", |double| {
            double.asked("GET /apis/apps/v1/namespaces/shop/statefulsets/shop") > looked + 12
        })
        .await;
    let new = world.double.writes().split_off(writes);
    let others: Vec<&String> = new.iter().filter(|it| !it.contains("/leases")).collect();
    assert_eq!(others, Vec::<&String>::new());
    operator.stop().await;
}

/// A server that plans a deployment and refuses it.
async fn refusing() -> (String, Arc<AtomicUsize>) {
    async fn plan(State(plans): State<Arc<AtomicUsize>>) -> Json<Value> {
        plans.fetch_add(1, Ordering::Relaxed);
        Json(json!({ "program": "new", "counts": { "moves": 1 } }))
    }
    async fn refuse() -> (StatusCode, Json<Value>) {
        let problem = json!({ "code": "F1040", "detail": "it takes the role `deployer`" });
        (StatusCode::FORBIDDEN, Json(problem))
    }
    let plans = Arc::new(AtomicUsize::new(0));
    let old = || async { Json(json!({ "deployments": [{ "program": "old" }] })) };
    let router = Router::new()
        .route("/v1/deployments", get(old).post(refuse))
        .route("/v1/deployments/plan", axum::routing::post(plan))
        .with_state(plans.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, plans)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_written_once() {
    let world = World::new();
    let (url, plans) = refusing().await;
    let operator = world
        .operator_with("a", |options| flowmesh_operator::Options {
            server: url.clone(),
            ..options
        })
        .await;
    world.program(SHOP, &json!({}));
    let refused = world.reason("Deployed", "Refused").await;
    assert!(
        refused["message"].as_str().unwrap().contains("F1040"),
        "{refused}"
    );
    let (writes, planned) = (world.double.writes().len(), plans.load(Ordering::Relaxed));
    world
        .double
        .until("it asked again", |_| plans.load(Ordering::Relaxed) > planned + 4)
        .await;
    let new = world.double.writes().split_off(writes);
    let others: Vec<&String> = new.iter().filter(|it| !it.contains("/leases")).collect();
    assert_eq!(others, Vec::<&String>::new());
    operator.stop().await;
}
