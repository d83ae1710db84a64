//! How fast the prompt is on a terminal: `cargo build --release && cargo bench -p flowmesh-tests --bench prompt [-- BINARY]`.
//!
//! `script` of util-linux holds the terminal. Measured are the time from the start of the process to the first prompt, with nothing and with
//! the shop of the examples, from a key to the line that it leads to, and from Tab to what can stand there.

use std::{
    env, fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// How often the prompt is started, and keys are pressed.
const STARTS: usize = 20;
const ROUNDS: usize = 5;

/// A line of a session with the shop, key by key.
const TYPED: &str = "let big = [1, 2, 3].map(n => n * 2).sum() + [4].len()";

/// Where Tab is pressed.
const BEGUN: [&str; 4] = ["ch", "mock payments.", "let x = [1].", "expect ch"];

/// How long anything may take at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing is shown for so long when a line has been painted.
const REST: Duration = Duration::from_millis(20);

/// What the program asks a terminal, and what this one says: the cursor is at the top.
const WHERE: &str = "\u{1b}[6n";
const HERE: &[u8] = b"\x1b[1;1R";

/// A line is painted as a whole, and ends with the cursor shown again.
const PAINTED: &str = "\u{1b}[?25h";

struct Terminal {
    script: Child,
    to: ChildStdin,
    from: Receiver<String>,
    shown: String,
}

impl Terminal {
    fn open(binary: &Path, file: Option<&Path>, home: &Path) -> Self {
        let file = file.map_or_else(String::new, |file| format!(" '{}'", file.display()));
        let line = format!("stty rows 40 cols 120; exec '{}' repl{file}", binary.display());
        let mut script = Command::new("script")
            .args(["-qfec", &line, "/dev/null"])
            .env("HOME", home)
            .env("XDG_STATE_HOME", home)
            .env("TERM", "xterm-256color")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` is there");
        let to = script.stdin.take().expect("a pipe");
        let mut from = script.stdout.take().expect("a pipe");
        let (said, heard) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if said
                    .send(String::from_utf8_lossy(&bytes[..count]).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
        Self {
            script,
            to,
            from: heard,
            shown: String::new(),
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.to.write_all(keys).expect("the prompt listens");
        self.to.flush().expect("the prompt listens");
    }

    /// Waits until a text is shown, and forgets what was before.
    fn until(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let more = self.hear(left);
            let more = more.unwrap_or_else(|| panic!("{text:?} is not shown: {:?}", self.shown));
            self.shown += &more;
        }
    }

    /// What is shown next, if something is. Whoever asks for the cursor is answered, since they wait for that.
    fn hear(&mut self, at_most: Duration) -> Option<String> {
        let more = self.from.recv_timeout(at_most).ok()?;
        for _ in more.matches(WHERE) {
            self.press(HERE);
        }
        Some(more)
    }

    /// Presses a key; gives the time until the line is painted anew.
    fn took(&mut self, keys: &[u8]) -> Duration {
        while self.hear(REST).is_some() {}
        self.shown.clear();
        let begun = Instant::now();
        self.press(keys);
        self.until(PAINTED);
        begun.elapsed()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn main() {
    let given = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let usual = top.join("target/release/flowmesh");
    let binary = given.map_or(usual, PathBuf::from);
    let home = tempfile::tempdir().expect("a directory");
    let shop = top.join("examples/shop/shop.flow");
    assert!(
        fs::exists(&binary).unwrap_or_default(),
        "build {} first",
        binary.display()
    );
    for (what, file, bar) in [("nothing", None, 100), ("the shop", Some(shop.as_path()), 100)] {
        let starts = (0..STARTS).map(|_| {
            let begun = Instant::now();
            let mut terminal = Terminal::open(&binary, file, home.path());
            terminal.until("tells what there is");
            terminal.until("> ");
            begun.elapsed()
        });
        said(
            &format!("start with {what} to the first prompt"),
            starts.collect(),
            bar,
        );
    }
    let mut terminal = Terminal::open(&binary, Some(&shop), home.path());
    terminal.until("tells what there is");
    terminal.until("> ");
    let (mut keys, mut tabs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        keys.extend(TYPED.bytes().map(|key| terminal.took(&[key])));
        terminal.took(b"\x03");
        for begun in BEGUN {
            for key in begun.bytes() {
                terminal.took(&[key]);
            }
            tabs.push(terminal.took(b"\t"));
            // Out of what is offered, and then out of the line.
            terminal.took(b"\x1b");
            terminal.took(b"\x03");
        }
    }
    said("a key to the line", keys, 20);
    said("Tab to what can stand there", tabs, 20);
}

/// Says the median, the 99th of a hundred and the longest, beside what is wished for, in milliseconds.
fn said(what: &str, mut times: Vec<Duration>, bar: u64) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0;
    println!(
        "{what}: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms ({bar})",
        at(50),
        at(99),
        at(100)
    );
}
