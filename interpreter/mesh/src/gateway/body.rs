//! The body of an answer to a visitor, which says when it has ended.

use super::record::{Log, Record, micros};
use crate::{
    decide::limit::Permit,
    gauge::InFlight,
    wire::{body::BodyError, relayed::Relayed},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

/// The body of an answer to a visitor.
pub(super) struct Body {
    kind: Kind,
    /// Whether all of it was read.
    ended: bool,
    last: Option<Last>,
    /// What let the visitor through.
    permit: Option<Arc<Permit>>,
    /// Counts the visit while it is on its way.
    counted: Option<InFlight>,
}

enum Kind {
    Whole(Full<Bytes>),
    Relayed(Box<Relayed>),
    /// Of a connection that somebody else drives.
    Driven(Incoming),
}

/// Says how a visit went once its answer has ended, however that comes about.
pub(super) struct Last {
    pub(super) log: Arc<dyn Log>,
    pub(super) record: Box<Record>,
    pub(super) began: Instant,
}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::of(Kind::Whole(Full::new(bytes)))
    }

    pub(super) fn relayed(body: Box<Relayed>) -> Self {
        Self::of(Kind::Relayed(body))
    }

    pub(super) fn driven(body: Incoming) -> Self {
        Self::of(Kind::Driven(body))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            ended: false,
            last: None,
            permit: None,
            counted: None,
        }
    }

    /// Counts as on its way until it has ended.
    pub(super) fn count(&mut self, counted: InFlight) {
        self.counted = Some(counted);
    }

    /// Holds on to what let the visitor through.
    pub(super) fn hold(&mut self, permit: Arc<Permit>) {
        self.permit = Some(permit);
    }

    /// Says how it went when it has ended.
    pub(super) fn tell(&mut self, last: Last) {
        self.last = Some(last);
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = ready!(match &mut this.kind {
            Kind::Whole(whole) => Pin::new(whole).poll_frame(cx).map_err(|never| match never {}),
            Kind::Relayed(relayed) => Pin::new(relayed.as_mut()).poll_frame(cx),
            Kind::Driven(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        });
        if frame.is_none() {
            this.ended = true;
            (this.permit, this.counted) = (None, None);
        }
        if let (Some(last), Some(frame)) = (&mut this.last, &frame) {
            match frame {
                Ok(frame) => {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    let bytes = &mut last.record.bytes;
                    *bytes = bytes.saturating_add(u64::try_from(length).unwrap_or_default());
                }
                Err(_) => last.record.broken = true,
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(whole) => whole.is_end_stream(),
            Kind::Relayed(relayed) => relayed.is_end_stream(),
            Kind::Driven(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(whole) => whole.size_hint(),
            Kind::Relayed(relayed) => relayed.size_hint(),
            Kind::Driven(body) => body.size_hint(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        use hyper::body::Body as _;
        let ended = self.ended || self.is_end_stream();
        if let Some(mut last) = self.last.take() {
            last.record.broken |= !ended && !matches!(self.kind, Kind::Whole(_));
            last.record.took_us = micros(last.began.elapsed());
            last.log.visited(last.record.into());
        }
    }
}
