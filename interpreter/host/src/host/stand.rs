//! How a host stands, for those who watch over it.

use super::Host;
use crate::{
    engine::{Answer, Command, Refusal, Stand},
    metrics::Metrics,
};
use jiff::Timestamp;

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
