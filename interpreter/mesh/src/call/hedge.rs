//! Several attempts beside each other, where one that takes long is not waited for alone: the first good answer holds, and
//! the others are let go of.

use crate::wire::endpoint::Endpoint;
use flowmesh_ir::traffic::Hedge;
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What the attempts beside each other know of each other: where each went.
#[derive(Default)]
pub(super) struct Beside(Mutex<Vec<Arc<Endpoint>>>);

impl Beside {
    /// One goes there.
    pub(super) fn went(&self, endpoint: &Arc<Endpoint>) {
        self.all(|all| all.push(endpoint.clone()));
    }

    /// Where the last one went.
    pub(super) fn last(&self) -> Option<Arc<Endpoint>> {
        self.all(|all| all.last().cloned())
    }

    /// Those where one went that is not the endpoint of the answer.
    pub(super) fn others(&self, than: Option<&Arc<Endpoint>>) -> Vec<Arc<Endpoint>> {
        let other = |endpoint: &&Arc<Endpoint>| than.is_none_or(|than| !Arc::ptr_eq(than, endpoint));
        self.all(|all| all.iter().filter(other).cloned().collect())
    }

    fn all<T>(&self, of: impl FnOnce(&mut Vec<Arc<Endpoint>>) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes an attempt, and another one each time when there is no answer after a while and somebody pays for it. The first
/// that is good holds, or else the last.
pub(super) async fn hedged<T, F: Future<Output = T>>(
    hedge: &Hedge,
    attempt: impl Fn(u32) -> F,
    is_good: impl Fn(&T) -> bool,
    mut pay: impl FnMut() -> bool,
) -> T {
    let after = Duration::from_millis(hedge.after_ms);
    let mut running = FuturesUnordered::from_iter([attempt(0)]);
    let (mut begun, mut is_paid) = (1, true);
    loop {
        let next = running.next();
        let done = match is_paid && begun < hedge.most {
            true => tokio::time::timeout(after, next).await,
            false => Ok(next.await),
        };
        match done {
            Ok(Some(done)) if is_good(&done) || running.is_empty() => return done,
            // Another one is under way still.
            Ok(Some(_)) => {}
            // There is always one: the last ends this.
            Ok(None) => running.push(attempt(0)),
            Err(_) => {
                is_paid = pay();
                if is_paid {
                    running.push(attempt(begun));
                    begun = begun.saturating_add(1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::{Instant, sleep};

    const HEDGE: Hedge = Hedge {
        after_ms: 100,
        most: 3,
    };

    /// Attempts that take so many milliseconds and are good or not: which held, how many began, how long it took.
    async fn ran(attempts: &[(u64, bool)], budget: u32) -> (u32, u32, u64) {
        let (begun, paid, began) = (Cell::new(0), Cell::new(0), Instant::now());
        let attempt = |number: u32| {
            begun.set(begun.get() + 1);
            let (took, is_good) = attempts[usize::try_from(number).unwrap()];
            async move {
                sleep(Duration::from_millis(took)).await;
                (number, is_good)
            }
        };
        let pay = || {
            paid.set(paid.get() + 1);
            paid.get() <= budget
        };
        let (held, _) = hedged(&HEDGE, attempt, |(_, is_good)| *is_good, pay).await;
        let took = u64::try_from(began.elapsed().as_millis()).unwrap();
        (held, begun.get(), took)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_answered_soon_is_asked_once() {
        assert_eq!(ran(&[(99, true)], 9).await, (0, 1, 99));
        assert_eq!(ran(&[(50, false)], 9).await, (0, 1, 50));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_good_answer_holds() {
        assert_eq!(ran(&[(1_000, true), (20, true)], 9).await, (1, 2, 120));
        assert_eq!(ran(&[(150, true), (1_000, true)], 9).await, (0, 2, 150));
        assert_eq!(
            ran(&[(1_000, true), (1_000, true), (5, true)], 9).await,
            (2, 3, 205)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_answer_holds_only_where_no_other_can_come() {
        assert_eq!(ran(&[(130, false), (100, true)], 9).await, (1, 2, 200));
        assert_eq!(ran(&[(130, false), (50, false)], 9).await, (1, 2, 150));
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_no_more_than_are_said_and_paid_for() {
        let slow = [(1_000, true); 4];
        assert_eq!(ran(&slow, 9).await.1, 3);
        assert_eq!(ran(&slow, 1).await.1, 2);
        assert_eq!(ran(&slow, 0).await.1, 1);
    }
}
