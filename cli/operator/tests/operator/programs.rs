//! A program becomes what carries it out, and says how that stands.

use crate::world::{SHOP, World};
use serde_json::{Value, json};

const KINDS: [&str; 6] = [
    "StatefulSet",
    "Service",
    "ServiceAccount",
    "ConfigMap",
    "NetworkPolicy",
    "PodDisruptionBudget",
];

/// A program with a service, of which a mesh has something to know.
const PAYS: &str = "service payments {\n  at: \"dns://payments.shop.svc.cluster.local:8080\"\n  timeout: { total: 2s }\n  \
                    op charge(id: string) = PUT \"/charges/{id}\"\n}\nflow pay(id: string) { payments.charge(id) }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_compiled_applied_and_ready() {
    let world = World::new();
    let operator = world.operator("a").await;
    let program = world.program(SHOP, &json!({}));
    world.ready().await;
    let status = world.status();
    assert_eq!(status["compiled"], status["program"]);
    assert_eq!(
        (&status["name"], &status["observedGeneration"]),
        (&json!("shop"), &json!(1))
    );
    for kind in KINDS {
        let all = world.double.all(kind);
        assert_eq!(all.len(), 1, "{kind}");
        assert_eq!(
            all[0]["metadata"]["ownerReferences"][0]["uid"], program["metadata"]["uid"],
            "{kind}"
        );
    }
    assert_eq!(status["objects"].as_array().unwrap().len(), KINDS.len());
    let deployed = world.ask("GET", "/v1/deployments", "").await;
    assert_eq!(deployed["deployments"][0]["program"], status["program"]);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_comes_from_a_config_map_or_compiled_too() {
    let world = World::new();
    let operator = world.operator("a").await;
    let source = json!({ "spec": { "source": { "configMap": { "name": "texts" } } } });
    world.double.create("Program", "orders", &source);
    let compiled = world.reason("Compiled", "Errors").await;
    assert!(
        compiled["message"]
            .as_str()
            .unwrap()
            .contains("no such ConfigMap"),
        "{compiled}"
    );
    world
        .double
        .create("ConfigMap", "texts", &json!({ "data": { "shop.flow": SHOP } }));
    world.ready().await;
    let hash = world.status()["program"].clone();
    // The same program, compiled before: nothing changes but where it comes from.
    let maps = world.double.all("ConfigMap");
    let text = maps
        .iter()
        .find_map(|map| map["data"]["program.json"].as_str())
        .unwrap();
    let patch = json!({ "spec": { "source": { "configMap": Value::Null, "program": text } } });
    world.double.patch("Program", "orders", &patch);
    world.ready().await;
    assert_eq!(world.status()["program"], hash);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_told_with_code_and_place_and_what_runs_goes_on() {
    let (world, operator) = World::begun(&json!({})).await;
    let before = (
        world.status()["program"].clone(),
        world.double.get("StatefulSet", "shop"),
    );
    world.rewrite("flow order() {\n  missing()\n}\n");
    let compiled = world.reason("Compiled", "Errors").await;
    let message = compiled["message"].as_str().unwrap();
    assert!(
        message.starts_with('F') && message.contains(" shop.flow:2:3: "),
        "{message}"
    );
    let status = world.status();
    assert_eq!(status["diagnostics"][0]["place"], "shop.flow:2:3");
    assert!(message.starts_with(status["diagnostics"][0]["code"].as_str().unwrap()));
    world.condition("Ready", "False").await;
    assert_eq!(
        before,
        (
            world.status()["program"].clone(),
            world.double.get("StatefulSet", "shop")
        )
    );
    world.rewrite(SHOP);
    world.ready().await;
    assert_eq!(world.status().get("diagnostics"), None);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mesh_gets_its_objects_and_loses_them_again() {
    let world = World::new();
    let operator = world.operator("a").await;
    world.program(PAYS, &json!({ "mesh": { "target": "istio" } }));
    world.ready().await;
    assert_eq!(world.double.all("VirtualService").len(), 1);
    world.change(&json!({ "mesh": null }));
    world
        .double
        .until("it is gone", |double| double.all("VirtualService").is_empty())
        .await;
    world.ready().await;
    assert_eq!(world.double.all("Service").len(), 1);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_the_cluster_lacks_is_told() {
    let world = World::new();
    let operator = world.operator("a").await;
    world.program(PAYS, &json!({ "mesh": { "target": "gateway-api" } }));
    let applied = world.reason("Applied", "Refused").await;
    assert!(
        applied["message"]
            .as_str()
            .unwrap()
            .contains("the cluster has no `HTTPRoute`"),
        "{applied}"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_wrote_is_reported_and_taken_only_where_that_is_said() {
    let (world, operator) = World::begun(&json!({})).await;
    world
        .double
        .patch("StatefulSet", "shop", &json!({ "spec": { "replicas": 0 } }));
    let applied = world.reason("Applied", "Conflict").await;
    let message = applied["message"].as_str().unwrap();
    assert!(
        message.contains("StatefulSet shop/shop: ") && message.contains("\"kubectl\": .spec.replicas"),
        "{message}"
    );
    world.condition("Ready", "False").await;
    assert_eq!(
        world.double.get("StatefulSet", "shop").unwrap()["spec"]["replicas"],
        0
    );
    world.change(&json!({ "conflicts": "force" }));
    world.ready().await;
    assert_eq!(
        world.double.get("StatefulSet", "shop").unwrap()["spec"]["replicas"],
        1
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_cluster_refuses_is_told() {
    let (world, operator) = World::begun(&json!({})).await;
    world.change(&json!({ "storage": "20Gi" }));
    let applied = world.reason("Applied", "Refused").await;
    assert!(
        applied["message"].as_str().unwrap().contains("Forbidden"),
        "{applied}"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deleted_by_hand_comes_back() {
    let (world, operator) = World::begun(&json!({})).await;
    world.double.delete("Service", "shop");
    world
        .double
        .until("it is back", |double| double.get("Service", "shop").is_some())
        .await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_of_a_namespace_share_the_account() {
    let (world, operator) = World::begun(&json!({})).await;
    let other = "service web { at: \"dns://web.shop.svc.cluster.local:80\" }\n\
                 gateway edge {\n  listen: \"http://0.0.0.0:8080\"\n  any \"/**\" -> web\n}\n";
    let text = json!({ "spec": { "source": { "files": { "edge.flow": other } } } });
    world.double.create("Program", "edge", &text);
    world
        .double
        .until_condition("Program", "edge", "Applied", "True")
        .await;
    let account = || world.double.get("ServiceAccount", "flowmesh");
    assert_eq!(
        account().unwrap()["metadata"]["ownerReferences"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    world.double.delete("Program", "edge");
    world.gone("Program", "edge").await;
    assert_eq!(
        account().unwrap()["metadata"]["ownerReferences"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(world.double.get("Deployment", "edge"), None);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_cluster_has_no_field_for_is_refused_and_all_else_is_applied() {
    let world = World::new();
    world.double.lacks("NetworkPolicy", "/spec/policyTypes");
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    let applied = world.reason("Applied", "Refused").await;
    let message = applied["message"].as_str().unwrap();
    assert!(
        message.starts_with("NetworkPolicy shop/shop: failed to create typed patch object")
            && message.ends_with(".spec.policyTypes: field not declared in schema"),
        "{message}"
    );
    assert!(world.double.get("StatefulSet", "shop").is_some());
    operator.stop().await;
}
