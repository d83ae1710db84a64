//! A new version: planned, deployed and rolled out, while old runs stay what they are or move.

use crate::world::{SHOP, World};
use serde_json::{Value, json};

/// What `order` says at its end is another text; whoever waits can go on in it.
fn mended() -> String {
    SHOP.replace("{id} by {a.by}", "{id}, by {a.by}")
}

/// The signal is another one: whoever waits for the first has no place in it.
fn other() -> String {
    SHOP.replace("signal approve(by: string)", "signal agree(by: string)")
        .replace("await approve", "await agree")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_can_go_on_move_and_what_is_old_goes() {
    let (world, operator) = World::begun(&json!({})).await;
    let run = world.waiting().await;
    let old = world.status()["program"].clone();
    let maps = world.double.all("ConfigMap").len();
    world.rewrite(&mended());
    world.deployed_after(&old).await;
    let status = world.status();
    assert_eq!(status["program"], status["compiled"]);
    assert_eq!(
        (&status["plan"]["moves"], &status["plan"]["left"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(status["plan"]["groups"][0]["examples"], json!([run]));
    world
        .double
        .until("the old map is gone", |double| {
            double.all("ConfigMap").len() == maps
        })
        .await;
    let set = world.double.get("StatefulSet", "shop").unwrap();
    assert_eq!(
        set["metadata"]["annotations"]["flowmesh/program"],
        status["program"]
    );
    world.approve(&run).await;
    let ended = world.ended(&run).await;
    assert_eq!(ended["result"], "a, by ann");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_cannot_move_are_told_and_drained() {
    let (world, operator) = World::begun(&json!({})).await;
    let run = world.waiting().await;
    world.rewrite(&other());
    let drained = world.reason("Drained", "RunsLeft").await;
    assert!(
        drained["message"].as_str().unwrap().contains("0 can move"),
        "{drained}"
    );
    world.ready().await;
    let plan = &world.status()["plan"];
    assert_eq!(plan["left"], 1);
    assert_eq!(plan["groups"][0]["examples"], json!([run]));
    assert!(
        plan["groups"][0]["why"].as_str().unwrap().contains("(F1"),
        "{plan}"
    );
    // It ends as what it began as.
    world.approve(&run).await;
    let ended = world.ended(&run).await;
    assert_eq!(ended["result"], "a by ann");
    world.condition("Drained", "True").await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_stay_where_that_is_said() {
    let (world, operator) = World::begun(&json!({ "oldRuns": "stay" })).await;
    let run = world.waiting().await;
    let old = world.status()["program"].clone();
    world.rewrite(&mended());
    world.deployed_after(&old).await;
    assert_eq!(world.status()["plan"]["left"], 1);
    world.approve(&run).await;
    let ended = world.ended(&run).await;
    assert_eq!((&ended["result"], &ended["program"]), (&json!("a by ann"), &old));
    world.condition("Drained", "True").await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_waits_until_no_run_would_be_left() {
    let (world, operator) = World::begun(&json!({ "oldRuns": "wait" })).await;
    let run = world.waiting().await;
    let old = world.status()["program"].clone();
    world.rewrite(&other());
    let deployed = world.reason("Deployed", "RunsWouldStay").await;
    assert_eq!(deployed["status"], "False");
    assert_eq!(world.status()["program"], old);
    let set = world.double.get("StatefulSet", "shop").unwrap();
    assert_eq!(set["metadata"]["annotations"]["flowmesh/program"], old);
    world.ask("POST", &format!("/v1/runs/{run}/cancel"), "").await;
    world.ready().await;
    assert_eq!(world.status()["program"], world.status()["compiled"]);
    assert_ne!(world.status()["program"], old);
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_needs_new_values_gets_pods_first() {
    let (world, operator) = World::begun(&json!({})).await;
    let run = world.waiting().await;
    let text = format!(
        "config team: string\n{}",
        mended().replace("hello {name}", "{team} greets {name}")
    );
    let patch = json!({ "spec": {
        "source": { "files": { "shop.flow": text } }, "configs": { "team": "blue" },
    } });
    world.double.patch("Program", "orders", &patch);
    world
        .double
        .until("it is deployed", |_| {
            world.status()["program"] == world.status()["compiled"]
        })
        .await;
    world.ready().await;
    assert_eq!(world.status()["plan"]["moves"], 1, "{:#}", world.status());
    let hello = world
        .ask("POST", "/v1/flows/hello/runs?wait=30s", r#"{"name":"ann"}"#)
        .await;
    assert_eq!(hello["result"], "blue greets ann");
    world.approve(&run).await;
    let ended = world.ended(&run).await;
    assert_eq!(ended["result"], "a, by ann");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_that_never_become_ready_can_be_mended() {
    let world = World::new();
    world.pods.hold();
    let operator = world.operator("a").await;
    world.program(SHOP, &json!({}));
    world.reason("Ready", "RollingOut").await;
    world.rewrite(&mended());
    world
        .double
        .until("the pods are told", |double| {
            let set = double.get("StatefulSet", "shop").unwrap();
            set["metadata"]["annotations"]["flowmesh/program"] == world.status()["compiled"]
                && set["metadata"]["generation"] == 2
        })
        .await;
    world.pods.release();
    world.ready().await;
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_deployed_by_hand_is_taken_back() {
    let (world, operator) = World::begun(&json!({})).await;
    let first = world.double.all("ConfigMap")[0]["data"]["program.json"]
        .as_str()
        .unwrap()
        .to_owned();
    let hash = world.status()["program"].clone();
    world.rewrite(&mended());
    world.deployed_after(&hash).await;
    world.ask("POST", "/v1/deployments", &first).await;
    let wanted = world.status()["program"].clone();
    for _ in 0..600 {
        let all = world.ask("GET", "/v1/deployments", "").await;
        if all["deployments"][0]["program"] == wanted {
            operator.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("never taken back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_without_runs_can_be_called_otherwise_and_what_it_was_goes() {
    let (world, operator) = World::begun(&json!({})).await;
    let files = json!({ "shop.flow": Value::Null, "store.flow": SHOP });
    world.change(&json!({ "source": { "files": files } }));
    for kind in ["StatefulSet", "Service", "NetworkPolicy", "PodDisruptionBudget"] {
        world.gone(kind, "shop").await;
    }
    world
        .double
        .until("the old map is gone", |double| double.all("ConfigMap").len() == 1)
        .await;
    world.ready().await;
    assert_eq!(world.status()["name"], "store");
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_not_changed_under_runs() {
    let (world, operator) = World::begun(&json!({})).await;
    let run = world.waiting().await;
    let files = json!({ "shop.flow": Value::Null, "store.flow": SHOP });
    world.change(&json!({ "source": { "files": files } }));
    let deployed = world.reason("Deployed", "RunsUnfinished").await;
    assert!(deployed["message"].as_str().unwrap().contains(&run), "{deployed}");
    assert!(world.double.get("StatefulSet", "store").is_none());
    assert!(world.double.get("StatefulSet", "shop").is_some());
    operator.stop().await;
}
