//! The run was started: its frame is filled and its first fiber begins.

use super::{
    Turn,
    turn::{Thrown, built_in, error_of},
};
use crate::{
    Terms,
    border::decode_fields,
    eval::{Draws, RunContext},
    run::{Kind, Phase, Progress, ROOT},
};
use flowmesh_stdlib::{Fault, text};
use jiff::Timestamp;

impl Turn<'_, '_> {
    pub(super) fn started(
        &mut self,
        at: Timestamp,
        (input, seed): (&[u8], u64),
        key: Option<&str>,
        terms: Terms,
    ) {
        if !matches!(self.run.phase, Phase::New) {
            return;
        }
        self.run.phase = Phase::Forward;
        self.run.terms = terms;
        self.run.context.draws = Draws::new(seed);
        self.run.context.run = Some(RunContext {
            id: self.run.id,
            started: at,
            key: key.map(Into::into),
        });
        self.run.progress = vec![Progress::default(); self.flow.steps.len()];
        if let Err(Thrown(error)) = self.begin_root(input) {
            self.fail(error);
        }
    }

    fn begin_root(&mut self, input: &[u8]) -> Result<(), Thrown> {
        let root = self.open(Kind::Root, None)?;
        // The host checked the input; the store may have been written by another version all the same.
        let params = decode_fields(self.program, &self.flow.params, input)
            .map_err(|misfit| Thrown(built_in("BadValue", &format!("input: {misfit}"))))?;
        self.fill(params.into_values().collect());
        if let Err(fault) = self.tag_run() {
            return Err(Thrown(error_of(&fault)));
        }
        debug_assert_eq!(root, ROOT, "the first scope is the root");
        self.set_out()
    }

    /// The texts by which runs of this flow are found.
    fn tag_run(&mut self) -> Result<(), Fault> {
        for (key, value) in &self.flow.conduct.tags {
            let value = text(&self.evaluator().eval(value)?);
            self.tag(key.clone(), value);
        }
        Ok(())
    }
}
