//! A way, gone once more from the beginning of the test, with everything told that happens on it.

use super::{
    super::{
        Failure, Line,
        calls::{Called, Coming, Open},
        program::Prepared,
        show,
    },
    fail::failing,
    moves::{Move, place_of},
    state::State,
    written::{Part, Story},
};
use crate::{RunId, engine::Engine};
use flowmesh_ir::{Value, call::Reply, ty::Type};
use flowmesh_machine::{
    CallId, Status, TimerId,
    border::{self, Strictness},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A call of a run.
pub(super) type Place = (RunId, CallId);

/// Something that happened on the way.
pub(super) struct Told {
    pub(super) what: Move,
    /// What time it was then.
    pub(super) at: Timestamp,
    /// What a call was made to fail with.
    pub(super) failed: Option<String>,
    /// The statements that were done.
    pub(super) done: Vec<usize>,
    /// The calls that followed.
    pub(super) calls: Vec<(Place, Asked)>,
    /// What was asked for its next answer.
    pub(super) asked: Vec<Place>,
    /// The timers that were armed, and when they come due.
    pub(super) armed: Vec<((RunId, TimerId), Timestamp)>,
}

/// A call, and what its mock says.
pub(super) struct Asked {
    pub(super) call: Arc<Called>,
    /// The call as it would be written.
    pub(super) shown: String,
    /// The answer as it would be written.
    pub(super) answer: String,
    pub(super) due: Timestamp,
    /// Whether it has many answers.
    pub(super) stream: bool,
}

impl State<'_> {
    /// What happens on a way that ends in a failure, and a test that goes it.
    pub(super) fn retell(mut self, moves: &[Move], failure: &Failure) -> (Vec<Line>, Vec<Part>) {
        self.world.mirrors.silent = false;
        let mut told = Vec::with_capacity(moves.len());
        for to in moves {
            told.push(self.tell(*to));
        }
        let parts = Story::of(&self.world, told).written(&self.world, failure);
        (std::mem::take(&mut self.world.mirrors.trail), parts)
    }

    fn tell(&mut self, to: Move) -> Told {
        if self.moves().contains(&(to, true)) {
            let what = self.otherwise(to);
            let at = self.world.passed();
            let run = "otherwise".to_owned();
            self.world.mirrors.trail.push(Line { at, run, what });
        }
        let failed = match to {
            Move::Fail(run, call, error) => {
                let open = self.world.open.get(&(run, call));
                open.and_then(|open| failing(&self.world.prepared, &open.call, error))
                    .map(|(_, text)| format!("fail {text}"))
            }
            _ => None,
        };
        let (open, timers, queued) = (self.world.open.clone(), self.armed(), self.queued());
        let done = self.script.done.len();
        // Where it goes wrong with the last move, that is what is told.
        let _ = self.perform(to);
        let calls = self
            .world
            .open
            .iter()
            .filter(|(place, _)| !open.contains_key(place));
        let prepared = &self.world.prepared;
        Told {
            what: to,
            at: self.world.now,
            failed,
            done: self.script.done.get(done..).unwrap_or_default().to_vec(),
            calls: calls
                .map(|(place, open)| (*place, asked(prepared, open)))
                .collect(),
            asked: self
                .queued()
                .difference(&queued)
                .map(|(place, _)| *place)
                .collect(),
            armed: self
                .armed()
                .into_iter()
                .filter(|(timer, _)| !timers.contains_key(timer))
                .collect(),
        }
    }

    /// What is on its way, each with its number.
    fn queued(&self) -> BTreeSet<(Place, u64)> {
        let queue = self.world.queue.iter();
        queue
            .filter_map(|((_, number), input)| Some((place_of(input)?, *number)))
            .collect()
    }

    fn armed(&self) -> BTreeMap<(RunId, TimerId), Timestamp> {
        let timers = self.world.engine.iter().flat_map(Engine::timers);
        timers.map(|(at, run, timer)| ((run, timer), at)).collect()
    }

    /// What is otherwise than the test says, in words.
    fn otherwise(&self, to: Move) -> String {
        let world = &self.world;
        let shown = |run: RunId, call: CallId| {
            let open = world.open.get(&(run, call));
            open.map_or_else(|| "?".to_owned(), |open| asked(&world.prepared, open).shown)
        };
        match to {
            Move::Deliver(run, call) => {
                format!("`{}` is answered sooner than its mock says", shown(run, call))
            }
            Move::Fail(run, call, _) => format!("`{}` fails", shown(run, call)),
            Move::Fire(..) if self.is_due() => "time passes before what is on its way has come".to_owned(),
            Move::Fire(..) => "more time passes than the test says".to_owned(),
            Move::Statement(_) => "the test tells this before its turn".to_owned(),
            Move::Crash => "the process ends, and another goes on".to_owned(),
            Move::Pass(_) => "time passes".to_owned(),
        }
    }

    /// The failure of a state from which undoing comes to no end.
    pub(super) fn never_undone(mut self, moves: &[Move]) -> Failure {
        for to in moves {
            let _ = self.perform(*to);
        }
        let mut runs = self.world.mirrors.runs.values();
        let undoing = runs.find(|mirror| mirror.run.status() == Status::Undoing);
        let flow = undoing.map(|mirror| self.world.flow_name(mirror.flow));
        let flow = flow.unwrap_or_default();
        let message = format!("a run of `{flow}` never comes to the end of undoing");
        Failure::explored(self.world.test.span, message)
    }
}

fn asked(prepared: &Prepared, open: &Open) -> Asked {
    let call = &open.call;
    Asked {
        call: Arc::clone(call),
        shown: show::call(&prepared.program, call.target, &call.arguments),
        answer: answer(prepared, call, &open.coming),
        due: open.due,
        stream: prepared
            .operation(call.service, call.operation)
            .is_some_and(|operation| operation.stream.is_some()),
    }
}

/// What comes back, as it would be written in a mock.
fn answer(prepared: &Prepared, call: &Called, coming: &Coming) -> String {
    let program = &prepared.program;
    let operation = prepared.operation(call.service, call.operation);
    let ty = operation.map_or(&Type::Unit, |operation| &operation.result);
    let shown = |json: &[u8]| {
        let value = border::decode(program, ty, json, Strictness::Lenient);
        show::value(program, ty, &value.unwrap_or(Value::None))
    };
    match &coming.reply {
        None => "never".to_owned(),
        Some(Reply::Answer { status: 200, .. }) if operation.is_some_and(|it| it.stream.is_some()) => {
            let items: Vec<String> = coming.items.iter().map(|item| shown(item.as_bytes())).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Reply::Answer { body, .. }) if body.is_empty() => "none".to_owned(),
        Some(Reply::Answer { status: 200, body }) => shown(body),
        Some(Reply::Answer { status, body }) => {
            let on = operation.and_then(|operation| operation.on.iter().find(|on| on.status == *status));
            let def = on.and_then(|on| program.error(on.raise.error));
            let fields = def.map_or(&[][..], |def| &def.fields);
            let values = super::super::calls::decoded(program, fields, body);
            let fields = fields
                .iter()
                .map(|field| field.name.clone())
                .zip(values)
                .collect();
            let name = def.map(|def| def.name.clone()).unwrap_or_default();
            let variant = flowmesh_ir::value::Variant { name, fields };
            format!("fail {}", show::error(program, &variant))
        }
        Some(Reply::Failed(failure)) => {
            format!("fail {}(reason: {:?})", failure.error_name(), failure.reason())
        }
    }
}
