//! A run to which very much has happened, when its store is opened again: with its machine written down, and without,
//! when all of its events are read.
//!
//! `cargo bench -p flowmesh-tests --bench reopen`; `FLOWMESH_EVENTS=10000` for fewer. Both sides are filled and opened in
//! the same way, alternating; the time is that until the run has answered once more.

use flowmesh_host::{Host, RunId};
use std::{
    path::Path,
    time::{Duration, Instant},
};

#[path = "support/embedded.rs"]
#[expect(dead_code, reason = "each benchmark needs a part of it")]
mod embedded;

use embedded::{number, open_with, runtime, spread};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FLOWS: &str = r#"
//! Adds up what comes.

flow adds() -> int {
  signal add(n: int)

  var sum = 0
  for added in signal add forever {
    sum = sum + added.n
  }
  return sum
}
"#;

/// How often each store is opened.
const OPENED: usize = 5;
/// How many signals are on their way at once.
const AT_ONCE: usize = 256;
/// Never.
const NOT_WRITTEN: u64 = u64::MAX;

fn main() {
    let count = number("FLOWMESH_EVENTS", 100_000);
    println!("a run that has heard {count} signals; until it has heard one more after its store was opened");
    let sides = [("written down", 256), ("read from its events", NOT_WRITTEN)];
    let filled = sides.map(|(name, after)| {
        let directory = tempfile::tempdir().unwrap();
        let run = fill(directory.path(), after, count);
        (name, after, directory, run)
    });
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..OPENED {
        for ((_, after, directory, run), times) in filled.iter().zip(&mut times) {
            times.push(reopen(directory.path(), *after, *run));
        }
    }
    let medians = times.map(|times| spread(times).0);
    for ((name, ..), median) in filled.iter().zip(medians) {
        println!("{name:>22}: {median:.2?}");
    }
    let ratio = medians[1].as_secs_f64() / medians[0].as_secs_f64();
    println!("{:>22}: {ratio:.1}", "ratio");
}

fn fill(directory: &Path, after: u64, count: usize) -> RunId {
    runtime().block_on(async {
        let host = open_with(directory, FLOWS, after).await;
        let run = host.start("adds", b"{}".as_slice(), None).await.unwrap().id;
        let tellers = (0..AT_ONCE).map(|first| {
            let host = host.clone();
            tokio::spawn(async move {
                for _ in (first..count).step_by(AT_ONCE) {
                    add(&host, run).await;
                }
            })
        });
        for teller in tellers.collect::<Vec<_>>() {
            teller.await.unwrap();
        }
        host.shutdown(Duration::from_secs(60)).await.unwrap();
        run
    })
}

async fn add(host: &Host, run: RunId) {
    let heard = host.signal(run, "add", br#"{"n":1}"#.as_slice(), Duration::ZERO);
    heard.await.unwrap();
}

fn reopen(directory: &Path, after: u64, run: RunId) -> Duration {
    runtime().block_on(async {
        let began = Instant::now();
        let host = open_with(directory, FLOWS, after).await;
        add(&host, run).await;
        let took = began.elapsed();
        host.shutdown(Duration::from_secs(60)).await.unwrap();
        took
    })
}
