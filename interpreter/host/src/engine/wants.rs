//! Which runs and keys something needs to know before it can be done.

use super::{
    Engine, Held,
    deployment::Deployment,
    dormant::{Known, Work},
    fetch::Want,
    guards::guarded_by,
    input::Command,
    ledger::Task,
    namespace::{run_of, within},
    schedules::ScheduleCommand,
    share::Continuation,
    work::Birth,
};
use crate::RunId;
use flowmesh_ir::{
    FlowId, Name,
    flow::{Full, Tie},
};
use flowmesh_machine::{
    Admit, Ask, CallId,
    border::{check_event, check_input, triggered},
};
use std::sync::Arc;

impl Engine {
    /// Everything that something needs, as far as it can be said by what is known.
    pub(super) fn wants(&self, work: &Work, known: &Known) -> Vec<Want> {
        match work {
            Work::Command(_, namespace, command) => self.command_wants(namespace, command, known),
            Work::Task(task) => self.task_wants(task, known),
            Work::Query(_, query) => query.run().map(Want::Run).into_iter().collect(),
            Work::Wake(run) => vec![Want::Run(*run)],
            Work::Window(until) => vec![self.window(*until)],
        }
    }

    pub(super) fn command_wants(&self, namespace: &Name, command: &Command, known: &Known) -> Vec<Want> {
        // Whether it is in the namespace only the run itself says.
        let mut wants: Vec<Want> = run_of(command).map(Want::Run).into_iter().collect();
        wants.extend(self.further_wants(namespace, command, known));
        wants
    }

    fn further_wants(&self, namespace: &Name, command: &Command, known: &Known) -> Vec<Want> {
        match command {
            Command::Start(start) => {
                let key = start.key.clone().or_else(|| {
                    let deployment = self.current.as_ref()?;
                    let flow = deployment.program.flow_named(&start.flow)?;
                    own_key(deployment, flow, &start.input)
                });
                let want = |key| Want::Key(within(namespace, &start.flow), key);
                key.map(want).into_iter().collect()
            }
            Command::Continue(from) => self.continuation_wants(from, known),
            Command::Emit { event, payload, .. } => match &self.current {
                Some(deployment) => self.event_wants(deployment, (namespace, event, payload), known),
                None => Vec::new(),
            },
            Command::Schedule(ScheduleCommand::Backfill(name, order)) => self.plan_wants(name, order, known),
            Command::Upgrade(order) => order.runs.iter().copied().map(Want::Run).collect(),
            Command::Once(_, command) => self.further_wants(namespace, command, known),
            Command::Before(_)
            | Command::Keep { .. }
            | Command::Settle { .. }
            | Command::Deploy(_)
            | Command::Release(..)
            | Command::Deployments
            | Command::Signal { .. }
            | Command::Steer(..)
            | Command::Wait(_)
            | Command::Watch(_)
            | Command::View(..)
            | Command::Variables(_)
            | Command::StatusOf { .. }
            | Command::Get(_)
            | Command::Search(_)
            | Command::Flows
            | Command::Stand
            | Command::History(_)
            | Command::Results(_)
            | Command::Schedule(_) => Vec::new(),
        }
    }

    fn continuation_wants(&self, from: &Continuation, known: &Known) -> Vec<Want> {
        let mut wants = vec![Want::Run(from.of), Want::Run(from.run)];
        let Some(held) = self.runs.get(&from.of) else {
            return wants;
        };
        wants.extend(held.followed_by.map(Want::Run));
        // Whoever has its key loses it.
        if let Some(key) = &held.key {
            wants.extend(self.key_wants(held.scope(), key.clone(), known));
        }
        wants
    }

    /// A key, and the run that has it.
    fn key_wants(&self, flow: Name, key: String, known: &Known) -> Vec<Want> {
        let of = (flow, key);
        let found = self.keys.get(&of).copied();
        let found = found.or_else(|| known.keys.get(&of).copied().flatten());
        let run = found.map(Want::Run);
        std::iter::once(Want::Key(of.0, of.1)).chain(run).collect()
    }

    fn task_wants(&self, task: &Task, known: &Known) -> Vec<Want> {
        match task {
            Task::Ask(run, call) => self.ask_wants((*run, *call), false, known),
            Task::AskAgain(run, call) => self.ask_wants((*run, *call), true, known),
            Task::Grant(place) => {
                let next = self.ledger.guards.next(place, self.now);
                next.map(|(run, _)| Want::Run(run)).into_iter().collect()
            }
            Task::Abandon(run, (_, by)) => vec![Want::Run(*run), Want::Run(*by)],
            Task::Ended(run) => {
                let parents = self.parents.get(run).into_iter().flatten();
                let parents = parents.map(|(parent, _)| Want::Run(*parent));
                std::iter::once(Want::Run(*run)).chain(parents).collect()
            }
            Task::Close(..) => Vec::new(),
            Task::Schedule(name) => self.schedule_wants(name, known),
            Task::Backfill(name) => self.backfill_wants(name, known),
        }
    }

    fn ask_wants(&self, (run, call): (RunId, CallId), again: bool, known: &Known) -> Vec<Want> {
        let mut wants = vec![Want::Run(run)];
        let Some(held) = self.runs.get(&run) else {
            return wants;
        };
        match held.alive().and_then(|live| live.asks.get(&call)) {
            Some(Ask::Start {
                flow,
                input,
                key,
                tie,
            }) => {
                let (id, _) = run.derived(call, "");
                // Nobody else gives a run this name: it is there only if this was asked before.
                wants.extend(again.then_some(Want::Run(id)));
                let key = key.clone().or_else(|| own_key(&held.deployment, *flow, input));
                let name = || within(&held.namespace, &held.deployment.flow_name(*flow));
                match (key, tie) {
                    (Some(key), Tie::Child) => wants.extend(self.key_wants(name(), key, known)),
                    (Some(key), Tie::Apart) => wants.push(Want::Key(name(), key)),
                    (None, _) => {}
                }
            }
            Some(Ask::Emit { event, payload }) => {
                let deployment = self.current.as_ref().unwrap_or(&held.deployment);
                wants.extend(self.event_wants(deployment, (&held.namespace, event, payload), known));
            }
            Some(Ask::Admit(admit)) => wants.extend(self.admit_wants(held, admit)),
            Some(ask @ Ask::Debounce(_)) => {
                let place = guarded_by((&held.namespace, &held.name), ask);
                let older = place.map(|place| self.ledger.guards.older(&place, (run, call)));
                wants.extend(older.into_iter().flatten().map(|(run, _)| Want::Run(run)));
            }
            _ => {}
        }
        wants
    }

    /// Who is let in first, and whoever may have to go.
    fn admit_wants(&self, held: &Held, admit: &Admit) -> Vec<Want> {
        let guards = &self.ledger.guards;
        let Some(place) = guarded_by((&held.namespace, &held.name), &Ask::Admit(admit.clone())) else {
            return Vec::new();
        };
        let next = guards.next(&place, self.now);
        let mut all: Vec<_> = next.into_iter().collect();
        if let Full::CancelRunning = admit.full {
            all.extend(guards.everybody(&place));
        }
        all.into_iter().map(|(run, _)| Want::Run(run)).collect()
    }

    fn event_wants(
        &self,
        deployment: &Deployment,
        (namespace, event, payload): (&Name, &Name, &Arc<[u8]>),
        known: &Known,
    ) -> Vec<Want> {
        let mut wants = vec![Want::Hearers(event.clone())];
        let hearers = known.hearers.get(event).into_iter().flatten();
        wants.extend(hearers.map(|run| Want::Run(*run)));
        let Ok(id) = check_event(&deployment.program, event, payload) else {
            return wants;
        };
        for flow in (0u32..).map(FlowId).take(deployment.program.flows.len()) {
            let input = triggered(&deployment.program, &deployment.settings, flow, id, payload);
            let key = input.and_then(|input| own_key(deployment, flow, &input));
            wants.extend(key.map(|key| Want::Key(within(namespace, &deployment.flow_name(flow)), key)));
        }
        wants
    }

    /// What a run needs that is started with a name of its own, which it may have had before.
    pub(super) fn birth_wants(&self, deployment: &Deployment, birth: &Birth, known: &Known) -> Vec<Want> {
        let mut wants = vec![Want::Run(birth.id)];
        let key = birth.key.clone();
        let key = key.or_else(|| own_key(deployment, birth.flow, &birth.input));
        let name = within(&birth.namespace, &deployment.flow_name(birth.flow));
        wants.extend(
            key.into_iter()
                .flat_map(|key| self.key_wants(name.clone(), key, known)),
        );
        wants
    }

    /// The run of a flow within a namespace that was started with a key.
    pub(super) fn keyed_run(&self, flow: &Name, key: &str) -> Option<RunId> {
        let of = (flow.clone(), key.to_owned());
        let found = self.keys.get(&of).copied();
        found.or_else(|| self.known.keys.get(&of).copied().flatten())
    }
}

/// The key that a flow itself says an input has.
fn own_key(deployment: &Deployment, flow: FlowId, input: &[u8]) -> Option<String> {
    deployment.program.flow(flow)?.key.as_ref()?;
    check_input(&deployment.program, &deployment.settings, flow, input).ok()?
}
