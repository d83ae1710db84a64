//! One mistake gives one message: valid programs are broken in one place each, and the errors are counted.
//!
//! `FLOWMESH_MUTATIONS=5000 cargo test --release -p flowmesh-tests --test mutations -- --nocapture` is the whole of it;
//! `FLOWMESH_SHOW=20` shows so many of those that were not answered by one message.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{analyse, syntax::SyntaxKind};
use flowmesh_tests::{
    annotate, files, generate,
    mutate::{self, Heard, Slip, Tally},
};
use std::{collections::BTreeMap, env, fs, path::PathBuf};

/// A program without mistakes.
struct Valid {
    root: PathBuf,
    name: String,
    text: String,
    tokens: Vec<(SyntaxKind, usize, String)>,
}

fn world(valid: &Valid, text: &str) -> files::Folder {
    files::Folder {
        root: valid.root.clone(),
        instead: Some((valid.name.clone(), text.to_owned())),
    }
}

fn valid_programs() -> Vec<Valid> {
    let top = files::top();
    let folders = ["tests/suite", "examples"].map(|folder| top.join(folder));
    let paths = folders.iter().flat_map(|folder| files::below(folder, ".flow"));
    let program = |path: PathBuf| Valid {
        root: path.parent().unwrap().to_owned(),
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: annotate::strip(&fs::read_to_string(&path).unwrap()),
        tokens: Vec::new(),
    };
    let generated = Valid {
        root: top,
        name: "generated.flow".to_owned(),
        text: generate::program(200),
        tokens: Vec::new(),
    };
    let mut all: Vec<Valid> = paths.map(program).chain([generated]).filter(is_valid).collect();
    for valid in &mut all {
        valid.tokens = mutate::tokens(&valid.text);
    }
    all
}

fn is_valid(valid: &Valid) -> bool {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    analyse(&world(valid, &valid.text), &valid.name, &mut sources, &mut found);
    !found.has_errors() && valid.text.len() < 20_000
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn one_slip_is_one_message_near_it() {
    let programs = valid_programs();
    let wanted = number("FLOWMESH_MUTATIONS").unwrap_or(1_000);
    let mut show = number("FLOWMESH_SHOW").unwrap_or(0);
    let (mut all, mut by_slip) = (Tally::new(), BTreeMap::<Slip, Tally>::new());
    let mut worst = BTreeMap::<String, usize>::new();
    let mut broken = 0;
    for seed in 0.. {
        if broken == wanted {
            break;
        }
        let valid = &programs[mutate::Random::new(seed ^ 0x5EED).below(programs.len())];
        let Some(mutant) = mutate::mutant(&valid.text, &valid.tokens, seed) else {
            continue;
        };
        broken += 1;
        let (heard, said) = mutate::hear(&world(valid, &mutant.text), &valid.name, &mutant);
        *all.entry(heard).or_default() += 1;
        *by_slip.entry(mutant.slip).or_default().entry(heard).or_default() += 1;
        if matches!(heard, Heard::Elsewhere | Heard::Several) {
            let codes: Vec<&str> = said
                .iter()
                .filter_map(|line| line.split(' ').nth(1))
                .take(3)
                .collect();
            *worst
                .entry(format!("{:?} {}", mutant.slip, codes.join(" ")))
                .or_default() += 1;
            if show > 0 {
                show -= 1;
                println!(
                    "-- {seed} {} line {}: {:?} `{}`",
                    valid.name, mutant.line, mutant.slip, mutant.token
                );
                let line = mutant.text.lines().nth(mutant.line as usize - 1).unwrap_or("");
                println!("   | {line}");
                said.iter().take(6).for_each(|line| println!("   {line}"));
            }
        }
    }
    let share = |tally: &Tally| {
        let of = |heard| tally.get(&heard).copied().unwrap_or(0);
        let errors = tally.values().sum::<usize>() - of(Heard::Nothing);
        (100.0 * of(Heard::One) as f64 / errors.max(1) as f64, errors)
    };
    let (percent, errors) = share(&all);
    println!(
        "{broken} slips in {} programs, {errors} of them errors",
        programs.len()
    );
    println!("{percent:.1}% are one message near the slip: {all:?}");
    for (slip, tally) in &by_slip {
        println!("  {slip:?}: {:.1}% of {}", share(tally).0, share(tally).1);
    }
    let mut worst: Vec<_> = worst.into_iter().collect();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    worst
        .iter()
        .take(25)
        .for_each(|(class, count)| println!("  {count:4} {class}"));
    assert!(
        percent >= 90.0,
        "only {percent:.1}% are one message near the slip"
    );
}
