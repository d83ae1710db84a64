//! The runs of the session: all of them, one of them, one of them as it was, and one that goes on from there.

use super::{
    Talk, misused, paint,
    say::{stands, time},
    stage::No,
};
use crate::draw::{self, table};
use flowmesh_frontend::prompt::{Bound, Line};
use flowmesh_host::trial::{Happening, Look, Scene};
use flowmesh_ir::Name;

/// How much of a variable is shown on its line.
const VALUE_MAX: usize = 400;

impl Talk<'_> {
    /// `:runs`
    pub(super) fn runs(&mut self) -> Result<(), No> {
        if let Some(attached) = &self.attached {
            let text = attached.runs()?;
            self.show(&text);
            return Ok(());
        }
        let all = self.stage.scene.as_ref().map(Scene::runs).unwrap_or_default();
        if all.is_empty() {
            draw::say("no run was started: `let run = start FLOW(...)`");
            return Ok(());
        }
        let row = |look: &Look| {
            let called = self.called(look.number);
            let called = anstream::adapter::strip_str(called.trim_end_matches(": ")).to_string();
            let what = match &look.outcome {
                Some(outcome) => outcome.clone(),
                None if look.awaits.is_empty() => look.steps.join(", "),
                None => format!("{}: {}", look.steps.join(", "), look.awaits.join(", ")),
            };
            vec![
                look.number.to_string(),
                called.trim_end_matches(':').to_owned(),
                look.flow.to_string(),
                look.status.clone(),
                time(look.began),
                shortened(&what, 60),
            ]
        };
        let text = table::lay(
            &["RUN", "NAME", "FLOW", "STATE", "BEGAN", "AT"],
            all.iter().map(row),
        );
        self.show(&text);
        Ok(())
    }

    /// `:inspect`, `:inspect run`, `:inspect 2`
    pub(super) fn inspect(&mut self, run: &str) -> Result<(), No> {
        if let Some(attached) = &self.attached {
            let text = attached.inspect(run)?;
            self.show(&text);
            return Ok(());
        }
        let number = self.number_of(run)?;
        self.focus = Some(number);
        let text = self.stage.scene.as_ref().and_then(|scene| {
            let look = scene.look(number)?;
            Some(format!(
                "{}{}\n\n{}",
                self.called(number),
                described(&look),
                journal(&scene.history(number))
            ))
        });
        self.show(&text.unwrap_or_default());
        Ok(())
    }

    /// `:at 3`, `:at 3 run`
    pub(super) fn at(&mut self, text: &str) -> Result<(), No> {
        let (event, run) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let Ok(sequence) = event.parse::<u64>() else {
            return Err(misused(
                &format!(":at {text}"),
                "an event is to be named by its number",
                "write `:at 3`, or `:at 3 run`; `:inspect` shows the numbers",
            ));
        };
        if let Some(attached) = &self.attached {
            let text = attached.at(sequence, run)?;
            self.show(&text);
            return Ok(());
        }
        let number = self.number_of(run.trim())?;
        self.focus = Some(number);
        let scene = self.stage.scene.as_ref();
        let look = scene.and_then(|scene| scene.look_at(number, sequence));
        let Some(look) = look else {
            let events = scene
                .and_then(|scene| scene.look(number))
                .map_or(0, |look| look.events);
            let why = format!("the run has the events 0 to {}", events.saturating_sub(1));
            return Err(misused(&format!(":at {text}"), &why, "`:inspect` shows them"));
        };
        let what = scene.map(|scene| scene.history(number)).unwrap_or_default();
        let here = what.iter().find(|happening| happening.sequence == sequence);
        let here = here.map(event_line).unwrap_or_default();
        self.show(&format!(
            "behind event {sequence}:\n{here}\n\n{}",
            described(&look)
        ));
        Ok(())
    }

    /// `:fork run at 3 as other`
    pub(super) fn fork(&mut self, text: &str) -> Result<(), No> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (of, event, name) = match words.as_slice() {
            [of, "at", event] => (*of, *event, None),
            [of, "at", event, "as", name] => (*of, *event, Some(*name)),
            _ => ("", "", None),
        };
        let Ok(sequence) = event.parse::<u64>() else {
            return Err(misused(
                &format!(":fork {text}"),
                "a run and one of its events are to be named",
                "write `:fork run at 3`, or `:fork run at 3 as other`; `:inspect` shows the numbers",
            ));
        };
        if self.attached.is_some() {
            return Err(misused(
                &format!(":fork {text}"),
                "only runs of the session are forked",
                "`:detach` goes back to it; `flowmesh runs restart` begins a run of a server anew from a step",
            ));
        }
        let of = self.name_of(of)?;
        let name = name.map_or_else(|| self.free_name(&of), Name::from);
        self.line(Line::Fork {
            name,
            of: of.to_string(),
            events: sequence.saturating_add(1),
        })
    }

    /// A name that nothing has yet.
    fn free_name(&self, of: &str) -> Name {
        let taken = |name: &str| self.stage.bound.iter().any(|bound| bound.name == name);
        let mut all = (2_u32..).map(|number| format!("{of}_{number}"));
        all.find(|name| !taken(name)).map(Name::from).unwrap_or_default()
    }

    /// The number of a run that is named; the one that was looked at last where nothing is said.
    fn number_of(&self, run: &str) -> Result<usize, No> {
        let scene = self.stage.scene.as_ref();
        let runs = scene.map_or(0, |scene| scene.runs().len());
        let known = |number: usize| (1..=runs).contains(&number);
        let found = match run {
            "" => self
                .focus
                .filter(|number| known(*number))
                .or((runs > 0).then_some(runs)),
            run => match run.trim_start_matches('#').parse::<usize>() {
                Ok(number) => Some(number).filter(|number| known(*number)),
                Err(_) => self.bound_run(run).and_then(|bound| {
                    let scene = scene?;
                    scene.number(scene.slots.get(bound.slot.index())?)
                }),
            },
        };
        found.ok_or_else(|| self.no_run(run))
    }

    fn no_run(&self, run: &str) -> No {
        let names = self.stage.bound.iter().filter(|bound| bound.run.is_some());
        let names: Vec<&str> = names.map(|bound| bound.name.as_str()).collect();
        let help = match names.as_slice() {
            [] => "start one with `let run = start FLOW(...)`".to_owned(),
            names => format!("there are {}; `:runs` shows all", names.join(", ")),
        };
        misused(run, "there is no such run", &help)
    }

    fn bound_run(&self, name: &str) -> Option<&Bound> {
        let mut all = self.stage.bound.iter().rev();
        all.find(|bound| bound.name == name && bound.run.is_some())
    }

    /// The name of a run that statements can use.
    pub(super) fn name_of(&self, run: &str) -> Result<Name, No> {
        if let Some(bound) = self.bound_run(run) {
            return Ok(bound.name.clone());
        }
        let number = self.number_of(run)?;
        let scene = self.stage.scene.as_ref();
        let is = |bound: &&Bound| {
            let value = scene.and_then(|scene| scene.slots.get(bound.slot.index()));
            bound.run.is_some()
                && scene.zip(value).and_then(|(scene, value)| scene.number(value)) == Some(number)
        };
        let found = self.stage.bound.iter().find(is);
        found.map(|bound| bound.name.clone()).ok_or_else(|| {
            misused(
                run,
                "the run has no name here",
                "only a run that was started with `let NAME = start FLOW(...)` can be spoken to",
            )
        })
    }
}

/// How a run stands, in full.
pub(super) fn described(look: &Look) -> String {
    let mut lines = vec![stands(look)];
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {}  {text}", paint::dim(&format!("{name:<9}"))));
        }
    };
    fact("began", time(look.began));
    fact("events", look.events.to_string());
    fact("awaits", look.awaits.join(", "));
    let tags = look.tags.iter();
    let tags: Vec<String> = tags.map(|(key, value)| format!("{key} = {value:?}")).collect();
    fact("tags", tags.join(", "));
    let width = look
        .variables
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    if !look.variables.is_empty() {
        lines.push(format!("  {}", paint::dim("variables")));
    }
    for (name, value) in &look.variables {
        let value = paint::code(&shortened(value, VALUE_MAX));
        lines.push(format!("    {name:<width$}  {value}"));
    }
    lines.join("\n")
}

/// What happened to a run, one event after the other.
fn journal(all: &[Happening]) -> String {
    let lines: Vec<String> = all.iter().map(event_line).collect();
    format!("{}\n{}", paint::dim("  event     time"), lines.join("\n"))
}

/// An event, and below it what followed.
pub(super) fn event_line(happening: &Happening) -> String {
    let mut what = happening.what.iter();
    let first = what.next().map_or("", String::as_str);
    let head = format!(
        "  {:>5}  {}  {first}",
        happening.sequence,
        paint::dim(&format!("{:>7}", time(happening.at)))
    );
    let rest = what.map(|what| format!("\n                  {what}"));
    head + &rest.collect::<String>()
}

/// A text that is not longer than a line allows.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
