//! Somebody who listens to visits as they come. What they do not take in time is left out for them, and counted.

use super::VisitView;
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

/// So many visits may wait for a listener.
const BEHIND_MAX: usize = 256;

/// Which visits somebody wants to hear of; what is not said is any.
#[derive(Clone, Debug, Default)]
pub struct TapFilter {
    /// Of this gateway.
    pub gateway: Option<String>,
    /// Of the route of this name, or number.
    pub route: Option<String>,
    /// With this status: `404`, or `5xx`.
    pub status: Option<String>,
    /// Of this identity.
    pub identity: Option<String>,
}

/// What a listener hears.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Tapped {
    /// A visit.
    Visit(Arc<VisitView>),
    /// So many were left out.
    LeftOut {
        /// How many.
        left_out: u64,
    },
}

/// Visits as they come.
#[derive(Debug)]
pub struct Tap {
    visits: Receiver<Arc<VisitView>>,
    left_out: Arc<AtomicU64>,
}

/// The other end of a tap.
#[derive(Debug)]
pub(super) struct Listener {
    filter: TapFilter,
    sender: Sender<Arc<VisitView>>,
    left_out: Arc<AtomicU64>,
}

impl TapFilter {
    /// Whether a status can be asked for so.
    #[must_use]
    pub fn is_status(text: &str) -> bool {
        let digits = text.strip_suffix("xx").unwrap_or(text);
        let wanted = if text.len() == digits.len() { 3 } else { 1 };
        digits.len() == wanted && digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn wants(&self, visit: &VisitView) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let status = |wanted: &str| match wanted.strip_suffix("xx") {
            Some(class) => (visit.status / 100).to_string() == class,
            None => visit.status.to_string() == wanted,
        };
        let route = |wanted: &str| {
            let route = visit.route.as_ref();
            route.is_some_and(|route| route.name == wanted || route.number.to_string() == wanted)
        };
        is(&self.gateway, Some(visit.gateway.as_str()))
            && is(&self.identity, visit.identity.as_deref())
            && self.status.as_deref().is_none_or(status)
            && self.route.as_deref().is_none_or(route)
    }
}

impl Listener {
    pub(super) fn new(filter: TapFilter) -> (Self, Tap) {
        let (sender, visits) = channel(BEHIND_MAX);
        let left_out = Arc::<AtomicU64>::default();
        let listener = Self {
            filter,
            sender,
            left_out: left_out.clone(),
        };
        (listener, Tap { visits, left_out })
    }

    pub(super) fn is_there(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Tells of a visit, if it is wanted; whether somebody still listens.
    pub(super) fn tell(&self, visit: &Arc<VisitView>) -> bool {
        if !self.filter.wants(visit) {
            return self.is_there();
        }
        match self.sender.try_send(visit.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

impl Tap {
    /// The next visit, or how many were left out before it; `None` when there will be none.
    pub async fn next(&mut self) -> Option<Tapped> {
        match self.left_out.swap(0, Ordering::Relaxed) {
            0 => self.visits.recv().await.map(Tapped::Visit),
            left_out => Some(Tapped::LeftOut { left_out }),
        }
    }

    /// As a stream.
    pub fn into_stream(self) -> impl futures_util::Stream<Item = Tapped> {
        futures_util::stream::unfold(self, |mut tap| async move { Some((tap.next().await?, tap)) })
    }
}
