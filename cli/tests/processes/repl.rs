//! The prompt, fed by a script.

use super::{common, shop::Shop};
use std::fs;

fn repl(script: &str) -> common::Shown {
    common::feed(common::command(&["repl"]), script)
}

/// As [`repl`]; everything goes well.
fn well(script: &str) -> String {
    let shown = repl(script);
    assert_eq!(shown.code, 0, "{}\n{}", shown.out, shown.err);
    shown.out
}

/// A text in which one blank stands for several, as wide as columns may be.
fn squeezed(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n");
    lines.collect()
}

/// Says which of these texts is not there.
fn holds(text: &str, all: &[&str]) {
    let squeezed = squeezed(text);
    for said in all {
        assert!(squeezed.contains(said), "{said}\n{text}");
    }
}

/// A flow that asks a service, and waits for a person.
const APPROVAL: &str = "error Declined(reason: string)

service payments {
  at: \"http://127.0.0.1:7002\"

  op charge(order: string, amount: decimal) -> string fails Declined = POST \"/charges\" {
    key: order
    on 402: Declined(reason: \"no\")
  }
}

flow pay(order: string, amount: decimal) -> string fails Declined {
  var by = \"nobody\"
  signal approve(by: string)
  tag order = order

  await approve as approval within 2d else return \"late\"
  by = approval.by
  let receipt = payments.charge(order, amount)
  return receipt + \" by \" + by
}

";

#[test]
fn expressions_show_their_value_and_type() {
    let out = well("1 + 2\n[1, 2].map(x => x * 2)\n{ a: \"x\" }\n:type 1.5\n");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.first(), Some(&"3  : int"));
    assert_eq!(lines.get(1), Some(&"[2, 4]  : [int]"));
    assert_eq!(lines.last(), Some(&"decimal"));
}

#[test]
fn what_is_declared_is_kept() {
    let out = well(
        "type Item {\n  price: decimal\n  count: int\n}\nfn cost(i: Item) -> decimal = i.price * i.count\nlet i = Item(price: 1.5, count: 4)\ncost(i)\ni\n",
    );
    assert!(
        out.contains("i = Item(price: 1.5, count: 4)  : Item\n6.0  : decimal\n"),
        "{out}"
    );
    assert!(out.ends_with("Item(price: 1.5, count: 4)  : Item\n"), "{out}");
}

#[test]
fn what_is_wrong_is_shown_and_the_rest_goes_on() {
    let shown = repl("nothing + 1\n1 / 0\n:frob\n:insp\n40 + 2\n");
    assert_eq!(shown.code, 3);
    holds(
        &shown.err,
        &[
            "nothing",
            "F1116",
            "there is no `:frob`",
            "did you mean `:inspect`?",
        ],
    );
    assert_eq!(shown.out, "42  : int\n");
}

#[test]
fn what_fails_is_not_what_the_compiler_finds() {
    assert_eq!(repl("expect 1 == 2\n").code, 1);
    assert_eq!(repl("expect 1 == 2\n1 +\n\n").code, 3);
    assert_eq!(repl("expect 1 == 1\n").code, 0);
    assert_eq!(repl("flow f() {\n").code, 3);
}

#[test]
fn an_input_goes_on_until_it_is_whole() {
    let out = well(
        "/// Twice.\nfn twice(\n  n: int\n) -> int =\n  n * 2\n\nlet x =\n  twice(\n    4\n  )\nx +\n1\n",
    );
    assert_eq!(out, "x = 8  : int\n9  : int\n");
}

#[test]
fn a_run_waits_until_time_passes_or_a_signal_comes() {
    let out = well(
        &(APPROVAL.to_owned()
            + "mock payments.charge(_, _) -> \"r1\"
let run = start pay(\"7\", 12.5)
run.status
:time +1d
:signal run approve(by: \"Ada\")
run.result
expect run returns \"r1 by Ada\"
expect payments.charge(\"7\", _) once
:time
let late = start pay(\"8\", 1)
:step
late.result
"),
    );
    holds(
        &out,
        &[
            "run: pay 1 is waiting at await approve",
            "\"waiting\" : string",
            "+1d have passed",
            "pay 1 hears approve",
            "calls payments.charge(\"7\", 12.5)",
            "payments.charge -> \"r1\"",
            "returns \"r1 by Ada\"",
            "\"r1 by Ada\" : string",
            "it holds",
            "+3d have passed",
            "\"late\" : string",
        ],
    );
}

#[test]
fn a_call_without_a_mock_says_what_to_mock_and_leaves_nothing_behind() {
    let shown = repl(
        &(APPROVAL.to_owned()
            + "let run = start pay(\"7\", 12.5)
send approve(by: \"Ada\") to run
run.status
mock payments.charge(_, _) -> fail Declined(reason: \"broke\")
send approve(by: \"Ada\") to run
run
:unmock payments.charge
let other = start pay(\"8\", 1)
send approve(by: \"Bob\") to other
"),
    );
    assert_eq!(shown.code, 1);
    assert!(
        shown
            .err
            .contains("no mock answers `payments.charge(\"7\", 12.5)`"),
        "{}",
        shown.err
    );
    assert!(
        shown.err.contains("add `mock payments.charge(_, _) -> "),
        "{}",
        shown.err
    );
    assert!(shown.out.contains("\"waiting\"  : string"), "{}", shown.out);
    assert!(
        shown.out.contains("pay 1 is failed: Declined(reason: \"broke\")"),
        "{}",
        shown.out
    );
    assert!(
        shown.err.contains("no mock answers `payments.charge(\"8\", 1)`"),
        "{}",
        shown.err
    );
}

#[test]
fn runs_are_inspected_as_they_are_and_as_they_were() {
    let out = well(
        &(APPROVAL.to_owned()
            + "mock payments.charge(_, _) -> \"r1\"
let run = start pay(\"7\", 12.5)
send approve(by: \"Ada\") to run
:runs
:inspect run
:at 0
:at 1 run
"),
    );
    holds(
        &out,
        &[
            "RUN NAME FLOW STATE",
            "1 run pay done",
            "tags order = \"7\"",
            "by \"Ada\"",
            "0 +0s starts: pay(\"7\", 12.5)",
            "1 +0s hears approve",
            "behind event 0:",
            "awaits approve(by: string)",
            "by \"nobody\"",
            "behind event 1:",
            "by \"Ada\"",
        ],
    );
}

#[test]
fn a_fork_goes_on_from_an_event_and_leaves_the_other_run_alone() {
    let out = well(
        &(APPROVAL.to_owned()
            + "mock payments.charge(_, _) -> \"r1\"
let run = start pay(\"7\", 12.5)
send approve(by: \"Ada\") to run
:fork run at 0 as other
send approve(by: \"Bob\") to other
run.result
other.result
:fork run at 0
:time +2d
run_2.result
"),
    );
    holds(
        &out,
        &[
            "goes on from event 0 of pay 1",
            "other: pay 2 is waiting at await approve",
            "\"r1 by Ada\" : string",
            "\"r1 by Bob\" : string",
            "\"late\" : string",
        ],
    );
}

#[test]
fn a_flow_that_is_declared_anew_is_played_again() {
    let flow = |price: &str, name: &str| {
        format!("flow {name}(n: int) -> int {{\n  sleep 1h\n  return n * {price}\n}}\n")
    };
    let script =
        flow("2", "cost") + "let run = start cost(3)\n:time +1h\nexpect run returns 6\n" + &flow("3", "cost");
    let shown = repl(
        &(script
            + "run.result\n"
            + &flow("1 + n", "cost")
            + ":reset\n"
            + &flow("3", "cost")
            + "let run = start cost(3)\n:time +1h\nrun.result\n"),
    );
    assert!(
        shown
            .err
            .contains("expected the run to return `6`, but it returns `9`"),
        "{}",
        shown.err
    );
    assert!(shown.err.contains("cost stays as it was"), "{}", shown.err);
    assert!(shown.out.contains("6  : int"), "{}", shown.out);
    assert!(
        shown.out.contains("what was said goes otherwise now") || shown.out.contains("goes as it did"),
        "{}",
        shown.out
    );
    assert!(shown.out.ends_with("9  : int\n"), "{}", shown.out);
}

#[test]
fn what_goes_otherwise_is_told() {
    let out = well(
        "flow cost(n: int) -> int {\n  return n * 2\n}\nlet run = start cost(3)\nflow cost(n: int) -> int {\n  return n * 3\n}\nrun.result\nfn other() -> int = 1\n",
    );
    holds(
        &out,
        &[
            "what was said goes otherwise now:",
            "- +0s cost 1 returns 6",
            "+ +0s cost 1 returns 9",
            "9 : int",
            "everything that was said goes as it did",
        ],
    );
}

#[test]
fn a_session_is_saved_as_a_test_that_passes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pay.flow");
    let script = APPROVAL.to_owned()
        + "mock payments.charge(_, _) -> \"r1\"\nlet run = start pay(\"7\", 12.5)\n:time +1d\n:signal run approve(by: \"Ada\")\n1 + 1\n:save test it is paid\n:save test it is paid to pay.flow\nlet late = start pay(\"8\", 1)\n:time +3d\nexpect late returns \"late\"\n:save test \"one is late\" to pay.flow\n";
    let mut command = common::command(&["repl"]);
    command.current_dir(dir.path());
    let shown = common::feed(command, &script);
    assert_eq!(shown.code, 0, "{}\n{}", shown.out, shown.err);
    assert!(
        shown.out.contains("test \"it is paid\" {\n  mock payments.charge(_, _) -> \"r1\"\n  let run = start pay(\"7\", 12.5)\n  advance 1d\n  send approve(by: \"Ada\") to run\n  expect run is done\n}"),
        "{}",
        shown.out
    );
    let tested = common::flowmesh(&["test", file.to_str().unwrap()]);
    assert_eq!(
        tested.code,
        0,
        "{}\n{}\n{}",
        tested.out,
        tested.err,
        fs::read_to_string(&file).unwrap()
    );
    assert!(tested.out.contains("2 passed, 0 failed"), "{}", tested.out);
}

#[test]
fn a_route_is_explained_by_its_rules() {
    let out = well(
        "service shop {\n  at: \"http://127.0.0.1:7001\"\n\n  op order(id: string) -> string = GET \"/orders/{id}\"\n}\n\ngateway public {\n  listen: \"http://127.0.0.1:8443\"\n  GET \"/orders/{id}\" -> shop.order(id)\n}\n\nallow gateway public to shop.order when caller.identity == \"alice\"\n:route GET /orders/7 as alice\n:route get /orders/7 as bob\n:route GET /nothing\n",
    );
    assert!(out.contains("it is led to"), "{out}");
    assert!(out.contains("403: "), "{out}");
    assert!(out.contains("404: no route takes it"), "{out}");
}

#[test]
fn files_are_loaded_and_loaded_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.flow");
    fs::write(
        &file,
        "fn one() -> int = two() - 1\n\n/// Two.\nfn two() -> int = 2\n",
    )
    .unwrap();
    let mut command = common::command(&["repl", "a.flow"]);
    command.current_dir(dir.path());
    let shown = common::feed(
        command,
        "one()\n:doc two\n:reload\n:ir\n:doc list.map\n:help fork\n:load none.flow\n",
    );
    assert_eq!(shown.code, 3);
    for said in ["1  : int", "Two.", "fn one", ":fork RUN at EVENT"] {
        assert!(shown.out.contains(said), "{said}\n{}\n{}", shown.out, shown.err);
    }
    assert_eq!(
        shown.err.matches("took 2 of 2 declarations of a.flow").count(),
        2,
        "{}",
        shown.err
    );
}

#[test]
fn a_slip_in_a_file_keeps_nothing_else_out() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("a.flow"),
        "fn one() -> int = 1\n\nfn bad() -> int = \"x\"\n",
    )
    .unwrap();
    let mut command = common::command(&["repl", "a.flow"]);
    command.current_dir(dir.path());
    let shown = common::feed(command, "one()\n");
    assert_eq!(shown.code, 3);
    assert_eq!(shown.out, "1  : int\n");
    assert!(
        shown.err.contains("a.flow:3:") && shown.err.contains("not declared: bad"),
        "{}",
        shown.err
    );
}

#[test]
fn a_flow_runs_with_the_services_of_a_file() {
    let shop = Shop::new();
    let order = super::shop::order("1", "10").replace('\n', "");
    let shown = common::feed(
        shop.command(&["repl", "shop.flow", "--stub"]),
        &format!(":run checkout {order}\n"),
    );
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("charge-1"), "{}", shown.out);
}

#[test]
fn configs_have_the_values_of_the_command_line() {
    let shown = common::feed(
        common::command(&["repl", "--set", "most=5"]),
        "config most: int\nmost + 1\nconfig most = 7\nflow f() -> int {\n  return most\n}\nlet run = start f()\nrun.result\n",
    );
    assert_eq!(shown.code, 0, "{}\n{}", shown.out, shown.err);
    assert!(
        shown.out.starts_with("6  : int\n") && shown.out.ends_with("7  : int\n"),
        "{}",
        shown.out
    );
    let shown = repl("config most: int\n1 + 1\nmost + 1\n");
    assert_eq!(
        (shown.code, shown.out.as_str()),
        (1, "2  : int\n"),
        "{}",
        shown.err
    );
    assert!(shown.err.contains("most"), "{}", shown.err);
}
