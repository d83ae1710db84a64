//! Of several operators one works, and another one when that is gone.

use crate::world::{SHOP, World};
use serde_json::{Value, json};

fn holder(world: &World) -> Value {
    let lease = world.double.all("Lease");
    lease
        .first()
        .map_or(Value::Null, |lease| lease["spec"]["holderIdentity"].clone())
}

async fn held_by(world: &World, who: &str) {
    world
        .double
        .until(&format!("{who} holds the lease"), |_| holder(world) == who)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_works_until_it_is_gone_and_the_other_goes_on() {
    let world = World::new();
    let first = world.operator("a").await;
    held_by(&world, "a").await;
    let second = world.operator("b").await;
    world.program(SHOP, &json!({}));
    world.ready().await;
    assert_eq!(holder(&world), "a");
    first.kill().await;
    held_by(&world, "b").await;
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    world.ready().await;
    let lease = &world.double.all("Lease")[0];
    assert_eq!(lease["spec"]["leaseTransitions"], 1);
    assert_eq!(lease["metadata"]["namespace"], "ops");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_told_to_stop_gives_the_lease_up() {
    let world = World::new();
    let first = world.operator("a").await;
    held_by(&world, "a").await;
    first.stop().await;
    assert_eq!(holder(&world), "");
    let second = world.operator("b").await;
    held_by(&world, "b").await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_cut_off_stops_before_the_other_begins() {
    let world = World::new();
    let first = world.operator("a").await;
    held_by(&world, "a").await;
    world.program(SHOP, &json!({}));
    world.ready().await;
    first.door.shut();
    // What it still wants to write waits behind the door.
    world.rewrite(&SHOP.replace("hello {name}", "hi {name}"));
    let second = world.operator("b").await;
    held_by(&world, "b").await;
    world.ready().await;
    // The last thing that is written of a new version is that nothing is left of the one before.
    world
        .double
        .until("nothing is left", |_| {
            world.status()["objects"]
                .as_array()
                .is_some_and(|all| all.len() == 6)
        })
        .await;
    let before = first.door.tried().len();
    first.door.open();
    // The first one looks at the lease again, and does nothing else.
    let leases = world.double.asked("GET /apis/coordination.k8s.io");
    world
        .double
        .until("it looked", |double| {
            double.asked("GET /apis/coordination.k8s.io") > leases + 20
        })
        .await;
    let new = first.door.tried().split_off(before);
    assert!(new.iter().all(|it| it.contains("/leases/")), "{new:#?}");
    assert_eq!(holder(&world), "b");
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_renewed_still_says_since_when_it_is_held() {
    let world = World::new();
    let operator = world.operator("a").await;
    held_by(&world, "a").await;
    let lease = || world.double.all("Lease")[0]["spec"].clone();
    let first = lease();
    world
        .double
        .until("it is renewed", |_| lease()["renewTime"] != first["renewTime"])
        .await;
    assert!(first["acquireTime"].is_string(), "{first}");
    assert_eq!(lease()["acquireTime"], first["acquireTime"]);
    operator.stop().await;
}
