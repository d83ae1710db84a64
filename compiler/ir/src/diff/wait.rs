//! What a run that rests at a state waits for, in words that are the same where another state can take its place.

use super::{Obstacle, Side, pair::migrated};
use crate::{
    SignalId, StepId,
    flow::{Branch, Branches, End, Need, On, Over, Region, Rest, Tie},
    print,
};

/// Why a run that waits at one state does not wait for the same at another. Whoever says in a migration that it waits
/// there may have it wait for another signal or event: nobody owes it one.
pub(super) fn otherwise((old, new): (&Side<'_>, &Side<'_>), from: usize, to: usize) -> Option<Obstacle> {
    let end = |side: &Side<'_>, at: usize| side.flow.states.get(at).map(|state| state.end.clone());
    let (before, after) = (end(old, from)?, end(new, to)?);
    let (was, is) = (wait(old, &before), wait(new, &after));
    let said = old.step(from).is_some_and(|title| migrated(new, title).is_some());
    let same = was == is || (said && arms(&before).is_some_and(|was| arms(&after) == Some(was)));
    (!same).then_some(Obstacle::OtherWait(was, is))
}

/// The arms of a wait by their kinds alone.
fn arms(end: &End) -> Option<Vec<&'static str>> {
    let End::Wait(wait) = end else { return None };
    let kinds = wait.arms.iter().map(|arm| match &arm.on {
        On::Signal(_) => "signal",
        On::Event { .. } => "event",
        On::After(_) | On::At(_) => "time",
        On::Condition(_) => "condition",
        On::Task(_) => "task",
    });
    Some(kinds.collect())
}

/// What a run waits for at a state that ends so, so far as it matters to who answers and to what was begun.
fn wait(side: &Side<'_>, end: &End) -> String {
    match end {
        End::Call(call) => print::whole_operation(side.program, &call.target),
        End::Stream(stream) => format!("stream {}", print::whole_operation(side.program, &stream.target)),
        End::Start(start) => {
            let flow = side.program.flow(start.flow);
            let result = flow.map_or_else(String::new, |flow| print::whole_type(side.program, &flow.result));
            let name = flow.map_or("?", |flow| flow.name.as_str());
            match start.tie {
                Tie::Child => format!("flow {name} -> {result}"),
                Tie::Apart => format!("the start of flow {name}"),
            }
        }
        End::Sleep { .. } | End::SleepUntil { .. } => "a time".to_owned(),
        End::Wait(wait) => {
            let all: Vec<String> = wait.arms.iter().map(|arm| arm_on(side, &arm.on)).collect();
            all.join(", ")
        }
        End::Region(region) => self::region(side, region),
        End::Emit(emit) => print::whole_event(side.program, emit.event),
        End::Shift(shift) => {
            let service = side.program.service(shift.service);
            let subsets = service.into_iter().flat_map(|service| &service.subsets);
            let names: Vec<&str> = subsets.map(|subset| subset.name.as_str()).collect();
            let name = service.map_or("?", |service| service.name.as_str());
            format!("traffic of {name} between {}", names.join(", "))
        }
        End::Probe { .. } => "whether something exists".to_owned(),
        _ => String::new(),
    }
}

fn arm_on(side: &Side<'_>, on: &On) -> String {
    match on {
        On::Signal(id) => signal(side, *id),
        On::Event { event, .. } => print::whole_event(side.program, *event),
        On::After(_) | On::At(_) => "a time".to_owned(),
        On::Condition(_) => "a condition".to_owned(),
        On::Task(_) => "a task".to_owned(),
    }
}

fn signal(side: &Side<'_>, id: SignalId) -> String {
    let signal = side.flow.signals.get(id.index());
    signal.map_or_else(String::new, |signal| print::whole_signal(side.program, signal))
}

fn region(side: &Side<'_>, region: &Region) -> String {
    let mut words = vec![match &region.branches {
        Branches::Fixed(branches) => {
            let each: Vec<String> = branches.iter().map(branch).collect();
            match each.iter().any(|text| !text.is_empty()) {
                true => format!("{} branches ({})", branches.len(), each.join("; ")),
                false => format!("{} branches", branches.len()),
            }
        }
        Branches::Each(each) => {
            let over = match &each.over {
                Over::List(_) => "item of a list".to_owned(),
                Over::Range(..) => "number of a range".to_owned(),
                Over::Signals(id) => signal(side, *id),
            };
            let gathers = if each.gather.is_some() { ", gathered" } else { "" };
            format!("a branch for each {over}{gathers}")
        }
    }];
    words.extend(match &region.need {
        Need::All => None,
        Need::Count(_) => Some("until so many are done".to_owned()),
        Need::Until(_) => Some("until a condition holds".to_owned()),
    });
    words.extend(match region.rest {
        Rest::Cancel => None,
        Rest::Finish => Some("the rest goes on".to_owned()),
        Rest::Later => Some("the rest before the next round".to_owned()),
    });
    words.extend(region.within.as_ref().map(|_| "within a time".to_owned()));
    words.extend(region.guard.as_ref().map(|guard| {
        let kind = match (&guard.permits, &guard.rate) {
            (None, None) => "under a lock",
            (_, None) => "under a limit",
            (_, Some(_)) => "under a rate",
        };
        let token = if guard.token.is_some() {
            " with its token"
        } else {
            ""
        };
        format!("{kind}{token}")
    }));
    words.extend(region.finally.map(|_| "with a `finally`".to_owned()));
    words.extend(region.name.map(|step| format!("named `{}`", title(side, step))));
    words.join(", ")
}

fn branch(branch: &Branch) -> String {
    let mut words = Vec::new();
    if branch.when.is_some() {
        words.push("if a condition holds".to_owned());
    }
    if !branch.after.is_empty() {
        words.push(format!("after {:?}", branch.after));
    }
    words.join(" ")
}

fn title<'a>(side: &Side<'a>, step: StepId) -> &'a str {
    side.flow
        .steps
        .get(step.index())
        .map_or("?", |step| step.title.as_str())
}
