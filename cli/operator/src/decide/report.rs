//! What is said of a program, while it is looked at.

use super::{make::sentence, plan, size};
use crate::crd::{Condition, Finding, ObjectKey, Plan, ProgramStatus, Truth, condition, is_true, set};
use jiff::Timestamp;

/// What must hold for it to be ready.
const NEEDED: [&str; 3] = ["Compiled", "Applied", "Deployed"];

/// A status that is being made.
#[derive(Clone, Debug)]
pub struct Report {
    /// As far as it is made.
    pub status: ProgramStatus,
    generation: Option<i64>,
    now: Timestamp,
}

/// What went wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unapplied {
    /// Which.
    pub key: ObjectKey,
    /// Whether somebody else wrote what it says.
    pub conflict: bool,
    /// What the cluster says.
    pub why: String,
}

impl Report {
    /// One that begins with what was said before.
    #[must_use]
    pub fn new(before: ProgramStatus, generation: Option<i64>, now: Timestamp) -> Self {
        let status = ProgramStatus {
            observed_generation: generation,
            ..before
        };
        Self {
            status,
            generation,
            now,
        }
    }

    /// Says a condition.
    pub fn say(&mut self, kind: &str, truth: Truth, reason: &str, message: &str) {
        let all = &mut self.status.conditions;
        set(all, (kind, truth), (reason, message), self.generation, self.now);
    }

    /// The program has errors. What is there stays as it is.
    pub fn wrong(&mut self, findings: Vec<Finding>) {
        self.say("Compiled", Truth::False, "Errors", &sentence(&findings));
        self.found(findings);
    }

    fn found(&mut self, findings: Vec<Finding>) {
        (self.status.diagnostics, self.status.more_diagnostics) = size::findings(findings);
    }

    /// The program is one.
    pub fn compiled(&mut self, hash: &str, warnings: Vec<Finding>) {
        let (reason, message) = match warnings.is_empty() {
            true => ("Compiled", String::new()),
            false => ("Warnings", sentence(&warnings)),
        };
        self.say("Compiled", Truth::True, reason, &message);
        self.found(warnings);
        if self.status.compiled.as_deref() != Some(hash) {
            // A ConfigMap may change under the same spec.
            self.undeployed(
                Truth::False,
                "NewVersion",
                "the program is another one than before",
            );
        }
        self.status.compiled = Some(hash.to_owned());
    }

    /// How many objects there are, or what kept some of them from being so.
    pub fn applied(&mut self, count: usize, wrong: &[Unapplied]) {
        if wrong.is_empty() {
            self.say(
                "Applied",
                Truth::True,
                "Applied",
                &format!("{count} objects are as they should be"),
            );
            return;
        }
        let line =
            |it: &Unapplied| format!("{} {}/{}: {}", it.key.kind, it.key.namespace, it.key.name, it.why);
        let lines: Vec<String> = wrong.iter().map(line).collect();
        let reason = match wrong.iter().any(|it| it.conflict) {
            true => "Conflict",
            false => "Refused",
        };
        self.say("Applied", Truth::False, reason, &lines.join("\n"));
    }

    /// New runs begin with this program, at the server of this name.
    pub fn deployed(&mut self, hash: &str, name: &str) {
        self.status.name = Some(name.to_owned());
        self.status.program = Some(hash.to_owned());
        self.say(
            "Deployed",
            Truth::True,
            "Deployed",
            "new runs begin with the program that the spec says",
        );
    }

    /// They do not, and why.
    pub fn undeployed(&mut self, truth: Truth, reason: &str, message: &str) {
        self.say("Deployed", truth, reason, message);
    }

    /// What becomes of older runs.
    pub fn planned(&mut self, plan: Plan) {
        match plan.left {
            0 => self.say(
                "Drained",
                Truth::True,
                "Drained",
                "no run is left in an older version",
            ),
            _ => self.say("Drained", Truth::False, "RunsLeft", &plan::sentence(&plan)),
        }
        self.status.plan = Some(plan);
    }

    /// Whether the pods are those of the program, and ready.
    pub fn pods(&mut self, rolled_out: bool) {
        match rolled_out {
            true => self.say("Progressing", Truth::False, "RolledOut", "the pods are ready"),
            false => self.say(
                "Progressing",
                Truth::True,
                "RollingOut",
                "the pods are not ready yet",
            ),
        }
    }

    /// Sums it up: ready, or the first thing that is missing. What was said of another generation does not count.
    pub fn sum_up(&mut self) {
        let said = |kind: &str| condition(&self.status.conditions, kind).filter(|it| self.is_new(it));
        let missing = |kind: &&str| said(kind).is_some_and(|it| it.status != Truth::True);
        let of = |kind: &str| said(kind).map(|it| (it.reason.clone(), it.message.clone()));
        let unsaid = NEEDED.into_iter().find(|kind| said(kind).is_none());
        let (truth, (reason, message)) = match (NEEDED.into_iter().find(missing), unsaid) {
            (Some(kind), _) => (Truth::False, of(kind).unwrap_or_default()),
            (None, Some(kind)) => {
                let text = "it has not come to that".to_owned();
                (Truth::False, (format!("Not{kind}"), text))
            }
            (None, None) if is_true(&self.status.conditions, "Progressing") => {
                (Truth::False, of("Progressing").unwrap_or_default())
            }
            (None, None) => {
                let text = "it is carried out as the spec says".to_owned();
                (Truth::True, ("Ready".to_owned(), text))
            }
        };
        self.say("Ready", truth, &reason, &message);
    }

    fn is_new(&self, condition: &Condition) -> bool {
        condition.observed_generation == self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Unapplied};
    use crate::crd::{Finding, ObjectKey, Plan, ProgramStatus, Truth, condition, is_true};
    use jiff::Timestamp;

    fn report() -> Report {
        Report::new(ProgramStatus::default(), Some(2), Timestamp::UNIX_EPOCH)
    }

    fn reason(report: &Report, kind: &str) -> String {
        condition(&report.status.conditions, kind).unwrap().reason.clone()
    }

    fn good() -> Report {
        let mut report = report();
        report.compiled("h", Vec::new());
        report.applied(7, &[]);
        report.deployed("h", "shop");
        report.pods(true);
        report
    }

    #[test]
    fn it_is_ready_when_nothing_is_missing() {
        let mut report = good();
        report.sum_up();
        assert!(is_true(&report.status.conditions, "Ready"));
        assert_eq!(report.status.observed_generation, Some(2));
        report.pods(false);
        report.sum_up();
        assert_eq!(reason(&report, "Ready"), "RollingOut");
    }

    #[test]
    fn the_first_thing_that_is_missing_is_the_reason() {
        let mut report = good();
        report.undeployed(Truth::False, "RunsWouldStay", "two");
        report.sum_up();
        assert_eq!(reason(&report, "Ready"), "RunsWouldStay");
        report.wrong(vec![Finding {
            code: "F0203".to_owned(),
            place: "a.flow:1:1".to_owned(),
            ..Finding::default()
        }]);
        report.sum_up();
        assert_eq!(reason(&report, "Ready"), "Errors");
        // What runs is still what was deployed before.
        assert_eq!(report.status.program.as_deref(), Some("h"));
        let mut new = self::report();
        new.compiled("h", Vec::new());
        new.sum_up();
        assert_eq!(reason(&new, "Ready"), "NewVersion");
    }

    #[test]
    fn what_was_said_of_another_generation_does_not_count() {
        let mut before = good();
        before.sum_up();
        let mut report = Report::new(before.status, Some(3), Timestamp::UNIX_EPOCH);
        report.compiled("h", Vec::new());
        report.sum_up();
        assert_eq!(reason(&report, "Ready"), "NotApplied");
        report.applied(7, &[]);
        report.deployed("h", "shop");
        report.pods(true);
        report.sum_up();
        assert!(is_true(&report.status.conditions, "Ready"));
        // Nor does it count what is said of another program under the same spec.
        report.compiled("g", Vec::new());
        report.sum_up();
        assert_eq!(reason(&report, "Ready"), "NewVersion");
    }

    #[test]
    fn a_conflict_says_with_whom_about_what() {
        let mut report = good();
        let key = ObjectKey {
            kind: "Service".to_owned(),
            namespace: "shop".to_owned(),
            name: "a".to_owned(),
            ..ObjectKey::default()
        };
        report.applied(
            7,
            &[Unapplied {
                key,
                conflict: true,
                why: "conflict with \"kubectl\": .spec.ports".to_owned(),
            }],
        );
        assert_eq!(reason(&report, "Applied"), "Conflict");
        let message = &condition(&report.status.conditions, "Applied").unwrap().message;
        assert!(
            message.starts_with("Service shop/a: conflict with \"kubectl\""),
            "{message}"
        );
    }

    #[test]
    fn old_runs_are_drained_when_none_is_left() {
        let mut report = good();
        report.planned(Plan {
            stays: 1,
            left: 1,
            ..Plan::default()
        });
        assert!(!is_true(&report.status.conditions, "Drained"));
        report.planned(Plan::default());
        assert!(is_true(&report.status.conditions, "Drained"));
    }
}
