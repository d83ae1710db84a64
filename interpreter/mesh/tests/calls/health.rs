//! Endpoints are asked how they are, and left alone while they are not well.

#![expect(
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use crate::support;
use crate::support::{
    call, plain, request,
    server::{Answer, Server},
    status, with_options,
};
use flowmesh_ir::{
    PolicyId, Program, SecretId,
    policy::{Balance, Policy},
    service::{Auth, Method},
    traffic::Health,
};
use flowmesh_mesh::Mesh;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const HEALTH: &str = "/healthz";

fn asking() -> Health {
    Health {
        method: Method::Get,
        path: HEALTH.to_owned(),
        every_ms: 20,
        timeout_ms: 1_000,
        unhealthy: 2,
        healthy: 2,
    }
}

fn policy(health: Health) -> Policy {
    Policy {
        balance: Balance::RoundRobin,
        health: Some(health),
        ..plain()
    }
}

fn mesh<'s>(policy: Policy, servers: impl IntoIterator<Item = &'s Server>) -> Mesh {
    let addresses = servers.into_iter().map(Server::url).collect::<Vec<_>>();
    support::mesh(policy, &addresses)
}

/// A server, and whether it is well; to everything but the question it answers 200.
async fn patient() -> (Server, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(true));
    let says = well.clone();
    let server = Server::by_path(move |path| {
        let ill = path == HEALTH && !says.load(Ordering::SeqCst);
        Answer::Status(if ill { 503 } else { 200 })
    })
    .await;
    (server, well)
}

async fn healthy() -> Server {
    patient().await.0
}

/// Waits until a server was asked so many times more.
async fn asked(server: &Server, times: usize) {
    let before = server.requests_to(HEALTH);
    while server.requests_to(HEALTH) < before + times {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many of some calls a server got.
async fn share(mesh: &Mesh, server: &Server, calls: usize) -> usize {
    let before = server.requests_to("/orders");
    for _ in 0..calls {
        assert_eq!(status(&call(mesh, &request()).await.0), 200);
    }
    server.requests_to("/orders") - before
}

#[tokio::test]
async fn who_is_not_well_is_left_alone_until_it_is_again() {
    let ((ill, well), other) = (patient().await, healthy().await);
    let mesh = mesh(policy(asking()), [&ill, &other]);
    assert_eq!(share(&mesh, &ill, 10).await, 5);
    well.store(false, Ordering::SeqCst);
    // When it is asked for the third time, two answers were heard.
    asked(&ill, 3).await;
    assert_eq!(share(&mesh, &ill, 10).await, 0);
    well.store(true, Ordering::SeqCst);
    asked(&ill, 4).await;
    assert_eq!(share(&mesh, &ill, 10).await, 5);
}

#[tokio::test]
async fn all_are_used_when_none_is_well() {
    let ((a, a_well), (b, b_well)) = (patient().await, patient().await);
    let mesh = mesh(policy(asking()), [&a, &b]);
    call(&mesh, &request()).await;
    for well in [&a_well, &b_well] {
        well.store(false, Ordering::SeqCst);
    }
    asked(&a, 4).await;
    asked(&b, 4).await;
    assert_eq!(share(&mesh, &a, 10).await, 5);
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_not_well() {
    let late = Server::by_path(|path| match path {
        HEALTH => Answer::Late(Duration::from_secs(5)),
        _ => Answer::Status(200),
    })
    .await;
    let other = healthy().await;
    let health = Health {
        timeout_ms: 50,
        unhealthy: 1,
        ..asking()
    };
    let mesh = mesh(policy(health), [&late, &other]);
    call(&mesh, &request()).await;
    asked(&late, 2).await;
    assert_eq!(share(&mesh, &late, 10).await, 0);
}

#[tokio::test]
async fn who_takes_no_connection_is_not_well_and_costs_no_call() {
    let nobody = support::server::nobody();
    let other = healthy().await;
    let health = Health {
        unhealthy: 1,
        ..asking()
    };
    let mesh = support::mesh(policy(health), &[format!("http://{nobody}"), other.url()]);
    call(&mesh, &request()).await;
    asked(&other, 4).await;
    assert_eq!(share(&mesh, &other, 10).await, 10);
}

#[tokio::test]
async fn a_question_shows_no_secret_and_says_who_asks() {
    let server = healthy().await;
    let mut program = support::program(policy(asking()), &[100]);
    program.secrets.push("token".into());
    Arc::make_mut(&mut program.services[0]).auth = Some(Auth::Bearer(SecretId(0)));
    let url = format!("{}/v1", server.url());
    let mesh = with_options(program, vec![vec![url]], |options| {
        options.secrets = Arc::new(|_| Some("hunter2".to_owned()));
        options.headers = vec![vec![("x-pass".into(), "hunter2".to_owned())]];
    })
    .unwrap();
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert!(format!("{:?}", server.request(0).headers).contains("hunter2"));
    while server.requests() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let question = server.request(1);
    assert_eq!(question.path, "/v1/healthz", "below the path of the address");
    assert!(!format!("{:?}", question.headers).contains("hunter2"));
    let names: Vec<&str> = question.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["user-agent", "connection", "host"]);
}

#[tokio::test]
async fn slow_answers_to_questions_are_no_latency() {
    let thoughtful = Server::by_path(|path| match path {
        HEALTH => Answer::Late(Duration::from_millis(600)),
        _ => Answer::Status(200),
    })
    .await;
    let slow = Server::by_path(|path| match path {
        HEALTH => Answer::Status(200),
        _ => Answer::Late(Duration::from_millis(150)),
    })
    .await;
    let ewma = Policy {
        balance: Balance::Ewma,
        ..policy(asking())
    };
    let mesh = mesh(ewma, [&thoughtful, &slow]);
    call(&mesh, &request()).await;
    asked(&thoughtful, 2).await;
    // If they were, the one that takes 150 ms would be better.
    assert!(share(&mesh, &thoughtful, 20).await > 10);
}

#[tokio::test]
async fn nobody_is_asked_before_the_first_call_or_after_the_mesh() {
    let server = healthy().await;
    let mesh = mesh(policy(asking()), [&server]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.requests(), 0);
    call(&mesh, &request()).await;
    asked(&server, 2).await;
    drop(mesh);
    // What was on its way may still arrive.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = server.requests();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.requests(), before);
}

#[tokio::test]
async fn questions_to_many_are_not_asked_at_once() {
    let mut servers = Vec::new();
    for _ in 0..8 {
        servers.push(healthy().await);
    }
    let health = Health {
        every_ms: 600,
        ..asking()
    };
    let mesh = mesh(policy(health), &servers);
    call(&mesh, &request()).await;
    let count = || {
        servers
            .iter()
            .map(|server| server.requests_to(HEALTH))
            .sum::<usize>()
    };
    let mut steps = 0;
    while count() < servers.len() {
        let before = count();
        tokio::time::sleep(Duration::from_millis(5)).await;
        steps += usize::from(count() > before);
    }
    assert!(steps >= 3, "{steps}");
}

fn with_policies(policies: [Option<Health>; 2]) -> Program {
    let made = policies.map(|health| Policy { health, ..plain() });
    let mut program = support::program(Policy::default(), &[100]);
    program.policies = made.to_vec();
    let service = Arc::make_mut(&mut program.services[0]);
    service.operations[0].policy = PolicyId(1);
    program
}

#[tokio::test]
async fn the_policy_of_the_service_decides_or_else_that_of_an_operation() {
    let at = |path: &str| Health {
        path: path.to_owned(),
        ..asking()
    };
    let cases = [
        ([Some(at("/a")), Some(at("/b"))], "/a"),
        ([None, Some(at("/b"))], "/b"),
    ];
    for (policies, path) in cases {
        let server = healthy().await;
        let addresses = vec![vec![server.url()]];
        let mesh = with_options(with_policies(policies), addresses, |_| {}).unwrap();
        call(&mesh, &request()).await;
        while server.requests_to(path) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(server.requests(), 1 + server.requests_to(path));
    }
}
