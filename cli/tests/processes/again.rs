//! Runs that have ended are done again, alone and many at once.

use super::{
    serve::{runs, serve},
    shop::{Shop, order, until},
};
use serde_json::Value;

#[test]
fn a_failed_run_is_tried_again_and_a_terminated_one_is_done_again_from_a_step() {
    let shop = Shop::new();
    let stubs = shop.stubs(&["--answer", "stock.reserve=503:{}"]);
    let _server = serve(&shop);
    let started = runs(
        &shop,
        &["start", "checkout", "--input", &order("1", "5000"), "--wait"],
    );
    assert_eq!(started.code, 1, "{}", started.err);
    let old = latest(&shop);
    let alone = runs(&shop, &["restart", &old, "--from", "payments.charge"]);
    assert!(
        alone.code == 2 && alone.err.contains("F1087") && alone.err.contains("stock.reserve"),
        "{}",
        alone.err
    );
    drop(stubs);
    let _stubs = shop.stubs(&[]);
    let retried = runs(&shop, &["retry", &old]);
    assert!(retried.code == 0 && retried.err.contains(&old), "{}", retried.err);
    let new = latest(&shop);
    assert_ne!(old, new);
    until("the new run waits", || {
        runs(&shop, &["get", &new]).out.contains("await approve")
    });
    let twice = runs(&shop, &["retry", &old]);
    assert!(twice.code == 2 && twice.err.contains("F1088"), "{}", twice.err);
    let early = runs(&shop, &["restart", &new, "--from", "await approve"]);
    assert!(early.code == 2 && early.err.contains("F1086"), "{}", early.err);
    assert_eq!(runs(&shop, &["terminate", &new]).code, 0);
    let again = runs(&shop, &["restart", &new, "--from", "await approve", "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let last = latest(&shop);
    assert_eq!(
        runs(&shop, &["signal", &last, "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    let ended = runs(&shop, &["wait", &last]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(
        (shop.count("reserve"), shop.count("charge")),
        (1, 1),
        "what was done is not done again"
    );
}

fn latest(shop: &Shop) -> String {
    let shown = runs(shop, &["get", "latest", "--json"]);
    let run: Value = serde_json::from_str(&shown.out).expect("a run is JSON");
    run["id"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn many_runs_are_found_counted_and_steered_at_once() {
    let shop = Shop::new();
    let stubs = shop.stubs(&["--answer", "stock.reserve=503:{}"]);
    let _server = serve(&shop);
    for id in ["1", "2"] {
        let started = runs(
            &shop,
            &["start", "checkout", "--input", &order(id, "5000"), "--wait"],
        );
        assert_eq!(started.code, 1, "{}", started.err);
    }
    drop(stubs);
    let _stubs = shop.stubs(&[]);
    assert_eq!(
        runs(&shop, &["start", "checkout", "--input", &order("3", "5000")]).code,
        0
    );
    let count = |filter: &[&str]| {
        let counted = runs(&shop, &[&["count"][..], filter].concat());
        assert_eq!(counted.code, 0, "{}", counted.err);
        counted.out.trim().to_owned()
    };
    until("the last one waits", || {
        count(&["--step", "await approve"]) == "1"
    });
    let failed = [
        "--state",
        "failed",
        "--error",
        "UnexpectedStatus",
        "--since",
        "1h",
    ];
    assert_eq!((count(&[]), count(&failed)), ("3".to_owned(), "2".to_owned()));
    assert_eq!(count(&["--until", "1h"]), "0");
    let all = runs(&shop, &["batch", "retry"]);
    assert!(
        all.code == 2 && all.err.contains("`--all` is every run"),
        "{}",
        all.err
    );
    let preview = runs(&shop, &[&["batch", "retry"][..], &failed].concat());
    assert!(
        preview.code == 0 && preview.err.contains("2 runs"),
        "{}",
        preview.err
    );
    assert_eq!(count(&[]), "3", "a preview does nothing");
    let retried = runs(&shop, &[&["batch", "retry", "--yes"][..], &failed].concat());
    assert!(
        retried.code == 0 && retried.err.contains("2 runs"),
        "{}",
        retried.err
    );
    let began: Vec<&str> = retried.out.lines().collect();
    assert_eq!(began.len(), 2, "{}", retried.out);
    for run in began {
        assert_eq!(runs(&shop, &["get", run]).code, 0, "{run}");
    }
    until("they wait, too", || count(&["--step", "await approve"]) == "3");
    let again = runs(&shop, &[&["batch", "retry", "--yes"][..], &failed].concat());
    assert!(again.err.contains("0 runs"), "{}", again.err);
    let paused = runs(&shop, &["batch", "pause", "--flow", "checkout", "--yes"]);
    assert!(paused.err.contains("3 runs"), "{}", paused.err);
    assert_eq!(count(&["--state", "paused"]), "3");
    let ended = runs(&shop, &["batch", "terminate", "--all", "--yes", "--json"]);
    let ended: Value = serde_json::from_str(&ended.out).expect("it is JSON");
    assert_eq!((&ended["done"], &ended["refused"]), (&3.into(), &0.into()));
}
