//! Endpoints that stand near are called before others, over real connections.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use crate::support;
use crate::support::{
    Heard, call, request, retrying,
    server::{Answer, Server},
    status, with_options,
};
use flowmesh_ir::{
    policy::{Balance, Policy, RetryOn},
    traffic::Breaker,
};
use flowmesh_mesh::Mesh;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

/// For how long what failed counts as not well.
const FAILING: Duration = Duration::from_secs(5);

/// A mesh in a zone, for one service whose addresses stand in zones.
fn mesh(policy: Policy, here: Option<&str>, addresses: &[(&str, String)]) -> Mesh {
    let mut program = support::program(policy, &[100]);
    let service = Arc::make_mut(&mut program.services[0]);
    service.subsets[0].zones = addresses.iter().map(|(zone, _)| zone.parse().unwrap()).collect();
    let addresses = addresses.iter().map(|(_, address)| address.clone()).collect();
    with_options(program, vec![addresses], |options| {
        options.zone = here.map(|here| here.parse().unwrap());
    })
    .unwrap()
}

/// A server, and the status that it answers with.
async fn patient() -> (Server, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    let says = status.clone();
    let server = Server::start(move |_| Answer::Status(says.load(Ordering::SeqCst))).await;
    (server, status)
}

fn policy(balance: Balance) -> Policy {
    Policy {
        balance,
        ..retrying(&[RetryOn::Class(5), RetryOn::Connect])
    }
}

/// Calls so often and is answered each time; the attempts.
async fn answered(mesh: &Mesh, calls: usize) -> Vec<Vec<Heard>> {
    let mut all = Vec::new();
    for _ in 0..calls {
        let (reply, heard) = call(mesh, &request()).await;
        assert_eq!(status(&reply), 200);
        all.push(heard);
    }
    all
}

/// Calls until one server got that many more requests, and is answered each time.
async fn until_called(mesh: &Mesh, server: &Server, times: usize) {
    let before = server.requests();
    while server.requests() < before + times {
        answered(mesh, 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_nearest_get_everything_and_the_next_take_over_while_they_fail() {
    for balance in [Balance::RoundRobin, Balance::Ewma] {
        let ((a, a_says), (b, b_says), (far, _)) = (patient().await, patient().await, patient().await);
        let places = [
            ("eu/eu-b", far.url()),
            ("eu/eu-a/rack-1", a.url()),
            ("eu/eu-a/rack-2", b.url()),
        ];
        let mesh = mesh(policy(balance), Some("eu/eu-a"), &places);
        let heard = answered(&mesh, 60).await;
        assert_eq!(
            (a.requests() + b.requests(), far.requests()),
            (60, 0),
            "{balance:?}"
        );
        let zones = heard.iter().map(|attempts| attempts[0].zone.as_deref().unwrap());
        assert!(zones.clone().any(|zone| zone == "eu/eu-a/rack-1"), "{balance:?}");
        assert!(
            zones.clone().all(|zone| zone.starts_with("eu/eu-a/")),
            "{balance:?}"
        );

        a_says.store(503, Ordering::SeqCst);
        b_says.store(503, Ordering::SeqCst);
        let began = Instant::now();
        let heard = answered(&mesh, 1).await;
        let went: Vec<_> = heard[0]
            .iter()
            .map(|attempt| attempt.zone.clone().unwrap())
            .collect();
        assert_eq!(
            went[2], "eu/eu-b",
            "{balance:?}: both near ones, and then away: {went:?}"
        );
        let heard = answered(&mesh, 20).await;
        let direct = heard.iter().all(|attempts| attempts.len() == 1);
        assert!(
            direct || began.elapsed() >= FAILING,
            "{balance:?}: nobody asks those that just failed"
        );

        a_says.store(200, Ordering::SeqCst);
        b_says.store(200, Ordering::SeqCst);
        // They are back when nothing goes away any more.
        let mut before = far.requests();
        let mut in_a_row = 0;
        while in_a_row < 30 {
            answered(&mesh, 1).await;
            in_a_row = if far.requests() == before { in_a_row + 1 } else { 0 };
            before = far.requests();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_near_the_next_level_is_called() {
    let near = SocketAddr::from(([127, 0, 0, 1], crate::ports::free_port()));
    let (far, _) = patient().await;
    let (farther, _) = patient().await;
    let places = [
        ("us", farther.url()),
        ("eu/eu-a", format!("http://{near}")),
        ("eu/eu-b", far.url()),
    ];
    let mesh = mesh(policy(Balance::Ewma), Some("eu/eu-a"), &places);
    let heard = answered(&mesh, 1).await;
    let went: Vec<_> = heard[0]
        .iter()
        .map(|attempt| attempt.zone.clone().unwrap())
        .collect();
    assert_eq!(went, ["eu/eu-a", "eu/eu-b"]);
    answered(&mesh, 20).await;
    let back = Server::start_at(near, |_| Answer::Status(200)).await;
    until_called(&mesh, &back, 3).await;
    let before = far.requests();
    answered(&mesh, 20).await;
    assert_eq!((far.requests(), farther.requests()), (before, 0));
}

#[tokio::test]
async fn without_a_zone_of_our_own_nobody_is_nearer_than_another() {
    for here in [None, Some("asia")] {
        let ((a, _), (b, _)) = (patient().await, patient().await);
        let places = [("eu/eu-a", a.url()), ("us/us-a", b.url())];
        let mesh = mesh(policy(Balance::RoundRobin), here, &places);
        answered(&mesh, 40).await;
        assert_eq!((a.requests(), b.requests()), (20, 20), "{here:?}");
    }
}

#[tokio::test]
async fn nobody_is_sent_far_away_to_prove_that_it_is_well_there() {
    let ((near, near_says), (far, far_says)) = (patient().await, patient().await);
    let breaker = Breaker {
        failures: Some(1),
        rate: None,
        within_ms: 10_000,
        open_ms: 100,
        slow_start_ms: None,
    };
    let policy = Policy {
        breaker: Some(breaker),
        ..policy(Balance::Ewma)
    };
    let places = [("us", far.url()), ("eu", near.url())];
    let mesh = mesh(policy, Some("eu"), &places);
    near_says.store(503, Ordering::SeqCst);
    far_says.store(503, Ordering::SeqCst);
    while far.requests() == 0 {
        call(&mesh, &request()).await;
    }
    near_says.store(200, Ordering::SeqCst);
    // The gate of the near one opens again, and its failure is forgotten.
    let before = near.requests();
    while near.requests() < before + 3 {
        call(&mesh, &request()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // By now the far one waits for its proof.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = far.requests();
    answered(&mesh, 20).await;
    assert_eq!(far.requests(), before);
}
