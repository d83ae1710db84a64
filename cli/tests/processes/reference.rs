//! The page of all commands, made from what they say of themselves.
//!
//! `UPDATE_DOCS=1 cargo test -p flowmesh --test processes reference` writes it anew.

use crate::common::flowmesh;
use std::{env, fmt::Write, fs, path::Path};

const HEAD: &str = "# Commands

This page is made from the code: `UPDATE_DOCS=1 cargo test -p flowmesh --test processes reference`.

Results go to the standard output, progress and diagnostics to the standard error; `--json` is for programs.
";

#[test]
fn the_page_of_commands_is_what_the_commands_say() {
    let mut page = HEAD.to_owned();
    describe(&mut page, &[]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/commands.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/commands.md: write it anew with `UPDATE_DOCS=1`"
    );
}

/// A command and those below it.
fn describe(page: &mut String, words: &[&str]) {
    let help = flowmesh(&[words, &["--help"]].concat());
    assert_eq!(help.code, 0, "{words:?}: {}", help.err);
    let title = ["flowmesh"]
        .iter()
        .chain(words)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let lines: Vec<&str> = help.out.lines().map(str::trim_end).collect();
    write!(
        page,
        "\n## `{title}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
    .unwrap();
    let examples = help.out.contains("\nExample");
    assert!(words.is_empty() || examples, "{title}: its help shows no example");
    for name in below(&help.out) {
        describe(page, &[words, &[name]].concat());
    }
}

/// The names under `Commands:`.
fn below(help: &str) -> Vec<&str> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).collect()
}
