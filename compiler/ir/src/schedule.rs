//! Schedules: when flows begin by themselves; and where runs of an earlier version go on.

use crate::{FlowId, Name, cron::Cron, expr::Expr};
use serde::{Deserialize, Serialize};

/// `schedule nightly = cron("0 2 * * *", zone: "Europe/Berlin") -> reconcile(day: scheduled.date) { overlap: skip }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// When.
    pub when: When,
    /// What begins.
    pub flow: FlowId,
    /// A value for each parameter, over [`crate::expr::Context::Scheduled`].
    pub arguments: Vec<Expr>,
    /// What happens while the run before has not ended.
    pub overlap: Overlap,
    /// How far back times are made up for that passed while nothing ran, in milliseconds; 0 is not at all.
    pub catch_up_ms: u64,
    /// How much later than its time a run begins at the most, by chance, in milliseconds.
    pub jitter_ms: u64,
    /// Whether a run that fails stops the schedule until someone starts it again.
    pub pause_on_failure: bool,
}

/// When a schedule is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// By a pattern of the calendar, in a time zone.
    Cron {
        /// The pattern.
        cron: Cron,
        /// The name of the zone: `Europe/Berlin`.
        zone: String,
    },
    /// Again and again after so many milliseconds, counted from 1970.
    Every {
        /// How many.
        every_ms: u64,
    },
}

/// What happens while the run before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The new one is left out.
    #[default]
    Skip,
    /// One waits; more are left out.
    BufferOne,
    /// All wait, one after the other.
    BufferAll,
    /// The one before is cancelled: what it did is undone.
    CancelOther,
    /// The one before is ended where it stands.
    TerminateOther,
    /// They run side by side.
    Allow,
}

impl Overlap {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 6] = [
        ("skip", Self::Skip),
        ("buffer_one", Self::BufferOne),
        ("buffer_all", Self::BufferAll),
        ("cancel_other", Self::CancelOther),
        ("terminate_other", Self::TerminateOther),
        ("allow", Self::Allow),
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, overlap)| *overlap == self);
        known.map_or("skip", |(name, _)| name)
    }
}
