//! Calls by gRPC against a real server: answers, errors, streams, deadlines, and the JSON of both sides.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "../support/shop.rs"]
mod shop;
use crate::support;
use crate::support::{TRACE, call, failure, plain, program, request, retrying, with_options};
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_ir::{
    ErrorId, PolicyId, Program, ServiceId,
    call::{Reply, Request, Wire},
    expr::Raise,
    policy::{Balance, Policy, RetryOn, Timeout},
    service::{Binding, Method, OnStatus, StreamKind},
    traffic::{Health, Onward},
};
use flowmesh_mesh::{Demand, Mesh};
use serde_json::{Value, json};
use shop::Shop;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

const PROTO: &str = include_str!("../support/shop.proto");

fn descriptors() -> String {
    use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
    struct One;
    impl FileResolver for One {
        fn open_file(&self, name: &str) -> Result<File, protox::Error> {
            match name {
                "shop.proto" => File::from_source(name, PROTO),
                _ => Err(protox::Error::file_not_found(name)),
            }
        }
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(One);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("shop.proto").unwrap();
    STANDARD.encode(compiler.encode_file_descriptor_set())
}

fn described(policy: Policy, method: &str, on: &[u16]) -> Program {
    let mut program = program(policy, &[100]);
    let service = std::sync::Arc::make_mut(&mut program.services[0]);
    service.descriptors = Some(descriptors());
    let operation = &mut service.operations[0];
    operation.binding = Binding::Grpc {
        service: "shop.v1.Shop".to_owned(),
        method: method.to_owned(),
    };
    operation.stream = (method == "Watch").then_some(StreamKind {
        resume: None,
        params: Vec::new(),
    });
    let raise = Raise {
        error: ErrorId(0),
        fields: Vec::new(),
    };
    operation.on = on
        .iter()
        .map(|status| OnStatus {
            status: *status,
            raise: raise.clone(),
        })
        .collect();
    program
}

fn asks(method: &str, body: Value) -> Request {
    Request {
        wire: Wire::Grpc {
            path: format!("/shop.v1.Shop/{method}"),
            stream: method == "Watch",
        },
        path: String::new(),
        body: Arc::from(body.to_string().into_bytes()),
        ..request()
    }
}

fn mesh(server: &Shop, policy: Policy, method: &str, on: &[u16]) -> Mesh {
    with_options(described(policy, method, on), vec![vec![server.url()]], |_| {}).unwrap()
}

fn answer(reply: &Reply) -> (u16, Value) {
    match reply {
        Reply::Answer { status, body } => (*status, serde_json::from_slice(body).unwrap()),
        Reply::Failed(failure) => panic!("{failure}"),
    }
}

#[tokio::test]
async fn a_message_goes_out_and_one_comes_back() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    let order = json!({
        "id": "o1",
        "count": 9_007_199_254_740_993_i64,
        "note": "soon",
        "items": [{ "sku": "A", "price": 1.5 }],
        "labels": { "a": "b" },
        "size": "SIZE_LARGE",
        "within": "1h30m",
        "at": "2026-01-31T10:00:00Z",
        "payment": { "card": { "value": { "number": "4242" } } },
        "photo": "AAEC",
    });
    let (reply, _) = call(&mesh, &asks("Order", order.clone())).await;
    // The server gives back what it was sent.
    assert_eq!(answer(&reply), (200, order));
    assert_eq!(server.last("te"), Some("trailers".to_owned()));
    assert_eq!(server.last("idempotency-key"), Some("order-1".to_owned()));
    assert!(server.last("traceparent").is_some());
}

#[tokio::test]
async fn what_is_not_set_has_its_zero_value_or_is_left_out() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "o1" }))).await;
    let (_, value) = answer(&reply);
    assert_eq!(value["count"], json!(0));
    assert_eq!(value["items"], json!([]));
    assert_eq!(value["size"], json!("SIZE_UNKNOWN"));
    assert!(value.get("note").is_none_or(Value::is_null));
    assert!(value.get("payment").is_none_or(Value::is_null));
}

#[tokio::test]
async fn a_request_that_is_no_message_is_never_sent() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    let (reply, _) = call(&mesh, &asks("Order", json!({ "identity": "o1" }))).await;
    let (name, why) = failure(&reply);
    assert_eq!(name, "Unavailable");
    assert!(why.contains("identity"), "{why}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn an_error_is_an_answer_with_its_code() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "missing" }))).await;
    let said = json!({ "code": "NOT_FOUND", "message": "no such order: a/b" });
    assert_eq!(answer(&reply), (5, said));
}

#[tokio::test]
async fn what_a_service_adds_to_an_error_is_in_its_details() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "detailed" }))).await;
    let details = json!([
        { "@type": "type.googleapis.com/shop.v1.Item", "sku": "A", "price": 0.0 },
        { "@type": "type.googleapis.com/other.Thing", "value": "CgF4" },
    ]);
    let said = json!({ "code": "NOT_FOUND", "message": "gone", "details": details });
    assert_eq!(answer(&reply), (5, said));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_tried_again() {
    let server = Shop::start().await;
    let mesh = mesh(&server, retrying(&[RetryOn::Class(5)]), "Order", &[]);
    let (reply, heard) = call(&mesh, &asks("Order", json!({ "id": "twice" }))).await;
    assert_eq!((answer(&reply).0, heard.len()), (200, 3));
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "never" }))).await;
    assert_eq!(failure(&reply).0, "Unavailable");
}

#[tokio::test]
async fn a_code_that_the_operation_names_is_its_own_matter() {
    let server = Shop::start().await;
    let mesh = mesh(&server, retrying(&[RetryOn::Class(5)]), "Order", &[14]);
    let (reply, heard) = call(&mesh, &asks("Order", json!({ "id": "never" }))).await;
    assert_eq!((answer(&reply).0, heard.len()), (14, 1));
}

#[tokio::test]
async fn a_slow_service_hears_the_deadline_and_is_not_waited_for() {
    let server = Shop::start().await;
    let policy = Policy {
        timeout: Timeout {
            attempt_ms: 150,
            total_ms: 150,
            idle_ms: 60_000,
        },
        ..Policy::default()
    };
    let mesh = mesh(&server, policy, "Order", &[]);
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "slow" }))).await;
    assert_eq!(failure(&reply).0, "Timeout");
    let timeout = server.last("grpc-timeout").unwrap();
    let left: u64 = timeout.strip_suffix('m').unwrap().parse().unwrap();
    assert!((1..=150).contains(&left), "{timeout}");
}

#[tokio::test]
async fn calls_share_one_connection() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Order", &[]);
    for _ in 0..5 {
        let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "o1" }))).await;
        assert_eq!(answer(&reply).0, 200);
    }
    assert_eq!((server.requests(), server.connections()), (5, 1));
}

#[tokio::test]
async fn a_stream_comes_item_by_item_as_it_is_wanted() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Watch", &[]);
    let (want, wanted) = mpsc::unbounded_channel();
    let (give, mut given) = mpsc::unbounded_channel();
    let mut demand = Demand::new(wanted, move |item| give.send(item).unwrap());
    let request = asks("Watch", json!({ "id": "3" }));
    let reading = mesh.stream(&request, TRACE, &mut demand);
    let asking = async {
        let mut ids = Vec::new();
        for _ in 0..3 {
            want.send(()).unwrap();
            let item: Value = serde_json::from_slice(&given.recv().await.unwrap()).unwrap();
            ids.push(item["id"].as_str().unwrap().to_owned());
        }
        want.send(()).unwrap();
        ids
    };
    let (reply, ids) = tokio::join!(reading, asking);
    assert_eq!(ids, ["0", "1", "2"]);
    assert!(matches!(reply, Reply::Answer { status: 200, .. }), "{reply:?}");
}

/// Two services of gRPC, where calls of the first go to the other while nobody is there.
async fn elsewhere(server: &Shop, method: &str) -> Mesh {
    let policy = Policy {
        failover: Some(Onward::Service(ServiceId(1))),
        ..retrying(&[RetryOn::Connect])
    };
    let mut program = described(policy, method, &[]);
    let mut other = (*program.services[0]).clone();
    other.name = "other".into();
    other.policy = PolicyId(1);
    program.services.push(other.into());
    program.policies.push(plain());
    let nobody = format!("http://{}", support::server::nobody());
    let addresses = [vec![vec![nobody]], vec![vec![server.url()]]];
    support::several(program, &addresses, |_| {})
}

#[tokio::test]
async fn a_call_goes_elsewhere_while_nobody_is_there() {
    let server = Shop::start().await;
    let mesh = elsewhere(&server, "Order").await;
    let (reply, heard) = call(&mesh, &asks("Order", json!({ "id": "o1" }))).await;
    assert_eq!((answer(&reply).0, heard.len(), server.requests()), (200, 2, 1));
    assert!(heard[1].failover.is_some());
    assert_eq!(server.last("te"), Some("trailers".to_owned()));
}

#[tokio::test]
async fn a_stream_is_opened_elsewhere_while_nobody_is_there() {
    let server = Shop::start().await;
    let mesh = elsewhere(&server, "Watch").await;
    let (want, wanted) = mpsc::unbounded_channel();
    (0..9).for_each(|_| want.send(()).unwrap());
    let (give, mut given) = mpsc::unbounded_channel();
    let mut demand = Demand::new(wanted, move |item| give.send(item).unwrap());
    let reply = mesh
        .stream(&asks("Watch", json!({ "id": "3" })), TRACE, &mut demand)
        .await;
    assert!(matches!(reply, Reply::Answer { status: 200, .. }), "{reply:?}");
    let item: Value = serde_json::from_slice(&given.try_recv().unwrap()).unwrap();
    assert_eq!(item["id"], "0");
}

#[tokio::test]
async fn a_stream_that_ends_in_an_error_says_which() {
    let server = Shop::start().await;
    let mesh = mesh(&server, plain(), "Watch", &[]);
    let (want, wanted) = mpsc::unbounded_channel();
    (0..9).for_each(|_| want.send(()).unwrap());
    let (give, mut given) = mpsc::unbounded_channel();
    let mut demand = Demand::new(wanted, move |item| give.send(item).unwrap());
    let reply = mesh
        .stream(&asks("Watch", json!({ "id": "broken" })), TRACE, &mut demand)
        .await;
    assert_eq!(answer(&reply).0, 9);
    assert!(given.try_recv().is_ok() && given.try_recv().is_err());
}

#[tokio::test]
async fn what_nothing_describes_is_not_called() {
    let server = Shop::start().await;
    let mut program = described(plain(), "Order", &[]);
    Arc::make_mut(&mut program.services[0]).descriptors = None;
    let mesh = with_options(program, vec![vec![server.url()]], |_| {}).unwrap();
    let (reply, _) = call(&mesh, &asks("Order", json!({ "id": "o1" }))).await;
    assert!(failure(&reply).1.contains("shop.buy"), "{reply:?}");

    let mut program = described(plain(), "Order", &[]);
    Arc::make_mut(&mut program.services[0]).descriptors = Some("AAAA".to_owned());
    let made = with_options(program, vec![vec![server.url()]], |_| {});
    assert_eq!(
        made.err().map(|error| error.code().to_string()).as_deref(),
        Some("F1045")
    );
    let made = with_options(described(plain(), "Gone", &[]), vec![vec![server.url()]], |_| {});
    assert_eq!(
        made.err().map(|error| error.code().to_string()).as_deref(),
        Some("F1045")
    );
}

#[tokio::test]
async fn servers_that_speak_http2_alone_are_asked_how_they_are() {
    let (ill, other) = (Shop::start().await, Shop::start().await);
    let asking = Policy {
        balance: Balance::RoundRobin,
        health: Some(Health {
            method: Method::Get,
            path: "/healthz".to_owned(),
            every_ms: 20,
            timeout_ms: 1_000,
            unhealthy: 2,
            healthy: 2,
        }),
        ..plain()
    };
    let addresses = vec![vec![ill.url(), other.url()]];
    let mesh = with_options(described(asking, "Order", &[]), addresses, |_| {}).unwrap();
    let orders = asks("Order", json!({ "id": "o1" }));
    for _ in 0..2 {
        assert_eq!(answer(&call(&mesh, &orders).await.0).0, 200);
    }
    assert_eq!((ill.requests(), other.requests()), (1, 1));
    ill.falls_ill();
    // When it is asked for the third time, two answers were heard.
    let before = ill.questions();
    while ill.questions() < before + 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..4 {
        assert_eq!(answer(&call(&mesh, &orders).await.0).0, 200);
    }
    assert_eq!((ill.requests(), other.requests()), (1, 5));
    assert_eq!((ill.connections(), other.connections()), (1, 1));
}
