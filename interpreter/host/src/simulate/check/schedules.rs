//! What must hold of schedules: a time that is due has one run, none begins early, and none is missing unless its rule
//! leaves it out.

use super::Journal;
use crate::{
    RunId,
    simulate::world::World,
    store::{self, EventRecord},
};
use flowmesh_ir::{
    schedule::{Overlap, Schedule},
    timetable::Timetable,
};
use flowmesh_machine::EventKind;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    world: &World<'_>,
    (journal, order): (&Journal, &[EventRecord]),
    decided: &[store::Schedule],
) -> Result<(), String> {
    for schedule in &world.program.schedules {
        let table = Timetable::new(schedule).ok_or("a schedule has no times")?;
        let of: Vec<&store::Schedule> = decided.iter().filter(|it| it.name == schedule.name).collect();
        let runs = runs(world, schedule, journal)?;
        let (Some(first), Some(last)) = (of.first(), of.last()) else {
            return if runs.is_empty() {
                Ok(())
            } else {
                Err(format!("`{}` has runs and nothing was decided", schedule.name))
            };
        };
        let due: BTreeSet<Timestamp> = table.between(first.upto, last.upto).map(|due| due.at).collect();
        in_time(schedule, &runs, &due)?;
        if schedule.overlap != Overlap::Allow {
            one_after_the_other(world, schedule, &runs, order)?;
        }
        if matches!(schedule.overlap, Overlap::Allow | Overlap::BufferAll) {
            none_is_missing(schedule, &runs, (&due, last))?;
        }
        if table.next(last.upto).is_some_and(|next| world.is_near(next.at)) {
            return Err(format!("`{}` has not come to its end", schedule.name));
        }
    }
    Ok(())
}

/// The runs of a schedule by the times that their keys name; one for each.
fn runs(
    world: &World<'_>,
    schedule: &Schedule,
    journal: &Journal,
) -> Result<BTreeMap<Timestamp, (RunId, Timestamp)>, String> {
    let mut runs = BTreeMap::new();
    let flow = world.program.flow(schedule.flow).map(|flow| &flow.name);
    for (run, events) in journal {
        let Some(first) = events.first() else { continue };
        let EventKind::Started { key: Some(key), .. } = &first.event.kind else {
            continue;
        };
        let Some(due) = key.strip_prefix(&format!("{} at ", schedule.name)) else {
            continue;
        };
        let due: Timestamp = due
            .parse()
            .map_err(|_| format!("run {run} has the key `{key}`"))?;
        if first.origin.as_ref().map(|origin| &origin.flow) != flow {
            return Err(format!("run {run} of `{}` is one of another flow", schedule.name));
        }
        if let Some((other, _)) = runs.insert(due, (*run, first.event.at)) {
            return Err(format!(
                "`{}` has two runs for {due}: {other} and {run}",
                schedule.name
            ));
        }
    }
    Ok(runs)
}

fn in_time(
    schedule: &Schedule,
    runs: &BTreeMap<Timestamp, (RunId, Timestamp)>,
    due: &BTreeSet<Timestamp>,
) -> Result<(), String> {
    for (at, (run, began)) in runs {
        if !due.contains(at) {
            return Err(format!(
                "`{}` was not due at {at}, and began {run}",
                schedule.name
            ));
        }
        if began < at {
            return Err(format!(
                "`{}` was due at {at}, and began {run} at {began}",
                schedule.name
            ));
        }
    }
    Ok(())
}

/// No run begins while another one goes on: in the journal, since the clock may be set.
fn one_after_the_other(
    world: &World<'_>,
    schedule: &Schedule,
    runs: &BTreeMap<Timestamp, (RunId, Timestamp)>,
    order: &[EventRecord],
) -> Result<(), String> {
    let ends = world.views().into_iter();
    let ends: BTreeMap<RunId, u64> = ends
        .filter(|view| view.state.is_end())
        .map(|view| (view.id, view.events))
        .collect();
    let mut goes_on: Option<RunId> = None;
    for event in order {
        if !runs.values().any(|(run, _)| *run == event.run) {
            continue;
        }
        if let Some(other) = goes_on.filter(|other| *other != event.run && event.sequence == 0) {
            let run = event.run;
            return Err(format!("`{}` began {run} while {other} went on", schedule.name));
        }
        goes_on = Some(event.run);
        if ends.get(&event.run) == Some(&event.sequence.saturating_add(1)) {
            goes_on = None;
        }
    }
    Ok(())
}

/// The windows of these schedules are longer than anything that goes wrong.
fn none_is_missing(
    schedule: &Schedule,
    runs: &BTreeMap<Timestamp, (RunId, Timestamp)>,
    (due, last): (&BTreeSet<Timestamp>, &store::Schedule),
) -> Result<(), String> {
    let waits = |at: &&Timestamp| last.waiting.contains(at);
    match due.iter().find(|at| !runs.contains_key(at) && !waits(at)) {
        Some(at) => Err(format!("`{}` was due at {at}, and nothing began", schedule.name)),
        None => Ok(()),
    }
}
