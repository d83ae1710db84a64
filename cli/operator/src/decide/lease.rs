//! Who of several operators works: whoever holds the lease, until it has not been renewed for its term.
//!
//! Clocks of machines differ, so times in the lease are for people. Whoever waits counts by its own clock since it last saw the
//! lease change; whoever holds it stops by its own clock before the others can have counted to the end.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// What a lease says of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Who holds it; nobody where that is empty.
    pub holder: String,
    /// For how long without a renewal.
    pub term: Duration,
    /// How often it went from one to another.
    pub transitions: i32,
    /// Changes with each write.
    pub version: String,
    /// Since when its holder has it, for people.
    pub since: Option<Timestamp>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: make it.
    Make,
    /// Nobody holds it any more: take it.
    Take,
    /// It is ours: renew it.
    Renew,
    /// Somebody else works.
    Wait,
}

/// What `me` does with a lease that has not changed for so long.
#[must_use]
pub fn step(me: &str, held: Option<&Held>, unchanged: Duration) -> Step {
    match held {
        None => Step::Make,
        Some(held) if held.holder == me => Step::Renew,
        Some(held) if held.holder.is_empty() || unchanged >= held.term => Step::Take,
        Some(_) => Step::Wait,
    }
}

/// Whether whoever renewed it that long ago may still write: by the clock of the machine, which stands still while that sleeps,
/// and by that of people, which may be put back.
#[must_use]
pub fn may_write(elapsed: Duration, wall: SignedDuration, deadline: Duration) -> bool {
    // A clock that was put back says nothing.
    let wall = Duration::try_from(wall).unwrap_or_default();
    elapsed < deadline && wall < deadline
}

/// How many changes of hands there are after a step.
#[must_use]
pub fn transitions(step: Step, held: Option<&Held>) -> i32 {
    let so_far = held.map_or(0, |held| held.transitions);
    match step {
        Step::Take => so_far.saturating_add(1),
        _ => so_far,
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Step, may_write, step, transitions};
    use jiff::SignedDuration;
    use std::time::Duration;

    fn held(holder: &str) -> Held {
        Held {
            holder: holder.to_owned(),
            term: Duration::from_secs(15),
            transitions: 3,
            version: "1".to_owned(),
            since: None,
        }
    }

    #[test]
    fn a_lease_is_made_taken_renewed_or_waited_for() {
        let s = Duration::from_secs;
        assert_eq!(step("a", None, s(0)), Step::Make);
        assert_eq!(step("a", Some(&held("a")), s(99)), Step::Renew);
        assert_eq!(step("a", Some(&held("b")), s(14)), Step::Wait);
        assert_eq!(step("a", Some(&held("b")), s(15)), Step::Take);
        assert_eq!(step("a", Some(&held("")), s(0)), Step::Take);
    }

    #[test]
    fn whoever_slept_writes_no_more() {
        let may = |clock: u64, wall: i64| {
            let deadline = Duration::from_secs(10);
            may_write(
                Duration::from_secs(clock),
                SignedDuration::from_secs(wall),
                deadline,
            )
        };
        assert!(may(9, 9));
        assert!(!may(10, 0));
        // The machine slept.
        assert!(!may(1, 3600));
        // Its clock was put right.
        assert!(may(1, -3600));
    }

    #[test]
    fn changes_of_hands_are_counted() {
        assert_eq!(transitions(Step::Take, Some(&held("b"))), 4);
        assert_eq!(transitions(Step::Renew, Some(&held("a"))), 3);
        assert_eq!(transitions(Step::Make, None), 0);
    }
}
