//! Reading what is sent, within limits of length and time, and of what all requests together hold in memory.

use super::{Shared, error::RequestError, problem::Problem};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::{ops::Deref, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So much of each body takes no room, in KiB: whoever sends long ones slowly keeps no short one out. Connections have a
/// limit of their own.
const FREE_KIB: usize = 64;

/// What all bodies together may still take.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// A body, for as long as somebody needs it.
#[derive(Debug)]
pub(super) struct Whole {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new(kib: usize) -> Self {
        Self(Arc::new(Semaphore::new(kib.min(Semaphore::MAX_PERMITS))))
    }
}

impl Deref for Whole {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

/// The whole body.
pub(super) async fn read(shared: &Shared, body: Body) -> Result<Whole, Problem> {
    let reading = whole(body, shared.options.body_bytes, &shared.room);
    match tokio::time::timeout(shared.options.read_timeout, reading).await {
        Ok(read) => Ok(read?),
        Err(_) => Err(RequestError::Slow.into()),
    }
}

async fn whole(mut body: Body, limit: usize, room: &Room) -> Result<Whole, RequestError> {
    let (mut bytes, mut taken) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| RequestError::Body(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len().saturating_add(data.len());
        if length > limit {
            return Err(RequestError::Long { limit });
        }
        let has = taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = length.div_ceil(1024).saturating_sub(FREE_KIB + has);
        let more = u32::try_from(more).map_err(|_| RequestError::Long { limit })?;
        let more = Arc::clone(&room.0).try_acquire_many_owned(more);
        let more = more.map_err(|_| RequestError::Busy)?;
        match &mut taken {
            Some(taken) => taken.merge(more),
            None => taken = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Whole {
        bytes: bytes.freeze(),
        _room: taken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: usize = FREE_KIB << 10;

    fn body(length: usize) -> Body {
        Body::from(vec![b'x'; length])
    }

    #[tokio::test]
    async fn a_long_body_holds_its_room_until_nobody_needs_it() {
        let room = Room::new(4);
        let first = whole(body(FREE + 3000), 1 << 20, &room).await.unwrap();
        assert_eq!((first.len(), room.0.available_permits()), (FREE + 3000, 1));
        let second = whole(body(FREE + 2000), 1 << 20, &room).await;
        assert!(matches!(second, Err(RequestError::Busy)), "{second:?}");
        assert_eq!(room.0.available_permits(), 1, "what was not read takes none");
        drop(first);
        assert!(whole(body(FREE + 4096), 1 << 20, &room).await.is_ok());
    }

    #[tokio::test]
    async fn a_short_body_needs_no_room() {
        assert!(whole(body(FREE), 1 << 20, &Room::new(0)).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_has_a_limit() {
        let long = whole(body(1001), 1000, &Room::new(4)).await;
        assert!(
            matches!(long, Err(RequestError::Long { limit: 1000 })),
            "{long:?}"
        );
        assert_eq!(whole(body(1000), 1000, &Room::new(4)).await.unwrap().len(), 1000);
        assert!(whole(Body::empty(), 0, &Room::new(4)).await.unwrap().is_empty());
    }
}
