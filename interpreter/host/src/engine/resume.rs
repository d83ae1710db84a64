//! What a run waits for is asked for again, when a process has begun anew.

use super::{Engine, Held, batch::Deferred, happen, ledger::Task, output::Output};
use crate::RunId;
use flowmesh_ir::call::{Failure, Reply};
use flowmesh_machine::{Ask, Effect};
use jiff::Timestamp;
use std::sync::Arc;

impl Engine {
    /// Asks again for what a run waits for.
    pub(super) fn resume(&mut self, now: Timestamp, run: RunId) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let program = Arc::clone(&held.deployment.program);
        let Some(live) = held.live() else { return };
        let asked = live
            .asks
            .iter()
            .filter(|(_, ask)| !matches!(ask, Ask::Acquire { .. }));
        self.tasks
            .extend(asked.map(|(call, _)| Task::AskAgain(run, *call)));
        // They are armed again, each as it stands.
        live.timers.clear();
        let pending = flowmesh_machine::pending(&program, &live.run);
        for effect in pending {
            match effect {
                Effect::Timer { timer, at } => self.arm(run, timer, at),
                Effect::Call { .. } => self.call_again(now, run, effect),
                Effect::More { call } => self.defer(Deferred::Output(Output::More { run, call })),
                _ => {}
            }
        }
    }

    fn arm(&mut self, run: RunId, timer: flowmesh_machine::TimerId, at: Timestamp) {
        if let Some(live) = self.runs.get_mut(&run).and_then(Held::live) {
            live.timers.push((timer, at));
            self.timers.arm(at, run, timer);
        }
    }

    pub(super) fn call_again(&mut self, now: Timestamp, run: RunId, effect: Effect) {
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        let Some(call) = happen::call(run, held, effect) else {
            return;
        };
        // A stream only reads.
        if call.request.effect.repeatable() || happen::is_stream(&call.request.wire) {
            self.defer(Deferred::Output(Output::Call(call)));
        } else {
            let why = "the process ended while it was on its way, and without a `key` it is not sent twice";
            self.replied(
                now,
                run,
                call.call,
                Reply::Failed(Failure::Unknown(why.to_owned())),
            );
        }
    }
}
