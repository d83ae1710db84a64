//! Gateways and proxies in processes of their own are looked after like a server: spans, what is measured, probes, and why
//! a visit went as it did.

use super::{
    common::{self, Shown},
    hears::{Hears, attribute, hex},
    shop::{Running, free_port, http, until},
    traces::{PROGRAM, visit},
};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A desk, a collector, and a process before the desk that is looked after at a port.
struct Place {
    dir: TempDir,
    port: u16,
    admin: u16,
    desk: Hears,
    collector: Hears,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            dir: tempfile::tempdir().expect("a directory"),
            port: free_port(),
            admin: free_port(),
            desk: Hears::start("application/json", br#""p1""#.to_vec()),
            collector: Hears::collector(),
        };
        place.write(
            "order.flow",
            &format!(
                r#"{PROGRAM}
service shop {{ at: "http://127.0.0.1:1"
  op buy() = POST "/buy" }}
service gone {{
  at: "http://127.0.0.1:{}"
  op ask() = GET "/gone"
}}

allow order, shop to desk
allow gateway front to order, gone
allow gateway front to desk when request.path has "desk"
{}"#,
                free_port(),
                gateway(place.port)
            ),
        );
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).expect("written");
    }

    fn flowmesh(&self, args: &[&str]) -> Shown {
        common::in_dir(self.dir.path(), args)
    }

    /// A process that stands there, its spans at the collector.
    fn stand(&self, args: &[&str], env: &[(&str, String)]) -> Running {
        let admin = format!("127.0.0.1:{}", self.admin);
        let desk = format!("desk_url=http://127.0.0.1:{}", self.desk.port);
        let args = [args, &["--set", &desk, "--admin", &admin]].concat();
        let mut command = common::command(&args);
        command
            .current_dir(self.dir.path())
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Running(command.spawn().expect("the binary runs"))
    }

    fn otlp(&self) -> [(&'static str, String); 1] {
        let url = format!("http://127.0.0.1:{}", self.collector.port);
        [("OTEL_EXPORTER_OTLP_ENDPOINT", url)]
    }

    /// Status and text of a question to who looks after it.
    fn ask(&self, path: &str, headers: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).ok()?;
        let text = format!("GET {path} HTTP/1.1\r\nhost: admin\r\n{headers}connection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        let (head, body) = said.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    fn is_ready(&self) -> bool {
        self.ask("/readyz", "").is_some_and(|(status, _)| status == 200)
    }

    /// Whether a line is among what is measured.
    fn measures(&self, line: &str) -> bool {
        let page = self.ask("/metrics", "").map(|(_, page)| page).unwrap_or_default();
        page.lines().any(|found| found == line)
    }

    fn spans(&self) -> Vec<Span> {
        self.collector.spans().0
    }
}

fn gateway(port: u16) -> String {
    format!(
        r#"
gateway front {{
  listen: "http://127.0.0.1:{port}"

  POST "/orders/{{id}}" -> order(id)
  GET "/gone" -> gone
  any "/desk/**" -> desk
  any "/**" -> desk
}}
"#
    )
}

/// A visit with headers; its status.
fn send(port: u16, first: &str, headers: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let text =
        format!("{first} HTTP/1.1\r\nhost: front\r\nconnection: close\r\ncontent-length: 0\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    said.split(' ').nth(1)?.parse().ok()
}

fn stop(running: &Running) {
    let stop = Command::new("kill")
        .args(["-TERM", &running.0.id().to_string()])
        .status();
    assert!(stop.expect("kill runs").success());
}

const GATEWAY: [&str; 4] = ["gateway", "order.flow", "--server", "http://127.0.0.1:1"];

#[test]
fn the_spans_of_a_gateway_are_part_of_the_trace_of_who_asks_and_of_what_it_calls() {
    let place = Place::new();
    let mut running = place.stand(&GATEWAY, &place.otlp());
    until("it is ready", || place.is_ready());
    let traced = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
                  tracestate: other=1\r\nbaggage: who=ann\r\n";
    assert_eq!(send(place.port, "GET /desk/a", traced), Some(200));
    // One that is not recorded is told of only where it failed.
    let unrecorded = |digit: &str| format!("traceparent: 00-{}-00f067aa0ba902b7-00\r\n", digit.repeat(32));
    assert_eq!(send(place.port, "GET /desk/b", &unrecorded("b")), Some(200));
    assert_eq!(send(place.port, "GET /gone", &unrecorded("c")), Some(503));
    let b3 = format!("b3: {}-{}-1\r\n", "d".repeat(32), "e".repeat(16));
    assert_eq!(send(place.port, "GET /desk/d", &b3), Some(200));
    // What is left is sent before it ends.
    stop(&running);
    assert_eq!(running.0.wait().expect("it ends").code(), Some(0));

    let spans = place.spans();
    let of = |trace: &str, kind: i32| -> Vec<&Span> {
        let mine = |span: &&Span| hex(&span.trace_id) == trace && span.kind == kind;
        spans.iter().filter(mine).collect()
    };
    let (server, client) = (2, 3);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let (visits, attempts) = (of(trace, server), of(trace, client));
    assert_eq!((visits.len(), attempts.len()), (1, 1), "{spans:#?}");
    assert_eq!(hex(&visits[0].parent_span_id), "00f067aa0ba902b7");
    assert_eq!(attribute(visits[0], "flowmesh.gateway").as_deref(), Some("front"));
    assert_eq!(attempts[0].parent_span_id, visits[0].span_id);
    let asked = place.desk.asked();
    let (_, headers, _) = asked
        .iter()
        .find(|(path, ..)| path == "/desk/a")
        .expect("it was sent");
    let told = format!("00-{trace}-{}-01", hex(&attempts[0].span_id));
    assert_eq!(headers["traceparent"], told);
    assert_eq!(
        (&*headers["tracestate"], &*headers["baggage"]),
        ("other=1", "who=ann")
    );
    assert!(of(&"b".repeat(32), server).is_empty(), "{spans:#?}");
    assert_eq!(of(&"c".repeat(32), server).len(), 1, "{spans:#?}");
    assert_eq!(
        hex(&of(&"d".repeat(32), server)[0].parent_span_id),
        "e".repeat(16)
    );
}

#[test]
fn a_run_that_a_gateway_starts_elsewhere_lies_below_its_visit() {
    let place = Place::new();
    place.write("served.flow", PROGRAM);
    let listen = format!("127.0.0.1:{}", free_port());
    let desk = format!("desk_url=http://127.0.0.1:{}", place.desk.port);
    let args = ["serve", "served.flow", "--listen", &listen, "--set", &desk];
    let mut server = common::command(&args);
    let server = server.current_dir(place.dir.path()).envs(place.otlp());
    let server = server
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _server = Running(server.spawn().expect("the binary runs"));
    let runs = |args: &[&str]| place.flowmesh(&[&["runs"], args, &["--dir", ".flowmesh"]].concat());
    until("the server listens", || runs(&["list"]).code == 0);
    let url = format!("http://{listen}");
    let _gateway = place.stand(&["gateway", "order.flow", "--server", &url], &place.otlp());
    until("it is ready", || place.is_ready());
    let (status, request) = visit(place.port, "POST /orders/o1").expect("an answer");
    assert_eq!(status, 202);
    assert_eq!(runs(&["signal", "latest", "go", "{}"]).code, 0);
    let named = |name: &str| {
        let mine = |span: &Span| hex(&span.trace_id) == request && span.name == name;
        place.spans().into_iter().find(mine)
    };
    until("all is told", || {
        named("order").is_some() && named("POST order").is_some()
    });
    let run = named("order").expect("the run");
    let attempt = named("start order").expect("the attempt to start it");
    let visit = named("POST order").expect("the visit");
    assert_eq!(run.parent_span_id, attempt.span_id);
    assert_eq!(attempt.parent_span_id, visit.span_id);
}

#[test]
fn a_gateway_says_how_it_does_and_drains_before_it_ends() {
    let place = Place::new();
    let mut running = place.stand(&[&GATEWAY[..], &["--drain", "6s"]].concat(), &[]);
    until("it is ready", || place.is_ready());
    assert_eq!(place.ask("/healthz", ""), Some((200, "ok\n".to_owned())));
    assert_eq!(send(place.port, "GET /desk/a", ""), Some(200));
    assert_eq!(send(place.port, "GET /elsewhere", ""), Some(403));
    until("all is measured", || {
        place.measures(
            r#"flowmesh_gateway_requests_total{gateway="front",route="any /desk/**",target="desk",status="2xx"} 1"#,
        ) && place.measures(r#"flowmesh_gateway_refusals_total{gateway="front",reason="denied"} 1"#)
            && place.measures(
                r#"flowmesh_service_requests_total{service="desk",operation="relayed",status="2xx"} 1"#,
            )
    });
    assert!(place.measures("flowmesh_ready 1"));
    // Nobody may see visits where no tokens are named, and there is nothing else.
    let refused = place.ask("/v1/tap?for=1s", "").expect("an answer");
    assert_eq!(refused.0, 401, "{}", refused.1);
    assert_eq!(place.ask("/v1/runs", "").map(|(status, _)| status), Some(404));

    stop(&running);
    until("it says that it stops", || {
        place.ask("/readyz", "").is_some_and(|(status, body)| {
            let said: Value = serde_json::from_str(&body).unwrap_or_default();
            status == 503 && said["draining"] == true && said["gateways"] == true
        })
    });
    // Who did not hear of it yet is served.
    assert_eq!(send(place.port, "GET /desk/a", ""), Some(200));
    assert_eq!(running.0.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_gateway_is_alive_and_not_ready_before_it_is_open() {
    let place = Place::new();
    let program = format!(
        "{PROGRAM}\nallow order to desk\nallow gateway front to desk\ngateway front {{\n  listen: \"https://127.0.0.1:{}\"\n  tls: {{ workload: \"unix://{}\" }}\n  any \"/**\" -> desk\n}}\n",
        place.port,
        place.dir.path().join("no-agent.sock").display()
    );
    place.write("waits.flow", &program);
    // The agent of SPIFFE is waited for.
    let _running = place.stand(&["gateway", "waits.flow"], &[]);
    until("it answers", || place.ask("/healthz", "").is_some());
    let (status, body) = place.ask("/readyz", "").expect("an answer");
    let said: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &said["gateways"]), (503, &Value::Bool(false)), "{body}");
    assert!(place.measures("flowmesh_ready 0"));
}

#[test]
fn those_with_a_token_see_why_visits_of_a_gateway_went_as_they_did() {
    let place = Place::new();
    let token = |name: &str, more: &[&str]| {
        let args = [
            "token",
            "create",
            name,
            "--role",
            "viewer",
            "--tokens",
            "operators.json",
        ];
        let made = place.flowmesh(&[&args[..], more].concat());
        assert_eq!(made.code, 0, "{}", made.err);
        place.write(&format!("{name}.token"), &made.out);
    };
    token("ann", &[]);
    token("elsewhere", &["--namespace", "town"]);
    let _running = place.stand(&[&GATEWAY[..], &["--tokens", "operators.json"]].concat(), &[]);
    until("it is ready", || place.is_ready());
    let url = format!("http://127.0.0.1:{}", place.admin);
    let asked = |args: &[&str], who: &str| {
        let file = format!("{who}.token");
        place.flowmesh(&[args, &["--server", &url, "--token-file", &file]].concat())
    };
    let (status, led) = visit(place.port, "GET /desk/a?secret=hush").expect("an answer");
    assert_eq!(status, 200);
    until("the visit is kept", || asked(&["explain", &led], "ann").code == 0);
    let why = asked(&["explain", &led, "--program", "order.flow"], "ann").out;
    assert!(
        why.contains("200 front GET front/desk/a") && why.contains("order.flow:"),
        "{why}"
    );
    let tree = asked(&["trace", &led], "ann").out;
    assert!(
        tree.contains("visit GET desk") && tree.contains("attempt"),
        "{tree}"
    );
    assert_eq!(asked(&["trace", &"a".repeat(32)], "ann").code, 2);
    let tap = std::thread::scope(|scope| {
        let tap = scope.spawn(|| asked(&["tap", "--status", "403", "--for", "10s", "--json"], "ann"));
        while !tap.is_finished() {
            visit(place.port, "GET /elsewhere?secret=hush");
            visit(place.port, "GET /desk/a");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        tap.join().expect("it ends")
    });
    assert!(
        tap.out.contains("/elsewhere") && !tap.out.contains("/desk/a"),
        "{}",
        tap.out
    );
    assert!(!(why + &tree + &tap.out).contains("hush"));
    // Nobody else is told.
    place.write("stranger.token", "fm_nothing");
    for (who, code) in [("stranger", "F1140"), ("elsewhere", "F1142")] {
        let refused = asked(&["explain", &led], who);
        assert!(
            refused.code != 0 && refused.err.contains(code),
            "{who}: {}",
            refused.err
        );
    }
}

#[test]
fn a_proxy_is_looked_after_as_a_gateway_is() {
    let place = Place::new();
    let zipkin = Hears::start("application/json", Vec::new());
    let outbound = format!("127.0.0.1:{}", free_port());
    let zipkin_url = format!("http://127.0.0.1:{}", zipkin.port);
    let args = [
        "proxy",
        "order.flow",
        "shop",
        "--outbound",
        &outbound,
        "--zipkin",
        &zipkin_url,
    ];
    let _running = place.stand(&args, &[]);
    until("it is ready", || place.is_ready());
    let port = outbound
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port");
    let called = http(port, "PUT", "http://desk/pack/o1", "", "").map(|(status, _)| status);
    assert_eq!(called, Some(400), "the host must be that of the header");
    let mut stream = TcpStream::connect(&outbound).expect("a connection");
    let text =
        "PUT http://desk/pack/o1 HTTP/1.1\r\nhost: desk\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(text.as_bytes()).expect("sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    until("it is measured", || {
        let page = place
            .ask("/metrics", "")
            .map(|(_, page)| page)
            .unwrap_or_default();
        page.contains(r#"flowmesh_gateway_requests_total{gateway="outbound""#)
            && page.contains(r#"flowmesh_service_requests_total{service="desk""#)
    });
    let spans = || -> Vec<Value> {
        let asked = zipkin.asked();
        let sent = asked.iter().filter(|(path, ..)| path == "/api/v2/spans");
        let sent = sent.map(|(_, _, body)| serde_json::from_slice(body).expect("a list of spans"));
        sent.flat_map(|spans: Vec<Value>| spans).collect()
    };
    let of = |kind: &str| {
        let desk = |span: &Value| {
            span["kind"] == kind && span["name"].as_str().is_some_and(|name| name.contains("desk"))
        };
        spans().into_iter().find(desk)
    };
    until("it is told of", || {
        of("SERVER").is_some() && of("CLIENT").is_some()
    });
    let (visit, attempt) = (of("SERVER").expect("a visit"), of("CLIENT").expect("an attempt"));
    assert_eq!(attempt["parentId"], visit["id"]);
    assert_eq!(attempt["traceId"], visit["traceId"]);
}
