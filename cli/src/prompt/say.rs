//! Saying something and asking for values: what came of it, shown.

use super::{
    Talk, paint,
    stage::{Done, No},
};
use crate::draw;
use flowmesh_frontend::prompt::{Bound, Line as Said};
use flowmesh_host::trial::{self, Line, Look};
use flowmesh_ir::{
    Value as Literal, print,
    test::{Step, StepKind},
};

/// How wide a value is before it is broken over several lines.
const WIDTH: usize = 100;

/// So many lines of what happened are shown: the last ones.
const TRAIL_MAX: usize = 200;

impl Talk<'_> {
    /// Says a statement.
    pub(super) fn say(&mut self, text: &str) -> Result<(), No> {
        self.line(Said::Statement(text.to_owned()))
    }

    /// Says something, and shows what came of it.
    pub(super) fn line(&mut self, line: Said) -> Result<(), No> {
        let before = self.stage.scene.as_ref().map_or(0, |scene| scene.trail.len());
        let done = self.stage.say(line)?;
        self.findings(&done.beside.found, &done.beside.sources);
        let mut lines: Vec<String> = news(&done, before);
        if let Some(step) = done.made.test.steps.last() {
            lines.extend(self.outcome(step, &done, lines.is_empty()));
        }
        if !lines.is_empty() {
            self.show(&lines.join("\n"));
        }
        Ok(())
    }

    /// What a statement has led to, beside what happened.
    fn outcome(&mut self, step: &Step, done: &Done, quiet: bool) -> Option<String> {
        match &step.kind {
            StepKind::Let { slot, .. }
            | StepKind::Send {
                answer: Some(slot), ..
            } => {
                let bound = done.made.bound.iter().find(|bound| bound.slot == *slot)?;
                let value = value(bound, done)?;
                Some(format!("{} = {value}", bound.name))
            }
            StepKind::Start { run, .. } | StepKind::Fork { run, .. } => {
                let number = done.scene.number(done.scene.slots.get(run.index())?)?;
                self.focus = Some(number);
                let look = done.scene.look(number)?;
                Some(format!("{}{}", self.called(number), stands(&look)))
            }
            StepKind::Expect(_) | StepKind::Always(_) => Some(paint::good("it holds")),
            StepKind::Advance(_) => {
                let passed = time(done.scene.passed);
                Some(paint::dim(&format!("{passed} have passed")))
            }
            StepKind::Mock(_) | StepKind::Target { .. } => Some(paint::dim("from now on")),
            StepKind::Unmock(_) | StepKind::Config { .. } => Some(paint::dim("done")),
            _ => quiet.then(|| paint::dim("nothing happens by it")),
        }
    }

    /// The name of the run in the session, where it has one.
    pub(super) fn called(&self, number: usize) -> String {
        let bound = self.stage.bound.iter().rev();
        let scene = self.stage.scene.as_ref();
        let is = |bound: &&Bound| {
            let slot = scene.and_then(|scene| scene.slots.get(bound.slot.index()));
            let value = slot.zip(scene);
            bound.run.is_some() && value.is_some_and(|(value, scene)| scene.number(value) == Some(number))
        };
        let found = bound.into_iter().find(is);
        found.map_or_else(String::new, |bound| format!("{}: ", paint::name(&bound.name)))
    }

    /// Shows the value and type of an expression.
    pub(super) fn ask(&mut self, text: &str) -> Result<(), No> {
        let done = self.stage.ask(text)?;
        self.findings(&done.beside.found, &done.beside.sources);
        let Some(asked) = &done.made.asked else {
            return Ok(());
        };
        match (&asked.run, done.scene.slots.get(asked.slot.index())) {
            (Some(_), Some(slot)) => {
                let number = done.scene.number(slot);
                self.focus = number.or(self.focus);
                let look = number.and_then(|number| done.scene.look(number));
                if let Some(look) = look {
                    draw::answer(stands(&look));
                }
            }
            _ => self.show(&value(asked, &done).unwrap_or_default()),
        }
        Ok(())
    }
}

/// A value with its type beside it.
fn value(bound: &Bound, done: &Done) -> Option<String> {
    let value = done.scene.slots.get(bound.slot.index())?;
    let ty = bound.ty.as_ref()?;
    let text = trial::value_text(&done.made.program, ty, value);
    let text = paint::code(&paint::laid_out(&text, WIDTH));
    Some(format!(
        "{text}  {}",
        paint::dim(&format!(": {}", bound.type_text))
    ))
}

/// What has happened since.
fn news(done: &Done, before: usize) -> Vec<String> {
    let trail = done.scene.trail.get(before..).unwrap_or_default();
    let hidden = trail.len().saturating_sub(TRAIL_MAX);
    let mut lines: Vec<String> = match hidden {
        0 => Vec::new(),
        hidden => vec![paint::dim(&format!("... {hidden} lines before these"))],
    };
    lines.extend(trail.iter().skip(hidden).map(|told| line(told, true)));
    lines
}

/// A line of what happened.
pub(super) fn line(line: &Line, colours: bool) -> String {
    let (at, run) = (format!("{:>8}", time(line.at)), format!("{:<14}", line.run));
    match colours {
        true => format!("{}  {}  {}", paint::dim(&at), paint::name(&run), line.what),
        false => format!("{at}  {run}  {}", line.what),
    }
}

/// How a run stands, on one line.
pub(super) fn stands(look: &Look) -> String {
    let status = match look.status.as_str() {
        "done" => paint::good("done"),
        "failed" | "terminated" => paint::bad(&look.status),
        other => other.to_owned(),
    };
    let mut text = format!(
        "{} is {status}",
        paint::name(&format!("{} {}", look.flow, look.number))
    );
    match &look.outcome {
        Some(outcome) if !outcome.is_empty() => text += &format!(": {}", paint::code(outcome)),
        _ if look.steps.is_empty() => {}
        _ => text += &format!(" at {}", look.steps.join(", ")),
    }
    text
}

/// A length of virtual time since the beginning.
pub(super) fn time(passed: jiff::SignedDuration) -> String {
    format!("+{}", print::value(&Literal::Duration(passed)))
}
