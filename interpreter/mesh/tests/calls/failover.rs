//! Calls go elsewhere while nobody is there who could take them, and come back as soon as somebody is; never twice, never
//! with what is for the first alone, and never where the rules do not let them.

use crate::support;
use crate::support::{
    call, call_as,
    dns::Dns,
    failure, once, plain, request, retrying,
    server::{Answer, Server, nobody, read_request},
    several, status, two, with_options, with_secrets as options,
};
use flowmesh_ir::{
    FlowId, Program, SecretId, ServiceId, SubsetId,
    access::{Rule, What, Who},
    call::Sealed,
    policy::{Policy, RetryOn},
    service::{Auth, EffectKind, Method},
    traffic::{Breaker, Cache, Health, Mirror, Onward},
};
use flowmesh_mesh::{Asker, Mesh};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const OTHER: Onward = Onward::Service(ServiceId(1));

fn to_other(policy: Policy) -> Policy {
    Policy {
        failover: Some(OTHER),
        ..policy
    }
}

fn connecting() -> Policy {
    to_other(retrying(&[RetryOn::Connect]))
}

fn mesh(program: Program, first: String, other: String) -> Mesh {
    several(program, &[vec![vec![first]], vec![vec![other]]], options)
}

async fn down() -> String {
    format!("http://{}", nobody())
}

async fn well() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

/// A server that answers 503 while it is told to, and wants to be left alone for so many seconds then.
async fn told(wait: &'static str) -> (Server, Arc<AtomicBool>) {
    let ill = Arc::new(AtomicBool::new(true));
    let says = ill.clone();
    let server = Server::by_path(move |_| match says.load(Ordering::SeqCst) {
        true => Answer::Header(503, "retry-after", wait),
        false => Answer::Status(200),
    });
    (server.await, ill)
}

fn get() -> flowmesh_ir::call::Request {
    flowmesh_ir::call::Request {
        method: Method::Get,
        effect: EffectKind::Read,
        body: Arc::default(),
        key: None,
        ..request()
    }
}

#[tokio::test]
async fn another_service_answers_while_the_first_is_down() {
    let other = well().await;
    let mesh = mesh(two(connecting()), down().await, other.url());
    // Nobody knows it before it was tried.
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), heard.len()), (200, 2));
    assert_eq!(heard[0].failover, None);
    let why = "failover to `other`: the only endpoint of service `shop` failed a short while ago";
    assert_eq!(heard[1].failover.as_deref(), Some(why));
    assert_eq!(heard[1].endpoint, Some(other.address.to_string()));
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), heard.len()), (200, 1));
    assert_eq!(mesh.measures().calls[0].failovers, 2);
}

#[tokio::test]
async fn nothing_goes_elsewhere_while_one_endpoint_is_there() {
    let (one, other) = (well().await, well().await);
    let first = vec![vec![down().await, one.url()]];
    let mesh = several(two(connecting()), &[first, vec![vec![other.url()]]], options);
    for _ in 0..20 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((one.requests(), other.requests()), (20, 0));
}

#[tokio::test]
async fn where_both_are_down_the_error_names_both() {
    let (first, other) = (nobody(), nobody());
    let mesh = mesh(
        two(connecting()),
        format!("http://{first}"),
        format!("http://{other}"),
    );
    let (reply, heard) = call(&mesh, &request()).await;
    let at: Vec<_> = heard
        .iter()
        .map(|heard| heard.endpoint.clone().unwrap())
        .collect();
    let (first, other) = (first.to_string(), other.to_string());
    assert_eq!(at, [first.clone(), other.clone(), first.clone()]);
    let went = heard[1].outcome.to_string();
    assert!(went.contains(&other) && went.contains("service `shop`"), "{went}");
    let (name, why) = failure(&reply);
    assert_eq!(name, "Unavailable");
    let both = why.contains(&first)
        && why.contains("no failover to `other`: the only endpoint of `other` failed a short while ago");
    assert!(both, "{why}");
}

#[tokio::test]
async fn names_that_lead_nowhere_are_nobody() {
    let (dns, other) = (Dns::start().await, well().await);
    let addresses = [
        vec![vec!["http://gone.test:80".to_owned()]],
        vec![vec![other.url()]],
    ];
    let mesh = several(two(to_other(plain())), &addresses, |all| {
        options(all);
        all.resolver = dns.resolver();
    });
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), heard.len()), (200, 1));
    let why = heard[0].failover.clone().unwrap();
    assert!(why.contains("service `shop` leads nowhere"), "{why}");
}

#[tokio::test]
async fn it_comes_back_when_the_first_is_well_again() {
    let ((first, ill), other) = (told("1").await, well().await);
    let policy = to_other(retrying(&[RetryOn::Class(5)]));
    let mesh = mesh(two(policy), first.url(), other.url());
    let (reply, _) = call(&mesh, &get()).await;
    assert_eq!((status(&reply), first.requests(), other.requests()), (200, 1, 1));
    ill.store(false, Ordering::SeqCst);
    let began = Instant::now();
    while first.requests() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60));
        assert_eq!(status(&call(&mesh, &get()).await.0), 200);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let before = other.requests();
    for _ in 0..20 {
        assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    }
    assert_eq!(other.requests(), before);
}

#[tokio::test]
async fn one_proves_the_first_while_all_others_go_elsewhere() {
    let ((first, ill), other) = (told("60").await, well().await);
    let breaker = Breaker {
        failures: Some(1),
        rate: None,
        within_ms: 60_000,
        // Longer than a busy machine stands still: whoever failed may not find the gate open again.
        open_ms: 800,
        slow_start_ms: None,
    };
    let policy = Policy {
        breaker: Some(breaker),
        ..to_other(retrying(&[RetryOn::Class(5)]))
    };
    let mesh = mesh(two(policy), first.url(), other.url());
    assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    assert_eq!(first.requests(), 1);
    // Each time that its gate opens, one is let through, however many come.
    let began = Instant::now();
    while first.requests() < 4 {
        assert!(began.elapsed() < Duration::from_secs(60));
        let asked = get();
        let calls = (0..20).map(|_| call(&mesh, &asked));
        let before = first.requests();
        for (reply, _) in futures_util::future::join_all(calls).await {
            assert_eq!(status(&reply), 200);
        }
        assert!(first.requests() < before + 5, "{}", first.requests() - before);
    }
    ill.store(false, Ordering::SeqCst);
    // It failed a short while ago, for which nobody would try it, and still it is proven.
    while call(&mesh, &get()).await.1[0].failover.is_some() {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = other.requests();
    for _ in 0..20 {
        assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    }
    assert_eq!(other.requests(), before);
}

#[tokio::test]
async fn who_is_not_well_is_not_there() {
    let (well_again, other) = (Arc::new(AtomicBool::new(true)), well().await);
    let says = well_again.clone();
    let first = Server::by_path(move |path| {
        let ill = path == "/healthz" && !says.load(Ordering::SeqCst);
        Answer::Status(if ill { 503 } else { 200 })
    })
    .await;
    let health = Health {
        method: Method::Get,
        path: "/healthz".to_owned(),
        every_ms: 10,
        timeout_ms: 1_000,
        unhealthy: 1,
        healthy: 1,
    };
    let policy = Policy {
        health: Some(health),
        ..to_other(plain())
    };
    let mesh = mesh(two(policy), first.url(), other.url());
    for is_well in [true, false, true] {
        well_again.store(is_well, Ordering::SeqCst);
        let began = Instant::now();
        while call(&mesh, &get()).await.1[0].failover.is_none() != is_well {
            assert!(began.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    assert!(first.requests_to("/orders") > 0 && other.requests() > 0);
}

#[tokio::test]
async fn another_service_is_sent_what_is_for_it_and_no_secret_of_the_first() {
    let other = well().await;
    let mesh = mesh(two(connecting()), down().await, other.url());
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    let seen = other.request(0);
    assert_eq!(seen.path, "/elsewhere/orders");
    assert_eq!(seen.body, request().body.as_ref());
    assert_eq!(seen.headers["idempotency-key"], "order-1");
    assert_eq!(seen.headers["x-other"], "0ther");
    assert_eq!(seen.headers["x-of-second"], "2");
    assert_eq!(seen.headers["host"], other.address.to_string());
    for name in ["authorization", "x-of-first"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_call_with_a_secret_in_it_is_for_its_own_service_alone() {
    let other = well().await;
    let mesh = mesh(two(connecting()), down().await, other.url());
    let mut sealed = request();
    sealed.sealed = Some(Arc::new(Sealed {
        arguments: Vec::new(),
        run: 1,
        started: jiff::Timestamp::UNIX_EPOCH,
        key: None,
    }));
    let (reply, _) = call(&mesh, &sealed).await;
    let why = failure(&reply).1;
    let said = "no failover to `other`: a call with a secret in it is for its own service alone";
    assert!(why.contains(said), "{why}");
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn a_subset_gets_the_same_request() {
    let other = well().await;
    let policy = Policy {
        failover: Some(Onward::Subset(SubsetId(1))),
        ..retrying(&[RetryOn::Connect])
    };
    let mut program = support::program(policy, &[100, 0]);
    program.secrets = vec!["first".into()];
    Arc::make_mut(&mut program.services[0]).auth = Some(Auth::Bearer(SecretId(0)));
    let subsets = vec![vec![down().await], vec![other.url()]];
    let mesh = with_options(program, subsets, options).unwrap();
    let mut asked = request();
    asked.sealed = Some(Arc::new(Sealed {
        arguments: Vec::new(),
        run: 1,
        started: jiff::Timestamp::UNIX_EPOCH,
        key: None,
    }));
    let (reply, heard) = call(&mesh, &asked).await;
    assert_eq!((status(&reply), heard.len()), (200, 2));
    let why = "failover to `v1`: the only endpoint of `shop.v0` failed a short while ago";
    assert_eq!(heard[1].failover.as_deref(), Some(why));
    let seen = other.request(0);
    assert_eq!(seen.path, "/orders");
    assert_eq!(seen.headers["authorization"], "Bearer s3cret");
    assert_eq!(seen.headers["x-of-first"], "1");
}

#[tokio::test]
async fn what_may_not_be_repeated_is_sent_elsewhere_only_if_it_was_never_sent() {
    let (other, breaks) = (
        well().await,
        Server::by_hand(|_, mut stream| async move {
            read_request(&mut stream).await;
        })
        .await,
    );
    let policy = to_other(retrying(&[RetryOn::Connect, RetryOn::Class(5)]));
    let lost = mesh(two(policy.clone()), breaks.url(), other.url());
    let (reply, heard) = call(&lost, &once()).await;
    assert_eq!(
        (failure(&reply).0, heard.len(), other.requests()),
        ("Unknown", 1, 0)
    );
    let unsent = mesh(two(policy), down().await, other.url());
    let (reply, heard) = call(&unsent, &once()).await;
    assert_eq!((status(&reply), heard.len(), other.requests()), (200, 2, 1));
}

/// The first flow may go to a service; nobody else may.
fn allow(what: What) -> Vec<Rule> {
    vec![Rule {
        allow: true,
        who: vec![Who::Flow(FlowId(0))],
        what: vec![what],
        condition: None,
    }]
}

#[tokio::test]
async fn nobody_goes_elsewhere_whom_the_rules_do_not_let() {
    let other = well().await;
    let mut program = two(connecting());
    program.access = allow(What::Service(ServiceId(1)));
    let mesh = mesh(program, down().await, other.url());
    for asker in [Asker::Nobody, Asker::Flow(FlowId(1)), Asker::Visitor(&[])] {
        let (reply, _) = call_as(&mesh, &request(), asker).await;
        let why = failure(&reply).1;
        assert!(why.contains("no failover to `other`: no rule allows it"), "{why}");
        assert_eq!(other.requests(), 0);
    }
    for (asker, count) in [(Asker::Flow(FlowId(0)), 1), (Asker::Visitor(&[ServiceId(1)]), 2)] {
        assert_eq!(status(&call_as(&mesh, &request(), asker).await.0), 200);
        assert_eq!(other.requests(), count);
    }
}

#[tokio::test]
async fn copies_are_held_to_the_rules_of_the_service_that_gets_them() {
    let (first, other) = (well().await, well().await);
    let mirror = Mirror {
        to: OTHER,
        percent: 100,
        writes: true,
    };
    let mut program = two(Policy {
        mirror: Some(mirror),
        ..plain()
    });
    program.access = allow(What::Service(ServiceId(1)));
    let mesh = mesh(program, first.url(), other.url());
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert_eq!(mesh.copied("shop").left_out, 1);
    let allowed = Asker::Flow(FlowId(0));
    assert_eq!(status(&call_as(&mesh, &request(), allowed).await.0), 200);
    let began = Instant::now();
    while mesh.copied("shop").sent == 0 {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!((other.requests(), mesh.copied("shop").left_out), (1, 1));
}

#[tokio::test]
async fn what_another_service_answers_is_not_kept_as_the_first_ones() {
    let ((first, _ill), other) = (told("60").await, well().await);
    let cache = Cache {
        age_ms: 600_000,
        vary: Vec::new(),
    };
    let policy = Policy {
        cache: Some(cache),
        ..to_other(retrying(&[RetryOn::Class(5)]))
    };
    let mesh = mesh(two(policy), first.url(), other.url());
    for _ in 0..3 {
        assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    }
    // Nobody waits for as long as the first wants to be left alone, since somebody else is there.
    assert_eq!((first.requests(), other.requests()), (1, 3));
}
