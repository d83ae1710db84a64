//! The body of a request on its way to a service: whole where we made it or keep it to send it again, a stream where a
//! visitor is still sending it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

/// Why a body broke off.
pub(crate) type BodyError = Box<dyn Error + Send + Sync>;

/// The body of a request on its way to a service.
pub(crate) enum Outgoing {
    /// All of it is here.
    Whole(Full<Bytes>),
    /// It comes as the visitor sends it.
    Stream(Box<Coming>),
}

/// A body that a visitor is still sending.
pub(crate) struct Coming {
    body: Incoming,
    /// How many bytes of it are still taken.
    left: u64,
    upload: Arc<Upload>,
    /// Hears what goes by.
    tee: Option<Tee>,
}

/// Takes a copy of a body that goes by, and says once what it was.
pub(crate) struct Tee {
    pieces: Vec<Bytes>,
    /// How many bytes of it are still copied.
    left: usize,
    /// `None` is said of a body that was too long, or did not come as a whole.
    done: Option<Done>,
}

type Done = Box<dyn FnOnce(Option<Bytes>) + Send + Sync>;

/// What is known of a body while a visitor sends it: whoever waits for the answer must know whose fault it is that none
/// comes.
#[derive(Default)]
pub(crate) struct Upload(Mutex<Seen>);

/// How far a body has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many bytes.
    pub(crate) bytes: u64,
    pub(crate) fate: Fate,
}

/// What becomes of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The service has not asked for more of it.
    #[default]
    Unasked,
    /// The visitor is asked for more of it.
    Awaited,
    /// All of it has come.
    Whole,
    /// It is longer than it may be.
    TooLong,
    /// The visitor broke off, or sent what is no body.
    Broken,
}

impl Outgoing {
    /// A body that is here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }

    /// A body of at most so many bytes that is still coming.
    pub(crate) fn stream(body: Incoming, most: u64, upload: Arc<Upload>, tee: Option<Tee>) -> Self {
        Self::Stream(Box::new(Coming {
            body,
            left: most,
            upload,
            tee,
        }))
    }
}

impl Tee {
    /// Copies at most so many bytes.
    pub(crate) fn new(most: usize, done: impl FnOnce(Option<Bytes>) + Send + Sync + 'static) -> Self {
        Self {
            pieces: Vec::new(),
            left: most,
            done: Some(Box::new(done)),
        }
    }

    /// Whether it still wants what comes.
    fn take(&mut self, piece: &Bytes) -> bool {
        match self.left.checked_sub(piece.len()) {
            Some(left) => {
                self.left = left;
                self.pieces.push(piece.clone());
                true
            }
            None => false,
        }
    }

    fn end(mut self) {
        if let Some(done) = self.done.take() {
            done(Some(self.pieces.concat().into()));
        }
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            done(None);
        }
    }
}

impl Upload {
    /// How far it has come.
    pub(crate) fn seen(&self) -> Seen {
        *self.lock()
    }

    /// A panic elsewhere cannot leave two numbers in a bad state.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Coming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let mut seen = self.upload.lock();
        let frame = match polled {
            Poll::Pending => {
                seen.fate = Fate::Awaited;
                return Poll::Pending;
            }
            Poll::Ready(None) => {
                seen.fate = Fate::Whole;
                self.tee.take().into_iter().for_each(Tee::end);
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Err(error))) => {
                seen.fate = Fate::Broken;
                return Poll::Ready(Some(Err(error.into())));
            }
            Poll::Ready(Some(Ok(frame))) => frame,
        };
        let length = u64::try_from(frame.data_ref().map_or(0, Bytes::len)).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(length) else {
            seen.fate = Fate::TooLong;
            return Poll::Ready(Some(Err("the body is longer than it may be".into())));
        };
        self.left = left;
        seen.bytes = seen.bytes.saturating_add(length);
        seen.fate = match self.body.is_end_stream() {
            true => Fate::Whole,
            false => Fate::Unasked,
        };
        let ended = seen.fate == Fate::Whole;
        drop(seen);
        if let (Some(tee), Some(piece)) = (&mut self.tee, frame.data_ref())
            && !tee.take(piece)
        {
            self.tee = None;
        }
        if ended {
            self.tee.take().into_iter().for_each(Tee::end);
        }
        Poll::Ready(Some(Ok(frame)))
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
            Self::Stream(coming) => coming.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Stream(coming) => coming.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Stream(coming) => coming.body.size_hint(),
        }
    }
}
