//! Events: told to every run that waits for them and to every flow that they start, all in one batch.

use super::{
    Deployment, Engine, Refusal, Ticket,
    batch::Deferred,
    output::{self, Output},
    view::State,
    work::Birth,
};
use crate::RunId;
use flowmesh_ir::{FlowId, Name};
use flowmesh_machine::{
    Answer, CallId, EventKind,
    border::{check_event, hears, triggered},
};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// The most bytes that one event may take in the log, over all that hear it.
const BYTES_MAX: usize = 256 << 20;

/// What telling an event came to.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Told {
    /// How many runs heard it.
    pub heard: usize,
    /// The runs that it started, or that were there already by their key.
    pub started: Vec<RunId>,
}

/// Who tells an event: from which the identifiers of runs are made that it starts.
struct Teller {
    run: RunId,
    call: CallId,
    depth: u16,
    deployment: Arc<Deployment>,
    namespace: Name,
}

impl Engine {
    /// Somebody outside tells an event.
    pub(super) fn emit(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        id: RunId,
        (event, payload): (Name, Arc<[u8]>),
    ) {
        match self.check_emit(&event, &payload) {
            Ok(deployment) => {
                let teller = Teller {
                    run: id,
                    call: CallId(0),
                    depth: 0,
                    deployment,
                    namespace: self.namespace.clone(),
                };
                let told = self.tell_all(now, &teller, &event, &payload);
                self.acted(now, None, || serde_json::to_vec(&told).unwrap_or_default());
                self.batches.part();
                let answer = output::Answer::Told(told);
                self.defer(Deferred::Output(Output::Answer(ticket, answer)));
            }
            Err(refusal) => self.refuse(ticket, refusal),
        }
    }

    fn check_emit(&self, event: &Name, payload: &[u8]) -> Result<Arc<Deployment>, Refusal> {
        let deployment = self.current.clone().ok_or_else(|| Refusal::Stopped {
            reason: "no program was deployed yet".to_owned(),
        })?;
        let misfit = |misfit| Refusal::Event {
            event: event.clone(),
            misfit,
        };
        check_event(&deployment.program, event, payload).map_err(misfit)?;
        self.refuse_if_full()?;
        Ok(deployment)
    }

    /// A run tells an event; it hears in the same batch that it is told.
    pub(super) fn told_by(
        &mut self,
        now: Timestamp,
        (run, call): (RunId, CallId),
        event: &Name,
        payload: &Arc<[u8]>,
    ) {
        let Some(held) = self.runs.get(&run) else { return };
        let deployment = self.current.clone().unwrap_or_else(|| held.deployment.clone());
        let teller = Teller {
            run,
            call,
            depth: held.depth,
            deployment,
            namespace: held.namespace.clone(),
        };
        self.tell_all(now, &teller, event, payload);
        self.answered(now, run, call, Answer::Done(Vec::new()));
        self.batches.part();
    }

    /// From here on everything goes into one batch, until [`super::batch::Batches::part`].
    fn tell_all(&mut self, now: Timestamp, teller: &Teller, event: &Name, payload: &Arc<[u8]>) -> Told {
        self.batches.together();
        let mut told = Told::default();
        let most = BYTES_MAX / payload.len().saturating_add(1);
        for run in self.hearers(&teller.namespace, event, payload) {
            if told.heard >= most {
                tracing::error!(%event, "too many runs wait for an event of this length; some have not heard it");
                break;
            }
            if let Some(held) = self.runs.get_mut(&run) {
                held.entangled = true;
            }
            let (event, payload) = (event.clone(), payload.clone());
            self.happen(now, run, EventKind::Heard { event, payload }, None);
            told.heard = told.heard.saturating_add(1);
        }
        told.started = self.started_by(now, teller, event, payload);
        told
    }

    /// The runs that may wait for an event, oldest first.
    fn hearers(&self, namespace: &Name, event: &Name, payload: &[u8]) -> Vec<RunId> {
        let mut known: BTreeMap<(flowmesh_ir::Hash, FlowId), bool> = BTreeMap::new();
        let alive = self.runs.iter().filter(|(_, held)| may_hear(held.state()));
        let mut hearers: Vec<RunId> = alive
            .filter(|(_, held)| {
                if held.namespace != *namespace {
                    return false;
                }
                let of = (held.deployment.program_hash, held.flow);
                *known
                    .entry(of)
                    .or_insert_with(|| can_hear(&held.deployment, held.flow, event, payload))
            })
            .map(|(run, _)| *run)
            .collect();
        hearers.sort_unstable();
        hearers
    }

    fn started_by(
        &mut self,
        now: Timestamp,
        teller: &Teller,
        event: &Name,
        payload: &Arc<[u8]>,
    ) -> Vec<RunId> {
        let deployment = &teller.deployment;
        let Ok(id) = check_event(&deployment.program, event, payload) else {
            return Vec::new();
        };
        let mut started = Vec::new();
        let flows = (0u32..).map(FlowId).zip(&deployment.program.flows);
        for (flow, declared) in flows {
            let Some(input) = triggered(&deployment.program, &deployment.settings, flow, id, payload) else {
                continue;
            };
            let (id, seed) = teller.run.derived(teller.call, &declared.name);
            let birth = Birth {
                id,
                seed,
                flow,
                input: input.into(),
                key: None,
                depth: teller.depth.saturating_add(1),
                namespace: teller.namespace.clone(),
                lineage: None,
            };
            match self.bear(now, deployment, birth) {
                Ok(run) => started.push(run),
                Err(why) => tracing::error!(%event, flow = %declared.name, "an event starts no run: {why}"),
            }
        }
        started
    }
}

/// Whether a run that stands so may wait for an event.
pub(super) fn may_hear(state: State) -> bool {
    matches!(state, State::Running | State::Waiting | State::Paused)
}

fn can_hear(deployment: &Deployment, flow: FlowId, event: &Name, payload: &[u8]) -> bool {
    let Ok(id) = check_event(&deployment.program, event, payload) else {
        return false;
    };
    deployment.program.flow(flow).is_some_and(|flow| hears(flow, id))
}
