//! Runs as people start them: to the end, through a signal, over a kill, and with wrong input.

use super::shop::{Running, Shop, is_there, order, until};
use serde_json::Value;
use std::{
    io::Read,
    process::{Command, Stdio},
};

#[test]
fn a_result_is_printed_and_progress_goes_elsewhere() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let shown = shop.flowmesh(&["run", "shop.flow", "checkout", "--input", &order("1", "10")]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let result: Value = serde_json::from_str(&shown.out).expect("the result is JSON");
    assert_eq!(result["id"], "charge-1");
    assert!(shown.err.contains("stock.reserve"), "{}", shown.err);
}

#[test]
fn logs_are_objects_where_programs_read_them() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let shown = shop.flowmesh(&[
        "run",
        "shop.flow",
        "checkout",
        "--input",
        &order("1", "10"),
        "--log-format",
        "json",
    ]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let lines = shown.err.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(!lines.is_empty(), "{}", shown.err);
    for line in &lines {
        assert!(
            line["timestamp"].is_string() && line["level"].is_string(),
            "{line}"
        );
    }
    let call = lines.iter().find(|line| line["span"]["name"] == "call");
    assert!(call.is_some(), "{}", shown.err);
}

#[test]
fn one_command_brings_its_own_stubs() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&[
        "run",
        "shop.flow",
        "checkout",
        "--input",
        &order("1", "10"),
        "--stub",
        "--json",
    ]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let run: Value = serde_json::from_str(&shown.out).expect("the result is JSON");
    assert_eq!(
        (run["state"].as_str(), run["result"]["id"].as_str()),
        (Some("done"), Some("charge-1"))
    );
}

#[test]
fn a_failed_flow_ends_with_1_and_is_undone() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&["--answer", "payments.charge=402"]);
    let shown = shop.flowmesh(&["run", "shop.flow", "checkout", "--input", &order("1", "10")]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    assert!(
        shown.err.contains("Declined(reason: \"declined\")"),
        "{}",
        shown.err
    );
    assert_eq!(shop.count("release"), 1);
}

#[test]
fn a_retry_is_told_with_its_reason() {
    let shop = Shop::new();
    let script = r#"{ "payments.charge": [{ "status": 503, "times": 2 }, { "status": 200 }] }"#;
    std::fs::write(shop.path("stub.json"), script).expect("the script is written");
    let _stubs = shop.stubs(&["--script", "stub.json"]);
    let shown = shop.flowmesh(&["run", "shop.flow", "checkout", "--input", &order("1", "10")]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let told = shown
        .err
        .lines()
        .filter(|line| line.contains("attempt") && line.contains("503"))
        .count();
    assert_eq!(told, 2, "{}", shown.err);
}

#[test]
fn a_log_shows_spans_of_the_trace_that_services_see() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let shown = shop.flowmesh(&[
        "run",
        "shop.flow",
        "checkout",
        "--input",
        &order("1", "10"),
        "--log",
        "info",
    ]);
    let seen = shop.received()[0]["traceparent"]
        .as_str()
        .expect("a header")
        .to_owned();
    let trace = seen.split('-').nth(1).expect("a trace").to_owned();
    assert!(shown.err.contains(&format!("trace_id={trace}")), "{}", shown.err);
}

#[test]
fn a_log_and_a_test_see_the_same_spans() {
    let shop = Shop::new();
    let program = r#"
service stock {
  at: "http://127.0.0.1:1"
  op hold(sku: string) = PUT "/holds/{sku}"
}

flow ship(sku: string) {
  step packing "Pack the box" {
    step closing {
      stock.hold(sku) catch any -> log "not held"
    }
  }
}

test "spans" {
  mock stock.hold(_) attempted -> fail Unavailable(reason: "refused")
  start ship("a")
  advance 1m
  expect run spans closing in packing once
  expect run spans "stock.hold" in closing once
  expect run spans attempt in "stock.hold" is failed
}
"#;
    std::fs::write(shop.path("ship.flow"), program).expect("it can be written");
    let tested = shop.flowmesh(&["test", "ship.flow"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    let input = r#"{"sku":"a"}"#;
    let shown = shop.flowmesh(&["run", "ship.flow", "ship", "--input", input, "--log", "info"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let attempt = shown.err.lines().find(|line| line.contains(":attempt{"));
    let attempt = attempt.unwrap_or_else(|| panic!("no attempt: {}", shown.err));
    let mut from = 0;
    for part in [
        "run{flow=\"ship\"",
        ":step{step=\"Pack the box\"",
        ":step{step=\"closing\"",
        ":step{step=\"stock.hold\"",
        ":call{service=\"stock\" operation=\"hold\"",
        ":attempt{attempt=1",
    ] {
        let at = attempt.get(from..).and_then(|rest| rest.find(part));
        from += at.unwrap_or_else(|| panic!("{part} in {attempt}"));
    }
}

#[test]
fn a_service_that_is_down_is_told() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["run", "shop.flow", "checkout", "--input", &order("1", "10")]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    assert!(
        shown.err.contains("checkout failed: Unavailable("),
        "{}",
        shown.err
    );
}

#[test]
fn a_killed_run_is_finished_with_resume_and_charged_once() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let input = order("1", "5000");
    let args = ["run", "shop.flow", "checkout", "--input", &input];
    let mut running = Running(quiet(shop.command(&args)).spawn().expect("the binary runs"));
    let id = waiting(&shop);
    // SIGKILL: nothing of the process is asked.
    running.0.kill().expect("it is killed");
    running.0.wait().expect("it has ended");
    let resumed = quiet(shop.command(&[&args[..], &["--resume"]].concat()))
        .stdout(Stdio::piped())
        .spawn();
    let mut resumed = Running(resumed.expect("the binary runs"));
    assert_eq!(waiting(&shop), id);
    let told = shop.flowmesh(&[
        "runs",
        "signal",
        &id,
        "approve",
        r#"{"by": "ann"}"#,
        "--dir",
        ".flowmesh",
    ]);
    assert_eq!(told.code, 0, "{}", told.err);
    let mut result = String::new();
    let mut out = resumed.0.stdout.take().expect("a pipe");
    out.read_to_string(&mut result).expect("text");
    assert!(resumed.0.wait().expect("it ends").success());
    assert!(result.contains("charge-1"), "{result}");
    assert_eq!((shop.count("reserve"), shop.count("charge")), (1, 1));
    // The same command line once more only tells how it ended.
    let again = shop.flowmesh(&[&args[..], &["--resume"]].concat());
    assert_eq!((again.code, again.out), (0, result));
    assert_eq!(shop.count("charge"), 1);
}

#[test]
fn an_interrupt_says_how_to_go_on() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let input = order("1", "5000");
    let mut command = shop.command(&["run", "shop.flow", "checkout", "--input", &input]);
    let mut running = Running(command.stderr(Stdio::piped()).spawn().expect("the binary runs"));
    waiting(&shop);
    let kill = Command::new("kill")
        .args(["-INT", &running.0.id().to_string()])
        .status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(running.0.wait().expect("it ends").code(), Some(130));
    let mut said = String::new();
    running
        .0
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut said)
        .expect("text");
    assert!(said.contains("--resume"), "{said}");
    assert!(!is_there(&shop.path(".flowmesh/api")));
}

#[test]
fn wrong_input_is_refused_with_its_place() {
    let shop = Shop::new();
    let run = |args: &[&str]| shop.flowmesh(&[&["run", "shop.flow"][..], args].concat());
    let wrong = r#"{"order": {"id": "1", "items": [{"sku": "A", "count": 0}], "total": "1"}}"#;
    let shown = run(&["checkout", "--input", wrong]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.err.contains("F1051") && shown.err.contains("order.items[0].count"),
        "{}",
        shown.err
    );
    let shown = run(&["chekout"]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.err.contains("F1104") && shown.err.contains("did you mean `checkout`?"),
        "{}",
        shown.err
    );
    let shown = run(&["checkout", "--input", "{order: 1}"]);
    assert!(shown.code == 2 && shown.err.contains("F1105"), "{}", shown.err);
    let shown = run(&["checkout", "--input", "@nothing.json"]);
    assert!(shown.code == 2 && shown.err.contains("F1101"), "{}", shown.err);
    let shown = run(&["checkout", "--set", "pay_url", "--input", &order("1", "1")]);
    assert!(shown.code == 2 && shown.err.contains("F1106"), "{}", shown.err);
    let shown = run(&["checkout", "--input", &order("1", "1"), "--resume"]);
    assert!(shown.code == 2 && shown.err.contains("F1103"), "{}", shown.err);
}

#[test]
fn a_directory_in_use_is_refused() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let input = order("1", "5000");
    let args = ["run", "shop.flow", "checkout", "--input", &input];
    let _running = Running(quiet(shop.command(&args)).spawn().expect("the binary runs"));
    waiting(&shop);
    let shown = shop.flowmesh(&args);
    assert_eq!(shown.code, 4);
    assert!(shown.err.contains("F1030"), "{}", shown.err);
}

#[test]
fn a_decimal_written_as_a_number_keeps_every_digit() {
    let shop = Shop::new();
    std::fs::write(
        shop.path("twice.flow"),
        "flow twice(amount: decimal) -> decimal {\n  return amount + amount\n}\n",
    )
    .expect("the program is written");
    let input = r#"{"amount": 12345678901234567.10}"#;
    let shown = shop.flowmesh(&["run", "twice.flow", "twice", "--input", input]);
    assert_eq!(
        (shown.code, shown.out.trim()),
        (0, "\"24691357802469134.20\""),
        "{}",
        shown.err
    );
}

#[test]
fn a_reply_that_does_not_fit_is_told_with_its_place_and_what_was_done_is_undone() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&["--answer", r#"payments.charge={"id": 7, "amount": "1.00"}"#]);
    let shown = shop.flowmesh(&["run", "shop.flow", "checkout", "--input", &order("1", "10")]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    assert!(shown.err.contains("BadReply"), "{}", shown.err);
    assert!(
        shown.err.contains("expected string, found `7` at `id`"),
        "{}",
        shown.err
    );
    assert_eq!(shop.count("release"), 1);
}

#[test]
fn a_store_of_another_version_is_refused_and_left_as_it_is() {
    let shop = Shop::new();
    std::fs::create_dir(shop.path("store")).expect("a folder is made");
    std::fs::write(shop.path("store/FORMAT"), "99\n").expect("a file is written");
    let input = order("1", "10");
    let shown = shop.flowmesh(&[
        "run",
        "shop.flow",
        "checkout",
        "--input",
        &input,
        "--dir",
        "store",
    ]);
    assert_eq!(shown.code, 4, "{}", shown.err);
    assert!(
        shown.err.contains("F1031") && shown.err.contains("99"),
        "{}",
        shown.err
    );
    let format = std::fs::read_to_string(shop.path("store/FORMAT")).expect("it is there");
    assert_eq!(format, "99\n");
}

/// Waits until the run waits for its signal, and gives its identifier.
fn waiting(shop: &Shop) -> String {
    let mut id = String::new();
    until("the run waits", || {
        let list = shop.flowmesh(&["runs", "list", "--json", "--dir", ".flowmesh"]);
        let page: Value = serde_json::from_str(&list.out).unwrap_or_default();
        id = page["runs"][0]["id"].as_str().unwrap_or_default().to_owned();
        page["runs"][0]["state"] == "waiting"
    });
    id
}

fn quiet(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
