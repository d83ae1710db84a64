//! The connections of an endpoint that are at rest.

use super::connection::Connection;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// Connections at rest.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Resting>);

#[derive(Default)]
struct Resting {
    /// The one that rested least comes last.
    connections: Vec<Connection>,
    /// Whether somebody closes those that have rested too long.
    swept: bool,
}

impl Pool {
    /// The connection that rested least, unless even that one has rested too long; those that have are closed.
    pub(crate) fn take(&self, idle: Duration, now: Instant) -> Option<Connection> {
        let mut resting = self.lock();
        let connection = resting.connections.pop()?;
        if now.saturating_duration_since(connection.rested()) < idle {
            return Some(connection);
        }
        resting.connections.clear();
        None
    }

    /// Keeps a connection for as long as it may rest, and at most `most` of them.
    pub(crate) fn put(self: &Arc<Self>, connection: Connection, most: usize, idle: Duration) {
        let mut resting = self.lock();
        if resting.connections.len() < most {
            resting.connections.push(connection);
        }
        if !resting.swept {
            resting.swept = true;
            tokio::spawn(sweep(Arc::downgrade(self), idle));
        }
    }

    /// Closes all of them.
    pub(crate) fn clear(&self) {
        self.lock().connections.clear();
    }

    /// Closes those that have rested too long; how long until the next one has, if any is left.
    fn sweep(&self, idle: Duration) -> Option<Duration> {
        let mut resting = self.lock();
        resting
            .connections
            .retain(|connection| connection.rested().elapsed() < idle);
        let oldest = resting
            .connections
            .first()
            .map(|oldest| oldest.rested().elapsed());
        resting.swept = oldest.is_some();
        oldest.map(|rested| idle.saturating_sub(rested))
    }

    /// A panic elsewhere cannot leave a list of connections in a bad state.
    fn lock(&self) -> MutexGuard<'_, Resting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections when they have rested too long; ends with the last of them, or with the pool.
async fn sweep(pool: Weak<Pool>, idle: Duration) {
    let mut wait = Some(idle);
    while let Some(left) = wait {
        tokio::time::sleep(left).await;
        wait = pool.upgrade().and_then(|pool| pool.sweep(idle));
    }
}
