//! The service that all sides call, and the load on those that are started over HTTP.
//!
//! `load serve` answers every PUT at once, on one thread, and prints its address. `load run ADDRESS PATH BODY POINTER LEVEL SECONDS`
//! keeps so many runs going for so long, each a POST on a connection of its own, checks that the answer has the number 1 at
//! the JSON pointer, and prints how many there were and how long they took, as JSON.

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, body::Bytes, body::Incoming, client::conn::http1, server, service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    env,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};

/// What is asked for again and again.
struct Start {
    address: SocketAddr,
    path: String,
    body: Bytes,
    pointer: String,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("no runtime");
    match arguments[..] {
        ["serve"] => runtime.block_on(serve()),
        ["run", address, path, body, pointer, level, seconds] => {
            let start = Start {
                address: address.parse().expect("ADDRESS is no address"),
                path: path.to_owned(),
                body: Bytes::from(body.to_owned()),
                pointer: pointer.to_owned(),
            };
            let level = level.parse().expect("LEVEL is no number");
            let length = Duration::from_secs_f64(seconds.parse().expect("SECONDS is no number"));
            runtime.block_on(run(Arc::new(start), level, length));
        }
        _ => panic!("usage: load serve | load run ADDRESS PATH BODY POINTER LEVEL SECONDS"),
    }
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("no port is free");
    println!("{}", listener.local_addr().expect("a listener has an address"));
    loop {
        let (stream, _) = listener.accept().await.expect("no connection");
        stream.set_nodelay(true).expect("no option of sockets");
        tokio::spawn(
            server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)),
        );
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let mut reply = Response::new(Full::new(Bytes::from_static(br#"{"number":1}"#)));
    let json = hyper::header::HeaderValue::from_static("application/json");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    Ok(reply)
}

async fn run(start: Arc<Start>, level: usize, length: Duration) {
    let began = Instant::now();
    let starters: Vec<_> = (0..level)
        .map(|_| tokio::spawn(run_until(start.clone(), began + length)))
        .collect();
    let mut times = Vec::new();
    for starter in starters {
        times.extend(starter.await.expect("a run went wrong"));
    }
    let took = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64();
    println!(
        "{}",
        serde_json::json!({ "runs": times.len(), "seconds": took, "p50": at(50), "p99": at(99) })
    );
}

async fn run_until(start: Arc<Start>, end: Instant) -> Vec<Duration> {
    let stream = TcpStream::connect(start.address).await.expect("nobody listens");
    stream.set_nodelay(true).expect("no option of sockets");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("no HTTP");
    tokio::spawn(connection);
    let mut times = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        let request = Request::post(&start.path)
            .header("host", start.address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(start.body.clone()))
            .expect("PATH is no path");
        let reply = sender.send_request(request).await.expect("no answer");
        let status = reply.status();
        let body = reply
            .into_body()
            .collect()
            .await
            .expect("no whole answer")
            .to_bytes();
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        assert!(
            status == 200 && value.pointer(&start.pointer) == Some(&1.into()),
            "expected 200 and 1 at `{}`, found {status}: {}",
            start.pointer,
            String::from_utf8_lossy(&body)
        );
        times.push(began.elapsed());
    }
    times
}
