//! Inputs that nobody would write end in a program that compiles, or in findings.

use super::inputs;
use flowmesh_import::{Input, Kind, import};
use std::fs;

/// Numbers that look drawn by chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).expect("it is below a usize")
    }
}

/// Words that mean something to some reader, where another one stood.
const WORDS: [&str; 24] = [
    "{}",
    "[]",
    "null",
    "true",
    "-1",
    "1e400",
    "\"\"",
    "\"{x}\"",
    "*",
    "{*}",
    "(",
    "[^/]+",
    "$.a[*].b",
    "$$",
    "${ .a }",
    "0s",
    "99999999999h",
    "../..",
    "States.Format('{}', $.a)",
    "\u{7f}",
    "é",
    "a\\nb",
    "// x",
    "spiffe://*",
];

/// A text with some of it changed.
fn changed(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=chance.below(3) {
        let (at, other) = (chance.below(lines.len()), chance.below(lines.len()));
        let word = WORDS[chance.below(WORDS.len())];
        match chance.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, other),
            2 => lines.insert(at, lines[other].clone()),
            3 => {
                let (key, _) = lines[at].split_once(": ").unwrap_or((&lines[at], ""));
                lines[at] = format!("{key}: {word}");
            }
            _ => {
                let line = lines[at].clone();
                let cut = line
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(chance.below(line.len()))
                    .unwrap_or(0);
                lines[at] = format!("{}{word}{}", &line[..cut], &line[cut..]);
            }
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}

fn holds(text: &str, kind: Option<Kind>) {
    let input = Input {
        name: "strange".to_owned(),
        text: text.to_owned(),
    };
    let imported = import(&[input], kind);
    assert_eq!(imported.text.is_some(), !imported.found.has_errors(), "{text}");
    let broken = imported.found.iter().find(|it| it.code.0 == 810);
    assert!(
        broken.is_none(),
        "{}\n{text}",
        broken.expect("there is one").message
    );
}

#[test]
fn truncated_inputs_never_break_it() {
    for path in inputs() {
        let text = fs::read_to_string(&path).expect("the suite can be read");
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for at in ends.iter().step_by(ends.len() / 12 + 1) {
            holds(&text[..*at], None);
        }
    }
}

#[test]
fn changed_inputs_never_break_it() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for path in inputs() {
        let text = fs::read_to_string(&path).expect("the suite can be read");
        for kind in Kind::ALL {
            holds(&text, Some(kind));
        }
        for _ in 0..20 {
            holds(&changed(&text, &mut chance), None);
        }
    }
}

#[test]
fn what_is_no_input_is_said() {
    let codes = |text: &str| {
        let input = Input {
            name: "strange".to_owned(),
            text: text.to_owned(),
        };
        import(&[input], None)
            .found
            .iter()
            .map(|it| it.code.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("a: [b"), ["F0801"]);
    assert_eq!(codes(&"[".repeat(100_000)), ["F0801"]);
    assert_eq!(codes("name: shop"), ["F0802"]);
    assert_eq!(codes(""), ["F0802"]);
}
