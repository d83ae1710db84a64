//! A gRPC server: tonic over hyper, with messages that are given back as they came.

use bytes::{Buf, BufMut, Bytes};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::{
    Code, Request, Response, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, ServerStreamingService, UnaryService},
};

/// The only field that the server looks at.
#[derive(Clone, PartialEq, Message)]
struct Id {
    #[prost(string, tag = "1")]
    id: String,
}

/// A server on the loopback.
pub(crate) struct Shop {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    /// How often it was asked how it is.
    questions: AtomicUsize,
    ill: AtomicBool,
    connections: AtomicUsize,
    headers: Mutex<http::HeaderMap>,
}

impl Shop {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let seen = shared.clone();
                let service = service_fn(move |request| answer(seen.clone(), request));
                let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move { drop(connection.await) });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// How often it was asked how it is.
    pub(crate) fn questions(&self) -> usize {
        self.seen.questions.load(Ordering::SeqCst)
    }

    /// From now on it answers that it is not well.
    pub(crate) fn falls_ill(&self) {
        self.seen.ill.store(true, Ordering::SeqCst);
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// A header of the last request.
    pub(crate) fn last(&self, name: &str) -> Option<String> {
        let headers = self.seen.headers.lock().unwrap();
        headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

async fn answer(
    seen: Arc<Seen>,
    request: http::Request<Incoming>,
) -> Result<http::Response<tonic::body::Body>, Infallible> {
    if request.uri().path() == "/healthz" {
        seen.questions.fetch_add(1, Ordering::SeqCst);
        let mut answer = http::Response::new(tonic::body::Body::empty());
        if seen.ill.load(Ordering::SeqCst) {
            *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
        return Ok(answer);
    }
    let number = seen.requests.fetch_add(1, Ordering::SeqCst);
    *seen.headers.lock().unwrap() = request.headers().clone();
    let mut grpc = Grpc::new(Raw);
    Ok(match request.uri().path() {
        "/shop.v1.Shop/Order" => grpc.unary(Order { number }, request).await,
        "/shop.v1.Shop/Watch" => grpc.server_streaming(Watch, request).await,
        _ => Status::unimplemented("no such method").into_http(),
    })
}

struct Order {
    number: usize,
}

impl UnaryService<Bytes> for Order {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let number = self.number;
        Box::pin(async move {
            let message = request.into_inner();
            let id = Id::decode(message.clone()).unwrap().id;
            match id.as_str() {
                "missing" => Err(Status::not_found("no such order: a/b")),
                "detailed" => {
                    let known = any("type.googleapis.com/shop.v1.Item", Item { sku: "A".to_owned() });
                    let unknown = any("type.googleapis.com/other.Thing", Id { id: "x".to_owned() });
                    let details = Details {
                        details: vec![known, unknown],
                    };
                    let details = details.encode_to_vec().into();
                    Err(Status::with_details(Code::NotFound, "gone", details))
                }
                "twice" if number < 2 => Err(Status::unavailable("starting")),
                "never" => Err(Status::unavailable("starting")),
                "slow" => {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    Ok(Response::new(message))
                }
                _ => Ok(Response::new(message)),
            }
        })
    }
}

fn any(type_url: &str, message: impl prost::Message) -> Any {
    Any {
        type_url: type_url.to_owned(),
        value: message.encode_to_vec(),
    }
}

/// `google.rpc.Status`, as far as it matters here.
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Item {
    #[prost(string, tag = "1")]
    sku: String,
}

struct Watch;

impl ServerStreamingService<Bytes> for Watch {
    type Response = Bytes;
    type ResponseStream = Items;
    type Future = Ready<Result<Response<Items>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let id = Id::decode(request.into_inner()).unwrap().id;
        ready(Ok(Response::new(Items {
            next: 0,
            most: id.parse().unwrap_or(1),
            broken: id == "broken",
        })))
    }
}

struct Items {
    next: u32,
    most: u32,
    broken: bool,
}

impl Stream for Items {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.next == self.most {
            let broken = self
                .broken
                .then(|| Err(Status::new(Code::FailedPrecondition, "it broke")));
            self.broken = false;
            return Poll::Ready(broken);
        }
        let id = self.next.to_string();
        self.next += 1;
        Poll::Ready(Some(Ok(Id { id }.encode_to_vec().into())))
    }
}

/// Messages as bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
