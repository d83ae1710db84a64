//! A gateway over time: rules that are swapped, an end in which nobody is cut off, and both versions of HTTP.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn rules_are_swapped_under_a_connection_that_stays() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::with(&server, plain(), gateway(vec![route(None, "/old")]), |_| {}).await;
    let mut stream = town.connect().await;
    let mut ask = async |path: &str| {
        let text = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        read(&mut stream).await.status
    };
    assert_eq!((ask("/old").await, ask("/new").await), (200, 404));
    town.swap(&server, |program| {
        program.gateways[0].routes = vec![route(None, "/new")];
    });
    assert_eq!((ask("/old").await, ask("/new").await), (404, 200));
}

#[tokio::test]
async fn a_stop_lets_requests_on_their_way_end_and_takes_no_others() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(1_000))).await;
    let mut town = Town::before(&server).await;
    let mut stream = town.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    while server.requests() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    town.stop.take();
    let mut refused = false;
    for _ in 0..250 {
        refused = tokio::net::TcpStream::connect(town.address).await.is_err();
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refused, "it still listens");
    assert_eq!(read(&mut stream).await.status, 200);
    (&mut town.task).await.unwrap();
}

#[tokio::test]
async fn many_requests_share_a_connection_of_http_2() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    let stream = TokioIo::new(town.connect().await);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let ask = |path: &str| {
        let request = http::Request::post(format!("http://shop.test{path}"));
        let request = request.body(Full::new(Bytes::from_static(b"abc"))).unwrap();
        let mut sender = sender.clone();
        async move {
            let answer = sender.send_request(request).await.unwrap();
            let (head, body) = answer.into_parts();
            (head.status.as_u16(), body.collect().await.unwrap().to_bytes())
        }
    };
    let all = tokio::join!(ask("/1"), ask("/2"), ask("/3"), ask("/4//5"));
    assert_eq!((all.0.0, all.1.0, all.2.0, all.3.0), (200, 200, 200, 400));
    assert_eq!(all.0.1, "{}");
    assert_eq!(server.requests(), 3);
    assert_eq!(server.request(0).body, "abc");
    assert_eq!(server.request(0).headers["x-forwarded-host"], "shop.test");
}

#[tokio::test]
async fn who_resets_again_and_again_is_let_go_of() {
    let server = Server::start(|_| Answer::Late(Duration::from_secs(30))).await;
    let town = Town::before(&server).await;
    let stream = TokioIo::new(town.connect().await);
    let (sender, connection) = http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), stream)
        .await
        .unwrap();
    let ended = tokio::spawn(connection);
    for _ in 0..500 {
        let mut sender = sender.clone();
        let request = http::Request::get("http://shop.test/")
            .body(Full::default())
            .unwrap();
        let asking = tokio::spawn(async move { drop(sender.send_request(request).await) });
        tokio::task::yield_now().await;
        asking.abort();
        if ended.is_finished() {
            break;
        }
    }
    // The gateway still serves others, and the service was not asked five hundred times at once.
    let other = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&other).await;
    assert_eq!(town.get("/").await.status, 200);
}
