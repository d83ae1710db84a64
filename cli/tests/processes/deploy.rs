//! Programs that are deployed to a server which runs, and the runs that go on in them.

use super::{
    serve::{runs, serve},
    shop::{PROGRAM, Shop, order, until},
};
use serde_json::Value;
use std::fs;

fn deploy(shop: &Shop, args: &[&str]) -> super::common::Shown {
    shop.flowmesh(&[&["deploy"][..], args, &["--dir", ".flowmesh"]].concat())
}

fn data(shown: &super::common::Shown) -> Value {
    serde_json::from_str(&shown.out).unwrap_or_else(|_| panic!("{}{}", shown.out, shown.err))
}

/// A run that waits to be approved.
fn waits(shop: &Shop, number: &str) -> String {
    let started = runs(
        shop,
        &["start", "checkout", "--input", &order(number, "5000"), "--json"],
    );
    let id = data(&started)["id"].as_str().expect("an id").to_owned();
    until("the run waits", || {
        runs(shop, &["get", &id]).out.contains("await approve")
    });
    id
}

fn write(shop: &Shop, name: &str, text: &str) {
    fs::write(shop.path(name), text).expect("the program is written");
}

#[test]
fn runs_move_to_what_is_deployed_and_back() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let server = serve(&shop);
    let id = waits(&shop, "1");
    write(
        &shop,
        "next.flow",
        &PROGRAM.replace("approved by", "waved through by"),
    );
    let planned = deploy(&shop, &["next.flow", "--plan"]);
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
    assert!(planned.out.contains("would move: 1 run"), "{}", planned.out);
    let before = data(&runs(&shop, &["get", &id, "--json"]))["program"].clone();
    let deployed = deploy(&shop, &["next.flow"]);
    assert!(
        deployed.code == 0 && deployed.out.contains("moved: 1 run"),
        "{deployed:?}"
    );
    let after = data(&runs(&shop, &["get", &id, "--json"]))["program"].clone();
    assert_ne!(before, after);
    // A server that was ended goes on with what was deployed last, and with the run that moved; also where the journal
    // was compacted meanwhile, which keeps the programs that the run had and those that somebody may go back to.
    drop(server);
    let compacted = shop.flowmesh(&["store", "compact", ".flowmesh"]);
    assert_eq!(compacted.code, 0, "{compacted:?}");
    let _server = serve(&shop);
    assert_eq!(data(&runs(&shop, &["get", &id, "--json"]))["program"], after);
    let other = waits(&shop, "2");
    assert_eq!(data(&runs(&shop, &["get", &other, "--json"]))["program"], after);
    let history = deploy(&shop, &["--history", "--json"]);
    let history = data(&history);
    assert_eq!(history["deployments"][0]["how"], "deployed", "{history}");
    assert_eq!(history["deployments"][0]["by"], "anonymous");
    assert_eq!(history["deployments"][1]["how"], "served");
    assert_eq!(
        runs(&shop, &["signal", &id, "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    let ended = runs(&shop, &["wait", &id]);
    assert!(ended.code == 0 && ended.out.contains("charge-1"), "{ended:?}");
    let events = runs(&shop, &["events", &id, "--json"]);
    let moved = events
        .out
        .lines()
        .filter(|line| line.contains("\"moved\""))
        .count();
    assert_eq!(moved, 1, "{}{}", events.out, events.err);
    let back = deploy(&shop, &["--rollback"]);
    assert!(back.code == 0 && back.out.contains("moved: 1 run"), "{back:?}");
    assert_eq!(data(&runs(&shop, &["get", &other, "--json"]))["program"], before);
    let none = deploy(&shop, &["--rollback"]);
    assert!(none.code == 2 && none.err.contains("F1161"), "{none:?}");
    let audit = shop.flowmesh(&["audit", "--dir", ".flowmesh", "--json"]);
    assert!(
        audit.out.contains("rollback") && audit.out.contains("deploy"),
        "{}",
        audit.out
    );
    // It is done again from a step that it did before it moved.
    let again = runs(&shop, &["restart", &id, "--from", "payments.charge", "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
}

#[test]
fn what_cannot_move_is_told_with_the_block_to_write() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let _server = serve(&shop);
    let id = waits(&shop, "1");
    let next = PROGRAM.replace("approve", "consent");
    write(&shop, "next.flow", &next);
    let planned = deploy(&shop, &["next.flow", "--plan"]);
    assert_eq!(planned.code, 1, "{}", planned.err);
    let block = "migrate checkout {\n  \"await approve\" -> \"await consent\"\n}\n";
    assert!(
        planned.out.contains("needs a migration block: 1 run") && planned.out.contains("F1151"),
        "{}",
        planned.out
    );
    assert!(
        planned.out.contains(block) && planned.out.contains(&id),
        "{}",
        planned.out
    );
    write(&shop, "next.flow", &format!("{next}\n{block}"));
    let deployed = deploy(&shop, &["next.flow", "--json"]);
    assert_eq!(data(&deployed)["counts"]["moves"], 1, "{}", deployed.out);
    assert_eq!(
        runs(&shop, &["signal", &id, "consent", r#"{"by": "ann"}"#]).code,
        0
    );
    assert_eq!(runs(&shop, &["wait", &id]).code, 0);
    write(&shop, "needs.flow", &format!("config other: url\n{next}"));
    let refused = deploy(&shop, &["needs.flow"]);
    assert!(refused.code == 2 && refused.err.contains("F1163"), "{refused:?}");
}

#[test]
fn a_directory_that_no_server_serves_is_deployed_to() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let server = serve(&shop);
    let id = waits(&shop, "1");
    drop(server);
    write(
        &shop,
        "next.flow",
        &PROGRAM.replace("approved by", "waved through by"),
    );
    let planned = data(&deploy(&shop, &["next.flow", "--plan", "--json"]));
    assert_eq!(
        (&planned["planned"], &planned["counts"]["moves"]),
        (&true.into(), &1.into())
    );
    let history = |shop: &Shop| data(&deploy(shop, &["--history", "--json"]))["deployments"].clone();
    assert_eq!(history(&shop).as_array().map(Vec::len), Some(1));
    let done = data(&deploy(&shop, &["next.flow", "--json"]));
    assert_eq!(done["counts"]["moves"], 1, "{done}");
    let again = data(&deploy(&shop, &["next.flow", "--json"]));
    assert_eq!(again["counts"]["current"], 1, "{again}");
    assert_eq!(history(&shop)[0]["how"], "deployed");

    // The server is started as before, and goes on with what was deployed.
    let server = serve(&shop);
    let run = data(&runs(&shop, &["get", &id, "--json"]));
    assert_eq!(run["program"], done["program"], "{run}");
    assert_eq!(
        runs(&shop, &["signal", &id, "approve", r#"{"by": "ann"}"#]).code,
        0
    );
    assert_eq!(runs(&shop, &["wait", &id]).code, 0);
    drop(server);
    let back = data(&deploy(&shop, &["--rollback", "--json"]));
    assert_eq!(history(&shop)[0]["how"], "rolled_back", "{back}");
    let nowhere = deploy(&shop, &["--rollback"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("F1161"), "{nowhere:?}");
}
