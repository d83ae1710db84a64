//! The pods of `flowmesh compile --to kubernetes`: what they are told to do is what the binary does, with the files that they are
//! given, and their probes are answered.

use super::{
    common::{command, in_dir},
    shop::{Running, free_port, http, until},
};
use std::{fs, path::Path, process::Stdio};
use tempfile::TempDir;

/// The arguments of the container in a manifest.
fn arguments(yaml: &str) -> Vec<String> {
    let mut lines = yaml.lines().skip_while(|line| line.trim() != "- args:").skip(1);
    let item = |line: &str| {
        line.trim()
            .strip_prefix("- ")
            .map(|text| text.trim_matches('\'').to_owned())
    };
    lines.by_ref().map_while(item).collect()
}

/// The same with places and ports of this machine.
fn here(argument: &str, folder: &Path, ports: &[(u16, u16)]) -> String {
    let moved = argument
        .replace("/etc/flowmesh", &folder.join("etc").to_string_lossy())
        .replace("/var/lib/flowmesh", &folder.join("runs").to_string_lossy())
        .replace("$(POD_NAMESPACE)", "team-a");
    let port = ports
        .iter()
        .find(|(known, _)| moved == format!("0.0.0.0:{known}"));
    port.map_or(moved, |(_, port)| format!("127.0.0.1:{port}"))
}

/// A pod of a program, and the port of its probes.
fn pod(program: &str, set: &str, door: u16) -> (TempDir, Running, u16) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let text = program.replace("DOOR", &door.to_string());
    fs::write(path.join("shop.flow"), text).expect("the folder is ours");
    let made = in_dir(path, &["compile", "shop.flow", "--to", "kubernetes", "-o", "out"]);
    assert_eq!(made.code, 0, "{made:?}");
    let etc = path.join("etc");
    for name in ["program", "secrets", "tokens", "files"] {
        fs::create_dir_all(etc.join(name)).expect("the folder is ours");
    }
    // As the map of the cluster has it.
    let program = etc.join("program/program.json");
    let made = in_dir(
        path,
        &[
            "compile",
            "shop.flow",
            "--to",
            "json",
            "-o",
            &program.to_string_lossy(),
        ],
    );
    assert_eq!(made.code, 0, "{made:?}");
    fs::write(etc.join("secrets/token"), "t0ken").expect("the folder is ours");
    let made = in_dir(path, &["token", "create", "root", "--role", "admin"]);
    assert_eq!(made.code, 0, "{made:?}");
    fs::copy(path.join(".flowmesh/tokens.json"), etc.join("tokens/tokens.json")).expect("it was made");
    let yaml = fs::read_to_string(path.join("out").join(set)).expect("it was made");
    let probes = free_port();
    let ports = [(7700, free_port()), (7701, probes)];
    let arguments: Vec<String> = arguments(&yaml).iter().map(|it| here(it, path, &ports)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut pod = command(&arguments);
    pod.current_dir(etc.join("files"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    (folder, Running(pod.spawn().expect("it runs")), probes)
}

fn is(port: u16, path: &str, status: u16) -> bool {
    http(port, "GET", path, "", "").is_some_and(|(found, _)| found == status)
}

#[test]
fn a_pod_with_flows_is_alive_and_ready_and_takes_visitors() {
    let program = r#"
secret token
service payments {
  at: "dns://payments.billing.svc.cluster.local:8080"
  auth: bearer(token)
  op charge(id: string) = PUT "/charges/{id}"
}
flow checkout(id: string) -> string {
  signal paid()
  await paid within 1d
  return id
}
allow anyone to checkout
gateway shop {
  listen: "http://0.0.0.0:DOOR"
  POST "/checkout/{id}" -> checkout(id)
}
"#;
    let door = free_port();
    let (_folder, _pod, probes) = pod(program, "statefulset-shop.yaml", door);
    until("the pod is ready", || is(probes, "/readyz", 200));
    assert!(is(probes, "/healthz", 200));
    let (status, body) = http(door, "POST", "/checkout/7", "", "").expect("an answer");
    assert_eq!(status, 202, "the run is kept");
    let location = body["location"].as_str().unwrap_or_default();
    assert!(location.starts_with("http://shop.team-a:7700/v1/runs/"), "{body}");
}

#[test]
fn a_pod_that_keeps_nothing_is_a_gateway() {
    let program = r#"
service web { at: "dns://web.shop.svc.cluster.local:80" }
allow gateway front to web
gateway front {
  listen: "http://0.0.0.0:DOOR"
  any "/**" -> web
}
"#;
    let door = free_port();
    let (_folder, _pod, probes) = pod(program, "deployment-shop.yaml", door);
    until("the pod is ready", || is(probes, "/readyz", 200));
    assert!(http(door, "GET", "/", "", "").is_some(), "the gateway listens");
}

#[test]
fn where_nothing_is_to_be_written_nothing_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::write(
        path.join("a.flow"),
        "service web { at: \"dns://web.shop.svc:80\" }\n",
    )
    .expect("it is ours");
    let refused = in_dir(
        path,
        &["compile", "a.flow", "--to", "json", "-o", "a.json", "--check"],
    );
    assert!(
        refused.code == 2 && refused.err.contains("--check"),
        "{refused:?}"
    );
    assert!(!path.join("a.json").exists());
    let stale = in_dir(
        path,
        &["compile", "a.flow", "--to", "istio", "-o", "out", "--check"],
    );
    assert!(stale.code == 1 && stale.err.contains("missing"), "{stale:?}");
    assert!(!path.join("out").exists());
}

#[test]
fn the_job_of_tests_fails_where_a_test_does() {
    let tested = |expected: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let program = format!(
            "flow f() -> int {{ return 1 }}\ntest \"it is one\" {{\n  let run = start f()\n  expect run returns {expected}\n}}\n"
        );
        fs::write(path.join("shop.flow"), &program).expect("the folder is ours");
        let made = in_dir(
            path,
            &[
                "compile",
                "shop.flow",
                "--to",
                "kubernetes",
                "--test-job",
                "-o",
                "out",
            ],
        );
        assert_eq!(made.code, 0, "{made:?}");
        let jobs: Vec<_> = fs::read_dir(path.join("out"))
            .expect("it was written")
            .map(|entry| entry.expect("it is there").path())
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("job-"))
            })
            .collect();
        let yaml = fs::read_to_string(&jobs[0]).expect("it was written");
        // As the map of the cluster has them.
        let texts = path.join("etc/texts");
        fs::create_dir_all(&texts).expect("the folder is ours");
        fs::write(texts.join("shop.flow"), &program).expect("the folder is ours");
        let all: Vec<String> = arguments(&yaml)
            .iter()
            .map(|argument| here(argument, path, &[]))
            .collect();
        assert_eq!(all.first().map(String::as_str), Some("test"), "{all:?}");
        in_dir(path, &all.iter().map(String::as_str).collect::<Vec<_>>()).code
    };
    assert_eq!((tested("1"), tested("2")), (0, 1));
}

#[test]
fn a_chart_is_held_to_the_program_file_by_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::write(path.join("shop.flow"), "flow f() {}\n").expect("the folder is ours");
    let with = |more: &[&str]| {
        let arguments = ["compile", "shop.flow", "--to", "kubernetes", "--helm"];
        in_dir(path, &[&arguments, more].concat())
    };
    let printed = with(&[]);
    assert!(printed.code == 2 && printed.err.contains("--out"), "{printed:?}");
    assert_eq!(with(&["-o", "chart"]).code, 0);
    assert!(path.join("chart/Chart.yaml").is_file() && path.join("chart/templates").is_dir());
    assert_eq!(with(&["-o", "chart", "--check"]).code, 0);
    let service = path.join("chart/templates/service-shop.yaml");
    fs::write(&service, "stale: true\n").expect("the folder is ours");
    let checked = with(&["-o", "chart", "--check"]);
    assert!(
        checked.code == 1 && checked.err.contains("templates/service-shop.yaml"),
        "{checked:?}"
    );
}
