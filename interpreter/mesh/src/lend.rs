//! Limits that several processes hold together: one of them keeps what is lent ([`Till`]), and lends it to its own limiters
//! at once, to those of others when they ask ([`Server`]).

mod there;

use crate::{
    clock::Clock,
    decide::{
        ledger::{Grant, Holder, Ledger, Place, Wish},
        limit::{Asking, Lender, Limiter, Share, Standing},
    },
};
use flowmesh_ir::{Name, traffic::Limit};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// Keeps what is lent of all limits. Clones are the same.
#[derive(Clone, Debug)]
pub struct Till {
    ledger: Ledger,
    clock: Clock,
}

impl Till {
    /// Nothing is there to be lent before the rates have brought it: what was lent by another till before may be spent.
    #[must_use]
    pub fn open() -> Self {
        let clock = Clock::start();
        Self {
            ledger: Ledger::new(clock.now()),
            clock,
        }
    }

    /// Lends what there is, up to what is wanted.
    #[must_use]
    pub fn lend(&self, place: &Place, holder: Holder, wish: Wish) -> Grant {
        self.ledger.lend(place, holder, wish, self.clock.now())
    }

    /// Somebody of another process is there; how many there are in the namespace.
    #[must_use]
    pub fn hear(&self, namespace: &Arc<str>, holder: Holder) -> u32 {
        self.ledger.hear(namespace, holder, self.clock.now())
    }
}

/// Who lends of limits that are shared.
#[derive(Clone, Debug)]
pub struct Shares(Arc<dyn Lender>);

impl Shares {
    /// The till of this process, for one namespace.
    #[must_use]
    pub fn here(till: Till, namespace: &Name) -> Self {
        Self(Arc::new(Here {
            till,
            namespace: namespace.as_str().into(),
        }))
    }

    /// A server, which is asked as long as there is anybody to ask for. `draw` is a number that no other process draws.
    /// Must be called within a Tokio runtime.
    #[must_use]
    pub fn there(server: Arc<dyn Server>, draw: u128) -> Self {
        Self(there::There::start(server, Holder(draw)))
    }

    /// What lets through what a limit says that stands at a place of the program.
    pub(crate) fn limiter(&self, place: &str, limit: &Limit) -> Limiter {
        Limiter::shared(limit, Share::new(place, limit, self.0.clone()))
    }
}

/// A server that keeps what is lent.
pub trait Server: Send + Sync {
    /// Asks it. What takes longer than a second is no answer.
    fn ask(&self, asked: Asked) -> Lending<'_>;
}

/// What a server is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By whom.
    pub holder: Holder,
    /// Of which limits, by their places in the program; none where it is only said that somebody is there.
    pub wishes: Vec<(Arc<str>, Wish)>,
}

/// What a server lends.
#[derive(Clone, Debug)]
pub struct Lent {
    /// Among how many the limits are shared.
    pub among: u32,
    /// What it lends for each wish, in their order.
    pub grants: Vec<Grant>,
}

/// A server that is being asked; why it has no answer.
pub type Lending<'a> = Pin<Box<dyn Future<Output = Result<Lent, String>> + Send + 'a>>;

impl fmt::Debug for dyn Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

/// The till of this process.
#[derive(Debug)]
struct Here {
    till: Till,
    namespace: Arc<str>,
}

impl Lender for Here {
    fn standing(&self) -> Standing {
        Standing::Lending
    }

    fn ask(&self, limit: &Arc<str>, wish: Wish, _: Asking) -> Option<Grant> {
        let place = Place {
            namespace: self.namespace.clone(),
            limit: limit.clone(),
        };
        Some(self.till.lend(&place, Holder(0), wish))
    }
}
