//! How this operator stands: whether it may write, and whether it goes on at all. The elector says so, and all others ask.
//!
//! A machine may sleep between two lines. So each write is preceded by a look at the clock, and at that of people too: the other
//! stands still while a machine does.

use crate::{decide::lease, elect::Terms, error::Error};
use jiff::Timestamp;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    clock: Instant,
    wall: Timestamp,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self {
            clock: Instant::now(),
            wall: Timestamp::now(),
        }
    }

    /// Whether less than a while lies between this and a later one.
    fn is_within(self, span: Duration, now: Self) -> bool {
        now.clock.saturating_duration_since(self.clock) < span
    }
}

/// How this operator stands.
pub(crate) struct Standing {
    terms: Terms,
    state: Mutex<State>,
}

struct State {
    /// When the lease was ours for sure; nothing where it is not.
    renewed: Option<Moment>,
    /// When the cluster answered about it last.
    answered: Option<Moment>,
    /// When it was last looked at, with whatever success.
    looked: Moment,
}

impl Standing {
    pub(crate) fn new(terms: Terms) -> Self {
        let state = State {
            renewed: None,
            answered: None,
            looked: Moment::now(),
        };
        Self {
            terms,
            state: Mutex::new(state),
        }
    }

    /// The lease is ours, and was so at a moment that was before the cluster said it.
    pub(crate) fn renewed(&self, at: Moment) {
        self.state().renewed = Some(at);
    }

    /// It is not ours, or will not be.
    pub(crate) fn lost(&self) {
        self.state().renewed = None;
    }

    /// It was looked at; whether the cluster said anything.
    pub(crate) fn looked(&self, at: Moment, answered: bool) {
        let mut state = self.state();
        state.looked = at;
        if answered {
            state.answered = Some(at);
        }
    }

    /// Whether this one works.
    pub(crate) fn works(&self, now: Moment) -> bool {
        let renewed = self.state().renewed;
        renewed.is_some_and(|at| {
            let clock = now.clock.saturating_duration_since(at.clock);
            lease::may_write(clock, now.wall.duration_since(at.wall), self.terms.deadline)
        })
    }

    /// Whether anything may be written.
    ///
    /// # Errors
    /// Where another one may work by now.
    pub(crate) fn may_write(&self) -> Result<(), Error> {
        self.works(Moment::now()).then_some(()).ok_or(Error::Deposed)
    }

    /// Whether it goes on: whoever looks at no lease any more does nothing else either.
    pub(crate) fn is_alive(&self, now: Moment) -> bool {
        self.state().looked.is_within(self.patience(), now)
    }

    /// Whether it can work, or stand in for the one that does: the cluster answers.
    pub(crate) fn is_ready(&self, now: Moment) -> bool {
        let answered = self.state().answered;
        answered.is_some_and(|at| at.is_within(self.patience(), now))
    }

    /// Longer than looking once can take.
    fn patience(&self) -> Duration {
        (self.terms.deadline + self.terms.every) * 3
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Standing};
    use crate::elect::Terms;
    use std::time::Duration;

    fn standing() -> Standing {
        Standing::new(Terms::new("a".to_owned(), "ops".to_owned()))
    }

    fn after(begin: Moment, seconds: u64) -> Moment {
        let later = Duration::from_secs(seconds);
        Moment {
            clock: begin.clock + later,
            wall: begin.wall + later,
        }
    }

    #[test]
    fn nobody_writes_who_did_not_renew_the_lease_in_time() {
        let (standing, begin) = (standing(), Moment::now());
        assert!(!standing.works(begin) && standing.may_write().is_err());
        standing.renewed(begin);
        assert!(standing.works(after(begin, 9)));
        assert!(!standing.works(after(begin, 10)));
        standing.renewed(after(begin, 10));
        assert!(standing.works(after(begin, 19)));
        standing.lost();
        assert!(!standing.works(after(begin, 10)));
    }

    #[test]
    fn a_machine_that_slept_knows_it_by_the_clock_of_people() {
        let (standing, begin) = (standing(), Moment::now());
        standing.renewed(begin);
        let awake = Moment {
            clock: begin.clock,
            ..after(begin, 60)
        };
        assert!(!standing.works(awake));
    }

    #[test]
    fn whoever_looks_goes_on_and_whoever_is_answered_can_work() {
        let (standing, begin) = (standing(), Moment::now());
        assert!(standing.is_alive(begin) && !standing.is_ready(begin));
        standing.looked(begin, true);
        assert!(standing.is_ready(after(begin, 30)));
        standing.looked(after(begin, 30), false);
        let later = after(begin, 37);
        assert!(standing.is_alive(later) && !standing.is_ready(later));
        assert!(!standing.is_alive(after(begin, 70)));
    }
}
