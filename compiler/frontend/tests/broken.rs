//! Whatever is missing from a program, it is either a valid program or a clear mistake.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{World, compile};

struct Text(String);

impl World for Text {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

fn stands_or_is_refused(text: String) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let world = Text(text);
    let program = compile(&world, "shop.flow", &mut sources, &mut found);
    assert_eq!(program.is_none(), found.has_errors(), "{}", world.0);
    for one in found.iter() {
        // The checker is to find by itself what the door of the program would refuse, but for how far calls go.
        let door = one.message.contains("too far") && !world.0.contains("fn f1(");
        assert!(!door, "{one:?}\n{}", world.0);
        let source = sources
            .get(one.span.source)
            .map_or("", |source| source.text.as_str());
        let (start, end) = (one.span.start as usize, one.span.end as usize);
        assert!(
            source.get(start..end).is_some(),
            "{one:?} points nowhere\n{}",
            world.0
        );
    }
}

#[test]
fn a_program_without_one_of_its_lines() {
    let lines: Vec<&str> = SHOP.lines().collect();
    for left_out in 0..lines.len() {
        let kept = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| *line);
        stands_or_is_refused(kept.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn a_program_without_some_of_its_words() {
    let words: Vec<&str> = SHOP.split_inclusive(' ').collect();
    for left_out in (0..words.len()).step_by(STEP) {
        let kept = words
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, word)| *word);
        stands_or_is_refused(kept.collect());
    }
}

#[test]
fn a_program_that_ends_early() {
    for end in (0..SHOP.len()).step_by(3 * STEP) {
        stands_or_is_refused(SHOP.get(..end).unwrap_or_default().to_owned());
    }
}

#[test]
fn a_program_with_its_words_in_wrong_places() {
    let words: Vec<&str> = SHOP.split_inclusive([' ', '.', '(', ')']).collect();
    for at in (0..words.len()).step_by(STEP) {
        let other = (at * 7919 + 13) % words.len();
        let mut mixed = words.clone();
        mixed.swap(at, other);
        stands_or_is_refused(mixed.concat());
    }
}

/// How many words are passed over between two cases.
const STEP: usize = 7;

const SHOP: &str = include_str!("../../../examples/shop/shop.flow");

#[test]
fn a_program_that_is_nested_without_end() {
    for deep in [60, 128, 400, 2_000] {
        let around = |open: &str, inner: &str, close: &str| {
            format!("{}{inner}{}", open.repeat(deep), close.repeat(deep))
        };
        for expr in [
            around("(", "1", ")"),
            around("[", "1", "]"),
            around("{ a: ", "1", " }"),
            around("f(", "1", ")"),
            around("-", "x", ""),
            around("1 + ", "1", ""),
            around("", "x", " + 1"),
            around("", "x", ".y"),
            around("", "x", ".abs()"),
            around("if true { ", "1", " } else { 2 }"),
            around("match x { when 1 -> ", "1", " else -> 2 }"),
            around("[x].map(x => ", "x", ")"),
        ] {
            stands_or_is_refused(format!("fn f(x: int) -> int = {expr}\n"));
            stands_or_is_refused(format!("flow g(x: int) {{ log \"{{{expr}}}\" }}\n"));
        }
        for block in [
            around("if x > 0 { ", "log \"a\"", " }"),
            around("while x > 0 { ", "log \"a\"", " }"),
            around("parallel { ", "log \"a\"", " }"),
            around("for i in 1..x { ", "log \"a\"", " }"),
            around("match x { when 1 -> ", "log \"a\"", " else -> return }"),
        ] {
            stands_or_is_refused(format!("flow g(x: int) {{ {block} }}\n"));
        }
        stands_or_is_refused(format!("type A {{ x: {} }}\n", around("[", "int", "]")));
        let chain: String = (1..deep)
            .map(|at| format!("fn f{at}(x: int) -> int = f{}(x)\n", at - 1))
            .collect();
        stands_or_is_refused(format!("fn f0(x: int) -> int = x\n{chain}"));
        let records: String = (1..deep)
            .map(|at| format!("type A{at} {{ a: A{}? }}\n", at - 1))
            .collect();
        stands_or_is_refused(format!(
            "type A0 {{ a: int }}\n{records}fn f(x: A{0}) -> A{0} = x\n",
            deep - 1
        ));
        let types: String = (1..deep)
            .map(|at| format!("type A{at} = A{}\n", at - 1))
            .collect();
        stands_or_is_refused(format!(
            "type A0 = int\n{types}fn f(x: A{}) -> int = x\n",
            deep - 1
        ));
    }
}
