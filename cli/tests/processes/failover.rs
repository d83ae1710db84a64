//! Calls of flows and visits go to another service while nobody of the first is there, each as far as rules let it, and it is
//! said that they did and why.

use super::{
    common,
    hears::Hears,
    shop::{Running, free_port, until},
    traces::visit,
};
use std::{fs, process::Stdio};
use tempfile::TempDir;

fn program(down: u16, spare: u16, front: u16) -> String {
    format!(
        r#"service desk {{
  at: "http://127.0.0.1:{down}"
  failover: spare
  retry: {{ attempts: 2, on: [connect], backoff: constant(1ms) }}

  op pack(box: string) -> string = PUT "/pack/{{box}}"
}}

service spare {{
  at: "http://127.0.0.1:{spare}"

  op pack(box: string) -> string = PUT "/pack/{{box}}"
  op drop() = DELETE "/all"
}}

flow may(box: string) -> string {{
  return desk.pack(box)
}}

flow may_not(box: string) -> string {{
  let packed = desk.pack(box)
    catch Unavailable as e -> e.reason
  return packed
}}

allow may to desk, spare.pack
allow may_not to desk
allow gateway front to desk
allow gateway front to spare when request.path has "good"

gateway front {{
  listen: "http://127.0.0.1:{front}"
  any "/desk/**" -> desk
  PUT "/by/{{box}}" -> desk.pack(box)
}}
"#
    )
}

fn place() -> (TempDir, Hears, u16) {
    let (spare, front) = (
        Hears::start("application/json", br#""packed""#.to_vec()),
        free_port(),
    );
    let dir = tempfile::tempdir().expect("a directory");
    let text = program(free_port(), spare.port, front);
    fs::write(dir.path().join("desk.flow"), text).expect("the program is written");
    (dir, spare, front)
}

#[test]
fn a_flow_goes_elsewhere_as_far_as_the_rules_let_it() {
    let (dir, spare, _) = place();
    let run = |flow: &str| {
        let input = r#"{"box": "a"}"#;
        let args = ["run", "desk.flow", flow, "--input", input, "--dir", "runs"];
        let shown = common::in_dir(dir.path(), &args);
        assert_eq!(shown.code, 0, "{}", shown.err);
        shown.out
    };
    let refused = run("may_not");
    assert!(
        refused.contains("no failover to `spare`: no rule allows it"),
        "{refused}"
    );
    assert!(spare.asked().is_empty());
    let packed = run("may");
    assert!(packed.contains("packed"), "{packed}");
    let paths: Vec<String> = spare.asked().into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths, ["/pack/a"]);
}

#[test]
fn a_visit_goes_elsewhere_as_far_as_the_rules_let_it_and_it_is_said_why() {
    let (dir, spare, front) = place();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut command = common::command(&["serve", "desk.flow", "--listen", &listen]);
    command
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    until("the gateway listens", || visit(front, "GET /nothing").is_some());
    for (request, wanted) in [
        ("PUT /desk/bad", 503),
        ("PUT /by/bad", 503),
        ("PUT /desk/good", 200),
        ("PUT /by/good", 200),
    ] {
        let (status, id) = visit(front, request).expect("an answer");
        assert_eq!(status, wanted, "{request}");
        let explain = || common::in_dir(dir.path(), &["explain", &id, "--dir", ".flowmesh"]);
        until("the visit is kept", || explain().code == 0);
        let why = explain().out;
        let said = match wanted {
            200 => {
                "(failover to `spare`: the only endpoint of service `desk` failed a short while ago): status 200"
            }
            _ => "no failover to `spare`: no rule allows it",
        };
        assert!(why.contains(said), "{request}: {why}");
    }
    let paths: Vec<String> = spare.asked().into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths, ["/desk/good", "/pack/good"]);
}
