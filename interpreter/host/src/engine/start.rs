//! Commands that make something happen: deploy, start, signal.

use super::{
    Engine, Held, Life, Refusal, Start, Ticket, batch::Deferred, deployment::Deployment, namespace::within,
    output::Started, query::Query,
};
use crate::{
    RunId,
    store::{Origin, Record},
};
use flowmesh_ir::{
    FlowId, Name,
    trace::{self, Lineage},
};
use flowmesh_machine::{
    EventKind,
    border::{SIGNALS_KEPT_MAX, check_input, check_signal},
};
use jiff::Timestamp;
use std::sync::Arc;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 1024;

impl Engine {
    pub(super) fn deploy(&mut self, now: Timestamp, ticket: Ticket, deployment: Arc<Deployment>) {
        let deployment = self.known(deployment);
        if self.kept.insert(deployment.program_hash) {
            let json = deployment.program_json();
            let bytes = json.len();
            self.batches.add(
                Record::Program {
                    hash: deployment.program_hash,
                    json,
                },
                bytes,
            );
        }
        if self.kept.insert(deployment.settings_hash) {
            let bytes = deployment.settings_json();
            let length = bytes.len();
            self.batches.add(
                Record::Settings {
                    hash: deployment.settings_hash,
                    bytes,
                },
                length,
            );
        }
        self.current = Some(deployment);
        self.take_up_schedules(now);
        self.defer(Deferred::Answer(ticket, Query::Deployed));
    }

    /// What new runs are started with.
    pub(crate) fn current(&self) -> Option<&Arc<Deployment>> {
        self.current.as_ref()
    }

    /// The same deployment, if it is known already: runs share it, and so does whatever is kept beside it.
    pub(super) fn known(&mut self, deployment: Arc<Deployment>) -> Arc<Deployment> {
        let hashes = (deployment.program_hash, deployment.settings_hash);
        Arc::clone(self.deployments.entry(hashes).or_insert(deployment))
    }

    pub(super) fn start(&mut self, now: Timestamp, ticket: Ticket, start: Start) {
        match self.try_start(now, start) {
            Ok(started) => {
                self.acted(now, Some(started.id), Vec::new);
                self.defer(Deferred::Answer(ticket, Query::Started(started)));
            }
            Err(refusal) => self.refuse(ticket, refusal),
        }
    }

    fn try_start(&mut self, now: Timestamp, start: Start) -> Result<Started, Refusal> {
        let (deployment, flow) = self.find_flow(&start.flow)?;
        let misfit = |misfit| Refusal::Input {
            flow: start.flow.clone(),
            misfit,
        };
        let own =
            check_input(&deployment.program, &deployment.settings, flow, &start.input).map_err(misfit)?;
        let key = checked_key(&start.flow, start.key.clone())?.or(own);
        let scope = within(&self.namespace, &start.flow);
        if let Some(run) = key.as_ref().and_then(|key| self.keyed_run(&scope, key)) {
            return Ok(Started {
                id: run,
                existing: true,
            });
        }
        self.refuse_if_full()?;
        let origin = Origin {
            flow: start.flow.clone(),
            program: deployment.program_hash,
            settings: deployment.settings_hash,
            shared: None,
            namespace: self.namespace.clone(),
            lineage: lineage(&deployment, start.run, start.lineage),
        };
        self.hold(start.run, deployment, flow, key.clone(), &origin);
        let kind = EventKind::Started {
            input: start.input,
            seed: start.seed,
            key,
            terms: start.terms,
        };
        self.happen(now, start.run, kind, Some(origin));
        Ok(Started {
            id: start.run,
            existing: false,
        })
    }

    fn find_flow(&self, name: &Name) -> Result<(Arc<Deployment>, FlowId), Refusal> {
        let current = self.current.as_ref();
        let found = current.and_then(|it| Some((Arc::clone(it), it.program.flow_named(name)?)));
        found.ok_or_else(|| Refusal::UnknownFlow {
            flow: name.clone(),
            nearest: current.and_then(|deployment| deployment.nearest_flow(name)),
        })
    }

    /// Takes a run into the tables, before its first event.
    pub(super) fn hold(
        &mut self,
        run: RunId,
        deployment: Arc<Deployment>,
        flow: FlowId,
        key: Option<String>,
        origin: &Origin,
    ) {
        let shared = origin.shared;
        let mut held = Held::new(deployment, (run, shared), flow, key);
        held.namespace = origin.namespace.clone();
        held.lineage.clone_from(&origin.lineage);
        if let Some(before) = shared.and_then(|shared| self.runs.get_mut(&shared.run)) {
            held.instead_of = before.followed_by.replace(run);
        }
        held.watched = u32::from(self.follow_all);
        if let Some(key) = &held.key {
            let before = self.keys.insert((held.scope(), key.clone()), run);
            self.supersede(before, true);
        }
        self.runs.insert(run, held);
    }

    /// Another run has taken the key of one, or it has it again.
    pub(super) fn supersede(&mut self, run: Option<RunId>, superseded: bool) {
        let held = run.and_then(|run| Some((run, self.runs.get_mut(&run)?)));
        if let Some((run, held)) = held {
            held.superseded = superseded;
            self.touch(run);
        }
    }

    pub(super) fn signal(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        run: RunId,
        name: Name,
        payload: Arc<[u8]>,
    ) {
        let checked = self
            .refuse_if_full()
            .and_then(|()| self.check_signal(run, &name, &payload));
        match checked {
            Ok(answer) => {
                // Before the event: a handler may answer at once.
                if let Some(number) = answer {
                    self.answers.insert((run, number), ticket);
                }
                let kind = EventKind::Signalled {
                    name,
                    payload,
                    answer,
                };
                self.happen(now, run, kind, None);
                self.acted(now, Some(run), Vec::new);
                if answer.is_none() {
                    self.defer(Deferred::Answer(ticket, Query::Accepted(run)));
                }
            }
            Err(refusal) => self.refuse(ticket, refusal),
        }
    }

    /// The number by which its answer is waited for, if it has one: that of its event, which no other signal of this
    /// run ever has.
    fn check_signal(&self, run: RunId, name: &Name, payload: &[u8]) -> Result<Option<u64>, Refusal> {
        let held = self.runs.get(&run).ok_or(Refusal::UnknownRun { run })?;
        let Life::Live(live) = &held.life else {
            return Err(Refusal::Ended {
                run,
                state: held.state(),
            });
        };
        let program = &held.deployment.program;
        let misfit = |misfit| Refusal::Signal {
            signal: name.clone(),
            misfit,
        };
        check_signal(program, held.flow, name, payload).map_err(misfit)?;
        let kept = live.run.kept_signals(program, name);
        if kept < SIGNALS_KEPT_MAX {
            let flow = program.flow(held.flow);
            let signal = flow.and_then(|flow| flow.signals.iter().find(|signal| signal.name == *name));
            return Ok(signal
                .and_then(|signal| signal.result.as_ref())
                .map(|_| held.next));
        }
        Err(Refusal::SignalsKept {
            signal: name.clone(),
            kept,
        })
    }

    pub(super) fn refuse_if_full(&self) -> Result<(), Refusal> {
        if self.full_until.is_some() {
            Err(Refusal::Full)
        } else {
            Ok(())
        }
    }
}

/// Which trace a run lies in: that of whoever starts it, or its own, of which the program says how many are recorded.
pub(super) fn lineage(
    deployment: &Deployment,
    run: RunId,
    above: Option<Arc<Lineage>>,
) -> Option<Arc<Lineage>> {
    let share = || deployment.program.mesh.trace.as_ref().map(|trace| trace.sample);
    above.or_else(|| trace::begun(run.0, share()).map(Arc::new))
}

fn checked_key(flow: &Name, key: Option<String>) -> Result<Option<String>, Refusal> {
    match key {
        Some(key) if key.is_empty() || key.len() > KEY_BYTES_MAX => Err(Refusal::Key {
            flow: flow.clone(),
            bytes: key.len(),
        }),
        key => Ok(key),
    }
}
