//! The way from one version of a program to the next.
//!
//! Where a server runs, it is asked what would become of each run, and told of the new program; then the pods are given it too,
//! so that a pod that starts later begins with it. Where none runs, or the new program needs values that only new pods have, the
//! pods come first, and the server is asked and told when it is back. Whichever comes first, a run is of the version that it
//! began with until the server moves it. Where its tests are asked for, nothing of a version is let in before they have passed.

use super::{gate::Tested, plan::Refused};
use crate::crd::{OldRuns, Plan};

/// How things stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The hash that is wanted.
    pub wanted: &'a str,
    /// Whether the wanted program has a server.
    pub keeps: bool,
    /// What becomes of runs of older versions.
    pub old_runs: OldRuns,
    /// The hash of the program that the pods are made for, if there are pods.
    pub standing: Option<&'a str>,
    /// Whether those are ready.
    pub ready: bool,
    /// The hash that was deployed last, as far as the status knows.
    pub deployed: Option<&'a str>,
    /// The hash that the server starts runs with; it was asked where pods with flows are ready.
    pub serving: Option<&'a str>,
    /// How the tests of the wanted program stand.
    pub tested: Tested,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Have the tests carried out, and wait for them.
    Test,
    /// Apply the objects, and wait for the pods.
    Apply,
    /// Ask the server for the plan, and tell it of the program.
    Ask,
    /// The wanted program is what new runs begin with: see that the objects are as they should be.
    Settled,
    /// Nothing, and why.
    Hold(Held),
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The plan is waited for, and there is nobody to ask.
    NotReady,
    /// The server was not asked, or did not say what it has.
    NoAnswer,
    /// The tests of the version failed.
    TestsFailed,
}

/// What comes next.
#[must_use]
pub fn next(facts: &Facts<'_>) -> Next {
    // What was let in once is not kept out again.
    let is_new = facts.standing != Some(facts.wanted) && facts.deployed != Some(facts.wanted);
    match facts.tested {
        Tested::Running if is_new => return Next::Test,
        Tested::Failed if is_new => return Next::Hold(Held::TestsFailed),
        _ => {}
    }
    let Some(standing) = facts.standing else {
        return Next::Apply;
    };
    if !facts.keeps {
        return match (standing == facts.wanted, facts.ready) {
            (true, true) => Next::Settled,
            _ => Next::Apply,
        };
    }
    match (standing == facts.wanted, facts.ready) {
        (true, false) => Next::Apply,
        (false, false) if facts.old_runs == OldRuns::Wait => Next::Hold(Held::NotReady),
        // Whoever waited for pods that never become ready could not mend them.
        (false, false) => Next::Apply,
        (same, true) => asked(facts, same),
    }
}

/// Of a server that runs.
fn asked(facts: &Facts<'_>, same: bool) -> Next {
    let Some(serving) = facts.serving else {
        return Next::Hold(Held::NoAnswer);
    };
    // What was never deployed before has no older runs; and those that are to stay are not asked of.
    let begun = facts.deployed.is_none() || facts.old_runs == OldRuns::Stay;
    let told = facts.deployed == Some(facts.wanted) || begun;
    match same && serving == facts.wanted && told {
        true => Next::Settled,
        false => Next::Ask,
    }
}

/// What a plan leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Tell the server of the program, then apply.
    Deploy,
    /// Apply alone.
    Apply,
    /// Runs would be left: wait.
    Wait,
    /// The server refuses the program.
    Refused,
}

/// What a plan leads to; `same` is whether the pods have the program already.
#[must_use]
pub fn verdict(plan: Result<&Plan, &Refused>, old_runs: OldRuns, same: bool) -> Verdict {
    match (plan, old_runs) {
        (Ok(plan), OldRuns::Wait) if plan.left > 0 => Verdict::Wait,
        (Ok(_), OldRuns::Move | OldRuns::Wait) => Verdict::Deploy,
        // Pods that start with another program than before serve that one, and move no run. Where they have it already, somebody
        // deployed another one since, and only the server can take that back.
        (Ok(_), OldRuns::Stay) if same => Verdict::Deploy,
        (Ok(_), OldRuns::Stay) => Verdict::Apply,
        // It lacks values that new pods would have.
        (Err(refused), OldRuns::Move | OldRuns::Stay) if refused.lacks_values() && !same => Verdict::Apply,
        (Err(_), _) => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Held, Next, Verdict, next, verdict};
    use crate::{
        crd::{OldRuns, Plan},
        decide::{gate::Tested, plan::Refused},
    };

    const STANDS: Facts<'static> = Facts {
        wanted: "b",
        keeps: true,
        old_runs: OldRuns::Move,
        standing: Some("b"),
        ready: true,
        deployed: Some("b"),
        serving: Some("b"),
        tested: Tested::Unasked,
    };

    #[test]
    fn a_new_version_is_let_in_when_its_tests_have_passed() {
        let with = |standing, deployed, tested| {
            next(&Facts {
                standing,
                deployed,
                serving: standing,
                tested,
                ..STANDS
            })
        };
        for before in [None, Some("a")] {
            assert_eq!(with(before, before, Tested::Running), Next::Test);
            let failed = with(before, before, Tested::Failed);
            assert_eq!(failed, Next::Hold(Held::TestsFailed));
            let passed = with(before, before, Tested::Passed);
            assert_eq!(passed, with(before, before, Tested::Unasked));
        }
        for tested in [Tested::Running, Tested::Failed] {
            assert_eq!(with(Some("b"), None, tested), Next::Settled);
            assert_eq!(with(None, Some("b"), tested), Next::Apply);
        }
    }

    #[test]
    fn what_is_not_there_is_applied_and_what_is_not_ready_too() {
        assert_eq!(
            next(&Facts {
                standing: None,
                ..STANDS
            }),
            Next::Apply
        );
        assert_eq!(
            next(&Facts {
                ready: false,
                serving: None,
                ..STANDS
            }),
            Next::Apply
        );
        assert_eq!(next(&STANDS), Next::Settled);
    }

    #[test]
    fn a_first_version_is_settled_when_its_server_says_so() {
        assert_eq!(
            next(&Facts {
                deployed: None,
                ..STANDS
            }),
            Next::Settled
        );
        assert_eq!(
            next(&Facts {
                deployed: None,
                serving: Some("a"),
                ..STANDS
            }),
            Next::Ask
        );
    }

    #[test]
    fn a_new_version_is_asked_for_before_the_pods_get_it() {
        let changed = Facts {
            standing: Some("a"),
            deployed: Some("a"),
            serving: Some("a"),
            ..STANDS
        };
        assert_eq!(next(&changed), Next::Ask);
        assert_eq!(
            next(&Facts {
                serving: None,
                ..changed
            }),
            Next::Hold(Held::NoAnswer)
        );
        let broken = Facts {
            ready: false,
            serving: None,
            ..changed
        };
        assert_eq!(next(&broken), Next::Apply);
        assert_eq!(
            next(&Facts {
                old_runs: OldRuns::Wait,
                ..broken
            }),
            Next::Hold(Held::NotReady)
        );
    }

    #[test]
    fn pods_that_were_first_are_followed_by_the_server_unless_runs_stay() {
        let restarted = Facts {
            deployed: Some("a"),
            ..STANDS
        };
        assert_eq!(next(&restarted), Next::Ask);
        assert_eq!(
            next(&Facts {
                old_runs: OldRuns::Stay,
                ..restarted
            }),
            Next::Settled
        );
    }

    #[test]
    fn what_somebody_else_deployed_is_taken_back() {
        assert_eq!(
            next(&Facts {
                serving: Some("c"),
                ..STANDS
            }),
            Next::Ask
        );
    }

    #[test]
    fn a_gateway_alone_asks_nobody() {
        let gateway = Facts {
            keeps: false,
            serving: None,
            deployed: None,
            ..STANDS
        };
        assert_eq!(next(&gateway), Next::Settled);
        assert_eq!(
            next(&Facts {
                standing: Some("a"),
                ..gateway
            }),
            Next::Apply
        );
    }

    #[test]
    fn runs_that_would_be_left_are_waited_for_where_that_is_wanted() {
        let left = Plan {
            stays: 1,
            left: 1,
            ..Plan::default()
        };
        assert_eq!(verdict(Ok(&left), OldRuns::Wait, false), Verdict::Wait);
        assert_eq!(verdict(Ok(&left), OldRuns::Move, false), Verdict::Deploy);
        assert_eq!(verdict(Ok(&left), OldRuns::Stay, false), Verdict::Apply);
        assert_eq!(verdict(Ok(&left), OldRuns::Stay, true), Verdict::Deploy);
        assert_eq!(
            verdict(Ok(&Plan::default()), OldRuns::Wait, false),
            Verdict::Deploy
        );
    }

    #[test]
    fn new_pods_have_values_that_the_server_lacks() {
        let lacks = Refused {
            status: 422,
            code: "F1163".to_owned(),
            why: String::new(),
        };
        assert_eq!(verdict(Err(&lacks), OldRuns::Move, false), Verdict::Apply);
        assert_eq!(verdict(Err(&lacks), OldRuns::Move, true), Verdict::Refused);
        assert_eq!(verdict(Err(&lacks), OldRuns::Wait, false), Verdict::Refused);
        let role = Refused {
            status: 403,
            code: "F1040".to_owned(),
            why: String::new(),
        };
        assert_eq!(verdict(Err(&role), OldRuns::Move, false), Verdict::Refused);
    }
}
