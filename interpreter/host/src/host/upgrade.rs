//! Deployments: another program for runs that start, which runs that are there can go on in it, and the way back.

use super::{DeployError, Host};
use crate::{
    RunId,
    driver::Message,
    engine::{
        Answer, Before, By, Command, Deployment, Refusal, Search, Upgrading,
        view::{Choosing, Fate, Verdict},
    },
    store::{Count, Deployed, Filter, How},
};
use flowmesh_ir::{Code, Hash, Name, Program};
use flowmesh_machine::Settings;
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::oneshot;

/// How many runs one deployment looks at, at the most.
pub(crate) const RUNS_MAX: usize = 1_000_000;

/// How many are in memory at a time for it.
pub(crate) const AT_ONCE: usize = 256;

/// How many of the same are told apart; what is beyond that is counted with the last.
const GROUPS_MAX: usize = 1000;

/// What becomes of runs that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Group {
    /// What becomes of them.
    pub fate: Fate,
    /// The flow that they are runs of.
    pub flow: Name,
    /// What they are at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How many they are.
    pub runs: u64,
    /// Some of them, the oldest first.
    pub examples: Vec<RunId>,
    /// The code of why they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub code: Option<Code>,
    /// Why they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What a `migrate` block would say: the step that they are at, and the one that may be meant by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrate: Option<(String, String)>,
}

/// What becomes of all runs.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Upgraded {
    /// How many of them there are, by what becomes of them.
    pub counts: BTreeMap<Fate, u64>,
    /// Runs that are alike, the most first.
    pub groups: Vec<Group>,
    /// Whether there are more runs than one deployment looks at.
    pub more: bool,
}

/// What a host went on with when it was opened.
#[derive(Clone, Debug)]
pub enum Opening {
    /// The program that it was opened with.
    Program,
    /// What was deployed since it was opened with the same program before.
    Later(Deployed),
}

impl Host {
    /// What runs were started with so far, the last one first.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn deployments(&self) -> Result<Vec<Deployed>, Refusal> {
        match self.ask(Command::Deployments).await? {
            Answer::Deployments(deployed) => Ok(deployed),
            _ => Err(self.gone()),
        }
    }

    /// The program that a host is opened with. It is what new runs are started with, unless another was deployed since it
    /// was opened with the same one before: then that one still holds.
    ///
    /// # Errors
    /// As [`Host::deploy`].
    pub async fn serve(&self, program: Program, settings: Settings) -> Result<Opening, DeployError> {
        let deployment = Arc::new(Deployment::new(program, settings));
        let all = self.deployments().await?;
        let served = all.iter().find(|it| it.how == How::Served);
        let same = served.is_some_and(|it| (it.program, it.settings) == deployment.hashes());
        match all.first().filter(|last| same && last.how != How::Served) {
            Some(last) => {
                let later = self.kept((last.program, last.settings)).await?;
                self.put(later, None).await?;
                Ok(Opening::Later(last.clone()))
            }
            None => {
                let by = By {
                    who: "serve".to_owned(),
                    how: How::Served,
                };
                self.put(deployment, Some(by)).await?;
                Ok(Opening::Program)
            }
        }
    }

    /// Makes a program the one that new runs are started with, and moves the runs of this namespace that can go on in
    /// it. When this returns, all of it is on stable storage. Each run moves by itself: where it ends early, it can be
    /// asked for once more.
    ///
    /// # Errors
    /// If its calls cannot be made, or there is no room for it.
    pub async fn roll_out(
        &self,
        deployment: Arc<Deployment>,
        (who, how): (&str, How),
        examples: usize,
    ) -> Result<Upgraded, DeployError> {
        let stands = self.deployments().await?;
        let current = stands.first().map(|it| (it.program, it.settings));
        if current != Some(deployment.hashes()) {
            if !self.namespace().is_empty() {
                return Err(Refusal::ProgramOfAll.into());
            }
            let by = By {
                who: who.to_owned(),
                how,
            };
            self.put(Arc::clone(&deployment), Some(by)).await?;
        }
        Ok(self.upgrade(&deployment, true, examples).await?)
    }

    /// What would become of the runs of this namespace.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn plan(&self, deployment: &Arc<Deployment>, examples: usize) -> Result<Upgraded, Refusal> {
        self.upgrade(deployment, false, examples).await
    }

    /// The program before the one that runs are started with now; for a request that went back before, the one that it
    /// went back to.
    ///
    /// # Errors
    /// If there was none.
    pub async fn earlier(&self) -> Result<Arc<Deployment>, Refusal> {
        if let Before::Done { said, .. } = self.before().await?
            && let Ok(hashes) = serde_json::from_slice(&said)
        {
            return self.kept(hashes).await;
        }
        let all = self.deployments().await?;
        let hashes = earlier(&all).ok_or(Refusal::NoEarlier)?;
        self.kept(hashes).await
    }

    pub(super) async fn put(&self, deployment: Arc<Deployment>, by: Option<By>) -> Result<(), DeployError> {
        let (asker, answer) = oneshot::channel();
        let asked = self.2.as_deref().cloned();
        self.send(Message::Deploy(self.ticket(), deployment, (by, asked), asker))?;
        match answer.await.map_err(|_| self.gone())?? {
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    /// A program that the store has.
    async fn kept(&self, hashes: (Hash, Hash)) -> Result<Arc<Deployment>, Refusal> {
        let archive = self.archive()?;
        let read = tokio::task::spawn_blocking(move || archive.deployment(hashes)).await;
        let read = read.map_err(|_| self.gone())?;
        read.map_err(|error| Refusal::Undeployable {
            reason: error.to_string(),
        })
    }

    async fn upgrade(&self, to: &Arc<Deployment>, moves: bool, examples: usize) -> Result<Upgraded, Refusal> {
        let search = Search::Choose(Filter::default(), Choosing::Live, RUNS_MAX);
        let chosen = match self.ask(Command::Search(search)).await? {
            Answer::Chosen(chosen) => chosen,
            _ => return Err(self.gone()),
        };
        let mut sum = Summing::new(examples);
        // The oldest first: it has waited longest.
        let runs: Vec<RunId> = chosen.runs.into_iter().rev().collect();
        for some in runs.chunks(AT_ONCE) {
            let order = Upgrading {
                runs: some.to_vec(),
                to: Arc::clone(to),
                moves,
            };
            match self.ask(Command::Upgrade(Box::new(order))).await? {
                Answer::Verdicts(verdicts) => verdicts.into_iter().for_each(|it| sum.add(it)),
                _ => return Err(self.gone()),
            }
        }
        Ok(sum.finish(matches!(chosen.count, Count::AtLeast(_))))
    }
}

/// The last one before all that are the same as the current one.
pub(crate) fn earlier(all: &[Deployed]) -> Option<(Hash, Hash)> {
    let hashes = |it: &Deployed| (it.program, it.settings);
    let current = all.first()?;
    // Going back from where somebody went back to goes further back, not to and fro.
    let from = match current.how {
        How::RolledBack => {
            let began = |it: &Deployed| it.how != How::RolledBack && hashes(it) == hashes(current);
            all.iter().position(began)?
        }
        How::Served | How::Deployed => 0,
    };
    let before = all.get(from..)?.iter().filter(|it| it.how != How::RolledBack);
    before.map(hashes).find(|it| *it != hashes(current))
}

/// Runs that are alike are told as one.
pub(crate) struct Summing {
    examples: usize,
    counts: BTreeMap<Fate, u64>,
    groups: BTreeMap<(Fate, Name, Option<String>, Option<String>), Group>,
}

impl Summing {
    pub(crate) fn new(examples: usize) -> Self {
        Self {
            examples,
            counts: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, verdict: Verdict) {
        let count = self.counts.entry(verdict.fate).or_default();
        *count = count.saturating_add(1);
        let key = (
            verdict.fate,
            verdict.flow.clone(),
            verdict.step.clone(),
            verdict.why.clone(),
        );
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            fate: verdict.fate,
            flow: verdict.flow,
            step: verdict.step,
            runs: 0,
            examples: Vec::new(),
            code: verdict.code,
            why: verdict.why,
            help: verdict.help,
            migrate: verdict.migrate,
        });
        group.runs = group.runs.saturating_add(1);
        if group.examples.len() < self.examples {
            group.examples.push(verdict.run);
        }
    }

    pub(crate) fn finish(self, more: bool) -> Upgraded {
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.fate), std::cmp::Reverse(group.runs)));
        Upgraded {
            counts: self.counts,
            groups,
            more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(program: u8, how: How) -> Deployed {
        Deployed {
            program: Hash([program; 32]),
            settings: Hash([0; 32]),
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            how,
        }
    }

    #[test]
    fn going_back_twice_goes_further_back() {
        let to = |all: &[Deployed]| earlier(all).map(|(program, _)| program.0[0]);
        let mut all = vec![at(3, How::Deployed), at(2, How::Deployed), at(1, How::Served)];
        assert_eq!(to(&all), Some(2));
        all.insert(0, at(2, How::RolledBack));
        assert_eq!(to(&all), Some(1));
        all.insert(0, at(1, How::RolledBack));
        assert_eq!(to(&all), None);
        all.insert(0, at(4, How::Deployed));
        assert_eq!(to(&all), Some(3));
        assert_eq!(to(&[]), None);
    }
}
