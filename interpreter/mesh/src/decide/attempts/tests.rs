//! Tests of the plan of a call.

mod budget;

use super::*;
use flowmesh_ir::{
    ErrorId,
    expr::Raise,
    policy::{Backoff, Budget, Jitter},
};
use std::sync::Arc;

const EFFECTS: [EffectKind; 4] = [
    EffectKind::Read,
    EffectKind::Idempotent,
    EffectKind::Keyed,
    EffectKind::Once,
];

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn policy(attempts: u32, on: &[RetryOn]) -> Policy {
    let backoff = Backoff {
        base_ms: 100,
        max_ms: 2_000,
        factor: 2,
        jitter: Jitter::None,
    };
    Policy {
        timeout: Timeout {
            attempt_ms: 1_000,
            total_ms: 5_000,
            idle_ms: 0,
        },
        retry: Some(Retry {
            attempts,
            on: on.to_vec(),
            backoff,
            budget: Some(Budget::default()),
        }),
        ..Policy::default()
    }
}

fn everything() -> Vec<RetryOn> {
    let classes = (1..=5).map(RetryOn::Class);
    [RetryOn::Connect, RetryOn::Timeout, RetryOn::Error(ErrorId(9))]
        .into_iter()
        .chain(classes)
        .collect()
}

fn answer(status: u16) -> Outcome {
    Outcome::Answer {
        status,
        body: Arc::from(*b"{}"),
        retry_after: None,
    }
}

fn asked_to_wait(status: u16, seconds: u64) -> Outcome {
    Outcome::Answer {
        status,
        body: Arc::from(*b"{}"),
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

fn unsent() -> Outcome {
    Outcome::Unsent("refused".to_owned())
}

fn timed_out(sent: bool) -> Outcome {
    Outcome::TimedOut {
        sent,
        why: "slow".to_owned(),
    }
}

fn broken() -> Outcome {
    Outcome::Broken("broke".to_owned())
}

/// One outcome of each kind, and each class of status.
fn outcomes() -> Vec<Outcome> {
    let mut outcomes: Vec<_> = [200, 204, 301, 404, 409, 429, 500, 502, 503].map(answer).into();
    outcomes.extend([
        unsent(),
        timed_out(false),
        timed_out(true),
        broken(),
        Outcome::Malformed("junk".to_owned()),
    ]);
    outcomes.push(asked_to_wait(503, 1));
    outcomes
}

/// What comes after a first attempt with this outcome that took 10 ms.
fn after(policy: &Policy, effect: EffectKind, outcome: Outcome) -> Decision {
    let on = [OnStatus {
        status: 409,
        raise: Raise {
            error: ErrorId(9),
            fields: Vec::new(),
        },
    }];
    let mut plan = CallPlan::new(policy, effect, &on, ms(0));
    plan.next(ms(0), None, &mut || 0, &mut || true);
    plan.next(ms(10), Some(outcome), &mut || 0, &mut || true)
}

fn retried(on: RetryOn, outcome: Outcome) -> bool {
    matches!(
        after(&policy(3, &[on]), EffectKind::Keyed, outcome),
        Decision::Wait { .. }
    )
}

fn failure(decision: Decision) -> &'static str {
    match decision {
        Decision::Done {
            reply: Reply::Failed(failure),
            ..
        } => failure.error_name(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn once_is_never_sent_again_after_it_was_sent() {
    for outcome in outcomes() {
        let again = matches!(
            after(&policy(9, &everything()), EffectKind::Once, outcome.clone()),
            Decision::Wait { .. }
        );
        assert_eq!(again, !outcome.sent(), "{outcome:?}");
    }
}

#[test]
fn no_order_of_outcomes_sends_once_twice() {
    let policy = policy(9, &everything());
    for first in outcomes() {
        for second in outcomes() {
            let mut plan = CallPlan::new(&policy, EffectKind::Once, &[], ms(0));
            let mut next = |now, outcome| plan.next(now, outcome, &mut || 0, &mut || true);
            let (mut now, mut sent) = (0, 0);
            for outcome in [first.clone(), second.clone(), answer(503)] {
                let Decision::Attempt { .. } = next(ms(now), None) else {
                    break;
                };
                sent += u32::from(outcome.sent());
                now += 1_000;
                let Decision::Wait { delay } = next(ms(now), Some(outcome)) else {
                    break;
                };
                now += delay.as_millis() as u64;
            }
            assert!(sent <= 1, "{first:?} {second:?}");
        }
    }
}

#[test]
fn what_may_be_repeated_is_repeated_whenever_it_is_named() {
    for effect in EFFECTS.into_iter().filter(|effect| effect.repeatable()) {
        for outcome in outcomes()
            .into_iter()
            .filter(|outcome| !matches!(outcome, Outcome::Malformed(_)))
        {
            let decision = after(&policy(9, &everything()), effect, outcome.clone());
            assert!(
                matches!(decision, Decision::Wait { .. }),
                "{effect:?} {outcome:?}"
            );
        }
    }
}

#[test]
fn nothing_is_repeated_where_the_policy_names_nothing() {
    for effect in EFFECTS {
        for outcome in outcomes() {
            for policy in [
                policy(9, &[]),
                Policy {
                    retry: None,
                    ..policy(9, &[])
                },
            ] {
                let decision = after(&policy, effect, outcome.clone());
                assert!(
                    matches!(decision, Decision::Done { .. }),
                    "{effect:?} {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn each_name_covers_what_it_says() {
    assert!(retried(RetryOn::Connect, unsent()));
    assert!(retried(RetryOn::Connect, timed_out(false)));
    assert!(!retried(RetryOn::Connect, timed_out(true)));
    assert!(!retried(RetryOn::Connect, broken()));
    assert!(retried(RetryOn::Timeout, timed_out(true)));
    assert!(!retried(RetryOn::Timeout, unsent()));
    assert!(retried(RetryOn::Class(5), answer(503)));
    assert!(!retried(RetryOn::Class(5), answer(429)));
    assert!(retried(RetryOn::Status(429), answer(429)));
    assert!(!retried(RetryOn::Status(429), answer(428)));
    assert!(retried(RetryOn::Error(ErrorId(9)), answer(409)));
    assert!(!retried(RetryOn::Error(ErrorId(8)), answer(409)));
}

#[test]
fn a_connection_that_broke_counts_as_502() {
    assert!(retried(RetryOn::Class(5), broken()));
    assert!(retried(RetryOn::Status(502), broken()));
    assert!(!retried(RetryOn::Status(503), broken()));
}

#[test]
fn how_a_call_ends_depends_on_whether_it_may_have_been_carried_out() {
    let none = policy(1, &[]);
    assert_eq!(
        failure(after(&none, EffectKind::Once, timed_out(true))),
        "Unknown"
    );
    assert_eq!(
        failure(after(&none, EffectKind::Once, timed_out(false))),
        "Timeout"
    );
    assert_eq!(failure(after(&none, EffectKind::Once, broken())), "Unknown");
    assert_eq!(failure(after(&none, EffectKind::Once, unsent())), "Unavailable");
    assert_eq!(
        failure(after(&none, EffectKind::Keyed, timed_out(true))),
        "Timeout"
    );
    assert_eq!(failure(after(&none, EffectKind::Keyed, broken())), "Unavailable");
    assert_eq!(
        failure(after(
            &none,
            EffectKind::Read,
            Outcome::Malformed("junk".to_owned())
        )),
        "BadReply"
    );
}

#[test]
fn attempts_are_counted_and_waits_grow() {
    let policy = policy(3, &[RetryOn::Class(5)]);
    let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
    let mut next = |now, outcome| plan.next(now, outcome, &mut || 0, &mut || true);
    assert_eq!(
        next(ms(0), None),
        Decision::Attempt {
            number: 1,
            timeout: ms(1_000)
        }
    );
    assert_eq!(next(ms(10), Some(answer(500))), Decision::Wait { delay: ms(100) });
    assert_eq!(
        next(ms(110), None),
        Decision::Attempt {
            number: 2,
            timeout: ms(1_000)
        }
    );
    assert_eq!(
        next(ms(120), Some(answer(500))),
        Decision::Wait { delay: ms(200) }
    );
    assert_eq!(
        next(ms(320), None),
        Decision::Attempt {
            number: 3,
            timeout: ms(1_000)
        }
    );
    let Decision::Done { reply, why } = next(ms(330), Some(answer(503))) else {
        panic!("three attempts are all");
    };
    assert_eq!(why, Why::Attempts);
    assert_eq!(
        reply,
        Reply::Answer {
            status: 503,
            body: Arc::from(*b"{}")
        }
    );
}

#[test]
fn an_attempt_gets_no_more_than_what_is_left_of_the_total() {
    let policy = policy(9, &[RetryOn::Timeout]);
    let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
    plan.next(ms(0), None, &mut || 0, &mut || true);
    plan.next(ms(4_000), Some(timed_out(true)), &mut || 0, &mut || true);
    let decision = plan.next(ms(4_700), None, &mut || 0, &mut || true);
    assert_eq!(
        decision,
        Decision::Attempt {
            number: 2,
            timeout: ms(300)
        }
    );
}

#[test]
fn there_is_no_wait_that_outlasts_the_total() {
    let policy = policy(9, &[RetryOn::Timeout]);
    let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
    plan.next(ms(0), None, &mut || 0, &mut || true);
    let decision = plan.next(ms(4_950), Some(timed_out(true)), &mut || 0, &mut || true);
    assert!(
        matches!(&decision, Decision::Done { why: Why::Total, .. }),
        "{decision:?}"
    );
    assert_eq!(failure(decision), "Timeout");
}

#[test]
fn a_sleep_that_took_too_long_gives_the_outcome_before_it() {
    let policy = policy(9, &[RetryOn::Class(5)]);
    let mut plan = CallPlan::new(&policy, EffectKind::Read, &[], ms(0));
    plan.next(ms(0), None, &mut || 0, &mut || true);
    plan.next(ms(10), Some(answer(503)), &mut || 0, &mut || true);
    let decision = plan.next(ms(5_001), None, &mut || 0, &mut || true);
    assert!(matches!(
        decision,
        Decision::Done {
            reply: Reply::Answer { status: 503, .. },
            why: Why::Total
        }
    ));
}

#[test]
fn retry_after_makes_a_wait_longer_but_never_shorter() {
    let policy = policy(9, &[RetryOn::Class(5)]);
    let wait = |seconds| after(&policy, EffectKind::Read, asked_to_wait(503, seconds));
    assert_eq!(
        wait(2),
        Decision::Wait {
            delay: Duration::from_secs(2)
        }
    );
    assert_eq!(wait(0), Decision::Wait { delay: ms(100) });
    assert!(matches!(
        wait(5),
        Decision::Done {
            why: Why::Total,
            reply: Reply::Answer { status: 503, .. }
        }
    ));
}

#[test]
fn the_words_say_how_often_and_why_not_once_more() {
    let policy = policy(2, &[RetryOn::Connect]);
    let mut plan = CallPlan::new(&policy, EffectKind::Once, &[], ms(0));
    let mut next = |now, outcome| plan.next(now, outcome, &mut || 0, &mut || true);
    next(ms(0), None);
    next(ms(1), Some(unsent()));
    next(ms(200), None);
    let Decision::Done {
        reply: Reply::Failed(failure),
        ..
    } = next(ms(201), Some(broken()))
    else {
        panic!("what was sent once is not sent again");
    };
    let words = "Unknown: broke (the last of 2 attempts); it may have been carried out, and without a `key` it is not \
                 sent twice";
    assert_eq!(failure.to_string(), words);
}
