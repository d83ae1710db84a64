//! The body of an answer on its way to a visitor: read from the service as fast as the visitor takes it, and no faster.
//! The connection rests in its pool again when the body has ended.

use super::{
    body::BodyError,
    connection::Connection,
    endpoint::{Endpoint, UnderWay},
};
use crate::call::limit::Permits;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// The body of an answer that is handed on.
pub(crate) struct Relayed {
    body: Incoming,
    /// `None` where somebody else drives it, or once it rests.
    connection: Option<Connection>,
    home: Home,
    /// What was let through until the body has ended.
    held: Permits,
    /// What was read of it before.
    before: Option<Bytes>,
    /// Counts while the service sends nothing.
    silence: Option<Pin<Box<Sleep>>>,
}

/// Where the connection of an answer belongs.
pub(crate) struct Home {
    pub(crate) endpoint: Arc<Endpoint>,
    /// Counts while the answer comes.
    pub(crate) _under_way: UnderWay,
    /// The most connections at rest, and how long each rests.
    pub(crate) most: usize,
    pub(crate) idle: Duration,
    /// How long the service may send nothing in the middle of its answer.
    pub(crate) silence: Duration,
}

impl Relayed {
    /// The body of an answer that comes by a connection.
    pub(crate) fn new(body: Incoming, connection: Option<Connection>, home: Home) -> Self {
        Self {
            body,
            connection,
            home,
            held: [None, None],
            before: None,
            silence: None,
        }
    }

    /// Holds on to what let it through.
    pub(crate) fn hold(&mut self, held: Permits) {
        self.held = held;
    }

    /// The same behind what was read of it.
    pub(crate) fn behind(mut self, before: Bytes) -> Self {
        self.before = Some(before);
        self
    }

    /// The connection can rest as soon as nothing more comes by it; who reads may not ask again once that is known.
    fn settle(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.rest(Instant::now())
        {
            self.home
                .endpoint
                .pool
                .put(connection, self.home.most, self.home.idle);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = match &mut self.connection {
            Some(connection) => connection.poll_frame(&mut self.body, cx),
            None => Pin::new(&mut self.body).poll_frame(cx),
        };
        if let Poll::Ready(frame) = next {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.home.silence;
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(silence.as_mut().poll(cx));
        let why = format!("{} sent nothing for {limit:?}", self.home.endpoint.label);
        Poll::Ready(Some(Err(why.into())))
    }
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(before) = this.before.take() {
            return Poll::Ready(Some(Ok(Frame::data(before))));
        }
        let frame = ready!(this.poll(cx));
        match &frame {
            Some(Ok(_)) if !this.body.is_end_stream() => {}
            Some(Err(_)) => this.connection = None,
            _ => {
                this.held = [None, None];
                this.settle();
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.before.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        let Some(before) = &self.before else {
            return hint;
        };
        let before = u64::try_from(before.len()).unwrap_or(u64::MAX);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower().saturating_add(before));
        if let Some(most) = hint.upper() {
            whole.set_upper(most.saturating_add(before));
        }
        whole
    }
}

/// An answer without a body is never read: its connection can rest at once.
impl Drop for Relayed {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.settle();
        }
    }
}
