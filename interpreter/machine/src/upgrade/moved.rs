//! The run of the new program.

use super::{Mapping, frames, requests::Names};
use crate::{
    Run,
    border::{Strictness, decode, encode},
    run::{Fiber, Frame, Kind, Open, Parked, Progress, Scope, Still, Stuck, Undo, Wait},
};
use flowmesh_ir::{
    PolicyId, Program, SignalId, SlotId, StateId, Value,
    diff::{FlowPair, same_type},
    flow::{End, Flow, Need, On},
};
use std::collections::BTreeMap;

/// Why a mapping does not fit a run.
pub(super) enum Immovable {
    /// The value of a slot cannot be made one of its new type.
    Value(SlotId),
    /// Something that the run holds on to is not in it.
    Whole,
}

/// A run of the old program as one of the new one; `None` if the mapping is not one of this run and these programs.
#[must_use]
pub fn move_run(old: &Program, new: &Program, run: &Run, mapping: &Mapping) -> Option<Run> {
    let pair = FlowPair::new(old, new, run.flow)?;
    moved(Names { old, new }, &pair, run, mapping).ok()
}

pub(super) fn moved(
    names: Names<'_>,
    pair: &FlowPair<'_>,
    run: &Run,
    mapping: &Mapping,
) -> Result<Run, Immovable> {
    let moving = Moving {
        names,
        pair,
        run,
        mapping,
        old: pair.flows().0,
        new: pair.flows().1,
    };
    moving.moved()
}

/// The signal of the new flow that has the name of one of the old, and carries and answers the same.
pub(super) fn signal(names: Names<'_>, pair: &FlowPair<'_>, id: SignalId) -> Option<SignalId> {
    let (old, new) = pair.flows();
    let was = old.signals.get(id.index())?;
    let at = new.signals.iter().position(|signal| signal.name == was.name)?;
    let is = new.signals.get(at)?;
    let same = |was, is| same_type(names.old, was, names.new, is);
    let params = was.params.len() == is.params.len()
        && was
            .params
            .iter()
            .zip(&is.params)
            .all(|(was, is)| was.name == is.name && same(&was.ty, &is.ty));
    let answers = match (&was.result, &is.result) {
        (Some(was), Some(is)) => same(was, is),
        (None, None) => true,
        _ => false,
    };
    (params && answers).then_some(())?;
    u32::try_from(at).ok().map(SignalId)
}

struct Moving<'a> {
    names: Names<'a>,
    pair: &'a FlowPair<'a>,
    run: &'a Run,
    mapping: &'a Mapping,
    old: &'a Flow,
    new: &'a Flow,
}

type Moved<T> = Result<T, Immovable>;

fn whole<T>(found: Option<T>) -> Moved<T> {
    found.ok_or(Immovable::Whole)
}

impl Moving<'_> {
    fn moved(&self) -> Moved<Run> {
        let run = self.run;
        let mut moved = run.clone();
        moved.flow = self.pair.to();
        moved.frame = self.frame()?;
        moved.frames = self.frames()?;
        moved.fibers = each(&run.fibers, |fiber| self.fiber(fiber))?;
        moved.scopes = each(&run.scopes, |scope| self.scope(scope))?;
        moved.streams = each(&run.streams, |open| self.open(open))?;
        moved.handlers = each(&run.handlers, |handler| {
            let state = self.state(handler.state)?;
            Ok(crate::run::Handler {
                state,
                ..handler.clone()
            })
        })?;
        moved.later = BTreeMap::new();
        for ((fiber, state), count) in &run.later {
            moved.later.insert((*fiber, self.state(*state)?), *count);
        }
        moved.inbox = BTreeMap::new();
        for (id, kept) in &run.inbox {
            if !kept.is_empty() {
                moved
                    .inbox
                    .insert(whole(signal(self.names, self.pair, *id))?, kept.clone());
            }
        }
        moved.progress = self.progress();
        moved.still = match &run.still {
            Some(still) => Some(Box::new(self.still(still)?)),
            None => None,
        };
        moved.pollers = moved
            .fibers
            .iter()
            .filter(|(_, fiber)| self.polls(fiber))
            .map(|(id, _)| *id)
            .collect();
        Ok(moved)
    }

    fn state(&self, from: StateId) -> Moved<StateId> {
        let to = self.mapping.state(from);
        whole(to.filter(|to| to.index() < self.new.states.len()))
    }

    fn frame(&self) -> Moved<Vec<Value>> {
        let mut frame = vec![Value::None; self.new.slots.len()];
        for (was, is) in &self.mapping.slots {
            let value = self.run.frame.get(was.index()).cloned().unwrap_or_default();
            *whole(frame.get_mut(is.index()))? = self.value(*was, *is, value)?;
        }
        Ok(frame)
    }

    /// The own values of rounds, tasks and handlers.
    fn frames(&self) -> Moved<BTreeMap<crate::run::FrameId, Frame>> {
        let owners = whole(frames::owners(self.run, self.old, |at| self.pair.around_old(at)))?;
        let mut moved = BTreeMap::new();
        for (id, frame) in &self.run.frames {
            let begun = self.state(*whole(owners.get(id))?)?;
            let way = flowmesh_ir::diff::Way {
                begun,
                lead: flowmesh_ir::flow::Lead::Branch,
                branch: None,
            };
            let slots = whole(frames::own(self.new, &way))?.to_vec();
            let values = slots
                .iter()
                .map(|slot| self.own(frame, *slot))
                .collect::<Moved<Vec<_>>>()?;
            moved.insert(
                *id,
                Frame {
                    slots,
                    values,
                    ..frame.clone()
                },
            );
        }
        Ok(moved)
    }

    fn own(&self, frame: &Frame, is: SlotId) -> Moved<Value> {
        let was = self
            .mapping
            .slots
            .iter()
            .find(|(_, to)| *to == is)
            .map(|(was, _)| *was);
        let at = was.and_then(|was| frame.slots.iter().position(|own| *own == was));
        match (was, at.and_then(|at| frame.values.get(at))) {
            (Some(was), Some(value)) => self.value(was, is, value.clone()),
            _ => Ok(Value::None),
        }
    }

    /// A value by its new type; what has the same type is the same value.
    fn value(&self, was: SlotId, is: SlotId, value: Value) -> Moved<Value> {
        let ty = |flow: &Flow, slot: SlotId| flow.slots.get(slot.index()).and_then(|slot| slot.ty.clone());
        let (Some(before), Some(after)) = (ty(self.old, was), ty(self.new, is)) else {
            return Ok(value);
        };
        if value == Value::None || same_type(self.names.old, &before, self.names.new, &after) {
            return Ok(value);
        }
        let json = encode(self.names.old, &before, &value);
        let read = decode(self.names.new, &after, json.as_bytes(), Strictness::Lenient);
        read.map_err(|_| Immovable::Value(was))
    }

    fn fiber(&self, fiber: &Fiber) -> Moved<Fiber> {
        let state = self.state(fiber.state)?;
        Ok(Fiber {
            state,
            wait: self.wait(&fiber.wait, state)?,
            undo: self.undo(&fiber.undo)?,
            ..fiber.clone()
        })
    }

    fn wait(&self, wait: &Wait, state: StateId) -> Moved<Wait> {
        Ok(match wait {
            Wait::Call(call, request) => {
                Wait::Call(*call, whole(self.names.request(request, self.policy(state)))?)
            }
            Wait::Ask(call, ask) => Wait::Ask(*call, Box::new(whole(self.names.ask(ask))?)),
            Wait::Nothing | Wait::Cleanup(_) => return Err(Immovable::Whole),
            Wait::Item
            | Wait::Time(..)
            | Wait::Arms(_)
            | Wait::Region(_)
            | Wait::Later
            | Wait::Decision(_) => wait.clone(),
        })
    }

    /// The policy of the call that a state makes.
    fn policy(&self, state: StateId) -> Option<PolicyId> {
        match &self.new.states.get(state.index())?.end {
            End::Call(call) => Some(call.target.policy),
            End::Stream(stream) => Some(stream.target.policy),
            _ => None,
        }
    }

    fn undo(&self, all: &[Undo]) -> Moved<Vec<Undo>> {
        all.iter()
            .map(|undo| whole(self.names.undo(self.pair, undo)))
            .collect()
    }

    fn scope(&self, scope: &Scope) -> Moved<Scope> {
        let kind = match &scope.kind {
            Kind::Region(inside) => {
                let mut inside = inside.clone();
                inside.state = self.state(inside.state)?;
                if let crate::run::Plan::Each {
                    items: crate::run::Items::Signals(id),
                    ..
                } = &mut inside.plan
                {
                    *id = whole(signal(self.names, self.pair, *id))?;
                }
                Kind::Region(inside)
            }
            Kind::Rest(Some((fiber, state))) => Kind::Rest(Some((*fiber, self.state(*state)?))),
            Kind::Finally(_) => return Err(Immovable::Whole),
            Kind::Root | Kind::Task(_) | Kind::Round(..) | Kind::Rest(None) => scope.kind.clone(),
        };
        Ok(Scope {
            kind,
            undo: self.undo(&scope.undo)?,
            ..scope.clone()
        })
    }

    fn open(&self, open: &Open) -> Moved<Open> {
        let (fiber, state) = open.reader;
        let state = self.state(state)?;
        Ok(Open {
            request: whole(self.names.request(&open.request, self.policy(state)))?,
            reader: (fiber, state),
            ..open.clone()
        })
    }

    /// How each step of the new flow stands that the old one has too.
    fn progress(&self) -> Vec<Progress> {
        let mut progress = vec![Progress::default(); self.new.steps.len()];
        let old = (0u32..).map(flowmesh_ir::StepId).zip(&self.run.progress);
        for (step, stands) in old {
            let to = self.mapped_step(step).or_else(|| self.pair.step(step));
            if let Some(place) = to.and_then(|to| progress.get_mut(to.index())) {
                *place = *stands;
            }
        }
        progress
    }

    /// The step of a state that the run holds on to.
    fn mapped_step(&self, step: flowmesh_ir::StepId) -> Option<flowmesh_ir::StepId> {
        let of = |state: &StateId| self.old.states.get(state.index()).and_then(|state| state.step);
        let (_, to) = self
            .mapping
            .states
            .iter()
            .find(|(from, _)| of(from) == Some(step))?;
        self.new.states.get(to.index())?.step
    }

    fn still(&self, still: &Still) -> Moved<Still> {
        let parked = match &still.parked {
            None => None,
            Some(parked) => {
                let Stuck::Fiber(fiber, request) = &parked.stuck else {
                    return Err(Immovable::Whole);
                };
                let state = whole(self.run.fibers.get(fiber))?.state;
                let state = self.state(state)?;
                let request = whole(self.names.request(request, self.policy(state)))?;
                let step = self
                    .mapped_step(parked.step)
                    .or_else(|| self.pair.step(parked.step));
                Some(Parked {
                    step: whole(step)?,
                    stuck: Stuck::Fiber(*fiber, request),
                    ..parked.clone()
                })
            }
        };
        Ok(Still {
            parked,
            ..still.clone()
        })
    }

    /// Whether a fiber waits for what no event brings.
    fn polls(&self, fiber: &Fiber) -> bool {
        let end = self.new.states.get(fiber.state.index()).map(|state| &state.end);
        match (&fiber.wait, end) {
            (Wait::Arms(_), Some(End::Wait(wait))) => wait
                .arms
                .iter()
                .any(|arm| matches!(arm.on, On::Condition(_) | On::Task(_))),
            (Wait::Region(_), Some(End::Region(region))) => matches!(region.need, Need::Until(_)),
            _ => false,
        }
    }
}

fn each<K: Ord + Copy, V>(all: &BTreeMap<K, V>, one: impl Fn(&V) -> Moved<V>) -> Moved<BTreeMap<K, V>> {
    all.iter().map(|(key, value)| Ok((*key, one(value)?))).collect()
}
