//! Doing nothing twice that somebody asks for with a key of their own.
//!
//! INVARIANT: the key is in the batch with what came of it. `together` keeps a batch from being parted while a command
//! is carried out, and [`Engine::acted`] adds the key before that is over.

use super::{
    Engine, Refusal, Ticket,
    acts::{Known, Other},
    batch::Deferred,
    input::Command,
    output::{Answer, Output, Search, Started},
    query::Query,
    schedules::ScheduleCommand,
};
use crate::{
    RunId,
    store::{Act, ActKey, Record},
};
use flowmesh_ir::{Hash, Name};
use jiff::Timestamp;
use std::sync::Arc;

/// A request, by what it is known when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who sent it.
    pub who: Arc<str>,
    /// What they call it.
    pub key: Arc<str>,
    /// The hash of what is asked for.
    pub print: Hash,
    /// Where it is about many runs, the one that this part of it is about.
    pub part: Option<RunId>,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// It did not come before, or led to nothing.
    New,
    /// It was done, and what was answered is not known.
    Done {
        /// The run that it was about, or that it started.
        run: Option<RunId>,
        /// What else it came to, as JSON.
        said: Arc<[u8]>,
    },
    /// It was done, and this was answered.
    Answered(Arc<[u8]>),
}

impl Asked {
    fn key(&self, namespace: &Name) -> ActKey {
        ActKey {
            namespace: namespace.clone(),
            who: Arc::clone(&self.who),
            key: Arc::clone(&self.key),
            part: self.part,
        }
    }
}

impl Engine {
    /// Does something unless it was done before; then that is said once more.
    pub(super) fn once(&mut self, now: Timestamp, ticket: Ticket, asked: &Asked, command: Command) {
        let key = asked.key(&self.namespace);
        self.expire_acts(now);
        match self.acts.find(&key, asked.print, now) {
            Err(Other) => self.refuse(ticket, other(asked)),
            // Runs that were not moved yet are moved: those that were are where they should be.
            Ok(Some(known)) if !matches!(command, Command::Upgrade(_)) => {
                let known = known.clone();
                self.say_again(now, ticket, &command, &known);
            }
            Ok(_) => {
                self.batches.together();
                self.acting = Some((key, asked.print));
                self.command(now, ticket, command);
                self.acting = None;
                self.batches.part();
            }
        }
    }

    /// What is being done was done: its key is in the log with it.
    pub(super) fn acted(&mut self, now: Timestamp, run: Option<RunId>, said: impl FnOnce() -> Vec<u8>) {
        let Some((key, print)) = self.acting.take() else {
            return;
        };
        if self
            .acts
            .find(&key, print, now)
            .is_ok_and(|known| known.is_some())
        {
            return;
        }
        let said = said().into();
        self.enter_act((key, print), now, (run, said), None);
    }

    fn expire_acts(&mut self, now: Timestamp) {
        self.acts.expire(now);
        if self.rows.kept && !self.acts.is_told() {
            self.rows.acts_told(now);
        }
    }

    fn enter_act(
        &mut self,
        (key, print): (ActKey, Hash),
        now: Timestamp,
        (run, said): (Option<RunId>, Arc<[u8]>),
        answer: Option<Arc<[u8]>>,
    ) {
        // As the journal has it.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let at = self.acts.since(&key, now);
        let act = Act {
            key,
            print,
            at,
            run,
            said,
            answer,
        };
        self.acts.note(&act);
        self.acts.bound(&act.key.namespace);
        let bytes = act.bytes();
        self.batches.add(Record::Act(Box::new(act)), bytes);
    }

    /// What is known of a request, when that is on stable storage.
    pub(super) fn before(&mut self, now: Timestamp, ticket: Ticket, asked: &Asked) {
        let key = asked.key(&self.namespace);
        self.expire_acts(now);
        let before = match self.acts.find(&key, asked.print, now) {
            Err(Other) => return self.refuse(ticket, other(asked)),
            Ok(Some(known)) if known.answered => {
                return self.defer(Deferred::Search(ticket, Search::Act(key, known.run)));
            }
            Ok(Some(Known { run, said, .. })) => Before::Done {
                run: *run,
                said: Arc::clone(said),
            },
            Ok(None) => Before::New,
        };
        let answer = Answer::Before(before);
        self.defer(Deferred::Output(Output::Answer(ticket, answer)));
    }

    /// Keeps what a request is answered with; of one that is refused only if it has done something.
    pub(super) fn keep_answer(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        asked: &Asked,
        (answer, is_refusal): (Arc<[u8]>, bool),
    ) {
        let key = asked.key(&self.namespace);
        self.expire_acts(now);
        let known = match self.acts.find(&key, asked.print, now) {
            Err(Other) => return self.refuse(ticket, other(asked)),
            Ok(known) => known.cloned(),
        };
        if known.as_ref().is_some_and(|known| known.answered) || is_refusal && known.is_none() {
            return self.defer(Deferred::Output(Output::Answer(ticket, Answer::Accepted)));
        }
        if let Err(refusal) = self.refuse_if_full() {
            return self.refuse(ticket, refusal);
        }
        let run = known.and_then(|known| known.run);
        self.enter_act((key, asked.print), now, (run, Arc::from([])), Some(answer));
        self.defer(Deferred::Answer(ticket, Query::Kept));
    }

    fn say_again(&mut self, now: Timestamp, ticket: Ticket, command: &Command, known: &Known) {
        let query = match (command, known.run) {
            (Command::Start(_) | Command::Continue(_), Some(id)) => {
                let existing = true;
                Query::Started(Started { id, existing })
            }
            (Command::Schedule(ScheduleCommand::Backfill(..)), _) => {
                let plan = serde_json::from_slice(&known.said).unwrap_or_default();
                return self.defer(Deferred::Output(Output::Answer(ticket, Answer::Plan(plan))));
            }
            (Command::Emit { .. }, _) => {
                let told = serde_json::from_slice(&known.said).unwrap_or_default();
                return self.defer(Deferred::Output(Output::Answer(ticket, Answer::Told(told))));
            }
            (Command::Results(_), _) => return self.say_forgotten(ticket, &known.said),
            (Command::Schedule(told), _) => match told.name() {
                Some(name) => Query::Schedule(name.clone(), now, 1),
                None => Query::Deployed,
            },
            (Command::Release(..), _) => Query::Deployed,
            (_, run) => Query::Accepted(run.unwrap_or(RunId(0))),
        };
        self.defer(Deferred::Answer(ticket, query));
    }

    /// What is known by keys, in words.
    pub(crate) fn acts_say(&self, now: Timestamp) -> Vec<String> {
        let fresh = |(key, known): (&ActKey, &Known)| {
            let fresh = self.acts.find(key, known.print, now).ok()??;
            Some(format!("{key:?}: {fresh:?}"))
        };
        self.acts.all().filter_map(fresh).collect()
    }
}

fn other(asked: &Asked) -> Refusal {
    Refusal::OtherRequest {
        key: asked.key.to_string(),
    }
}
