//! `--day 2026-01-01..2026-01-31`: an option by the name of a flow's parameter, which no command line knows beforehand.

use super::super::CommandLine;
use clap::CommandFactory;
use std::{collections::BTreeSet, ffi::OsString};

/// The command.
const NAME: &str = "backfill";

/// The command line with `--range NAME=VALUE` for each `--NAME VALUE` of `backfill` that is no option of it.
pub(crate) fn spelled(line: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rest = line.into_iter();
    let mut out: Vec<OsString> = Vec::new();
    for word in rest.by_ref() {
        let is_it = !out.is_empty() && word == NAME;
        let goes_on = out.is_empty() || word.to_string_lossy().starts_with("--");
        out.push(word);
        if is_it {
            break;
        }
        if !goes_on {
            // Another command, or the value of an option before it.
            return out.into_iter().chain(rest).collect();
        }
    }
    let known = known();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let named = text.strip_prefix("--").filter(|name| !name.is_empty());
        let (name, value) = match named.map(|name| name.split_once('=')) {
            Some(Some((name, value))) => (name, Some(value.to_owned())),
            Some(None) => (named.unwrap_or_default(), None),
            None => ("", None),
        };
        if name.is_empty() || known.contains(name) {
            out.push(word);
            continue;
        }
        let value = match value {
            Some(value) => Some(value),
            None => rest.next().map(|next| next.to_string_lossy().into_owned()),
        };
        out.push("--range".into());
        out.push(format!("{name}={}", value.unwrap_or_default()).into());
    }
    out
}

/// The options that `backfill` has by itself.
fn known() -> BTreeSet<String> {
    let mut line = CommandLine::command();
    line.build();
    let options = line
        .find_subcommand(NAME)
        .into_iter()
        .flat_map(clap::Command::get_arguments);
    options
        .filter_map(|option| option.get_long())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::spelled;
    use std::ffi::OsString;

    fn read(line: &str) -> String {
        let words = line.split(' ').map(OsString::from);
        let words = spelled(words).into_iter().map(|word| word.into_string().unwrap());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_parameter_is_an_option_of_its_name() {
        assert_eq!(
            read("flowmesh backfill report --day 1..3 --dry-run --json"),
            "flowmesh backfill report --range day=1..3 --dry-run --json"
        );
        assert_eq!(
            read("flowmesh backfill --day=1..3 report --concurrency 4 --dir .flowmesh"),
            "flowmesh backfill --range day=1..3 report --concurrency 4 --dir .flowmesh"
        );
        assert_eq!(
            read("flowmesh --log=info backfill report --day"),
            "flowmesh --log=info backfill report --range day="
        );
    }

    #[test]
    fn other_commands_stay_as_they_are() {
        for line in [
            "flowmesh",
            "flowmesh schedules backfill nightly 1..2 --day x",
            "flowmesh run a.flow backfill --day x",
        ] {
            assert_eq!(read(line), line);
        }
    }
}
