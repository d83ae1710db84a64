//! A small shop for the tests: a program, free ports, and its processes.

use super::common;
pub(super) use super::ports::free_port;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A program with two services, an approval and an undo.
pub(super) const PROGRAM: &str = r#"//! A small shop.

config stock_url: url
config pay_url: url

type Item {
  sku: string
  count: int where it > 0
}

type Order {
  id: string
  items: [Item]
  total: decimal
}

type Hold {
  id: string
}

type Receipt {
  id: string
  amount: decimal
}

error Declined(reason: string)

service stock {
  at: stock_url

  op reserve(order: string, items: [Item]) -> Hold = POST "/holds" {
    key: order
  }
  op release(id: string) = DELETE "/holds/{id}"
}

service payments {
  at: pay_url
  timeout: { attempt: 2s, total: 15s }
  retry: { attempts: 5, on: [connect, 5xx], backoff: exponential(20ms, max: 50ms) }

  op charge(order: Order) -> Receipt fails Declined = POST "/charges" {
    body: order
    key: order.id
    on 402: Declined(reason: "declined")
  }
}

/// Holds, waits for approval of large orders, charges.
flow checkout(order: Order) -> Receipt fails Declined key order.id {
  signal approve(by: string)

  let hold = stock.reserve(order.id, order.items)
    undo stock.release(hold.id)
  if order.total > 1000 {
    await approve as a within 1h else fail Declined(reason: "nobody approved it")
    log "approved by {a.by}"
  }
  let receipt = payments.charge(order)
  return receipt
}
"#;

/// A directory with the shop in it, and ports for its services.
pub(super) struct Shop {
    pub(super) dir: TempDir,
    pub(super) stock: u16,
    pub(super) payments: u16,
}

/// A process that is killed when the test is done with it.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Shop {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("shop.flow"), PROGRAM).expect("the program is written");
        Self {
            dir,
            stock: free_port(),
            payments: free_port(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command of the binary in the shop's directory, with the services' addresses in the environment.
    pub(super) fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = common::command(args);
        command.current_dir(self.dir.path());
        command.env("STOCK_URL", format!("http://127.0.0.1:{}", self.stock));
        command.env("PAY_URL", format!("http://127.0.0.1:{}", self.payments));
        command
    }

    pub(super) fn flowmesh(&self, args: &[&str]) -> common::Shown {
        common::shown(self.command(args).output().expect("the binary runs"))
    }

    /// Starts the stubs and waits until they stand. What they received is in `requests.jsonl`.
    pub(super) fn stubs(&self, args: &[&str]) -> Running {
        let mut all = vec!["stub", "shop.flow", "--record", "requests.jsonl"];
        all.extend(args);
        let child = self.command(&all).stderr(Stdio::piped()).spawn();
        let mut running = Running(child.expect("the binary runs"));
        let mut lines = BufReader::new(running.0.stderr.take().expect("a pipe")).lines();
        for _ in 0..2 {
            let line = lines.next().expect("the stubs say where they are").expect("text");
            assert!(line.contains(" at http://127.0.0.1:"), "{line}");
        }
        // What they say later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        running
    }

    /// What the stubs received.
    pub(super) fn received(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("requests.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    /// How often an operation was carried out.
    pub(super) fn count(&self, operation: &str) -> usize {
        let counts = |line: &&Value| {
            line["operation"] == operation && line["repeat"] == false && line["answer"] == 200
        };
        self.received().iter().filter(counts).count()
    }
}

/// An order as JSON.
pub(super) fn order(id: &str, total: &str) -> String {
    format!(r#"{{"order": {{"id": "{id}", "items": [{{"sku": "A", "count": 1}}], "total": "{total}"}}}}"#)
}

/// One HTTP request: status and body. `None` if nobody listens, or the connection was closed without an answer.
pub(super) fn http(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a time-out");
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

/// Waits until something holds, for as long as what a server looks at only now and then takes on a busy machine: runs that
/// may go are looked for every twenty seconds, and one that a killed server had not done with is not gone at the first.
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(90) {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("never: {what}");
}

/// Whether a file is there.
pub(super) fn is_there(path: &Path) -> bool {
    path.exists()
}
