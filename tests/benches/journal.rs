//! Durable steps that nobody is called for, beside a bare file that takes the same bytes in groups of the same size.
//!
//! `cargo bench -p flowmesh-tests --bench journal [-- SECONDS]`. Both sides write to one file system and alternate; the
//! bare side does what the flows' journal just did, and nothing else. A step is a wait that is over at once: a timer
//! that is written down, and the event that it came due.

use flowmesh_host::{
    Host, HostOptions,
    disk::{Disk, RealDisk},
};
use flowmesh_mesh::Hickory;
use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

#[path = "support/counted.rs"]
mod counted;
#[path = "support/embedded.rs"]
#[expect(dead_code, reason = "each benchmark needs a part of it")]
mod embedded;

use counted::{Counted, Written};
use embedded::{deploy, runtime};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FLOWS: &str = r#"
//! Ten steps, none of which is a call.

flow ten() -> int {
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  sleep 0s
  return 10
}
"#;

const STEPS: u64 = 10;
const ROUNDS: usize = 5;
const LEVELS: [usize; 2] = [1, 256];

/// What the flows did in a round.
struct Round {
    steps_per_second: f64,
    /// How many steps went into one commit.
    steps_per_commit: f64,
    /// How many bytes one commit had.
    bytes_per_commit: usize,
}

fn main() {
    let said = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let length = Duration::from_secs_f64(said.unwrap_or(2.0));
    let runtime = runtime();
    println!(
        "ten durable steps a run, none a call; {ROUNDS} rounds of {length:?} a side, medians (least to most)"
    );
    for level in LEVELS {
        let (mut flows, mut bare, mut ratios, mut groups) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let round = runtime.block_on(flows_for(level, length));
            let alone = bare_for(&round, length);
            ratios.push(round.steps_per_second / alone);
            flows.push(round.steps_per_second);
            bare.push(alone);
            groups.push(round.steps_per_commit);
        }
        println!(
            "{level:>5} runs at once: flows {} steps/s, bare file {} steps/s, ratio {}; {} steps a commit",
            spread(flows, 0),
            spread(bare, 0),
            spread(ratios, 2),
            spread(groups, 1)
        );
    }
}

/// The median, and between which the others lie.
fn spread(mut figures: Vec<f64>, digits: usize) -> String {
    figures.sort_unstable_by(f64::total_cmp);
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    let median = figures[figures.len() / 2];
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}

/// Keeps so many runs going for so long.
async fn flows_for(level: usize, length: Duration) -> Round {
    let directory = tempfile::tempdir().unwrap();
    let written = Arc::new(Written::default());
    let disk = Counted::open(directory.path(), written.clone());
    let resolver = Hickory::servers(&["127.0.0.1:53".parse().unwrap()]).unwrap();
    let options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
    let host = Host::open_on(Arc::new(disk), options).unwrap();
    deploy(&host, FLOWS).await;
    let (bytes_before, commits_before) = written.so_far();
    let began = Instant::now();
    let starters: Vec<_> = (0..level)
        .map(|_| tokio::spawn(run_until(host.clone(), began + length)))
        .collect();
    let mut runs = 0;
    for starter in starters {
        runs += starter.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let (bytes, commits) = written.so_far();
    host.shutdown(Duration::from_secs(5)).await.unwrap();
    let (bytes, commits) = (bytes - bytes_before, commits - commits_before);
    let steps = (runs * STEPS) as f64;
    Round {
        steps_per_second: steps / took,
        steps_per_commit: steps / commits as f64,
        bytes_per_commit: usize::try_from(bytes / commits).unwrap(),
    }
}

/// How many runs there were.
async fn run_until(host: Host, end: Instant) -> u64 {
    let mut runs = 0;
    while Instant::now() < end {
        let run = host.start("ten", "{}".as_bytes(), None).await.unwrap();
        host.wait(run.id).await.unwrap();
        runs += 1;
    }
    runs
}

/// Steps a second, if a step were its bytes in the journal and nothing else.
fn bare_for(round: &Round, length: Duration) -> f64 {
    let directory = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    let mut file = disk.append("bare").unwrap();
    let group = vec![0x5a; round.bytes_per_commit];
    let (began, mut commits) = (Instant::now(), 0_u32);
    while began.elapsed() < length {
        file.append(&group).unwrap();
        file.sync().unwrap();
        commits += 1;
    }
    f64::from(commits) * round.steps_per_commit / began.elapsed().as_secs_f64()
}
