//! What is kept is bounded, and who listens hears what was asked for and how much was left out.

use super::{TapFilter, Tapped, Trails};
use flowmesh_ir::trace::TraceContext;
use flowmesh_mesh::gateway::{Called, Fit, Proof, Record, Said, Trail, Wanted};
use jiff::Timestamp;
use std::sync::Arc;

fn record(number: u64, status: u16) -> Arc<Record> {
    let called = |name: &str| Called {
        name: name.into(),
        target: None,
    };
    let routes = ["POST /a", "GET /b", "GET /c", "GET /a", "any /**"];
    let trace = TraceContext::root(u128::from(number));
    Arc::new(Record {
        gateway: "shop".into(),
        request: trace.trace,
        identity: number.is_multiple_of(2).then(|| "ann".to_owned()),
        status,
        rule: Some(1),
        trace: Some(trace),
        trail: Some(Box::new(Trail {
            proof: Proof::Credentials,
            routes: Some(routes.into_iter().map(called).collect()),
            looked: vec![(0, Fit::Method), (3, Fit::Taken)],
            runner_up: Some(4),
            said: vec![
                Said {
                    rule: 0,
                    applies: false,
                    holds: None,
                },
                Said {
                    rule: 1,
                    applies: true,
                    holds: Some(true),
                },
            ],
        })),
        ..Record::default()
    })
}

#[test]
fn the_last_visits_are_kept_with_why_they_went_so() {
    let trails = Trails::new(2);
    assert_eq!(trails.wanted(), Wanted::Trail);
    (1..=3).for_each(|number| trails.visited(record(number, 200), Timestamp::UNIX_EPOCH));
    assert!(trails.find(&format!("{:032x}", 1)).is_empty(), "it is let go of");
    let found = trails.find(&format!("{:032x}", 3));
    let [visit] = found.as_slice() else {
        panic!("one visit: {found:?}");
    };
    assert_eq!(visit.proof, "credentials");
    assert_eq!(
        visit
            .route
            .as_ref()
            .map(|route| (route.number, route.name.as_str())),
        Some((3, "GET /a"))
    );
    assert_eq!(visit.runner_up.as_ref().map(|route| route.number), Some(4));
    let decided: Vec<_> = visit.rules.iter().map(|rule| rule.decided).collect();
    assert_eq!(decided, [false, true]);
}

#[test]
fn who_keeps_nothing_and_tells_nobody_wants_nothing() {
    let trails = Trails::new(0);
    assert_eq!(trails.wanted(), Wanted::Nothing);
    let tap = trails.tap(TapFilter::default());
    assert_eq!(trails.wanted(), Wanted::Trail);
    drop(tap);
    trails.visited(record(1, 200), Timestamp::UNIX_EPOCH);
    assert_eq!(trails.wanted(), Wanted::Nothing);
}

#[tokio::test]
async fn a_listener_hears_what_was_asked_for_and_how_much_was_left_out() {
    let trails = Trails::new(0);
    let filter = |status: &str, identity: Option<&str>| TapFilter {
        status: Some(status.to_owned()),
        identity: identity.map(str::to_owned),
        ..TapFilter::default()
    };
    let (mut some, mut none) = (
        trails.tap(filter("5xx", None)),
        trails.tap(filter("404", Some("ann"))),
    );
    for number in 0..300 {
        trails.visited(
            record(number, if number % 3 == 0 { 200 } else { 503 }),
            Timestamp::UNIX_EPOCH,
        );
    }
    trails.visited(record(7, 404), Timestamp::UNIX_EPOCH);
    trails.visited(record(8, 404), Timestamp::UNIX_EPOCH);
    let Some(Tapped::Visit(visit)) = some.next().await else {
        panic!("a visit");
    };
    assert_eq!(visit.status, 503);
    let Some(Tapped::Visit(visit)) = none.next().await else {
        panic!("a visit");
    };
    assert_eq!((visit.status, visit.identity.as_deref()), (404, Some("ann")));
    for number in 0..500 {
        trails.visited(record(number, 500), Timestamp::UNIX_EPOCH);
    }
    let Some(Tapped::LeftOut { left_out }) = some.next().await else {
        panic!("some were left out");
    };
    assert_eq!(left_out, 199 + 500 - 256);
    assert!(TapFilter::is_status("5xx") && TapFilter::is_status("404"));
    assert!(!TapFilter::is_status("5x") && !TapFilter::is_status("xxx") && !TapFilter::is_status("4040"));
}
