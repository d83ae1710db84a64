//! What a spec asks for beside the pods, and what it must not ask for.

use crate::world::{SHOP, World};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measures_and_tests_come_and_go_with_the_spec() {
    let (world, operator) = World::begun(&json!({ "monitor": true, "tests": true })).await;
    assert_eq!(world.double.all("ServiceMonitor").len(), 1);
    let job = world.double.all("Job").remove(0);
    // Its pods cannot be changed: the one of this version stays as it is.
    world.change(&json!({ "image": "registry.example.com/flowmesh:2" }));
    world
        .double
        .until("the pods have the image", |double| {
            let set = double.get("StatefulSet", "shop").unwrap();
            set["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/flowmesh:2"
        })
        .await;
    world.ready().await;
    assert_eq!(world.double.all("Job"), [job]);
    world.change(&json!({ "monitor": false, "tests": false }));
    world
        .double
        .until("both are gone", |double| {
            double.all("ServiceMonitor").is_empty() && double.all("Job").is_empty()
        })
        .await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_let_in_when_its_tests_have_passed() {
    let world = World::new();
    world.pods.end_jobs(None);
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({ "tests": true }));
    let deployed = world.reason("Deployed", "Testing").await;
    let job = world.double.all("Job").remove(0)["metadata"]["name"].clone();
    let job = job.as_str().unwrap();
    assert!(deployed["message"].as_str().unwrap().contains(job), "{deployed}");
    assert_eq!(world.double.get("StatefulSet", "shop"), None);
    assert!(world.double.get("ConfigMap", job).is_some());
    world.pods.end_jobs(Some("Complete"));
    world.ready().await;
    let (old, pods) = (
        world.status()["program"].clone(),
        world.double.get("StatefulSet", "shop"),
    );
    // The next one fails: the pods stay as they are, and their runs too.
    world.pods.end_jobs(Some("Failed"));
    let run = world.waiting().await;
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    let deployed = world.reason("Deployed", "TestsFailed").await;
    assert!(
        deployed["message"]
            .as_str()
            .unwrap()
            .contains("kubectl logs job/"),
        "{deployed}"
    );
    assert_eq!(world.status()["program"], old);
    let template = |pods: &Option<serde_json::Value>| pods.as_ref().unwrap()["spec"]["template"].clone();
    let now = world.double.get("StatefulSet", "shop");
    assert_eq!(template(&now), template(&pods));
    world.approve(&run).await;
    assert_eq!(world.ended(&run).await["state"], "done");
    // They are carried out again where somebody takes the Job away.
    world.pods.end_jobs(Some("Complete"));
    for job in world.double.all("Job") {
        let name = job["metadata"]["name"].as_str().unwrap();
        if job["status"]["conditions"][0]["type"] == "Failed" {
            world.double.delete("Job", name);
        }
    }
    world.deployed_after(&old).await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_another_lets_no_version_in() {
    let world = World::new();
    world.pods.end_jobs(None);
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({ "tests": true }));
    world.reason("Deployed", "Testing").await;
    let job = world.double.all("Job").remove(0)["metadata"]["name"].clone();
    let other = json!([{ "apiVersion": "v1", "kind": "Other", "name": "a", "uid": "not-ours" }]);
    let metadata = json!({ "metadata": { "ownerReferences": other } });
    world.double.patch("Job", job.as_str().unwrap(), &metadata);
    world.pods.end_jobs(Some("Complete"));
    let applied = world.reason("Applied", "Conflict").await;
    assert!(
        applied["message"].as_str().unwrap().contains("owns it"),
        "{applied}"
    );
    assert_eq!(world.double.get("StatefulSet", "shop"), None);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spec_that_leaves_no_room_for_the_status_is_told() {
    let world = World::new();
    let operator = world.operator("a").await;
    let files = json!({ "shop.flow": SHOP, "long.txt": "x".repeat(900_000) });
    world.program(SHOP, &json!({ "source": { "files": files } }));
    let compiled = world.reason("Compiled", "Errors").await;
    assert!(
        compiled["message"].as_str().unwrap().contains("900000"),
        "{compiled}"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_wrote_into_the_status_leads_nowhere() {
    let (world, operator) = World::begun(&json!({})).await;
    let mut status = world.status();
    let key = json!({ "apiVersion": "v1", "kind": "Secret", "namespace": "shop", "name": "../secrets/a?b" });
    status["objects"].as_array_mut().unwrap().push(key);
    world.double.status("Program", "orders", &status);
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world
        .double
        .until("it is gone from there", |_| {
            !world.status()["objects"].to_string().contains("..")
        })
        .await;
    world.ready().await;
    assert_eq!(world.double.asked(".."), 0);
    operator.stop().await;
}
