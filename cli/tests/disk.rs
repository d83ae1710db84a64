//! A real disk that is full: a clear error, nothing acknowledged lost, and work goes on once there is room.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends by a panic and says what it saw"
)]

#[path = "../../tests/support/ports.rs"]
mod ports;

use ports::free_port;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A small file system in memory for as long as the value lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Needs the right to mount; without it the test says that it was skipped.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: a small file system cannot be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let filler = disk.path().join("filler");
    let before = hello(&disk, "first");
    assert!(
        before.status.success(),
        "{}",
        String::from_utf8_lossy(&before.stderr)
    );

    // Longer than what may be left of the last page.
    let long = "second".repeat(2_000);
    fill(&filler);
    let full = hello(&disk, &long);
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(4), "{said}");
    assert!(said.contains("no space") || said.contains("full"), "{said}");

    fs::remove_file(&filler).unwrap();
    let after = hello(&disk, &long);
    assert!(
        after.status.success(),
        "{}",
        String::from_utf8_lossy(&after.stderr)
    );
    let runs = hello(&disk, "first");
    assert!(
        runs.status.success(),
        "the store was damaged: {}",
        String::from_utf8_lossy(&runs.stderr)
    );
}

fn hello(disk: &SmallDisk, name: &str) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/hello.flow");
    let input = format!(r#"{{"names": ["{name}"], "pause": "1ms"}}"#);
    Command::new(env!("CARGO_BIN_EXE_flowmesh"))
        .arg("run")
        .arg(program)
        .args(["hello", "--input", &input, "--dir"])
        .arg(disk.path().join("store"))
        .output()
        .unwrap()
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// A server that is killed when the test is done with it.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One answer, head and body; nothing if there is none within a few seconds.
fn ask(port: u16, method: &str, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_whose_disk_is_full_says_so_and_is_ready_again_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let filler = disk.path().join("filler");
    let (api, health) = (free_port(), free_port());
    let serve = Command::new(env!("CARGO_BIN_EXE_flowmesh"))
        .arg("serve")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/hello.flow"))
        .args(["--listen", &format!("127.0.0.1:{api}")])
        .args(["--health", &format!("127.0.0.1:{health}"), "--dir"])
        .arg(disk.path().join("store"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _serving = Serving(serve.unwrap());
    let ready = |status: &str| {
        let answer = ask(health, "GET", "/readyz", "");
        answer.is_some_and(|answer| answer.starts_with(status))
    };
    until("it is ready", || ready("HTTP/1.1 200"));

    fill(&filler);
    let long = "long".repeat(2_000);
    let input = format!(r#"{{"names": ["{long}"], "pause": "1ms"}}"#);
    let start = || ask(api, "POST", "/v1/flows/hello/runs", &input);
    until("it is not ready", || {
        start();
        ready("HTTP/1.1 503")
    });
    // It goes on answering while the index waits for room, and knows what the last start that was refused told it.
    let begun = Instant::now();
    let mut measured = String::new();
    while begun.elapsed() < Duration::from_secs(3) || !measured.contains("flowmesh_journal_full 1") {
        let refused = start().expect("an answer");
        assert!(!refused.starts_with("HTTP/1.1 2"), "{refused}");
        assert!(ready("HTTP/1.1"), "an answer");
        measured = ask(health, "GET", "/metrics", "").expect("an answer");
        assert!(begun.elapsed() < Duration::from_secs(30), "{measured}");
    }

    fs::remove_file(&filler).unwrap();
    until("it is ready again", || ready("HTTP/1.1 200"));
}
