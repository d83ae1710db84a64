//! The world of one test: an engine on a simulated disk, a clock that the test moves, and what is due when.

use super::{
    Options,
    attempts::Calling,
    calls::{Coming, Open, Scripted},
    due::{Due, Place},
    failure::{Checked, Failure},
    journal::Journal,
    mirror::Mirrors,
    play::Outside,
    program::Prepared,
    targets::Targets,
};
use crate::{
    RunId,
    engine::{Answer, Command, Deployment, Engine, Input, Output, Ticket},
};
use flowmesh_ir::{
    ConfigId, FlowId, Program, ServiceId, SlotId, Span, Value,
    expr::Expr,
    test::{Expected, Test},
};
use flowmesh_machine::{Answer as Answered, Context, Draws, Settings, evaluate};
use flowmesh_mesh::decide::budget::Budgets;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How much may happen at one moment.
const EVENTS_MAX: u64 = 20_000;

/// When a test begins: the first second of 2026.
const BEGIN: i64 = 1_767_225_600;

/// The world of one test. A clone is another world that stands where this one stood.
#[derive(Clone)]
pub(super) struct World<'t> {
    /// The program as its author wrote it.
    pub(super) program: &'t Program,
    pub(super) prepared: Arc<Prepared>,
    pub(super) test: &'t Test,
    pub(super) options: Options,
    /// What a prompt brings along.
    pub(super) outside: Outside,
    /// Whether the test is explored, and not carried out as it stands.
    pub(super) exploring: bool,
    pub(super) now: Timestamp,
    pub(super) mirrors: Mirrors,
    pub(super) mocks: Vec<Scripted<'t>>,
    pub(super) generation: u32,
    /// What flows have produced.
    pub(super) targets: Targets,
    /// Calls that are on their way, and what comes back to each.
    pub(super) open: BTreeMap<Place, Open>,
    /// Calls whose attempts are answered one by one.
    pub(super) callings: BTreeMap<Place, Calling<'t>>,
    /// What retries are paid from, by the service.
    pub(super) budgets: BTreeMap<ServiceId, Budgets>,
    /// What spreads the waits between attempts.
    pub(super) draws: Draws,
    /// The runs that the test started.
    pub(super) runs: Vec<RunId>,
    pub(super) configs: Vec<(ConfigId, Value)>,
    pub(super) always: Vec<(Span, &'t Expected)>,
    /// The statement at hand.
    pub(super) span: Span,
    pub(super) answers: BTreeMap<Ticket, Answer>,
    /// Answers of signals that the test wants to know, and where they go.
    pub(super) said: BTreeMap<Ticket, (SlotId, flowmesh_ir::ty::Type)>,
    frame: Vec<Value>,
    context: Context,
    deployment: Option<Arc<Deployment>>,
    pub(super) journal: Journal,
    pub(super) engine: Option<Engine>,
    /// What comes to runs, when, and in which order.
    pub(super) queue: BTreeMap<(Timestamp, u64), Input>,
    /// What else happens, when, and in which order.
    pub(super) due: BTreeMap<(Timestamp, u64), Due>,
    pub(super) streams: BTreeMap<Place, Coming>,
    pub(super) order: u64,
    tickets: u64,
    /// How much has happened.
    events: u64,
    /// Whether `always` is being looked at.
    looking: bool,
}

impl<'t> World<'t> {
    pub(super) fn new(program: &'t Program, test: &'t Test, options: Options) -> Self {
        let begin = Timestamp::from_second(BEGIN).unwrap_or_default();
        Self {
            program,
            prepared: Arc::new(Prepared::new(program, test, options.coverage)),
            test,
            options,
            outside: Outside::default(),
            exploring: false,
            now: begin,
            mirrors: Mirrors::new(begin),
            mocks: Vec::new(),
            generation: 0,
            targets: Targets::default(),
            open: BTreeMap::new(),
            callings: BTreeMap::new(),
            budgets: BTreeMap::new(),
            draws: Draws::new(options.seed),
            runs: Vec::new(),
            configs: Vec::new(),
            always: Vec::new(),
            span: test.span,
            answers: BTreeMap::new(),
            said: BTreeMap::new(),
            frame: vec![Value::None; test.slots.len()],
            context: Context {
                now: begin,
                draws: Draws::new(options.seed),
                ..Context::default()
            },
            deployment: None,
            journal: Journal::default(),
            engine: None,
            queue: BTreeMap::new(),
            due: BTreeMap::new(),
            streams: BTreeMap::new(),
            order: 0,
            tickets: 0,
            events: 0,
            looking: false,
        }
    }

    /// How much time has passed since the test began.
    pub(super) fn passed(&self) -> SignedDuration {
        let begin = Timestamp::from_second(BEGIN).unwrap_or_default();
        self.now.duration_since(begin)
    }

    /// The same, as the mesh counts.
    pub(super) fn elapsed(&self) -> Duration {
        self.passed().unsigned_abs()
    }

    /// The value of an expression of the test.
    pub(super) fn value(&mut self, expr: &Expr) -> Checked<Value> {
        let none = Settings::default();
        let settings = self.deployment.as_ref().map_or(&none, |it| &it.settings);
        self.context.now = self.now;
        let (frame, context) = (&mut self.frame, &mut self.context);
        let value = evaluate(&self.prepared.program, settings, expr, frame, context);
        value.map_err(|fault| Box::new(Failure::worthless(self.span, &fault)))
    }

    pub(super) fn duration(&mut self, expr: &Expr) -> Checked<SignedDuration> {
        match self.value(expr)? {
            Value::Duration(length) => Ok(length),
            _ => Ok(SignedDuration::ZERO),
        }
    }

    pub(super) fn set(&mut self, slot: SlotId, value: Value) {
        if let Some(place) = self.frame.get_mut(slot.index()) {
            *place = value;
        }
    }

    pub(super) fn get(&self, slot: SlotId) -> Value {
        self.frame.get(slot.index()).cloned().unwrap_or_default()
    }

    /// What the slots of the test hold.
    pub(super) fn slots(&self) -> &[Value] {
        &self.frame
    }

    /// The program with its configs, from the first moment that it is needed.
    pub(super) fn deployed(&mut self) -> Checked<Arc<Deployment>> {
        if let Some(deployment) = &self.deployment {
            return Ok(Arc::clone(deployment));
        }
        let program = &self.prepared.program;
        let text = |(id, value): &(ConfigId, Value)| {
            let config = program.config(*id)?;
            let json = flowmesh_machine::border::encode(program, &config.ty, value);
            Some((config.name.clone(), json))
        };
        let given = self.outside.configs.iter().cloned();
        let given: Vec<_> = given.chain(self.configs.iter().filter_map(text)).collect();
        let given = given
            .iter()
            .map(|(name, json)| (name.as_str(), flowmesh_machine::border::Given::Json(json)));
        let settings = Settings::gather(program, given).map_err(|wrong| {
            let why = wrong.first().map(ToString::to_string).unwrap_or_default();
            let help = "give it in the test, before the first `start`: `config NAME = VALUE`";
            Box::new(Failure::refused(self.span, &why, Some(help.to_owned())))
        })?;
        let deployment = Arc::new(Deployment::new(program.clone(), settings));
        self.deployment = Some(Arc::clone(&deployment));
        self.boot()?;
        Ok(deployment)
    }

    /// A process begins where the journal ends.
    fn boot(&mut self) -> Checked<()> {
        let restored = self.journal.restored();
        let restoring = restored.map_err(|why| Box::new(Failure::refused(self.span, &why, None)))?;
        self.engine = Some(restoring.finish(self.now));
        match self.deployment.clone() {
            Some(deployment) => self.ask(Command::Deploy(deployment)).map(drop),
            None => Ok(()),
        }
    }

    /// Every run is forgotten and made again from its journal; what was on its way is lost.
    pub(super) fn crash(&mut self) -> Checked<()> {
        if self.engine.take().is_none() {
            return Ok(());
        }
        self.queue.clear();
        self.due.clear();
        self.streams.clear();
        self.callings.clear();
        self.budgets.clear();
        self.boot()
    }

    pub(super) fn ask(&mut self, command: Command) -> Checked<Ticket> {
        self.tickets = self.tickets.saturating_add(1);
        let ticket = Ticket(self.tickets);
        self.tell(Input::Command(ticket, command))?;
        Ok(ticket)
    }

    /// Tells the engine something, writes what there is to write, and does what it says.
    pub(super) fn tell(&mut self, input: Input) -> Checked<()> {
        let now = self.now;
        self.heard(&input);
        if let Some(engine) = &mut self.engine {
            engine.handle(now, input);
        }
        loop {
            let Some(engine) = &mut self.engine else {
                return Ok(());
            };
            let mut wrote = false;
            while let Some(batch) = engine.take_batch() {
                engine.handle(now, Input::Committed(self.journal.append(batch)));
                wrote = true;
            }
            let mut outputs: Vec<Output> = engine.take_outputs().collect();
            // What happened is known before what follows from it is done.
            outputs.sort_by_key(|output| !matches!(output, Output::Happened(_)));
            if outputs.is_empty() && !wrote {
                break;
            }
            for output in outputs {
                self.follow(output)?;
            }
        }
        self.look_at_always()
    }

    /// What has come is not on its way any more.
    fn heard(&mut self, input: &Input) {
        match input {
            Input::Replied { run, call, .. } => drop(self.open.remove(&(*run, *call))),
            Input::Streamed { run, call, .. } => {
                if let Some(open) = self.open.get_mut(&(*run, *call)) {
                    open.items = open.items.saturating_add(1);
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, output: Output) -> Checked<()> {
        match output {
            Output::Call(call) => self.call(call)?,
            Output::Answer(ticket, answer) => self.answered(ticket, answer),
            Output::Happened(happened) => self.mirrors.happened(&self.prepared, &happened),
            Output::Probe(probe) => {
                let there = self.targets.look(probe.target, probe.after);
                let (run, call) = (probe.run, probe.call);
                let answer = Answered::Found(there);
                self.later(self.now, Input::Answered { run, call, answer });
            }
            Output::More { run, call } => self.more((run, call)),
            Output::Close { run, call } => {
                self.streams.remove(&(run, call));
                self.open.remove(&(run, call));
            }
            // There is no index beside a test: its statements ask the runs themselves.
            Output::Shift { .. }
            | Output::Retired(_)
            | Output::Index(_)
            | Output::Search(..)
            | Output::Fetch(_) => {}
        }
        Ok(())
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer) {
        if let (Answer::Said(Ok(json)), Some((slot, ty))) = (&answer, self.said.get(&ticket).cloned()) {
            let strictness = flowmesh_machine::border::Strictness::Lenient;
            let value =
                flowmesh_machine::border::decode(&self.prepared.program, &ty, json.as_bytes(), strictness);
            self.set(slot, value.unwrap_or_default());
        }
        self.answers.insert(ticket, answer);
    }

    /// Lets everything happen that is due now.
    pub(super) fn settle(&mut self) -> Checked<()> {
        for _ in 0..EVENTS_MAX {
            if self.outside.is_stopped() {
                return Err(Box::new(Failure::refused(self.span, &"interrupted", None)));
            }
            if let Some(most) = self.outside.is_over(self.events) {
                return Err(Box::new(Failure::endless(self.span, most)));
            }
            self.events = self.events.saturating_add(1);
            let tick = self.engine.as_ref().and_then(Engine::next_tick);
            if tick.is_some_and(|at| at <= self.now) {
                self.tell(Input::Tick)?;
                continue;
            }
            if !self.happens()? {
                return Ok(());
            }
        }
        Err(Box::new(Failure::restless(self.span, EVENTS_MAX)))
    }

    /// Lets time pass, and everything happen that is due on the way, in order.
    pub(super) fn advance(&mut self, length: SignedDuration) -> Checked<()> {
        let until = self.now.checked_add(length).unwrap_or(self.now);
        self.settle()?;
        while let Some(at) = self.next().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.settle()?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn look_at_always(&mut self) -> Checked<()> {
        if self.looking || self.always.is_empty() {
            return Ok(());
        }
        self.looking = true;
        let (here, all) = (self.span, self.always.clone());
        let mut held = Ok(());
        for (span, expected) in all {
            self.span = span;
            held = held.and_then(|()| self.expect(expected));
        }
        self.span = here;
        self.looking = false;
        held.map_err(|failure| Box::new(failure.broken()))
    }

    pub(super) fn settings(&self) -> Option<&Settings> {
        self.deployment.as_ref().map(|it| &it.settings)
    }

    pub(super) fn deployment(&self) -> Option<&Arc<Deployment>> {
        self.deployment.as_ref()
    }

    pub(super) fn flow_name(&self, flow: FlowId) -> flowmesh_ir::Name {
        let flow = self.prepared.program.flow(flow);
        flow.map(|flow| flow.name.clone()).unwrap_or_default()
    }

    /// The ticket that the next question gets.
    pub(super) fn next_ticket(&self) -> Ticket {
        Ticket(self.tickets.saturating_add(1))
    }

    pub(super) fn is_deployed(&self) -> bool {
        self.deployment.is_some()
    }
}
