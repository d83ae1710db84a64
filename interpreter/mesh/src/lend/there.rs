//! Asks a server for what limiters need: all of them together, one question at a time.

use super::{Asked, Server};
use crate::decide::{
    ledger::{Grant, Holder, Wish},
    limit::{Asking, Lender, Standing},
};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two questions, so that what is wanted meanwhile is asked for together.
const PACE: Duration = Duration::from_millis(10);
/// How often it is said that somebody is there, where nothing is wanted.
const BEAT: Duration = Duration::from_secs(5);
/// How often it is tried whether a server is there again.
const AGAIN: Duration = Duration::from_secs(1);
/// The most wishes of one question.
const WISHES: usize = 256;
/// The most wishes that wait to be asked for.
const WAITING: usize = 10_000;

/// A server that lends.
#[derive(Debug)]
pub(super) struct There {
    server: Arc<dyn Server>,
    holder: Holder,
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What is wanted, by whom, and since when.
    wanted: Vec<Wanted>,
    /// Whether anything was ever.
    is_used: bool,
    /// Since when it cannot be asked.
    away: Option<Instant>,
    /// Among how many the limits are shared, as it last said.
    among: Option<u32>,
}

#[derive(Debug)]
struct Wanted {
    limit: Arc<str>,
    wish: Wish,
    asking: Asking,
    since: Instant,
}

impl Wanted {
    /// Tells who asked, as late as it is.
    fn told(&self, grant: Option<Grant>) {
        self.asking.told(grant, self.since.elapsed());
    }
}

impl Lender for There {
    fn standing(&self) -> Standing {
        let state = self.state();
        match state.away {
            None => Standing::Lending,
            Some(since) => Standing::Away {
                ago: since.elapsed(),
                among: state.among,
            },
        }
    }

    fn ask(&self, limit: &Arc<str>, wish: Wish, asking: Asking) -> Option<Grant> {
        let mut state = self.state();
        state.is_used = true;
        if state.wanted.len() >= WAITING {
            return Some(Grant {
                granted: 0,
                after: AGAIN,
            });
        }
        state.wanted.push(Wanted {
            limit: limit.clone(),
            wish,
            asking,
            since: Instant::now(),
        });
        drop(state);
        self.bell.notify_one();
        None
    }
}

impl There {
    /// Begins to ask; ends when nobody lends of it any more.
    pub(super) fn start(server: Arc<dyn Server>, holder: Holder) -> Arc<Self> {
        let there = Arc::new(Self {
            server,
            holder,
            state: Mutex::default(),
            bell: Notify::new(),
        });
        tokio::spawn(asks(Arc::downgrade(&there)));
        there
    }

    /// A panic elsewhere cannot leave a list and a few numbers in a bad state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to ask, or it is time to say that somebody is there.
    async fn wait(&self) {
        let (has_more, is_away) = {
            let state = self.state();
            (!state.wanted.is_empty(), state.away.is_some())
        };
        if !has_more {
            let longest = if is_away { AGAIN } else { BEAT };
            // Whether it was called or the time is over, it is looked at again.
            let _ = timeout(longest, self.bell.notified()).await;
        }
    }

    /// Asks once.
    async fn ask_once(&self) {
        let wanted = {
            let mut state = self.state();
            if !state.is_used {
                return;
            }
            let most = state.wanted.len().min(WISHES);
            let rest = state.wanted.split_off(most);
            mem::replace(&mut state.wanted, rest)
        };
        let wishes = wanted.iter().map(|one| (one.limit.clone(), one.wish));
        let asked = Asked {
            holder: self.holder,
            wishes: wishes.collect(),
        };
        match timeout(PATIENCE, self.server.ask(asked)).await {
            Ok(Ok(lent)) => {
                self.is_there(lent.among);
                for (at, one) in wanted.iter().enumerate() {
                    one.told(lent.grants.get(at).copied());
                }
            }
            Ok(Err(why)) => self.is_away(&wanted, &why),
            Err(_) => self.is_away(&wanted, "it does not answer in time"),
        }
    }

    fn is_there(&self, among: u32) {
        let mut state = self.state();
        state.among = Some(among);
        if state.away.take().is_some() {
            tracing::info!("the server that keeps shared limits lends again");
        }
    }

    /// Nobody waits for an answer that will not come.
    fn is_away(&self, wanted: &[Wanted], why: &str) {
        let later = {
            let mut state = self.state();
            if state.away.is_none() {
                state.away = Some(Instant::now());
                tracing::warn!(%why, "the server that keeps shared limits cannot be asked");
            }
            mem::take(&mut state.wanted)
        };
        wanted.iter().chain(&later).for_each(|one| one.told(None));
    }
}

async fn asks(there: Weak<There>) {
    while let Some(there) = there.upgrade() {
        there.wait().await;
        there.ask_once().await;
        drop(there);
        sleep(PACE).await;
    }
}
