//! The world: a clock, a queue of what happens when, and everything that it happens to.

use super::{
    Bug, Chance, Faults, Report, Scenario, SimulatedDisk, calls::Sent, clients::Clients, compact, log::Log,
    process::Process, requests::Requests, services::Services, workers::Workshop,
};
use crate::{
    RunId,
    engine::view::State,
    engine::{Deployment, Found, Input, Residence, Want},
    store::Appended,
};
use flowmesh_ir::Program;
use flowmesh_machine::{CallId, Settings};
use flowmesh_mesh::{Outcome, decide::budget::Budgets};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// How long things go wrong.
const CHAOS: Duration = Duration::from_secs(20);
/// The clock is set by so much at the most, so often.
const SET_MAX: Duration = Duration::from_secs(45);
const SETS_MAX: u64 = 3;
/// What comes later than this is not waited for: schedules go on for ever.
const HORIZON: SignedDuration = SignedDuration::from_hours(300 * 24);
/// A world in which so much happens has gone round in a circle.
const STEPS_MAX: u64 = 50_000;

/// Everything there is.
pub(super) struct World<'p> {
    pub(super) program: &'p Program,
    pub(super) scenario: &'p Scenario,
    pub(super) deployment: Arc<Deployment>,
    /// Another version of it, and whether that is the one that is deployed.
    pub(super) newer: Option<Arc<Deployment>>,
    pub(super) is_newer: bool,
    /// How often a run has moved, as far as somebody was told.
    pub(super) moved: u64,
    /// How much its processes keep in memory.
    pub(super) residence: Residence,
    pub(super) chance: Chance,
    pub(super) log: Log,
    pub(super) disk: SimulatedDisk,
    pub(super) process: Option<Process<'p>>,
    /// How often a process was started; what was on its way to an earlier one is lost.
    pub(super) generation: u64,
    pub(super) services: Services,
    pub(super) sent: Vec<Sent>,
    pub(super) budgets: BTreeMap<u32, Budgets>,
    /// What flows have produced: it lies outside of the process, and stays.
    pub(super) targets: BTreeSet<String>,
    pub(super) clients: Clients,
    pub(super) requests: Requests,
    /// With a bug that writes the keys of a batch later: those.
    pub(super) late_keys: Vec<crate::store::Record>,
    pub(super) workshop: Workshop,
    pub(super) crashes: u64,
    /// How many batches were written.
    pub(super) written: u64,
    /// From the second opening on everything is encrypted, with this seed.
    pub(super) encrypts_later: Option<u64>,
    /// How many changes of the disk each opening of the store took.
    pub(super) openings: Vec<u64>,
    /// After how many batches the journal is compacted, how many segments went so far, and what was decided of
    /// schedules before.
    pub(super) compact_every: Option<u64>,
    pub(super) freed: u64,
    pub(super) decided: super::compact::Decided,
    /// How often a run came back into memory, in processes that have ended.
    pub(super) came_back: u64,
    /// How often a run reused what another one had recorded; known in the end.
    pub(super) reused: u64,
    pub(super) broken: Option<String>,
    begin: Timestamp,
    pub(super) now: Timestamp,
    /// How far the clocks of processes and clients are off.
    skew: SignedDuration,
    /// The latest that these clocks have shown.
    latest: Timestamp,
    queue: BTreeMap<(Timestamp, u64), Happens>,
    order: u64,
}

/// Something that happens.
#[derive(Debug)]
pub(super) enum Happens {
    /// A process starts.
    Boot,
    /// The power fails.
    Crash,
    /// The disk is full, or has room again.
    Full(bool),
    /// From now on syncs fail.
    SyncsFail,
    /// The writer of a process is done.
    Written {
        generation: u64,
        appended: Option<Appended>,
    },
    /// The writer of a process gets to what it should have written before.
    WriteLate { generation: u64 },
    /// A process looks something up.
    Fetch { generation: u64, wants: Vec<Want> },
    /// What a process has looked up is told.
    Fetched { generation: u64, found: Vec<Found> },
    /// A request comes to its service, the `index`th that was sent.
    Arrived { index: usize },
    /// An attempt of a process has come to its end.
    Heard {
        generation: u64,
        run: RunId,
        call: CallId,
        attempt: u32,
        outcome: Outcome,
    },
    /// A wait of a process between two attempts is over.
    Waited {
        generation: u64,
        run: RunId,
        call: CallId,
    },
    /// The clock is set.
    Set(SignedDuration),
    /// A client does something.
    Client(super::clients::Intent),
    /// Somebody deploys the other version.
    Deploy,
    /// A worker or one of its tasks comes to something.
    Work(super::workers::Turn),
}

impl<'p> World<'p> {
    pub(super) fn new(seed: u64, program: &'p Program, scenario: &'p Scenario) -> Self {
        let begin = Timestamp::from_second(1_767_225_600).unwrap_or_default();
        let settings = Settings::new(program, []).unwrap_or_default();
        let mut world = Self {
            program,
            scenario,
            deployment: Arc::new(Deployment::new(program.clone(), settings)),
            newer: scenario.newer.as_ref().map(|newer| {
                let settings = Settings::new(newer, []).unwrap_or_default();
                Arc::new(Deployment::new(newer.as_ref().clone(), settings))
            }),
            is_newer: false,
            moved: 0,
            residence: Residence::default(),
            chance: Chance::new(seed),
            log: Log::new(),
            disk: SimulatedDisk::new(),
            process: None,
            generation: 0,
            services: Services::new(program),
            sent: Vec::new(),
            budgets: BTreeMap::new(),
            targets: BTreeSet::new(),
            clients: Clients::default(),
            requests: Requests::default(),
            late_keys: Vec::new(),
            workshop: Workshop::default(),
            crashes: 0,
            written: 0,
            openings: Vec::new(),
            encrypts_later: None,
            compact_every: None,
            freed: 0,
            decided: super::compact::Decided::new(),
            reused: 0,
            came_back: 0,
            broken: None,
            begin,
            now: begin,
            skew: SignedDuration::ZERO,
            latest: begin,
            queue: BTreeMap::new(),
            order: 0,
        };
        world
            .disk
            .set_syncs_again(scenario.bug == Some(Bug::RetryFailedSync));
        world.encrypt(seed);
        world.residence = world.draw_residence(seed);
        world.compact_every = compact::draw(seed, scenario);
        world.boot();
        world.plan();
        world
    }

    /// Decides what will go wrong and when, and what clients want.
    fn plan(&mut self) {
        let faults = self.scenario.faults;
        for _ in 0..self.chance.below(faults.crashes.saturating_add(1)) {
            let at = self.draw(CHAOS);
            self.after(at, Happens::Crash);
        }
        if self.chance.happens(faults.full_disks) {
            let from = self.draw(CHAOS / 2);
            let until = from.saturating_add(self.draw(CHAOS / 2));
            self.after(from, Happens::Full(true));
            self.after(until, Happens::Full(false));
        }
        if self.chance.happens(faults.failed_syncs) {
            let at = self.draw(CHAOS);
            self.after(at, Happens::SyncsFail);
        }
        self.plan_clients(CHAOS);
        if self.newer.is_some() {
            for _ in 0..self.chance.below(self.scenario.deploys.saturating_add(1)) {
                let at = self.draw(CHAOS);
                self.after(at, Happens::Deploy);
            }
        }
        if faults.clocks_set > 0 && self.chance.happens(faults.clocks_set) {
            for _ in 0..=self.chance.below(SETS_MAX) {
                let (at, by) = (self.draw(CHAOS), self.draw(SET_MAX));
                let by = SignedDuration::try_from(by).unwrap_or_default();
                let by = if self.chance.happens(500) { by } else { -by };
                self.after(at, Happens::Set(by));
            }
        }
    }

    /// Lets everything happen until nothing more does.
    pub(super) fn happen(&mut self) -> Result<(), String> {
        while self.step() || self.tend() {
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
            if self.log.steps() > STEPS_MAX {
                return Err("the world does not come to rest".to_owned());
            }
        }
        self.broken.take().map_or(Ok(()), Err)
    }

    fn step(&mut self) -> bool {
        let tick = self
            .process
            .as_ref()
            .and_then(|process| process.engine.next_tick())
            .map(|tick| tick.checked_sub(self.skew).unwrap_or(tick))
            .filter(|tick| tick.duration_since(self.begin) < HORIZON);
        let next = self.queue.first_key_value().map(|((at, _), _)| *at);
        match (tick, next) {
            (Some(tick), next) if next.is_none_or(|next| tick <= next) => {
                self.now = self.now.max(tick);
                self.note("tick");
                self.tell(Input::Tick);
            }
            (_, Some(_)) => self.take(),
            _ => return false,
        }
        true
    }

    fn take(&mut self) {
        let Some(((at, _), happens)) = self.queue.pop_first() else {
            return;
        };
        self.now = self.now.max(at);
        let line = format!("{happens:?}");
        self.note(&line);
        match happens {
            Happens::Boot => self.boot(),
            Happens::Crash => self.crash(),
            Happens::Full(full) => {
                self.disk.set_capacity(full.then(|| self.disk.used()));
                self.index_waiting();
            }
            Happens::SyncsFail => self.disk.set_sync_fails(true),
            Happens::Written { generation, appended } => self.written(generation, appended),
            Happens::WriteLate { generation } => self.write_late(generation),
            Happens::Fetch { generation, wants } => self.fetch_late(generation, wants),
            Happens::Fetched { generation, found } => self.fetched(generation, found),
            Happens::Arrived { index } => self.arrived(index),
            Happens::Heard {
                generation,
                run,
                call,
                attempt,
                outcome,
            } => {
                self.heard(generation, (run, call), attempt, outcome);
            }
            Happens::Waited {
                generation,
                run,
                call,
            } => self.waited(generation, (run, call)),
            Happens::Set(by) => {
                self.latest();
                self.skew = self.skew.saturating_add(by);
                self.latest();
            }
            Happens::Client(intent) => self.act(intent),
            Happens::Deploy => self.deploy_other(),
            Happens::Work(turn) => self.turn(turn),
        }
    }

    pub(super) fn after(&mut self, delay: Duration, happens: Happens) {
        let delay = SignedDuration::try_from(delay).unwrap_or_default();
        let at = self.now.checked_add(delay).unwrap_or(self.now);
        self.order = self.order.saturating_add(1);
        self.queue.insert((at, self.order), happens);
    }

    /// A length of time from nothing up to `most`.
    pub(super) fn draw(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.chance.below(most))
    }

    /// What the clocks of processes and clients show.
    pub(super) fn now(&self) -> Timestamp {
        self.now.checked_add(self.skew).unwrap_or(self.now)
    }

    /// The latest that these clocks have shown: nothing can be dated later.
    pub(super) fn latest(&mut self) -> Timestamp {
        self.latest = self.latest.max(self.now());
        self.latest
    }

    /// Whether a time on these clocks is one that is waited for.
    pub(super) fn is_near(&self, shown: Timestamp) -> bool {
        shown.duration_since(self.begin) < HORIZON
    }

    pub(super) fn elapsed(&self) -> Duration {
        Duration::try_from(self.now.duration_since(self.begin)).unwrap_or_default()
    }

    /// Whether something goes wrong that goes wrong so often, while things go wrong.
    pub(super) fn wrong(&mut self, often: impl Fn(&Faults) -> u64) -> bool {
        let often = often(&self.scenario.faults);
        self.chance.happens(often) && self.elapsed() < CHAOS
    }

    pub(super) fn note(&mut self, what: &str) {
        let line = format!("{:>12.6} {what}", self.elapsed().as_secs_f64());
        self.log.line(line);
    }

    /// Takes note of a promise that is broken.
    pub(super) fn breaks(&mut self, promise: String) {
        self.broken.get_or_insert(promise);
    }

    pub(super) fn report(&self, seed: u64, failure: Option<String>) -> Report {
        let mut runs: BTreeMap<State, u64> = BTreeMap::new();
        let mut ends = Vec::new();
        for view in self.views() {
            let count = runs.entry(view.state).or_default();
            *count = count.saturating_add(1);
            ends.push(format!(
                "{} {:?} {:?} {:?}",
                view.flow, view.key, view.state, view.ending
            ));
        }
        ends.sort();
        let alive = self
            .process
            .as_ref()
            .map_or(0, |process| process.engine.came_back().0);
        let clients = &self.clients;
        let heard = clients.tellings.iter().filter_map(|(_, told)| told.as_ref());
        Report {
            seed,
            hash: self.log.hash(),
            steps: self.log.steps(),
            crashes: self.crashes,
            sent: self.sent.len() as u64,
            settled: self.workshop.settled.len() as u64,
            heard: heard.map(|told| told.heard as u64).sum(),
            reused: self.reused,
            steered: (clients.paused.len() + clients.edited.len() + clients.terminated.len()) as u64,
            decided: clients.decided,
            continued: clients.continued.len() as u64,
            came_back: self.came_back.saturating_add(alive),
            moved: self.moved,
            repeated: self.requests.repeated,
            written: self.written,
            freed: self.freed,
            openings: self.openings.clone(),
            runs,
            ends,
            failure: failure.map(|failure| format!("{failure}\n{}", self.log.end())),
        }
    }
}
