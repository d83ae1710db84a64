//! Two ways to one host, raced as RFC 8305 has it: the second begins when the first has failed or takes a while, and the
//! first that leads there is taken.

use std::{pin::pin, time::Duration};

/// After how long the second begins: what RFC 8305 recommends.
const DELAY: Duration = Duration::from_millis(250);

/// The first of two that succeeds; an error is that of the last.
pub(super) async fn race<T, E>(
    first: impl Future<Output = Result<T, E>>,
    second: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut first = pin!(first);
    match tokio::time::timeout(DELAY, first.as_mut()).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(_)) => return second.await,
        Err(_) => {}
    }
    let mut second = pin!(second);
    tokio::select! {
        done = first.as_mut() => match done {
            Err(_) => second.await,
            done => done,
        },
        done = second.as_mut() => match done {
            Err(_) => first.await,
            done => done,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep};

    /// Each takes so many milliseconds and leads there or not: which was taken, and when.
    async fn raced(first: (u64, bool), second: (u64, bool)) -> (Result<u8, u8>, u64) {
        let began = Instant::now();
        let way = |number: u8, (took, leads): (u64, bool)| async move {
            sleep(Duration::from_millis(took)).await;
            if leads { Ok(number) } else { Err(number) }
        };
        let taken = race(way(1, first), way(2, second)).await;
        (taken, u64::try_from(began.elapsed().as_millis()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_begins_only_when_the_first_has_failed_or_takes_a_while() {
        assert_eq!(raced((200, true), (0, true)).await, (Ok(1), 200));
        assert_eq!(raced((100, false), (50, true)).await, (Ok(2), 150));
        assert_eq!(raced((9_000, true), (50, true)).await, (Ok(2), 300));
        assert_eq!(raced((280, true), (100, true)).await, (Ok(1), 280));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_leaves_the_other() {
        assert_eq!(raced((300, false), (100, true)).await, (Ok(2), 350));
        assert_eq!(raced((900, true), (100, false)).await, (Ok(1), 900));
        assert_eq!(raced((100, false), (100, false)).await, (Err(2), 200));
        assert_eq!(raced((900, false), (100, false)).await, (Err(1), 900));
    }
}
