//! The body of a request on its way to a service: whole where we made it or keep it to send it again, a stream where a
//! visitor is still sending it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

/// Why a body broke off.
pub(crate) type BodyError = Box<dyn Error + Send + Sync>;

/// The body of a request on its way to a service.
pub(crate) enum Outgoing {
    /// All of it is here.
    Whole(Full<Bytes>),
    /// It comes as the visitor sends it. At most so many bytes of it.
    Stream(Incoming, u64),
}

impl Outgoing {
    /// A body that is here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(cx).map_err(|never| match never {}),
            Self::Stream(body, left) => {
                let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
                Poll::Ready(frame.map(|frame| within(frame?, left)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Stream(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Stream(body, _) => body.size_hint(),
        }
    }
}

/// The frame, if there is room for it.
fn within(frame: Frame<Bytes>, left: &mut u64) -> Result<Frame<Bytes>, BodyError> {
    let length = frame.data_ref().map_or(0, Bytes::len);
    match left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
        Some(rest) => *left = rest,
        None => return Err("the body is longer than it may be".into()),
    }
    Ok(frame)
}
