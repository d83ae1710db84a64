//! Runs that sleep, a million of them: what they cost in memory and on the disk, and how soon the first that is due
//! wakes when the store is opened again.
//!
//! `cargo bench -p flowmesh-tests --bench sleepers`; `FLOWMESH_SLEEPERS=10000` for fewer. The store is filled by one
//! process and opened again by others, so that the figures of each are its own.

use std::{
    env,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

#[path = "support/embedded.rs"]
#[expect(dead_code, reason = "each benchmark needs a part of it")]
mod embedded;

use embedded::{bytes, number, open, resident, runtime, start_all, timed};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FLOWS: &str = r#"
//! One long sleep, and one short.

flow sleeper(id: int) -> int {
  sleep 30d
  return id
}

flow early(id: int) -> int {
  sleep 1s
  return id
}
"#;

/// How often the store is opened again.
const REOPENED: usize = 5;

fn main() {
    let count = number("FLOWMESH_SLEEPERS", 1_000_000);
    let mut arguments = env::args().skip_while(|argument| argument != "--fill" && argument != "--reopen");
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--fill"), Some(directory)) => fill(Path::new(&directory), count),
        (Some("--reopen"), Some(directory)) => reopen(Path::new(&directory)),
        _ => measure(count),
    }
}

fn measure(count: usize) {
    let directory = tempfile::tempdir().unwrap();
    println!("{count} sleeping runs");
    child("--fill", directory.path(), count);
    let (journal, index) = bytes(directory.path());
    let runs = count as u64;
    println!(
        "on the disk: {} bytes a run in the journal, {} in the index",
        journal / runs,
        index / runs
    );
    for _ in 0..REOPENED {
        child("--reopen", directory.path(), count);
    }
}

fn child(what: &str, directory: &Path, count: usize) {
    let status = Command::new(env::current_exe().unwrap())
        .args([what, directory.to_str().unwrap()])
        .env("FLOWMESH_SLEEPERS", count.to_string())
        .status();
    assert!(status.unwrap().success());
}

fn fill(directory: &Path, count: usize) {
    runtime().block_on(async {
        let host = open(directory, FLOWS).await;
        let ((), took) = timed(start_all(&host, "sleeper", count, |id| {
            format!(r#"{{"id":{id}}}"#)
        }))
        .await;
        let (now, most) = resident();
        println!(
            "started: {:.0} runs/s; resident {now} MiB, {most} MiB at the most",
            count as f64 / took.as_secs_f64()
        );
        // What was started last leaves memory when it has waited for a while.
        tokio::time::sleep(Duration::from_secs(if count > 10_000 { 25 } else { 0 })).await;
        println!("a while later: resident {} MiB", resident().0);
        host.start("early", br#"{"id":0}"#.as_slice(), None)
            .await
            .unwrap();
        host.shutdown(Duration::from_secs(60)).await.unwrap();
    });
}

/// Opens the store when a timer is overdue.
fn reopen(directory: &Path) {
    std::thread::sleep(Duration::from_secs(2));
    runtime().block_on(async {
        let began = Instant::now();
        let host = open(directory, FLOWS).await;
        let opened = began.elapsed();
        let early = flowmesh_host::store::Filter {
            flow: Some("early".into()),
            state: Some("waiting".into()),
            ..Default::default()
        };
        let due = host.list(early, 1).await.unwrap().runs;
        if let Some(run) = due.first() {
            host.wait(run.id).await.unwrap();
        }
        println!(
            "opened in {opened:.2?} with {} open runs, the first timer that was due fired after {:.2?}; resident {} MiB",
            host.recovered().runs,
            began.elapsed(),
            resident().0
        );
        // The next one to open it has one, too.
        host.start("early", br#"{"id":0}"#.as_slice(), None).await.unwrap();
        host.shutdown(Duration::from_secs(60)).await.unwrap();
    });
}
