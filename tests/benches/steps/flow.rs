//! The side with the flow: the shipped host, its store in a temporary directory, ten steps a run.

use crate::{
    Figures,
    counted::{Counted, Written},
    figures,
};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::World;
use flowmesh_host::{Host, HostOptions, engine::view::Ending};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

const STEPS: u32 = 10;

struct Ten;

impl World for Ten {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(include_str!("ten.flow").to_owned())
    }
}

/// Keeps so many runs going for so long; the time of a step is a tenth of its run's. With the commits for
/// each step, and the bytes of a commit.
pub(crate) async fn measure(address: SocketAddr, level: usize, length: Duration) -> (Figures, f64, usize) {
    let directory = tempfile::tempdir().unwrap();
    let written = Arc::new(Written::default());
    let disk = Counted::open(directory.path(), written.clone());
    let host = open(disk, address).await;
    let (bytes_before, commits_before) = written.so_far();
    let started = Instant::now();
    let starters: Vec<_> = (0..level)
        .map(|_| tokio::spawn(run_until(host.clone(), started + length)))
        .collect();
    let mut times = Vec::new();
    for starter in starters {
        times.extend(starter.await.unwrap());
    }
    let took = started.elapsed();
    let (bytes, commits) = written.so_far();
    let (bytes, commits) = (bytes - bytes_before, commits - commits_before);
    host.shutdown(Duration::from_secs(5)).await.unwrap();
    let commits_per_step = commits as f64 / times.len() as f64;
    let bytes_per_commit = usize::try_from(bytes / commits.max(1)).unwrap();
    (figures(times, took), commits_per_step, bytes_per_commit)
}

async fn open(disk: Counted, address: SocketAddr) -> Host {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&Ten, "ten.flow", &mut sources, &mut found);
    let program = program.unwrap_or_else(|| panic!("{:?}", found.sorted()));
    let settings = Settings::new(&program, [("steps_url", format!("http://{address}").as_str())]).unwrap();
    let resolver = Hickory::servers(&["127.0.0.1:53".parse().unwrap()]).unwrap();
    let options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
    let host = Host::open_on(Arc::new(disk), options).unwrap();
    host.deploy(program, settings).await.unwrap();
    host
}

async fn run_until(host: Host, end: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        let run = host.start("ten", "{}".as_bytes(), None).await.unwrap();
        let view = host.wait(run.id).await.unwrap();
        assert!(matches!(view.ending, Some(Ending::Result(result)) if result.get() == "1"));
        times.extend(std::iter::repeat_n(began.elapsed() / STEPS, STEPS as usize));
    }
    times
}
