//! What people tell a schedule: to pause, to go on, to make up for the past.

use super::{
    backfill::{Order, Plan},
    find, whole,
};
use crate::{
    engine::{Engine, Refusal, Ticket, batch::Deferred, ledger::Task, output, query::Query},
    store::Pause,
};
use flowmesh_ir::{Name, nearest};
use jiff::Timestamp;

/// The longest note, in bytes.
const NOTE_BYTES_MAX: usize = 4096;

/// Something that somebody wants of schedules.
#[derive(Clone, Debug)]
pub enum ScheduleCommand {
    /// Carry them out in this process from now on, those of the program that is deployed and of all that will be.
    Keep,
    /// See all of them.
    List,
    /// See one, with so many of its next times.
    Get(Name, usize),
    /// Begin nothing, until it is resumed.
    Pause(Name, String),
    /// Begin again what is due from now on.
    Resume(Name),
    /// Make up for a range of the past.
    Backfill(Name, Order),
    /// Begin no more of what is made up for.
    StopBackfill(Name),
}

impl ScheduleCommand {
    /// Whether it changes anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::List | Self::Get(..) => false,
            Self::Backfill(_, order) => !order.dry_run,
            Self::Keep | Self::Pause(..) | Self::Resume(_) | Self::StopBackfill(_) => true,
        }
    }

    pub(in crate::engine) fn name(&self) -> Option<&Name> {
        match self {
            Self::Keep | Self::List => None,
            Self::Get(name, _)
            | Self::Pause(name, _)
            | Self::Resume(name)
            | Self::Backfill(name, _)
            | Self::StopBackfill(name) => Some(name),
        }
    }
}

impl Engine {
    pub(in crate::engine) fn schedule_command(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        command: ScheduleCommand,
    ) {
        let known = command.name().map_or(Ok(()), |name| self.check_schedule(name));
        let full = if command.changes() {
            self.refuse_if_full()
        } else {
            Ok(())
        };
        if let Err(refusal) = known.and(full) {
            return self.refuse(ticket, refusal);
        }
        let query = match command {
            ScheduleCommand::Keep => {
                self.keep_schedules(now);
                Query::Deployed
            }
            ScheduleCommand::List => Query::Schedules(now),
            ScheduleCommand::Get(name, count) => Query::Schedule(name, now, count),
            ScheduleCommand::Pause(name, note) => {
                self.pause(now, &name, note);
                Query::Schedule(name, now, 1)
            }
            ScheduleCommand::Resume(name) => {
                self.resume_schedule(now, &name);
                Query::Schedule(name, now, 1)
            }
            ScheduleCommand::Backfill(name, order) => {
                return match self.backfill(now, &name, order) {
                    Ok(plan) => {
                        self.acted(now, None, || serde_json::to_vec(&plan).unwrap_or_default());
                        self.say_plan(ticket, plan);
                    }
                    Err(refusal) => self.refuse(ticket, refusal),
                };
            }
            ScheduleCommand::StopBackfill(name) => {
                self.stop_backfill(now, &name);
                Query::Schedule(name, now, 1)
            }
        };
        self.acted(now, None, Vec::new);
        self.defer(Deferred::Answer(ticket, query));
    }

    fn say_plan(&mut self, ticket: Ticket, plan: Plan) {
        let answer = output::Answer::Plan(plan);
        self.defer(Deferred::Output(output::Output::Answer(ticket, answer)));
    }

    /// Whether the program that is deployed has it.
    fn check_schedule(&self, name: &Name) -> Result<(), Refusal> {
        let current = self.current.as_deref();
        if current.is_some_and(|deployment| find(deployment, name).is_some()) {
            return Ok(());
        }
        let all = current
            .iter()
            .flat_map(|deployment| &deployment.program.schedules);
        let names: Vec<&str> = all.map(|schedule| schedule.name.as_str()).collect();
        Err(Refusal::UnknownSchedule {
            schedule: name.clone(),
            nearest: nearest(name, names.iter().copied()).map(Name::new),
        })
    }

    fn pause(&mut self, now: Timestamp, name: &Name, mut note: String) {
        let mut end = note.len().min(NOTE_BYTES_MAX);
        while !note.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        note.truncate(end);
        self.schedules.sleep(name);
        let now = whole(now);
        let kept = self.schedules.enter(name);
        kept.state.paused = Some(Pause {
            note,
            since: now,
            failed: false,
        });
        self.keep(now, name);
    }

    fn resume_schedule(&mut self, now: Timestamp, name: &Name) {
        let at = whole(now);
        let kept = self.schedules.enter(name);
        if kept.state.paused.take().is_none() {
            return;
        }
        // What was due meanwhile was not wanted.
        kept.state.upto = kept.state.upto.max(at);
        self.keep(at, name);
        self.tasks.push_back(Task::Schedule(name.clone()));
    }
}
