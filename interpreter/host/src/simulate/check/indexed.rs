//! That the index says of all runs what is true.

use crate::{
    RunId,
    engine::{
        Answer, Input, Search,
        view::{Choosing, State},
    },
    simulate::world::World,
    store::{Count, Filter, Shelf},
};
use std::collections::BTreeSet;

/// What the index says of every run is how it stands; and it stays so when it is opened again.
pub(super) fn check(world: &mut World<'_>) -> Result<(), String> {
    let Some(process) = &mut world.process else {
        return Err("no process is alive in the end".to_owned());
    };
    process.engine.flush();
    world.tell(Input::Tick);
    world.index_waiting();
    let Some(process) = &world.process else {
        return Err("the index cannot be written in the end".to_owned());
    };
    let views = world.views();
    let said = |error| format!("the index cannot be read in the end: {error}");
    for view in &views {
        let (row, expected) = (
            process.index.row(view.id).map_err(said)?,
            process.engine.row(view.id),
        );
        // Of others, the index alone says how they stand.
        if expected.is_some() && row != expected {
            return Err(format!("the index says\n{row:?}\nof a run that is\n{expected:?}"));
        }
        let events = process.index.events(view.id, 0).map_err(said)?;
        if events.len() as u64 != view.events {
            return Err(format!("the index has {} events of {view:?}", events.len()));
        }
    }
    let known = process.index.results().map_err(said)?;
    let expected = process.engine.results_say(world.now());
    let alive = known.iter().filter(|(_, kept)| kept.until > world.now());
    let alive: Vec<String> = alive.map(|(key, kept)| format!("{key:?} {kept:?}")).collect();
    if alive.iter().collect::<BTreeSet<_>>() != expected.iter().collect() {
        return Err(format!(
            "the index has the results {alive:#?} and not {expected:#?}"
        ));
    }
    let all = Filter::default();
    let search = Search::Choose(all.clone(), Choosing::Failed, usize::MAX);
    let mut expected = views.clone();
    expected.retain(|view| view.state == State::Failed && view.continued_by.is_none());
    let expected: Vec<RunId> = expected.iter().rev().map(|view| view.id).collect();
    match search.answer(process.index.as_ref()).map_err(said)? {
        Answer::Chosen(chosen) if chosen.runs == expected => {}
        other => return Err(format!("the index chooses {other:?} and not {expected:?}")),
    }
    match process.index.count(&all).map_err(said)? {
        Count::Exactly(count) if count == views.len() as u64 => Ok(()),
        other => Err(format!("the index counts {other:?} runs")),
    }
}
