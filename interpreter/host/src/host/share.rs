//! Going on from the middle of what happened to a run that has ended.

use super::Host;
use crate::{
    RunId,
    engine::{Answer, Before, Command, Continuation, Deployment, History, Player, Refusal, event_bytes},
    follow::Archive,
    store::StoreError,
};
use flowmesh_machine::{Event, Place, share, upgrade::Home};
use std::sync::Arc;

/// How long a history may be that is shared: it is written again as one batch.
const HISTORY_BYTES_MAX: u64 = 32 << 20;

impl Host {
    /// Starts a run that shares the history of one that has ended, and goes on from a place in it. When this returns,
    /// that is on stable storage. Gives the identifier of the new run.
    ///
    /// # Errors
    /// If there is no such run, it has not ended, or nothing can go on from there.
    pub async fn go_on(&self, of: RunId, place: Place) -> Result<RunId, Refusal> {
        if let Before::Done { run: Some(run), .. } = self.before().await? {
            return Ok(run);
        }
        let history = match self.ask(Command::History(of)).await? {
            Answer::History(history) => history,
            _ => return Err(self.gone()),
        };
        if history.ending.is_none() {
            let state = self.get(of).await?.state;
            return Err(Refusal::Alive { run: of, state });
        }
        let archive = self.archive()?;
        let clock = &self.0.clock;
        let run = RunId::new(clock.now(), clock.draw(), clock.draw());
        let found = tokio::task::spawn_blocking(move || {
            let (events, homes) = events(&archive, &history)?;
            check_length(of, events.iter().map(length).sum())?;
            continuation(run, (&history, homes), events, &place)
        });
        let continuation = found.await.map_err(|_| self.gone())??;
        match self.ask(Command::Continue(Box::new(continuation))).await? {
            Answer::Started(started) => Ok(started.id),
            _ => Err(self.gone()),
        }
    }
}

fn check_length(run: RunId, found: u64) -> Result<(), Refusal> {
    let max = HISTORY_BYTES_MAX;
    if found > max {
        return Err(Refusal::History { run, max, found });
    }
    Ok(())
}

/// What a run of this name shares with one that has ended, if it goes on from there.
pub(crate) fn continuation(
    run: RunId,
    (history, homes): (&History, Vec<Arc<Deployment>>),
    events: Vec<Event>,
    place: &Place,
) -> Result<Continuation, Refusal> {
    let fresh = Player::new(history, &homes).ok_or(Refusal::UnknownRun { run: history.run })?;
    let all: Vec<Home<'_>> = homes.iter().map(|home| home.home()).collect();
    let shared = share(&all, &fresh.run, &events, place);
    let shared = shared.map_err(|why| Refusal::Unshared {
        run: history.run,
        why,
    })?;
    Ok(Continuation {
        run,
        of: history.run,
        homes,
        events,
        shared,
        retry: *place == Place::Failure,
    })
}

fn events(archive: &Archive, history: &History) -> Result<(Vec<Event>, Vec<Arc<Deployment>>), Refusal> {
    let lost = |error: StoreError| Refusal::Stopped {
        reason: error.to_string(),
    };
    let records = archive.events(history).map_err(lost)?;
    let homes = archive.homes(history, &records).map_err(lost)?;
    Ok((records.into_iter().map(|record| record.event).collect(), homes))
}

fn length(event: &Event) -> u64 {
    u64::try_from(event_bytes(&event.kind)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_is_too_long_is_not_shared() {
        assert_eq!(check_length(RunId(1), HISTORY_BYTES_MAX), Ok(()));
        let refusal = check_length(RunId(1), HISTORY_BYTES_MAX + 1).unwrap_err();
        assert_eq!(refusal.code().to_string(), "F1089");
    }
}
