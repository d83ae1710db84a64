//! gRPC and WebSocket through a gateway, by clients and servers that others wrote: grpcio and websockets of Python. Where
//! they are not installed, that is said, and these tests are skipped; `FLOWMESH_PYTHON` names a Python that has them.

use crate::{
    support::{self, plain},
    town::{Town, gateway, route},
};
use flowmesh_ir::{
    Program,
    policy::{Policy, Timeout},
    service::{Binding, Service},
};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const LONG: Duration = Duration::from_secs(120);

/// A server in Python, which ends with the test.
struct Other {
    _child: Child,
    said: Lines<BufReader<ChildStdout>>,
    port: u16,
}

/// A Python that has a module, if there is one.
async fn python(module: &str) -> Option<String> {
    let python = std::env::var("FLOWMESH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status()
        .await;
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    println!("skipped: no Python with {module} here");
    None
}

impl Other {
    async fn start(python: &str, script: &str) -> Self {
        let mut child = Command::new(python)
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = child.stdout.take().unwrap();
        let mut other = Self {
            _child: child,
            said: BufReader::new(said).lines(),
            port: 0,
        };
        let first = other.line().await;
        other.port = first
            .strip_prefix("port ")
            .and_then(|port| port.parse().ok())
            .expect(&first);
        other
    }

    /// What it says next.
    async fn line(&mut self) -> String {
        let line = timeout(LONG, self.said.next_line())
            .await
            .expect("it says something");
        line.unwrap().unwrap_or_default()
    }

    /// A program whose gateway leads all of a path there.
    fn program(&self, path: &str) -> Program {
        let policy = Policy {
            timeout: Timeout {
                attempt_ms: 60_000,
                total_ms: 60_000,
                idle_ms: 60_000,
            },
            ..plain()
        };
        let mut program = support::program(policy, &[100]);
        program.gateways = vec![gateway(vec![route(None, path)])];
        program
    }

    async fn town(&self, program: Program) -> Town {
        Town::of(
            program,
            vec![vec![format!("http://127.0.0.1:{}", self.port)]],
            |_| {},
        )
        .await
    }
}

/// What a client says, a line for each thing that it looked at.
async fn says(python: &str, script: &str, address: &str) -> Vec<String> {
    let client = Command::new(python)
        .args(["-c", script, address])
        .kill_on_drop(true)
        .output();
    let output = timeout(LONG, client).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines().map(str::to_owned).collect()
}

fn all_well(said: &[String], most: usize) {
    assert!(said.iter().all(|line| line.starts_with("ok ")), "{said:#?}");
    assert_eq!(said.len(), most, "{said:#?}");
}

#[tokio::test]
async fn grpc_goes_through_with_trailers_streams_and_deadlines() {
    let Some(python) = python("grpc").await else {
        return;
    };
    let mut server = Other::start(&python, include_str!("others/grpc_server.py")).await;
    let mut program = server.program("/**");
    let mut service: Service = program.services[0].as_ref().clone();
    service.operations[0].binding = Binding::Grpc {
        service: "echo.Echo".into(),
        method: "Unary".into(),
    };
    program.services[0] = Arc::new(service);
    let town = server.town(program).await;
    let said = says(
        &python,
        include_str!("others/grpc_client.py"),
        &town.address.to_string(),
    )
    .await;
    all_well(&said, 10);
    // The deadline of the client is known to the server, and who went away is not worked for.
    let deadline = server.line().await;
    let left: f64 = deadline
        .strip_prefix("deadline ")
        .and_then(|left| left.parse().ok())
        .expect(&deadline);
    assert!((0.0..=2.0).contains(&left), "{left}");
    assert_eq!(server.line().await, "cancelled");
}

#[tokio::test]
async fn websockets_go_through_with_what_both_sides_agreed_on() {
    let Some(python) = python("websockets").await else {
        return;
    };
    let server = Other::start(&python, include_str!("others/websocket_server.py")).await;
    let town = server.town(server.program("/chat")).await;
    let url = format!("ws://{}", town.address);
    let said = says(&python, include_str!("others/websocket_client.py"), &url).await;
    all_well(&said, 8);
}
