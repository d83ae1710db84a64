//! What is there already and another's stays another's: its fields, its runs and itself.

use crate::world::{SHOP, World};
use serde_json::{Value, json};

/// What another `Program` would carry out under the same name.
fn rival() -> Value {
    let text = SHOP.replace("hello {name}", "hi {name}");
    json!({ "spec": {
        "source": { "files": { "shop.flow": text } }, "deletion": "terminate", "conflicts": "force",
    } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_of_the_same_name_neither_deploys_nor_ends_runs_of_another() {
    let (world, operator) = World::begun(&json!({})).await;
    let run = world.waiting().await;
    let set = world.double.get("StatefulSet", "shop");
    world.double.create("Program", "rival", &rival());
    let applied = world
        .double
        .until_reason("Program", "rival", "Applied", "Conflict")
        .await;
    let message = applied["message"].as_str().unwrap();
    assert!(message.contains("`Program` `orders` owns it"), "{message}");
    let deployed = world.ask("GET", "/v1/deployments", "").await;
    assert_eq!(deployed["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(deployed["deployments"][0]["program"], world.status()["program"]);
    world.double.delete("Program", "rival");
    world.gone("Program", "rival").await;
    let run = world.ask("GET", &format!("/v1/runs/{run}"), "").await;
    assert_eq!(run["state"], "waiting");
    assert_eq!(world.double.get("StatefulSet", "shop"), set);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_before_does_not_become_a_programs_unless_it_is_handed_over() {
    let world = World::new();
    let operator = world.operator("a").await;
    let old = json!({ "spec": { "ports": [{ "name": "old", "port": 1 }] } });
    let service = world.double.create("Service", "shop", &old);
    let account = world.double.create("ServiceAccount", "flowmesh", &json!({}));
    let program = world.program(SHOP, &json!({ "conflicts": "force" }));
    let applied = world.reason("Applied", "Conflict").await;
    let message = applied["message"].as_str().unwrap();
    assert!(
        message.starts_with("Service shop/shop: it was there before"),
        "{message}"
    );
    assert_eq!(world.double.get("Service", "shop").unwrap(), service);
    let label = json!({ "metadata": { "labels": { "flowmesh.dev/program": program["metadata"]["uid"] } } });
    world.double.patch("Service", "shop", &label);
    world.ready().await;
    assert_ne!(
        world.double.get("Service", "shop").unwrap()["spec"]["ports"],
        old["spec"]["ports"]
    );
    // An account that somebody made for the pods is used, and stays when they go.
    world.double.delete("Program", "orders");
    world.gone("Service", "shop").await;
    assert_eq!(world.double.get("ServiceAccount", "flowmesh").unwrap(), account);
    operator.stop().await;
}
