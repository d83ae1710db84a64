//! The commands of the guide, carried out: each page in a directory of its own, with the files that it shows.
//!
//! A console shows commands after `$ ` and below each what it says. A line `...` stands for any lines, `…` for any
//! characters of a line: for identifiers, times, and what does not matter there.
//!
//! Where a page has an address of this machine with a port of its own, a free port is taken instead, so that nothing else
//! that runs here is in the way; what the commands say is read as if they had taken those of the page.

use super::shop::free_port;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What stands before the port of an address of this machine.
const HOST: &str = "127.0.0.1:";

/// Ends one command's words and begins the next one's.
const MARK: &str = "=====";

/// What the shell does after a command that goes on behind: a reader is slower than a server, a script is not.
const AWAIT_SERVER: &str = "for _ in $(seq 100); do grep -qs $READY $LAST && break; sleep 0.1; done";

/// What a page leaves behind ends with its shell.
const END_ALL: &str = "LEFT=; trap 'kill $LEFT 2>/dev/null' EXIT";

/// A command and what the page says that it says.
struct Shown {
    line: String,
    says: String,
}

#[test]
fn every_command_of_the_guide_says_what_the_guide_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide");
    let mut pages: Vec<PathBuf> = fs::read_dir(guide)
        .unwrap()
        .map(|page| page.unwrap().path())
        .collect();
    pages.sort();
    let mut wrong = Vec::new();
    let mut commands = 0;
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let moved = moved(&page);
        let shown = shown(&to_free(&page, &moved), dir.path());
        commands += shown.len();
        let said = carry_out(&shown, dir.path());
        for (at, command) in shown.iter().enumerate() {
            let said = said.get(at).map_or("(nothing more)", String::as_str);
            let (says, said) = (from_free(&command.says, &moved), from_free(said, &moved));
            if !fits(&lines(&says), &lines(&said)) {
                let name = path.file_name().unwrap().to_string_lossy();
                let line = from_free(&command.line, &moved);
                wrong.push(format!(
                    "== {name}: {line}\n-- the page\n{says}-- the command\n{said}"
                ));
            }
        }
    }
    assert!(commands > 20, "only {commands} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Addresses of this machine in a page, each with one whose port is free.
fn moved(page: &str) -> BTreeMap<String, String> {
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
    for rest in page.split(HOST).skip(1) {
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // Port 0 is any that is free.
        if port.len() < 4 || moved.contains_key(&format!("{HOST}{port}")) {
            continue;
        }
        let mut ports = std::iter::repeat_with(|| format!("{HOST}{}", free_port()));
        let is_new = |free: &String| !page.contains(free) && moved.values().all(|known| known != free);
        let free = ports.find(is_new).expect("there is always another");
        moved.insert(format!("{HOST}{port}"), free);
    }
    moved
}

/// A text of the page with free ports.
fn to_free(text: &str, moved: &BTreeMap<String, String>) -> String {
    moved
        .iter()
        .fold(text.to_owned(), |text, (own, free)| text.replace(own, free))
}

/// A text with free ports as the page would say it; the way back from [`to_free`].
fn from_free(text: &str, moved: &BTreeMap<String, String>) -> String {
    moved
        .iter()
        .fold(text.to_owned(), |text, (own, free)| text.replace(free, own))
}

/// The commands of a page; the files that it shows are written.
fn shown(page: &str, dir: &Path) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for (at, block) in page.split("```").enumerate().filter(|(at, _)| at % 2 == 1) {
        let (info, text) = block
            .split_once('\n')
            .unwrap_or_else(|| panic!("block {at} is no block"));
        match info.split_once(' ') {
            Some((_, name)) => fs::write(dir.join(name), text).unwrap(),
            None if info == "console" => {
                for line in text.lines() {
                    match (line.strip_prefix("$ "), shown.last_mut()) {
                        (Some(command), _) => shown.push(Shown {
                            line: command.to_owned(),
                            says: String::new(),
                        }),
                        (None, Some(last)) => last.says = format!("{}{line}\n", last.says),
                        (None, None) => panic!("a console begins with a command, not with {line}"),
                    }
                }
            }
            None => {}
        }
    }
    shown
}

/// What each command says, in one shell.
fn carry_out(shown: &[Shown], dir: &Path) -> Vec<String> {
    let mut script = String::new();
    for Shown { line, .. } in shown {
        script += &format!("{line}\n");
        if let Some(log) = line
            .strip_suffix(" 2>&1 &")
            .and_then(|line| line.rsplit_once("> "))
        {
            // The last thing that each says when it is ready.
            let ready = if line.contains(" serve ") {
                "/cancel"
            } else {
                "http"
            };
            script += &format!(
                "LEFT=\"$LEFT $!\"\n{}\n",
                AWAIT_SERVER.replace("$LAST", log.1).replace("$READY", ready)
            );
        }
        script += &format!("echo {MARK}\n");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_flowmesh")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("timeout");
    shell
        .args(["120", "sh", "-c", &format!("exec 2>&1\n{END_ALL}\n{script}")])
        .current_dir(dir)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200")
        .stdin(Stdio::null());
    for name in [
        "FLOWMESH_LOG",
        "FLOWMESH_LOG_FORMAT",
        "FLOWMESH_SERVER",
        "CLICOLOR_FORCE",
    ] {
        shell.env_remove(name);
    }
    let output = shell.output().expect("a shell runs");
    let text = String::from_utf8(output.stdout).expect("the output is text");
    let mut said: Vec<String> = text.split(&format!("{MARK}\n")).map(str::to_owned).collect();
    // Behind the last mark there is nothing.
    said.pop();
    said
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}

/// Whether lines fit the pattern of a page.
fn fits(page: &[&str], said: &[&str]) -> bool {
    match (page, said) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=said.len()).any(|skip| fits(rest, &said[skip..])),
        ([first, rest @ ..], [line, more @ ..]) => fits_line(first, line) && fits(rest, more),
        _ => false,
    }
}

/// Whether a line fits one with `…` in it.
fn fits_line(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    let mut ends = (0..=rest.len()).filter(|at| rest.is_char_boundary(*at));
    ends.any(|at| fits_line(after, &rest[at..]))
}
