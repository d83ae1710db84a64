//! The run was started: its frame is filled and its first fiber begins.

use super::{Turn, turn::built_in};
use crate::{
    border::decode_fields,
    eval::{Draws, RunContext},
    run::{Phase, Progress, Why},
};
use flowmesh_ir::Value;
use jiff::Timestamp;

impl Turn<'_, '_> {
    pub(super) fn started(&mut self, at: Timestamp, input: &[u8], seed: u64, key: Option<&str>) {
        if !matches!(self.run.phase, Phase::New) {
            return;
        }
        self.run.phase = Phase::Forward;
        self.run.context.draws = Draws::new(seed);
        self.run.context.run = Some(RunContext {
            id: self.run.id,
            started: at,
            key: key.map(Into::into),
        });
        self.run.progress = vec![Progress::default(); self.flow.steps.len()];
        // The host checked the input; the store may have been written by another version all the same.
        match decode_fields(self.program, &self.flow.params, input) {
            Ok(params) => {
                self.run.frame = params.into_values().collect();
                let slots = self.flow.slots.len().max(self.run.frame.len());
                self.run.frame.resize(slots, Value::None);
                self.begin(None, self.flow.entry);
            }
            Err(misfit) => self.stop(Why::Failed(built_in("BadValue", &format!("input: {misfit}")))),
        }
    }
}
