//! A server and the commands that speak to it.

use super::shop::{Running, Shop, order, until};
use serde_json::Value;
use std::process::{Command, Stdio};

/// A server, which may not listen yet.
pub(super) fn serve_with(shop: &Shop, more: &[&str]) -> Running {
    serve_at(shop, "127.0.0.1:0", more)
}

/// The same, at an address.
pub(super) fn serve_at(shop: &Shop, listen: &str, more: &[&str]) -> Running {
    let args = ["serve", "shop.flow", "--listen", listen];
    let mut command = shop.command(&[&args, more].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().expect("the binary runs"))
}

pub(super) fn serve(shop: &Shop) -> Running {
    let running = serve_with(shop, &[]);
    until("the server listens", || runs(shop, &["list"]).code == 0);
    running
}

pub(super) fn runs(shop: &Shop, args: &[&str]) -> super::common::Shown {
    shop.flowmesh(&[&["runs"][..], args, &["--dir", ".flowmesh"]].concat())
}

/// Starts a run, which then waits to be approved.
fn start_and_wait(shop: &Shop) {
    let started = runs(shop, &["start", "checkout", "--input", &order("1", "5000")]);
    assert_eq!(started.code, 0, "{}", started.err);
    until("the run waits", || {
        runs(shop, &["get", "latest"]).out.contains("await approve")
    });
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
fn a_paused_run_goes_on_where_it_stood() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    start_and_wait(&shop);
    let paused = runs(&shop, &["pause", "latest", "--reason", "the bank is down"]);
    assert!(
        paused.code == 0 && paused.err.contains("is paused"),
        "{}",
        paused.err
    );
    let shown = runs(&shop, &["get", "latest"]).out;
    assert!(shown.contains("paused   the bank is down (since "), "{shown}");
    assert!(
        runs(&shop, &["list", "--state", "paused"])
            .out
            .contains("checkout")
    );
    assert_eq!(
        runs(&shop, &["signal", "latest", "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    assert_eq!(shop.count("charge"), 0, "a paused run calls nobody");
    assert_eq!(runs(&shop, &["resume", "latest"]).code, 0);
    assert_eq!(runs(&shop, &["wait", "latest"]).code, 0);
    assert_eq!((shop.count("reserve"), shop.count("charge")), (1, 1));
}

#[test]
fn a_terminated_run_is_not_undone() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    start_and_wait(&shop);
    let ended = runs(&shop, &["terminate", "latest", "--reason", "it does harm"]);
    assert!(
        ended.code == 0 && ended.err.contains("nothing was undone"),
        "{}",
        ended.err
    );
    let waited = runs(&shop, &["wait", "latest"]);
    assert!(
        waited.code == 1 && waited.err.contains("it does harm"),
        "{}",
        waited.err
    );
    assert_eq!((shop.count("reserve"), shop.count("release")), (1, 0));
}

#[test]
fn an_undo_that_is_refused_waits_for_a_decision() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&["--answer", "stock.release=409:{}"]);
    let _server = serve(&shop);
    start_and_wait(&shop);
    assert_eq!(runs(&shop, &["cancel", "latest"]).code, 0);
    until("the run is parked", || {
        runs(&shop, &["list", "--state", "paused"])
            .out
            .contains("undo stock.release: parked")
    });
    let shown = runs(&shop, &["get", "latest"]).out;
    for part in [
        "an undo does not succeed",
        "flowmesh runs decide",
        "retry|skip",
        "F1083",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let resumed = runs(&shop, &["resume", "latest"]);
    assert!(
        resumed.code == 2 && resumed.err.contains("F1083"),
        "{}",
        resumed.err
    );
    let wrong = runs(&shop, &["decide", "latest", "done", "--result", "1"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1081"), "{}", wrong.err);
    assert_eq!(runs(&shop, &["decide", "latest", "retry"]).code, 0);
    let tried = || {
        shop.received()
            .iter()
            .filter(|line| line["operation"] == "release")
            .count()
    };
    until("it was tried again, and refused", || {
        tried() == 2 && runs(&shop, &["get", "latest"]).out.contains("parked")
    });
    assert_eq!(runs(&shop, &["decide", "latest", "skip"]).code, 0);
    let ended = runs(&shop, &["wait", "latest"]);
    assert!(
        ended.code == 1 && ended.err.contains("cancelled"),
        "{}",
        ended.err
    );
}

#[test]
fn a_paused_run_is_edited() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    start_and_wait(&shop);
    let moving = runs(&shop, &["edit", "latest", "order.total=12"]);
    assert!(moving.code == 2 && moving.err.contains("F1084"), "{}", moving.err);
    assert_eq!(runs(&shop, &["pause", "latest"]).code, 0);
    let unfit = runs(&shop, &["edit", "latest", "order.items[0].count=0"]);
    assert!(
        unfit.code == 2 && unfit.err.contains("order.items[0].count"),
        "{}",
        unfit.err
    );
    let edited = runs(
        &shop,
        &["edit", "latest", "order.total=12.50", "--set", "order.id=\"2\""],
    );
    assert!(
        edited.code == 0 && edited.err.contains("`order.total`"),
        "{}",
        edited.err
    );
    let shown = runs(&shop, &["edit", "latest"]).out;
    assert!(
        shown.contains("\"12.50\"") && shown.contains("\"hold\""),
        "{shown}"
    );
    assert_eq!(runs(&shop, &["resume", "latest"]).code, 0);
    assert_eq!(
        runs(&shop, &["signal", "latest", "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    assert_eq!(runs(&shop, &["wait", "latest"]).code, 0);
    let charged = shop
        .received()
        .into_iter()
        .find(|line| line["operation"] == "charge");
    let charged = charged.expect("it was charged").to_string();
    assert!(charged.contains("12.50"), "{charged}");
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
