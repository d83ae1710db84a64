//! Endpoints that fail are left alone, and let back in when one request has proven them well.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{
    call, failure, mesh, once, plain, request, retrying,
    server::{Answer, Server, nobody},
    status,
};
use flowmesh_ir::{
    call::Reply,
    policy::{Balance, Policy, RetryOn, Timeout},
    traffic::Breaker,
};
use flowmesh_mesh::Mesh;
use std::{sync::Arc, time::Duration};

const LATE: Duration = Duration::from_millis(300);
/// Longer than the gates here stay shut at first, with what chance adds.
const OVER: Duration = Duration::from_millis(150);

fn breaker(failures: u32, open_ms: u64) -> Option<Breaker> {
    Some(Breaker {
        failures: Some(failures),
        rate: None,
        within_ms: 10_000,
        open_ms,
        slow_start_ms: None,
    })
}

fn guarded(failures: u32, open_ms: u64, balance: Balance) -> Policy {
    Policy {
        breaker: breaker(failures, open_ms),
        balance,
        ..plain()
    }
}

async fn answers(status: u16) -> Server {
    Server::start(move |_| Answer::Status(status)).await
}

/// How many of so many calls at once were answered, and what the others were told.
async fn together(mesh: &Arc<Mesh>, count: usize) -> (usize, Vec<String>) {
    let one = |_| {
        let mesh = mesh.clone();
        tokio::spawn(async move { call(&mesh, &request()).await.0 })
    };
    let calls: Vec<_> = (0..count).map(one).collect();
    let (mut answered, mut told) = (0, Vec::new());
    for call in calls {
        match call.await.unwrap() {
            Reply::Answer { .. } => answered += 1,
            Reply::Failed(failure) => told.push(failure.to_string()),
        }
    }
    (answered, told)
}

#[tokio::test]
async fn an_endpoint_that_fails_gets_nothing_more_and_the_others_all_of_it() {
    for balance in [
        Balance::RoundRobin,
        Balance::Random,
        Balance::LeastRequests,
        Balance::Ewma,
    ] {
        let (bad, good) = (answers(500).await, answers(200).await);
        let mesh = mesh(guarded(1, 60_000, balance), &[bad.url(), good.url()]);
        for _ in 0..60 {
            call(&mesh, &request()).await;
        }
        // By latency, the one that failed may not have been tried at all.
        assert!(bad.requests() <= 1, "{balance:?}: {}", bad.requests());
        assert_eq!(bad.requests() + good.requests(), 60, "{balance:?}");
    }
}

#[tokio::test]
async fn where_all_are_left_alone_the_call_is_not_sent_and_hears_why() {
    let server = answers(500).await;
    let mesh = mesh(guarded(2, 60_000, Balance::Ewma), &[server.url()]);
    for _ in 0..2 {
        assert_eq!(status(&call(&mesh, &once()).await.0), 500);
    }
    let (reply, heard) = call(&mesh, &once()).await;
    assert_eq!(
        failure(&reply),
        (
            "Unavailable",
            "the breaker of service `shop` is open for its only endpoint"
        )
    );
    assert!(!heard[0].outcome.sent());
    assert_eq!((heard[0].endpoint.clone(), server.requests()), (None, 2));
}

#[tokio::test]
async fn what_cannot_be_reached_or_is_too_slow_counts_and_a_wrong_request_does_not() {
    let policy = || guarded(1, 60_000, Balance::Ewma);
    let open = "the breaker of service `shop` is open for its only endpoint";
    let refusing = mesh(policy(), &[format!("http://{}", nobody())]);
    call(&refusing, &request()).await;
    assert_eq!(failure(&call(&refusing, &request()).await.0).1, open);

    let late = Server::start(|_| Answer::Late(LATE)).await;
    let timeout = Timeout {
        attempt_ms: 50,
        ..plain().timeout
    };
    let hurried = Policy { timeout, ..policy() };
    let hurried = mesh(hurried, &[late.url()]);
    assert_eq!(failure(&call(&hurried, &request()).await.0).0, "Timeout");
    assert_eq!(failure(&call(&hurried, &request()).await.0).1, open);

    let wrong = answers(404).await;
    let mesh = mesh(policy(), &[wrong.url()]);
    for _ in 0..5 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 404);
    }
}

#[tokio::test]
async fn exactly_one_request_is_the_proof() {
    let server = Server::start(|n| match n {
        0 => Answer::Status(503),
        _ => Answer::Late(LATE),
    })
    .await;
    let mesh = Arc::new(mesh(guarded(1, 100, Balance::Ewma), &[server.url()]));
    call(&mesh, &request()).await;
    tokio::time::sleep(OVER).await;
    let (answered, told) = together(&mesh, 6).await;
    assert_eq!((answered, told.len(), server.requests()), (1, 5, 2));
    assert!(
        told.iter()
            .all(|told| told.starts_with("Unavailable: the breaker")),
        "{told:?}"
    );
    assert_eq!(together(&mesh, 6).await.0, 6);
}

#[tokio::test]
async fn a_proof_that_fails_shuts_it_for_longer() {
    let server = answers(503).await;
    let mesh = mesh(guarded(1, 100, Balance::Ewma), &[server.url()]);
    call(&mesh, &request()).await;
    tokio::time::sleep(OVER).await;
    assert_eq!(status(&call(&mesh, &request()).await.0), 503);
    tokio::time::sleep(OVER).await;
    assert_eq!(failure(&call(&mesh, &request()).await.0).0, "Unavailable");
    tokio::time::sleep(OVER).await;
    assert_eq!(status(&call(&mesh, &request()).await.0), 503);
}

#[tokio::test]
async fn a_proof_whose_caller_goes_away_leaves_the_gate_to_the_next() {
    let server = Server::start(|n| match n {
        0 => Answer::Status(503),
        1 => Answer::Late(Duration::from_secs(60)),
        _ => Answer::Status(200),
    })
    .await;
    let mesh = Arc::new(mesh(guarded(1, 100, Balance::Ewma), &[server.url()]));
    call(&mesh, &request()).await;
    tokio::time::sleep(OVER).await;
    let shared = mesh.clone();
    let proof = tokio::spawn(async move { call(&shared, &request()).await.0 });
    tokio::time::sleep(OVER).await;
    assert_eq!(failure(&call(&mesh, &request()).await.0).0, "Unavailable");
    proof.abort();
    proof.await.unwrap_err();
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
}

#[tokio::test]
async fn an_endpoint_that_is_well_again_is_found_whatever_the_balance() {
    for balance in [
        Balance::RoundRobin,
        Balance::Random,
        Balance::LeastRequests,
        Balance::Ewma,
    ] {
        let recovering = Server::start(|n| Answer::Status(if n == 0 { 500 } else { 200 })).await;
        let well = answers(200).await;
        let mesh = mesh(guarded(1, 100, balance), &[recovering.url(), well.url()]);
        while recovering.requests() == 0 {
            call(&mesh, &request()).await;
        }
        tokio::time::sleep(OVER).await;
        for _ in 0..40 {
            assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        }
        assert!(recovering.requests() > 1, "{balance:?}");
    }
}

#[tokio::test]
async fn after_a_proof_an_endpoint_gets_less_than_its_share() {
    let recovering = Server::start(|n| Answer::Status(if n == 0 { 500 } else { 200 })).await;
    let well = answers(200).await;
    let mut policy = guarded(1, 100, Balance::RoundRobin);
    policy.breaker = policy.breaker.map(|breaker| Breaker {
        slow_start_ms: Some(600_000),
        ..breaker
    });
    let mesh = mesh(policy, &[recovering.url(), well.url()]);
    while recovering.requests() == 0 {
        call(&mesh, &request()).await;
    }
    tokio::time::sleep(OVER).await;
    for _ in 0..400 {
        call(&mesh, &request()).await;
    }
    // A tenth of the half that is its share, and the proof.
    let few = recovering.requests() - 1;
    assert!((5..=45).contains(&few), "{few}");
}

#[tokio::test]
async fn a_retry_goes_to_an_endpoint_that_is_not_left_alone() {
    let (bad, good) = (answers(500).await, answers(200).await);
    let policy = Policy {
        breaker: breaker(1, 60_000),
        balance: Balance::RoundRobin,
        ..retrying(&[RetryOn::Class(5)])
    };
    let mesh = mesh(policy, &[bad.url(), good.url()]);
    for _ in 0..10 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((bad.requests(), good.requests()), (1, 10));
}
