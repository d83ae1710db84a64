//! What begins with a colon at the prompt.

/// A word to the prompt itself.
#[derive(Debug)]
pub(super) struct Word {
    /// What is done.
    pub(super) verb: Verb,
    pub(super) name: &'static str,
    /// What follows, as `:help` shows it.
    pub(super) form: &'static str,
    /// What follows, for those who complete it.
    pub(super) takes: Takes,
    /// What it does, in one line.
    pub(super) doc: &'static str,
    /// More of that, with an example.
    pub(super) more: &'static str,
}

/// What directives do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Type,
    Doc,
    Ir,
    Load,
    Reload,
    Reset,
    Save,
    Time,
    Step,
    Limit,
    Signal,
    Unmock,
    Runs,
    Inspect,
    At,
    Fork,
    Route,
    Run,
    Attach,
    Detach,
    Help,
    Quit,
}

/// What follows a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Expression,
    File,
    Flow,
    Run,
    Word,
}

const fn word(
    verb: Verb,
    (name, form): (&'static str, &'static str),
    takes: Takes,
    (doc, more): (&'static str, &'static str),
) -> Word {
    Word {
        verb,
        name,
        form,
        takes,
        doc,
        more,
    }
}

/// All of them, in the order of `:help`.
pub(super) const WORDS: &[Word] = &[
    word(
        Verb::Type,
        ("type", "EXPRESSION"),
        Takes::Expression,
        ("only its type", ":type [1, 2].map(x => x * 1.5)"),
    ),
    word(
        Verb::Doc,
        ("doc", "NAME"),
        Takes::Expression,
        (
            "what is known of a name",
            ":doc payments.charge\n:doc list.map\n:doc std.policy",
        ),
    ),
    word(
        Verb::Ir,
        ("ir", "[FLOW]"),
        Takes::Flow,
        (
            "what the compiler makes of the program, or of a flow",
            ":ir checkout",
        ),
    ),
    word(
        Verb::Load,
        ("load", "FILE"),
        Takes::File,
        ("take the declarations of a file", ":load shop.flow"),
    ),
    word(
        Verb::Reload,
        ("reload", ""),
        Takes::Nothing,
        (
            "take those of all loaded files again, and play the session on them",
            ":reload",
        ),
    ),
    word(
        Verb::Reset,
        ("reset", "[all]"),
        Takes::Nothing,
        (
            "forget what was said and its runs; with `all` the declarations too",
            ":reset\n:reset all",
        ),
    ),
    word(
        Verb::Save,
        ("save", "test TITLE [to FILE.flow]"),
        Takes::File,
        (
            "the session as a test, shown or written to a file",
            "A file that is there gets the test at its end, another one the declarations too.\nWhere nothing is expected, it is expected that the runs stand as they do.\n\n:save test a declined card is told\n:save test a declined card is told to shop.flow",
        ),
    ),
    word(
        Verb::Time,
        ("time", "[+LENGTH]"),
        Takes::Nothing,
        (
            "let so much virtual time pass; alone: how much has passed",
            ":time +3d\n:time +90s",
        ),
    ),
    word(
        Verb::Step,
        ("step", ""),
        Takes::Nothing,
        ("let time pass until the next thing happens", ":step"),
    ),
    word(
        Verb::Limit,
        ("limit", "[NUMBER]"),
        Takes::Nothing,
        (
            "how much may happen in the session; with a number so much from now on",
            ":limit\n:limit 5000000",
        ),
    ),
    word(
        Verb::Signal,
        ("signal", "RUN NAME(ARGUMENTS)"),
        Takes::Run,
        (
            "send a signal to a run",
            ":signal run approve(by: \"Ada\")\n\nOf an attached system, with its payload as JSON:\n\n:signal 01979b2e-... approve {\"by\": \"Ada\"}",
        ),
    ),
    word(
        Verb::Unmock,
        ("unmock", "CALL"),
        Takes::Expression,
        (
            "what `mock` said of a call holds no more",
            ":unmock payments.charge",
        ),
    ),
    word(
        Verb::Runs,
        ("runs", ""),
        Takes::Nothing,
        ("the runs of the session, or of the attached system", ":runs"),
    ),
    word(
        Verb::Inspect,
        ("inspect", "[RUN]"),
        Takes::Run,
        (
            "a run: how it stands, its variables, its journal",
            "RUN is the name of a `let`, or a number of `:runs`; without it the run that was looked at or started last.\n\n:inspect run\n:inspect 2",
        ),
    ),
    word(
        Verb::At,
        ("at", "EVENT [RUN]"),
        Takes::Run,
        (
            "how a run stood behind an event of its journal",
            ":at 3\n:at 3 run",
        ),
    ),
    word(
        Verb::Fork,
        ("fork", "RUN at EVENT [as NAME]"),
        Takes::Run,
        (
            "a new run that goes on from there, beside the other one",
            ":fork run at 3\n:fork run at 3 as other",
        ),
    ),
    word(
        Verb::Route,
        ("route", "METHOD URL [as NAME] [on GATEWAY]"),
        Takes::Nothing,
        (
            "what a gateway would do with a request, and why",
            "Nothing is sent. NAME is the `sub` of a token that is believed.\n\n:route GET /orders/7 as alice",
        ),
    ),
    word(
        Verb::Run,
        ("run", "FLOW {JSON}"),
        Takes::Flow,
        (
            "run a flow with its real services, in real time; Ctrl-C ends it",
            ":run greet {\"name\": \"Ada\"}",
        ),
    ),
    word(
        Verb::Attach,
        ("attach", "URL|DIR [--write]"),
        Takes::File,
        (
            "look at the runs of a server, or of a directory of one",
            "`:runs`, `:inspect`, `:at` and `:signal` are about it then. Signals are sent only with `--write`.\nThe token is the one of FLOWMESH_TOKEN, or of `--token-file FILE`.\n\n:attach http://127.0.0.1:7700\n:attach .flowmesh --write",
        ),
    ),
    word(
        Verb::Detach,
        ("detach", ""),
        Takes::Nothing,
        ("back to the session", ":detach"),
    ),
    word(
        Verb::Help,
        ("help", "[WORD]"),
        Takes::Word,
        ("this; or more of a directive", ":help fork"),
    ),
    word(
        Verb::Quit,
        ("quit", ""),
        Takes::Nothing,
        ("leave; so does Ctrl-D", ":quit"),
    ),
];

/// One letter for those that are typed often.
const SHORT: [(&str, Verb); 5] = [
    ("t", Verb::Type),
    ("l", Verb::Load),
    ("r", Verb::Run),
    ("h", Verb::Help),
    ("q", Verb::Quit),
];

/// What a line says, if it begins with a colon: the word, if there is such a one, as it was written, and what follows.
pub(super) fn read(line: &str) -> Option<(Option<Verb>, &str, &str)> {
    let line = line.trim().strip_prefix(':')?;
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    Some((find(name).map(|word| word.verb), name, rest.trim()))
}

/// Where the word of a directive begins, if a text is one.
pub(super) fn begin(text: &str) -> Option<usize> {
    let rest = text.trim_start().strip_prefix(':')?;
    Some(text.len().saturating_sub(rest.len()))
}

/// The directive of a name, or of one letter.
pub(super) fn find(name: &str) -> Option<&'static Word> {
    let short = SHORT
        .iter()
        .find(|(short, _)| *short == name)
        .map(|(_, verb)| *verb);
    WORDS
        .iter()
        .find(|word| word.name == name || Some(word.verb) == short)
}

/// The beginning of `:help`.
const ABOUT: &str = "\
An input is what may stand in a file or in a test; it goes on until its brackets are closed.

  1 + 2                              an expression: its value and its type
  let x = ...                        keep a value
  type ..., service ..., flow ...    declare anything; once more declares it anew, and plays the session on it
  mock mail.send(_) -> none          what calls are answered with
  let run = start checkout(order)    start a run: time stands still until you let it pass
  send approve(by: \"Ada\") to run     a signal; also `emit`, `cancel`, `crash`, `advance 2d`
  expect run returns 3               and all else that tests expect

";

/// What `:help` says.
pub(super) fn help() -> String {
    let width = WORDS
        .iter()
        .map(|word| usage(word).len())
        .max()
        .unwrap_or_default();
    let line = |word: &Word| format!("  {:width$}  {}\n", usage(word), word.doc);
    let lines: String = WORDS.iter().map(line).collect();
    format!("{ABOUT}{lines}")
}

/// What `:help WORD` says.
pub(super) fn help_on(word: &Word) -> String {
    let more: String = word.more.lines().map(|line| format!("  {line}\n")).collect();
    format!("{}\n  {}\n\n{more}", usage(word), word.doc)
}

fn usage(word: &Word) -> String {
    format!(":{} {}", word.name, word.form).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Verb, WORDS, find, help, read};

    #[test]
    fn a_colon_makes_a_directive() {
        assert_eq!(read("1 + 1"), None);
        assert_eq!(read(" :type [1, 2] "), Some((Some(Verb::Type), "type", "[1, 2]")));
        assert_eq!(
            read(":r greet  {\"a\": 1}"),
            Some((Some(Verb::Run), "r", "greet  {\"a\": 1}"))
        );
        assert_eq!(read(":frob x"), Some((None, "frob", "x")));
    }

    #[test]
    fn every_directive_is_found_by_its_name_and_told_by_help() {
        for word in WORDS {
            assert_eq!(find(word.name).map(|found| found.verb), Some(word.verb));
            assert!(
                help().contains(word.doc) && word.more.contains(word.name),
                "{}",
                word.name
            );
        }
    }
}
