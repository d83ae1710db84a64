//! Long payloads in files of their own.

use super::both::{New, both, is_payload};
use super::toy::{Toy, signalled, started};
use crate::{
    RunId,
    disk::Disk,
    simulate::{Chance, SimulatedDisk},
    store::{Record, Shelf, StoreError, payload},
};
use std::sync::Arc;

const LONG: usize = 200_000;

both!(
    equal_payloads_are_one_file_and_are_read_where_they_are_asked_for,
    a_payload_that_is_another_or_missing_is_refused_by_its_name,
    a_batch_never_names_a_payload_that_is_not_stable,
    a_failed_write_of_a_payload_is_as_a_failed_write_of_the_journal,
);

fn blobs(disk: &SimulatedDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| is_payload(name));
    names
}

fn long(byte: u8) -> Arc<[u8]> {
    vec![byte; LONG].into()
}

fn equal_payloads_are_one_file_and_are_read_where_they_are_asked_for(new: New) {
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.append(vec![
        started(RunId(1), 0),
        signalled(RunId(1), 1, long(1)),
        started(RunId(2), 0),
        signalled(RunId(2), 1, long(1)),
    ]);
    toy.append(vec![
        signalled(RunId(2), 2, vec![1; LONG].into()),
        signalled(RunId(2), 3, long(2)),
    ]);
    assert_eq!(blobs(&disk).len(), 2);
    assert!(disk.read("journal-000001.log").unwrap().len() < 2500);
    toy.flush();
    let events = toy.index.events(RunId(2), 1).unwrap();
    let found: Vec<_> = events
        .iter()
        .map(|event| payload(&event.event.kind).unwrap().clone())
        .collect();
    assert_eq!(found, [long(1), long(1), long(2)]);
    assert_eq!(toy.index.row(RunId(2)).unwrap().unwrap().blobs.len(), 2);
}

fn a_payload_that_is_another_or_missing_is_refused_by_its_name(new: New) {
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.append(vec![started(RunId(1), 0), signalled(RunId(1), 1, long(1))]);
    toy.flush();
    let name = blobs(&disk).remove(0);
    for change in [
        |bytes: &mut Vec<u8>| bytes[777] ^= 1,
        |bytes: &mut Vec<u8>| bytes.truncate(99),
    ] {
        let copy = disk.copy();
        copy.tamper(&name, change);
        let toy = Toy::open(&copy);
        let error = toy
            .and_then(|toy| toy.index.events(RunId(1), 0))
            .expect_err("damage is refused");
        assert!(error.to_string().contains(&name), "{error}");
        assert!(matches!(error, StoreError::Damaged { .. }));
    }
    disk.remove(&name).unwrap();
    let error = toy
        .index
        .events(RunId(1), 0)
        .expect_err("a missing payload is refused");
    assert!(error.to_string().contains("found no file"), "{error}");
}

fn a_batch_never_names_a_payload_that_is_not_stable(new: New) {
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        let disk = new();
        let mut toy = Toy::open(&disk).unwrap();
        toy.append(vec![started(RunId(1), 0)]);
        disk.set_power(Some(chance.below(9)));
        let bytes = long(u8::try_from(chance.below(3)).unwrap());
        let done = toy
            .journal
            .append(&[Record::Event(signalled(RunId(1), 1, bytes))])
            .is_ok();
        disk.crash(&mut chance);
        let toy = Toy::open(&disk).unwrap();
        let events = toy.index.events(RunId(1), 0).unwrap();
        assert!(events.len() == 2 || (events.len() == 1 && !done), "seed {seed}");
        assert!(
            blobs(&disk).iter().all(|name| !name.ends_with(".new")),
            "seed {seed}"
        );
    }
}

fn a_failed_write_of_a_payload_is_as_a_failed_write_of_the_journal(new: New) {
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.append(vec![started(RunId(1), 0)]);
    disk.set_capacity(Some(disk.used() + 1000));
    let record = [Record::Event(signalled(RunId(1), 1, long(3)))];
    let error = StoreError::from(toy.journal.append(&record).expect_err("there is no room"));
    assert_eq!(error.code().to_string(), "F1034");
    disk.set_capacity(None);
    toy.append(vec![signalled(RunId(1), 1, long(3))]);
    toy.flush();
    assert_eq!(toy.index.events(RunId(1), 0).unwrap().len(), 2);
}
