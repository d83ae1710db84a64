//! When a call is repeated, where to, and how it ends when it is not.

use crate::support::{
    call, failure, mesh, once, plain, request, retrying,
    server::{Answer, Server, nobody, read_request, write},
    status,
};
use flowmesh_ir::policy::{Balance, Budget, Policy, Retry, RetryOn, Timeout};
use flowmesh_mesh::{Next, Outcome, Why};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Takes requests and never answers.
async fn silent() -> Server {
    Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.read(&mut [0]).await;
    })
    .await
}

/// Takes a request and closes the connection.
async fn closing() -> Server {
    Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
    })
    .await
}

fn within(attempt_ms: u64, total_ms: u64, policy: Policy) -> Policy {
    Policy {
        timeout: Timeout {
            attempt_ms,
            total_ms,
            ..policy.timeout
        },
        ..policy
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_elsewhere_even_for_once() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let nobody = format!("http://{}", nobody());
    let policy = Policy {
        balance: Balance::RoundRobin,
        ..retrying(&[RetryOn::Connect])
    };
    let mesh = mesh(policy, &[nobody, server.url()]);
    for _ in 0..4 {
        assert_eq!(status(&call(&mesh, &once()).await.0), 200);
    }
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let server = Server::start(|n| Answer::Status(if n < 2 { 503 } else { 200 })).await;
    let mesh = mesh(retrying(&[RetryOn::Class(5)]), &[server.url()]);
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), server.requests(), heard.len()), (200, 3, 3));
    assert_eq!(heard[0].endpoint, Some(server.address.to_string()));
    assert_eq!(heard[0].next, Next::Retry(Duration::from_millis(1)));
    assert_eq!(heard[2].next, Next::End(Why::Answered));
}

#[tokio::test]
async fn attempts_end_and_the_last_answer_stands() {
    let server = Server::start(|_| Answer::Status(503)).await;
    let mesh = mesh(retrying(&[RetryOn::Class(5)]), &[server.url()]);
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), server.requests()), (503, 3));
    assert_eq!(heard[2].next, Next::End(Why::Attempts));
}

#[tokio::test]
async fn once_is_not_sent_again_whatever_the_policy_says() {
    let everything = [RetryOn::Connect, RetryOn::Timeout, RetryOn::Class(5)];
    let busy = Server::start(|_| Answer::Status(503)).await;
    assert_eq!(
        status(&call(&mesh(retrying(&everything), &[busy.url()]), &once()).await.0),
        503
    );
    assert_eq!(busy.requests(), 1);

    let closing = closing().await;
    let (reply, heard) = call(&mesh(retrying(&everything), &[closing.url()]), &once()).await;
    let (name, words) = failure(&reply);
    assert_eq!(name, "Unknown");
    assert!(words.contains("broke before an answer came"), "{words}");
    assert_eq!((heard.len(), closing.connections()), (1, 1));

    let silent = silent().await;
    let policy = within(50, 1_000, retrying(&everything));
    let (reply, heard) = call(&mesh(policy, &[silent.url()]), &once()).await;
    assert_eq!(
        (failure(&reply).0, heard.len(), silent.connections()),
        ("Unknown", 1, 1)
    );
}

#[tokio::test]
async fn a_broken_connection_is_unavailable_where_repeating_does_no_harm() {
    let closing = closing().await;
    let (reply, heard) = call(
        &mesh(retrying(&[RetryOn::Class(5)]), &[closing.url()]),
        &request(),
    )
    .await;
    let (name, words) = failure(&reply);
    assert_eq!((name, heard.len()), ("Unavailable", 3));
    assert!(words.ends_with("(the last of 3 attempts)"), "{words}");
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_repeated_elsewhere() {
    let (silent, server) = (silent().await, Server::start(|_| Answer::Status(200)).await);
    let policy = within(100, 10_000, retrying(&[RetryOn::Timeout]));
    let mesh = mesh(
        Policy {
            balance: Balance::RoundRobin,
            ..policy
        },
        &[silent.url(), server.url()],
    );
    for _ in 0..2 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn the_total_covers_all_attempts() {
    let silent = silent().await;
    let mesh = mesh(within(60, 100, retrying(&[RetryOn::Timeout])), &[silent.url()]);
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((failure(&reply).0, heard.len()), ("Timeout", 2));
    assert_eq!(heard[1].next, Next::End(Why::Total));
}

#[tokio::test]
async fn an_answer_that_comes_drop_by_drop_does_not_outlast_the_attempt() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        for _ in 0..1_000 {
            write(&mut stream, " ").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let (reply, _) = call(&mesh(within(100, 100, plain()), &[server.url()]), &request()).await;
    let words = format!("the answer of {} was not complete within 100ms", server.address);
    assert!(failure(&reply).1.starts_with(&words), "{reply:?}");
}

#[tokio::test]
async fn an_answer_that_ends_early_is_not_taken_for_a_whole_one() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}").await;
    })
    .await;
    let mesh = mesh(plain(), &[server.url()]);
    let (reply, _) = call(&mesh, &request()).await;
    let words = format!(
        "the connection to {} broke in the middle of the answer",
        server.address
    );
    assert_eq!(failure(&reply), ("Unavailable", words.as_str()));
    assert_eq!(failure(&call(&mesh, &once()).await.0).0, "Unknown");
}

#[tokio::test]
async fn a_service_that_asks_to_be_left_alone_is() {
    let server = Server::start(|n| match n {
        0 => Answer::Header(503, "retry-after", "1"),
        _ => Answer::Status(200),
    })
    .await;
    let (reply, heard) = call(&mesh(retrying(&[RetryOn::Class(5)]), &[server.url()]), &request()).await;
    assert_eq!(status(&reply), 200);
    assert_eq!(heard[0].next, Next::Retry(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_service_that_asks_for_longer_than_the_total_is_not_asked_again() {
    let server = Server::start(|_| Answer::Header(503, "retry-after", "60")).await;
    let (reply, heard) = call(&mesh(retrying(&[RetryOn::Class(5)]), &[server.url()]), &request()).await;
    assert_eq!((status(&reply), heard.len()), (503, 1));
    assert_eq!(heard[0].next, Next::End(Why::Total));
    let Outcome::Answer { retry_after, .. } = &heard[0].outcome else {
        panic!("{heard:?}");
    };
    assert_eq!(*retry_after, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn a_failing_service_gets_only_as_many_retries_as_calls_pay_for() {
    let server = Server::start(|_| Answer::Status(503)).await;
    let policy = retrying(&[RetryOn::Class(5)]);
    let retry = policy.retry.map(|retry| Retry {
        budget: Some(Budget {
            percent: 50,
            min_per_second: 0,
        }),
        ..retry
    });
    let mesh = mesh(Policy { retry, ..plain() }, &[server.url()]);
    let mut last = Next::End(Why::Answered);
    for _ in 0..20 {
        let (reply, heard) = call(&mesh, &request()).await;
        assert_eq!(status(&reply), 503);
        last = heard[heard.len() - 1].next;
    }
    assert_eq!(server.requests(), 30, "20 calls and half as many retries");
    assert_eq!(last, Next::End(Why::Budget));
}
