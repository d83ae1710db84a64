//! The journal: what was acknowledged is there, and what is not as it was is refused.

use crate::{
    RunId,
    disk::{Disk, RealDisk},
    simulate::{Chance, SimulatedDisk},
    store::{
        Act, ActKey, AppendError, Block, Cut, Deployed, EventRecord, History, How, Journal, Kept, Origin,
        Position, Reader, Record, Replaying, ResultKey, Shared, StoreError, Traffic, Voided, frame,
        line::{lines, read as read_line},
        open_journal,
    },
};
use flowmesh_ir::{
    SlotId, StateId,
    call::{Failure, Reply},
    trace::Lineage,
};
use flowmesh_machine::{Answer, CallId, Change, Decision, Ended, Event, EventKind, Terms, TimerId};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

fn event(sequence: u64, kind: EventKind) -> Record {
    let at = Timestamp::from_microsecond(1_700_000_000_000_000 + i64::try_from(sequence).unwrap()).unwrap();
    Record::Event(EventRecord {
        run: RunId(7 << 76 | 5),
        sequence,
        origin: None,
        event: Event { at, kind },
    })
}

fn answer(sequence: u64, body: &[u8]) -> Record {
    let reply = Reply::Answer {
        status: 200,
        body: body.into(),
    };
    event(
        sequence,
        EventKind::Replied {
            call: CallId(3),
            reply,
        },
    )
}

fn everything() -> Vec<Record> {
    let hash = flowmesh_ir::Hash([7; 32]);
    let origin = Some(Origin {
        flow: "checkout".into(),
        program: hash,
        settings: hash,
        shared: Some(Shared {
            run: RunId(u128::MAX),
            root: RunId(1),
            events: 3,
        }),
        namespace: "shop".into(),
        lineage: Some(Arc::new(Lineage {
            trace: u128::MAX,
            parent: Some(u64::MAX),
            sampled: true,
            state: Some("vendor=1".into()),
            baggage: Some("user=7".into()),
        })),
    });
    let kind = EventKind::Started {
        input: (*b"{}").into(),
        seed: u64::MAX,
        key: Some(String::new()),
        terms: Terms {
            priority: Some(-3),
            delay: Some(jiff::SignedDuration::from_micros(1_500_000)),
        },
    };
    let Record::Event(started) = event(0, kind) else {
        unreachable!()
    };
    vec![
        Record::Program {
            hash,
            json: (*b"{\"version\":1}").into(),
        },
        Record::Settings {
            hash,
            bytes: (*b"").into(),
        },
        Record::Event(EventRecord { origin, ..started }),
        answer(1, &[0, 255, b'"']),
        event(
            2,
            EventKind::Replied {
                call: CallId(4),
                reply: Reply::Failed(Failure::Unknown("why".into())),
            },
        ),
        event(3, EventKind::Fired { timer: TimerId(0) }),
        event(
            4,
            EventKind::Paused {
                reason: "look".into(),
            },
        ),
        event(5, EventKind::Resumed),
        event(6, EventKind::Continued { again: vec![0, 7] }),
        event(
            7,
            EventKind::Edited {
                changes: vec![Change {
                    slot: flowmesh_ir::SlotId(2),
                    value: (*b"12").into(),
                }],
            },
        ),
        event(
            8,
            EventKind::Decided {
                call: CallId(3),
                decision: Decision::Done((*b"{\"id\":1}").into()),
            },
        ),
        event(
            9,
            EventKind::Decided {
                call: CallId(3),
                decision: Decision::Skip,
            },
        ),
        event(
            10,
            EventKind::Terminated {
                reason: "at once".into(),
            },
        ),
        event(
            11,
            EventKind::Answered {
                call: CallId(1),
                answer: Answer::Ended(Ended::Terminated("at once".into())),
            },
        ),
        event(
            12,
            EventKind::Signalled {
                answer: None,
                name: "approve".into(),
                payload: (*b"{}").into(),
            },
        ),
        event(
            13,
            EventKind::Cancelled {
                reason: "because".into(),
            },
        ),
        event(
            14,
            EventKind::Moved {
                program: flowmesh_ir::Hash([3; 32]),
                settings: flowmesh_ir::Hash([4; 32]),
                mapping: flowmesh_machine::upgrade::Mapping {
                    states: vec![(StateId(1), StateId(2))],
                    slots: vec![(SlotId(0), SlotId(0)), (SlotId(1), SlotId(5))],
                },
            },
        ),
        Record::Deployed(Deployed {
            program: flowmesh_ir::Hash([3; 32]),
            settings: flowmesh_ir::Hash([4; 32]),
            at: Timestamp::from_microsecond(9).unwrap(),
            by: "ann".to_owned(),
            how: How::RolledBack,
        }),
        Record::Voided(Voided {
            key: ResultKey {
                namespace: "shop".into(),
                cached: flowmesh_machine::Cached {
                    of: "stock.reserve".to_owned(),
                    version: flowmesh_ir::Hash([6; 32]),
                    key: "u".to_owned(),
                },
            },
            run: RunId(8),
            at: Timestamp::from_microsecond(11).unwrap(),
        }),
        Record::Act(Box::new(Act {
            key: ActKey {
                namespace: "shop".into(),
                who: "token 7".into(),
                key: "k".into(),
                part: Some(RunId(5)),
            },
            print: flowmesh_ir::Hash([5; 32]),
            at: Timestamp::from_microsecond(10).unwrap(),
            run: Some(RunId(6)),
            said: br#"{"heard":1}"#.as_slice().into(),
            answer: Some([8, 200, 1].as_slice().into()),
        })),
        Record::Traffic(Traffic {
            service: "stock".into(),
            weights: vec![("blue".into(), 30), ("green".into(), 70)],
            at: Timestamp::from_microsecond(7).unwrap(),
        }),
        Record::Forgotten { run: RunId(9) },
    ]
}

#[test]
fn every_kind_of_event_is_a_line_of_json_that_people_can_read() {
    for record in everything() {
        for line in lines(record.clone()) {
            assert_eq!(read_line(&line), Ok(Some(record.clone())), "{line}");
        }
    }
    let all: String = everything().into_iter().flat_map(lines).collect();
    for part in [
        r#""changes":[{"slot":2,"value":{"json":12}}]"#,
        r#""choice":"done","result":{"json":{"id":1}}"#,
        r#""shared":{"run":"ffffffff-ffff-ffff-ffff-ffffffffffff","root":"00000000-0000-0000-0000-000000000001","events":3}"#,
        r#""child_terminated":"at once""#,
        r#""from_state":[1],"to_state":[2]"#,
        r#""how":"rolled_back""#,
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

#[test]
fn a_segment_that_there_was_no_room_for_is_not_there_when_the_one_before_is_torn() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    store.append(&[answer(0, b"x")]).unwrap();
    disk.set_capacity(Some(disk.used()));
    assert!(matches!(store.roll(), Err(AppendError::Full { .. })));
    disk.set_capacity(None);
    assert_eq!(
        disk.list()
            .unwrap()
            .iter()
            .filter(|name| name.contains("journal"))
            .count(),
        1
    );
    store.append(&[answer(1, b"x")]).unwrap();
    drop(store);
    disk.tamper("journal-000001.log", |bytes| bytes.truncate(bytes.len() - 3));
    assert_eq!(open(&disk).unwrap().1.len(), 1);
}

#[test]
fn events_that_were_written_again_are_read_in_their_order_wherever_they_lie() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    let all: Vec<Record> = (0..6).map(|number| answer(number, b"x")).collect();
    let part = |first: u64, end: u64| {
        let events = all[first as usize..end as usize]
            .iter()
            .map(|record| match record {
                Record::Event(event) => event.event.clone(),
                _ => unreachable!(),
            });
        Record::History(History {
            run: RunId(7 << 76 | 5),
            first,
            origin: None,
            events: events.collect(),
            order: Vec::new(),
        })
    };
    store.append(&[all[4].clone()]).unwrap();
    let error = open(&disk)
        .err()
        .expect("an event without a beginning is refused");
    assert_eq!(error.code().to_string(), "F1037");
    store.append(&[part(2, 4), all[5].clone()]).unwrap();
    store.append(&[part(0, 2)]).unwrap();
    store.append(&[part(0, 4)]).unwrap();
    assert_eq!(open(&disk).unwrap().1, all);
    store
        .append(&[Record::Forgotten {
            run: RunId(7 << 76 | 5),
        }])
        .unwrap();
    assert_eq!(open(&disk).unwrap().1.len(), 7);
}

#[test]
fn a_record_is_believed_only_if_it_is_the_one_that_was_written() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    let places = store.append(&everything()).unwrap().places;
    let sound = disk.read(LOG).unwrap();
    let reader = Reader::new(Arc::new(disk.clone()));
    for place in places {
        for at in place.offset..place.offset + place.length {
            disk.tamper(LOG, |bytes| bytes[at as usize] ^= 4);
            assert!(matches!(reader.read(place), Err(StoreError::Damaged { .. })));
            disk.tamper(LOG, |bytes| bytes.clone_from(&sound));
        }
    }
}

type Read = (Journal, Vec<Record>, Option<Cut>);

/// Takes everything as it comes.
#[derive(Default)]
struct Records {
    all: Vec<Record>,
    next: BTreeMap<RunId, u64>,
}

impl Replaying for Records {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        Ok(self.next.get(&run).copied().unwrap_or_default())
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for event in events {
            self.next.insert(event.run, event.sequence + 1);
            self.all.push(Record::Event(event));
        }
        Ok(())
    }

    fn kept(&mut self, record: Record, _: Kept) -> Result<(), StoreError> {
        self.all.push(record);
        Ok(())
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError> {
        self.all.push(Record::Traffic(traffic));
        Ok(())
    }

    fn deployed(&mut self, deployed: Vec<Deployed>) -> Result<(), StoreError> {
        self.all.extend(deployed.into_iter().map(Record::Deployed));
        Ok(())
    }

    fn voided(&mut self, voided: Voided) -> Result<(), StoreError> {
        self.all.push(Record::Voided(voided));
        Ok(())
    }

    fn act(&mut self, kept: crate::store::KeptAct) -> Result<(), StoreError> {
        self.all.push(Record::Act(Box::new(kept.act)));
        Ok(())
    }

    fn schedule(&mut self, schedule: crate::store::Schedule) -> Result<(), StoreError> {
        self.all.push(Record::Schedule(Box::new(schedule)));
        Ok(())
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.next.remove(&run);
        self.all.push(Record::Forgotten { run });
        Ok(())
    }
}

fn open(disk: &SimulatedDisk) -> Result<Read, StoreError> {
    let mut records = Records::default();
    let (journal, cut) = open_journal(&disk.shared(), &mut records)?;
    Ok((journal, records.all, cut))
}

const LOG: &str = "journal-000001.log";

#[test]
fn every_kind_of_record_is_read_as_it_was_written() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    let places = store.append(&everything()).unwrap().places;
    let (_, records, _) = open(&disk).unwrap();
    assert_eq!(records, everything());
    let reader = Reader::new(Arc::new(disk));
    for (place, record) in places.into_iter().zip(everything()) {
        assert_eq!(reader.read(place).unwrap(), record);
    }
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_the_rest_is_kept() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    store.append(&everything()).unwrap();
    let whole = disk.read(LOG).unwrap();
    store.append(&[answer(15, b"torn"), answer(16, b"away")]).unwrap();
    let longer = disk.read(LOG).unwrap();
    for length in whole.len()..longer.len() {
        disk.tamper(LOG, |bytes| *bytes = longer[..length].to_vec());
        let (mut store, records, cut) = open(&disk).unwrap();
        assert_eq!(records, everything(), "torn at {length}");
        assert_eq!(cut.is_some(), length > whole.len(), "torn at {length}");
        assert_eq!(disk.read(LOG).unwrap(), whole);
        store.append(&[answer(15, b"again")]).unwrap();
        assert_eq!(open(&disk).unwrap().1.len(), everything().len() + 1);
    }
}

#[test]
fn a_flipped_byte_before_the_last_batch_is_refused_with_its_place() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    store.append(&everything()).unwrap();
    let first = disk.read(LOG).unwrap().len();
    store.append(&[answer(14, b"last")]).unwrap();
    let sound = disk.read(LOG).unwrap();
    for at in 0..first {
        disk.tamper(LOG, |bytes| bytes[at] ^= 1);
        let error = open(&disk).err().expect("damage is refused");
        assert!(
            matches!(error, StoreError::Damaged { offset: 0 | 16, .. }),
            "byte {at}: {error}"
        );
        assert_eq!(error.code().to_string(), "F1032");
        disk.tamper(LOG, |bytes| bytes.clone_from(&sound));
    }
}

#[test]
fn a_missing_segment_is_refused() {
    let disk = SimulatedDisk::new();
    open(&disk).unwrap();
    disk.rename(LOG, "journal-000002.log").unwrap();
    assert!(matches!(open(&disk).err(), Some(StoreError::Damaged { .. })));
}

#[test]
fn a_store_of_another_version_is_refused_with_both_versions() {
    let disk = SimulatedDisk::new();
    open(&disk).unwrap();
    disk.tamper("FORMAT", |bytes| *bytes = b"flowmesh store 9\n".to_vec());
    let error = open(&disk).err().expect("another version is refused");
    assert_eq!(
        error.to_string(),
        "expected a store of version 2, found `9` in `simulated/FORMAT`"
    );
    assert_eq!(error.code().to_string(), "F1031");
}

#[test]
fn a_full_disk_takes_the_batch_back_and_the_log_goes_on_when_there_is_room() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    store.append(&[answer(0, b"fits")]).unwrap();
    let before = disk.read(LOG).unwrap();
    disk.set_capacity(Some(disk.used() + 10));
    let error = store
        .append(&[answer(1, b"does not fit")])
        .expect_err("there is no room");
    assert!(matches!(error, AppendError::Full { .. }), "{error}");
    assert_eq!(StoreError::from(error).code().to_string(), "F1034");
    assert_eq!(disk.read(LOG).unwrap(), before);
    disk.set_capacity(None);
    store.append(&[answer(1, b"now it does")]).unwrap();
    assert_eq!(open(&disk).unwrap().1.len(), 2);
}

#[test]
fn after_a_failed_sync_nothing_is_taken_any_more() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    disk.set_sync_fails(true);
    let error = store.append(&[answer(0, b"lost?")]).expect_err("the sync fails");
    assert!(
        matches!(error, AppendError::Failed(StoreError::Sync { .. })),
        "{error}"
    );
    assert_eq!(StoreError::from(error).code().to_string(), "F1035");
    disk.set_sync_fails(false);
    assert!(matches!(
        store.append(&[answer(0, b"no")]),
        Err(AppendError::Failed(StoreError::Stopped))
    ));
}

#[test]
fn a_write_that_fails_otherwise_stops_the_store() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    disk.set_append_fails(true);
    let error = StoreError::from(store.append(&[answer(0, b"half")]).expect_err("the write fails"));
    assert_eq!(error.code().to_string(), "F1033");
    disk.set_append_fails(false);
    let (_, records, cut) = open(&disk).unwrap();
    assert!(records.is_empty() && cut.is_some());
}

#[test]
fn what_was_acknowledged_survives_any_crash() {
    for seed in 0..300 {
        let mut chance = Chance::new(seed);
        let disk = SimulatedDisk::new();
        let mut acknowledged = 0;
        for _ in 0..4 {
            let (mut store, records, _) = open(&disk).unwrap();
            assert!(records.len() >= acknowledged, "seed {seed}");
            acknowledged = records.len();
            for _ in 0..chance.below(4) {
                store.append(&[answer(acknowledged as u64, b"kept")]).unwrap();
                acknowledged += 1;
            }
            let mut file = disk.append(LOG).unwrap();
            let mut frame = Vec::new();
            frame::write(
                store.end().batch + 1,
                &[answer(acknowledged as u64, b"torn")],
                None,
                &mut frame,
            );
            file.append(&frame).unwrap();
            disk.crash(&mut chance);
        }
    }
}

#[test]
fn a_directory_is_held_by_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let held = RealDisk::open(directory.path()).unwrap();
    let error = crate::store::lock_error(directory.path(), RealDisk::open(directory.path()).err().unwrap());
    assert_eq!(error.code().to_string(), "F1030");
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    drop(held);
    RealDisk::open(directory.path()).unwrap();
}

#[test]
fn a_long_log_goes_on_in_another_segment() {
    let disk = SimulatedDisk::new();
    let (mut store, ..) = open(&disk).unwrap();
    store.segment_bytes_max = 200;
    for sequence in 0..20 {
        store.append(&[answer(sequence, b"some bytes")]).unwrap();
    }
    assert!(disk.list().unwrap().len() > 3);
    assert_eq!(open(&disk).unwrap().1.len(), 20);
    disk.tamper("journal-000002.log", |bytes| bytes.truncate(40));
    assert!(
        matches!(open(&disk).err(), Some(StoreError::Damaged { .. })),
        "only the last can be torn"
    );
}
