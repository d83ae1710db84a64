//! What the API answers is what its description says: real answers against the schemas that are published.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/programs.rs"]
mod programs;

use client::{ask, ask_on};
use flowmesh_host::{
    Host, HostOptions,
    server::{self, Server, ServerOptions},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::net::TcpStream;

async fn api(folder: &Path) -> SocketAddr {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(folder, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = programs::program("http://127.0.0.1:9");
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let api = server.address();
    tokio::spawn(server.serve(host, std::future::pending()));
    api
}

/// What is wrong with an answer by the description.
fn misfit(described: &Value, (operation, status): (&str, u16), answer: &Value) -> Option<String> {
    let response = &responses(described, operation)[status.to_string()];
    let schema = match response {
        Value::Null => {
            &described["components"]["responses"]["Problem"]["content"]["application/problem+json"]["schema"]
        }
        known => &known["content"]["application/json"]["schema"],
    };
    let whole = json!({"allOf": [schema], "components": described["components"]});
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    validator.validate(answer).err().map(|wrong| wrong.to_string())
}

fn responses<'a>(described: &'a Value, operation: &str) -> &'a Value {
    let paths = described["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let found = operations.find(|found| found["operationId"] == operation);
    &found.unwrap()["responses"]
}

/// Whether an answer with this status is described by itself, and not as a problem.
fn described_as(described: &Value, operation: &str, status: u16) -> bool {
    !responses(described, operation)[status.to_string()].is_null()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_as_they_are_described() {
    let folder = tempfile::tempdir().unwrap();
    let api = api(folder.path()).await;
    let described = server::openapi();
    assert_eq!(
        ask(api, "GET", "/v1/openapi.json", "", "").await.json(),
        described
    );
    let hear = ask(api, "POST", "/v1/flows/hear/runs", "", "").await.json();
    let hear = hear["id"].as_str().unwrap();
    let nap = ask(api, "POST", "/v1/flows/nap/runs?key=k", "", "").await.json();
    let nap = nap["id"].as_str().unwrap();
    let requests = [
        ("health", "GET", "/healthz".to_owned(), "", 200),
        ("list_flows", "GET", "/v1/flows".to_owned(), "", 200),
        (
            "start_run",
            "POST",
            "/v1/flows/hello/runs?wait=9s".to_owned(),
            r#"{"name":"a"}"#,
            200,
        ),
        ("start_run", "POST", "/v1/flows/nap/runs".to_owned(), "", 202),
        ("start_run", "POST", "/v1/flows/none/runs".to_owned(), "", 404),
        (
            "start_run",
            "POST",
            "/v1/flows/hello/runs".to_owned(),
            r#"{"name":1}"#,
            422,
        ),
        ("list_runs", "GET", "/v1/runs?limit=2".to_owned(), "", 200),
        ("count_runs", "GET", "/v1/runs/count".to_owned(), "", 200),
        ("get_run", "GET", format!("/v1/runs/{nap}"), "", 200),
        ("get_run", "GET", "/v1/runs/7".to_owned(), "", 400),
        ("get_views", "GET", format!("/v1/runs/{nap}/views"), "", 200),
        (
            "get_variables",
            "GET",
            format!("/v1/runs/{nap}/variables"),
            "",
            200,
        ),
        ("get_past_run", "GET", format!("/v1/runs/{nap}/at/0"), "", 200),
        ("get_past_run", "GET", format!("/v1/runs/{nap}/at/9000"), "", 400),
        (
            "pause_run",
            "POST",
            format!("/v1/runs/{hear}/pause"),
            r#"{"reason":"x"}"#,
            202,
        ),
        (
            "decide_run",
            "POST",
            format!("/v1/runs/{hear}/decide"),
            r#"{"choice":"retry"}"#,
            409,
        ),
        (
            "batch",
            "POST",
            "/v1/batch/resume?all=true&preview=true".to_owned(),
            "",
            200,
        ),
        ("batch", "POST", "/v1/batch/resume?all=true".to_owned(), "", 200),
        ("cancel_run", "POST", format!("/v1/runs/{hear}/cancel"), "", 202),
        (
            "restart_run",
            "POST",
            format!("/v1/runs/{nap}/restart"),
            r#"{"from":"x"}"#,
            409,
        ),
        (
            "terminate_run",
            "POST",
            format!("/v1/runs/{nap}/terminate"),
            "",
            202,
        ),
        ("list_schedules", "GET", "/v1/schedules".to_owned(), "", 200),
        ("list_results", "GET", "/v1/cache?limit=1".to_owned(), "", 200),
        (
            "list_results",
            "GET",
            "/v1/cache?cursor=nowhere".to_owned(),
            "",
            400,
        ),
        (
            "forget_results",
            "POST",
            "/v1/cache/forget?all=true&preview=true".to_owned(),
            "",
            200,
        ),
        (
            "forget_results",
            "POST",
            "/v1/cache/forget?of=stock.reserve".to_owned(),
            "",
            200,
        ),
        ("forget_results", "POST", "/v1/cache/forget".to_owned(), "", 400),
    ];
    for (operation, method, path, body, status) in requests {
        let stream = TcpStream::connect(api).await.unwrap();
        let answer = ask_on(stream, method, &path, "", body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        let kind = if described_as(&described, operation, status) {
            "json"
        } else {
            "problem+json"
        };
        assert!(
            answer.head.contains(&format!("content-type: application/{kind}")),
            "{}",
            answer.head
        );
        let wrong = misfit(&described, (operation, status), &answer.json());
        assert_eq!(wrong, None, "{operation}: {}", answer.body);
    }
}

#[test]
fn the_description_has_what_programs_need_of_it() {
    let described = server::openapi();
    let mut names = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            names.push(operation["operationId"].as_str().unwrap());
            let places = operation["parameters"].as_array().unwrap().iter();
            let places = places.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(places, path.matches('{').count(), "{path}");
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "an operation is described twice");
    let text = described.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(described.pointer(pointer).is_some(), "{pointer} is nothing");
    }
}
