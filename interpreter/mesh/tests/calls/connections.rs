//! How connections are kept, lost and limited.

use crate::support;
use crate::support::{
    call, failure, mesh, once, plain, request,
    server::{Answer, Server, nobody, read_request, write},
    status, with_options,
};
use flowmesh_ir::{
    policy::{Policy, Timeout},
    service::Method,
};
use flowmesh_mesh::{Outcome, Why};
use std::{sync::Arc, time::Duration};
use tokio::io::AsyncReadExt;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mesh = mesh(plain(), &[server.url()]);
    for _ in 0..5 {
        assert_eq!(status(&call(&mesh, &once()).await.0), 200);
    }
    assert_eq!((server.requests(), server.connections()), (5, 1));
}

#[tokio::test]
async fn calls_at_the_same_time_have_connections_of_their_own() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(50))).await;
    let mesh = mesh(plain(), &[server.url()]);
    let request = request();
    let both = tokio::join!(call(&mesh, &request), call(&mesh, &request));
    assert_eq!((status(&both.0.0), status(&both.1.0)), (200, 200));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_request_on_a_connection_that_the_server_closed_goes_out_on_a_new_one() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, OK).await;
    })
    .await;
    let mesh = mesh(plain(), &[server.url()]);
    for _ in 0..3 {
        let (reply, heard) = call(&mesh, &once()).await;
        assert_eq!((status(&reply), heard.len()), (200, 1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_connection_that_rested_too_long_is_not_used() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let policy = Policy {
        timeout: Timeout {
            idle_ms: 0,
            ..plain().timeout
        },
        ..plain()
    };
    let mesh = mesh(policy, &[server.url()]);
    call(&mesh, &request()).await;
    call(&mesh, &request()).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn nobody_listening_is_unavailable_and_nothing_was_sent() {
    let address = nobody();
    let (reply, heard) = call(&mesh(plain(), &[format!("http://{address}")]), &once()).await;
    assert_eq!(
        failure(&reply),
        (
            "Unavailable",
            format!("no connection to {address}: connection refused").as_str()
        )
    );
    assert!(matches!(heard[0].outcome, Outcome::Unsent(_)));
    assert_eq!(heard[0].next, flowmesh_mesh::Next::End(Why::NotNamed));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let server = Server::start(|_| Answer::Body(vec![b' '; 1_001])).await;
    let program = support::program(plain(), &[100]);
    let mesh = with_options(program, vec![vec![server.url()]], |options| {
        options.limits.body_bytes = 1_000;
    })
    .unwrap();
    let (reply, _) = call(&mesh, &request()).await;
    let words = format!("the answer of {} is longer than 1000 bytes", server.address);
    assert_eq!(failure(&reply), ("BadReply", words.as_str()));
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_when_it_is_too_large() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(
            &mut stream,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await;
        for _ in 0..100 {
            write(&mut stream, "0000a\r\n0123456789\r\n").await;
        }
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let program = support::program(plain(), &[100]);
    let mesh = with_options(program, vec![vec![server.url()]], |options| {
        options.limits.body_bytes = 500;
    })
    .unwrap();
    assert_eq!(failure(&call(&mesh, &request()).await.0).0, "BadReply");
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_reply() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, "SSH-2.0-OpenSSH_9.6\r\n\r\n").await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let (reply, _) = call(&mesh(plain(), &[server.url()]), &request()).await;
    let (name, words) = failure(&reply);
    assert_eq!(name, "BadReply");
    assert!(words.contains("is not HTTP/1.1"), "{words}");
}

#[tokio::test]
async fn a_head_without_end_is_a_bad_reply() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\n").await;
        for number in 0..10_000 {
            write(
                &mut stream,
                &format!("x-{number}: 0123456789012345678901234567890123456789\r\n"),
            )
            .await;
        }
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    assert_eq!(
        failure(&call(&mesh(plain(), &[server.url()]), &request()).await.0).0,
        "BadReply"
    );
}

#[tokio::test]
async fn an_answer_to_head_has_a_length_but_no_body() {
    let server = Server::by_hand(|_, mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        write(
            &mut stream,
            "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n",
        )
        .await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mut head = once();
    (head.method, head.body) = (Method::Head, Arc::from(*b""));
    assert_eq!(status(&call(&mesh(plain(), &[server.url()]), &head).await.0), 200);
}

#[tokio::test]
async fn what_a_service_says_unasked_spoils_the_connection_and_not_the_next_call() {
    let server = Server::by_hand(|_, mut stream| async move {
        read_request(&mut stream).await;
        write(
            &mut stream,
            &format!("{OK}HTTP/1.1 500 Injected\r\ncontent-length: 0\r\n\r\n"),
        )
        .await;
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mesh = mesh(plain(), &[server.url()]);
    for _ in 0..3 {
        assert_eq!(status(&call(&mesh, &once()).await.0), 200);
    }
}

#[tokio::test]
async fn an_early_answer_to_a_long_request_ends_the_connection() {
    let server = Server::by_hand(|_, mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        write(&mut stream, OK).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
    })
    .await;
    let mesh = mesh(plain(), &[server.url()]);
    let mut long = request();
    long.body = Arc::from(vec![b' '; 16 * 1024 * 1024]);
    assert_eq!(status(&call(&mesh, &long).await.0), 200);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert_eq!(server.connections(), 2);
}
