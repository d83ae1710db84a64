//! The API over TLS, where others than this machine reach it: who has the authority and a token comes in, and nobody else.

use super::{
    common::{self, Shown},
    shop::{Running, free_port, http, until},
};
use std::{fs, path::Path, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = "flow hello(name: string) -> string {\n  return \"hello, {name}\"\n}\n";

fn world() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    for args in [
        &["ca", "init", "ca"][..],
        &["ca", "issue", "server", "--ca", "ca", "--out", "."],
        &["ca", "init", "other"],
        &["ca", "issue", "server", "--ca", "other"],
    ] {
        let made = common::in_dir(dir.path(), args);
        assert_eq!(made.code, 0, "{args:?}: {}", made.err);
    }
    dir
}

fn serve(dir: &Path, more: &[&str]) -> Running {
    let files = ["--tls-cert", "server.pem", "--tls-key", "server.key"];
    let mut command = common::command(&[&["serve"], more, &files].concat());
    command.current_dir(dir);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().expect("the binary runs"))
}

fn asked(dir: &Path, more: &[&str]) -> Shown {
    common::in_dir(dir, &[&["runs", "count"], more].concat())
}

#[test]
fn who_has_the_authority_and_a_token_comes_in_from_anywhere() {
    let dir = world();
    let dir = dir.path();
    let token = common::in_dir(dir, &["token", "create", "ci", "--role", "operator"]);
    fs::write(dir.join("token"), token.out).expect("it can be written");
    let port = free_port();
    let _server = serve(dir, &["a.flow", "--listen", &format!("0.0.0.0:{port}")]);
    let good = ["--dir", ".flowmesh", "--ca", "ca/ca.pem", "--token-file", "token"];
    until("the server answers", || asked(dir, &good).code == 0);
    let url = fs::read_to_string(dir.join(".flowmesh/api")).expect("it says where it is");
    assert_eq!(url, format!("https://localhost:{port}"));
    let started = common::in_dir(
        dir,
        &[
            &[
                "runs",
                "start",
                "hello",
                "--input",
                r#"{"name": "ann"}"#,
                "--wait",
            ],
            &good[..],
        ]
        .concat(),
    );
    assert!(started.out.contains("hello, ann"), "{started:?}");
    let events = common::in_dir(dir, &[&["runs", "events", "latest"], &good[..]].concat());
    assert!(events.code == 0 && events.out.contains("started"), "{events:?}");

    let nobody = asked(dir, &["--dir", ".flowmesh", "--ca", "ca/ca.pem"]);
    assert!(
        nobody.code != 0 && nobody.err.contains("--token-file"),
        "{nobody:?}"
    );
    let unknown = asked(dir, &["--dir", ".flowmesh", "--token-file", "token"]);
    assert!(
        unknown.code != 0 && unknown.err.contains("--ca FILE"),
        "{unknown:?}"
    );
    let false_one = [
        "--dir",
        ".flowmesh",
        "--ca",
        "other/ca.pem",
        "--token-file",
        "token",
    ];
    assert!(asked(dir, &false_one).err.contains("not believed"));
    let elsewhere = format!("https://127.0.0.2:{port}");
    let elsewhere = [
        "--server",
        &elsewhere,
        "--ca",
        "ca/ca.pem",
        "--token-file",
        "token",
    ];
    assert!(asked(dir, &elsewhere).err.contains("not believed"));
    let plain = format!("http://127.0.0.1:{port}");
    assert_ne!(asked(dir, &["--server", &plain, "--token-file", "token"]).code, 0);
    let missing = [
        "--dir",
        ".flowmesh",
        "--ca",
        "nowhere.pem",
        "--token-file",
        "token",
    ];
    assert_eq!(asked(dir, &missing).code, 2);
}

#[test]
fn a_gateway_elsewhere_starts_runs_over_tls() {
    let dir = world();
    let dir = dir.path();
    let (port, door) = (free_port(), free_port());
    let gateway = format!(
        r#"
allow gateway front to hello

gateway front {{
  listen: "http://127.0.0.1:{door}"
  GET "/hello/{{name}}" -> hello(name) {{ wait: true }}
}}
"#
    );
    fs::write(dir.join("a.flow"), PROGRAM).expect("it can be written");
    fs::write(dir.join("b.flow"), PROGRAM.to_owned() + &gateway).expect("it can be written");
    let _server = serve(dir, &["a.flow", "--listen", &format!("127.0.0.1:{port}")]);
    let url = format!("https://localhost:{port}");
    until("the server answers", || {
        asked(dir, &["--server", &url, "--ca", "ca/ca.pem"]).code == 0
    });
    let args = ["gateway", "b.flow", "--server", &url, "--ca", "ca/ca.pem"];
    let mut command = common::command(&args);
    command
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _gateway = Running(command.spawn().expect("the binary runs"));
    until("a run was started over TLS", || {
        http(door, "GET", "/hello/ann", "", "").is_some_and(|(_, body)| body == "hello, ann")
    });
}

#[test]
fn a_certificate_is_read_again_when_it_changes_and_what_is_of_no_use_is_not_shown() {
    let dir = world();
    let dir = dir.path();
    let _server = serve(dir, &["a.flow", "--listen", "127.0.0.1:0"]);
    let by = |ca: &str| asked(dir, &["--dir", ".flowmesh", "--ca", ca]).code == 0;
    until("the server answers", || by("ca/ca.pem"));
    assert!(!by("other/ca.pem"));
    for file in ["server.pem", "server.key"] {
        fs::copy(dir.join("other").join(file), dir.join(file)).expect("it can be copied");
    }
    until("it shows another certificate", || by("other/ca.pem"));
    assert!(!by("ca/ca.pem"));

    let (certificate, key) = ("ca/ca.pem", "server.key");
    let args = [
        "serve",
        "a.flow",
        "--tls-cert",
        certificate,
        "--tls-key",
        key,
        "--dir",
        "runs",
    ];
    let refused = common::in_dir(dir, &args);
    assert!(refused.code == 2 && refused.err.contains("F1170"), "{refused:?}");
    let half = common::in_dir(dir, &["serve", "a.flow", "--tls-cert", certificate]);
    assert_eq!(half.code, 2, "{half:?}");
}
