//! A directory that the first form of the store wrote.

use super::toy::Toy;
use crate::{
    RunId,
    disk::Disk,
    simulate::SimulatedDisk,
    store::{EventRecord, Opening, OpeningOptions, Shelf},
};
use flowmesh_machine::EventKind;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// A directory as version 1 wrote it: `FORMAT` and one segment.
pub(super) fn first_form() -> SimulatedDisk {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1");
    let disk = SimulatedDisk::new();
    for name in ["FORMAT", LOG] {
        let bytes = fs::read(directory.join(name)).unwrap();
        disk.append(name).unwrap().append(&bytes).unwrap();
        disk.append(name).unwrap().sync().unwrap();
    }
    disk.sync_directory().unwrap();
    disk
}

const LOG: &str = "journal-000001.log";

#[test]
fn a_store_of_the_first_form_is_read_and_made_one_of_this_form() {
    let disk = first_form();
    let before = disk.read(LOG).unwrap();
    let toy = Toy::open(&disk).unwrap();
    assert!(toy.opened.upgraded && toy.opened.rebuilt.is_none());
    assert_eq!(disk.read("FORMAT").unwrap(), b"flowmesh store 2\n");
    assert_eq!(disk.read(LOG).unwrap(), before, "what was written stays as it is");
    let views = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1.json"));
    let views: Vec<serde_json::Value> = serde_json::from_str(&views.unwrap()).unwrap();
    assert_eq!(toy.events.len(), views.len());
    for view in views {
        let run: RunId = view["id"].as_str().unwrap().parse().unwrap();
        let row = toy.index.row(run).unwrap().expect("every run has a row");
        assert_eq!(row.next, view["events"].as_u64().unwrap());
        assert_eq!(row.program.to_string(), view["program"].as_str().unwrap());
        let events = toy.index.events(run, 0).unwrap();
        assert_eq!(events.len() as u64, row.next);
        assert!(matches!(events[0].event.kind, EventKind::Started { .. }));
    }
    let events: BTreeMap<RunId, Vec<EventRecord>> = toy.events.clone();
    drop(toy);
    let again = Toy::open(&disk).unwrap();
    assert!(!again.opened.upgraded);
    again.same_as(&events);
}

#[test]
fn damage_in_a_store_of_the_first_form_is_refused_and_changes_nothing() {
    let sound = first_form();
    let length = sound.read(LOG).unwrap().len();
    for at in (0..length).step_by(7) {
        let disk = sound.copy();
        // The tail of a store that no index knows of may be torn.
        disk.tamper(LOG, |bytes| bytes[at] ^= 16);
        match Opening::begin(Arc::new(disk.clone()), &OpeningOptions::default()) {
            Err(error) => {
                assert_eq!(error.code().to_string(), "F1032", "byte {at}: {error}");
                assert_eq!(disk.read("FORMAT").unwrap(), b"flowmesh store 1\n");
            }
            Ok(_) => assert!(at + 400 > length, "byte {at} is believed"),
        }
    }
}
