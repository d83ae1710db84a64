//! Namespaces: every run is in one, and what somebody in another one says does not reach it.
//!
//! Tables by name (keys, counts, guards, queues) have the names of a namespace apart from those of others; whoever asks
//! after a run of another one hears what they would hear of a run that does not exist, as soon.

use super::{
    Engine, Refusal, Ticket,
    batch::Deferred,
    input::Command,
    output::{Answer, Output, Search},
    schedules::ScheduleCommand,
};
use crate::RunId;
use flowmesh_ir::Name;
use jiff::Timestamp;

/// A name within a namespace: never the same as one within another. In the one without a name it stays as it is.
pub(crate) fn within(namespace: &str, name: &str) -> Name {
    // No namespace has this character, and a name that begins with it is taken apart as well.
    if namespace.is_empty() && !name.starts_with('\0') {
        return Name::new(name);
    }
    Name::from(format!("\0{namespace}\0{name}"))
}

/// The namespace, and the name in it, of which [`within`] made one.
pub(super) fn apart(scope: &str) -> (&str, &str) {
    let parts = scope.strip_prefix('\0').and_then(|rest| rest.split_once('\0'));
    parts.unwrap_or(("", scope))
}

impl Engine {
    /// Somebody in a namespace wants something, and the run that it is about is in memory, if there is one.
    pub(super) fn command_within(
        &mut self,
        now: Timestamp,
        (ticket, namespace): (Ticket, Name),
        command: Command,
    ) {
        if let Some(run) = run_of(&command).filter(|run| !self.is_within(*run, &namespace)) {
            let refused = Answer::Refused(Refusal::UnknownRun { run });
            return self.defer(Deferred::Output(Output::Answer(ticket, refused)));
        }
        // Schedules are those of the program, and in the namespace without a name.
        if let (false, Command::Schedule(told)) = (namespace.is_empty(), command.bare()) {
            return self.no_schedule(ticket, told);
        }
        self.namespace = namespace;
        self.command(now, ticket, command);
        self.namespace = Name::default();
    }

    fn is_within(&self, run: RunId, namespace: &Name) -> bool {
        let held = self.runs.get(&run);
        held.is_some_and(|held| held.namespace == *namespace)
    }

    fn no_schedule(&mut self, ticket: Ticket, told: &ScheduleCommand) {
        let answer = match told.name() {
            Some(schedule) => Answer::Refused(Refusal::UnknownSchedule {
                schedule: schedule.clone(),
                nearest: None,
            }),
            None => Answer::Schedules(Vec::new()),
        };
        self.defer(Deferred::Output(Output::Answer(ticket, answer)));
    }
}

impl Search {
    /// The same in a namespace, whatever its filter says.
    pub(super) fn within(mut self, namespace: &Name) -> Self {
        match &mut self {
            Self::Page(filter, _) | Self::Count(filter) | Self::Choose(filter, ..) => {
                filter.namespace = namespace.clone();
            }
            Self::Flows(of, _) => *of = namespace.clone(),
            Self::Act(key, _) => key.namespace = namespace.clone(),
        }
        self
    }
}

/// The run that a command is about.
pub(super) fn run_of(command: &Command) -> Option<RunId> {
    Some(match command {
        Command::Signal { run, .. }
        | Command::Steer(run, _)
        | Command::View(run, _)
        | Command::Variables(run)
        | Command::StatusOf { run, .. }
        | Command::Get(run)
        | Command::History(run)
        | Command::Wait(run)
        | Command::Watch(run) => *run,
        Command::Settle { run, .. } => *run,
        Command::Continue(from) => from.of,
        Command::Once(_, command) => return run_of(command),
        Command::Deploy(_)
        | Command::Release(..)
        | Command::Upgrade(_)
        | Command::Deployments
        | Command::Start(_)
        | Command::Emit { .. }
        | Command::Search(_)
        | Command::Flows
        | Command::Stand
        | Command::Before(_)
        | Command::Keep { .. }
        | Command::Results(_)
        | Command::Schedule(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_namespaces_are_never_the_same() {
        assert_eq!(within("", "a"), "a");
        let pairs = [
            ("", "a"),
            ("", "\0a"),
            ("", "\0a\0b"),
            ("a", "b"),
            ("a", ""),
            ("", ""),
            ("a", "\0b"),
            ("ab", ""),
            ("", "a\0b"),
        ];
        let names: std::collections::BTreeSet<Name> = pairs.iter().map(|(a, b)| within(a, b)).collect();
        assert_eq!(names.len(), pairs.len());
        for (namespace, name) in pairs {
            assert_eq!(apart(&within(namespace, name)), (namespace, name));
        }
    }
}
