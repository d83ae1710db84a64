//! How well what is missing is guessed: words of the suite and the examples are taken away one at a time, and the place of
//! each among what is offered is its rank. Nothing is typed before it is asked.
//!
//! `cargo test -p flowmesh-frontend --test completion -- --nocapture` prints the figures for each kind of word.

#![expect(clippy::unwrap_used, reason = "a harness ends by a panic")]

mod shown;
#[path = "completion/task.rs"]
mod task;

use std::collections::BTreeMap;

/// The least mean reciprocal rank.
const BAR: f64 = 0.85;

#[test]
fn what_is_missing_is_offered_first() {
    let tasks = task::tasks();
    assert!(tasks.len() >= 100, "only {} tasks", tasks.len());
    let mut by_kind: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let verbose = std::env::var_os("IDE_RANKS").is_some();
    for task in &tasks {
        let (rank, first) = task.rank();
        if verbose && rank != 1 {
            println!(
                "{rank:>4} {} {} `{}` first `{first}`",
                task.kind,
                task.place(),
                task.word
            );
        }
        let score = if rank == 0 { 0.0 } else { 1.0 / rank as f64 };
        by_kind.entry(task.kind.clone()).or_default().push(score);
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    for (kind, scores) in &by_kind {
        let first = scores.iter().filter(|score| **score == 1.0).count();
        println!(
            "{kind:<12} {:>4} tasks, first {first:>4}, mean reciprocal rank {:.3}",
            scores.len(),
            mean(scores)
        );
    }
    let all: Vec<f64> = by_kind.values().flatten().copied().collect();
    println!(
        "{:<12} {:>4} tasks, mean reciprocal rank {:.3}",
        "all",
        all.len(),
        mean(&all)
    );
    assert!(mean(&all) >= BAR, "{:.3} is less than {BAR}", mean(&all));
}
