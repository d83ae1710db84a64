//! An engine on a simulated disk, and what it says in the words of the tests.

use super::super::*;
use super::programs;
use crate::{
    simulate::SimulatedDisk,
    store::{Filter, Index, Journal, Location, OpeningOptions, Shelf, StoreError, replay_record},
};
use flowmesh_ir::{Name, OperationId, ServiceId, call::Reply};
use flowmesh_machine::{CallId, Settings};
use jiff::SignedDuration;

/// An engine on a simulated disk, with a clock that the test moves.
pub(super) struct World {
    pub(super) disk: SimulatedDisk,
    pub(super) journal: Journal,
    pub(super) index: Arc<Index>,
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    tickets: u64,
    programs: Programs,
    /// What the engine said before anybody asked.
    pub(super) said: Vec<Output>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self::open(
            SimulatedDisk::new(),
            Timestamp::from_second(1_700_000_000).unwrap(),
        )
        .unwrap();
        flowmesh_ir::validate(&programs::program("http://127.0.0.1:1")).unwrap();
        let program = programs::program("http://127.0.0.1:1");
        let settings = Settings::new(&program, []).unwrap();
        world.tell(Command::Deploy(Arc::new(Deployment::new(program, settings))));
        world.settle();
        world
    }

    pub(super) fn open(disk: SimulatedDisk, now: Timestamp) -> Result<Self, StoreError> {
        let store = super::super::open(disk.shared(), &OpeningOptions::default(), now)?;
        let mut world = Self {
            disk,
            journal: store.journal,
            index: store.index,
            engine: store.engine,
            now,
            tickets: 0,
            programs: Programs::default(),
            said: Vec::new(),
        };
        world.look_up();
        Ok(world)
    }

    /// Everything that was not synced is lost, and another process takes over.
    pub(super) fn crash(self) -> Self {
        let World { disk, now, .. } = self;
        let mut world = Self::open(disk, now).unwrap();
        let program = programs::program("http://127.0.0.1:1");
        let settings = Settings::new(&program, []).unwrap();
        world.tell(Command::Deploy(Arc::new(Deployment::new(program, settings))));
        world
    }

    /// Tells the engine something, and what it wants to look up.
    pub(super) fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.look_up();
    }

    pub(super) fn look_up(&mut self) {
        let outputs: Vec<Output> = self.engine.take_outputs().collect();
        for output in outputs {
            let Output::Fetch(wants) = output else {
                self.said.push(output);
                continue;
            };
            let looked = |want: Want| want.look_up(self.index.as_ref(), &mut self.programs).unwrap();
            let found = wants.into_iter().map(looked).collect();
            self.handle(Input::Fetched(found));
        }
    }

    /// Whether a run is in a namespace.
    fn is_in(&self, run: RunId, namespace: &str) -> bool {
        let row = self.engine.row(run).or_else(|| self.index.row(run).unwrap());
        row.is_some_and(|row| row.namespace == namespace)
    }

    /// All runs: those in memory, and those that the index alone knows.
    pub(super) fn views(&self) -> Vec<view::RunView> {
        self.views_in("")
    }

    /// The same in a namespace.
    pub(super) fn views_in(&self, namespace: &str) -> Vec<view::RunView> {
        let filter = Filter {
            namespace: namespace.into(),
            ..Filter::default()
        };
        let known = self.index.search(&filter, usize::MAX).unwrap().runs;
        let known = known
            .into_iter()
            .map(|(run, row)| (run, view::RunView::of_row(run, row)));
        let mut views: BTreeMap<RunId, view::RunView> = known.collect();
        let resident = self.engine.views().into_iter();
        let resident = resident.filter(|view| self.is_in(view.id, namespace));
        views.extend(resident.map(|view| (view.id, view)));
        views.into_values().collect()
    }

    pub(super) fn tell(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.handle(Input::Command(ticket, command));
        ticket
    }

    pub(super) fn start(&mut self, run: u128, flow: &str, input: &str, key: Option<&str>) -> Ticket {
        let input = input.as_bytes().into();
        let key = key.map(str::to_owned);
        self.tell(Command::Start(Start {
            run: RunId(run),
            seed: 1,
            flow: flow.into(),
            input,
            key,
            lineage: None,
            terms: flowmesh_machine::Terms::default(),
        }))
    }

    pub(super) fn reply(&mut self, run: u128, call: u32, body: &str) {
        let reply = Reply::Answer {
            status: 200,
            body: body.as_bytes().into(),
        };
        self.handle(Input::Replied {
            run: RunId(run),
            call: CallId(call),
            reply,
        });
    }

    /// What the engine says before anything is written.
    pub(super) fn outputs(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut said = std::mem::take(&mut self.said);
        said.extend(self.engine.take_outputs());
        for output in said {
            match output {
                Output::Index(changes) => {
                    self.index.apply(&changes).unwrap();
                    self.handle(Input::Indexed);
                }
                Output::Search(ticket, search) => {
                    outputs.push(Output::Answer(
                        ticket,
                        search.answer(self.index.as_ref()).unwrap(),
                    ));
                }
                other => outputs.push(other),
            }
        }
        outputs
    }

    /// Writes what there is to write, and gives what the engine says then.
    pub(super) fn settle(&mut self) -> Vec<Output> {
        let mut outputs = self.outputs();
        while let Some(batch) = self.engine.take_batch() {
            let input = match self.journal.append(&batch) {
                Ok(appended) => Input::Committed(appended),
                Err(_) => Input::Refused,
            };
            self.handle(input);
            outputs.extend(self.outputs());
        }
        outputs
    }

    pub(super) fn pass(&mut self, seconds: i64) -> Vec<Output> {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.handle(Input::Tick);
        self.settle()
    }

    pub(super) fn view(&mut self, run: u128) -> view::RunView {
        self.tell(Command::Get(RunId(run)));
        match self.settle().pop() {
            Some(Output::Answer(_, Answer::Run(view))) => *view,
            other => panic!("expected a run, found {other:?}"),
        }
    }
}

/// Takes a record as if it were read from a journal.
pub(super) fn take(restoring: &mut Restoring, record: Record) -> Result<(), StoreError> {
    let place = Location {
        segment: 1,
        offset: 0,
        length: 0,
        sum: 0,
    };
    replay_record(record, place, restoring)
}

/// The name of an operation, as `stock.reserve`.
pub(super) fn operation_name(service: ServiceId, operation: OperationId) -> Name {
    let (service, operations) = programs::SERVICES[service.index()];
    format!("{service}.{}", operations[operation.index()].0).into()
}

pub(super) fn calls(outputs: &[Output]) -> Vec<String> {
    let call = |output: &Output| match output {
        Output::Call(call) => Some(operation_name(call.request.service, call.request.operation).to_string()),
        _ => None,
    };
    outputs.iter().filter_map(call).collect()
}

pub(super) fn refusal(outputs: &[Output], of: Ticket) -> &Refusal {
    let found = outputs.iter().find_map(|output| match output {
        Output::Answer(ticket, Answer::Refused(refusal)) if *ticket == of => Some(refusal),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("expected a refusal, found {outputs:?}"))
}

pub(super) fn started(outputs: &[Output], of: Ticket) -> Started {
    let found = outputs.iter().find_map(|output| match output {
        Output::Answer(ticket, Answer::Started(started)) if *ticket == of => Some(*started),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("expected a start, found {outputs:?}"))
}
