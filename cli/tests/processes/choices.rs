//! Types that a document tells apart by a property go over the wire as the document has them.

use super::{common, shop::free_port};

const DOCUMENT: &str = include_str!("../../../tests/suite/outside/choices.openapi.yaml");

fn program(port: u16) -> String {
    format!(
        r#"
service payments from "choices.openapi.yaml" {{ at: "http://127.0.0.1:{port}" }}

flow pay(payment: Payment) -> string {{
  let result = payments.pay(payment)
  log "by {{payment.to_json()}}"
  return match result.outcome {{
    when none -> "nothing"
    when done(id) -> id
    when refused(why) -> why ?? "refused"
  }}
}}
"#
    )
}

#[test]
fn a_case_stands_in_an_object_beside_what_tells_it_apart() {
    let dir = tempfile::tempdir().expect("a directory");
    let port = free_port();
    std::fs::write(dir.path().join("pay.flow"), program(port)).expect("the program is written");
    std::fs::write(dir.path().join("choices.openapi.yaml"), DOCUMENT).expect("the document is written");
    let flowmesh = |args: &[&str]| {
        let mut command = common::command(args);
        common::shown(command.current_dir(dir.path()).output().expect("the binary runs"))
    };
    let answer = r#"payments.pay=200:{"outcome":{"id":"p1","type":"done"},"level":"low","when":"2026-01-01","state":"open"}"#;
    let mut stub = common::command(&[
        "stub",
        "pay.flow",
        "--answer",
        answer,
        "--record",
        "requests.jsonl",
    ]);
    let child = stub.current_dir(dir.path()).spawn().expect("the binary runs");
    let _stub = super::shop::Running(child);
    let input = r#"{"payment": {"number": "4242", "method": "debit-card"}}"#;
    let shown = (0..50)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            flowmesh(&["run", "pay.flow", "pay", "--input", input])
        })
        .find(|shown| shown.code == 0)
        .expect("the stub stands in the end");
    assert_eq!(shown.out.trim(), "\"p1\"", "{}", shown.err);
    let requests = std::fs::read_to_string(dir.path().join("requests.jsonl")).expect("requests are recorded");
    let last = requests.lines().last().expect("a request");
    assert!(last.contains("\"method\":\"debit-card\""), "{last}");
    let shown = flowmesh(&[
        "run",
        "pay.flow",
        "pay",
        "--input",
        r#"{"payment": {"method": "debit"}}"#,
    ]);
    assert_eq!(shown.code, 2, "{}", shown.err);
    assert!(
        shown.err.contains("one of `credit-card`, `debit-card`"),
        "{}",
        shown.err
    );
}
