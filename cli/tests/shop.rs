//! The shop with real processes: SIGKILL at every step, then the same command with `--resume`. Every charge is made once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends by a panic and says what it saw"
)]

#[path = "../../tests/support/ports.rs"]
mod ports;

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

const SERVICES: [&str; 4] = ["inventory", "payments", "shipping", "mail"];

/// The services of the shop, as one process that lives longer than any run.
struct Shop {
    stub: Child,
    settings: Vec<String>,
    record: PathBuf,
    folder: tempfile::TempDir,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.stub.kill();
        let _ = self.stub.wait();
    }
}

#[test]
fn a_run_killed_at_any_step_goes_on_and_charges_once() {
    let shop = Shop::open(&[]);
    let steps = shop.kill_at_every_line(|order| {
        let (status, result) = shop.resume(order);
        assert!(status.success(), "order {order} ended with {status}");
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(result["order"], order, "the result is of another order");
        for operation in ["inventory.reserve", "payments.charge", "mail.send"] {
            assert_eq!(
                shop.carried_out(order, operation),
                1,
                "{operation} of order {order}"
            );
        }
        assert_eq!(
            shop.carried_out(order, "payments.refund"),
            0,
            "order {order} was refunded"
        );
    });
    assert!(steps >= 8, "only {steps} places to kill were seen");
}

#[test]
fn an_undo_killed_at_any_step_is_completed() {
    let shop = Shop::open(&["--answer", r#"payments.charge=402:{"reason":"no funds"}"#]);
    let steps = shop.kill_at_every_line(|order| {
        let (status, _) = shop.resume(order);
        assert_eq!(status.code(), Some(1), "order {order} ended with {status}");
        assert_eq!(
            shop.carried_out(order, "inventory.reserve"),
            1,
            "holds of order {order}"
        );
        assert!(shop.released(order), "the hold of order {order} was not released");
        assert_eq!(
            shop.carried_out(order, "mail.send"),
            0,
            "somebody was written to about order {order}"
        );
    });
    assert!(steps >= 4, "only {steps} places to kill were seen");
}

#[test]
fn an_approval_reaches_a_run_that_was_killed_while_it_waited() {
    let shop = Shop::open(&[]);
    let order = "large";
    let mut run = shop.run(order, 1000.0, false);
    wait_for_line(&mut run, "approve");
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(
        shop.carried_out(order, "payments.charge"),
        0,
        "charged before the approval"
    );

    let mut run = shop.run(order, 1000.0, true);
    wait_for_line(&mut run, "approve");
    let signal = Command::new(env!("CARGO_BIN_EXE_flowmesh"))
        .args(["runs", "signal", "latest", "approve", r#"{"by": "ada"}"#, "--dir"])
        .arg(shop.store(order))
        .output()
        .unwrap();
    assert!(
        signal.status.success(),
        "{}",
        String::from_utf8_lossy(&signal.stderr)
    );
    assert!(run.wait().unwrap().success());
    assert_eq!(shop.carried_out(order, "payments.charge"), 1);
}

impl Shop {
    fn open(answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("record.jsonl");
        let settings: Vec<_> = SERVICES
            .iter()
            .flat_map(|service| {
                let port = ports::free_port();
                [
                    "--set".to_owned(),
                    format!("{service}_url=http://127.0.0.1:{port}"),
                ]
            })
            .collect();
        let mut stub = Command::new(env!("CARGO_BIN_EXE_flowmesh"));
        stub.args(["stub", &program(), "--record"])
            .arg(&record)
            .args(&settings)
            .args(answers);
        for operation in [
            "inventory.reserve",
            "inventory.release",
            "payments.charge",
            "shipping.book",
            "mail.send",
        ] {
            stub.args(["--delay", &format!("{operation}=20ms")]);
        }
        let mut stub = stub.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_line(&mut stub, "mail");
        Self {
            stub,
            settings,
            record,
            folder,
        }
    }

    /// Kills a fresh order's run after line 1, 2, 3 ... of its progress until one ends by itself. Gives the number.
    fn kill_at_every_line(&self, check: impl Fn(&str)) -> usize {
        for line in 1.. {
            let order = format!("o{line}");
            let killed = self.kill_after(&order, line);
            check(&order);
            if !killed {
                return line;
            }
        }
        unreachable!("some run ends by itself")
    }

    /// Runs an order and kills the process after so many lines; says whether it came to that.
    fn kill_after(&self, order: &str, lines: usize) -> bool {
        let mut run = self.run(order, 10.0, false);
        let progress = BufReader::new(run.stderr.take().unwrap());
        let seen = progress.lines().map_while(Result::ok).take(lines).count();
        if seen == lines {
            run.kill().unwrap();
        }
        run.wait().unwrap();
        seen == lines
    }

    fn resume(&self, order: &str) -> (ExitStatus, String) {
        let run = self.run(order, 10.0, true).wait_with_output().unwrap();
        if !run.status.success() {
            println!("{}", String::from_utf8_lossy(&run.stderr));
        }
        (run.status, String::from_utf8(run.stdout).unwrap())
    }

    fn run(&self, order: &str, price: f64, resume: bool) -> Child {
        let input = serde_json::json!({ "order": {
            "id": order, "email": "ada@example.com", "items": [{ "sku": "TEA-1", "count": 1, "price": price }],
        }});
        let mut run = Command::new(env!("CARGO_BIN_EXE_flowmesh"));
        run.args([
            "run",
            &program(),
            "checkout",
            "--input",
            &input.to_string(),
            "--dir",
        ])
        .arg(self.store(order));
        run.args(&self.settings).args(resume.then_some("--resume"));
        run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn store(&self, order: &str) -> PathBuf {
        self.folder.path().join(order)
    }

    fn received(&self) -> Vec<Value> {
        let record = fs::read_to_string(&self.record).unwrap();
        record
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How often a service carried an operation out for an order. Repetitions of one key are not counted; a request
    /// for the order under another key would be one more.
    fn carried_out(&self, order: &str, operation: &str) -> usize {
        let of_order = |request: &&Value| {
            let named = format!(
                "{}.{}",
                request["service"].as_str().unwrap(),
                request["operation"].as_str().unwrap()
            );
            let body = request["body"].to_string();
            let quoted = [format!("\"{order}\""), format!("\"Your order {order}\"")];
            named == operation && quoted.iter().any(|words| body.contains(words))
        };
        self.received()
            .iter()
            .filter(of_order)
            .filter(|request| request["repeat"] == false)
            .count()
    }

    /// Whether the hold that the stub gave for an order was let go.
    fn released(&self, order: &str) -> bool {
        let received = self.received();
        let reserved = received
            .iter()
            .position(|request| request["key"] == order)
            .unwrap();
        received[reserved..]
            .iter()
            .any(|request| request["operation"] == "release")
    }
}

fn program() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/shop/shop.flow")
        .to_string_lossy()
        .into_owned()
}

/// Reads the progress of a process up to a line with this word, and goes on reading so that it never blocks.
fn wait_for_line(process: &mut Child, word: &str) {
    let mut progress = BufReader::new(process.stderr.take().unwrap());
    let limit = Instant::now() + Duration::from_secs(60);
    let mut seen = String::new();
    while !seen.lines().last().is_some_and(|line| line.contains(word)) {
        assert!(
            Instant::now() < limit && progress.read_line(&mut seen).unwrap() > 0,
            "no `{word}` in:\n{seen}"
        );
    }
    std::thread::spawn(move || std::io::copy(&mut progress, &mut std::io::sink()));
}
