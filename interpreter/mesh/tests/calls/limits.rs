//! What a limit lets through, and what becomes of what it does not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use crate::support;
use crate::support::{
    call, failure, mesh, plain, request, retrying,
    server::{Answer, Server},
    status, with_options,
};
use flowmesh_ir::{
    OperationId, PolicyId, Program,
    call::{Reply, Request, Wire},
    expr::Expr,
    policy::{Policy, RetryOn, Timeout},
    traffic::{Limit, Rate},
};
use flowmesh_mesh::{Demand, Mesh, RequestView};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc::unbounded_channel, task::JoinHandle};

const LATE: Duration = Duration::from_millis(300);

fn limited(limit: Limit, policy: Policy) -> Policy {
    Policy {
        limit: Some(limit),
        ..policy
    }
}

fn rate(count: u32, per_ms: u64, queue: Option<u32>) -> Limit {
    Limit {
        rate: Some(Rate { count, per_ms }),
        burst: Some(1),
        queue,
        ..Limit::default()
    }
}

fn concurrent(most: u32, queue: u32) -> Limit {
    Limit {
        concurrent: Some(most),
        queue: Some(queue),
        ..Limit::default()
    }
}

async fn late() -> Server {
    Server::start(|_| Answer::Late(LATE)).await
}

/// So many calls at once.
fn together(mesh: &Arc<Mesh>, count: usize) -> Vec<JoinHandle<Reply>> {
    let one = |_| {
        let mesh = mesh.clone();
        tokio::spawn(async move { call(&mesh, &request()).await.0 })
    };
    (0..count).map(one).collect()
}

/// How many of them were answered, and what the others were told.
async fn told(calls: Vec<JoinHandle<Reply>>) -> (usize, Vec<String>) {
    let (mut answered, mut told) = (0, Vec::new());
    for call in calls {
        match call.await.unwrap() {
            Reply::Answer { .. } => answered += 1,
            Reply::Failed(failure) => told.push(failure.to_string()),
        }
    }
    (answered, told)
}

#[tokio::test]
async fn what_the_limit_refuses_is_overloaded_and_neither_sent_nor_repeated() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let everything = [
        RetryOn::Connect,
        RetryOn::Timeout,
        RetryOn::Class(4),
        RetryOn::Class(5),
    ];
    let policy = limited(rate(1, 60_000, None), retrying(&everything));
    let mesh = mesh(policy, &[server.url()]);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    let began = Instant::now();
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!(
        failure(&reply),
        (
            "Overloaded",
            "the limit of service `shop` is reached: the turn would come later than anybody waits"
        )
    );
    assert_eq!((heard.len(), server.requests()), (0, 1));
    assert!(began.elapsed() < LATE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn attempts_of_one_call_count_once() {
    let server = Server::start(|n| Answer::Status(if n < 2 { 503 } else { 200 })).await;
    let policy = limited(rate(1, 60_000, Some(0)), retrying(&[RetryOn::Class(5)]));
    let (reply, heard) = call(&mesh(policy, &[server.url()]), &request()).await;
    assert_eq!((status(&reply), heard.len()), (200, 3));
}

#[tokio::test]
async fn no_more_are_on_their_way_than_the_limit_says_and_those_beyond_the_line_are_refused() {
    let server = late().await;
    let mesh = Arc::new(mesh(limited(concurrent(2, 2), plain()), &[server.url()]));
    let began = Instant::now();
    let calls = together(&mesh, 6);
    tokio::time::sleep(LATE / 2).await;
    assert_eq!(server.requests(), 2);
    let (answered, told) = told(calls).await;
    assert_eq!(answered, 4);
    assert_eq!(
        told,
        ["Overloaded: the limit of service `shop` is reached: 2 wait for their turn already"; 2]
    );
    assert!(began.elapsed() >= LATE * 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_call_that_is_given_up_lets_the_next_one_in() {
    let server = late().await;
    let mesh = Arc::new(mesh(limited(concurrent(1, 1), plain()), &[server.url()]));
    let first = together(&mesh, 1);
    tokio::time::sleep(LATE / 3).await;
    let second = together(&mesh, 1);
    tokio::time::sleep(LATE / 3).await;
    assert_eq!(server.requests(), 1);
    first.iter().for_each(JoinHandle::abort);
    assert_eq!(told(second).await.0, 1);
}

#[tokio::test]
async fn calls_begin_as_the_rate_says() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mesh = Arc::new(mesh(limited(rate(20, 1_000, None), plain()), &[server.url()]));
    let began = Instant::now();
    assert_eq!(told(together(&mesh, 9)).await.0, 9);
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(400),
        "the first at once, eight at 20/s: {took:?}"
    );
}

#[tokio::test]
async fn nobody_waits_longer_than_the_total_leaves() {
    let server = late().await;
    let timeout = Timeout {
        attempt_ms: 100,
        total_ms: 100,
        idle_ms: 60_000,
    };
    let held = Policy {
        timeout,
        ..limited(concurrent(1, 1), plain())
    };
    let mut program = support::program(limited(concurrent(1, 1), plain()), &[100]);
    program.policies.push(held);
    let mesh = Arc::new(with_options(program, vec![vec![server.url()]], |_| {}).unwrap());
    let first = together(&mesh, 1);
    tokio::time::sleep(LATE / 6).await;
    let mut hurried = request();
    hurried.policy = PolicyId(1);
    let began = Instant::now();
    let (reply, _) = call(&mesh, &hurried).await;
    assert_eq!(
        failure(&reply),
        (
            "Overloaded",
            "the limit of service `shop` is reached: the turn did not come in time"
        )
    );
    assert!(began.elapsed() < LATE / 2, "{:?}", began.elapsed());
    assert_eq!(told(first).await.0, 1);
}

#[tokio::test]
async fn what_is_counted_apart_does_not_get_in_each_others_way() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let limit = Limit {
        per: Some(Expr::Constant(flowmesh_ir::Value::Bool(true))),
        ..rate(1, 60_000, Some(0))
    };
    let program = support::program(limited(limit, plain()), &[100]);
    let mesh = with_options(program, vec![vec![server.url()]], |options| {
        options.texts = Arc::new(|_, request: &RequestView<'_>| Some(request.query.to_owned()));
    })
    .unwrap();
    for (path, answered) in [("/?a", true), ("/?b", true), ("/?a", false), ("/?b", false)] {
        let mut request = request();
        request.path = path.to_owned();
        let (reply, _) = call(&mesh, &request).await;
        assert_eq!(matches!(reply, Reply::Answer { .. }), answered, "{path}");
    }
}

#[tokio::test]
async fn a_stream_keeps_its_slot_until_it_ends() {
    let server = Server::start(|_| Answer::Body(b"1\n2\n".to_vec())).await;
    let mesh = Arc::new(mesh(limited(concurrent(1, 0), plain()), &[server.url()]));
    let ((want, wanted), (tell, mut told)) = (unbounded_channel(), unbounded_channel());
    let shared = mesh.clone();
    let reading = tokio::spawn(async move {
        let mut demand = Demand::new(wanted, move |item| tell.send(item).unwrap());
        let request = Request {
            wire: Wire::Stream(None),
            ..request()
        };
        shared.stream(&request, support::TRACE, &mut demand).await
    });
    want.send(()).unwrap();
    assert!(told.recv().await.is_some());
    assert_eq!(failure(&call(&mesh, &request()).await.0).0, "Overloaded");
    drop(want);
    assert_eq!(status(&reading.await.unwrap()), 200);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
}

/// A service with two operations: the first has the policy of the service, the second one of its own.
fn two_operations(service: Option<Limit>, own: Option<Limit>) -> Program {
    let with = |limit| Policy { limit, ..plain() };
    let mut program = support::program(with(service), &[100]);
    program.policies.push(with(own));
    let shop = Arc::make_mut(&mut program.services[0]);
    let mut second = shop.operations[0].clone();
    second.name = "sell".into();
    second.policy = PolicyId(1);
    shop.operations.push(second);
    program
}

async fn names_of_refused(program: Program, server: &Server) -> Vec<String> {
    let mesh = with_options(program, vec![vec![server.url()]], |_| {}).unwrap();
    let mut refused = Vec::new();
    for (operation, policy) in [(0, 0), (1, 1), (0, 0), (1, 1)] {
        let mut request = request();
        (request.operation, request.policy) = (OperationId(operation), PolicyId(policy));
        if let Reply::Failed(failure) = call(&mesh, &request).await.0 {
            refused.push(failure.reason().to_owned());
        }
    }
    refused
}

#[tokio::test]
async fn a_service_counts_all_of_its_operations_and_an_operation_its_own() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let limit = |count| {
        Some(Limit {
            burst: Some(count),
            ..rate(count, 60_000, Some(0))
        })
    };
    let of_service = "the limit of service `shop` is reached: nobody may wait for a turn";
    let of_operation = "the limit of `shop.sell` is reached: nobody may wait for a turn";
    let of_mesh = "the limit of the mesh is reached: nobody may wait for a turn";
    assert_eq!(
        names_of_refused(two_operations(limit(1), limit(1)), &server).await,
        [of_service; 3]
    );
    let both = two_operations(limit(2), limit(1));
    assert_eq!(names_of_refused(both, &server).await, [of_operation]);
    let mut mesh = two_operations(None, None);
    mesh.mesh.limit = limit(3);
    assert_eq!(names_of_refused(mesh, &server).await, [of_mesh]);
}
