//! What must hold of the spans of a run.

use super::{
    expect::{plural, quoted},
    failure::{Checked, Failure},
    mirror::Mirror,
    world::World,
};
use crate::spans::{ATTEMPT, Span};
use flowmesh_ir::{SlotId, flow::Flow, test::Spans};

/// How many spans a message names.
const SHOWN_MAX: usize = 12;

impl World<'_> {
    pub(super) fn spans(
        &mut self,
        run: SlotId,
        wanted: &Spans,
        least: u32,
        most: Option<u32>,
    ) -> Checked<()> {
        let Some((mirror, flow)) = self.spanned(run) else {
            return Ok(());
        };
        self.steps_known(flow, &[Some(&wanted.name), wanted.inside.as_deref()])?;
        let count = self.spans_of(run, wanted);
        if count >= least && most.is_none_or(|most| count <= most) {
            return Ok(());
        }
        let plural = |count| plural(count, "span");
        let number = match most {
            Some(0) => "no span".to_owned(),
            Some(most) if most == least => plural(most),
            Some(most) if least == 0 => format!("at most {}", plural(most)),
            _ if least == 1 => "a span".to_owned(),
            _ => format!("at least {}", plural(least)),
        };
        let found = if count == 0 {
            "none".to_owned()
        } else {
            count.to_string()
        };
        let message = format!("expected {number} {}, found {found}", shown(wanted));
        Err(Box::new(self.spans_unmet(mirror, flow, message)))
    }

    pub(super) fn spans_before(&mut self, run: SlotId, first: &Spans, then: &str) -> Checked<()> {
        let Some((mirror, flow)) = self.spanned(run) else {
            return Ok(());
        };
        let names = [Some(first.name.as_str()), first.inside.as_deref(), Some(then)];
        self.steps_known(flow, &names)?;
        let mut all = mirror.spans.all.iter();
        let a = all.clone().position(|span| fits(mirror, flow, span, first));
        let b = all.position(|span| named(flow, span, then));
        let why = match (a, b) {
            (Some(a), Some(b)) if a < b => return Ok(()),
            (Some(_), Some(_)) => "found it after".to_owned(),
            (None, _) => format!("found no span {}", shown(first)),
            (_, None) => format!("found no span `{then}`"),
        };
        let message = format!("expected a span {} before `{then}`, {why}", shown(first));
        Err(Box::new(self.spans_unmet(mirror, flow, message)))
    }

    /// How many spans of a run are so.
    pub(super) fn spans_of(&self, run: SlotId, wanted: &Spans) -> u32 {
        let Some((mirror, flow)) = self.spanned(run) else {
            return 0;
        };
        let fitting = mirror
            .spans
            .all
            .iter()
            .filter(|span| fits(mirror, flow, span, wanted));
        u32::try_from(fitting.count()).unwrap_or(u32::MAX)
    }

    fn spanned(&self, run: SlotId) -> Option<(&Mirror, &Flow)> {
        let mirror = self.mirror(run)?;
        Some((mirror, self.prepared.program.flow(mirror.flow)?))
    }

    /// A name that no step has would make `never` hold for ever.
    fn steps_known(&self, flow: &Flow, names: &[Option<&str>]) -> Checked<()> {
        let known = |name: &str| {
            let mut steps = flow.steps.iter();
            name == ATTEMPT || steps.any(|step| is(&step.title, step.label.as_deref(), name))
        };
        match names.iter().flatten().find(|name| !known(name)) {
            Some(unknown) => Err(Box::new(Failure::no_step(self.span, unknown, &flow.steps))),
            None => Ok(()),
        }
    }

    fn spans_unmet(&self, mirror: &Mirror, flow: &Flow, message: String) -> Failure {
        let failure = Failure::unmet(self.span, message);
        let mut all: Vec<String> = mirror
            .spans
            .all
            .iter()
            .map(|span| path(mirror, flow, span))
            .collect();
        let more = all.len().saturating_sub(SHOWN_MAX);
        all.truncate(SHOWN_MAX);
        let listed: Vec<&str> = all.iter().map(String::as_str).collect();
        failure.help(match (listed.as_slice(), more) {
            ([], _) => "the run has no spans yet".to_owned(),
            (listed, 0) => format!("its spans are {}", quoted(listed)),
            (listed, more) => format!("its spans are {} and {more} more", quoted(listed)),
        })
    }
}

fn fits(mirror: &Mirror, flow: &Flow, span: &Span, wanted: &Spans) -> bool {
    let stands = wanted.state.as_ref();
    let inside = |name: &String| mirror.spans.above(span).any(|above| named(flow, above, name));
    named(flow, span, &wanted.name)
        && stands.is_none_or(|state| span.state.as_str() == state.as_str())
        && wanted.inside.as_ref().is_none_or(inside)
}

fn named(flow: &Flow, span: &Span, name: &str) -> bool {
    let (title, label) = span.names(flow);
    is(title, label, name)
}

/// Whether a step is meant by its title, with or without its number, or by what the author calls it.
pub(super) fn is(title: &str, label: Option<&str>, name: &str) -> bool {
    title == name || title.split('#').next() == Some(name) || label == Some(name)
}

/// `packing > warehouse.pick (failed)`
fn path(mirror: &Mirror, flow: &Flow, span: &Span) -> String {
    let mut names: Vec<&str> = mirror
        .spans
        .above(span)
        .map(|above| above.names(flow).0)
        .collect();
    names.reverse();
    names.push(span.names(flow).0);
    format!("{} ({})", names.join(" > "), span.state.as_str())
}

/// `` `payments.charge` in `packing` that is failed ``
fn shown(wanted: &Spans) -> String {
    let mut shown = format!("`{}`", wanted.name);
    if let Some(inside) = &wanted.inside {
        shown.push_str(&format!(" in `{inside}`"));
    }
    if let Some(state) = &wanted.state {
        shown.push_str(&format!(" that is {state}"));
    }
    shown
}
