//! A real disk that fails once, in a real server: whatever was acknowledged is there after a restart, a sync that failed
//! is followed by no acknowledgement, and a disk that was full for a while costs nobody a restart.
//!
//! A small library in C is loaded before the system's. `FLOWMESH_FAILS=100` has each of the first hundred calls fail in
//! turn; else a few of them do.

use super::{
    common,
    shop::{Running, free_port, http},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PROGRAM: &str = r#"//! Something to keep.

flow note(id: string, text: string) -> string key id {
  sleep 1ms
  return id
}
"#;

/// Which calls fail where nobody says how many.
const FEW: [u32; 12] = [1, 2, 3, 5, 8, 13, 21, 34, 37, 38, 39, 55];

/// How many runs are started.
const STARTS: usize = 30;

#[test]
fn nothing_is_acknowledged_after_a_sync_that_failed() {
    each("sync");
}

#[test]
fn a_write_that_fails_loses_nothing() {
    each("write");
}

#[test]
fn half_a_write_loses_nothing() {
    each("short");
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_nothing() {
    each("full");
}

#[test]
fn a_name_that_cannot_be_changed_loses_nothing() {
    each("rename");
}

/// The library, made with the compiler of C that is there; else the test says that it was skipped.
fn shim(directory: &Path) -> Option<PathBuf> {
    let library = directory.join("failing.so");
    let made = cfg!(target_os = "linux").then(|| {
        Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/processes/failing/shim.c"
            ))
            .output()
    });
    match made {
        Some(Ok(output)) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(library)
        }
        _ => {
            println!(
                "skipped: there is no compiler of C here, or no way to load a library before the system's"
            );
            None
        }
    }
}

fn each(kind: &str) {
    let tools = tempfile::tempdir().expect("a directory");
    let Some(library) = shim(tools.path()) else { return };
    let said = env::var("FLOWMESH_FAILS").ok();
    let all = said.map(|said| 1..=said.parse::<u32>().expect("a number"));
    let calls = all.map_or_else(|| FEW.to_vec(), Iterator::collect);
    let mut failed = 0;
    for at in calls {
        let world = World::new(&library, kind, at);
        failed += usize::from(world.is_kept());
    }
    assert!(failed > 0, "no call of the kind `{kind}` has failed");
    println!("{failed} calls of the kind `{kind}` have failed");
}

/// A directory, and what goes wrong in it.
struct World {
    directory: TempDir,
    library: PathBuf,
    kind: String,
    at: u32,
}

impl World {
    fn new(library: &Path, kind: &str, at: u32) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("note.flow"), PROGRAM).expect("the program is written");
        Self {
            directory,
            library: library.to_owned(),
            kind: kind.to_owned(),
            at,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Which file the call was about that failed, if it has come to that.
    fn failed(&self) -> Option<String> {
        fs::read_to_string(self.path("told")).ok()
    }

    fn serve(&self, fails: bool) -> (Running, u16) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = common::command(&["serve", "note.flow", "--listen", &listen, "--dir"]);
        command.arg(self.path("store")).current_dir(self.directory.path());
        command.stdout(Stdio::null());
        let log = fs::File::create(self.path(if fails { "failing.log" } else { "again.log" }));
        command.stderr(log.expect("a log"));
        if fails {
            command.env("LD_PRELOAD", &self.library);
            command.env("FAIL_KIND", &self.kind);
            command.env("FAIL_AT", self.at.to_string());
            command.env("FAIL_BELOW", self.path("store"));
            command.env("FAIL_TOLD", self.path("told"));
        }
        let mut running = Running(command.spawn().expect("the binary runs"));
        let begun = Instant::now();
        while http(port, "GET", "/v1/flows", "", "").is_none() && !has_ended(&mut running) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", self.told());
            thread::sleep(Duration::from_millis(10));
        }
        (running, port)
    }

    /// What to say where something is not as it should be.
    fn told(&self) -> String {
        let log = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
        let (kind, at) = (&self.kind, self.at);
        let failed = self.failed().unwrap_or_else(|| "nothing".to_owned());
        format!(
            "{kind} {at} failed at {failed}\n{}\nafterwards:\n{}",
            log("failing.log"),
            log("again.log")
        )
    }

    /// Starts runs while something fails, and finds them again. Whether it has come to that.
    fn is_kept(&self) -> bool {
        let (mut failing, port) = self.serve(true);
        let mut acknowledged = Vec::new();
        for id in 0..STARTS {
            // Of what was lost for good nobody may be told afterwards that it is kept.
            let lost = self.kind == "sync" && self.failed().is_some_and(|file| file.contains("journal-"));
            let Some(status) = start(port, id) else { continue };
            if matches!(status, 200 | 202) {
                assert!(!lost, "acknowledged after a sync that failed: {}", self.told());
                acknowledged.push(id);
            }
        }
        if self.kind == "full" {
            self.goes_on(&mut failing, port, &mut acknowledged);
        }
        drop(failing);

        let (mut again, port) = self.serve(false);
        assert!(!has_ended(&mut again), "it does not come back: {}", self.told());
        for id in acknowledged {
            let path = format!("/v1/flows/note/runs?wait=20s&key={id}");
            let found = http(port, "POST", &path, "", &input(id));
            let (status, run) = found.unwrap_or_else(|| panic!("no answer for {id}: {}", self.told()));
            assert_eq!(
                (status, &run["existing"], &run["state"]),
                (200, &true.into(), &"done".into()),
                "{id}: {run}\n{}",
                self.told()
            );
        }
        drop(again);
        let store = self.path("store").display().to_string();
        let checked = common::flowmesh(&["store", "check", "--dir", &store]);
        assert_eq!(checked.code, 0, "{checked:?}\n{}", self.told());
        self.failed().is_some()
    }

    /// Once there is room again a server takes runs, if it had come as far as to serve.
    fn goes_on(&self, failing: &mut Running, port: u16, acknowledged: &mut Vec<usize>) {
        let (begun, id) = (Instant::now(), STARTS);
        while !has_ended(failing) {
            if start(port, id).is_some_and(|status| matches!(status, 200 | 202)) {
                acknowledged.push(id);
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "it takes no runs: {}",
                self.told()
            );
            thread::sleep(Duration::from_millis(100));
        }
        assert!(
            acknowledged.is_empty(),
            "it ended while it served: {}",
            self.told()
        );
    }
}

fn has_ended(running: &mut Running) -> bool {
    running.0.try_wait().expect("a process").is_some()
}

/// Every fifth is so long that its payload lies in a file of its own.
fn input(id: usize) -> String {
    let text = "long".repeat(if id.is_multiple_of(5) { 20_000 } else { 1 });
    format!(r#"{{"id": "{id}", "text": "{text}"}}"#)
}

/// The status with which a start was answered, if it was.
fn start(port: u16, id: usize) -> Option<u16> {
    Some(http(port, "POST", "/v1/flows/note/runs", "", &input(id))?.0)
}
