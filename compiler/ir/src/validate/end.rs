//! States: every index in how they end, but those in expressions.

use super::{Invalid, ensure, expr::pattern, in_range, service::policy};
use crate::{
    Program, SlotId,
    flow::{
        Branch, Branches, Catch, Each, Emit, End, Flow, Instruction, Listen, On, Over, Region, Reuse, Shift,
        Start, State, Target, Tie, Undo, Wait,
    },
    service::Operation,
};

/// Checks all indices of a state but those in its expressions.
pub(super) fn state(program: &Program, flow: &Flow, state: &State) -> Result<(), Invalid> {
    let of = Of { program, flow };
    for instruction in &state.code {
        if let Instruction::Set(slot, _) = instruction {
            of.slot(*slot)?;
        }
    }
    state.step.iter().try_for_each(|step| of.step(*step))?;
    let mut all = Ok(());
    state.end.ways(|_, next| {
        if all.is_ok() {
            all = in_range("state", next.index(), flow.states.len());
        }
    });
    all?;
    of.end(&state.end)
}

struct Of<'a> {
    program: &'a Program,
    flow: &'a Flow,
}

impl<'a> Of<'a> {
    fn end(&self, end: &End) -> Result<(), Invalid> {
        match end {
            End::Call(call) => {
                self.target(&call.target)?;
                reused(call.cache.as_ref(), call.undo.as_ref())?;
                self.slots(call.bind)?;
                self.catches(&call.catch)?;
                call.undo.iter().try_for_each(|undo| self.undo(undo))
            }
            End::Wait(wait) => self.wait(wait),
            End::Region(region) => self.region(region),
            End::Start(start) => self.start(start),
            End::Spawn { task, own, .. } => self.slots(own.iter().copied().chain([*task])),
            End::Listen(listen) => self.listen(listen),
            End::Emit(Emit { event, .. }) => in_range("event", event.index(), self.program.events.len()),
            End::Shift(shift) => self.shift(shift),
            End::Stream(stream) => {
                self.target(&stream.target)?;
                self.slot(stream.item)?;
                self.catches(&stream.catch)
            }
            End::CancelStep { step, .. } => self.step(*step),
            End::Restart(arguments) => {
                arguments_fit(&self.flow.name, self.flow.params.len(), arguments.len())
            }
            End::Match { arms, .. } => {
                ensure(!arms.is_empty(), || "a `match` has no arms".to_owned())?;
                arms.iter()
                    .try_for_each(|(pattern, _)| self::pattern(pattern, self.flow.slots.len()))
            }
            End::Sleep { .. }
            | End::SleepUntil { .. }
            | End::Leave { .. }
            | End::Give(_)
            | End::CancelTask { .. }
            | End::Probe { .. }
            | End::Join
            | End::Branch { .. }
            | End::Jump(_)
            | End::Return(_)
            | End::Fail(_) => Ok(()),
        }
    }

    fn slot(&self, slot: SlotId) -> Result<(), Invalid> {
        in_range("slot", slot.index(), self.flow.slots.len())
    }

    fn slots(&self, slots: impl IntoIterator<Item = SlotId>) -> Result<(), Invalid> {
        slots.into_iter().try_for_each(|slot| self.slot(slot))
    }

    fn step(&self, step: crate::StepId) -> Result<(), Invalid> {
        in_range("step", step.index(), self.flow.steps.len())
    }

    fn catches(&self, all: &[Catch]) -> Result<(), Invalid> {
        for catch in all {
            in_range("error", catch.error.index(), self.program.errors.len())?;
            self.slots(catch.bind)?;
        }
        Ok(())
    }

    fn undo(&self, undo: &Undo) -> Result<(), Invalid> {
        self.step(undo.step)?;
        let operation = self.target(&undo.target)?;
        ensure(operation.effect.repeatable(), || {
            format!("it is undone by `{}`, which may not be repeated", operation.name)
        })
    }

    fn target(&self, target: &Target) -> Result<&'a Operation, Invalid> {
        policy(self.program, target.policy)?;
        let service = self.program.service(target.service);
        in_range("service", target.service.index(), self.program.services.len())?;
        let operations = service.map_or([].as_slice(), |service| &service.operations);
        let Some(operation) = operations.get(target.operation.index()) else {
            let (wanted, len) = (target.operation, operations.len());
            return Err(Invalid(format!(
                "operation {wanted} does not exist, there are {len}"
            )));
        };
        arguments_fit(&operation.name, operation.params.len(), target.arguments.len())?;
        Ok(operation)
    }

    fn wait(&self, wait: &Wait) -> Result<(), Invalid> {
        ensure(!wait.arms.is_empty(), || "a wait has no arms".to_owned())?;
        for arm in &wait.arms {
            self.slots(arm.bind)?;
            match &arm.on {
                On::Signal(signal) => in_range("signal", signal.index(), self.flow.signals.len())?,
                On::Event { event, slot, .. } => {
                    in_range("event", event.index(), self.program.events.len())?;
                    self.slot(*slot)?;
                }
                On::After(_) | On::At(_) | On::Condition(_) | On::Task(_) => {}
            }
        }
        self.catches(&wait.catch)
    }

    fn region(&self, region: &Region) -> Result<(), Invalid> {
        self.catches(&region.catch)?;
        region.name.iter().try_for_each(|step| self.step(*step))?;
        let token = region.guard.as_ref().and_then(|guard| guard.token);
        token.iter().try_for_each(|token| self.slot(*token))?;
        match &region.branches {
            Branches::Fixed(branches) => order(branches),
            Branches::Each(each) => self.each(each),
        }
    }

    fn each(&self, each: &Each) -> Result<(), Invalid> {
        self.slots(each.own.iter().copied())?;
        let own = |slot| own(&each.own, slot);
        own(each.item)?;
        if let Some(gather) = each.gather {
            self.slot(gather.list)?;
            own(gather.value)?;
            own(gather.given)?;
        }
        match each.over {
            Over::Signals(signal) => in_range("signal", signal.index(), self.flow.signals.len()),
            Over::List(_) | Over::Range(..) => Ok(()),
        }
    }

    fn start(&self, start: &Start) -> Result<(), Invalid> {
        reused(start.cache.as_ref(), start.undo.as_ref())?;
        ensure(start.cache.is_none() || start.tie == Tie::Child, || {
            "a run that is apart has no result that could be reused".to_owned()
        })?;
        self.slots(start.bind)?;
        self.catches(&start.catch)?;
        start.undo.iter().try_for_each(|undo| self.undo(undo))?;
        in_range("flow", start.flow.index(), self.program.flows.len())?;
        self.program.flow(start.flow).map_or(Ok(()), |flow| {
            arguments_fit(&flow.name, flow.params.len(), start.arguments.len())
        })
    }

    fn listen(&self, listen: &Listen) -> Result<(), Invalid> {
        self.slots(listen.own.iter().copied())?;
        let mut params = listen.params.iter();
        params.try_for_each(|slot| own(&listen.own, *slot))?;
        in_range("signal", listen.signal.index(), self.flow.signals.len())
    }

    fn shift(&self, shift: &Shift) -> Result<(), Invalid> {
        self.step(shift.undo)?;
        in_range("service", shift.service.index(), self.program.services.len())?;
        let subsets = self
            .program
            .service(shift.service)
            .map_or(0, |service| service.subsets.len());
        shift
            .weights
            .iter()
            .try_for_each(|(subset, _)| in_range("subset", subset.index(), subsets))
    }
}

/// What is undone is not there any more for whoever reuses it.
fn reused(cache: Option<&Reuse>, undo: Option<&Undo>) -> Result<(), Invalid> {
    ensure(cache.is_none() || undo.is_none(), || {
        "its result is reused, and undone".to_owned()
    })
}

fn own(own: &[SlotId], slot: SlotId) -> Result<(), Invalid> {
    ensure(own.contains(&slot), || {
        format!("slot {slot} belongs to a round, and is not its own")
    })
}

/// Branches wait for others that are there, and some order lets all of them begin.
fn order(branches: &[Branch]) -> Result<(), Invalid> {
    let number = |after: &u32| usize::try_from(*after).unwrap_or(usize::MAX);
    let mut joined = vec![false; branches.len()];
    for after in branches.iter().flat_map(|branch| &branch.after) {
        in_range("branch", number(after), branches.len())?;
    }
    loop {
        let mut more = false;
        for (at, branch) in branches.iter().enumerate() {
            let mut before = branch.after.iter().map(number);
            let ready = before.all(|before| joined.get(before).copied().unwrap_or_default());
            if let Some(joined) = joined.get_mut(at).filter(|joined| ready && !**joined) {
                *joined = true;
                more = true;
            }
        }
        if !more {
            return ensure(!joined.contains(&false), || {
                "the branches wait for each other in a circle".to_owned()
            });
        }
    }
}

fn arguments_fit(name: &str, expected: usize, found: usize) -> Result<(), Invalid> {
    ensure(expected == found, || {
        format!("`{name}` takes {expected} arguments, and gets {found}")
    })
}
