//! Traces of whole programs: what somebody who takes spans is told of visits, runs and their calls.

use flowmesh_host::{
    Host, HostOptions,
    gateways::{Gateways, GatewaysOptions},
    traces::{Span, SpanKind, SpanSink, SpanStatus},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::{
    Hickory,
    gateway::GatewayOptions,
    identity::{Fetch, Fetched},
};
use flowmesh_tests::fuzz;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

const SHOP: &str = r#"
service desk {
  at: "http://BACK"
  timeout: { attempt: 5s, total: 20s }
  TRACE

  op pack(order: string) -> json = PUT "/pack/{order}"
  op lose(order: string) -> json = PUT "/fail/{order}"
}

flow part(id: string) -> json {
  return desk.pack(id)
}

flow order(id: string) -> json {
  signal go()
  await go forever
  return part(id)
}

flow broken(id: string) -> json {
  desk.pack(id)
  return desk.lose(id)
}

gateway shop {
  listen: "http://127.0.0.1:0"

  POST "/orders/{id}" -> order(id)
  POST "/broken/{id}" -> broken(id)
  any "/desk/**" -> desk
}
"#;

/// Keeps all spans.
#[derive(Default)]
struct Kept(Mutex<Vec<Span>>);

impl SpanSink for Kept {
    fn take(&self, span: Span) {
        self.0.lock().unwrap().push(span);
    }

    fn close(&self) {}
}

struct NoFetch;

impl Fetch for NoFetch {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Err("nobody is asked".to_owned()) })
    }
}

/// Answers 500 where the path says so; what it heard as `traceparent` is kept.
fn desk(heard: Arc<Mutex<Vec<String>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = heard.clone();
            thread::spawn(move || serve(stream, &heard));
        }
    });
    address
}

fn serve(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    let (mut seen, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        seen.extend_from_slice(&piece[..length]);
        if !seen.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&seen).into_owned();
        let parent = text.lines().find_map(|line| line.strip_prefix("traceparent: "));
        heard.lock().unwrap().push(parent.unwrap_or_default().to_owned());
        let status = if text.contains("/fail/") {
            "500 No"
        } else {
            "200 OK"
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).unwrap();
        seen.clear();
    }
}

struct Town {
    host: Host,
    gateways: Gateways,
    kept: Arc<Kept>,
}

impl Town {
    async fn open(directory: &Path, program: &str) -> Self {
        let kept = Arc::new(Kept::default());
        let resolver = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
        let mut options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
        options.traces = Some(kept.clone());
        let host = Host::open(directory, options).unwrap();
        host.deploy(compiled(program), Settings::default()).await.unwrap();
        let options = GatewaysOptions {
            limits: GatewayOptions::default(),
            log: None,
            fetch: Arc::new(NoFetch),
            api: "http://api.test".to_owned(),
            directory: PathBuf::new(),
        };
        let gateways = Gateways::open(&host, options).await.unwrap();
        Self { host, gateways, kept }
    }

    /// Status and body of the answer.
    async fn ask(&self, line: &str, headers: &str) -> (u16, String) {
        let address = self.gateways.addresses()[0].1[0];
        let text =
            format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}content-length: 0\r\n\r\n");
        let asking = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            let (head, body) = said.split_once("\r\n\r\n").unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, body.to_owned())
        });
        asking.await.unwrap()
    }

    /// The spans, once one of this name is there.
    async fn spans(&self, last: &str, kind: SpanKind) -> Vec<Span> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            let spans = self.kept.0.lock().unwrap().clone();
            if spans.iter().any(|span| span.name == last && span.kind == kind) {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no span `{last}`: {:#?}", self.kept.0.lock().unwrap());
    }

    async fn close(self) -> Vec<Span> {
        self.gateways.close().await;
        self.host.shutdown(Duration::from_secs(30)).await.unwrap();
        self.kept.0.lock().unwrap().clone()
    }
}

fn compiled(text: &str) -> flowmesh_ir::Program {
    fuzz::compiled(text).unwrap_or_else(|| panic!("it does not compile: {text}"))
}

fn program(trace: &str, back: SocketAddr) -> String {
    SHOP.replace("BACK", &back.to_string()).replace("TRACE", trace)
}

fn named<'s>(spans: &'s [Span], name: &str, kind: SpanKind) -> &'s Span {
    let found = spans.iter().find(|span| span.name == name && span.kind == kind);
    found.unwrap_or_else(|| panic!("no span `{name}`: {spans:#?}"))
}

fn run_of(body: &str) -> flowmesh_host::RunId {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["run"].as_str().unwrap().parse().unwrap()
}

const ABOVE: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_its_run_and_the_runs_of_that_are_one_trace_over_a_restart() {
    let (heard, directory) = (Arc::default(), tempfile::tempdir().unwrap());
    let text = program("", desk(Arc::clone(&heard)));
    let town = Town::open(directory.path(), &text).await;
    let headers = format!("{ABOVE}tracestate: a=1\r\n");
    let (status, body) = town.ask("POST /orders/o1", &headers).await;
    assert_eq!(status, 202, "{body}");
    let run = run_of(&body);
    let before = town.spans("POST order", SpanKind::Visit).await;
    let visit = named(&before, "POST order", SpanKind::Visit).clone();
    assert_eq!(
        format!("{:032x}", visit.context.trace),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(visit.parent, Some(0x00f0_67aa_0ba9_02b7));
    town.close().await;

    let town = Town::open(directory.path(), &text).await;
    town.host.signal(run, "go", *b"{}", Duration::ZERO).await.unwrap();
    assert_eq!(
        town.host.wait(run).await.unwrap().trace.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    let after = town.close().await;
    assert!(
        after.iter().all(|span| span.context.trace == visit.context.trace),
        "{after:#?}"
    );
    let order = named(&after, "order", SpanKind::Run);
    assert_eq!(order.parent, Some(visit.context.span));
    let part = named(&after, "part", SpanKind::Run);
    assert_eq!(part.parent, Some(order.context.span));
    let attempt = after.iter().find(|span| span.kind == SpanKind::Attempt).unwrap();
    assert_eq!(*heard.lock().unwrap(), [attempt.context.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_told_if_it_fails() {
    let (heard, directory) = (Arc::default(), tempfile::tempdir().unwrap());
    let text = program("", desk(Arc::clone(&heard)))
        + "\nmesh { trace: { sample: 0%, tags: { team: \"shop\" } } }\n";
    let town = Town::open(directory.path(), &text).await;
    assert_eq!(town.ask("GET /desk/pack/a", "").await.0, 200);
    assert_eq!(town.ask("GET /desk/fail/b", "").await.0, 500);
    assert_eq!(
        town.ask("GET /desk/fail/c", &ABOVE.replace("-01\r", "-00\r"))
            .await
            .0,
        500
    );
    assert_eq!(town.ask("GET /desk/pack/d", ABOVE).await.0, 200);
    let well = town
        .host
        .start("part", br#"{"id":"a"}"#.as_slice(), None)
        .await
        .unwrap();
    town.host.wait(well.id).await.unwrap();
    let ill = town
        .host
        .start("broken", br#"{"id":"a"}"#.as_slice(), None)
        .await
        .unwrap();
    town.host.wait(ill.id).await.unwrap();
    let spans = town.close().await;
    let visits: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Visit).collect();
    let paths: Vec<_> = visits
        .iter()
        .map(|span| {
            span.attributes
                .iter()
                .find(|(name, _)| name == "url.path")
                .unwrap()
                .1
                .as_str()
        })
        .collect();
    assert_eq!(paths, ["/desk/fail/b", "/desk/fail/c", "/desk/pack/d"]);
    assert!(matches!(visits[0].status, SpanStatus::Error(_)));
    let tagged = |span: &Span| span.attributes.contains(&("team".into(), "shop".to_owned()));
    assert!(spans.iter().all(tagged), "{spans:#?}");
    assert!(!spans.iter().any(|span| span.name == "part"), "{spans:#?}");
    // All of the run that failed, also what went well in it.
    let of_run = spans.iter().filter(|span| span.context.trace == ill.id.0);
    let kinds: Vec<_> = of_run.map(|span| span.kind).collect();
    for (kind, count) in [(SpanKind::Run, 1), (SpanKind::Call, 2), (SpanKind::Attempt, 2)] {
        assert_eq!(
            kinds.iter().filter(|it| **it == kind).count(),
            count,
            "{spans:#?}"
        );
    }
    // The services are told, too.
    let heard = heard.lock().unwrap();
    let flags: String = heard.iter().filter_map(|it| it.chars().last()).collect();
    assert_eq!(flags, "0001000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_says_which_calls_of_a_trace_are_recorded_and_what_stands_on_them() {
    let (heard, directory) = (Arc::default(), tempfile::tempdir().unwrap());
    let text = program(
        r#"trace: { sample: 0%, tags: { tier: "gold" } }"#,
        desk(Arc::clone(&heard)),
    );
    let town = Town::open(directory.path(), &text).await;
    let run = town
        .host
        .start("part", br#"{"id":"a"}"#.as_slice(), None)
        .await
        .unwrap();
    town.host.wait(run.id).await.unwrap();
    let spans = town.close().await;
    assert!(spans.iter().any(|span| span.kind == SpanKind::Run), "{spans:#?}");
    let calls = |span: &&Span| matches!(span.kind, SpanKind::Call | SpanKind::Attempt);
    assert_eq!(spans.iter().filter(calls).count(), 0, "{spans:#?}");
    assert!(heard.lock().unwrap()[0].ends_with("-00"));

    let text = program(r#"trace: { tags: { tier: "gold" } }"#, desk(heard));
    let town = Town::open(directory.path(), &text).await;
    let run = town
        .host
        .start("part", br#"{"id":"b"}"#.as_slice(), None)
        .await
        .unwrap();
    town.host.wait(run.id).await.unwrap();
    let spans = town.close().await;
    let tagged: Vec<_> = spans
        .iter()
        .filter(|span| span.attributes.contains(&("tier".into(), "gold".to_owned())))
        .collect();
    assert_eq!(tagged.len(), 2, "{spans:#?}");
    assert!(tagged.iter().all(calls));
}
