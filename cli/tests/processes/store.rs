//! The upkeep of a directory: checked, exported, copied and restored, also while a server works in it.

use super::{
    common::{Shown, feed, in_dir},
    shop::{Running, Shop, free_port, order, until},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

fn serve(shop: &Shop) -> Running {
    let mut command = shop.command(&["serve", "shop.flow", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().expect("the binary runs"));
    until("the server listens", || {
        shop.flowmesh(&["runs", "list"]).code == 0
    });
    running
}

/// Starts a run that waits for a signal.
fn waiting(shop: &Shop, order_id: &str) -> String {
    let input = order(order_id, "5000");
    let started = shop.flowmesh(&["runs", "start", "checkout", "--input", &input, "--json"]);
    let started: Value = serde_json::from_str(&started.out).expect("JSON");
    let id = started["id"].as_str().expect("an id").to_owned();
    until("the run waits", || {
        shop.flowmesh(&["runs", "get", &id]).out.contains("await approve")
    });
    id
}

/// What Prometheus would read.
fn metrics(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("an answer");
    page
}

fn store(shop: &Shop, args: &[&str]) -> Shown {
    in_dir(&shop.path(""), &[&["store"][..], args].concat())
}

#[test]
fn a_backup_of_a_server_at_work_is_restored_and_its_runs_go_on() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let id = {
        let _server = serve(&shop);
        let id = waiting(&shop, "1");
        let checked = store(&shop, &["check"]);
        assert!(
            checked.code == 0 && checked.out.contains("all of it is sound"),
            "{checked:?}"
        );
        let copied = store(&shop, &["backup", "monday"]);
        assert!(
            copied.code == 0 && copied.err.contains("holds 1 run of"),
            "{copied:?}"
        );
        waiting(&shop, "2");
        id
    };
    let again = store(&shop, &["backup", "monday"]);
    assert!(again.code == 2 && again.err.contains("F1048"), "{again:?}");
    fs::rename(shop.path(".flowmesh"), shop.path("lost")).expect("it is moved");
    let restored = store(&shop, &["restore", "monday", "--json"]);
    assert!(
        restored.code == 0 && restored.out.contains("\"runs\": 1"),
        "{restored:?}"
    );
    let _server = serve(&shop);
    let list = shop.flowmesh(&["runs", "list"]);
    assert!(
        list.out.contains(&id) && list.out.contains("waiting"),
        "{}",
        list.out
    );
    assert_eq!(
        shop.flowmesh(&["runs", "signal", &id, "approve", r#"{"by": "ann"}"#])
            .code,
        0
    );
    assert_eq!(shop.flowmesh(&["runs", "wait", &id]).code, 0);
}

#[test]
fn a_directory_is_encrypted_from_now_on_and_opens_with_its_key_alone() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let secret = "somebody-s-secret-order";
    let id = {
        let _server = serve(&shop);
        waiting(&shop, secret)
    };
    let seen = || {
        let files = fs::read_dir(shop.path(".flowmesh")).expect("it is there");
        let files = files.map(|file| file.expect("a file").path());
        files
            .filter(|file| {
                let bytes = fs::read(file).expect("it is read");
                bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            })
            .count()
    };
    assert!(seen() > 0);
    let write = |name: &str, text: &str| {
        fs::write(shop.path(name), text).expect("it is written");
        let mode = Command::new("chmod")
            .args(["600", &shop.path(name).display().to_string()])
            .status();
        assert!(mode.expect("chmod runs").success());
    };
    let (old, new) = (
        format!("old {}=\n", "A".repeat(43)),
        format!("new {}=\n", "B".repeat(42) + "A"),
    );
    write("old", &old);
    write("new", &new);
    write("both", &format!("{new}{old}"));
    let compacted = store(&shop, &["compact", "--key-file", "old"]);
    assert_eq!(compacted.code, 0, "{compacted:?}");
    assert_eq!(seen(), 0, "everything is encrypted");
    let code = |args: &[&str], code: &str| {
        let refused = store(&shop, args);
        assert!(
            refused.code != 0 && refused.err.contains(code),
            "{code}: {refused:?}"
        );
    };
    code(&["export"], "F1039");
    code(&["export", "--key-file", "new"], "F1090");
    code(&["rekey"], "F1039");
    let checked = store(&shop, &["check"]);
    assert!(
        checked.code == 0 && checked.out.contains("no key was given"),
        "{checked:?}"
    );
    write("none", "nothing\n");
    code(&["check", "--key-file", "none"], "F1093");
    let rekeyed = store(&shop, &["rekey", "--key-file", "both"]);
    assert!(
        rekeyed.code == 0 && rekeyed.err.contains("with the key `new`"),
        "{rekeyed:?}"
    );
    code(&["export", "--key-file", "old"], "F1090");
    let copied = store(&shop, &["backup", "monday"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let checked = store(&shop, &["check", "--key-file", "new", "--dir", "monday"]);
    assert!(
        checked.code == 0 && checked.out.contains("holds 1 run"),
        "{checked:?}"
    );
    let exported = store(&shop, &["export", "--key-file", "new"]);
    assert!(
        exported.code == 0 && exported.out.contains(secret),
        "{exported:?}"
    );
    let mut command = shop.command(&["serve", "shop.flow", "--listen", "127.0.0.1:0"]);
    command.env("FLOWMESH_KEY_FILE", shop.path("new"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    until("the server listens", || {
        shop.flowmesh(&["runs", "list"]).code == 0
    });
    assert_eq!(
        shop.flowmesh(&["runs", "signal", &id, "approve", r#"{"by": "ann"}"#])
            .code,
        0
    );
    assert_eq!(shop.flowmesh(&["runs", "wait", &id]).code, 0);
}

#[test]
fn an_export_is_lines_of_json_and_an_import_makes_the_same_runs_of_it() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let id = {
        let _server = serve(&shop);
        waiting(&shop, "1")
    };
    let exported = store(&shop, &["export"]);
    assert_eq!(exported.code, 0, "{}", exported.err);
    for line in exported.out.lines() {
        serde_json::from_str::<Value>(line).expect("each line is JSON");
    }
    assert!(exported.out.contains(&id));
    let to_file = store(&shop, &["export", "--to", "runs.jsonl"]);
    assert_eq!(to_file.code, 0, "{}", to_file.err);
    assert_eq!(
        fs::read_to_string(shop.path("runs.jsonl")).expect("it is there"),
        exported.out
    );
    let taken = store(&shop, &["export", "--to", "runs.jsonl"]);
    assert!(taken.code == 4 && taken.err.contains("F1102"), "{taken:?}");

    let imported = store(&shop, &["import", "runs.jsonl", "--dir", "copy"]);
    assert!(
        imported.code == 0 && imported.err.contains("of 1 run into"),
        "{imported:?}"
    );
    let again = store(&shop, &["export", "--dir", "copy"]);
    assert_eq!(again.out, exported.out);
    let mut command = shop.command(&["store", "import", "-", "--dir", "other"]);
    command.current_dir(shop.path(""));
    let bad = feed(command, "{\"export\":{\"version\":1}}\nnothing\n");
    assert!(
        bad.code == 2 && bad.err.contains("F1049") && bad.err.contains("line 2"),
        "{bad:?}"
    );
    let none = store(&shop, &["check", "--dir", "other"]);
    assert!(none.code == 2 && none.err.contains("F1047"), "{none:?}");
}

#[test]
fn a_check_names_what_is_damaged_and_what_can_be_saved() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let id = {
        let _server = serve(&shop);
        waiting(&shop, "1")
    };
    let path = shop.path(".flowmesh/journal-000001.log");
    let mut bytes = fs::read(&path).expect("the journal is there");
    let text = br#""order":"1""#;
    let reply = bytes
        .windows(text.len())
        .position(|window| window == text)
        .unwrap_or(bytes.len() - 400);
    bytes[reply] ^= 1;
    fs::write(&path, bytes).expect("it is written");
    let checked = store(&shop, &["check"]);
    assert_eq!(checked.code, 4, "{checked:?}");
    assert!(
        checked.out.contains("damaged: byte") && checked.out.contains("journal-000001.log"),
        "{checked:?}"
    );
    let json = store(&shop, &["check", "--json"]);
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(
        json["sound"] == false && json["damages"][0]["offset"].is_u64(),
        "{json}"
    );
    let refused = store(&shop, &["export"]);
    assert!(refused.code == 4 && refused.err.contains("F1032"), "{refused:?}");
    let part = store(&shop, &["export", "--readable"]);
    assert!(
        part.code == 0 && part.err.contains("damaged: 2 places"),
        "{part:?}"
    );
    assert!(
        json["broken"]
            .as_array()
            .is_some_and(|broken| broken.iter().any(|it| it["run"] == *id)),
        "{json}"
    );
}

#[test]
fn a_directory_that_nothing_works_in_is_compacted_and_its_runs_and_keys_are_there() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let id = {
        let _server = serve(&shop);
        let id = waiting(&shop, "1");
        let refused = store(&shop, &["compact"]);
        assert!(refused.code == 4 && refused.err.contains("F1030"), "{refused:?}");
        id
    };
    let compacted = store(&shop, &["compact", ".flowmesh", "--json"]);
    let told: Value = serde_json::from_str(&compacted.out).expect("JSON");
    assert!(
        compacted.code == 0 && told["segments"].as_u64() >= Some(1) && told["before"].as_u64() > Some(0),
        "{compacted:?}"
    );
    let again = store(&shop, &["compact"]);
    assert!(
        again.code == 0 && again.err.contains("bytes and has"),
        "{again:?}"
    );
    assert_eq!(store(&shop, &["check"]).code, 0);
    let missing = store(&shop, &["compact", "nowhere"]);
    assert!(missing.code == 2 && missing.err.contains("F1047"), "{missing:?}");
    assert!(!shop.path("nowhere").exists());
    {
        let mut server = serve(&shop);
        // The same start is the same run.
        assert_eq!(waiting(&shop, "1"), id);
        shop.flowmesh(&["runs", "cancel", &id]);
        until("the run is cancelled", || {
            shop.flowmesh(&["runs", "get", &id]).out.contains("cancelled")
        });
        // Of a run that ended just before a kill, the next server may still have something to do.
        let stop = Command::new("kill")
            .args(["-TERM", &server.0.id().to_string()])
            .status();
        assert!(stop.expect("kill runs").success());
        server.0.wait().expect("it ends");
    }
    let kept = store(&shop, &["compact", "--keep-runs", "30d", "--archive", "old"]);
    assert!(
        kept.code == 0 && kept.err.contains("0 runs were let go of"),
        "{kept:?}"
    );
    let gone = store(
        &shop,
        &["compact", "--keep-runs", "0s", "--archive", "old", "--json"],
    );
    let told: Value = serde_json::from_str(&gone.out).expect("JSON");
    assert!(gone.code == 0 && told["runs"] == 1, "{gone:?}");
    let archived = fs::read_dir(shop.path("old")).expect("it is there");
    let files: Vec<_> = archived.map(|file| file.expect("a file").path()).collect();
    let [file] = files.as_slice() else {
        panic!("one file: {files:?}")
    };
    let file = file.to_str().expect("a name");
    let seen = store(&shop, &["import", file, "--dir", "seen"]);
    assert!(seen.code == 0 && seen.err.contains("of 1 run"), "{seen:?}");
    let _server = serve(&shop);
    assert!(shop.flowmesh(&["runs", "get", &id]).err.contains("F1053"));
    // Its key is free.
    assert_ne!(waiting(&shop, "1"), id);
}

#[test]
fn a_server_archives_runs_that_ended_long_ago_and_lets_go_of_them() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let (ended, waits) = {
        let _server = serve(&shop);
        let (ended, waits) = (waiting(&shop, "1"), waiting(&shop, "2"));
        shop.flowmesh(&["runs", "cancel", &ended]);
        until("the run is cancelled", || {
            shop.flowmesh(&["runs", "get", &ended]).out.contains("cancelled")
        });
        (ended, waits)
    };
    let health = format!("127.0.0.1:{}", free_port());
    let server = super::serve::serve_with(
        &shop,
        &["--keep-runs", "0s", "--archive", "old", "--health", &health],
    );
    until("it is let go of", || {
        shop.flowmesh(&["runs", "get", &ended]).err.contains("F1053")
    });
    until("it is counted", || {
        metrics(&health).contains("\nflowmesh_runs_retired_total 1\n")
    });
    assert_eq!(
        shop.flowmesh(&["runs", "get", &waits]).code,
        0,
        "it has not ended"
    );
    assert_ne!(waiting(&shop, "1"), ended, "its key is free");
    drop(server);
    // If somebody looked at the run when it was to go, it stayed, and is in the file that was begun after that too.
    let archived = fs::read_dir(shop.path("old")).expect("it is there");
    let files = archived.map(|file| file.expect("a file").path());
    let newest = files.max().expect("an archive");
    let newest = newest.to_str().expect("a name");
    let seen = store(&shop, &["import", newest, "--dir", "seen"]);
    assert!(seen.code == 0 && seen.err.contains("of 1 run"), "{seen:?}");
    assert_eq!(store(&shop, &["check"]).code, 0);
    let _server = serve(&shop);
    assert!(shop.flowmesh(&["runs", "get", &ended]).err.contains("F1053"));
}
