//! Which runs are wanted, and the pages in which they are given.

use super::row::Row;
use crate::RunId;
use flowmesh_ir::Name;
use jiff::Timestamp;

/// Which runs are wanted. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose runs.
    pub namespace: Name,
    /// Runs of this flow.
    pub flow: Option<Name>,
    /// Runs in this state, by its word.
    pub state: Option<Name>,
    /// The run of a flow that was started with this key.
    pub key: Option<String>,
    /// Runs that ended with this error.
    pub error: Option<Name>,
    /// Runs that are at the step of this title.
    pub step: Option<String>,
    /// Runs with all of these tags.
    pub tags: Vec<(Name, String)>,
    /// Runs that began at this time or later.
    pub since: Option<Timestamp>,
    /// Runs that began before this time.
    pub until: Option<Timestamp>,
    /// Runs whose identifier is less than this one: the cursor of the page before.
    pub before: Option<RunId>,
}

/// Some runs, those with the greatest identifiers first: the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The runs.
    pub runs: Vec<(RunId, Row)>,
    /// What to ask for the next page with, if there may be one.
    pub cursor: Option<RunId>,
}

/// How many runs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// So many or more: nobody counted on.
    AtLeast(u64),
}

impl Filter {
    /// Whether a row is wanted, whichever page it is on.
    #[must_use]
    pub fn wants(&self, row: &Row) -> bool {
        let same = |wanted: &Option<Name>, found: &Name| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.namespace == row.namespace
            && same(&self.flow, &row.flow)
            && same(&self.state, &row.state)
            && self.key.as_ref().is_none_or(|key| row.key.as_ref() == Some(key))
            && self
                .error
                .as_ref()
                .is_none_or(|error| row.error.as_ref() == Some(error))
            && self.step.as_ref().is_none_or(|step| row.steps.contains(step))
            && self
                .tags
                .iter()
                .all(|(key, value)| row.tags.get(key) == Some(value))
            && self.since.is_none_or(|since| row.started >= since)
            && self.until.is_none_or(|until| row.started < until)
    }

    /// Whether a filter looks at rows themselves: at what no entry says.
    pub(super) fn looks(&self) -> bool {
        self.since.is_some() || self.until.is_some() || (self.key.is_some() && self.flow.is_none())
    }
}
