//! An embedded store with a program, and what a process takes of memory and disk.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::World;
use flowmesh_host::{Host, HostOptions, engine::Residence};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use std::{
    env, fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// How many starts are on their way at once.
const AT_ONCE: usize = 512;

struct One(&'static str);

impl World for One {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

/// The number that an environment variable says; else `whole` for a benchmark, and a small one for a test.
pub(crate) fn number(variable: &str, whole: usize) -> usize {
    let said = env::var(variable).ok().and_then(|text| text.parse().ok());
    let bench = env::args().any(|argument| argument == "--bench");
    said.unwrap_or(if bench { whole } else { 2000 })
}

/// Opens a directory and deploys a program in it.
pub(crate) async fn open(directory: &Path, source: &'static str) -> Host {
    open_with(directory, source, Residence::default().snapshot_after).await
}

/// The same, with machines that are written down after so many events.
pub(crate) async fn open_with(directory: &Path, source: &'static str, snapshot_after: u64) -> Host {
    let resolver = Hickory::servers(&["127.0.0.1:53".parse().unwrap()]).unwrap();
    let mut options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
    options.residence.snapshot_after = snapshot_after;
    let host = Host::open(directory, options).unwrap();
    deploy(&host, source).await;
    host
}

/// Deploys a program that needs no settings.
pub(crate) async fn deploy(host: &Host, source: &'static str) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&One(source), "bench.flow", &mut sources, &mut found);
    let program = program.unwrap_or_else(|| panic!("{:?}", found.sorted()));
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
}

/// Starts so many runs, many at once.
pub(crate) async fn start_all(host: &Host, flow: &'static str, count: usize, input: fn(usize) -> String) {
    let starters = (0..AT_ONCE).map(|first| {
        let host = host.clone();
        tokio::spawn(async move {
            for at in (first..count).step_by(AT_ONCE) {
                host.start(flow, input(at).into_bytes(), None).await.unwrap();
            }
        })
    });
    for starter in starters.collect::<Vec<_>>() {
        starter.await.unwrap();
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What this process holds in memory now, and held at the most, in MiB.
pub(crate) fn resident() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// How many bytes the files of a directory have: those of the journal, and those of the index.
pub(crate) fn bytes(directory: &Path) -> (u64, u64) {
    let (mut journal, mut index) = (0, 0);
    for file in fs::read_dir(directory).unwrap().flatten() {
        let length = file.metadata().unwrap().len();
        if file.file_name() == "index.redb" {
            index += length;
        } else {
            journal += length;
        }
    }
    (journal, index)
}

/// The median of some times, and the one that a hundredth of them exceeds.
pub(crate) fn spread(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    (at(50), at(99))
}

/// How long something took.
pub(crate) async fn timed<T>(act: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let result = act.await;
    (result, began.elapsed())
}
