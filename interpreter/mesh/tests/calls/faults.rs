//! Trouble made on purpose: what is held back or answered without being sent looks to the rest like the real thing.

use crate::support::{
    call, failure, mesh, once, plain, request, retrying,
    server::{Answer, Server},
    status,
};
use flowmesh_ir::{
    policy::{Policy, RetryOn, Timeout},
    traffic::Fault,
};
use std::time::{Duration, Instant};

fn troubled(delay_ms: Option<u64>, status: Option<u16>, percent: u32, policy: Policy) -> Policy {
    let fault = Fault {
        delay_ms,
        status,
        percent,
    };
    Policy {
        fault: Some(fault),
        ..policy
    }
}

async fn well() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

#[tokio::test]
async fn a_status_is_answered_without_sending_and_retries_see_it() {
    let server = well().await;
    let policy = troubled(None, Some(503), 100, retrying(&[RetryOn::Class(5)]));
    let mesh = mesh(policy, &[server.url()]);
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), heard.len(), server.requests()), (503, 3, 0));
    assert!(heard.iter().all(|heard| heard.endpoint.is_none()));
    // Whoever may not repeat it cannot know that it was not sent.
    let (reply, heard) = call(&mesh, &once()).await;
    assert_eq!((status(&reply), heard.len()), (503, 1));
}

#[tokio::test]
async fn a_delay_holds_the_attempt_back() {
    let server = well().await;
    let mesh = mesh(troubled(Some(200), None, 100, plain()), &[server.url()]);
    let began = Instant::now();
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert!(
        began.elapsed() >= Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_delay_is_part_of_the_time_of_its_attempt() {
    let server = well().await;
    let timeout = Timeout {
        attempt_ms: 100,
        ..plain().timeout
    };
    let policy = Policy {
        timeout,
        ..troubled(Some(60_000), None, 100, plain())
    };
    let (reply, heard) = call(&mesh(policy, &[server.url()]), &once()).await;
    assert_eq!(
        failure(&reply),
        (
            "Timeout",
            "the fault of the policy held it back for longer than 100ms"
        )
    );
    assert_eq!((heard[0].outcome.sent(), server.requests()), (false, 0));
}

#[tokio::test]
async fn only_a_share_is_hit() {
    let server = well().await;
    let mesh = mesh(troubled(None, Some(503), 30, plain()), &[server.url()]);
    let mut hit = 0;
    for _ in 0..400 {
        hit += usize::from(status(&call(&mesh, &request()).await.0) == 503);
    }
    assert_eq!(hit + server.requests(), 400);
    assert!((80..=160).contains(&hit), "{hit}");
}
