//! What must hold.

use super::{
    calls::same,
    failure::{Checked, Failure},
    show,
    traced::is,
    world::World,
};
use flowmesh_ir::{
    ErrorId, Name, SlotId, Value,
    expr::Expr,
    print,
    test::{Expected, Pattern},
};
use flowmesh_machine::Outcome;
use std::sync::Arc;

impl World<'_> {
    /// Checks one expectation.
    pub(super) fn expect(&mut self, expected: &Expected) -> Checked<()> {
        match expected {
            Expected::Returns { run, value } => self.returns(*run, value),
            Expected::Fails { run, error, fields } => self.fails(*run, *error, fields.as_deref()),
            Expected::Is { run, status } => self.is(*run, status),
            Expected::At { run, step } => self.at(*run, step),
            Expected::Logs { run, text } => self.logs(*run, text),
            Expected::Calls {
                call,
                attempted,
                least,
                most,
            } => self.calls(call, *attempted, *least, *most),
            Expected::Before { first, then } => self.before(first, then),
            Expected::Spans {
                run,
                spans,
                least,
                most,
            } => self.spans(*run, spans, *least, *most),
            Expected::SpansBefore { run, first, then } => self.spans_before(*run, first, then),
            Expected::Holds(reading) => {
                let value = self.read(reading)?;
                match value {
                    Value::Bool(true) => Ok(()),
                    _ => self.holds_not(reading),
                }
            }
        }
    }

    fn returns(&mut self, run: SlotId, value: &Expr) -> Checked<()> {
        let expected = self.value(value)?;
        let Some(mirror) = self.mirror(run) else {
            return Ok(());
        };
        let program = &self.prepared.program;
        let Some(flow) = program.flow(mirror.flow) else {
            return Ok(());
        };
        match mirror.run.outcome() {
            Some(Outcome::Done(found)) if same(program, &flow.result, &expected, found) => Ok(()),
            _ => {
                let shown = show::value(program, &flow.result, &expected);
                self.otherwise(run, &format!("the run to return `{shown}`"))
            }
        }
    }

    fn fails(&mut self, run: SlotId, error: Option<ErrorId>, fields: Option<&[(Name, Expr)]>) -> Checked<()> {
        let mut values = Vec::new();
        for (name, value) in fields.unwrap_or_default() {
            values.push((name.clone(), self.value(value)?));
        }
        let Some(mirror) = self.mirror(run) else {
            return Ok(());
        };
        let program = &self.prepared.program;
        let def = error.and_then(|id| program.error(id));
        if let Some(Outcome::Failed(found)) = mirror.run.outcome() {
            let named = def.is_none_or(|def| def.name == found.name);
            let carries = values.iter().all(|(name, value)| {
                let field = def.and_then(|def| def.fields.iter().find(|field| field.name == *name));
                let none = Value::None;
                let found = found.fields.get(name).unwrap_or(&none);
                field.is_none_or(|field| same(program, &field.ty, value, found))
            });
            if named && carries {
                return Ok(());
            }
        }
        let wanted = match (def, fields) {
            (Some(def), Some(_)) => {
                let fields = values.into_iter().collect();
                let variant = flowmesh_ir::value::Variant {
                    name: def.name.clone(),
                    fields,
                };
                format!("the run to fail with `{}`", show::error(program, &variant))
            }
            (Some(def), None) => format!("the run to fail with `{}`", def.name),
            (None, _) => "the run to fail".to_owned(),
        };
        self.otherwise(run, &wanted)
    }

    fn is(&mut self, run: SlotId, status: &Name) -> Checked<()> {
        let found = self.mirror(run).map(|mirror| mirror.run.status());
        match found {
            Some(found) if found.as_str() != status.as_str() => {
                self.otherwise(run, &format!("the run to be {status}"))
            }
            _ => Ok(()),
        }
    }

    fn at(&mut self, run: SlotId, step: &str) -> Checked<()> {
        let Some(mirror) = self.mirror(run) else {
            return Ok(());
        };
        let program = &self.prepared.program;
        let here = mirror.steps(program);
        if here
            .iter()
            .any(|(title, label)| is(title, label.as_deref(), step))
        {
            return Ok(());
        }
        let steps = program.flow(mirror.flow).map_or(&[][..], |flow| &flow.steps);
        if !steps
            .iter()
            .any(|known| is(&known.title, known.label.as_deref(), step))
        {
            return Err(Box::new(Failure::no_step(self.span, step, steps)));
        }
        self.otherwise(run, &format!("the run to be at `{step}`"))
    }

    fn logs(&mut self, run: SlotId, text: &Expr) -> Checked<()> {
        let wanted = self.value(text)?;
        let Some(mirror) = self.mirror(run) else {
            return Ok(());
        };
        let logged = |text: &Arc<str>| matches!(&wanted, Value::String(wanted) if *wanted == *text);
        if mirror.logs.iter().any(logged) {
            return Ok(());
        }
        let found = match mirror.logs.as_slice() {
            [] => "found no log".to_owned(),
            logs => format!(
                "found {}",
                quoted(&logs.iter().map(|log| &**log).collect::<Vec<_>>())
            ),
        };
        let message = format!("expected the run to log {}, {found}", print::value(&wanted));
        Err(Box::new(Failure::unmet(self.span, message)))
    }

    fn calls(&mut self, pattern: &Pattern, attempted: bool, least: u32, most: Option<u32>) -> Checked<()> {
        let count = self.counted(pattern, attempted)?;
        let plural = |count| plural(count, if attempted { "attempt" } else { "call" });
        if count >= least && most.is_none_or(|most| count <= most) {
            return Ok(());
        }
        let shown = self.pattern(pattern)?;
        let wanted = match most {
            Some(0) if attempted => "no attempt".to_owned(),
            Some(0) => "no call".to_owned(),
            Some(most) if most == least => plural(most),
            Some(most) if least == 0 => format!("at most {}", plural(most)),
            _ => format!("at least {}", plural(least)),
        };
        let message = format!("expected {wanted} of `{shown}`, found {count}");
        let all = self.calls_of(pattern.target);
        let failure = Failure::unmet(self.span, message);
        let others = all.len() != self.positions(pattern)?.len();
        Err(Box::new(match others {
            true => failure.help(format!("it was called so: {}", ticked(&all))),
            false => failure,
        }))
    }

    /// How many calls fit a pattern, or how many attempts there were at them.
    pub(super) fn counted(&mut self, pattern: &Pattern, attempted: bool) -> Checked<u32> {
        let fitting = self.positions(pattern)?;
        if !attempted {
            return Ok(u32::try_from(fitting.len()).unwrap_or(u32::MAX));
        }
        let made = fitting.iter().filter_map(|at| self.mirrors.made.get(*at));
        let attempts = made.map(|made| self.mirrors.attempts(made));
        Ok(attempts.fold(0, u32::saturating_add))
    }

    fn before(&mut self, first: &Pattern, then: &Pattern) -> Checked<()> {
        let (a, b) = (self.positions(first)?, self.positions(then)?);
        let (first, then) = (self.pattern(first)?, self.pattern(then)?);
        let why = match (a.first(), b.first()) {
            (Some(a), Some(b)) if a < b => return Ok(()),
            (Some(_), Some(_)) => "found it after".to_owned(),
            (None, _) => format!("found no call of `{first}`"),
            (_, None) => format!("found no call of `{then}`"),
        };
        let message = format!("expected a call of `{first}` before `{then}`, {why}");
        Err(Box::new(Failure::unmet(self.span, message)))
    }

    /// Which calls fit a pattern, by their number in the order of calling.
    pub(super) fn positions(&mut self, pattern: &Pattern) -> Checked<Vec<usize>> {
        let made = std::mem::take(&mut self.mirrors.made);
        let mut fitting = Vec::new();
        let mut wrong = None;
        for (at, call) in made.iter().enumerate() {
            match self.fits(pattern, call.target, &call.arguments) {
                Ok(true) => fitting.push(at),
                Ok(false) => {}
                Err(failure) => wrong = Some(failure),
            }
        }
        self.mirrors.made = made;
        wrong.map_or(Ok(fitting), Err)
    }

    /// A condition does not hold: both sides of a comparison are shown.
    fn holds_not(&mut self, reading: &flowmesh_ir::test::Reading) -> Checked<()> {
        let message = match &reading.value {
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                format!(
                    "expected this to hold, found `{} {} {}`",
                    print::value(&left),
                    print::sign(*operator),
                    print::value(&right)
                )
            }
            _ => "expected this to hold, and it does not".to_owned(),
        };
        Err(Box::new(Failure::unmet(self.span, message)))
    }

    /// A run does not stand as expected.
    fn otherwise(&mut self, run: SlotId, wanted: &str) -> Checked<()> {
        let Some(mirror) = self.mirror(run) else {
            return Ok(());
        };
        let how = self.stands(mirror);
        let ended = mirror.run.outcome().is_some();
        let failure = Failure::unmet(self.span, format!("expected {wanted}, but {how}"));
        let wait = self.next().filter(|_| !ended);
        let wait = wait.map(|at| at.duration_since(self.now));
        Err(Box::new(match wait.filter(|wait| wait.is_positive()) {
            Some(wait) => {
                let wait = print::value(&Value::Duration(wait));
                failure.help(format!(
                    "the next thing happens in {wait}: `advance {wait}` first"
                ))
            }
            None => failure,
        }))
    }
}

pub(super) fn plural(count: u32, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

pub(super) fn quoted(texts: &[&str]) -> String {
    let all: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    all.join(", ")
}

fn ticked(texts: &[String]) -> String {
    match texts {
        [] => "never".to_owned(),
        texts => texts
            .iter()
            .map(|text| format!("`{text}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
