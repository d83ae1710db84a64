//! The progress of one run: a spinner per step on a terminal, plain lines elsewhere.

use super::say;
use flowmesh_host::follow::{Attempt, Happening, Item, NoteItem, What};
use flowmesh_ir::flow::{End, Flow, On};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

/// Makes the command that sends a signal from its name and payload.
type Signal<'a> = Box<dyn Fn(&str, &str) -> String + 'a>;

/// Makes the command that decides how a parked run goes on from a choice.
type Decide<'a> = Box<dyn Fn(&str) -> String + 'a>;

/// What is shown of one run.
pub(crate) struct Progress<'a> {
    flow: &'a Flow,
    /// Makes the command that sends a signal from its name and payload.
    signal: Signal<'a>,
    decide: Decide<'a>,
    /// When the steps that are under way began, by title.
    begun: BTreeMap<String, Timestamp>,
    bars: Option<Bars>,
}

/// Spinners on a terminal.
struct Bars {
    all: MultiProgress,
    active: BTreeMap<String, ProgressBar>,
}

impl<'a> Progress<'a> {
    /// Nothing yet. `signal` makes the command that sends a signal from its name and payload, `decide` the one that
    /// decides.
    pub(crate) fn new(
        flow: &'a Flow,
        signal: impl Fn(&str, &str) -> String + 'a,
        decide: impl Fn(&str) -> String + 'a,
    ) -> Self {
        let terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bars = terminal.then(|| Bars {
            all: MultiProgress::new(),
            active: BTreeMap::new(),
        });
        super::spin(bars.as_ref().map(|bars| bars.all.clone()));
        Self {
            flow,
            signal: Box::new(signal),
            decide: Box::new(decide),
            begun: BTreeMap::new(),
            bars,
        }
    }

    /// Shows what happened.
    pub(crate) fn item(&mut self, item: &Item) {
        match item {
            Item::Event(happening) => self.happening(happening),
            Item::Attempt(attempt) => attempted(attempt),
            Item::Lagged => {}
        }
    }

    fn happening(&mut self, happening: &Happening) {
        if let What::Signalled { signal, .. } = &happening.what {
            say(format!("  ! signal `{signal}`"));
        }
        match &happening.what {
            What::Paused { reason } => say(format!("  = paused: {reason}")),
            What::Continued => say("  = goes on from here by itself"),
            What::Resumed => say("  = goes on"),
            What::Edited { set } => {
                for edit in set {
                    say(format!("  = {} is {}", edit.variable, edit.value.get()));
                }
            }
            _ => {}
        }
        for note in &happening.notes {
            match note {
                NoteItem::StepStarted { step } => self.started(step, happening.at),
                NoteItem::StepDone { step } => self.ended(step, happening.at, None),
                NoteItem::StepFailed { step, error: why } => {
                    self.ended(step, happening.at, Some(&error(why)));
                }
                NoteItem::Undoing { error: why } => {
                    let why = why
                        .as_ref()
                        .map_or_else(|| "it was cancelled".to_owned(), |why| error(why));
                    say(format!("  < undoing what was done: {why}"));
                }
                NoteItem::Parked {
                    step,
                    error: why,
                    choices,
                } => self.parked(step, &error(why), choices),
                NoteItem::StepReused { step, run, at } => {
                    say(format!("  ~ {step}: its result is that of run {run}, of {at}"));
                }
                NoteItem::StepSkipped { step } => {
                    self.ended(step, happening.at, Some("not undone, by decision"));
                }
                NoteItem::StepStopped { step } => self.ended(step, happening.at, Some("given up")),
                NoteItem::Tagged { key, value } => say(format!("  # {key} = {value}")),
                NoteItem::Restarted => say("  . begins anew"),
                NoteItem::Log { text } => say(format!("  | {text}")),
            }
        }
    }

    /// The run goes on only when somebody decides: which choices there are, and the commands.
    fn parked(&self, step: &str, why: &str, choices: &[&str]) {
        say(format!("  ? {step}: {why}"));
        say("    the run waits for a decision; from another terminal, one of");
        for choice in choices {
            say(format!("    {}", (self.decide)(choice)));
        }
    }

    fn started(&mut self, step: &str, at: Timestamp) {
        self.begun.insert(step.to_owned(), at);
        match &mut self.bars {
            Some(bars) => bars.add(step),
            None => say(format!("  > {step}")),
        }
        if let Some(lines) = self.how_to_signal(step) {
            say(lines);
        }
    }

    fn ended(&mut self, step: &str, at: Timestamp, why: Option<&str>) {
        if let Some(bar) = self.bars.as_mut().and_then(|bars| bars.active.remove(step)) {
            bar.finish_and_clear();
        }
        let took = self
            .begun
            .remove(step)
            .map(|begun| short(at.duration_since(begun)));
        let took = took.map_or_else(String::new, |took| format!("  {took}"));
        say(match why {
            None => format!("  + {step}{took}"),
            Some(why) => format!("  x {step}: {why}{took}"),
        });
    }

    /// If the step waits for a signal: which, and the command that sends it.
    fn how_to_signal(&self, title: &str) -> Option<String> {
        let wait = self.flow.states.iter().find_map(|state| match &state.end {
            End::Wait(wait) if self.flow.steps.get(state.step?.index())?.title == title => Some(wait),
            _ => None,
        })?;
        let signal = wait.arms.iter().find_map(|arm| match &arm.on {
            On::Signal(signal) => self.flow.signals.get(signal.index()),
            _ => None,
        })?;
        let fields: Vec<String> = signal
            .params
            .iter()
            .map(|field| format!("\"{}\": ...", field.name))
            .collect();
        let payload = if fields.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", fields.join(", "))
        };
        let command = (self.signal)(&signal.name, &payload);
        Some(format!(
            "    waits for the signal `{}`; from another terminal:\n    {command}",
            signal.name
        ))
    }
}

/// Takes the spinners away, however the following ends.
impl Drop for Progress<'_> {
    fn drop(&mut self) {
        super::spin(None);
        if let Some(bars) = &mut self.bars {
            let _ = bars.all.clear();
        }
    }
}

impl Bars {
    fn add(&mut self, step: &str) {
        let style = ProgressStyle::with_template("  {spinner} {msg}  {elapsed}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.all.add(
            ProgressBar::new_spinner()
                .with_style(style)
                .with_message(step.to_owned()),
        );
        bar.enable_steady_tick(Duration::from_millis(120));
        self.active.insert(step.to_owned(), bar);
    }
}

fn attempted(attempt: &Attempt) {
    let Some(wait) = attempt.retry_ms else { return };
    let Attempt {
        step,
        attempt,
        outcome,
        ..
    } = attempt;
    say(format!(
        "  ~ {step}: attempt {attempt}: {outcome}; again in {wait} ms"
    ));
}

/// An error on one line, from an object with `name` and `fields`: `Declined(reason: "no funds")`.
pub(crate) fn error(json: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Read {
        name: String,
        #[serde(default)]
        fields: Map<String, Value>,
    }
    match serde_json::from_str(json.get()) {
        Ok(Read { name, fields }) => call(&name, &fields),
        Err(_) => json.get().to_owned(),
    }
}

fn call(name: &str, fields: &Map<String, Value>) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if fields.is_empty() {
        name.to_owned()
    } else {
        format!("{name}({})", fields.join(", "))
    }
}

/// A length of time as people say it.
pub(crate) fn short(time: SignedDuration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 120.0 => format!("{seconds:.1} s"),
        seconds => format!("{:.0} min", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{error, short};
    use jiff::SignedDuration;
    use serde_json::value::RawValue;

    #[test]
    fn an_error_is_one_line() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("JSON");
        let shown = error(&raw(r#"{"name":"Declined","fields":{"reason":"no funds"}}"#));
        assert_eq!(shown, "Declined(reason: \"no funds\")");
        assert_eq!(error(&raw(r#"{"name":"Gone","fields":{}}"#)), "Gone");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(short(SignedDuration::from_millis(12)), "12 ms");
        assert_eq!(short(SignedDuration::from_millis(2_500)), "2.5 s");
        assert_eq!(short(SignedDuration::from_secs(600)), "10 min");
    }
}
