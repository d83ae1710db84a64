//! People: they look after runs that are parked, sooner or later, and decide by chance.

use super::{
    clients::Intent,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{Verb, view::Parked},
};
use flowmesh_ir::Name;
use flowmesh_machine::{CallId, Decision};
use std::time::Duration;

/// How long it takes until somebody looks, at the most.
const ATTENTION: Duration = Duration::from_secs(20);

impl World<'_> {
    /// When nothing happens by itself any more, somebody decides for the runs that are parked. Says whether there are
    /// any.
    pub(super) fn tend(&mut self) -> bool {
        let views = self.views();
        let parked: Vec<(RunId, Parked)> = views
            .into_iter()
            .filter_map(|view| Some((view.id, view.parked?)))
            .collect();
        for (run, parked) in &parked {
            self.judge(*run, parked);
        }
        !parked.is_empty()
    }

    /// Somebody has seen that a run is parked.
    pub(super) fn judge(&mut self, run: RunId, parked: &Parked) {
        let choice = parked
            .choices
            .get(self.chance.index(parked.choices.len()))
            .map(Name::as_str);
        let decision = match choice {
            Some("retry") => Decision::Retry,
            Some("done") => Decision::Done((*br#""by hand""#).into()),
            Some("fail") => Decision::Fail,
            _ => Decision::Skip,
        };
        let call = Some(CallId(parked.call));
        let at = self.draw(ATTENTION);
        self.after(
            at,
            Happens::Client(Intent::Steer(run, Verb::Decide { call, decision })),
        );
    }
}
