//! What networks and bad servers do to connections, by a TCP proxy between a call and its service: how the call ends, how
//! often it was tried, what the service saw, and that each decision is the one that the plan makes of the same outcome.

#![expect(
    clippy::panic,
    reason = "a decision that is another than the plan's is a failure"
)]

use crate::support::{
    Heard, call, mesh,
    mishap::{
        Deaf,
        Mishap::{self, BlackHole, Cut, Delay, HalfClose, Reset, Trickle},
        Proxy,
        Way::{Back, There},
    },
    once, request, retrying,
    server::{Answer, Server, nobody},
};
use flowmesh_ir::{
    call::Reply,
    policy::{Policy, RetryOn, Timeout},
    service::EffectKind,
};
use flowmesh_mesh::{
    Next, Outcome,
    decide::attempts::{CallPlan, Decision},
};
use std::time::Duration;
use tokio::task::JoinSet;

/// Whether each connection has the mishap, or the first alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    First,
}
use Which::{All, First};

/// How a call ends: with a status, or with a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Status(u16),
    Failed(&'static str),
}
use End::{Failed, Status};

/// One line of the table: the mishap, which connections have it, whether the call may be repeated; then how it ends, after
/// how many attempts, and how many requests the service saw.
type Row = (Mishap, Which, EffectKind, End, usize, usize);

const KEYED: EffectKind = EffectKind::Keyed;
const ONCE: EffectKind = EffectKind::Once;
/// Longer than any call here.
const LONG: Duration = Duration::from_secs(600);
/// A byte in so long: no head comes within the time of an attempt.
const SLOW: Duration = Duration::from_millis(500);
const SHORT: Duration = Duration::from_millis(30);

/// Retried is whatever is worth it. What may have been sent is sent again only with a key.
const ROWS: &[Row] = &[
    (Mishap::None, All, KEYED, Status(200), 1, 1),
    (Mishap::None, All, ONCE, Status(200), 1, 1),
    // What takes a while is waited for.
    (Delay(There, SHORT), All, ONCE, Status(200), 1, 1),
    (Delay(Back, SHORT), All, ONCE, Status(200), 1, 1),
    (
        Trickle(There, Duration::from_millis(1)),
        All,
        ONCE,
        Status(200),
        1,
        1,
    ),
    // What takes too long is tried elsewhere, if it may be.
    (Delay(There, LONG), First, KEYED, Status(200), 2, 1),
    (Delay(There, LONG), First, ONCE, Failed("Unknown"), 1, 0),
    (Delay(Back, LONG), First, KEYED, Status(200), 2, 2),
    (Delay(Back, LONG), First, ONCE, Failed("Unknown"), 1, 1),
    (Delay(Back, LONG), All, KEYED, Failed("Timeout"), 3, 3),
    (Trickle(There, SLOW), First, KEYED, Status(200), 2, 1),
    (Trickle(There, SLOW), First, ONCE, Failed("Unknown"), 1, 0),
    (Trickle(Back, SLOW), First, KEYED, Status(200), 2, 2),
    (Trickle(Back, SLOW), First, ONCE, Failed("Unknown"), 1, 1),
    (Trickle(Back, SLOW), All, KEYED, Failed("Timeout"), 3, 3),
    (BlackHole, First, KEYED, Status(200), 2, 1),
    (BlackHole, First, ONCE, Failed("Unknown"), 1, 0),
    (BlackHole, All, KEYED, Failed("Timeout"), 3, 0),
    // What breaks in the middle of what is asked: nobody here can know whether the service had enough of it.
    (Cut(There, 20), First, KEYED, Status(200), 2, 1),
    (Cut(There, 20), First, ONCE, Failed("Unknown"), 1, 0),
    (Cut(There, 20), All, KEYED, Failed("Unavailable"), 3, 0),
    (Reset(There, 20), First, KEYED, Status(200), 2, 1),
    (Reset(There, 20), First, ONCE, Failed("Unknown"), 1, 0),
    (Reset(There, 20), All, KEYED, Failed("Unavailable"), 3, 0),
    // In the middle of the head of an answer, and of its body.
    (Cut(Back, 10), First, KEYED, Status(200), 2, 2),
    (Cut(Back, 10), First, ONCE, Failed("Unknown"), 1, 1),
    (Cut(Back, 10), All, KEYED, Failed("Unavailable"), 3, 3),
    (Cut(Back, 600), First, KEYED, Status(200), 2, 2),
    (Cut(Back, 600), First, ONCE, Failed("Unknown"), 1, 1),
    (Reset(Back, 10), First, KEYED, Status(200), 2, 2),
    (Reset(Back, 10), First, ONCE, Failed("Unknown"), 1, 1),
    (Reset(Back, 600), First, KEYED, Status(200), 2, 2),
    (Reset(Back, 600), First, ONCE, Failed("Unknown"), 1, 1),
    (Reset(Back, 600), All, KEYED, Failed("Unavailable"), 3, 3),
    // One side has no more to say, and has said nothing.
    (HalfClose, First, KEYED, Status(200), 2, 2),
    (HalfClose, First, ONCE, Failed("Unknown"), 1, 1),
    (HalfClose, All, KEYED, Failed("Unavailable"), 3, 3),
];

/// Up to three attempts at whatever may be worth another. Where the time of an attempt is what ends it, that is short, and
/// long enough for one that goes well on a busy machine; elsewhere nothing is to end by it.
fn policy(mishap: Mishap) -> Policy {
    let endless = matches!(mishap, BlackHole | Delay(_, LONG) | Trickle(_, SLOW));
    Policy {
        timeout: Timeout {
            attempt_ms: if endless { 10_000 } else { 120_000 },
            total_ms: 600_000,
            idle_ms: 60_000,
        },
        ..retrying(&[RetryOn::Class(5), RetryOn::Connect, RetryOn::Timeout])
    }
}

fn asked(effect: EffectKind) -> flowmesh_ir::call::Request {
    match effect {
        EffectKind::Once => once(),
        _ => request(),
    }
}

fn end(reply: &Reply) -> End {
    match reply {
        Reply::Answer { status, .. } => Status(*status),
        Reply::Failed(failure) => Failed(failure.error_name()),
    }
}

/// Each decision is that of the plan, and so is how it ended.
fn is_planned(row: &str, (mishap, effect): (Mishap, EffectKind), reply: &Reply, heard: &[Heard]) {
    let policy = policy(mishap);
    let (now, mut chance, mut pay) = (Duration::ZERO, || 0, || true);
    let mut plan = CallPlan::new(&policy, effect, &[], now);
    for one in heard {
        let begun = plan.next(now, None, &mut chance, &mut pay);
        let is_next = matches!(begun, Decision::Attempt { number, .. } if number == one.attempt);
        assert!(is_next, "{row}: {begun:?}, and {one:?}");
        let decided = plan.next(now, Some(one.outcome.clone()), &mut chance, &mut pay);
        match (&one.next, decided) {
            (Next::Retry(heard), Decision::Wait { delay }) => assert_eq!(*heard, delay, "{row}"),
            (Next::End(heard), Decision::Done { reply: planned, why }) => {
                assert_eq!((*heard, reply), (why, &planned), "{row}");
            }
            (heard, planned) => panic!("{row}: {heard:?}, and the plan {planned:?}"),
        }
    }
}

#[tokio::test]
async fn every_mishap_ends_as_the_plan_says() {
    let mut rows = JoinSet::new();
    for (mishap, which, effect, wanted, attempts, requests) in ROWS.iter().copied() {
        rows.spawn(async move {
            let server = Server::start(|_| Answer::Body(vec![b'x'; 2_000])).await;
            let proxy = Proxy::before(server.address, move |number| match which {
                First if number > 0 => Mishap::None,
                _ => mishap,
            })
            .await;
            let mesh = mesh(policy(mishap), &[proxy.url()]);
            let (reply, heard) = call(&mesh, &asked(effect)).await;
            let row = format!("{mishap:?} {which:?} {effect:?}: {heard:?}");
            assert_eq!((end(&reply), heard.len()), (wanted, attempts), "{row}");
            assert_eq!(server.requests(), requests, "{row}");
            is_planned(&row, (mishap, effect), &reply, &heard);
        });
    }
    while let Some(row) = rows.join_next().await {
        row.unwrap();
    }
}

#[tokio::test]
async fn what_never_left_is_sent_again_whatever_it_is() {
    // Nobody listens, or whoever listens never takes the connection.
    let (refused, deaf) = (format!("http://{}", nobody()), Deaf::start().await);
    for url in [refused, deaf.url()] {
        for effect in [KEYED, ONCE] {
            let mesh = mesh(policy(Mishap::None), std::slice::from_ref(&url));
            let (reply, heard) = call(&mesh, &asked(effect)).await;
            let row = format!("{url} {effect:?}: {heard:?}");
            assert_eq!((end(&reply), heard.len()), (Failed("Unavailable"), 3), "{row}");
            assert!(heard.iter().all(|one| !one.outcome.sent()), "{row}");
            is_planned(&row, (Mishap::None, effect), &reply, &heard);
        }
    }
}

#[tokio::test]
async fn without_a_retry_every_mishap_is_one_attempt() {
    let mut rows = JoinSet::new();
    let all = [
        (Delay(Back, LONG), "Timeout"),
        (Trickle(Back, SLOW), "Timeout"),
        (BlackHole, "Timeout"),
        (Cut(There, 20), "Unavailable"),
        (Cut(Back, 600), "Unavailable"),
        (Reset(Back, 10), "Unavailable"),
        (HalfClose, "Unavailable"),
    ];
    for (mishap, wanted) in all {
        rows.spawn(async move {
            let server = Server::start(|_| Answer::Body(vec![b'x'; 2_000])).await;
            let proxy = Proxy::before(server.address, move |_| mishap).await;
            let policy = Policy {
                retry: None,
                ..policy(mishap)
            };
            let (reply, heard) = call(&mesh(policy, &[proxy.url()]), &request()).await;
            assert_eq!(
                (end(&reply), heard.len()),
                (Failed(wanted), 1),
                "{mishap:?}: {heard:?}"
            );
            assert!(!matches!(heard[0].outcome, Outcome::Answer { .. }), "{heard:?}");
        });
    }
    while let Some(row) = rows.join_next().await {
        row.unwrap();
    }
}
