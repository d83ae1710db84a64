//! Second attempts beside a first that takes long: of what is only read, as far as it is paid for.

use crate::support::{
    call, mesh, plain, request, retrying,
    server::{Answer, Server},
    status,
};
use flowmesh_ir::{
    call::Request,
    policy::{Balance, Budget, Policy, Retry, Timeout},
    service::{EffectKind, Method},
    traffic::Hedge,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

fn hedged(after_ms: u64) -> Policy {
    Policy {
        hedge: Some(Hedge { after_ms, most: 2 }),
        balance: Balance::RoundRobin,
        timeout: Timeout {
            attempt_ms: 60_000,
            total_ms: 60_000,
            idle_ms: 60_000,
        },
        ..plain()
    }
}

fn get() -> Request {
    Request {
        method: Method::Get,
        effect: EffectKind::Read,
        body: Arc::default(),
        key: None,
        ..request()
    }
}

async fn slow() -> Server {
    Server::start(|_| Answer::Late(Duration::from_secs(50))).await
}

async fn well() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

#[tokio::test]
async fn what_takes_long_is_asked_of_another_endpoint_too() {
    let (slow, well) = (slow().await, well().await);
    let mesh = mesh(hedged(50), &[slow.url(), well.url()]);
    let began = Instant::now();
    for _ in 0..4 {
        let (reply, heard) = call(&mesh, &get()).await;
        assert_eq!((status(&reply), heard.len()), (200, 1));
        assert_eq!(heard.first().unwrap().endpoint, Some(well.address.to_string()));
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(slow.requests() > 0 && well.requests() == 4);
}

#[tokio::test]
async fn what_may_change_something_is_never_asked_twice_at_once() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(300))).await;
    let mesh = mesh(hedged(10), &[server.url()]);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert_eq!(server.requests(), 1);
    assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn second_attempts_are_paid_for_like_retries() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(100))).await;
    let retry = Retry {
        budget: Some(Budget {
            percent: 0,
            min_per_second: 0,
        }),
        ..retrying(&[]).retry.unwrap()
    };
    let policy = Policy {
        retry: Some(retry),
        ..hedged(10)
    };
    let mesh = mesh(policy, &[server.url()]);
    assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_good_waits_for_the_other() {
    let failing =
        Server::start(|_| Answer::Full(503, Vec::new(), Vec::new(), Duration::from_millis(100))).await;
    let other = Server::start(|_| Answer::Late(Duration::from_millis(300))).await;
    let mesh = mesh(hedged(20), &[failing.url(), other.url()]);
    assert_eq!(status(&call(&mesh, &get()).await.0), 200);
    assert_eq!((failing.requests(), other.requests()), (1, 1));
}
