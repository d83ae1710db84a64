//! The demonstration of `examples/canary`: two real versions of a service, visitors at a gateway, and a run that shifts them.

use super::{
    common::command,
    shop::{Running, free_port, http, until},
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// A version of the shop, which may break.
#[derive(Clone, Default)]
struct Version {
    asked: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
}

impl Version {
    fn open(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let version = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let version = version.clone();
                thread::spawn(move || version.answer(stream));
            }
        });
        port
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        while let Some(Ok(_)) = lines.next() {
            lines
                .by_ref()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            self.asked.fetch_add(1, Ordering::SeqCst);
            let status = match self.broken.load(Ordering::SeqCst) {
                true => "500 Internal Server Error",
                false => "200 OK",
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
            );
            if stream.write_all(head.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// The demonstration with its server.
struct Demonstration {
    stable: Version,
    canary: Version,
    door: u16,
    api: String,
    folder: TempDir,
    _server: Running,
}

impl Demonstration {
    fn open() -> Self {
        let (stable, canary) = (Version::default(), Version::default());
        let folder = tempfile::tempdir().expect("a folder");
        let (door, api) = (free_port(), format!("127.0.0.1:{}", free_port()));
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/canary/canary.flow");
        let settings = [
            format!("stable_url=http://127.0.0.1:{}", stable.open()),
            format!("canary_url=http://127.0.0.1:{}", canary.open()),
            format!("door=http://127.0.0.1:{door}"),
            format!("rollout_metrics=http://{api}/v1"),
            "watch=4s".to_owned(),
        ];
        let program = program.display().to_string();
        let mut args = vec!["serve", program.as_str(), "--listen", &api];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let mut server = command(&args);
        server.current_dir(folder.path());
        server.stdout(Stdio::null()).stderr(Stdio::null());
        let server = Running(server.spawn().expect("the binary runs"));
        until("the gateway listens", || {
            http(door, "GET", "/pages/home", "", "").is_some_and(|(status, _)| status == 200)
        });
        Self {
            stable,
            canary,
            door,
            api: format!("http://{api}"),
            folder,
            _server: server,
        }
    }

    /// Visits for as long as the run goes on; how many visits there were, how many failed, and how the run ended.
    fn release(&self, mut look: impl FnMut(&Self)) -> (usize, usize, Value) {
        let args = ["runs", "start", "release", "--server", &self.api, "--json"];
        let started = command(&args)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs");
        let started: Value = serde_json::from_slice(&started.stdout).expect("JSON");
        let run = started["id"].as_str().expect("an identifier").to_owned();
        let (mut visits, mut failed) = (0, 0);
        loop {
            for _ in 0..20 {
                let visit = http(self.door, "GET", "/pages/home", "", "");
                visits += 1;
                failed += usize::from(visit.is_none_or(|(status, _)| status != 200));
            }
            look(self);
            let port = self
                .api
                .rsplit_once(':')
                .expect("a port")
                .1
                .parse()
                .expect("a number");
            let (_, view) = http(port, "GET", &format!("/v1/runs/{run}"), "", "").expect("an answer");
            if matches!(view["state"].as_str(), Some("done" | "failed")) {
                return (visits, failed, view);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn a_healthy_version_takes_over_while_visitors_are_served() {
    let demonstration = Demonstration::open();
    let (visits, failed, run) = demonstration.release(|_| ());
    assert_eq!(run["result"], "the canary serves 100 of 100 requests", "{run}");
    assert_eq!(failed, 0, "of {visits} visits");
    assert!(demonstration.stable.asked() > 0 && demonstration.canary.asked() > 0);
    let before = demonstration.stable.asked();
    for _ in 0..50 {
        assert!(
            http(demonstration.door, "GET", "/pages/home", "", "").is_some_and(|(status, _)| status == 200)
        );
    }
    assert_eq!(
        demonstration.stable.asked(),
        before,
        "all visitors are with the new version"
    );
}

#[test]
fn a_version_that_breaks_gives_the_traffic_back() {
    let demonstration = Demonstration::open();
    let (visits, failed, run) = demonstration.release(|demonstration| {
        // In the middle of it: the first steps went well.
        if demonstration.canary.asked() > 20 {
            demonstration.canary.broken.store(true, Ordering::SeqCst);
        }
    });
    assert_eq!(run["state"], "failed", "{run}");
    assert_eq!(run["error"]["name"], "Unhealthy", "{run}");
    let why = run["error"]["fields"]["why"].as_str().expect("why");
    assert!(why.ends_with("requests failed"), "{why}");
    // Most were tried again elsewhere, and it was over soon, however slow the machine.
    assert!(failed * 2 < visits, "{failed} of {visits} visits failed");
    let before = demonstration.canary.asked();
    for _ in 0..50 {
        assert!(
            http(demonstration.door, "GET", "/pages/home", "", "").is_some_and(|(status, _)| status == 200)
        );
    }
    assert_eq!(
        demonstration.canary.asked(),
        before,
        "nobody is with the new version any more"
    );
}
