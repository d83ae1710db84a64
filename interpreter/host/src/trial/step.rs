//! The statements of a test, one after the other.

use super::{
    calls::{Scripted, object},
    failure::{Checked, Failure},
    mirror::Mirror,
    show,
    world::World,
};
use crate::{
    RunId,
    engine::{Answer, Command, Refusal, Start, Ticket, Verb},
};
use flowmesh_ir::{
    EventId, FlowId, Name, SlotId, Value,
    expr::Expr,
    test::{Read, Reading, Step, StepKind, Target, What},
    ty::Type,
};
use flowmesh_machine::{
    Outcome, Terms,
    border::{self, Strictness},
};

impl<'t> World<'t> {
    /// The whole test.
    pub(super) fn play(&mut self) -> Checked<()> {
        self.test.steps.iter().try_for_each(|step| self.step(step))
    }

    pub(super) fn step(&mut self, step: &'t Step) -> Checked<()> {
        if let StepKind::Advance(length) = &step.kind {
            self.span = step.span;
            let length = self.duration(length)?;
            self.advance(length)?;
        }
        let asked = self.perform(step)?;
        if is_beside(step) {
            return Ok(());
        }
        self.settle()?;
        match (asked.and_then(|ticket| self.answers.remove(&ticket)), &step.kind) {
            (Some(Answer::Said(Err(why))), StepKind::Send { signal, .. }) => {
                let why = format!("`{signal}` was not answered: {why}");
                Err(Box::new(Failure::refused(self.span, &why, None)))
            }
            _ => Ok(()),
        }
    }

    /// Does what a statement says, and lets nothing follow from it yet; time passes elsewhere. Gives what names the
    /// answer of a signal, where the test wants to have it.
    pub(super) fn perform(&mut self, step: &'t Step) -> Checked<Option<Ticket>> {
        self.span = step.span;
        let mut asked = None;
        match &step.kind {
            StepKind::Mock(mock) => self.mocks.push(Scripted::new(mock, self.generation)),
            StepKind::Target { target, there } => {
                let (target, there) = (self.value(target)?, self.value(there)?);
                self.targets.say(&target, &there);
            }
            StepKind::Let { slot, value } => {
                let value = self.read(value)?;
                self.set(*slot, value);
            }
            StepKind::Config { config, value } => {
                let value = self.value(value)?;
                self.configs.push((*config, value));
            }
            // Of another course only what always holds can be expected.
            StepKind::Expect(_) if self.exploring => {}
            StepKind::Expect(expected) => self.expect(expected)?,
            StepKind::Always(expected) => {
                self.always.push((step.span, expected));
                if self.is_deployed() {
                    self.expect(expected)?;
                }
            }
            StepKind::Start { flow, arguments, run } => self.start(*flow, arguments, *run)?,
            StepKind::Send {
                run,
                signal,
                arguments,
                answer,
            } => asked = self.send(*run, signal, arguments, *answer)?,
            StepKind::Emit { event, value } => self.emit(*event, value)?,
            StepKind::Advance(_) => {}
            StepKind::Cancel(run) => self.cancel(*run)?,
            StepKind::Crash => self.crash()?,
            StepKind::Fork { of, events, run } => self.fork(*of, *events, *run)?,
            StepKind::Unmock(target) => self.unmock(*target)?,
        }
        if !is_beside(step) {
            self.generation = self.generation.saturating_add(1);
        }
        Ok(asked)
    }

    fn start(&mut self, flow: FlowId, arguments: &[Expr], run: SlotId) -> Checked<()> {
        let deployment = self.deployed()?;
        let Some(known) = deployment.program.flow(flow) else {
            return Ok(());
        };
        let mut values = Vec::with_capacity(arguments.len());
        for (param, value) in known.params.iter().zip(arguments) {
            values.push((param.name.clone(), self.value(value)?));
        }
        let input = object(&deployment.program, &known.params, &values);
        let number = u64::try_from(self.runs.len()).unwrap_or(u64::MAX);
        let seed = self.options.seed.wrapping_add(number);
        let command = Command::Start(Start {
            run: RunId::new(self.now, number, self.options.seed),
            seed,
            flow: known.name.clone(),
            input: input.into_bytes().into(),
            key: None,
            lineage: None,
            terms: Terms::default(),
        });
        let ticket = self.ask(command)?;
        match self.answer_to(ticket)? {
            Some(Answer::Started(started)) => {
                let index = i64::try_from(self.runs.len()).unwrap_or_default();
                self.runs.push(started.id);
                self.set(run, Value::Int(index));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn send(
        &mut self,
        run: SlotId,
        signal: &Name,
        arguments: &[(Name, Expr)],
        answer: Option<SlotId>,
    ) -> Checked<Option<Ticket>> {
        let Some(id) = self.run_id(run) else {
            return Ok(None);
        };
        let mut values = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            values.push((name.clone(), self.value(value)?));
        }
        let flow = self.mirrors.runs.get(&id).map(|mirror| mirror.flow);
        let flow = flow.and_then(|flow| self.prepared.program.flow(flow));
        let known = flow.and_then(|flow| flow.signals.iter().find(|known| known.name == *signal));
        let Some(known) = known else {
            return Ok(None);
        };
        let (params, result) = (known.params.clone(), known.result.clone());
        let payload = object(&self.prepared.program, &params, &values);
        let command = Command::Signal {
            run: id,
            name: signal.clone(),
            payload: payload.into_bytes().into(),
        };
        let awaited = answer.zip(result);
        if let Some((slot, ty)) = awaited.clone() {
            self.await_answer(slot, ty);
        }
        let ticket = self.ask(command)?;
        match self.answers.get(&ticket) {
            Some(Answer::Refused(_)) => self.answer_to(ticket).map(|_| None),
            _ if awaited.is_some() => Ok(Some(ticket)),
            _ => {
                self.answers.remove(&ticket);
                Ok(None)
            }
        }
    }

    fn await_answer(&mut self, slot: SlotId, ty: Type) {
        let ticket = self.next_ticket();
        self.said.insert(ticket, (slot, ty));
    }

    fn emit(&mut self, event: EventId, value: &Expr) -> Checked<()> {
        let deployment = self.deployed()?;
        let value = self.value(value)?;
        let Some(def) = deployment.program.event(event) else {
            return Ok(());
        };
        let fields: Vec<(Name, Value)> = match value {
            Value::Record(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            _ => Vec::new(),
        };
        let payload = object(&deployment.program, &def.fields, &fields);
        let number = u64::from(self.generation);
        let command = Command::Emit {
            id: RunId::new(self.now, 0xfff, number),
            event: def.name.clone(),
            payload: payload.into_bytes().into(),
        };
        let ticket = self.ask(command)?;
        self.answer_to(ticket).map(drop)
    }

    fn cancel(&mut self, run: SlotId) -> Checked<()> {
        let Some(run) = self.run_id(run) else {
            return Ok(());
        };
        let reason = "the test wants it".to_owned();
        let ticket = self.ask(Command::Steer(run, Verb::Cancel { reason }))?;
        self.answer_to(ticket).map(drop)
    }

    /// What the engine answered, if it has; a refusal is the end of the test.
    fn answer_to(&mut self, ticket: Ticket) -> Checked<Option<Answer>> {
        match self.answers.remove(&ticket) {
            // In another course a run may have ended before.
            Some(Answer::Refused(_)) if self.exploring => Ok(None),
            Some(Answer::Refused(refusal)) => Err(Box::new(self.refused(&refusal))),
            answer => Ok(answer),
        }
    }

    fn refused(&self, refusal: &Refusal) -> Failure {
        Failure::refused(self.span, refusal, refusal.help())
    }

    /// The value of an expression, after what it reads of runs was read.
    pub(super) fn read(&mut self, reading: &Reading) -> Checked<Value> {
        for read in &reading.reads {
            let value = self.read_one(read)?;
            self.set(read.slot, value);
        }
        self.value(&reading.value)
    }

    fn read_one(&mut self, read: &Read) -> Checked<Value> {
        let Some(mirror) = self.mirror(read.run) else {
            return Ok(Value::None);
        };
        Ok(match &read.what {
            What::Id => Value::string(&mirror.run.id().to_string()),
            What::Status => Value::string(mirror.run.status().as_str()),
            What::Tag(key) => mirror.tags.get(key).map_or(Value::None, |tag| Value::string(tag)),
            What::Tags => {
                let tags = mirror.tags.iter();
                Value::record(tags.map(|(key, tag)| (key.clone(), Value::string(tag))).collect())
            }
            What::Result => match mirror.run.outcome() {
                Some(Outcome::Done(value)) => value.clone(),
                _ => {
                    let how = self.stands(mirror);
                    let why = format!("the run has no result: {how}");
                    return Err(Box::new(Failure::unmet(self.span, why)));
                }
            },
            What::View(name) => {
                let found = self.view(mirror, name);
                found.map_err(|why| Box::new(Failure::worthless(self.span, &why)))?
            }
        })
    }

    fn view(&self, mirror: &Mirror, name: &Name) -> Result<Value, String> {
        let program = &self.prepared.program;
        let none = flowmesh_machine::Settings::default();
        let settings = self.settings().unwrap_or(&none);
        let ty = program
            .flow(mirror.flow)
            .and_then(|flow| flow.views.iter().find(|view| view.name == *name))
            .map(|view| &view.ty);
        let (Some(ty), Some(read)) = (ty, flowmesh_machine::view(program, settings, &mirror.run, name))
        else {
            return Ok(Value::None);
        };
        border::decode(program, ty, read?.as_bytes(), Strictness::Lenient)
            .map_err(|misfit| misfit.to_string())
    }

    pub(super) fn run_id(&self, slot: SlotId) -> Option<RunId> {
        match self.get(slot) {
            Value::Int(index) => self.runs.get(usize::try_from(index).ok()?).copied(),
            _ => None,
        }
    }

    pub(super) fn mirror(&self, slot: SlotId) -> Option<&Mirror> {
        self.mirrors.runs.get(&self.run_id(slot)?)
    }

    /// How a run stands, in words.
    pub(super) fn stands(&self, mirror: &Mirror) -> String {
        let program = &self.prepared.program;
        match mirror.run.outcome() {
            Some(Outcome::Done(value)) => {
                let ty = program.flow(mirror.flow).map(|flow| &flow.result);
                let shown = ty.map_or_else(String::new, |ty| show::value(program, ty, value));
                match ty {
                    Some(Type::Unit) | None => "it has ended well".to_owned(),
                    Some(_) => format!("it returns `{shown}`"),
                }
            }
            Some(Outcome::Failed(error)) => format!("it fails with `{}`", show::error(program, error)),
            Some(Outcome::Cancelled(_)) => "it is cancelled".to_owned(),
            Some(Outcome::Terminated(_)) => "it is terminated".to_owned(),
            None => {
                let steps: Vec<String> = mirror
                    .steps(program)
                    .into_iter()
                    .map(|(title, _)| title)
                    .collect();
                match steps.as_slice() {
                    [] => format!("it is {}", mirror.run.status()),
                    steps => format!("it is {} at `{}`", mirror.run.status(), steps.join("`, `")),
                }
            }
        }
    }

    /// What is called, for messages.
    pub(super) fn pattern(&mut self, pattern: &flowmesh_ir::test::Pattern) -> Checked<String> {
        let mut shown = Vec::with_capacity(pattern.arguments.len());
        for (at, argument) in pattern.arguments.iter().enumerate() {
            shown.push(match argument {
                flowmesh_ir::test::Match::Equal(value) => {
                    let value = self.value(value)?;
                    let program = &self.prepared.program;
                    let ty = show::params(program, pattern.target)
                        .get(at)
                        .map(|param| &param.ty);
                    ty.map_or_else(String::new, |ty| show::value(program, ty, &value))
                }
                _ => "_".to_owned(),
            });
        }
        let title = show::title(&self.prepared.program, pattern.target);
        Ok(format!("{title}({})", shown.join(", ")))
    }

    /// The calls of something that were made, as they would be written.
    pub(super) fn calls_of(&self, target: Target) -> Vec<String> {
        let program = &self.prepared.program;
        let of = self.mirrors.made.iter().filter(|made| made.target == target);
        of.map(|made| show::call(program, target, &made.arguments))
            .collect()
    }
}

/// Whether a statement only says something, and nothing happens by it.
pub(super) fn is_beside(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Mock(_)
            | StepKind::Target { .. }
            | StepKind::Let { .. }
            | StepKind::Config { .. }
            | StepKind::Unmock(_)
            | StepKind::Expect(_)
            | StepKind::Always(_)
    )
}
