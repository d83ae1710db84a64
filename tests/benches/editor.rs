//! How fast the editor server answers on a large project, over standard input and output as editors speak to it:
//! `cargo build --release && cargo bench -p flowmesh-tests --bench editor [-- BINARY]`.
//!
//! A project of 200 modules and 50,000 lines is written to a directory. Measured are the time from the start of the process to the
//! first findings, from a key stroke to the findings that follow it, of completions and of hovers, and the memory that the server
//! holds then; once in a module of the middle, once in the one that uses all others.

use flowmesh_tests::generate::project;
use serde_json::{Value, json};
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

const MODULES: usize = 200;
const LINES: usize = 50_000;
const SEED: u64 = 7;

/// How often each is measured, and how often the server is started.
const TIMES: usize = 300;
const STARTS: usize = 5;

/// What is looked at: a module of the middle, and the root of all.
const OPENED: [(&str, &str); 2] = [
    ("d20/orders_20.flow", "a module"),
    ("main.flow", "the root of all modules"),
];

struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: i64,
}

impl Editor {
    fn start(binary: &Path, root: &str) -> Self {
        let mut server = Command::new(binary)
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{}: {why}; build it by `cargo build --release`", binary.display()));
        let to = server.stdin.take().expect("a pipe");
        let from = BufReader::new(server.stdout.take().expect("a pipe"));
        let mut editor = Self {
            server,
            to,
            from,
            next: 0,
        };
        editor.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": root, "capabilities": {} }),
        );
        editor.tell("initialized", &json!({}));
        editor
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server listens");
        self.to.flush().expect("the server listens");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.from.read_line(&mut line).expect("the server speaks") > 0,
                "the server has gone"
            );
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).expect("the server speaks");
        serde_json::from_slice(&body).expect("the message is JSON")
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == self.next {
                return message["result"].clone();
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "flowmesh", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        self.findings(uri);
    }

    fn findings(&mut self, uri: &str) {
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return;
            }
        }
    }

    /// What the server holds, in MiB.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
            .unwrap_or_default()
            / 1024
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn main() {
    let given = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/flowmesh");
    let binary = given.map_or(usual, PathBuf::from);
    let world = project(MODULES, LINES, SEED);
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("flowmesh.toml"), "").expect("the file is written");
    for (path, text) in &world.files {
        let full = dir.path().join(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("the folder is made");
        fs::write(full, text).expect("the file is written");
    }
    println!("{} modules, {} lines", world.files.len(), world.lines());
    let top = dir.path().canonicalize().expect("it is there");
    let root = format!("file://{}", top.display());
    for (path, what) in OPENED {
        let (uri, text) = (format!("{root}/{path}"), &world.files[path]);
        println!("{what}, {path}, {} lines:", text.lines().count());
        let starts = (0..STARTS).map(|_| {
            let begun = Instant::now();
            Editor::start(&binary, &root).open(&uri, text);
            begun.elapsed()
        });
        said("start to first findings", starts.collect(), 500);
        let mut editor = Editor::start(&binary, &root);
        editor.open(&uri, text);
        typed(&mut editor, &uri, text);
        asked(
            &mut editor,
            &uri,
            text,
            "textDocument/completion",
            "completion",
            20,
        );
        asked(&mut editor, &uri, text, "textDocument/hover", "hover", 10);
        println!("  memory {} MiB (150)", editor.memory());
    }
}

/// Types a word into the middle of a text, letter by letter, and takes it back.
fn typed(editor: &mut Editor, uri: &str, text: &str) {
    let line = text.lines().count() / 2;
    let mut version = 1;
    let times = (0..TIMES).map(|number| {
        version += 1;
        // A comment at first, then what is no program, then nothing again.
        let column = number % 6;
        let (from, to, put) = match column {
            5 => (0, 5, ""),
            column => (column, column, ["/", "/", "x", "y", "z"][column]),
        };
        let range = json!({
            "start": { "line": line, "character": from },
            "end": { "line": line, "character": to },
        });
        let begun = Instant::now();
        editor.tell(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": [{ "range": range, "text": put }],
            }),
        );
        editor.findings(uri);
        begun.elapsed()
    });
    let times = times.collect();
    said("key stroke to findings", times, 50);
}

fn asked(editor: &mut Editor, uri: &str, text: &str, method: &str, what: &str, bar: u64) {
    let lines: Vec<&str> = text.lines().collect();
    let times = (0..TIMES).map(|number| {
        let line = number * 7 % lines.len();
        let character = lines[line].len() / 2;
        let place =
            json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
        let begun = Instant::now();
        editor.ask(method, &place);
        begun.elapsed()
    });
    let times = times.collect();
    said(what, times, bar);
}

/// Says the median, the 99th of a hundred and the longest, beside what is wished for, in milliseconds.
fn said(what: &str, mut times: Vec<Duration>, bar: u64) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0;
    println!(
        "  {what}: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms ({bar})",
        at(50),
        at(99),
        at(100)
    );
}
