//! Which lines of flows no test comes to.

use super::{Outcome, Suite};
use crate::draw;
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::{FlowId, StateId, flow::Flow};
use std::collections::{BTreeMap, BTreeSet};

/// Says it for each flow of each program.
pub(super) fn tell(suites: &[Suite], outcomes: &[Outcome]) {
    for (at, suite) in suites.iter().enumerate() {
        let of = outcomes.iter().filter(|outcome| outcome.suite == at);
        let reached: BTreeSet<(FlowId, StateId)> = of
            .flat_map(|outcome| outcome.verdict.reached.iter().copied())
            .collect();
        draw::answer(format!("coverage of {}", suite.file.display()));
        for (id, flow) in (0u32..).map(FlowId).zip(&suite.program.flows) {
            if let Some(text) = covered(suite, id, flow, &reached) {
                draw::answer(text);
            }
        }
    }
}

/// How much of a flow was reached, and the lines that were not; nothing for flows of other modules.
fn covered(suite: &Suite, id: FlowId, flow: &Flow, reached: &BTreeSet<(FlowId, StateId)>) -> Option<String> {
    let origins = &suite.program.origins;
    let own = origins.span(&format!("flow/{}", flow.name))?;
    if own.source != SourceId::default() {
        return None;
    }
    let (mut all, mut here) = (0usize, 0usize);
    let mut missed: BTreeMap<u32, Span> = BTreeMap::new();
    for state in (0u32..).map(StateId).take(flow.states.len()) {
        let Some(span) = origins.span(&format!("flow/{}/{state}", flow.name)) else {
            continue;
        };
        all = all.saturating_add(1);
        if reached.contains(&(id, state)) {
            here = here.saturating_add(1);
        } else {
            let line = suite.sources.get(span.source)?.line_column(span.start).0;
            missed.entry(line).or_insert(span);
        }
    }
    let mut text = format!("  {}: {here} of {all} states", flow.name);
    for (line, span) in missed {
        let source = suite.sources.get(span.source)?;
        let number = usize::try_from(line).unwrap_or_default();
        let words = source
            .text
            .lines()
            .nth(number.saturating_sub(1))
            .unwrap_or_default();
        text += &format!("\n    never reached, line {line}: {}", words.trim());
    }
    Some(text)
}
