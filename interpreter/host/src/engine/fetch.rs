//! What is looked up of runs that are not in memory, and what was found.

use super::{
    load::{Loaded, load},
    namespace::apart,
    programs::Programs,
};
use crate::{
    RunId,
    store::{Due, Shelf, StoreError},
};
use flowmesh_ir::Name;
use flowmesh_machine::TimerId;
use jiff::Timestamp;
use std::fmt;

/// So many timers are looked up at once.
const TIMERS_MAX: usize = 10_000;

/// Something to look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// A run.
    Run(RunId),
    /// The run of a flow within a namespace that was started with a key.
    Key(Name, String),
    /// The runs that may wait for an event.
    Hearers(Name),
    /// Timers behind one, up to a time.
    Timers(Option<Due>, Timestamp),
}

/// What was found of something that was wanted.
#[derive(Clone)]
pub struct Found {
    pub(super) want: Want,
    pub(super) thing: Thing,
}

/// What was found.
#[derive(Clone)]
pub(super) enum Thing {
    Run(Option<Box<Loaded>>),
    Key(Option<RunId>),
    Runs(Vec<RunId>),
    /// Timers in order, behind which of all everything is still to be looked up, and when the first of that comes due.
    Timers {
        found: Vec<Due>,
        upto: Due,
        beyond: Option<Timestamp>,
    },
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.thing {
            Thing::Run(found) => write!(f, "{:?}: {}", self.want, found.is_some()),
            Thing::Key(found) => write!(f, "{:?}: {found:?}", self.want),
            Thing::Runs(found) => write!(f, "{:?}: {found:?}", self.want),
            Thing::Timers { found, .. } => write!(f, "{:?}: {found:?}", self.want),
        }
    }
}

impl Want {
    /// Looks it up.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn look_up(&self, shelf: &dyn Shelf, programs: &mut Programs) -> Result<Found, StoreError> {
        let thing = match self {
            Self::Run(run) => Thing::Run(load(shelf, programs, *run)?.map(Box::new)),
            Self::Key(scope, key) => {
                let (namespace, flow) = apart(scope);
                Thing::Key(shelf.by_key(namespace, flow, key)?)
            }
            Self::Hearers(event) => Thing::Runs(shelf.hearers(event)?),
            Self::Timers(after, until) => timers(shelf, *after, *until)?,
        };
        Ok(Found {
            want: self.clone(),
            thing,
        })
    }
}

fn timers(shelf: &dyn Shelf, after: Option<Due>, until: Timestamp) -> Result<Thing, StoreError> {
    let mut found = shelf.timers(after, TIMERS_MAX)?;
    let read = found.len();
    let last = found.last().copied();
    let beyond = found.iter().find(|(at, ..)| *at > until).map(|(at, ..)| *at);
    found.retain(|(at, ..)| *at <= until);
    Ok(match (beyond, last) {
        // There may be more of them that come due in this time.
        (None, Some(last)) if read >= TIMERS_MAX => {
            let next = shelf.timers(Some(last), 1)?;
            Thing::Timers {
                found,
                upto: last,
                beyond: next.first().map(|(at, ..)| *at),
            }
        }
        _ => Thing::Timers {
            found,
            upto: (until, RunId(u128::MAX), TimerId(u32::MAX)),
            beyond,
        },
    })
}
