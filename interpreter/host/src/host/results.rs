//! Recorded results: seeing them, and having some forgotten.

use super::Host;
use crate::engine::{Answer, Command, Refusal, ResultCommand, ResultFilter, ResultPage, ResultPlace};

impl Host {
    /// Results that may still be reused, behind a place, at most so many.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn results(
        &self,
        filter: ResultFilter,
        behind: Option<ResultPlace>,
        limit: usize,
    ) -> Result<ResultPage, Refusal> {
        let list = ResultCommand::List(filter, behind, limit);
        match self.ask(Command::Results(list)).await? {
            Answer::Results(page) => Ok(page),
            _ => Err(self.gone()),
        }
    }

    /// Has results forgotten: the calls that would take them are made anew. How many they were; when this returns, that
    /// is on stable storage.
    ///
    /// # Errors
    /// If there is no room, or the host has stopped.
    pub async fn forget_results(&self, filter: ResultFilter) -> Result<usize, Refusal> {
        match self.ask(Command::Results(ResultCommand::Forget(filter))).await? {
            Answer::Forgotten(count) => Ok(count),
            _ => Err(self.gone()),
        }
    }
}
