//! What there is: runs by what they have in common, and the flows that can be started.

use super::Host;
use crate::{
    engine::{
        Answer, Command, Refusal, Search,
        view::{FlowView, Page},
    },
    store::{Count, Filter},
};

impl Host {
    /// Runs, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn list(&self, filter: Filter, limit: usize) -> Result<Page, Refusal> {
        match self.ask(Command::Search(Search::Page(filter, limit))).await? {
            Answer::Runs(page) => Ok(page),
            _ => Err(self.gone()),
        }
    }

    /// How many runs there are.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn count(&self, filter: Filter) -> Result<Count, Refusal> {
        match self.ask(Command::Search(Search::Count(filter))).await? {
            Answer::Count(count) => Ok(count),
            _ => Err(self.gone()),
        }
    }

    /// The flows that can be started.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn flows(&self) -> Result<Vec<FlowView>, Refusal> {
        match self.ask(Command::Flows).await? {
            Answer::Flows(flows) => Ok(flows),
            _ => Err(self.gone()),
        }
    }
}
