//! The rules of the house, held by reading its manifests and sources.

use flowmesh_diagnostics::pages;
use flowmesh_tests::files;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may see. Arrows point down; whoever adds one here says why in the commit.
const ARROWS: [(&str, &[&str]); 14] = [
    ("grammar", &[]),
    ("compiler/diagnostics", &[]),
    ("compiler/ir", &["diagnostics"]),
    ("stdlib", &["ir"]),
    ("compiler/frontend", &["grammar", "diagnostics", "ir", "stdlib"]),
    ("compiler/kubernetes", &["diagnostics", "ir"]),
    ("compiler/graph", &["diagnostics", "ir"]),
    ("compiler/doc", &["ir", "graph"]),
    // It lays out and compiles what it writes.
    ("compiler/import", &["diagnostics", "ir", "frontend"]),
    ("interpreter/machine", &["ir", "stdlib"]),
    ("interpreter/mesh", &["ir"]),
    ("interpreter/host", &["ir", "machine", "mesh"]),
    (
        "cli",
        &[
            "diagnostics",
            "ir",
            "frontend",
            "kubernetes",
            "graph",
            "doc",
            "import",
            "stdlib",
            "machine",
            "mesh",
            "host",
        ],
    ),
    // It works on the compiler alone; its tests start the server that it speaks to.
    (
        "cli/operator",
        &[
            "diagnostics",
            "ir",
            "frontend",
            "kubernetes",
            "machine",
            "mesh",
            "host",
        ],
    ),
];

/// Rooms in which nothing may reach for the world, and the words that would.
const PURE: [&str; 8] = [
    "grammar/src",
    "compiler/diagnostics/src",
    "compiler/ir/src",
    "compiler/frontend/src",
    "compiler/kubernetes/src",
    "compiler/import/src",
    "stdlib/src",
    "interpreter/machine/src",
];
const WORLD: [&str; 14] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::io",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "hyper",
    "rand::",
    "getrandom",
];

/// Files over 400 lines, each with its reason.
const LONG: [(&str, &str); 0] = [];

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for (room, below) in ARROWS {
        let manifest = fs::read_to_string(files::top().join(room).join("Cargo.toml")).unwrap();
        for seen in rooms_named(&manifest) {
            if !below.contains(&seen.as_str()) {
                wrong.push(format!("{room} may not see {seen}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let manifest = fs::read_to_string(files::top().join("Cargo.toml")).unwrap();
    let members = manifest
        .split_once("members = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let members: BTreeSet<_> = members
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|room| *room != "tests")
        .collect();
    let table: BTreeSet<_> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(members, table);
}

#[test]
fn pure_rooms_do_not_reach_for_the_world() {
    let mut wrong = Vec::new();
    for path in PURE
        .iter()
        .flat_map(|room| files::below(&files::top().join(room), ".rs"))
    {
        for (number, line) in (1..).zip(shipped(&path).lines()) {
            let code = line.split("//").next().unwrap_or("");
            for word in WORLD.iter().filter(|word| names(code, word)) {
                wrong.push(format!("{}:{number}: names `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_depend_on_nothing_that_reaches_for_the_world() {
    const WORLDLY: [&str; 9] = [
        "tokio",
        "hyper",
        "hyper-util",
        "axum",
        "hickory-resolver",
        "rand",
        "reqwest",
        "futures-util",
        "tempfile",
    ];
    for room in PURE.iter().filter_map(|source| source.strip_suffix("/src")) {
        let manifest = fs::read_to_string(files::top().join(room).join("Cargo.toml")).unwrap();
        let shipped = manifest.split("[dev-dependencies]").next().unwrap();
        let crates = shipped
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        let worldly: Vec<_> = crates.filter(|name| WORLDLY.contains(name)).collect();
        assert!(worldly.is_empty(), "{room} depends on {worldly:?}");
    }
}

#[test]
fn every_code_has_a_page_and_a_case_and_every_page_a_code() {
    let used = codes_used();
    let paged: BTreeSet<String> = pages().iter().map(|page| page.code.to_string()).collect();
    let cases = cases();
    let mut wrong = Vec::new();
    for (code, place) in &used {
        if !paged.contains(code) {
            wrong.push(format!("{code} ({place}) has no page"));
        }
        if !cases.contains(code) {
            wrong.push(format!("{code} ({place}) has no case"));
        }
    }
    wrong.extend(
        paged
            .iter()
            .filter(|code| !used.contains_key(*code))
            .map(|code| format!("{code} has a page and no use")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_begins_with_its_code_and_shows_something() {
    for page in pages() {
        let code = page.code;
        assert!(
            page.text.starts_with(&format!("# {code}: ")),
            "{code}: the heading names another code"
        );
        assert!(page.text.contains("```"), "{code}: the page shows nothing");
    }
}

#[test]
fn every_file_is_one_thing() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let name = inside(&path);
        let lines = text.lines().count();
        if lines > 400 && !LONG.iter().any(|(long, _)| *long == name) {
            wrong.push(format!("{name} has {lines} lines"));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{name} does not begin with what it is for"));
        }
        for mark in ["TODO", "FIXME", "#[allow(", "#![allow(", "#[ignore"] {
            if shipped(&path).contains(mark) {
                wrong.push(format!("{name} has `{mark}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut wrong = Vec::new();
    for path in files::below(&files::top(), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or("");
            let outside = file.is_empty() || file.contains("://") || file.contains(char::is_whitespace);
            if !outside && !path.parent().unwrap().join(file).exists() {
                wrong.push(format!("{}: {target}", inside(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rooms that a manifest depends on, tests included: an arrow in a test is an arrow.
fn rooms_named(manifest: &str) -> Vec<String> {
    let names = manifest.lines().filter_map(|line| line.strip_prefix("flowmesh-"));
    names
        .filter_map(|rest| rest.split(['.', ' ', '=']).next())
        .map(str::to_owned)
        .collect()
}

/// Whether code has a word that is not part of a longer one.
fn names(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        let open_end = word.ends_with(':');
        !part(code[..at].chars().next_back()) && (open_end || !part(code[at + word.len()..].chars().next()))
    })
}

/// The text of a file without its tests, which stand at its end.
fn shipped(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    if is_test(path) {
        String::new()
    } else {
        text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned()
    }
}

/// All Rust files of the rooms themselves, without their tests.
fn sources() -> Vec<PathBuf> {
    let all = files::below(&files::top(), ".rs");
    all.into_iter()
        .filter(|path| !is_test(path) && !inside(path).contains("benches/"))
        .collect()
}

fn is_test(path: &Path) -> bool {
    inside(path).contains("tests/") || path.ends_with("tests.rs")
}

fn inside(path: &Path) -> String {
    path.strip_prefix(files::top())
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

/// Every `Code(123)` of the shipped sources, and every `=> 123,` in a file that makes codes, with where it stands.
fn codes_used() -> BTreeMap<String, String> {
    let mut used = BTreeMap::new();
    for path in sources() {
        let text = shipped(&path);
        let arms = if text.contains("Code(") {
            text.split("=> ").skip(1)
        } else {
            "".split("=> ").skip(1)
        };
        for rest in text.split("Code(").skip(1).chain(arms) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let number = digits
                .parse::<u16>()
                .ok()
                .filter(|number| (100..1200).contains(number));
            if let Some(number) = number.filter(|_| rest[digits.len()..].starts_with([',', ')'])) {
                used.entry(format!("F{number:04}"))
                    .or_insert_with(|| inside(&path));
            }
        }
    }
    used
}

/// Everything that shows a code at work: the suite, and tests that name it.
fn cases() -> String {
    let top = files::top();
    let suite = files::below(&top.join("tests/suite"), "");
    let tests = files::below(&top, ".rs")
        .into_iter()
        .filter(|path| inside(path) != "tests/tests/house.rs");
    let mut cases = String::new();
    for path in suite {
        cases += &fs::read_to_string(path).unwrap_or_default();
    }
    for path in tests {
        let text = fs::read_to_string(&path).unwrap();
        let in_tests = is_test(&path);
        cases += if in_tests {
            &text
        } else {
            text.split_once("#[cfg(test)]\nmod ")
                .map_or("", |(_, tests)| tests)
        };
    }
    cases
}
