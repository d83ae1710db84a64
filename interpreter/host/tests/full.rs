//! A host whose disk is full: what there is can be seen all the same.

#[path = "support/programs.rs"]
mod programs;

use flowmesh_host::{Host, HostOptions, engine::Verb, simulate::SimulatedDisk, store::Filter};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_while_the_disk_is_full() {
    let disk = SimulatedDisk::new();
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let options = HostOptions::new(resolver, Arc::new(|_| None));
    let host = Host::open_on(disk.shared(), options).unwrap();
    let program = programs::program("http://127.0.0.1:9");
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let run = host.start("hear", *b"", None).await.unwrap().id;
    assert_eq!(host.list(Filter::default(), 10).await.unwrap().runs.len(), 1);
    disk.set_capacity(Some(disk.used()));
    let pause = {
        let host = host.clone();
        let reason = "x".to_owned();
        tokio::spawn(async move { host.steer(run, Verb::Pause { reason }).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..3 {
        let listed = timeout(Duration::from_secs(10), host.list(Filter::default(), 10)).await;
        assert_eq!(listed.expect("an answer").unwrap().runs.len(), 1);
        let counted = timeout(Duration::from_secs(10), host.count(Filter::default())).await;
        counted.expect("an answer").unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(
        !pause.is_finished(),
        "it is acknowledged when it is on stable storage"
    );
    disk.set_capacity(None);
    timeout(Duration::from_secs(30), pause)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    host.shutdown(Duration::from_secs(5)).await.unwrap();
}
