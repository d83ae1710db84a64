//! What the budget for retries pays.

use super::*;

#[test]
fn an_exhausted_budget_gives_the_last_outcome_as_it_is() {
    let policy = policy(9, &[RetryOn::Class(5)]);
    let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
    plan.next(ms(0), None, &mut || 0, &mut || false);
    let decision = plan.next(ms(10), Some(answer(503)), &mut || 0, &mut || false);
    assert!(matches!(
        decision,
        Decision::Done {
            why: Why::Budget,
            reply: Reply::Answer { status: 503, .. }
        }
    ));
}

#[test]
fn the_budget_pays_only_for_retries_that_happen() {
    for outcome in [answer(200), answer(404), timed_out(true), asked_to_wait(503, 60)] {
        let policy = policy(9, &[RetryOn::Class(5)]);
        let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
        plan.next(ms(0), None, &mut || 0, &mut || true);
        plan.next(ms(10), Some(outcome), &mut || 0, &mut || {
            panic!("the budget was asked")
        });
    }
}
