//! What runs are told from outside, what they let be read, and what workers say of their tasks.

use super::{Forget, Host};
use crate::{
    RunId,
    engine::{Answer, Command, History, Refusal, Told, view::Views, views::views},
    follow::{past_at, past_run},
    upkeep::PastRun,
    workers::{Held, Lost, Settled, Workers},
};
use flowmesh_ir::{Name, call::Reply};
use flowmesh_machine::CallId;
use serde_json::value::RawValue;
use std::{sync::Arc, time::Duration};

impl Host {
    /// Tells a run something. When this returns, it is on stable storage. A signal that declares a result is answered
    /// with JSON; of one whose answer has not come within `wait`, and of one that declares none, nothing comes back.
    ///
    /// # Errors
    /// If there is no such run, it has ended, the signal does not fit it, or its handler failed.
    pub async fn signal(
        &self,
        run: RunId,
        name: &str,
        payload: impl Into<Arc<[u8]>>,
        wait: Duration,
    ) -> Result<Option<String>, Refusal> {
        let ticket = self.ticket();
        let _forget = Forget {
            host: self,
            run,
            ticket,
        };
        let command = Command::Signal {
            run,
            name: Name::new(name),
            payload: payload.into(),
        };
        let asked = self.ask_as(ticket, command);
        match tokio::time::timeout(wait.max(Duration::from_millis(1)), asked).await {
            Ok(answer) => match answer? {
                Answer::Said(Ok(json)) => Ok(Some(json)),
                Answer::Said(Err(reason)) => Err(Refusal::Unanswered {
                    signal: Name::new(name),
                    reason,
                }),
                _ => Ok(None),
            },
            // Whatever was asked before this question is on stable storage when it is answered.
            Err(_) => self.get(run).await.map(|_| None),
        }
    }

    /// Tells an event to every run that waits for it and every flow that it starts. When this returns, all of that is
    /// on stable storage.
    ///
    /// # Errors
    /// If the program declares no such event, or the payload does not fit it.
    pub async fn emit(&self, event: &str, payload: impl Into<Arc<[u8]>>) -> Result<Told, Refusal> {
        let clock = &self.0.clock;
        let id = RunId::new(clock.now(), clock.draw(), clock.draw());
        let (event, payload) = (Name::new(event), payload.into());
        match self.ask(Command::Emit { id, event, payload }).await? {
            Answer::Told(told) => Ok(told),
            _ => Err(self.gone()),
        }
    }

    /// What a run lets be read: one view, or all of them.
    ///
    /// # Errors
    /// If there is no such run or view.
    pub async fn views(&self, run: RunId, name: Option<&str>) -> Result<Views, Refusal> {
        let name = name.map(Name::new);
        match self.ask(Command::View(run, name.clone())).await? {
            Answer::Views(views) => Ok(views),
            Answer::History(history) => self.past_views(history, name).await,
            _ => Err(self.gone()),
        }
    }

    /// Of a run that has ended: its journal is played once more.
    async fn past_views(&self, history: History, name: Option<Name>) -> Result<Views, Refusal> {
        let archive = self.archive()?;
        let looked =
            tokio::task::spawn_blocking(move || past_run(&archive, &history).map(|run| (run, history)));
        let looked = looked.await.map_err(|_| self.gone())?;
        let (run, history) = looked.map_err(|error| Refusal::Stopped {
            reason: error.to_string(),
        })?;
        views(&history.deployment, history.flow, &run, name.as_ref())
    }

    /// The variables of a run that has not ended, by name, in the order of its flow.
    ///
    /// # Errors
    /// If there is no such run, or it has ended.
    pub async fn variables(&self, run: RunId) -> Result<Vec<(String, Box<RawValue>)>, Refusal> {
        match self.ask(Command::Variables(run)).await? {
            Answer::Variables(variables) => Ok(variables),
            _ => Err(self.gone()),
        }
    }

    /// A run as it stood behind one of its events; or how many events it has.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub async fn run_at(&self, run: RunId, sequence: u64) -> Result<Result<PastRun, usize>, Refusal> {
        let Answer::History(history) = self.ask(Command::History(run)).await? else {
            return Err(self.gone());
        };
        let archive = self.archive()?;
        let looked = tokio::task::spawn_blocking(move || past_at(&archive, &history, sequence));
        let looked = looked.await.map_err(|_| self.gone())?;
        looked.map_err(|error| Refusal::Stopped {
            reason: error.to_string(),
        })
    }

    /// The tasks of `worker` operations.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// A worker says how a call has ended. When this returns, it is on stable storage. `None` says that the task is not
    /// the worker's any more.
    ///
    /// # Errors
    /// If the host has stopped.
    pub(crate) async fn settle(&self, held: Held, reply: Reply) -> Result<Result<(), Lost>, Refusal> {
        let mut told = Ok(None);
        // Before the call itself hears of it: with its key, if there is one.
        let tell = |(run, call, reply): Settled| {
            let settle = Command::Settle { run, call, reply };
            told = self.begin(self.ticket(), settle).map(Some);
        };
        if let Err(lost) = self.workers().settle(self.namespace(), held, reply, tell) {
            return Ok(Err(lost));
        }
        let Some(answer) = told? else {
            return Err(self.gone());
        };
        match answer.await.map_err(|_| self.gone())? {
            Answer::Refused(refusal) => Err(refusal),
            _ => Ok(Ok(())),
        }
    }

    /// The status that stands for a declared error of the operation that a call is of; `None` if it declares no such
    /// error.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn status_of(&self, run: RunId, call: CallId, error: &str) -> Result<Option<u16>, Refusal> {
        let error = Name::new(error);
        match self.ask(Command::StatusOf { run, call, error }).await? {
            Answer::Status(status) => Ok(status),
            _ => Err(self.gone()),
        }
    }
}
