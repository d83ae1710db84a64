//! Schedules: when flows begin by themselves.

use crate::{FlowId, Name, cron::Cron, except::Except, expr::Expr};
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
    /// The days on which nothing begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Except>,
    /// What becomes of a time that a jump of the clocks leaves out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skipped_time: SkippedTime,
    /// What becomes of a time that comes twice, because the clocks went back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub doubled_time: DoubledTime,
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

impl Schedule {
    /// One that says nothing but when and what.
    #[must_use]
    pub fn new(name: Name, when: When, flow: FlowId) -> Self {
        let (skipped_time, doubled_time) = when.edges();
        Self {
            name,
            doc: None,
            when,
            except: Vec::new(),
            skipped_time,
            doubled_time,
            flow,
            arguments: Vec::new(),
            overlap: Overlap::default(),
            catch_up_ms: 0,
            jitter_ms: 0,
            pause_on_failure: false,
        }
    }
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
    /// Again and again after so many milliseconds, counted from 1970; at least [`EVERY_MS_MIN`].
    Every {
        /// How many.
        every_ms: u64,
        /// The name of the zone whose days may be left out.
        #[serde(default = "utc", skip_serializing_if = "is_utc")]
        zone: String,
    },
}

impl When {
    /// What becomes of times that the clocks leave out or show twice, where the author says nothing. A pattern that
    /// counts hours as they pass has a time in every one of them, so it needs none at a jump, and none is one too many.
    #[must_use]
    pub fn edges(&self) -> (SkippedTime, DoubledTime) {
        match self {
            Self::Cron { cron, .. } if cron.hourly() => (SkippedTime::LeaveOut, DoubledTime::Both),
            Self::Cron { .. } | Self::Every { .. } => (SkippedTime::AtJump, DoubledTime::First),
        }
    }

    /// The name of the zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        match self {
            Self::Cron { zone, .. } | Self::Every { zone, .. } => zone,
        }
    }
}

/// The shortest time after which something is due again: as often as a pattern of the calendar can say.
pub const EVERY_MS_MIN: u64 = 1000;

/// The most entries of `except`.
pub const EXCEPT_MAX: usize = 400;

fn utc() -> String {
    "UTC".to_owned()
}

fn is_utc(zone: &str) -> bool {
    zone == "UTC"
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What becomes of a time that a jump of the clocks leaves out, as 2:30 on the night in which it is 3 after 1:59.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkippedTime {
    /// It is due when the clocks jump, once for all that they leave out.
    #[default]
    AtJump,
    /// It is not due on that day.
    LeaveOut,
}

/// What becomes of a time that comes twice, as 2:30 on the night in which it is 2 again after 2:59.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubledTime {
    /// It is due the first time.
    #[default]
    First,
    /// It is due the second time.
    Second,
    /// It is due both times.
    Both,
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

/// The words for what can be chosen, and back.
macro_rules! words {
    ($($ty:ident { $($word:literal => $case:ident,)* })*) => {$(
        impl $ty {
            /// All of them, as they are written.
            pub const ALL: &[(&'static str, Self)] = &[$(($word, Self::$case),)*];

            /// As it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)*
                }
            }
        }
    )*};
}

words! {
    Overlap {
        "skip" => Skip,
        "buffer_one" => BufferOne,
        "buffer_all" => BufferAll,
        "cancel_other" => CancelOther,
        "terminate_other" => TerminateOther,
        "allow" => Allow,
    }
    SkippedTime {
        "at_jump" => AtJump,
        "leave_out" => LeaveOut,
    }
    DoubledTime {
        "first" => First,
        "second" => Second,
        "both" => Both,
    }
}
