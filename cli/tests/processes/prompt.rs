//! The page of the prompt, carried out line by line; and systems that a prompt is attached to.

use super::{
    common::{self, Shown, feed},
    shop::{Running, Shop, order, until},
};
use serde_json::Value;
use std::{fs, path::Path, process::Stdio};

/// What stands for itself in a line, and for whole lines where it stands alone.
const ANYTHING: &str = "...";

/// An input, and what the page says that it says.
struct Said {
    input: String,
    says: Vec<String>,
}

/// The inputs of all blocks of a page, which are one session.
fn said(page: &str) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for block in page.split("```prompt\n").skip(1) {
        let text = block.split("```").next().unwrap();
        for line in text.lines() {
            let more = line.strip_prefix(". ").or(line.strip_prefix('.'));
            match (line.strip_prefix("> "), more, all.last_mut()) {
                (Some(input), ..) => all.push(Said {
                    input: input.to_owned(),
                    says: Vec::new(),
                }),
                (None, Some(more), Some(last)) if !line.starts_with(ANYTHING) => {
                    last.input += &format!("\n{more}");
                }
                (None, _, Some(last)) => last.says.push(line.to_owned()),
                (None, _, None) => panic!("a session begins with an input, not with {line}"),
            }
        }
    }
    all
}

/// Whether lines are as expected.
fn fits(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == ANYTHING => {
            (0..=found.len()).any(|skipped| fits(rest, &found[skipped..]))
        }
        (Some((first, rest)), Some((line, others))) => {
            line_fits(first.trim(), line.trim()) && fits(rest, others)
        }
        _ => false,
    }
}

fn line_fits(expected: &str, found: &str) -> bool {
    match expected.split_once(ANYTHING) {
        Some((head, tail)) => {
            found.len() >= head.len() + tail.len() && found.starts_with(head) && found.ends_with(tail)
        }
        None => expected == found,
    }
}

#[test]
fn the_page_of_the_prompt_says_what_the_prompt_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/prompt.md");
    let all = said(&fs::read_to_string(page).unwrap());
    assert!(all.len() > 25, "only {} inputs were found", all.len());
    let script: String = all
        .iter()
        .map(|said| format!("{}\n\"=====\"\n", said.input))
        .collect();
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "exec \"$0\" repl 2>&1", env!("CARGO_BIN_EXE_flowmesh")])
        .env("NO_COLOR", "1");
    let shown = feed(command, &script);
    let mut outputs = shown.out.split("\"=====\"  : string\n");
    let mut wrong = Vec::new();
    for said in &all {
        let output = outputs.next().unwrap_or("(nothing more)");
        let found: Vec<&str> = output.lines().collect();
        if !fits(&said.says, &found) {
            wrong.push(format!(
                "== {}\n-- the page\n{}\n-- the prompt\n{output}",
                said.input,
                said.says.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn serve(shop: &Shop) -> Running {
    let mut command = shop.command(&["serve", "shop.flow", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().expect("the binary runs"));
    until("the server listens", || {
        shop.flowmesh(&["runs", "list"]).code == 0
    });
    running
}

fn repl(shop: &Shop, script: &str) -> Shown {
    common::feed(shop.command(&["repl"]), script)
}

#[test]
fn a_server_is_looked_at_and_spoken_to_only_if_that_was_said() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let id = {
        let _server = serve(&shop);
        let input = order("1", "5000");
        let started = shop.flowmesh(&["runs", "start", "checkout", "--input", &input, "--json"]);
        let started: Value = serde_json::from_str(&started.out).expect("JSON");
        let id = started["id"].as_str().expect("an id").to_owned();
        until("the run waits", || {
            shop.flowmesh(&["runs", "get", &id]).out.contains("await approve")
        });
        let script = format!(
            ":attach .flowmesh\n:runs\n:inspect {id}\n:at 0 {id}\n:at 99 {id}\n:time +1d\n:step\n:signal {id} approve {{\"by\": \"Ada\"}}\n:detach\n:runs\n1 + 1\n"
        );
        let looked = repl(&shop, &script);
        assert_eq!(looked.code, 3, "{}\n{}", looked.out, looked.err);
        for said in [
            "only looked at",
            "the run has the events 0 to",
            "it is about the session",
        ] {
            assert!(looked.err.contains(said), "{said}\n{}", looked.err);
        }
        for said in [
            "checkout",
            "await approve",
            "0  ",
            "behind event 0:",
            "variables",
            "2  : int",
        ] {
            assert!(
                looked.out.contains(said),
                "{said}\n{}\n{}",
                looked.out,
                looked.err
            );
        }
        let spoken = repl(
            &shop,
            &format!(":attach .flowmesh --write\n:signal {id} approve {{\"by\": \"Ada\"}}\n"),
        );
        assert_eq!(spoken.code, 0, "{}\n{}", spoken.out, spoken.err);
        until("the run has ended", || {
            shop.flowmesh(&["runs", "get", &id]).out.contains("done")
        });
        id
    };
    // Nobody works in the directory any more: it is read, and the runs are played again.
    let short = &id[..30];
    let looked = repl(
        &shop,
        &format!(
            ":attach .flowmesh\n:runs\n:inspect {short}\n:at 0 {short}\n:at 99 {short}\n:attach .flowmesh --write\n"
        ),
    );
    assert_eq!(looked.code, 3, "{}\n{}", looked.out, looked.err);
    for said in [
        id.as_str(),
        "is done",
        "hears approve{\"by\":",
        "behind event 0:",
        "variables",
        "order",
    ] {
        assert!(
            looked.out.contains(said),
            "{said}\n{}\n{}",
            looked.out,
            looked.err
        );
    }
    assert!(looked.err.contains("with an event 99"), "{}", looked.err);
    assert!(
        looked.err.contains("nobody works in this directory"),
        "{}",
        looked.err
    );
    let checked = shop.flowmesh(&["store", "check"]);
    assert!(checked.out.contains("all of it is sound"), "{}", checked.out);
}

#[test]
fn a_session_that_goes_round_and_round_is_stopped_and_stays_as_it_was() {
    let looks = "flow tick() { for i in 0..1000000000 { sleep 1s } }\nlet run = start tick()\n:limit 2000\n:time +20000d\nrun.status\n:time\n:limit 9000\n:time +20m\n:limit none\n";
    let shown = common::feed(common::command(&["repl"]), looks);
    assert_eq!(shown.code, 3, "{}\n{}", shown.out, shown.err);
    for said in ["F1139", "more than 2000 things", ":limit NUMBER", ":limit none"] {
        assert!(shown.err.contains(said), "{said}\n{}", shown.err);
    }
    for said in ["\"waiting\"  : string", "+0s", "+20m have passed"] {
        assert!(shown.out.contains(said), "{said}\n{}", shown.out);
    }
    // What the session stopped at is no fault of the program's text.
    let stopped = "flow tick() { for i in 0..1000000000 { sleep 1s } }\nlet run = start tick()\n:limit 100\n:time +1d\n";
    assert_eq!(common::feed(common::command(&["repl"]), stopped).code, 1);
}

#[test]
fn who_is_new_is_told_what_to_write() {
    let asks =
        "exit\nhelp\n:load\n:doc\n:ir nothing\n:run\n:help frob\n:save test\n:attach nowhere\n40 + 2\n";
    let shown = common::feed(common::command(&["repl"]), asks);
    assert_eq!(shown.code, 3, "{}\n{}", shown.out, shown.err);
    for said in [
        "did you mean `:quit`?",
        "did you mean `:help`?",
        "write `:load shop.flow`",
        "write `:doc list.map`",
        "none is declared yet",
        "no flow is named",
        "there is no `:frob`",
        "a test needs a title",
        "no address of a server",
    ] {
        assert!(shown.err.contains(said), "{said}\n{}", shown.err);
    }
    assert_eq!(shown.out, "42  : int\n");
    // What is declared goes before what other shells know.
    let own = common::feed(common::command(&["repl"]), "let exit = 1\nexit\n");
    assert_eq!((own.code, own.out.as_str()), (0, "exit = 1  : int\n1  : int\n"));
}
