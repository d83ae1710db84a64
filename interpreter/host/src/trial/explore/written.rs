//! A way as a test that goes the same way by itself: everything that happened has its moment, and answers, signals and
//! timers are put to their moments by `after` and `advance`.

use super::{
    super::{Failure, world::World},
    moves::Move,
    retell::{Asked, Place, Told},
};
use crate::RunId;
use flowmesh_ir::{
    Value, print,
    test::{StepKind, Target},
};
use flowmesh_machine::{Outcome, TimerId};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// How much later something comes that has to come later than something else.
const LATER: SignedDuration = SignedDuration::from_millis(1);

/// How long runs are waited for that do not end.
const LONG: &str = "advance 365d";

/// A part of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A statement of the test that was explored, by its number.
    Statement(usize),
    /// A new line.
    Line(String),
}

/// A test of such parts, as text; `statement` gives the statements of the test that was explored.
#[must_use]
pub fn written<'s>(title: &str, parts: &'s [Part], statement: impl Fn(usize) -> &'s str) -> String {
    let mut lines = vec![format!("test {title:?} {{")];
    lines.extend(parts.iter().map(|part| match part {
        Part::Line(line) => format!("  {line}"),
        Part::Statement(number) => format!("  {}", statement(*number)),
    }));
    lines.push("}".to_owned());
    lines.join("\n")
}

/// What happened, each at its moment.
pub(super) struct Story {
    told: Vec<Told>,
    /// When each of it happens in the test that is written, in its virtual time.
    moments: Vec<SignedDuration>,
    calls: BTreeMap<Place, Answered>,
}

/// A call, and when it is answered.
struct Answered {
    /// After which of what happened it was made.
    made: usize,
    /// How manyth call it is.
    order: usize,
    /// How long its answer takes; `None` never comes.
    delay: Option<SignedDuration>,
    /// Its answer.
    answer: String,
    /// Whether that is what its mock says.
    plain: bool,
    /// Whether it has many answers.
    stream: bool,
}

impl Story {
    pub(super) fn of(world: &World<'_>, told: Vec<Told>) -> Self {
        let mut story = Self {
            told: Vec::new(),
            moments: Vec::new(),
            calls: BTreeMap::new(),
        };
        let begin = world.mirrors.begin;
        // The items of a stream have one delay in common: it is there where a process has to end between two of them.
        let crashes = told.iter().any(|told| told.what == Move::Crash);
        let mut armed: BTreeMap<(RunId, TimerId), SignedDuration> = BTreeMap::new();
        for one in told {
            let now = one.at.duration_since(begin);
            let last = story.last();
            let at = match one.what {
                Move::Deliver(run, call) => story.answered((run, call), now, None),
                Move::Fail(run, call, _) => story.answered((run, call), now, one.failed.clone()),
                Move::Fire(run, timer) => armed.get(&(run, timer)).copied().unwrap_or(now).max(last),
                Move::Pass(_) => last,
                Move::Statement(_) | Move::Crash => last.max(now),
            };
            for (timer, due) in &one.armed {
                armed.insert(*timer, at.saturating_add(due.duration_since(one.at)));
            }
            let made = story.told.len();
            for (place, asked) in &one.calls {
                let call = Answered {
                    made,
                    order: story.calls.len(),
                    delay: match asked.stream && crashes {
                        true => Some(LATER),
                        false => Some(asked.due.duration_since(one.at)),
                    },
                    answer: asked.answer.clone(),
                    plain: !(asked.stream && crashes),
                    stream: asked.stream,
                };
                story.calls.insert(*place, call);
            }
            let order = story.calls.len();
            for place in &one.asked {
                if let Some(call) = story.calls.get_mut(place).filter(|call| call.stream) {
                    (call.made, call.order) = (made, order);
                }
            }
            story.told.push(one);
            story.moments.push(at);
        }
        story.never();
        story
    }

    fn last(&self) -> SignedDuration {
        self.moments.last().copied().unwrap_or_default()
    }

    fn moment(&self, at: usize) -> SignedDuration {
        self.moments.get(at).copied().unwrap_or_default()
    }

    /// When a call would be answered by itself, and after which others at that moment.
    fn by_itself(&self, call: &Answered) -> Option<(SignedDuration, usize)> {
        Some((self.moment(call.made).saturating_add(call.delay?), call.order))
    }

    /// A call is answered now: by itself, or because its mock is made to say so.
    fn answered(&mut self, place: Place, now: SignedDuration, failed: Option<String>) -> SignedDuration {
        let Some(call) = self.calls.get(&place) else {
            return self.last();
        };
        let natural = self
            .by_itself(call)
            .filter(|natural| self.is_natural(call, *natural));
        let at = match natural {
            Some((at, _)) => at,
            None => self.last().saturating_add(LATER).max(now),
        };
        let delay = at.saturating_sub(self.moment(call.made));
        if let Some(call) = self
            .calls
            .get_mut(&place)
            .filter(|call| !call.stream || failed.is_some())
        {
            call.plain = natural.is_some() && failed.is_none();
            call.delay = Some(delay);
            call.answer = failed.unwrap_or(std::mem::take(&mut call.answer));
        }
        at
    }

    /// Whether nothing that happened since the call was made comes after its answer, by itself.
    fn is_natural(&self, call: &Answered, natural: (SignedDuration, usize)) -> bool {
        let since = call.made.saturating_add(1);
        let happened = self.told.iter().zip(&self.moments).skip(since);
        natural.0 >= self.last()
            && happened.into_iter().all(|(told, at)| match told.what {
                Move::Statement(_) | Move::Crash => *at < natural.0,
                Move::Deliver(run, call) | Move::Fail(run, call, _) => {
                    let order = self.calls.get(&(run, call)).map_or(0, |call| call.order);
                    (*at, order) < natural
                }
                Move::Fire(..) => *at <= natural.0,
                Move::Pass(_) => true,
            })
    }

    /// What has not come in the end does not come before.
    fn never(&mut self) {
        let come = |what: &Move| match what {
            Move::Deliver(run, call) | Move::Fail(run, call, _) => Some((*run, *call)),
            _ => None,
        };
        let heard: BTreeSet<Place> = self.told.iter().filter_map(|told| come(&told.what)).collect();
        // Before a statement everything comes that is due; before a reply, what was asked for before.
        let last = self.told.last().and_then(|told| come(&told.what));
        let last = last.and_then(|place| self.calls.get(&place));
        let end = (self.last(), last.map_or(usize::MAX, |call| call.order));
        let early = |(place, call): &(&Place, &Answered)| {
            !heard.contains(place)
                && !call.stream
                && self.by_itself(call).is_some_and(|natural| natural <= end)
        };
        let late: Vec<Place> = self.calls.iter().filter(early).map(|(place, _)| *place).collect();
        for place in late {
            if let Some(call) = self.calls.get_mut(&place) {
                (call.delay, call.plain) = (None, false);
            }
        }
    }

    /// The test.
    pub(super) fn written(&self, world: &World<'_>, failure: &Failure) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut now = SignedDuration::ZERO;
        let mut passes = |parts: &mut Vec<Part>, to: SignedDuration| {
            if to > now {
                parts.push(line(format!("advance {}", duration(to.saturating_sub(now)))));
                now = to;
            }
        };
        for (number, told) in self.told.iter().enumerate() {
            if !matches!(told.what, Move::Statement(_) | Move::Crash) {
                continue;
            }
            let done = told.done.iter().filter(|at| !is_time(world, **at));
            let done: Vec<Part> = done.map(|at| Part::Statement(*at)).collect();
            let mocks = self.mocks(number);
            if done.is_empty() && mocks.is_empty() && told.what != Move::Crash {
                continue;
            }
            passes(&mut parts, self.moment(number));
            parts.extend(mocks.into_iter().map(line));
            parts.extend(done);
            if told.what == Move::Crash {
                parts.push(line("crash".to_owned()));
            }
        }
        passes(&mut parts, self.last());
        parts.extend(expected(world, failure).into_iter().map(line));
        parts
    }

    /// The mocks of the calls that are made from one statement up to the next, where they have to say something of
    /// their own.
    fn mocks(&self, statement: usize) -> Vec<String> {
        let speaks = |told: &Told| matches!(told.what, Move::Statement(_) | Move::Crash);
        let after = self.told.iter().skip(statement.saturating_add(1));
        let next = after.take_while(|told| !speaks(told)).count();
        let until = statement.saturating_add(next);
        let own = self.own();
        let mut mocks: Vec<(String, Vec<String>)> = Vec::new();
        let told = self.told.iter().take(until.saturating_add(1)).skip(statement);
        for (place, asked) in told.flat_map(|told| &told.calls) {
            let Some(call) = self.calls.get(place).filter(|_| own.contains(&asked.call.target)) else {
                continue;
            };
            let answer = said(call);
            match mocks.iter_mut().find(|(shown, _)| *shown == pattern(asked)) {
                Some((_, answers)) => answers.push(answer),
                None => mocks.push((pattern(asked), vec![answer])),
            }
        }
        let mock = |(call, answers): (String, Vec<String>)| {
            format!("mock {call} -> {} 1 times", answers.join(", then "))
        };
        mocks.into_iter().map(mock).collect()
    }

    /// What has to be answered otherwise than the mocks of the test say.
    fn own(&self) -> BTreeSet<Target> {
        let calls = self.told.iter().flat_map(|told| &told.calls);
        let own = calls.filter(|(place, _)| self.calls.get(place).is_some_and(|call| !call.plain));
        own.map(|(_, asked)| asked.call.target).collect()
    }
}

/// What is expected in the end, where what happened is not itself a failure of the test.
fn expected(world: &World<'_>, failure: &Failure) -> Vec<String> {
    let mut lines = Vec::new();
    if failure.code.0 != 1136 {
        return lines;
    }
    let steps = world.test.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Start { run, .. } => Some(*run),
        _ => None,
    });
    let starts: Vec<_> = steps.collect();
    for (at, slot) in starts.iter().enumerate() {
        let last = at.saturating_add(1) == starts.len();
        let name = world.test.slots.get(slot.index()).map(|slot| slot.name.as_str());
        let name = match name {
            Some(name) if !name.starts_with('_') => name,
            _ if last => "run",
            _ => continue,
        };
        match world.mirror(*slot).map(|mirror| mirror.run.outcome()) {
            Some(None) => lines.push(format!(
                "expect {name}.status in [\"done\", \"failed\", \"cancelled\"]"
            )),
            Some(Some(Outcome::Failed(_))) => lines.push(format!("expect {name}.status != \"failed\"")),
            _ => {}
        }
    }
    lines.insert(0, LONG.to_owned());
    lines
}

fn is_time(world: &World<'_>, at: usize) -> bool {
    let step = world.test.steps.get(at);
    step.is_some_and(|step| matches!(step.kind, StepKind::Advance(_) | StepKind::Expect(_)))
}

/// The call as a pattern; arguments that are too long to be written are any.
fn pattern(asked: &Asked) -> String {
    match asked.shown.ends_with("...") {
        false => asked.shown.clone(),
        true => {
            let title = asked.shown.split('(').next().unwrap_or_default();
            let any: Vec<&str> = asked.call.arguments.iter().map(|_| "_").collect();
            format!("{title}({})", any.join(", "))
        }
    }
}

/// An answer with its delay.
fn said(call: &Answered) -> String {
    match call.delay {
        None => "never".to_owned(),
        Some(delay) if delay.is_positive() => format!("after {} {}", duration(delay), call.answer),
        Some(_) => call.answer.clone(),
    }
}

fn duration(length: SignedDuration) -> String {
    print::value(&Value::Duration(length))
}

fn line(text: String) -> Part {
    Part::Line(text)
}
