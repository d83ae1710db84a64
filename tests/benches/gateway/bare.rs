//! A proxy that does nothing but hand on, with a connection to the service for each of a visitor.

use super::{client::Speech, credentials, sides::alone};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1 as client,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{cell::RefCell, net::SocketAddr, rc::Rc, sync::Mutex};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::spawn_local,
};
use tokio_rustls::TlsAcceptor;

type Sender = client::SendRequest<Incoming>;
type Answer = Result<Response<BoxBody<Bytes, hyper::Error>>, hyper::Error>;

/// Serves until it is killed, and says where.
pub(crate) fn serve(service: SocketAddr, speech: Speech) {
    match speech {
        Speech::Http2 => many_at_once(service),
        speech => one_at_a_time(service, speech == Speech::Tls),
    }
}

fn one_at_a_time(service: SocketAddr, secure: bool) {
    let acceptor = secure.then(|| TlsAcceptor::from(credentials::showing()));
    alone(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let acceptor = acceptor.clone();
            spawn_local(async move {
                match acceptor {
                    None => speak(stream, service).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            speak(stream, service).await;
                        }
                    }
                }
            });
        }
    });
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, service: SocketAddr) {
    let behind: Rc<RefCell<Option<Sender>>> = Rc::default();
    let handle = service_fn(move |request: Request<Incoming>| {
        let behind = behind.clone();
        async move {
            let kept = behind.borrow_mut().take();
            let mut sender = opened(kept, service).await?;
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            *behind.borrow_mut() = Some(sender);
            Answer::Ok(answer.map(|body| body.boxed()))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), handle);
    drop(connection.await);
}

async fn opened(kept: Option<Sender>, service: SocketAddr) -> Result<Sender, hyper::Error> {
    if let Some(sender) = kept {
        return Ok(sender);
    }
    let stream = TcpStream::connect(service).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Requests of one connection go to the service on several.
fn many_at_once(service: SocketAddr) {
    alone(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let behind: Rc<Mutex<Vec<Sender>>> = Rc::default();
            let handle = service_fn(move |request: Request<Incoming>| {
                let behind = behind.clone();
                async move {
                    let kept = behind.lock().unwrap().pop();
                    let mut sender = opened(kept, service).await?;
                    sender.ready().await?;
                    let (parts, body) = request.into_parts();
                    let mut request = Request::get(parts.uri.path()).header("host", credentials::HOST);
                    if let Some(headers) = request.headers_mut() {
                        headers.extend(parts.headers);
                    }
                    let answer = sender.send_request(request.body(body).unwrap()).await?;
                    behind.lock().unwrap().push(sender);
                    Answer::Ok(answer.map(|body| body.boxed()))
                }
            });
            let connection = http2::Builder::new(Local).serve_connection(TokioIo::new(stream), handle);
            spawn_local(async move { drop(connection.await) });
        }
    });
}

/// Runs what belongs to a connection beside it.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, work: F) {
        spawn_local(work);
    }
}
