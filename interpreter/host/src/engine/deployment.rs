//! A program with the settings it runs with: what every run is pinned to.

mod tags;

use super::view::Ending;
use crate::{RunId, store::Record};
use flowmesh_ir::{EventId, FlowId, Hash, Name, Program, StepId, Value, flow::Flow, value::Variant};
use flowmesh_machine::{
    Effect, Event, Outcome, Run, Settings, StepState, border,
    upgrade::{Home, Mapping, move_run},
};
use flowmesh_mesh::Tags;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// A program and its settings. Two with the same hashes are the same.
pub struct Deployment {
    /// The program.
    pub program: Arc<Program>,
    /// The values of its configs; secrets are not among them.
    pub settings: Settings,
    /// The content hash of the program.
    pub program_hash: Hash,
    /// The content hash of the settings.
    pub settings_hash: Hash,
    /// The events that each flow may wait for.
    heard: Vec<Vec<Name>>,
    /// What stands on spans: for each policy, and last for what has none.
    tags: Vec<Tags>,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deployment({}, {})", self.program_hash, self.settings_hash)
    }
}

impl Deployment {
    /// A program with its settings.
    #[must_use]
    pub fn new(program: Program, settings: Settings) -> Self {
        let program_hash = program.hash();
        let settings_hash = Hash(Sha256::digest(settings.to_json(&program)).into());
        Self {
            heard: program.flows.iter().map(|flow| heard(&program, flow)).collect(),
            tags: tags::tags(&program, &settings),
            program: Arc::new(program),
            settings,
            program_hash,
            settings_hash,
        }
    }

    /// What stands on the spans of what is done under each policy, and last under none.
    pub(crate) fn tags(&self) -> &[Tags] {
        &self.tags
    }

    pub(super) fn program_json(&self) -> Arc<[u8]> {
        serde_json::to_vec(self.program.as_ref())
            .unwrap_or_default()
            .into()
    }

    /// What the journal keeps of it.
    pub(crate) fn records(&self) -> [Record; 2] {
        let (program, settings) = self.hashes();
        [
            Record::Program {
                hash: program,
                json: self.program_json(),
            },
            Record::Settings {
                hash: settings,
                bytes: self.settings_json(),
            },
        ]
    }

    pub(super) fn settings_json(&self) -> Arc<[u8]> {
        self.settings.to_json(&self.program).into_bytes().into()
    }

    pub(crate) fn flow_name(&self, flow: FlowId) -> Name {
        self.program
            .flow(flow)
            .map(|flow| flow.name.clone())
            .unwrap_or_default()
    }

    /// The events that runs of a flow may wait for.
    pub(super) fn heard(&self, flow: FlowId) -> &[Name] {
        self.heard.get(flow.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn nearest_flow(&self, name: &str) -> Option<Name> {
        let names = self.program.flows.iter().map(|flow| flow.name.as_str());
        flowmesh_ir::nearest(name, names).map(Name::new)
    }

    pub(crate) fn new_run(&self, id: RunId, flow: FlowId) -> Run {
        Run::new(Uuid::from_u128(id.0), flow)
    }

    pub(crate) fn apply(&self, run: &mut Run, event: &Event, effects: &mut Vec<Effect>) {
        flowmesh_machine::apply(&self.program, &self.settings, run, event, effects);
    }

    /// Moves a run of this deployment to another; `false` if that cannot be done so.
    pub(crate) fn moves(&self, to: &Self, run: &mut Run, mapping: &Mapping) -> bool {
        let moved = move_run(&self.program, &to.program, run, mapping);
        moved.map(|moved| *run = moved).is_some()
    }

    /// As the machine takes it.
    pub(crate) fn home(&self) -> Home<'_> {
        Home {
            program: &self.program,
            settings: &self.settings,
        }
    }

    /// By what runs share it.
    #[must_use]
    pub fn hashes(&self) -> (Hash, Hash) {
        (self.program_hash, self.settings_hash)
    }

    /// What people see a step as.
    #[must_use]
    pub fn step_title(&self, flow: FlowId, step: StepId) -> &str {
        let flow = self.program.flow(flow);
        flow.and_then(|flow| flow.steps.get(step.index()))
            .map_or("", |step| step.label.as_deref().unwrap_or(&step.title))
    }

    /// What a run is at now.
    pub(super) fn steps_now(&self, run: &Run) -> Vec<String> {
        let running = run
            .steps()
            .filter(|(_, progress)| progress.state == StepState::Active);
        running
            .map(|(step, _)| self.step_title(run.flow(), step).to_owned())
            .collect()
    }

    /// How a run of a flow ended, as JSON.
    pub(super) fn ending(&self, flow: FlowId, outcome: &Outcome) -> Ending {
        let raw = |json: String| RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned());
        match outcome {
            Outcome::Done(value) => {
                let ty = self.program.flow(flow).map(|flow| &flow.result);
                let json = ty.map(|ty| border::encode(&self.program, ty, value));
                Ending::Result(Arc::from(raw(json.unwrap_or_default())))
            }
            Outcome::Failed(error) => Ending::Error(Arc::from(raw(self.error_json(error)))),
            Outcome::Cancelled(reason) => Ending::Cancelled(reason.as_str().into()),
            Outcome::Terminated(reason) => Ending::Terminated(reason.as_str().into()),
        }
    }

    /// An error as an object with `name` and `fields`.
    #[must_use]
    pub fn error_json(&self, error: &Variant) -> String {
        let fields = self
            .program
            .error_named(&error.name)
            .and_then(|id| self.program.error(id));
        let fields = fields.map_or(&[][..], |def| &def.fields);
        let texts = fields.iter().filter_map(|field| {
            let value = error
                .fields
                .get(&field.name)
                .filter(|value| **value != Value::None)?;
            let name = serde_json::to_string(field.name.as_str()).unwrap_or_default();
            Some(format!(
                "{name}:{}",
                border::encode(&self.program, &field.ty, value)
            ))
        });
        let fields = texts.collect::<Vec<_>>().join(",");
        let name = serde_json::to_string(error.name.as_str()).unwrap_or_default();
        format!("{{\"name\":{name},\"fields\":{{{fields}}}}}")
    }
}

fn heard(program: &Program, flow: &Flow) -> Vec<Name> {
    let events = (0u32..).map(EventId).zip(&program.events);
    let heard = events.filter(|(event, _)| border::hears(flow, *event));
    heard.map(|(_, event)| event.name.clone()).collect()
}
