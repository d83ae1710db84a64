//! One HTTP/1.1 connection, driven by whoever has a request on it.
//!
//! Hyper's connection is a future of its own that is usually spawned. Here the call polls it itself, so that a request
//! and its answer need no switch between tasks; a connection at rest costs nothing but its socket.

use super::{bell::Bell, body::Outgoing, stream::Stream};
use crate::mesh::Limits;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{
    body::{Body, Frame, Incoming},
    client::conn::{
        TrySendError,
        http1::{self, SendRequest},
    },
};
use hyper_util::rt::TokioIo;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};
use tokio::time::Instant;

/// How many headers hyper takes by itself.
pub(crate) const HEADERS: usize = 100;

/// A request as it goes over a connection.
pub(crate) type Sent = Request<Outgoing>;

type Driver = http1::Connection<TokioIo<Stream>, Outgoing>;

/// An open connection. In a box, since it is moved at each call.
pub(crate) struct Connection(Box<Inner>);

struct Inner {
    sender: SendRequest<Outgoing>,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
    bell: Bell,
    /// When it came to rest.
    rested: Instant,
}

impl Connection {
    /// One over a stream on which nothing was spoken.
    pub(crate) async fn over(stream: Stream, limits: &Limits) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(limits.header_bytes.max(8 * 1024));
        // Room for the usual number costs nothing where nobody says it.
        if limits.headers != HEADERS {
            builder.max_headers(limits.headers);
        }
        let (sender, driver) = builder.handshake(TokioIo::new(stream)).await?;
        Ok(Self(Box::new(Inner {
            sender,
            driver: Some(driver),
            bell: Bell::new(),
            rested: Instant::now(),
        })))
    }

    /// When it came to rest.
    pub(crate) fn rested(&self) -> Instant {
        self.0.rested
    }

    /// Sends a request and waits for the head of the answer. Gives the request back if nothing of it was sent.
    pub(crate) async fn send(&mut self, request: Sent) -> Result<Response<Incoming>, TrySendError<Sent>> {
        let reply = pin!(self.0.sender.try_send_request(request));
        drive(self.0.parts(), reply).await
    }

    /// Begins to send a request, for whose head of an answer somebody waits who [drives](Self::drive) the connection. Gives
    /// the request back if nothing of it was sent.
    pub(crate) fn ask(
        &mut self,
        request: Sent,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Sent>>> + use<> {
        self.0.sender.try_send_request(request)
    }

    /// Does the work and drives the connection while it waits.
    pub(crate) async fn drive<T>(&mut self, work: Pin<&mut impl Future<Output = T>>) -> T {
        drive(self.0.parts(), work).await
    }

    /// The next piece of a body, or `None` at its end.
    pub(crate) async fn piece(&mut self, body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            match drive(self.0.parts(), pin!(body.frame())).await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// What of a body is there next, as [`Connection::piece`] waits for it.
    pub(crate) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let (driver, bell) = self.0.parts();
        bell.poll(cx, |cx| {
            if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
                return Poll::Ready(frame);
            }
            poll_driver(driver, cx);
            Pin::new(body).poll_frame(cx)
        })
    }

    /// Whether the connection can take another request. False too if the service answered before it had read the whole
    /// request: then what is left of it would stand before the next one. Nobody waits for it from here on: whoever had it
    /// last would be woken by the request of the next one.
    pub(crate) fn rest(&mut self, now: Instant) -> bool {
        let (driver, bell) = self.0.parts();
        bell.quietly(|cx| poll_driver(driver, cx));
        self.0.rested = now;
        self.0.driver.is_some() && self.0.sender.is_ready()
    }
}

impl Inner {
    fn parts(&mut self) -> (&mut Option<Driver>, &Bell) {
        (&mut self.driver, &self.bell)
    }
}

/// Does the work and drives the connection while it waits. The work comes first and last: it hands the connection
/// something to do, and takes what the connection has done.
async fn drive<T>(
    (driver, bell): (&mut Option<Driver>, &Bell),
    mut work: Pin<&mut impl Future<Output = T>>,
) -> T {
    let mut both = |cx: &mut Context<'_>| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        poll_driver(driver, cx);
        work.as_mut().poll(cx)
    };
    poll_fn(|cx| bell.poll(cx, &mut both)).await
}

/// A connection that has ended, well or badly, tells the work on it by itself; here it is only let go.
fn poll_driver(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    let ended = driver
        .as_mut()
        .is_some_and(|driver| Pin::new(driver).poll(cx).is_ready());
    if ended {
        *driver = None;
    }
}
