//! Whatever becomes of watches and of the operator itself: nothing is missed, and nothing is done twice.

use crate::world::{Operator, SHOP, World};
use serde_json::json;
use std::time::Duration;

/// Longer than everything is looked at again.
const A_WHILE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_where_nothing_changed_also_after_a_restart() {
    let world = World::new();
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    world.run("greet", "hello", &json!({ "name": "ann" }));
    world.ready().await;
    world.succeeded("greet").await;
    operator.stop().await;
    let (version, writes) = (world.double.version(), world.double.writes().len());
    let operator = world.operator("b").await;
    assert_eq!(world.idle().await, Vec::<String>::new());
    // What was asked for is done when it has ended.
    operator.stop().await;
    let new: Vec<String> = world.double.writes().split_off(writes);
    // Only the lease has another version.
    let leases = new.len() as u64;
    assert_eq!(world.double.version(), version + leases);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_ends_in_the_middle_is_followed_by_one_that_goes_on() {
    let world = World::new();
    world.pods.hold();
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    world
        .double
        .until("the pods are told", |double| {
            double.get("StatefulSet", "shop").is_some()
        })
        .await;
    operator.kill().await;
    world.pods.release();
    let operator = world.operator("b").await;
    world.ready().await;
    assert_eq!(
        world
            .double
            .asked("PATCH /apis/apps/v1/namespaces/shop/statefulsets/shop?"),
        1
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_goes_also_by_an_operator_that_came_later() {
    let (world, operator) = World::begun(&json!({})).await;
    world.pods.hold();
    world
        .double
        .until("the pods are away", |double| {
            double.get("StatefulSet", "shop").unwrap()["status"]["readyReplicas"] == 0
        })
        .await;
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world
        .double
        .until("the new map is there", |double| {
            double.all("ConfigMap").len() == 2
        })
        .await;
    operator.kill().await;
    world.pods.release();
    let operator = world.operator("b").await;
    world
        .double
        .until("the old map is gone", |double| double.all("ConfigMap").len() == 1)
        .await;
    world.ready().await;
    assert_eq!(world.status()["program"], world.status()["compiled"]);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_that_break_off_are_taken_up_again() {
    let (world, operator) = World::begun(&json!({})).await;
    world.double.cut();
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world.ready().await;
    world.run("greet", "hello", &json!({ "name": "ann" }));
    world.succeeded("greet").await;
    assert_eq!(
        world.double.get("Run", "greet").unwrap()["status"]["result"],
        "hi ann"
    );
    operator.stop().await;
}

/// A program that is ready, and an operator that only what it watches brings back to it.
async fn told_by_watches_alone() -> (World, Operator) {
    let world = World::new();
    let late = |options| flowmesh_operator::Options {
        resync: Duration::from_secs(3600),
        ..options
    };
    let operator = world.operator_with("a", late).await;
    world.program(SHOP, &json!({}));
    world.ready().await;
    (world, operator)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_that_the_cluster_forgot_is_read_anew() {
    let (world, operator) = told_by_watches_alone().await;
    let lists = world
        .double
        .asked("GET /apis/flowmesh.dev/v1alpha1/programs?&limit=500");
    operator.door.shut();
    world.double.forget();
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world.double.forget();
    world.double.cut();
    operator.door.open();
    world.ready().await;
    assert!(
        world
            .double
            .asked("GET /apis/flowmesh.dev/v1alpha1/programs?&limit=500")
            > lists
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_breaks_again_and_again_is_soon_watched_again() {
    let (world, operator) = told_by_watches_alone().await;
    let watched = "GET /apis/flowmesh.dev/v1alpha1/programs?&watch=true";
    for _ in 0..6 {
        let watches = world.double.asked(watched);
        world.double.cut();
        world
            .double
            .until("it is watched again", |double| double.asked(watched) > watches)
            .await;
    }
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world.ready().await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_fast_end_as_the_last_one() {
    let world = World::new();
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    for word in ["hi", "hey", "good day", "salve"] {
        world.rewrite(&SHOP.replace("hello {name}", &format!("{word} {{name}}")));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    world.ready().await;
    let hello = world
        .ask("POST", "/v1/flows/hello/runs?wait=30s", r#"{"name":"ann"}"#)
        .await;
    assert_eq!(hello["result"], "salve ann");
    world
        .double
        .until("one map is left", |double| double.all("ConfigMap").len() == 1)
        .await;
    operator.stop().await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(world.double.all("ConfigMap").len(), 1);
}
