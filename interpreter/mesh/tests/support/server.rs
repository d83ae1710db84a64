//! Servers on the loopback: proper ones by hyper, and improper ones by hand.

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// A server that ends with the test.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it was sent.
    pub seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

/// A request that a server got.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// What a server does with a request.
#[derive(Clone)]
pub enum Answer {
    /// Answers with a status and an empty JSON object.
    Status(u16),
    /// Answers with a status and a header.
    Header(u16, &'static str, &'static str),
    /// Answers 200 with this body.
    Body(Vec<u8>),
    /// Answers 200 after a while.
    Late(Duration),
    /// Answers with a status, headers and a body, after a while.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>, Duration),
}

impl Server {
    /// Answers the request with number `n`, from 0, as `answer(n)` says.
    pub async fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let (listener, address) = listen().await;
        Self::on(listener, address, move |number, _| answer(number))
    }

    /// Answers each request as its path says.
    pub async fn by_path(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let (listener, address) = listen().await;
        Self::on(listener, address, move |_, seen| answer(&seen.path))
    }

    /// Answers each request as it says itself.
    pub async fn by_request(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let (listener, address) = listen().await;
        Self::on(listener, address, move |_, seen| answer(seen))
    }

    /// The same as the first on an address of the loopback network that is given.
    pub async fn start_at(
        address: SocketAddr,
        answer: impl Fn(usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::on(listener, address, move |number, _| answer(number))
    }

    fn on(
        listener: TcpListener,
        address: SocketAddr,
        answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (seen, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let connections = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(serve(listener, seen.clone(), connections.clone(), answer));
        Self {
            address,
            seen,
            connections,
            task,
        }
    }

    /// Does with the connection with number `n`, from 0, whatever `connected` does.
    pub async fn by_hand<F: Future<Output = ()> + Send + 'static>(
        connected: impl Fn(usize, TcpStream) -> F + Send + 'static,
    ) -> Self {
        let (listener, address) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connected(count.fetch_add(1, Ordering::SeqCst), stream));
            }
        });
        Self {
            address,
            seen: Arc::default(),
            connections,
            task,
        }
    }

    /// As it stands in a program.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it got.
    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// How many requests it got with this path.
    pub fn requests_to(&self, path: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path == path).count()
    }

    /// How many connections it got.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it was sent, by number.
    pub fn request(&self, at: usize) -> Seen {
        self.seen.lock().unwrap()[at].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A port on which nobody listens, as long as these tests run.
pub fn nobody() -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    // Whoever is given a port of the system's could get this one otherwise.
    std::mem::forget(socket);
    address
}

/// Reads a request up to the end of its body, which these tests know.
pub async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"{\"id\":1}") {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend_from_slice(&piece[..count]),
        }
    }
    String::from_utf8(text).unwrap()
}

/// Writes, whether anybody listens or not.
pub async fn write(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn serve(
    listener: TcpListener,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    answer: Arc<impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (seen, answer) = (seen.clone(), answer.clone());
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let path = head.uri.to_string();
                let request = Seen {
                    path,
                    headers: head.headers,
                    body,
                };
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    seen.len() - 1
                };
                Ok::<_, Infallible>(response(answer(number, &request)).await)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn response(answer: Answer) -> Response<Full<Bytes>> {
    let json = |status: u16| {
        let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
        *response.status_mut() = status.try_into().unwrap();
        response
    };
    match answer {
        Answer::Status(status) => json(status),
        Answer::Header(status, name, value) => {
            let mut response = json(status);
            response.headers_mut().insert(name, value.parse().unwrap());
            response
        }
        Answer::Body(body) => Response::new(Full::new(Bytes::from(body))),
        Answer::Full(status, headers, body, after) => {
            tokio::time::sleep(after).await;
            let mut response = Response::new(Full::new(Bytes::from(body)));
            *response.status_mut() = status.try_into().unwrap();
            for (name, value) in headers {
                response.headers_mut().append(name, value.parse().unwrap());
            }
            response
        }
        Answer::Late(after) => {
            tokio::time::sleep(after).await;
            json(200)
        }
    }
}
