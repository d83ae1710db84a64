//! Every route against every kind of credential, made from the table of routes: a route without a row here fails.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/identity.rs"]
mod identity;
#[path = "support/programs.rs"]
mod programs;

use client::{Answer, ask, ask_on};
use flowmesh_host::{
    Host, HostOptions,
    server::{self, AuditOptions, Identity, Server, ServerOptions, identity::Role},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use identity::{but, claims, expired, forged, revoked, signed, token, unsigned};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::net::TcpSocket;

/// Routes that tell of all namespaces at once: whoever is for some of them learns nothing there.
const OF_ALL: [&str; 1] = ["get_server"];

/// Every route, with the role that it needs. This is what is wanted; the table of routes says what is.
const ROWS: &[(&str, &str)] = &[
    ("health", ""),
    ("openapi", "viewer"),
    ("read_audit", "admin"),
    ("get_server", "admin"),
    ("get_visits", "viewer"),
    ("tap", "viewer"),
    ("get_trace", "viewer"),
    ("list_flows", "viewer"),
    ("start_run", "operator"),
    ("list_runs", "viewer"),
    ("count_runs", "viewer"),
    ("get_run", "viewer"),
    ("get_views", "viewer"),
    ("get_view", "viewer"),
    ("get_variables", "viewer"),
    ("get_past_run", "viewer"),
    ("follow_run", "viewer"),
    ("batch", "operator"),
    ("list_results", "viewer"),
    ("forget_results", "operator"),
    ("cancel_run", "operator"),
    ("pause_run", "operator"),
    ("resume_run", "operator"),
    ("terminate_run", "operator"),
    ("decide_run", "operator"),
    ("edit_run", "operator"),
    ("retry_run", "operator"),
    ("restart_run", "operator"),
    ("signal_run", "operator"),
    ("emit_event", "operator"),
    ("get_health", "viewer"),
    ("list_schedules", "viewer"),
    ("get_schedule", "viewer"),
    ("pause_schedule", "operator"),
    ("resume_schedule", "operator"),
    ("backfill_schedule", "operator"),
    ("stop_backfill", "operator"),
    ("list_deployments", "viewer"),
    ("deploy", "deployer"),
    ("plan_deployment", "deployer"),
    ("rollback", "deployer"),
    ("lease_task", "operator"),
    ("heartbeat_task", "operator"),
    ("complete_task", "operator"),
    ("fail_task", "operator"),
    ("lease_limits", "operator"),
];

struct World {
    api: SocketAddr,
    host: Host,
    identity: Identity,
    /// Each request comes from an address of its own, so that none is limited for what others did.
    peers: AtomicU32,
}

async fn world(folder: &Path) -> World {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let options = HostOptions::new(resolver, Arc::new(|_| None));
    let host = Host::open(&folder.join("runs"), options).unwrap();
    let program = programs::program("http://127.0.0.1:9");
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let identity = identity::identity(folder);
    let options = ServerOptions {
        identity: identity.clone(),
        audit: Some(AuditOptions::new(folder.join("audit.jsonl"))),
        ..ServerOptions::new(([127, 0, 0, 1], 0).into())
    };
    let server = Server::bind(options).await.unwrap();
    let api = server.address();
    tokio::spawn(server.serve(host.clone(), std::future::pending()));
    World {
        api,
        host,
        identity,
        peers: AtomicU32::new(0),
    }
}

impl World {
    async fn ask(&self, request: &Request, headers: &str) -> Answer {
        let number = self.peers.fetch_add(1, Ordering::Relaxed);
        let [_, b, c, d] = number.to_be_bytes();
        self.ask_from([127, b + 1, c, d], request, headers).await
    }

    async fn ask_from(&self, from: [u8; 4], request: &Request, headers: &str) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let stream = socket.connect(self.api).await.unwrap();
        let Request {
            method, path, body, ..
        } = request;
        ask_on(stream, method, path, headers, body).await
    }

    async fn with(&self, request: &Request, token: &str) -> Answer {
        self.ask(request, &format!("Authorization: Bearer {token}\r\n"))
            .await
    }

    fn token(&self, role: Role, within: Option<&str>) -> String {
        let name = format!("{role} {within:?}");
        token(&self.identity, &name, role, within)
    }
}

/// A request of a route, with places that are nothing.
#[derive(Clone)]
struct Request {
    name: String,
    method: String,
    path: String,
    body: String,
    role: Option<Role>,
}

fn requests() -> Vec<Request> {
    let described = server::openapi();
    let mut requests = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path
                .replace("{run}", "00000000-0000-7000-8000-000000000000")
                .replace("{task}", "00000000000000000000000000000000")
                .replace("{verb}", "cancel")
                .replace("{flow}", "nothing")
                .replace(['{', '}'], "");
            let wait = match path.as_str() {
                path if path.ends_with("/lease") => "?wait=1ms",
                "/v1/tap" => "?for=1ms",
                _ => "",
            };
            requests.push(Request {
                name: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: format!("{path}{wait}"),
                body: String::new(),
                role: operation["x-flowmesh-role"]
                    .as_str()
                    .map(|role| role.parse().unwrap()),
            });
        }
    }
    requests
}

#[test]
fn every_route_has_a_row_and_the_role_of_its_row() {
    let rows: Vec<_> = ROWS
        .iter()
        .map(|(name, role)| (*name, role.parse().ok()))
        .collect();
    let routes = requests();
    let routes: Vec<_> = routes
        .iter()
        .map(|route| (route.name.as_str(), route.role))
        .collect();
    for route in &routes {
        assert!(rows.contains(route), "{route:?} has no row, or another role");
    }
    for row in &rows {
        assert!(routes.contains(row), "{row:?} has no route");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_known_comes_in_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let good = claims("admin", &["default"]);
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let admin = world.token(Role::Admin, None);
    let credentials: Vec<(&str, String)> = vec![
        ("none", String::new()),
        ("empty", "Authorization: Bearer \r\n".to_owned()),
        ("another scheme", format!("Authorization: Basic {admin}\r\n")),
        ("two of them", bearer(&admin).repeat(2)),
        ("unknown", bearer("fmt_000000000000_AAAA")),
        ("cut", bearer(&admin[..admin.len() - 1])),
        ("expired", bearer(&expired(&world.identity))),
        ("revoked", bearer(&revoked(&world.identity))),
        ("no token at all", bearer("admin")),
        ("JWT of another method", bearer(&forged(&good))),
        ("JWT without a signature", bearer(&unsigned(&good))),
        ("JWT with an unknown key", bearer(&signed(&good, "two"))),
        (
            "JWT for others",
            bearer(&signed(&but(good.clone(), "aud", json!("others")), "one")),
        ),
        (
            "JWT of others",
            bearer(&signed(
                &but(good.clone(), "iss", json!("https://evil.example")),
                "one",
            )),
        ),
        (
            "JWT that has expired",
            bearer(&signed(&but(good.clone(), "exp", json!(1)), "one")),
        ),
        (
            "JWT that is not valid yet",
            bearer(&signed(
                &but(good.clone(), "nbf", json!(9_999_999_999_u64)),
                "one",
            )),
        ),
        (
            "JWT with a changed end",
            bearer(&format!("{}AAAA", signed(&good, "one"))),
        ),
    ];
    for request in requests() {
        for (what, headers) in &credentials {
            let answer = world.ask(&request, headers).await;
            let name = &request.name;
            if request.role.is_none() {
                assert_eq!(answer.status, 200, "{name} with {what}");
                continue;
            }
            assert_eq!(answer.status, 401, "{name} with {what}: {}", answer.body);
            assert_eq!(answer.json()["code"], "F1140", "{name} with {what}");
            assert!(
                answer.head.contains("www-authenticate: bearer"),
                "{}",
                answer.head
            );
        }
    }
    let nothing = Request {
        path: "/v1/nothing".to_owned(),
        ..requests().remove(0)
    };
    assert_eq!(world.ask(&nothing, "").await.status, 401);
    assert_eq!(world.with(&nothing, &admin).await.status, 404);
    let wrong = Request {
        method: "DELETE".to_owned(),
        path: "/v1/runs".to_owned(),
        ..nothing
    };
    assert_eq!(world.ask(&wrong, "").await.status, 401);
    assert_eq!(world.with(&wrong, &admin).await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_what_their_role_may_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    for role in Role::ALL {
        let api = world.token(role, None);
        let one = world.token(role, Some("default"));
        let jwt = signed(&claims(role.as_str(), &["default", "other"]), "one");
        for request in requests() {
            for token in [&api, &one, &jwt] {
                let answer = world.with(&request, token).await;
                let name = &request.name;
                if OF_ALL.contains(&name.as_str()) && role == Role::Admin && *token != api {
                    assert_eq!(answer.json()["code"], "F1142", "{name} as {role}");
                } else if request.role.is_none_or(|needed| role >= needed) {
                    assert!(
                        ![401, 403, 429].contains(&answer.status) && answer.status < 500,
                        "{name} as {role}: {} {}",
                        answer.status,
                        answer.body
                    );
                } else {
                    assert_eq!(answer.status, 403, "{name} as {role}: {}", answer.body);
                    assert_eq!(answer.json()["code"], "F1141", "{name} as {role}");
                }
            }
        }
    }
    let nobody = signed(
        &but(claims("root", &["default"]), "roles", json!(["root"])),
        "one",
    );
    for request in requests().into_iter().filter(|request| request.role.is_some()) {
        assert_eq!(
            world.with(&request, &nobody).await.status,
            403,
            "{}",
            request.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_for_its_namespaces_alone() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let api = world.token(Role::Admin, Some("other"));
    let jwt = signed(&claims("admin", &["other"]), "one");
    let nowhere = signed(&but(claims("admin", &[]), "namespaces", Value::Null), "one");
    let torn = signed(&claims("admin", &["a", "b"]), "one");
    for request in requests().into_iter().filter(|request| request.role.is_some()) {
        for token in [&api, &jwt] {
            let headers = format!("Authorization: Bearer {token}\r\nFlowmesh-Namespace: default\r\n");
            let answer = world.ask(&request, &headers).await;
            assert_eq!(answer.status, 403, "{}: {}", request.name, answer.body);
            assert_eq!(answer.json()["code"], "F1142", "{}", request.name);
        }
        for token in [&nowhere, &torn] {
            assert_eq!(world.with(&request, token).await.status, 403, "{}", request.name);
        }
        let headers = format!("Authorization: Bearer {api}\r\nFlowmesh-Namespace: No Name\r\n");
        assert_eq!(
            world.ask(&request, &headers).await.status,
            400,
            "{}",
            request.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fails_too_often_is_told_to_wait_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let list = requests()
        .into_iter()
        .find(|request| request.name == "list_runs")
        .unwrap();
    let good = format!("Authorization: Bearer {}\r\n", world.token(Role::Viewer, None));
    let signed = signed(&claims("viewer", &["default"]), "one");
    let signed = format!("Authorization: Bearer {signed}\r\n");
    let bad = "Authorization: Bearer fmt_a_b\r\n";
    let (one, other) = ([127, 9, 0, 1], [127, 9, 0, 2]);
    for _ in 0..20 {
        assert_eq!(world.ask_from(one, &list, bad).await.status, 401);
    }
    let limited = world.ask_from(one, &list, bad).await;
    assert_eq!(
        (limited.status, limited.json()["code"].as_str()),
        (429, Some("F1143"))
    );
    assert!(limited.head.contains("retry-after: "), "{}", limited.head);
    assert_eq!(world.ask_from(one, &list, &signed).await.status, 429);
    assert_eq!(world.ask_from(one, &list, &good).await.status, 200);
    assert_eq!(world.ask_from(other, &list, bad).await.status, 401);
    assert_eq!(world.ask_from(other, &list, &signed).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_cannot_be_read_let_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let list = requests()
        .into_iter()
        .find(|request| request.name == "list_runs")
        .unwrap();
    let good = world.token(Role::Viewer, None);
    assert_eq!(world.with(&list, &good).await.status, 200);
    std::fs::write(folder.path().join("tokens.json"), "gone").unwrap();
    let unsure = world.with(&list, &good).await;
    assert_eq!(
        (unsure.status, unsure.json()["code"].as_str()),
        (503, Some("F1144"))
    );
    std::fs::remove_file(folder.path().join("tokens.json")).unwrap();
    assert_eq!(world.with(&list, &good).await.status, 401);
    assert_eq!(ask(world.api, "GET", "/v1/runs", "", "").await.status, 401);
    world.host.shutdown(std::time::Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_may_change_something_is_written_down_without_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let (operator, viewer) = (world.token(Role::Operator, None), world.token(Role::Viewer, None));
    let (admin, other) = (
        world.token(Role::Admin, None),
        world.token(Role::Admin, Some("other")),
    );
    let mut acts = 0;
    for request in requests() {
        let sent = Request {
            body: r#"{"reason":"s3cret","name":"s3cret"}"#.to_owned(),
            path: request
                .path
                .replace("/v1/batch/cancel", "/v1/batch/cancel?flow=x&reason=s3cret"),
            ..request
        };
        world.with(&sent, &operator).await;
        // What gateways are lent is not written down.
        acts += usize::from(sent.method == "POST" && sent.name != "lease_limits");
    }
    let start = requests()
        .into_iter()
        .find(|request| request.name == "start_run")
        .unwrap();
    let start = Request {
        path: "/v1/flows/hear/runs?key=s3cret".to_owned(),
        ..start
    };
    let run = world.with(&start, &operator).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.with(&start, &viewer).await.status, 403);
    let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    assert!(!text.contains("s3cret") && !text.contains(&operator), "{text}");
    let read = Request {
        method: "GET".to_owned(),
        path: "/v1/audit".to_owned(),
        ..start
    };
    let page = world.with(&read, &admin).await.json();
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(entries.len(), acts + 2, "{page}");
    let (refused, started) = (&entries[0], &entries[1]);
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&403.into(), &"F1141".into())
    );
    assert_eq!(refused["who"], "viewer None");
    assert_eq!(
        (&started["run"], &started["did"]),
        (&run.into(), &"start_run".into())
    );
    assert_eq!(
        (&started["role"], &started["namespace"]),
        (&"operator".into(), &"default".into())
    );
    assert!(started["from"].as_str().unwrap().starts_with("127."), "{started}");
    assert!(started["by"].as_str().unwrap().starts_with("token "), "{started}");
    let elsewhere = world.with(&read, &other).await.json();
    assert_eq!(elsewhere["entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_before_the_answer_is_written_down_too() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let operator = world.token(Role::Operator, None);
    let start = requests()
        .into_iter()
        .find(|request| request.name == "start_run")
        .unwrap();
    let start = Request {
        path: "/v1/flows/hear/runs?wait=60s".to_owned(),
        body: String::new(),
        ..start
    };
    let patience = std::time::Duration::from_millis(500);
    let answer = tokio::time::timeout(patience, world.with(&start, &operator)).await;
    assert!(answer.is_err(), "nobody signals it");
    for _ in 0..100 {
        let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        if text.contains(r#""did":"start_run""#) && text.contains(r#""status":499"#) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a run was started, and it stands nowhere by whom");
}

#[tokio::test]
async fn a_server_that_cannot_write_down_who_did_what_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions {
        audit: Some(AuditOptions::new(folder.path())),
        ..ServerOptions::new(([127, 0, 0, 1], 0).into())
    };
    let error = Server::bind(options).await.expect_err("a folder is no file");
    assert_eq!(error.code().to_string(), "F1146");
}
