//! A run as the engine holds it.

use super::{
    deployment::Deployment,
    input::Ticket,
    namespace::within,
    rows::Places,
    view::{self, Ending, Parked, Paused, RunView, State},
};
use crate::{
    RunId,
    store::{self, Shared},
};
use flowmesh_ir::{
    FlowId, Hash, Name, Program,
    trace::{self, Lineage, TraceContext},
};
use flowmesh_machine::{Ask, CallId, Effect, Event, EventKind, Run, TimerId};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// A run: what is looked up, and the machine in motion while there is one.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) deployment: Arc<Deployment>,
    pub(super) flow: FlowId,
    pub(super) name: Name,
    pub(super) namespace: Name,
    /// Which trace it lies in, where that is not a recorded one of its own.
    pub(super) lineage: Option<Arc<Lineage>>,
    pub(super) key: Option<String>,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    /// The number of the next event.
    pub(super) next: u64,
    /// Where the events lie that are on stable storage.
    pub(super) places: Places,
    /// The payloads of its events that lie apart.
    pub(super) blobs: Vec<Hash>,
    /// Programs and settings that it had before it was moved.
    pub(super) homes: Vec<(Hash, Hash)>,
    /// How many follow it.
    pub(super) watched: u32,
    /// The texts by which it is found.
    pub(super) tags: BTreeMap<Name, String>,
    /// Whether other runs know of it: then its start cannot be taken back.
    pub(super) entangled: bool,
    /// How many runs started each other before it, as far as this process knows.
    pub(super) depth: u16,
    /// Whose history it shares.
    pub(super) shared: Option<Shared>,
    /// As which run it began: itself, unless it shares a history.
    pub(super) root: RunId,
    /// The run that shares its history, and goes on in its place; the last of them.
    pub(super) followed_by: Option<RunId>,
    /// The run that did so for the one whose history it shares, until this one came.
    pub(super) instead_of: Option<RunId>,
    /// Whether another run that shares its history has its key now.
    pub(super) superseded: bool,
    /// How often the index is still to take its row.
    pub(super) pending: u32,
    /// What of all that waits came next when the index had taken its row.
    pub(super) settled: u64,
    /// Since when it may leave memory.
    pub(super) rested: Timestamp,
    /// Whether it is among those that may.
    pub(super) queued: bool,
    /// How many events it had seen when its machine was written down last, and when it is again at the earliest.
    pub(super) snapshot_at: u64,
    pub(super) snapshot_due: u64,
    pub(super) life: Life,
}

/// A finished run keeps how it ended and nothing of how it came about.
#[derive(Clone, Debug)]
pub(super) enum Life {
    Live(Box<Live>),
    Ended(Ending),
}

/// A run in motion.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) run: Run,
    /// Calls whose reply is outstanding.
    pub(super) calls: Vec<CallId>,
    /// Those of them that are streams.
    pub(super) streams: Vec<CallId>,
    /// What else was asked for and has not come, and guards that are held.
    pub(super) asks: BTreeMap<CallId, Ask>,
    /// Timers that are armed.
    pub(super) timers: Vec<(TimerId, Timestamp)>,
    pub(super) cancelled: bool,
    /// Who waits for its end.
    pub(super) waiting: Vec<Ticket>,
}

impl Held {
    /// Before the first event.
    pub(super) fn new(
        deployment: Arc<Deployment>,
        (id, shared): (RunId, Option<Shared>),
        flow: FlowId,
        key: Option<String>,
    ) -> Self {
        let root = shared.map_or(id, |shared| shared.root);
        let name = deployment.flow_name(flow);
        let life = Life::Live(Box::new(Live::new(deployment.new_run(root, flow))));
        Self {
            deployment,
            flow,
            name,
            namespace: Name::default(),
            lineage: None,
            key,
            started: Timestamp::MIN,
            updated: Timestamp::MIN,
            next: 0,
            places: Places::default(),
            blobs: Vec::new(),
            homes: Vec::new(),
            watched: 0,
            tags: BTreeMap::new(),
            entangled: false,
            depth: 0,
            shared,
            root,
            followed_by: None,
            instead_of: None,
            superseded: false,
            pending: 0,
            settled: 0,
            rested: Timestamp::MIN,
            queued: false,
            snapshot_at: 0,
            snapshot_due: 0,
            life,
        }
    }

    /// The flow within the namespace: what keys and counts are kept by.
    pub(super) fn scope(&self) -> Name {
        if self.namespace.is_empty() {
            return self.name.clone();
        }
        within(&self.namespace, &self.name)
    }

    /// How something is dated that happens to it now. Microseconds are what the log keeps, and a replay must see the same
    /// time.
    pub(super) fn dated(&self, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        now.max(self.updated)
    }

    pub(super) fn live(&mut self) -> Option<&mut Live> {
        match &mut self.life {
            Life::Live(live) => Some(live),
            Life::Ended(_) => None,
        }
    }

    pub(super) fn alive(&self) -> Option<&Live> {
        match &self.life {
            Life::Live(live) => Some(live),
            Life::Ended(_) => None,
        }
    }

    pub(super) fn ending(&self) -> Option<&Ending> {
        match &self.life {
            Life::Live(_) => None,
            Life::Ended(ending) => Some(ending),
        }
    }

    pub(super) fn state(&self) -> State {
        match &self.life {
            Life::Live(live) => State::of(live.run.status()),
            Life::Ended(ending) => ending.state(),
        }
    }

    /// One event, live or when the journal is read again: the machine goes on; in its new home, where the event moves it
    /// there. `false` if the run had ended, or cannot be moved so.
    pub(super) fn apply(
        &mut self,
        event: &Event,
        home: Option<&Arc<Deployment>>,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Life::Live(live) = &mut self.life else {
            return false;
        };
        if let EventKind::Moved { mapping, .. } = &event.kind {
            let Some(home) = home else { return false };
            if !self.deployment.moves(home, &mut live.run, mapping) {
                return false;
            }
            self.homes.push(self.deployment.hashes());
            self.deployment = Arc::clone(home);
            self.flow = live.run.flow();
            live.rename(&home.program);
        }
        self.deployment.apply(&mut live.run, event, effects);
        let apart = store::apart(&event.kind).filter(|hash| !self.blobs.contains(hash));
        self.blobs.extend(apart);
        if self.next == 0 || matches!(event.kind, EventKind::Continued { .. }) {
            self.started = event.at;
        }
        self.updated = event.at;
        self.next = self.next.saturating_add(1);
        live.cancelled |= matches!(event.kind, EventKind::Cancelled { .. });
        true
    }

    /// The run has ended: what it was is handed out to be let go.
    pub(super) fn end(&mut self, ending: Ending) -> Option<Box<Live>> {
        match std::mem::replace(&mut self.life, Life::Ended(ending)) {
            Life::Live(live) => Some(live),
            Life::Ended(_) => None,
        }
    }

    pub(super) fn view(&self, id: RunId) -> RunView {
        RunView {
            id,
            flow: self.name.clone(),
            state: self.state(),
            key: self.key.clone(),
            started: self.started,
            updated: self.updated,
            events: self.next,
            trace: view::trace(id, self.span(id)),
            program: self.deployment.program_hash,
            steps: self.steps(),
            turns: Vec::new(),
            paused: self.paused().map(Paused::from),
            parked: self.parked().map(Parked::from),
            continues: self.shared.map(|shared| shared.run),
            continued_by: self.followed_by,
            tags: self.tags.clone(),
            ending: self.ending().cloned(),
        }
    }

    /// The span of the run.
    pub(super) fn span(&self, id: RunId) -> TraceContext {
        trace::of_run(id.0, self.lineage.as_deref())
    }

    /// What a run goes on from that lies in the trace of this one.
    pub(super) fn below(&self, id: RunId) -> Lineage {
        let (state, baggage) = match self.lineage.as_deref() {
            Some(lineage) => (lineage.state.clone(), lineage.baggage.clone()),
            None => (None, None),
        };
        Lineage {
            state,
            baggage,
            ..Lineage::below(self.span(id))
        }
    }

    /// By how much its priority puts it ahead of those that wait for the same.
    pub(super) fn ahead_us(&self) -> i128 {
        let flow = self.deployment.program.flow(self.flow);
        let own = self.alive().and_then(|live| live.run.terms().priority);
        flow.map_or(0, |flow| {
            let conduct = &flow.conduct;
            conduct.ahead_us(own.unwrap_or(conduct.priority))
        })
    }

    pub(super) fn paused(&self) -> Option<store::Paused> {
        let pause = self.alive()?.run.paused()?;
        Some(store::Paused {
            reason: pause.reason.clone(),
            since: pause.since,
        })
    }

    pub(super) fn parked(&self) -> Option<store::Parked> {
        let parked = self.alive()?.run.parked()?;
        Some(store::Parked {
            step: self.deployment.step_title(self.flow, parked.step).to_owned(),
            call: parked.call.0,
            error: self.deployment.error_json(parked.error).into(),
            choices: parked
                .choices
                .iter()
                .map(|choice| choice.as_str().into())
                .collect(),
            since: parked.since,
        })
    }

    pub(super) fn steps(&self) -> Vec<String> {
        match &self.life {
            Life::Live(live) => self.deployment.steps_now(&live.run),
            Life::Ended(_) => Vec::new(),
        }
    }
}

impl Live {
    pub(super) fn new(run: Run) -> Self {
        Self {
            run,
            calls: Vec::new(),
            streams: Vec::new(),
            asks: BTreeMap::new(),
            timers: Vec::new(),
            cancelled: false,
            waiting: Vec::new(),
        }
    }

    /// What was asked for has other numbers in the program that the run has now.
    fn rename(&mut self, program: &Program) {
        for effect in flowmesh_machine::pending(program, &self.run) {
            if let Effect::Ask { call, ask, .. } = effect
                && let Some(place) = self.asks.get_mut(&call)
            {
                *place = ask;
            }
        }
    }

    /// Whether the call was outstanding; it is not any more.
    pub(super) fn take_call(&mut self, call: CallId) -> bool {
        self.streams.retain(|open| *open != call);
        let at = self.calls.iter().position(|known| *known == call);
        at.map(|at| self.calls.swap_remove(at)).is_some()
    }

    /// When the timer would have come due; it is not armed any more.
    pub(super) fn take_timer(&mut self, timer: TimerId) -> Option<Timestamp> {
        let at = self.timers.iter().position(|(known, _)| *known == timer)?;
        Some(self.timers.swap_remove(at).1)
    }
}
