//! The prompt on a terminal: tmux holds the screen, types what a person would, and shows what that person would see.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// How long something may take to be on the screen: machines that build beside this are slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// A terminal with a prompt in it.
struct Screen {
    socket: String,
    home: tempfile::TempDir,
}

impl Screen {
    /// Nothing where there is no tmux, which is said.
    fn open(name: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: there is no tmux here");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let socket = format!("flowmesh-{name}-{}", std::process::id());
        let screen = Self { socket, home };
        screen.start();
        Some(screen)
    }

    /// What runs in the terminal.
    fn program(&self) -> String {
        let home = self.home.path().display();
        format!(
            "cd {home}; export HOME={home} XDG_STATE_HOME={home}/state PAGER= PS1='$ ' API_KEY=hunter22; {} repl; exec sh",
            env!("CARGO_BIN_EXE_flowmesh")
        )
    }

    /// Begins the prompt, and waits until it is there.
    fn start(&self) {
        let line = self.program();
        self.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "24",
            &line,
        ]);
        self.until("`:help` tells");
        self.until(">");
    }

    /// Begins it once more in the same terminal, whose server lives on: one that is being killed takes nobody in.
    fn start_again(&self) {
        self.tmux(&["respawn-pane", "-k", &self.program()]);
        self.until("`:help` tells");
        self.until(">");
    }

    fn tmux(&self, args: &[&str]) -> String {
        let done = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(args)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Types a text as it is.
    fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key: `Enter`, `C-c`, `Tab`, `Up`.
    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn line(&self, text: &str) {
        self.text(text);
        self.key("Enter");
    }

    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until a text is on the screen; gives all that is.
    fn until(&self, text: &str) -> String {
        self.until_so(text, |shown| shown.contains(text))
    }

    fn until_so(&self, what: &str, so: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let shown = self.shown();
            if so(&shown) {
                return shown;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} is not on the screen:\n{shown}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn history(&self) -> String {
        fs::read_to_string(self.home.path().join("state/flowmesh/history")).unwrap_or_default()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
    }
}

#[test]
fn an_input_of_several_lines_goes_on_until_it_is_whole() {
    let Some(screen) = Screen::open("lines") else {
        return;
    };
    screen.line("fn twice(n: int) -> int =");
    screen.until("..");
    screen.line("  n * 2");
    screen.until("declared twice");
    screen.line("twice(");
    screen.line("21)");
    screen.until("42  : int");
}

#[test]
fn a_whole_file_is_pasted_at_once() {
    let Some(screen) = Screen::open("paste") else {
        return;
    };
    let text = "type Item { price: decimal }\n\n/// What it costs.\nflow cost(item: Item) -> decimal {\n  sleep 1d\n\n  return item.price\n}\n\nlet run = start cost(Item(price: 1.5))";
    let file = screen.home.path().join("pasted");
    fs::write(&file, text).unwrap();
    screen.tmux(&["load-buffer", &file.display().to_string()]);
    screen.tmux(&["paste-buffer", "-p"]);
    screen.until("let run = start");
    screen.key("Enter");
    let shown = screen.until("run: cost 1 is waiting");
    assert!(shown.contains("declared Item, cost"), "{shown}");
    screen.line(":time +1d");
    screen.until("returns 1.5");
}

#[test]
fn tab_completes_names_members_and_directives() {
    let Some(screen) = Screen::open("tab") else { return };
    screen.line("type Item { price: decimal, count: int }");
    screen.until("declared Item");
    screen.line("let some_item = Item(price: 1.5, count: 2)");
    screen.until(": Item");
    screen.text("some_it");
    screen.key("Tab");
    screen.until_so("some_item", |shown| shown.trim_end().ends_with("some_item"));
    screen.text(".pri");
    screen.key("Tab");
    screen.until_so("some_item.price", |shown| {
        shown.trim_end().ends_with("some_item.price")
    });
    screen.key("Enter");
    screen.until("1.5  : decimal");
    screen.text(":insp");
    screen.key("Tab");
    screen.until_so(":inspect", |shown| shown.trim_end().ends_with(":inspect"));
}

#[test]
fn tab_completes_in_texts_and_writes_no_places_to_go_to() {
    let Some(screen) = Screen::open("texts") else {
        return;
    };
    screen.line("type Item { price: decimal, count: int }");
    screen.until("declared Item");
    screen.line("let item = Item(price: 1.5, count: 2)");
    screen.until(": Item");
    screen.text("\"it costs {item.pri");
    screen.key("Tab");
    screen.until_so("item.price", |shown| shown.trim_end().ends_with("{item.price"));
    screen.text("}\"");
    screen.key("Enter");
    screen.until("\"it costs 1.5\"  : string");
    screen.text("Ite");
    screen.key("Tab");
    screen.until_so("Item(", |shown| shown.trim_end().ends_with("Item(price:"));
    screen.text("2, count: 1)");
    screen.key("Enter");
    screen.until("Item(price: 2, count: 1)  : Item");
    screen.text("expe");
    screen.key("Tab");
    screen.until_so("expect", |shown| shown.trim_end().ends_with("> expect"));
    screen.text("item.cou");
    screen.key("Tab");
    screen.until_so("count", |shown| shown.trim_end().ends_with("> expect item.count"));
    screen.text(" == 2");
    screen.key("Enter");
    screen.until("it holds");
}

#[test]
fn a_name_has_the_colour_of_what_it_stands_for() {
    let Some(screen) = Screen::open("names") else {
        return;
    };
    screen.line("flow tick() { sleep 1s }");
    screen.until("declared tick");
    screen.text("let run = start tick()");
    screen.until("let run");
    let magenta = |shown: &str| shown.contains("\u{1b}[35mtick");
    let begun = Instant::now();
    loop {
        let shown = screen.tmux(&["capture-pane", "-p", "-e"]);
        let last = shown.trim_end().lines().last().unwrap_or_default().to_owned();
        if magenta(&last) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{shown:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_typed_is_coloured() {
    let Some(screen) = Screen::open("colours") else {
        return;
    };
    screen.text("let x = \"text\"");
    screen.until("let x");
    let shown = screen.tmux(&["capture-pane", "-p", "-e"]);
    // Blue and bold, and green.
    assert!(
        shown.contains("\u{1b}[1m\u{1b}[34mlet") || shown.contains("\u{1b}[1;34mlet"),
        "{shown:?}"
    );
    assert!(shown.contains("\u{1b}[32m"), "{shown:?}");
}

#[test]
fn ctrl_c_ends_the_evaluation_and_not_the_session() {
    let Some(screen) = Screen::open("stop") else {
        return;
    };
    screen.line("flow tick() { for i in 0..1000000000 { sleep 1s } }");
    screen.until("declared tick");
    screen.line("let run = start tick()");
    screen.until("run: tick 1");
    screen.line(":time +20000d");
    thread::sleep(Duration::from_millis(700));
    screen.key("C-c");
    screen.until("interrupted");
    screen.line("run.status");
    screen.until("\"waiting\"  : string");
    screen.text("half an inp");
    screen.until("half an inp");
    screen.key("C-c");
    // What is typed before the next input begins is nobody's.
    screen.until_so("a new input", |shown| shown.trim_end().ends_with("\n>"));
    thread::sleep(Duration::from_millis(500));
    screen.line("40 + 2");
    screen.until("42  : int");
}

#[test]
fn long_output_comes_a_screen_at_a_time() {
    let Some(screen) = Screen::open("page") else {
        return;
    };
    screen.line(":help");
    let shown = screen.until("more lines: space, enter, or q");
    assert!(
        shown.contains("An input is what may stand") && !shown.contains(":quit"),
        "{shown}"
    );
    screen.key("Space");
    screen.until(":quit");
    screen.line(":help");
    screen.until("more lines: space, enter, or q");
    screen.key("q");
    screen.line("40 + 2");
    screen.until("42  : int");
}

#[test]
fn history_outlives_a_session_and_holds_no_secrets() {
    let Some(screen) = Screen::open("history") else {
        return;
    };
    screen.line("secret api_key");
    screen.until("declared api_key");
    screen.line("let shown = \"hunter22\"");
    screen.until("\"hunter22\"  : string");
    screen.line("let password = \"abc\"");
    screen.until("\"abc\"  : string");
    screen.line("40 + 2");
    screen.until("42  : int");
    screen.line(":quit");
    screen.until("\n$");
    let kept = screen.history();
    assert!(
        kept.contains("40 + 2") && kept.contains("secret api_key"),
        "{kept}"
    );
    assert!(!kept.contains("hunter22") && !kept.contains("abc"), "{kept}");
    let path = screen.home.path().join("state/flowmesh/history");
    assert_eq!(mode(&path), 0o600);
    screen.start_again();
    screen.key("Up");
    screen.until(":quit");
    screen.key("Up");
    screen.until("40 + 2");
    screen.key("Enter");
    screen.until("42  : int");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
