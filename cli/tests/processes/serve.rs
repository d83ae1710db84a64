//! A server and the commands that speak to it.

use super::shop::{Running, Shop, order, until};
use serde_json::Value;
use std::process::{Command, Stdio};

fn serve(shop: &Shop) -> Running {
    let mut command = shop.command(&["serve", "shop.flow", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().expect("the binary runs"));
    until("the server listens", || runs(shop, &["list"]).code == 0);
    running
}

fn runs(shop: &Shop, args: &[&str]) -> super::common::Shown {
    shop.flowmesh(&[&["runs"][..], args, &["--dir", ".flowmesh"]].concat())
}

#[test]
fn runs_are_started_seen_signalled_and_waited_for() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    let started = runs(
        &shop,
        &["start", "checkout", "--input", &order("1", "5000"), "--json"],
    );
    let started: Value = serde_json::from_str(&started.out).expect("JSON");
    let id = started["id"].as_str().expect("an id");
    until("the run waits", || {
        runs(&shop, &["get", id]).out.contains("await approve")
    });
    let wrong = runs(&shop, &["signal", id, "aprove", "{}"]);
    assert!(
        wrong.code == 2 && wrong.err.contains("did you mean `approve`?"),
        "{}",
        wrong.err
    );
    assert_eq!(
        runs(&shop, &["signal", id, "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    let ended = runs(&shop, &["wait", id]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("charge-1"), "{}", ended.out);
    let list = runs(&shop, &["list"]);
    assert!(list.out.contains(id) && list.out.contains("done"), "{}", list.out);
    let found = runs(
        &shop,
        &[
            "list", "--flow", "checkout", "--state", "done", "--since", "1h", "--key", "1",
        ],
    );
    assert!(found.out.contains(id), "{found:?}");
    let none = runs(&shop, &["list", "--error", "Declined"]);
    assert!(none.code == 0 && !none.out.contains(id), "{none:?}");
    assert_eq!(runs(&shop, &["count", "--state", "done"]).out.trim(), "1");
    assert_eq!(runs(&shop, &["count", "--until", "1h"]).out.trim(), "0");
    let wrong = runs(&shop, &["count", "--since", "someday"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1106"), "{wrong:?}");
    let again = runs(
        &shop,
        &["start", "checkout", "--input", &order("1", "5000"), "--json"],
    );
    assert!(
        again.out.contains(id),
        "the same key is the same run: {}",
        again.out
    );
}

#[test]
fn a_cancelled_run_is_undone_and_its_events_tell() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    let started = runs(
        &shop,
        &["start", "checkout", "--input", &order("1", "5000"), "--json"],
    );
    let started: Value = serde_json::from_str(&started.out).expect("JSON");
    let id = started["id"].as_str().expect("an id");
    until("the run waits", || {
        runs(&shop, &["get", id]).out.contains("await approve")
    });
    let follower = shop
        .command(&["runs", "events", id, "--json", "--dir", ".flowmesh"])
        .stdout(Stdio::piped())
        .spawn();
    assert_eq!(runs(&shop, &["cancel", id, "--reason", "no need"]).code, 0);
    assert_eq!(runs(&shop, &["wait", id]).code, 1);
    assert_eq!(shop.count("release"), 1);
    let told = follower
        .expect("the binary runs")
        .wait_with_output()
        .expect("it ends");
    let told = String::from_utf8(told.stdout).expect("text");
    assert!(told.contains("no need"), "{told}");
}

#[test]
fn an_open_run_goes_on_with_the_next_server() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let mut server = serve(&shop);
    let started = runs(
        &shop,
        &["start", "checkout", "--input", &order("1", "5000"), "--json"],
    );
    let started: Value = serde_json::from_str(&started.out).expect("JSON");
    let id = started["id"].as_str().expect("an id").to_owned();
    let stop = Command::new("kill")
        .args(["-TERM", &server.0.id().to_string()])
        .status();
    assert!(stop.expect("kill runs").success());
    assert_eq!(server.0.wait().expect("it ends").code(), Some(0));
    let _server = serve(&shop);
    assert_eq!(
        runs(&shop, &["signal", &id, "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    assert_eq!(runs(&shop, &["wait", &id]).code, 0);
    assert_eq!((shop.count("reserve"), shop.count("charge")), (1, 1));
}

#[test]
fn others_are_let_in_only_when_told() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["serve", "shop.flow", "--listen", "0.0.0.0:0"]);
    assert!(shown.code == 2 && shown.err.contains("F1060"), "{}", shown.err);
}

#[test]
fn nobody_there_is_said() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["runs", "list", "--server", "http://127.0.0.1:9"]);
    assert!(shown.code == 4 && shown.err.contains("F1110"), "{}", shown.err);
    let shown = shop.flowmesh(&["runs", "list"]);
    assert!(shown.code == 2 && shown.err.contains("F1112"), "{}", shown.err);
    // A stub is a server too, and none of ours.
    let _stubs = shop.stubs(&[]);
    let url = format!("http://127.0.0.1:{}", shop.stock);
    let shown = shop.flowmesh(&["runs", "list", "--server", &url]);
    assert!(shown.code == 2 && shown.err.contains("F1111"), "{}", shown.err);
}
