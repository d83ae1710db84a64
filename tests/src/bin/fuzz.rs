//! `cargo run --release -p flowmesh-tests --bin fuzz -- check --seconds 60 --seed 1`: feeds made-up texts to a part of
//! the compiler (`parse`, `format`, `check`, `load`), or programs to the `machine`, until the time is over, and leaves the
//! first one that breaks it in `target/fuzz`.
//!
//! `cargo run --release -p flowmesh-tests --bin fuzz -- wire --seconds 600 --seed 1` shares the time between all readers of
//! what comes over the wire; by its name (`request`, `hello`, `tokens`) one of them has all of it.

use flowmesh_tests::{annotate, files, fuzz};
use std::{
    env, fs, process,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// The longest that one text may take.
const LIMIT: Duration = Duration::from_secs(20);

fn main() {
    let mut arguments = env::args().skip(1);
    let targets = targets(&arguments.next().unwrap_or_default());
    let given: Vec<String> = arguments.collect();
    let number = |name: &str, otherwise: u64| {
        let at = given.iter().position(|word| word == name);
        at.and_then(|at| given.get(at + 1)?.parse().ok())
            .unwrap_or(otherwise)
    };
    let (seconds, first) = (number("--seconds", 60), number("--seed", 0));
    let share = seconds / u64::try_from(targets.len()).unwrap_or(1).max(1);
    targets
        .into_iter()
        .for_each(|target| campaign(target, share, first));
}

/// The part that is fed, or all readers.
fn targets(name: &str) -> Vec<fuzz::Target> {
    if name == "wire" {
        return fuzz::READERS.map(fuzz::Target::Reader).to_vec();
    }
    let target: fuzz::Target = name.parse().unwrap_or_else(|why| {
        eprintln!("{why}");
        process::exit(2)
    });
    vec![target]
}

fn campaign(target: fuzz::Target, seconds: u64, first: u64) {
    let paths = ["tests/suite", "examples", "stdlib"].map(|folder| files::top().join(folder));
    let paths = paths.iter().flat_map(|folder| files::below(folder, ".flow"));
    let texts = paths.map(|path| annotate::strip(&fs::read_to_string(path).unwrap_or_default()));
    let corpus = fuzz::corpus(target, texts.collect());
    let now = Arc::new(Mutex::new(Some((first, Instant::now(), String::new()))));
    let watched = Arc::clone(&now);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let fed = watched
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone();
            let Some((seed, begun, text)) = fed else { return };
            if begun.elapsed() > LIMIT {
                keep(seed, &text, "takes too long");
            }
        }
    });
    let begun = Instant::now();
    let mut seed = first;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let text = fuzz::made(target, &corpus, seed);
        *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some((seed, Instant::now(), text.clone()));
        if std::panic::catch_unwind(|| fuzz::feed(target, &text)).is_err() {
            keep(seed, &text, "breaks it");
        }
        seed += 1;
    }
    *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    let made = seed - first;
    println!(
        "{target:?}: {made} texts in {seconds} s, {} each second, nothing broke",
        made / seconds.max(1)
    );
}

/// Leaves a text for whoever mends what it breaks, and ends.
fn keep(seed: u64, text: &str, why: &str) -> ! {
    let folder = files::top().join("target/fuzz");
    let path = folder.join(format!("{seed}.txt"));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text));
    println!("seed {seed} {why}; the text is in {} ({kept:?})", path.display());
    process::exit(1)
}
