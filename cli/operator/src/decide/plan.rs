//! What a server says about a deployment.

use super::size;
use crate::crd::{OldRuns, Plan, PlanGroup};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// How many kinds of runs a status tells apart.
const GROUPS_MAX: usize = 10;

/// How many runs of each are named.
const EXAMPLES_MAX: usize = 5;

/// The code of a program that a server cannot start runs with: it has no values for configs or secrets of it.
const LACKS: &str = "F1163";

/// A server's refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The status of the answer.
    pub status: u16,
    /// Its code.
    pub code: String,
    /// Why.
    pub why: String,
}

impl Refused {
    /// Whether it lacks values that the program needs.
    #[must_use]
    pub fn lacks_values(&self) -> bool {
        self.code == LACKS
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.is_empty() {
            true => write!(f, "the server answered {}: {}", self.status, self.why),
            false => write!(f, "the server refused: {} ({})", self.why, self.code),
        }
    }
}

/// The answer to a deployment, or to the question what it would come to.
#[derive(Debug, Deserialize)]
pub struct Answer {
    program: String,
    #[serde(default)]
    counts: BTreeMap<String, u64>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    fate: String,
    flow: String,
    step: Option<String>,
    runs: u64,
    #[serde(default)]
    examples: Vec<String>,
    code: Option<String>,
    why: Option<String>,
}

/// The answer as the status has it. Where all are to stay, those that could move are left too.
#[must_use]
pub fn plan(answer: Answer, old_runs: OldRuns) -> Plan {
    let count = |fate: &str| answer.counts.get(fate).copied().unwrap_or_default();
    let (needs_migration, stays) = (count("needs_migration"), count("stays"));
    let moves = count("moves");
    let could = if old_runs == OldRuns::Stay { moves } else { 0 };
    let mut groups: Vec<Group> = answer.groups;
    groups.retain(|group| group.fate != "current");
    let more = groups.len().saturating_sub(GROUPS_MAX) as u64;
    Plan {
        moves,
        needs_migration,
        stays,
        left: needs_migration.saturating_add(stays).saturating_add(could),
        groups: groups.into_iter().take(GROUPS_MAX).map(group).collect(),
        more_groups: Some(more).filter(|more| *more > 0),
        program: size::text(&answer.program),
    }
}

fn group(group: Group) -> PlanGroup {
    let why = match (group.why, group.code) {
        (Some(why), Some(code)) => Some(format!("{why} ({code})")),
        (why, _) => why,
    };
    let examples = group.examples.iter().map(|name| size::text(name));
    PlanGroup {
        fate: size::text(&group.fate),
        flow: size::text(&group.flow),
        step: group.step.as_deref().map(size::text),
        runs: group.runs,
        examples: examples.take(EXAMPLES_MAX).collect(),
        why: why.as_deref().map(size::text),
    }
}

/// A plan in a sentence.
#[must_use]
pub fn sentence(plan: &Plan) -> String {
    let Plan {
        moves,
        needs_migration,
        stays,
        ..
    } = plan;
    format!(
        "{moves} can move, {needs_migration} need a migration block, {stays} stay in the version that they have"
    )
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::crd::OldRuns;
    use serde_json::json;

    #[test]
    fn an_answer_becomes_counts_and_the_first_names() {
        let answer = json!({
            "name": "shop", "program": "b", "planned": true, "more": false,
            "counts": { "moves": 2, "stays": 1, "current": 4, "needs_migration": 3 },
            "groups": [
                { "fate": "current", "flow": "a", "runs": 4, "examples": ["r0"] },
                { "fate": "stays", "flow": "a", "step": "pay", "runs": 1, "examples": ["r1"], "code": "F1161", "why": "no such step" },
            ],
        });
        let read = || serde_json::from_value(answer.clone()).unwrap();
        assert_eq!(plan(read(), OldRuns::Stay).left, 6);
        let plan = plan(read(), OldRuns::Move);
        assert_eq!(
            (plan.moves, plan.stays, plan.needs_migration, plan.left),
            (2, 1, 3, 4)
        );
        assert_eq!(plan.groups.len(), 1);
        assert_eq!(plan.groups[0].why.as_deref(), Some("no such step (F1161)"));
        assert_eq!(plan.groups[0].examples, ["r1"]);
        assert_eq!(plan.more_groups, None);
    }

    #[test]
    fn however_much_a_server_says_a_plan_is_short() {
        let long = "x".repeat(100_000);
        let group = json!({
            "fate": "stays", "flow": long, "step": long, "runs": 1, "why": long, "code": long,
            "examples": vec![long.clone(); 50],
        });
        let answer = json!({ "program": long, "counts": {}, "groups": vec![group; 30] });
        let plan = plan(serde_json::from_value(answer).unwrap(), OldRuns::Move);
        assert_eq!((plan.groups.len(), plan.more_groups), (10, Some(20)));
        assert!(serde_json::to_string(&plan).unwrap().len() < 128 << 10);
    }
}
