//! Every command that a document shows is one that the binary takes.

use crate::common::flowmesh;
use std::{fs, path::Path};

#[test]
fn every_command_in_a_document_is_taken() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pages = fs::read_dir(top.join("compiler/diagnostics/pages")).unwrap();
    let pages = pages.map(|page| page.unwrap().path());
    let folders = ["docs/guide", "docs/reference", "docs"].map(|folder| top.join(folder));
    let documents = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let documents = documents.map(|page| page.unwrap().path());
    let mut wrong = Vec::new();
    let mut commands = 0;
    let texts = documents.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    for path in pages.chain(texts).chain([top.join("README.md")]) {
        let text = fs::read_to_string(&path).unwrap();
        for command in shown(&text) {
            commands += 1;
            // With `--help` at its end a command is read and not carried out.
            let words = words(&command);
            let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
            let answer = flowmesh(&args);
            if answer.code != 0 {
                wrong.push(format!("{}: {command}\n{}", path.display(), answer.err));
            }
        }
    }
    assert!(commands > 50, "only {commands} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What follows `flowmesh` in fenced consoles and in quoted commands.
fn shown(text: &str) -> Vec<String> {
    let fences = text
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let console = fences.flat_map(str::lines).filter_map(|line| {
        let line = line.trim_start_matches("$ ");
        line.strip_prefix("cargo run --release -- ")
            .or_else(|| line.strip_prefix("flowmesh "))
    });
    let quoted = text
        .split("`flowmesh ")
        .skip(1)
        .filter_map(|rest| rest.split('`').next());
    let whole = |command: &&str| !command.contains(['|', '…']) && !command.contains("...");
    let all = console.chain(quoted).filter(whole);
    // What the shell does with the output is not the command's.
    let before = |command: &str, sign| command.split(sign).next().unwrap_or_default().to_owned();
    all.map(|command| before(&before(command.trim_end_matches(" &"), " > "), " 2> "))
        .collect()
}

/// The words of a command line; what stands in quotes is one.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = None;
    for character in command.chars() {
        match (character, quoted) {
            ('\'' | '"', None) => quoted = Some(character),
            (_, Some(quote)) if quote == character => quoted = None,
            (' ', None) => words.push(String::new()),
            _ => words
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|word| word.push(character)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
