//! Schedules: seeing them, and telling them something.

use super::Host;
use crate::engine::{
    Answer, Command, Refusal,
    schedules::{Order, Plan, ScheduleCommand, ScheduleView},
};
use flowmesh_ir::Name;

impl Host {
    /// From now on the schedules of the program that is deployed are carried out, and of each that will be.
    ///
    /// # Errors
    /// If there is no room, or the host has stopped.
    pub async fn keep_schedules(&self) -> Result<(), Refusal> {
        self.ask(Command::Schedule(ScheduleCommand::Keep)).await.map(drop)
    }

    /// All schedules.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn schedules(&self) -> Result<Vec<ScheduleView>, Refusal> {
        match self.ask(Command::Schedule(ScheduleCommand::List)).await? {
            Answer::Schedules(schedules) => Ok(schedules),
            _ => Err(self.gone()),
        }
    }

    /// One of them, with so many of its next times.
    ///
    /// # Errors
    /// If there is none of this name.
    pub async fn schedule(&self, name: &str, count: usize) -> Result<ScheduleView, Refusal> {
        self.told_schedule(ScheduleCommand::Get(Name::new(name), count))
            .await
    }

    /// Begins nothing of it until it is resumed. When this returns, that is on stable storage; so below.
    ///
    /// # Errors
    /// If there is none of this name, or no room.
    pub async fn pause_schedule(&self, name: &str, note: &str) -> Result<ScheduleView, Refusal> {
        let command = ScheduleCommand::Pause(Name::new(name), note.to_owned());
        self.told_schedule(command).await
    }

    /// Begins again what is due from now on.
    ///
    /// # Errors
    /// As above.
    pub async fn resume_schedule(&self, name: &str) -> Result<ScheduleView, Refusal> {
        self.told_schedule(ScheduleCommand::Resume(Name::new(name))).await
    }

    /// Makes up for a range of the past, or says what would be done.
    ///
    /// # Errors
    /// If there is none of this name, or the range cannot be made up for.
    pub async fn backfill(&self, name: &str, order: Order) -> Result<Plan, Refusal> {
        let command = ScheduleCommand::Backfill(Name::new(name), order);
        match self.ask(Command::Schedule(command)).await? {
            Answer::Plan(plan) => Ok(plan),
            _ => Err(self.gone()),
        }
    }

    /// Begins no more of what is made up for.
    ///
    /// # Errors
    /// If there is none of this name, or no room.
    pub async fn stop_backfill(&self, name: &str) -> Result<ScheduleView, Refusal> {
        self.told_schedule(ScheduleCommand::StopBackfill(Name::new(name)))
            .await
    }

    async fn told_schedule(&self, command: ScheduleCommand) -> Result<ScheduleView, Refusal> {
        match self.ask(Command::Schedule(command)).await? {
            Answer::Schedule(view) => Ok(*view),
            _ => Err(self.gone()),
        }
    }
}
