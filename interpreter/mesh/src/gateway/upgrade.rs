//! A connection that is used for another protocol after one request, such as WebSocket: both sides are joined, and what
//! one says the other hears.

use super::{body::Body, listen::Room};
use crate::{
    call::relay::{Joined, Relay},
    decide::{canonical::headers::without_hops, limit::Permit},
    mesh::Mesh,
    observe::Observer,
};
use bytes::Bytes;
use flowmesh_ir::call::Failure;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONNECTION, UPGRADE},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    time::Instant,
};

/// How much is taken from one side at a time.
const PIECE_BYTES: usize = 16 << 10;

/// A connection that is to be used for another protocol.
pub(super) struct Upgraded<'u> {
    pub(super) protocol: &'u str,
    pub(super) visitor: OnUpgrade,
    /// How long neither side may say anything.
    pub(super) silence: Duration,
    /// What it has of the limits of the gateway.
    pub(super) held: (Option<Arc<Room>>, Option<Arc<Permit>>),
}

/// Asks the service for the protocol. If it agrees, both are joined for as long as either has something to say.
pub(super) async fn relay(
    mesh: &Mesh,
    relay: &Relay,
    upgraded: Upgraded<'_>,
    observer: &dyn Observer,
) -> Result<Response<Body>, Failure> {
    let Upgraded {
        protocol,
        visitor,
        silence,
        held,
    } = upgraded;
    let Joined {
        mut answer,
        service,
        permits,
    } = mesh.upgrade(relay, protocol, observer).await?;
    let Some(service) = service else {
        without_hops(answer.headers_mut());
        return Ok(answer.map(Body::driven));
    };
    tokio::spawn(async move {
        let (Ok(visitor), Ok(service)) = tokio::join!(visitor, service) else {
            return;
        };
        let bytes = AtomicU64::new(0);
        join(TokioIo::new(visitor), TokioIo::new(service), silence, &bytes).await;
        // It counts as long as it lives, however little of HTTP is left in it.
        drop((held, permits));
    });
    without_hops(answer.headers_mut());
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    if let Ok(protocol) = HeaderValue::from_str(protocol) {
        headers.insert(UPGRADE, protocol);
    }
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    Ok(answer.map(|_| Body::whole(Bytes::new())))
}

/// Carries what each says to the other, until both have ended, one fails, or neither says anything for too long. Counts
/// what the other says.
pub(super) async fn join<A, B>(one: A, other: B, silence: Duration, bytes: &AtomicU64)
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (from_one, to_one) = split(one);
    let (from_other, to_other) = split(other);
    let (spoke, asked) = (Spoke::default(), AtomicU64::new(0));
    let there = carry(from_one, to_other, (&spoke, &asked));
    let back = carry(from_other, to_one, (&spoke, bytes));
    tokio::select! {
        _ = async { tokio::join!(there, back) } => {}
        () = spoke.silent_for(silence) => {}
    }
}

/// When either side last said something.
#[derive(Default)]
struct Spoke(Mutex<Option<Instant>>);

impl Spoke {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Waits until neither has said anything for so long.
    async fn silent_for(&self, silence: Duration) {
        self.now();
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let until = last.unwrap_or_else(Instant::now) + silence;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    (spoke, bytes): (&Spoke, &AtomicU64),
) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = match from.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => length,
        };
        spoke.now();
        let said = piece.get(..length).unwrap_or_default();
        if to.write_all(said).await.is_err() {
            break;
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        bytes.fetch_add(length, Ordering::Relaxed);
    }
    let _ = to.shutdown().await;
}
