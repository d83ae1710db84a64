//! The program as a process: what it prints, how it works from a kubeconfig, and how it ends.

use crate::double::{Double, serve};
use serde_json::Value;
use std::{fs, path::PathBuf, process::Stdio};
use tokio::process::Command;

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowmesh-operator"));
    command
        .args(words)
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env_remove("KUBECONFIG");
    command
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A file by which a process finds a cluster.
fn config(dir: &tempfile::TempDir, url: &str) -> PathBuf {
    let path = dir.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\nclusters:\n- name: here\n  cluster: {{ server: \"{url}\" }}\n\
         contexts:\n- name: here\n  context: {{ cluster: here, user: me }}\nusers:\n- name: me\n  user: {{}}\n",
    );
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn the_definitions_are_printed() {
    let shown = command(&["crds"]).output().await.unwrap();
    assert_eq!(shown.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(shown.stdout).unwrap(),
        flowmesh_operator::install::crds()
    );
}

#[tokio::test]
async fn its_own_manifests_are_printed() {
    let shown = command(&["install", "--namespace", "ops", "--image", "here:1"])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let last: Value = serde_saphyr::from_str(text.split("---\n").last().unwrap()).unwrap();
    assert_eq!(last["metadata"]["namespace"], "ops");
    assert_eq!(
        last["spec"]["template"]["spec"]["containers"][0]["image"],
        "here:1"
    );
}

#[tokio::test]
async fn where_no_cluster_is_known_it_says_so() {
    let shown = command(&["run"]).output().await.unwrap();
    assert_eq!(shown.status.code(), Some(4), "{shown:?}");
    assert!(
        String::from_utf8_lossy(&shown.stderr).contains("no cluster is known"),
        "{shown:?}"
    );
    assert_eq!(command(&["walk"]).output().await.unwrap().status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_somebody_has_is_told() {
    let door = serve(&Double::new()).await;
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let mut working = command(&["run", "--health", &place]);
    let shown = working
        .env("KUBECONFIG", config(&dir, &door.url))
        .output()
        .await
        .unwrap();
    assert_eq!(shown.status.code(), Some(4), "{shown:?}");
    let said = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(said.contains(&format!("cannot listen on {place}")), "{said}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_told_to_stop_gives_the_lease_up() {
    let double = Double::new();
    let door = serve(&double).await;
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir, &door.url);
    let mut working = command(&["run", "--identity", "pod", "--lease-namespace", "ops"]);
    let mut process = working.env("KUBECONFIG", &config).spawn().unwrap();
    let holder = |double: &Double| {
        let leases = double.all("Lease");
        leases.first().map(|lease| {
            lease["spec"]["holderIdentity"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    double
        .until("it works", |double| {
            holder(double).is_some_and(|it| it.starts_with("pod-"))
        })
        .await;
    let id = process.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    let ended = tokio::time::timeout(crate::double::LONG, process.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(holder(&double).as_deref(), Some(""));
}
