//! What must hold whenever a result is reused: it is that of the same call, as it was recorded, and young enough; and one
//! that is there is found.

use crate::RunId;
use flowmesh_ir::Name;
use flowmesh_machine::{Answer, Cached, Recall};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// What was recorded, by namespace and call.
#[derive(Default)]
pub(super) struct Results {
    recorded: BTreeMap<(Name, Cached), Vec<Recorded>>,
    /// The latest time at which something was: what is too old by then may be gone.
    latest: Timestamp,
    /// How many were reused.
    pub(super) reused: u64,
}

struct Recorded {
    run: RunId,
    at: Timestamp,
    until: Timestamp,
    result: Arc<[u8]>,
}

impl Results {
    pub(super) fn records(
        &mut self,
        (namespace, run): (Name, RunId),
        at: Timestamp,
        recall: &Recall,
        result: &Arc<[u8]>,
    ) {
        let all = self
            .recorded
            .entry((namespace, recall.cached.clone()))
            .or_default();
        all.push(Recorded {
            run,
            at,
            until: at.checked_add(recall.ttl).unwrap_or(Timestamp::MAX),
            result: Arc::clone(result),
        });
        self.latest = self.latest.max(at);
    }

    /// A run hears whether there is a result.
    pub(super) fn recalls(
        &mut self,
        (namespace, run): (Name, RunId),
        at: Timestamp,
        recall: &Recall,
        answer: &Answer,
    ) -> Result<(), String> {
        let key = (namespace, recall.cached.clone());
        let all = self.recorded.get(&key).map(Vec::as_slice).unwrap_or_default();
        let young = |it: &&Recorded| at.duration_since(it.at) < recall.ttl && at < it.until;
        match answer {
            Answer::Recalled(reused) => {
                let same = |it: &&Recorded| it.run.to_string() == reused.run && it.at == reused.at;
                let found = all.iter().find(same);
                let found = found.ok_or_else(|| {
                    format!(
                        "run {run} reuses a result of {} for {key:?} that was not recorded",
                        reused.run
                    )
                })?;
                if found.result != reused.result {
                    return Err(format!(
                        "run {run} reuses a result of {} that was another one",
                        reused.run
                    ));
                }
                self.reused = self.reused.saturating_add(1);
                if !young(&found) {
                    return Err(format!(
                        "run {run} reuses a result at {at} that is older than its time"
                    ));
                }
            }
            Answer::Found(false) => {
                let there = all.last().filter(young).filter(|it| self.latest < it.until);
                if let Some(there) = there {
                    return Err(format!(
                        "run {run} was told at {at} that there is no result, and run {} recorded one at {}",
                        there.run, there.at
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
