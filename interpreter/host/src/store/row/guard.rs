//! Guards as rows have them: what a run holds or waits for, and what is known of a guard that no run has.

use super::proto::NoRow;
use flowmesh_ir::{Name, traffic::Rate};
use jiff::Timestamp;
use prost::Message;
use std::fmt;

/// What is held or waited for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarded {
    /// A lock, a pool or a rate.
    Named {
        /// Whose it is.
        namespace: Name,
        /// Its name.
        name: String,
    },
    /// Room among the runs of a flow.
    Flow {
        /// Whose runs they are.
        namespace: Name,
        /// The flow.
        flow: Name,
        /// What is counted apart; empty where all runs of the flow are counted together.
        of: String,
    },
    /// The place of the newest run of a flow that has not begun.
    Newest {
        /// Whose runs they are.
        namespace: Name,
        /// The flow.
        flow: Name,
        /// Among which of them; empty where it is among all.
        of: String,
    },
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { name, .. } => write!(f, "`{name}`"),
            Self::Flow { flow, of, .. } if of.is_empty() => write!(f, "room among the runs of `{flow}`"),
            Self::Flow { flow, of, .. } => write!(f, "room among the runs of `{flow}` for `{of}`"),
            Self::Newest { flow, .. } => write!(f, "a newer run of `{flow}`"),
        }
    }
}

/// A guard that a run holds or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Which.
    pub place: Guarded,
    /// By which call it was asked for.
    pub call: u32,
    /// Among how many holders the run is content.
    pub permits: Option<u32>,
    /// How many may be let in within a time.
    pub rate: Option<Rate>,
    /// With whom it takes turns, as one of several groups.
    pub group: Option<String>,
    /// Whether the run has it.
    pub stands: Stands,
}

/// How a run stands with a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It waits. The lowest turn is the first: a time in microseconds, and the how manyth asking it was.
    Waits(i128, u64),
    /// It holds it, by the grant with this token.
    Holds(u64),
}

/// What is known of a guard beside who holds it and who waits for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// From when on its rate lets another one in.
    pub free: Option<Timestamp>,
    /// How often somebody was let in, while somebody waited.
    pub served: u64,
    /// Groups that take turns, and at which of these each had its turn last.
    pub groups: Vec<(String, u64)>,
}

/// What is known of all guards together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// The token of the last grant.
    pub token: u64,
    /// How often was asked.
    pub asked: u64,
    /// The latest time at which it was.
    pub latest: Timestamp,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredGuard {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, tag = "2")]
    call: u32,
    #[prost(uint64, tag = "4")]
    asked: u64,
    #[prost(uint32, optional, tag = "5")]
    permits: Option<u32>,
    #[prost(string, optional, tag = "7")]
    flow: Option<String>,
    #[prost(uint32, optional, tag = "8")]
    rate_count: Option<u32>,
    #[prost(uint64, tag = "9")]
    rate_per_ms: u64,
    #[prost(string, optional, tag = "10")]
    group: Option<String>,
    /// An `i128`, its low bytes first.
    #[prost(bytes = "vec", tag = "11")]
    turn: Vec<u8>,
    #[prost(uint64, optional, tag = "12")]
    token: Option<u64>,
    #[prost(bool, tag = "13")]
    newest: bool,
}

impl StoredGuard {
    /// The namespace is that of its row.
    pub(super) fn new(guard: &Guard) -> Self {
        let (flow, name) = match &guard.place {
            Guarded::Named { name, .. } => (None, name.clone()),
            Guarded::Flow { flow, of, .. } | Guarded::Newest { flow, of, .. } => {
                (Some(flow.to_string()), of.clone())
            }
        };
        let (turn, asked, token) = match guard.stands {
            Stands::Waits(turn, asked) => (turn.to_le_bytes().to_vec(), asked, None),
            Stands::Holds(token) => (Vec::new(), 0, Some(token)),
        };
        Self {
            name,
            call: guard.call,
            asked,
            permits: guard.permits,
            flow,
            rate_count: guard.rate.map(|rate| rate.count),
            rate_per_ms: guard.rate.map_or(0, |rate| rate.per_ms),
            group: guard.group.clone(),
            turn,
            token,
            newest: matches!(guard.place, Guarded::Newest { .. }),
        }
    }

    pub(super) fn guard(self, namespace: &Name) -> Result<Guard, NoRow> {
        let (namespace, per_ms) = (namespace.clone(), self.rate_per_ms);
        let stands = match self.token {
            Some(token) => Stands::Holds(token),
            None => {
                let turn = self.turn.try_into();
                let turn = turn.map_err(|_| NoRow("a turn that is none"))?;
                Stands::Waits(i128::from_le_bytes(turn), self.asked)
            }
        };
        let name = self.name;
        Ok(Guard {
            place: match self.flow {
                None => Guarded::Named { namespace, name },
                Some(flow) => of_flow(namespace, flow.into(), name, self.newest),
            },
            call: self.call,
            permits: self.permits,
            rate: self.rate_count.map(|count| Rate { count, per_ms }),
            group: self.group,
            stands,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct StoredGuarded {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, optional, tag = "2")]
    flow: Option<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(bool, tag = "4")]
    newest: bool,
}

fn of_flow(namespace: Name, flow: Name, of: String, newest: bool) -> Guarded {
    match newest {
        true => Guarded::Newest { namespace, flow, of },
        false => Guarded::Flow { namespace, flow, of },
    }
}

impl Guarded {
    /// As bytes, the same for the same place.
    pub(in crate::store) fn write(&self) -> Vec<u8> {
        let (namespace, flow, name) = match self {
            Self::Named { namespace, name } => (namespace, None, name),
            Self::Flow { namespace, flow, of } | Self::Newest { namespace, flow, of } => {
                (namespace, Some(flow), of)
            }
        };
        let stored = StoredGuarded {
            namespace: namespace.to_string(),
            flow: flow.map(ToString::to_string),
            name: name.clone(),
            newest: matches!(self, Self::Newest { .. }),
        };
        stored.encode_to_vec()
    }

    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let StoredGuarded {
            namespace,
            flow,
            name,
            newest,
        } = StoredGuarded::decode(bytes).ok()?;
        let namespace = namespace.into();
        Some(match flow {
            None => Self::Named { namespace, name },
            Some(flow) => of_flow(namespace, flow.into(), name, newest),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct StoredPace {
    #[prost(sint64, optional, tag = "1")]
    free_us: Option<i64>,
    #[prost(uint64, tag = "2")]
    served: u64,
    #[prost(string, repeated, tag = "3")]
    group: Vec<String>,
    #[prost(uint64, repeated, tag = "4")]
    turn: Vec<u64>,
}

impl Pace {
    pub(in crate::store) fn write(&self) -> Vec<u8> {
        let (group, turn) = self.groups.iter().cloned().unzip();
        let stored = StoredPace {
            free_us: self.free.map(Timestamp::as_microsecond),
            served: self.served,
            group,
            turn,
        };
        stored.encode_to_vec()
    }

    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let stored = StoredPace::decode(bytes).ok()?;
        let free = stored.free_us.map(Timestamp::from_microsecond);
        Some(Self {
            free: free.transpose().ok()?,
            served: stored.served,
            groups: stored.group.into_iter().zip(stored.turn).collect(),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
struct StoredGranted {
    #[prost(uint64, tag = "1")]
    token: u64,
    #[prost(uint64, tag = "2")]
    asked: u64,
    #[prost(sint64, tag = "3")]
    latest_us: i64,
}

impl Granted {
    pub(in crate::store) fn write(self) -> Vec<u8> {
        let stored = StoredGranted {
            token: self.token,
            asked: self.asked,
            latest_us: self.latest.as_microsecond(),
        };
        stored.encode_to_vec()
    }

    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let stored = StoredGranted::decode(bytes).ok()?;
        Some(Self {
            token: stored.token,
            asked: stored.asked,
            latest: Timestamp::from_microsecond(stored.latest_us).ok()?,
        })
    }
}
