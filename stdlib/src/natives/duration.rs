//! Natives on lengths of time.

use crate::signature::{
    Native,
    Ty::{Duration, Int},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("duration.days", Duration, &[], Int).doc("The whole days in it.", "50h.days() == 2"),
    Native::method("duration.hours", Duration, &[], Int).doc("The whole hours in it.", "90m.hours() == 1"),
    Native::method("duration.minutes", Duration, &[], Int)
        .doc("The whole minutes in it.", "90m.minutes() == 90"),
    Native::method("duration.seconds", Duration, &[], Int)
        .doc("The whole seconds in it.", "2m.seconds() == 120"),
    Native::method("duration.millis", Duration, &[], Int)
        .doc("The whole milliseconds in it.", "2s.millis() == 2000"),
];
