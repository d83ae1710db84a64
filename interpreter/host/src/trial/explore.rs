//! Every way in which the runs of a test can go, up to a bound: each call fails in each way, the process ends at each
//! point, replies come twice, signals come in another order; one of these first, then two, and so on.
//!
//! Histories are made again from the start of the test with what goes otherwise in them. One that left the same trail
//! as another is not gone on with.

use super::{
    Failure, Line, Options,
    failure::Checked,
    plan::{Edit, Turn},
    world::World,
};
use flowmesh_ir::{Program, StepId, test::Test};
use flowmesh_machine::Status;
use jiff::SignedDuration;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// How long is waited for runs to end after the test.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 400);

/// How often time is moved on in that.
const MOVES_MAX: u32 = 2_000;

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many things go otherwise in one history at the most.
    pub depth: usize,
    /// How many histories at the most.
    pub histories: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many histories were looked at.
    pub histories: usize,
    /// How many of them ended where no mock answers a call.
    pub unanswered: usize,
    /// Whether all histories within the depth were looked at.
    pub whole: bool,
    /// The shortest bad one, if there is one.
    pub bad: Option<Bad>,
}

/// A history that breaks a promise.
#[derive(Clone, Debug)]
pub struct Bad {
    /// What is broken.
    pub failure: Failure,
    /// What happened.
    pub trail: Vec<Line>,
    /// How to make a test of it.
    pub edits: Vec<Edit>,
}

/// Explores a test.
#[must_use]
pub fn explore(program: &Program, test: &Test, options: Options, bounds: Bounds) -> Explored {
    let mut found = Explored {
        whole: true,
        ..Explored::default()
    };
    let mut seen = BTreeSet::new();
    let mut open: VecDeque<BTreeMap<usize, Turn>> = VecDeque::from([BTreeMap::new()]);
    while let Some(turns) = open.pop_front() {
        if found.histories >= bounds.histories {
            found.whole = false;
            break;
        }
        found.histories = found.histories.saturating_add(1);
        let mut world = World::new(program, test, options);
        world.plan.exploring = true;
        world.plan.turns = turns.clone();
        match world.history() {
            Ok(()) => {}
            // Where the test does not say how a call is answered, it is no use to go on.
            Err(failure) if failure.code.0 == 1131 => {
                found.unanswered = found.unanswered.saturating_add(1);
            }
            // What is read of a run that went another way need not be there.
            Err(failure) if matches!(failure.code.0, 1130 | 1132 | 1135) => {}
            Err(failure) => {
                found.bad = Some(Bad {
                    failure: *failure,
                    trail: std::mem::take(&mut world.mirrors.trail),
                    edits: std::mem::take(&mut world.plan.edits),
                });
                return found;
            }
        }
        if turns.len() < bounds.depth && seen.insert(world.hash()) {
            open.extend(world.next_turns(&turns));
        }
    }
    found
}

impl World<'_> {
    /// The test without what it expects only of its own course, and then the end of its runs.
    fn history(&mut self) -> Checked<()> {
        self.play()?;
        self.span = self.test.span;
        for _ in 0..MOVES_MAX {
            let left = self.next().filter(|at| at.duration_since(self.now) <= PATIENCE);
            let Some(at) = left.filter(|_| self.is_open()) else {
                break;
            };
            self.advance(at.duration_since(self.now))?;
        }
        self.ended()
    }

    fn is_open(&self) -> bool {
        self.mirrors
            .runs
            .values()
            .any(|mirror| mirror.run.outcome().is_none())
    }

    /// Nothing is left that waits for nothing, or that is not undone.
    fn ended(&self) -> Checked<()> {
        for mirror in self.mirrors.runs.values() {
            let status = mirror.run.status();
            if status.ended() {
                continue;
            }
            let flow = self.prepared.program.flow(mirror.flow);
            let name = flow.map(|flow| flow.name.clone()).unwrap_or_default();
            if status == Status::Undoing && self.next().is_none_or(|at| at > self.now) {
                let message = format!("a run of `{name}` never comes to the end of undoing");
                return Err(Box::new(Failure::explored(self.span, message)));
            }
            let waits = mirror.run.steps().any(|(step, progress)| {
                progress.state == flowmesh_machine::StepState::Active && is_wait(flow, step)
            });
            if !waits && self.next().is_none() && status == Status::Waiting {
                let message = format!("a run of `{name}` waits for ever, and for nothing that it declares");
                return Err(Box::new(Failure::explored(self.span, message)));
            }
        }
        Ok(())
    }

    /// What happened, without the times, and where everything stands.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for line in &self.mirrors.trail {
            (&line.run, &line.what).hash(&mut hasher);
        }
        self.plan.points.len().hash(&mut hasher);
        hasher.finish()
    }

    /// The histories in which one more thing goes otherwise, after all that does.
    fn next_turns(&self, turns: &BTreeMap<usize, Turn>) -> Vec<BTreeMap<usize, Turn>> {
        let from = turns.last_key_value().map_or(0, |(at, _)| at.saturating_add(1));
        let mut all = Vec::new();
        for (at, ways) in self.plan.points.iter().enumerate().skip(from) {
            for turn in ways {
                let mut more = turns.clone();
                more.insert(at, *turn);
                all.push(more);
            }
        }
        all
    }
}

fn is_wait(flow: Option<&flowmesh_ir::flow::Flow>, step: StepId) -> bool {
    flow.and_then(|flow| flow.steps.get(step.index()))
        .is_some_and(|step| step.title.starts_with("await") || step.title.starts_with("on "))
}
