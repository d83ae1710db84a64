//! Limits that gateways of several processes hold together with the server that keeps them, over real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;

use client::ask;
use flowmesh_host::{
    Host, HostOptions,
    clock::SystemClock,
    gateways::{Alone, Gateways, GatewaysOptions, Remote, Telemetry},
    network::MeshNetwork,
    server::{Server, ServerOptions},
    workers::Workers,
};
use flowmesh_ir::{
    Name, Program, Value,
    expr::Expr,
    gateway::{Gateway, Route, Segment, Target},
    traffic::{Limit, Rate, Sharing},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::{
    Hickory,
    gateway::GatewayOptions,
    identity::{Fetch, Fetched},
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, task::JoinHandle};

const RATE: u32 = 50;

/// Nobody is asked for keys here.
struct Nobody;

impl Fetch for Nobody {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { panic!("no gateway has keys") })
    }
}

/// Two gateways that lead visitors elsewhere, 50 in a second.
fn program() -> Program {
    let text = |text: &str| Expr::Constant(Value::string(text));
    let route = || Route {
        host: None,
        method: None,
        path: vec![Segment::Rest],
        patterns: Vec::new(),
        condition: None,
        target: Target::Redirect {
            to: text("https://else.where/"),
            status: 302,
        },
        policy: None,
        rewrite: None,
    };
    let gateway = |name: &str, sharing| Gateway {
        name: name.into(),
        listen: vec![text("http://127.0.0.1:0")],
        limit: Some(Limit {
            rate: Some(Rate {
                count: RATE,
                per_ms: 1_000,
            }),
            queue: Some(0),
            shared: Some(sharing),
            ..Limit::default()
        }),
        routes: vec![route()],
        ..Gateway::default()
    };
    Program {
        gateways: vec![
            gateway("parted", Sharing::Parted),
            gateway("strict", Sharing::Strict),
        ],
        ..Program::default()
    }
}

fn options() -> GatewaysOptions {
    GatewaysOptions {
        limits: GatewayOptions::default(),
        log: None,
        fetch: Arc::new(Nobody),
        api: String::new(),
        directory: PathBuf::new(),
    }
}

fn resolver() -> Arc<Hickory> {
    Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap())
}

/// Where one of them listens.
fn address(gateways: &Gateways, name: &str) -> SocketAddr {
    let all = gateways.addresses();
    let found = all.iter().find(|(known, _)| *known == Name::new(name));
    *found.and_then(|(_, addresses)| addresses.first()).unwrap()
}

/// A server that keeps limits, and has the same gateways itself.
struct Keeper {
    api: SocketAddr,
    host: Host,
    gateways: Gateways,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Keeper {
    async fn open(folder: &Path, listen: SocketAddr) -> Self {
        let host = Host::open(folder, HostOptions::new(resolver(), Arc::new(|_| None))).unwrap();
        host.deploy(program(), Settings::default()).await.unwrap();
        let gateways = Gateways::open(&host, options()).await.unwrap();
        let server = Server::bind(ServerOptions::new(listen)).await.unwrap();
        let api = server.address();
        let (stop, stopped) = oneshot::channel();
        let serving = server.serve(host.clone(), async move { drop(stopped.await) });
        Self {
            api,
            host,
            gateways,
            stop,
            serving: tokio::spawn(serving),
        }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.serving.await.unwrap();
        self.gateways.close().await;
        self.host.shutdown(Duration::ZERO).await.unwrap();
    }
}

/// The gateways of a process that keeps nothing.
async fn alone(api: SocketAddr) -> Gateways {
    let clock = Arc::new(SystemClock);
    let network = MeshNetwork::new(resolver(), Arc::new(|_| None), clock.clone(), Workers::new(clock));
    let remote = Remote {
        url: format!("http://{api}"),
        token: None,
        namespace: None,
        authority: None,
    };
    let alone = Alone::new(&network, Some(remote), Telemetry::new(None, 0)).unwrap();
    alone.deploy(&network, program(), Settings::default()).unwrap();
    alone.open(options()).await.unwrap()
}

/// How many are let in who come one after the other to each of these, beside each other, for so long.
async fn crowd(to: &[SocketAddr], time: Duration) -> Vec<u32> {
    let visitors = to.iter().map(|to| {
        let to = *to;
        tokio::spawn(async move {
            let (began, mut let_in) = (Instant::now(), 0);
            while began.elapsed() < time {
                match ask(to, "GET", "/", "", "").await.status {
                    302 => let_in += 1,
                    429 => {}
                    other => panic!("{other}"),
                }
            }
            let_in
        })
    });
    let visitors: Vec<_> = visitors.collect();
    let mut all = Vec::new();
    for one in visitors {
        all.push(one.await.unwrap());
    }
    all
}

/// Waits until a visitor is told this.
async fn until(what: &str, to: SocketAddr, status: u16) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if ask(to, "GET", "/", "", "").await.status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_and_their_server_let_in_together_what_the_limit_says() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(folder.path(), ([127, 0, 0, 1], 0).into()).await;
    let (one, other) = (alone(keeper.api).await, alone(keeper.api).await);
    let doors = [&one, &other, &keeper.gateways].map(|gateways| address(gateways, "parted"));
    let began = Instant::now();
    let let_in = crowd(&doors, Duration::from_secs(5)).await;
    let most = f64::from(RATE) * (1.0 + began.elapsed().as_secs_f64());
    let sum: u32 = let_in.iter().sum();
    assert!(f64::from(sum) <= most, "{let_in:?} of {most}");
    // A busy machine is slow, but lets each have some.
    assert!(
        sum >= 3 * RATE && let_in.iter().all(|it| *it >= RATE / 2),
        "{let_in:?}"
    );
    // Who is gone leaves its part to the others.
    other.close().await;
    drop(one);
    let began = Instant::now();
    loop {
        let let_in = crowd(&doors[2..], Duration::from_secs(1)).await;
        if let_in.iter().sum::<u32>() >= RATE * 4 / 5 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{let_in:?}");
    }
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_cannot_be_asked_each_goes_on_with_its_part_unless_it_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(folder.path(), ([127, 0, 0, 1], 0).into()).await;
    let (api, gateways) = (keeper.api, alone(keeper.api).await);
    let (parted, strict) = (address(&gateways, "parted"), address(&gateways, "strict"));
    until("a strict limit lets somebody in", strict, 302).await;
    until("the other does", parted, 302).await;
    keeper.stop().await;
    until("a strict limit lets nobody in", strict, 503).await;
    until("the other goes on", parted, 302).await;
    let began = Instant::now();
    let let_in = crowd(&[parted], Duration::from_secs(3)).await;
    let most = f64::from(RATE) * (1.0 + began.elapsed().as_secs_f64());
    let sum: u32 = let_in.iter().sum();
    assert!(f64::from(sum) <= most && sum >= RATE, "{let_in:?} of {most}");
    let refused = ask(strict, "GET", "/", "", "").await;
    assert_eq!(refused.status, 503);
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    let keeper = Keeper::open(folder.path(), api).await;
    until("a strict limit lets somebody in again", strict, 302).await;
    until("so does the other", parted, 302).await;
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_asked_lets_nobody_in() {
    // Nobody listens there.
    let gateways = alone(([127, 0, 0, 1], 1).into()).await;
    until("nobody is let in", address(&gateways, "parted"), 503).await;
    gateways.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_no_server_can_share_nothing() {
    let clock = Arc::new(SystemClock);
    let network = MeshNetwork::new(resolver(), Arc::new(|_| None), clock.clone(), Workers::new(clock));
    let alone = Alone::new(&network, None, Telemetry::new(None, 0)).unwrap();
    let error = alone
        .deploy(&network, program(), Settings::default())
        .unwrap_err();
    assert_eq!(error.code.to_string(), "F1076");
    assert!(error.message.contains("shared"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_lent_and_what_cannot_be_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(folder.path(), ([127, 0, 0, 1], 0).into()).await;
    let lease = async |body: &str| ask(keeper.api, "POST", "/v1/limits/lease", "", body).await;
    let there = lease(r#"{"holder": "a1", "wishes": []}"#).await;
    assert_eq!(
        (there.status, there.json()["among"].as_u64()),
        (200, Some(1)),
        "{}",
        there.body
    );
    let other = lease(r#"{"holder": "b2", "wishes": []}"#).await;
    assert_eq!(other.json()["among"], 2);
    let wish = r#"{"limit": "gateway x", "key": "ff", "count": 1000000, "per_ms": 1000, "want": 7}"#;
    let asked = format!(r#"{{"holder": "a1", "wishes": [{wish}, {wish}]}}"#);
    let began = Instant::now();
    loop {
        let lent = lease(&asked).await;
        let leases = lent.json()["leases"].clone();
        assert_eq!(
            (lent.status, leases.as_array().unwrap().len()),
            (200, 2),
            "{}",
            lent.body
        );
        if leases[0]["granted"] == 7 {
            break;
        }
        // It begins empty.
        assert!(began.elapsed() < Duration::from_secs(60), "{leases}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let many = format!(
        r#"{{"holder": "a1", "wishes": [{}{wish}]}}"#,
        format!("{wish},").repeat(256)
    );
    let long = asked.replace("gateway x", &"x".repeat(301));
    for wrong in ["", "{}", r#"{"holder": "none", "wishes": []}"#, &many, &long] {
        let refused = lease(wrong).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
    keeper.stop().await;
}
