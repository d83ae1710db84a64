//! Traces: what a collector is sent of a run is one trace, also when its server was killed meanwhile, and the services see
//! the spans that the collector is told of.

use super::{
    common,
    hears::{Hears, attribute, hex},
    shop::{Running, free_port, http, until},
};
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

pub(super) const PROGRAM: &str = r#"//! Something is packed and, when somebody says so, shipped.

config desk_url: url

service desk {
  at: desk_url
  timeout: { attempt: 5s, total: 30s }

  op pack(order: string) -> string = PUT "/pack/{order}"
  op ship(parcel: string) -> string = PUT "/ship/{parcel}" { key: parcel }
}

flow order(id: string) -> string {
  signal go()

  step packing {
    let parcel = desk.pack(id)
  }
  await go forever
  log "off it goes"
  return desk.ship(id)
}
"#;

/// A desk, a collector, and the directory of a server between them.
struct Place {
    dir: TempDir,
    port: u16,
    desk: Hears,
    collector: Hears,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("order.flow"), PROGRAM).expect("the program is written");
        Self {
            dir,
            port: free_port(),
            desk: Hears::start("application/json", br#""p1""#.to_vec()),
            collector: Hears::collector(),
        }
    }

    fn serve(&self) -> Running {
        let listen = format!("127.0.0.1:{}", self.port);
        let desk = format!("desk_url=http://127.0.0.1:{}", self.desk.port);
        let mut command = common::command(&["serve", "order.flow", "--listen", &listen, "--set", &desk]);
        command
            .current_dir(self.dir.path())
            .env(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://127.0.0.1:{}", self.collector.port),
            )
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let running = Running(command.spawn().expect("the binary runs"));
        until("the server listens", || self.runs(&["list"]).code == 0);
        running
    }

    fn runs(&self, args: &[&str]) -> common::Shown {
        let args = [&["runs"][..], args, &["--dir", ".flowmesh"]].concat();
        common::in_dir(self.dir.path(), &args)
    }

    fn has(&self, name: &str) -> bool {
        self.collector.spans().0.iter().any(|span| span.name == name)
    }
}

#[test]
fn a_run_that_outlives_its_server_is_one_trace() {
    let place = Place::new();
    let mut server = place.serve();
    let (status, run) =
        http(place.port, "POST", "/v1/flows/order/runs", "", r#"{"id":"o1"}"#).expect("an answer");
    assert_eq!(status, 202, "{run}");
    let run = run["id"].as_str().expect("an id").to_owned();
    until("the first call is told", || place.has("packing"));
    server.0.kill().expect("it is killed");
    server.0.wait().expect("it has ended");
    assert!(!place.has("order"), "it has not ended");

    let mut server = place.serve();
    assert_eq!(place.runs(&["signal", &run, "go", "{}"]).code, 0);
    until("its end is told", || place.has("order"));
    server.0.kill().expect("it is killed");
    server.0.wait().expect("it has ended");

    let (spans, services) = place.collector.spans();
    let trace = run.replace('-', "");
    assert!(
        spans.iter().all(|span| hex(&span.trace_id) == trace),
        "{spans:#?}"
    );
    assert!(services.iter().all(|name| name == "flowmesh"), "{services:?}");
    let mut ids: Vec<String> = spans.iter().map(|span| hex(&span.span_id)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), spans.len(), "none is told twice: {spans:#?}");

    let one = |name: &str, kind: i32| {
        let mut found = spans.iter().filter(|span| span.name == name && span.kind == kind);
        let first = found
            .next()
            .unwrap_or_else(|| panic!("no span `{name}`: {spans:#?}"));
        (first, found.next())
    };
    let root = one("order", 1).0;
    assert_eq!(root.parent_span_id, Vec::<u8>::new());
    assert_eq!(
        root.status.as_ref().map(|status| status.code()),
        Some(StatusCode::Ok)
    );
    assert_eq!(attribute(root, "flowmesh.state").as_deref(), Some("done"));
    assert_eq!(attribute(root, "flowmesh.namespace").as_deref(), Some("default"));
    assert_eq!(root.events.len(), 1, "what it logged");
    let packing = one("packing", 1).0;
    assert_eq!(packing.parent_span_id, root.span_id);
    // What began before the kill has the time at which it began.
    let waited = spans
        .iter()
        .find(|span| span.name.contains("go"))
        .expect("the wait");
    assert!(waited.start_time_unix_nano <= packing.end_time_unix_nano + 1_000_000_000);
    assert!(root.start_time_unix_nano <= packing.start_time_unix_nano);
    assert!(root.end_time_unix_nano >= waited.end_time_unix_nano);

    for operation in ["pack", "ship"] {
        let attempts: Vec<&Span> = spans.iter().filter(|span| span.kind == 3).collect();
        let attempt = attempts
            .iter()
            .find(|span| span.name.contains(operation))
            .expect("an attempt");
        let call = spans
            .iter()
            .find(|span| span.span_id == attempt.parent_span_id)
            .expect("its call");
        let step = spans
            .iter()
            .find(|span| span.span_id == call.parent_span_id)
            .expect("its step");
        assert!(step.name.contains(operation), "{step:#?}");
        assert_eq!(
            attribute(attempt, "http.response.status_code").as_deref(),
            Some("200")
        );
        let sent = place.desk.asked();
        let sent = sent
            .iter()
            .find(|(path, ..)| path.contains(operation))
            .expect("it was sent");
        let expected = format!("00-{trace}-{}-01", hex(&attempt.span_id));
        assert_eq!(
            sent.1["traceparent"], expected,
            "the service is told of the attempt"
        );
    }
}

/// A gateway before the desk and the flow, at a port.
fn with_gateway(port: u16) -> String {
    let gateway = format!(
        r#"
allow order to desk
allow gateway front to order
allow gateway front to desk when request.path has "desk"

gateway front {{
  listen: "http://127.0.0.1:{port}"

  POST "/orders/{{id}}" -> order(id)
  any "/desk/**" -> desk
  any "/**" -> desk
}}
"#
    );
    let in_a_zone = PROGRAM.replace("at: desk_url", "at: { \"eu/eu-a\": desk_url }");
    format!("{in_a_zone}{gateway}")
}

/// The status of an answer, and the identifier of the request.
pub(super) fn visit(port: u16, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let text = format!(
        "{request} HTTP/1.1\r\nhost: front\r\nconnection: close\r\ncontent-length: 0\r\nauthorization: Bearer hush\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    let status = said.split(' ').nth(1)?.parse().ok()?;
    let id = said
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))?;
    Some((status, id.to_owned()))
}

#[test]
fn a_server_says_why_visits_went_as_they_did() {
    let place = Place::new();
    let port = free_port();
    std::fs::write(place.dir.path().join("order.flow"), with_gateway(port)).expect("the program is written");
    let _server = place.serve();
    until("the gateway listens", || visit(port, "GET /desk/a").is_some());
    let (status, led) = visit(port, "GET /desk/a?secret=hush").expect("an answer");
    assert_eq!(status, 200);
    let (status, denied) = visit(port, "GET /elsewhere").expect("an answer");
    assert_eq!(status, 403);
    let (status, started) = visit(port, "POST /orders/o1").expect("an answer");
    assert_eq!(status, 202);

    let explain = |id: &str, more: &[&str]| {
        let args = ["explain", id, "--dir", ".flowmesh"];
        common::in_dir(place.dir.path(), &[&args[..], more].concat())
    };
    until("the visit is kept", || explain(&led, &[]).code == 0);
    let why = explain(&led, &["--program", "order.flow"]).out;
    assert!(why.contains("200 front GET front/desk/a"), "{why}");
    assert!(
        why.contains("route 1 `any /desk/**` took it") && why.contains("else route 2 `any /**`"),
        "{why}"
    );
    assert!(
        why.contains("order.flow:") && why.contains("applies, and decided"),
        "{why}"
    );
    assert!(
        why.contains(&format!(
            "attempt 1 at 127.0.0.1:{} in eu/eu-a: ",
            place.desk.port
        )),
        "{why}"
    );
    until("the denial is kept", || explain(&denied, &[]).code == 0);
    let why = explain(&denied, &[]).out;
    assert!(
        why.contains("refused: no rule allows it") && why.contains("does not hold"),
        "{why}"
    );
    assert!(!why.contains("hush"), "{why}");
    let unknown = explain(&"a".repeat(32), &[]);
    assert_eq!(unknown.code, 2, "{unknown:?}");

    // The whole tree, by the request and by the run.
    let trace = |id: &str| common::in_dir(place.dir.path(), &["trace", id, "--dir", ".flowmesh"]);
    until("the tree is whole", || {
        let shown = trace(&started).out;
        ["visit POST order", "run order", "attempt desk.pack"]
            .iter()
            .all(|part| shown.contains(part))
    });
    let shown = trace(&started).out;
    assert!(
        shown.contains("`- run order ...") || shown.contains("|- run order ..."),
        "{shown}"
    );
    let data = common::in_dir(
        place.dir.path(),
        &["trace", &started, "--dir", ".flowmesh", "--json"],
    )
    .out;
    let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(data["trace"], started.as_str());
    let run = place.runs(&["list", "--json"]).out;
    let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    let run = run["runs"][0]["id"].as_str().expect("a run").to_owned();
    assert!(
        trace(&run).out.contains("visit POST order"),
        "{}",
        trace(&run).out
    );

    // Only what was asked for.
    let mut tap = common::command(&[
        "tap",
        "--status",
        "4xx",
        "--for",
        "20s",
        "--json",
        "--dir",
        ".flowmesh",
    ]);
    let tap = tap
        .current_dir(place.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut tap = Running(tap.spawn().expect("the binary runs"));
    let (heard, kept) = (
        Arc::new(Mutex::new(String::new())),
        tap.0.stdout.take().expect("its output"),
    );
    let lines = Arc::clone(&heard);
    std::thread::spawn(move || {
        for line in BufReader::new(kept).lines().map_while(Result::ok) {
            *lines.lock().expect("the lock") += &(line + "\n");
        }
    });
    until("a denial is heard", || {
        visit(port, "GET /desk/a");
        visit(port, "GET /elsewhere?secret=hush");
        heard.lock().expect("the lock").contains("/elsewhere")
    });
    let heard = heard.lock().expect("the lock").clone();
    assert!(!heard.contains("/desk/a") && !heard.contains("hush"), "{heard}");
}

#[test]
fn an_address_that_is_none_is_refused() {
    let place = Place::new();
    let desk = format!("desk_url=http://127.0.0.1:{}", place.desk.port);
    let shown = common::in_dir(
        place.dir.path(),
        &[
            "serve",
            "order.flow",
            "--set",
            &desk,
            "--traces",
            "localhost:4318",
        ],
    );
    assert_eq!(shown.code, 2, "{}", shown.err);
    assert!(shown.err.contains("F1138"), "{}", shown.err);
}
