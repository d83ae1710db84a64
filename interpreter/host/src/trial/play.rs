//! A test that is carried out anew with each statement that a prompt adds, and what there is to be seen of it then.

use super::{
    Failure, Line, Options,
    failure::Checked,
    look::{Happening, Look, Past},
    program::Prepared,
    world::World,
};
use crate::engine::Deployment;
use flowmesh_ir::{Name, Program, Value, test::Test};
use jiff::{SignedDuration, Timestamp};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What a prompt brings along.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Values of configs, as JSON; those of the test go before.
    pub configs: Vec<(Name, String)>,
    /// Set by whoever has waited long enough.
    pub stop: Arc<AtomicBool>,
    /// How much may happen from the first statement to the last, where that is limited.
    pub events_max: Option<u64>,
}

impl Outside {
    /// Whether nobody waits any more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What may not happen any more, once so much has.
    pub(super) fn is_over(&self, events: u64) -> Option<u64> {
        self.events_max.filter(|most| events > *most)
    }
}

/// How everything stands where the statements end.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Why a statement did not go as it says, if one did not.
    pub failure: Option<Failure>,
    /// What happened, in order.
    pub trail: Vec<Line>,
    /// What the slots of the test hold.
    pub slots: Vec<Value>,
    /// How much virtual time has passed.
    pub passed: SignedDuration,
    /// In how much of it the next thing happens by itself.
    pub next: Option<SignedDuration>,
    prepared: Arc<Prepared>,
    deployment: Option<Arc<Deployment>>,
    begin: Timestamp,
    /// Every run, in the order of their beginnings; those of the test itself by their place in it.
    runs: Vec<Past>,
    started: Vec<usize>,
}

/// Carries out the statements. Where something is `asked`, the last one is that.
#[must_use]
pub fn play(program: &Program, test: &Test, options: Options, outside: Outside, asked: bool) -> Scene {
    let mut world = World::new(program, test, options);
    world.outside = outside;
    let failure = all(&mut world, test, asked).err().map(|failure| *failure);
    Scene::of(world, failure)
}

fn all<'t>(world: &mut World<'t>, test: &'t Test, asked: bool) -> Checked<()> {
    let (said, last) = match test.steps.split_last() {
        Some((last, said)) if asked => (said, Some(last)),
        _ => (&test.steps[..], None),
    };
    said.iter().try_for_each(|step| world.step(step))?;
    let Some(last) = last else { return Ok(()) };
    // What is asked may read configs, whose values are known once a run could be started.
    let ready = match world.program.configs.is_empty() {
        true => Ok(()),
        false => world.deployed().map(drop),
    };
    let asked = world.step(last);
    ready
        .or_else(|why| if asked.is_ok() { Ok(()) } else { Err(why) })
        .and(asked)
}

impl Scene {
    fn of(mut world: World<'_>, failure: Option<Failure>) -> Self {
        let next = world.next().map(|at| at.duration_since(world.now));
        let mut runs: Vec<Past> = Vec::with_capacity(world.mirrors.runs.len());
        for (id, mirror) in &world.mirrors.runs {
            let events = world.past(*id).into_iter().map(|record| record.event).collect();
            runs.push(Past::new(*id, mirror.clone(), events));
        }
        runs.sort_by_key(Past::number);
        let place = |id| runs.iter().position(|past| past.id == id);
        Self {
            failure,
            slots: world.slots().to_vec(),
            passed: world.passed(),
            next,
            started: world.runs.iter().filter_map(|id| place(*id)).collect(),
            prepared: Arc::clone(&world.prepared),
            deployment: world.deployment().cloned(),
            begin: world.mirrors.begin,
            trail: std::mem::take(&mut world.mirrors.trail),
            runs,
        }
    }

    /// Every run, in the order of their beginnings.
    #[must_use]
    pub fn runs(&self) -> Vec<Look> {
        (1..=self.runs.len())
            .filter_map(|number| self.look(number))
            .collect()
    }

    /// The number of the run that the value of a slot stands for.
    #[must_use]
    pub fn number(&self, value: &Value) -> Option<usize> {
        let Value::Int(index) = value else { return None };
        let place = self.started.get(usize::try_from(*index).ok()?)?;
        Some(place.saturating_add(1))
    }

    /// How the run of a number stands.
    #[must_use]
    pub fn look(&self, number: usize) -> Option<Look> {
        let past = self.past(number)?;
        Some(past.look(self.deployment.as_ref()?, self.begin))
    }

    /// How it stood behind one of its events.
    #[must_use]
    pub fn look_at(&self, number: usize, sequence: u64) -> Option<Look> {
        let (past, deployment) = (self.past(number)?, self.deployment.as_ref()?);
        let count = usize::try_from(sequence).ok()?.checked_add(1)?;
        let then = past.until(count, &self.prepared, deployment)?;
        Some(then.look(deployment, self.begin))
    }

    /// What happened to it.
    #[must_use]
    pub fn history(&self, number: usize) -> Vec<Happening> {
        match (self.past(number), self.deployment.as_ref()) {
            (Some(past), Some(deployment)) => past.history(&self.prepared, deployment, self.begin),
            _ => Vec::new(),
        }
    }

    fn past(&self, number: usize) -> Option<&Past> {
        self.runs.get(number.checked_sub(1)?)
    }
}
