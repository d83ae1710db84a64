//! How a host stands, for those who watch over it.

use super::Host;
use crate::{
    engine::{Answer, Command, Refusal, Stand, view::State},
    metrics::Metrics,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Host {
    /// How all of it stands, in all namespaces.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn stand(&self) -> Result<Stand, Refusal> {
        match self.ask(Command::Stand).await? {
            Answer::Stand(stand) => Ok(*stand),
            _ => Err(self.gone()),
        }
    }

    /// How many runs there are in each state, in all namespaces, as far as the index knows. Waits for nothing that is
    /// being written.
    pub(crate) async fn totals(&self) -> BTreeMap<State, u64> {
        let archive = self.archive().ok();
        let read = move || archive.and_then(|archive| archive.totals().ok());
        let found = tokio::task::spawn_blocking(read).await.ok().flatten();
        let mut totals: BTreeMap<State, u64> = State::ALL.into_iter().map(|state| (state, 0)).collect();
        for (state, runs) in found.unwrap_or_default() {
            totals.extend(state.parse::<State>().ok().map(|state| (state, runs)));
        }
        totals
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// How many bytes the store takes on the disk.
    pub(crate) fn store_bytes(&self) -> u64 {
        let Some(disk) = self.0.disk.upgrade() else {
            return 0;
        };
        let names = disk.list().unwrap_or_default();
        let lengths = names.iter().filter_map(|name| disk.length(name).ok());
        lengths.fold(0, u64::saturating_add)
    }

    /// What time it is here.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}
