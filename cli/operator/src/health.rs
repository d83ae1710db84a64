//! How the operator is, for whoever watches over its pods: `/healthz` where it goes on at all, `/readyz` where it can work.

use crate::standing::{Moment, Standing};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

/// How many are answered at once.
const AT_ONCE: usize = 64;

/// How long one of them may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest head of a request in bytes.
const HEAD_MAX: usize = 8 << 10;

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, standing: Arc<Standing>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, standing.clone(), place))),
            Err(why) => {
                tracing::warn!(%why, "nobody can ask how it is");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, standing: Arc<Standing>, _place: OwnedSemaphorePermit) {
    let service = service_fn(|request: Request<Incoming>| {
        let said = said(request.method(), request.uri().path(), &standing);
        std::future::ready(Ok::<_, Infallible>(response(said)))
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).max_buf_size(HEAD_MAX);
    let _ = timeout(LONGEST, http.serve_connection(TokioIo::new(stream), service)).await;
}

fn said(method: &Method, path: &str, standing: &Standing) -> (StatusCode, &'static str) {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, "only looking is possible here\n");
    }
    let now = Moment::now();
    let (good, bad) = match path {
        "/healthz" => (
            standing.is_alive(now).then_some("it goes on\n"),
            "it stands still\n",
        ),
        "/readyz" if standing.works(now) => (Some("it works\n"), ""),
        "/readyz" => (
            standing.is_ready(now).then_some("it waits for the lease\n"),
            "the cluster does not answer\n",
        ),
        _ => return (StatusCode::NOT_FOUND, "there are /healthz and /readyz\n"),
    };
    match good {
        Some(good) => (StatusCode::OK, good),
        None => (StatusCode::SERVICE_UNAVAILABLE, bad),
    }
}

fn response((status, text): (StatusCode, &'static str)) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}
