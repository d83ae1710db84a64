//! What holds in every state: a run made anew from its journal stands alike, a reply that comes twice changes nothing, and
//! nothing that a flow computes has no value.

use super::{
    super::failure::{Checked, Failure},
    rest::Plain,
    state::State,
};
use crate::store::Record;
use flowmesh_machine::{Event, EventKind, Outcome};

/// The error of what a flow computes and cannot.
const WORTHLESS: [&str; 2] = ["BadValue", "Arithmetic"];

impl State<'_> {
    /// Looks at everything; what was seen of the state before needs not be seen again.
    pub(super) fn check(&self, plain: &Plain, before: Option<&Self>) -> Checked<()> {
        self.check_replay(before)?;
        self.check_doubles()?;
        self.check_values(plain)
    }

    fn broken<T>(&self, message: String) -> Checked<T> {
        Err(Box::new(Failure::explored(self.world.test.span, message)))
    }

    /// A process that took over here would find everything as it is.
    fn check_replay(&self, before: Option<&Self>) -> Checked<()> {
        let world = &self.world;
        let (Some(deployment), Some(engine)) = (world.deployment(), &world.engine) else {
            return Ok(());
        };
        let before = before.and_then(|before| Some((&before.world.journal, before.world.engine.as_ref()?)));
        match world.journal.differs(deployment, engine, before) {
            Some(why) => self.broken(format!("after a crash runs do not stand as before: {why}")),
            None => Ok(()),
        }
    }

    /// Whatever came, may come again: it changes nothing, and nothing follows.
    fn check_doubles(&self) -> Checked<()> {
        let world = &self.world;
        let Some(deployment) = world.deployment() else {
            return Ok(());
        };
        for (id, mirror) in &world.mirrors.runs {
            let mut run = mirror.run.clone();
            let mut effects = Vec::new();
            for record in world.journal.records() {
                let Record::Event(record) = record else { continue };
                let reply = matches!(record.event.kind, EventKind::Replied { .. });
                if record.run == *id && reply {
                    let event = Event {
                        at: run.updated(),
                        kind: record.event.kind.clone(),
                    };
                    deployment.apply(&mut run, &event, &mut effects);
                }
            }
            if !effects.is_empty() || run != mirror.run {
                return self.broken(format!(
                    "a reply that comes twice changes a run of `{}`",
                    world.flow_name(mirror.flow)
                ));
            }
        }
        Ok(())
    }

    /// A run fails because of what it computes only where the test says so.
    fn check_values(&self, plain: &Plain) -> Checked<()> {
        for mirror in self.world.mirrors.runs.values() {
            let Some(Outcome::Failed(error)) = mirror.run.outcome() else {
                continue;
            };
            if WORTHLESS.contains(&error.name.as_str()) && !plain.fails(&error.name) {
                let shown = super::super::show::error(&self.world.prepared.program, error);
                return self.broken(format!(
                    "a run of `{}` fails, since something has no value: {shown}",
                    self.world.flow_name(mirror.flow)
                ));
            }
        }
        Ok(())
    }
}
