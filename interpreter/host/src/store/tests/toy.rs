//! An owner of a store whose rows follow from events in the simplest way: by chance that the last event decides.

use crate::{
    RunId,
    simulate::{Chance, SimulatedDisk},
    store::{
        Block, Change, Changes, Due, Ending, EventRecord, Filter, Guard, Guarded, Index, Journal, Kept,
        MemoryShelf, Opened, Opening, OpeningOptions, Origin, Parked, Paused, Position, Put, Reader, Record,
        Replaying, Row, Shelf, Snapshot, Stands, StoreError, Traffic, payload,
        recover::{self, Expected},
    },
};
use flowmesh_ir::{Hash, Name, trace::Lineage, traffic::Rate};
use flowmesh_machine::{Event, EventKind, TimerId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(super) type Events = BTreeMap<RunId, Vec<EventRecord>>;

/// A store, and all events that are in it.
pub(super) struct Toy {
    pub(super) disk: SimulatedDisk,
    pub(super) journal: Journal,
    pub(super) index: Arc<Index>,
    pub(super) opened: Opened,
    pub(super) events: Events,
    /// Where events lie that the index does not know yet.
    placed: BTreeMap<RunId, (u64, Vec<Block>)>,
    kept: Vec<Kept>,
}

pub(super) const STATES: [&str; 4] = ["running", "waiting", "done", "failed"];

pub(super) fn time(microsecond: u64) -> Timestamp {
    Timestamp::from_microsecond(1_700_000_000_000_000 + i64::try_from(microsecond).unwrap()).unwrap()
}

pub(super) fn program(number: u64) -> (Hash, Arc<[u8]>) {
    let bytes: Arc<[u8]> = format!("program {}", number % 3).into_bytes().into();
    (Hash(Sha256::digest(&bytes).into()), bytes)
}

/// A third of the runs lie in traces of others.
fn lineage(salt: u64) -> Option<Arc<Lineage>> {
    salt.is_multiple_of(3).then(|| {
        Arc::new(Lineage {
            trace: u128::from(salt) + 1,
            parent: salt.is_multiple_of(2).then_some(salt + 1),
            sampled: salt.is_multiple_of(2),
            state: salt.is_multiple_of(2).then(|| format!("a={salt}").into()),
            baggage: None,
        })
    })
}

/// The first event of a run. Its key, flow and program follow from the salt.
pub(super) fn started(run: RunId, salt: u64) -> EventRecord {
    let origin = Origin {
        flow: Name::new(["order", "parcel", "refund"][(salt % 3) as usize]),
        program: program(salt).0,
        settings: program(salt + 1).0,
        shared: None,
        namespace: Name::default(),
        lineage: lineage(salt),
    };
    let kind = EventKind::Started {
        input: (*b"{}").into(),
        seed: salt,
        key: salt.is_multiple_of(4).then(|| format!("key {run}")),
        terms: flowmesh_machine::Terms::default(),
    };
    let event = Event {
        at: time(salt % 1000),
        kind,
    };
    EventRecord {
        run,
        sequence: 0,
        origin: Some(origin),
        event,
    }
}

pub(super) fn signalled(run: RunId, sequence: u64, payload: Arc<[u8]>) -> EventRecord {
    let kind = EventKind::Signalled {
        name: "go".into(),
        payload,
        answer: None,
    };
    EventRecord {
        run,
        sequence,
        origin: None,
        event: Event {
            at: time(1000 + sequence),
            kind,
        },
    }
}

/// Whether a run has ended: so much is clear from its events.
pub(super) fn has_ended(events: &[EventRecord]) -> bool {
    let state = row(events).map(|row| row.state);
    state.is_some_and(|state| state == "done" || state == "failed")
}

/// The row that follows from the events of a run.
pub(super) fn row(events: &[EventRecord]) -> Option<Row> {
    let (first, last) = (events.first()?, events.last()?);
    let origin = first.origin.clone()?;
    let key = match &first.event.kind {
        EventKind::Started { key, .. } => key.clone(),
        _ => None,
    };
    let salt = payload(&last.event.kind).map_or(0, |bytes| bytes.len() as u64);
    let mut chance = Chance::new(last.run.0 as u64 ^ (last.sequence << 40) ^ (salt << 20));
    chance.draw();
    let state = STATES[if events.len() < 3 {
        chance.index(2)
    } else {
        chance.index(4)
    }];
    let ended = state == "done" || state == "failed";
    let some = |chance: &mut Chance, most: usize| chance.index(most + 1);
    let pick = |chance: &mut Chance, of: &str, most: u64| format!("{of} {}", chance.below(most));
    let tags = (0..some(&mut chance, 3)).map(|_| {
        let key = Name::new(["order", "city", "customer"][chance.index(3)]);
        (key, pick(&mut chance, "value", 5))
    });
    let tags: BTreeMap<Name, String> = tags.collect();
    let long = if chance.happens(100) { 20_000 } else { 5 };
    let ending = match state {
        "done" => Some(Ending::Result(format!("\"{}\"", "r".repeat(long)).into())),
        "failed" => Some(Ending::Error(r#"{"name":"Declined","fields":{}}"#.into())),
        _ => None,
    };
    let apart = events.iter().filter_map(|event| payload(&event.event.kind));
    let blobs: BTreeSet<[u8; 32]> = apart
        .filter(|bytes| bytes.len() > 64 << 10)
        .map(|bytes| Sha256::digest(bytes).into())
        .collect();
    Some(Row {
        namespace: Name::default(),
        lineage: origin.lineage,
        flow: origin.flow,
        state: state.into(),
        ended,
        paused: chance.happens(100).then(|| Paused {
            reason: "the bank is down".to_owned(),
            since: time(chance.below(1000)),
        }),
        parked: chance.happens(100).then(|| Parked {
            step: "charge".to_owned(),
            call: 3,
            error: r#"{"name":"Unknown","fields":{}}"#.into(),
            choices: vec!["retry".into(), "skip".into()],
            since: time(chance.below(1000)),
        }),
        continues: chance.happens(100).then(|| RunId(chance.below(9).into())),
        continued_by: chance.happens(100).then(|| RunId(chance.below(9).into())),
        shared: chance
            .happens(100)
            .then(|| (RunId(chance.below(9).into()), chance.below(9))),
        instead_of: chance.happens(100).then(|| RunId(chance.below(9).into())),
        superseded: chance.happens(200),
        key,
        started: first.event.at,
        updated: last.event.at,
        next: events.len() as u64,
        program: origin.program,
        settings: origin.settings,
        homes: chance
            .happens(200)
            .then_some((origin.settings, origin.program))
            .into_iter()
            .collect(),
        tags,
        error: (state == "failed").then(|| "Declined".into()),
        steps: (0..some(&mut chance, 2))
            .map(|_| pick(&mut chance, "step", 4))
            .collect(),
        ending,
        depth: u16::try_from(chance.below(9)).unwrap(),
        entangled: chance.happens(500),
        cancelled: chance.happens(100),
        busy: !ended && chance.happens(300),
        timers: if ended {
            Vec::new()
        } else {
            (0..u32::try_from(some(&mut chance, 3)).unwrap())
                .map(|timer| (timer, time(chance.below(100_000))))
                .collect()
        },
        awaited: (0..some(&mut chance, 2))
            .map(|_| pick(&mut chance, "event", 3).into())
            .collect(),
        guards: (0..u32::try_from(some(&mut chance, 2)).unwrap())
            .map(|call| Guard {
                place: match chance.happens(500) {
                    true => Guarded::Named {
                        namespace: "".into(),
                        name: pick(&mut chance, "lock", 3),
                    },
                    false => Guarded::Flow {
                        namespace: "".into(),
                        flow: pick(&mut chance, "flow", 3).into(),
                        of: pick(&mut chance, "tenant", 2),
                    },
                },
                call,
                permits: chance.happens(500).then_some(3),
                rate: chance.happens(300).then_some(Rate {
                    count: 2,
                    per_ms: 1_000,
                }),
                group: chance.happens(300).then(|| pick(&mut chance, "group", 2)),
                stands: match chance.happens(500) {
                    true => Stands::Holds(chance.below(1000)),
                    false => Stands::Waits(i128::from(chance.below(1000)) - 500, chance.below(1000)),
                },
            })
            .collect(),
        parents: (0..some(&mut chance, 2))
            .map(|_| (RunId(u128::from(chance.below(99))), 7))
            .collect(),
        blobs: blobs.into_iter().map(Hash).collect(),
    })
}

impl Toy {
    pub(super) fn open(disk: &SimulatedDisk) -> Result<Self, StoreError> {
        Self::open_with(
            disk,
            &OpeningOptions {
                cache_bytes: 1 << 20,
                ..OpeningOptions::default()
            },
        )
    }

    /// Opens a store and takes what its index lacks, applying it now and then on the way.
    pub(super) fn open_with(disk: &SimulatedDisk, options: &OpeningOptions) -> Result<Self, StoreError> {
        let disk = &disk.opened()?;
        let mut opening = Opening::begin(Arc::new(disk.clone()), options)?;
        let index = opening.index().clone();
        let mut taking = Taking {
            index: &index,
            events: Events::new(),
            placed: BTreeMap::new(),
            kept: Vec::new(),
            behind: Position::default(),
        };
        opening.replay(&mut taking)?;
        taking.apply()?;
        let Taking { mut events, .. } = taking;
        let (journal, index, opened) = opening.finish()?;
        let all = index.search(&Filter::default(), usize::MAX)?;
        for (run, _) in all.runs {
            let known = index.events(run, 0)?;
            events.insert(run, known);
        }
        Ok(Self {
            disk: disk.clone(),
            journal,
            index,
            opened,
            events,
            placed: BTreeMap::new(),
            kept: Vec::new(),
        })
    }

    pub(super) fn append(&mut self, events: Vec<EventRecord>) {
        self.try_append(events).unwrap();
    }

    /// Programs before their first run, then the events.
    pub(super) fn try_append(&mut self, events: Vec<EventRecord>) -> Result<(), StoreError> {
        let mut records = Vec::new();
        for number in 0..3 {
            let (hash, json) = program(number);
            let known = self.index.program(hash).ok().flatten().is_some();
            if !known && !self.kept.iter().any(|kept| kept.hash == hash) {
                records.push(Record::Program { hash, json });
            }
        }
        records.extend(events.iter().cloned().map(Record::Event));
        let appended = self.journal.append(&records)?;
        if let Some(sealed) = appended.sealed.clone() {
            self.index.seal(sealed);
        }
        for (record, place) in records.iter().zip(&appended.places) {
            match record {
                Record::Program { hash, .. } => self.kept.push(Kept {
                    hash: *hash,
                    place: *place,
                }),
                Record::Event(event) => {
                    place_event(&mut self.placed, event.run, event.sequence, Block::one(*place));
                }
                _ => {}
            }
        }
        for event in events {
            self.events.entry(event.run).or_default().push(event);
        }
        Ok(())
    }

    /// A run is kept no longer. The index knows that before anything is written again.
    pub(super) fn try_forget(&mut self, run: RunId) -> Result<(), StoreError> {
        self.journal.append(&[Record::Forgotten { run }])?;
        self.events.remove(&run);
        self.placed.remove(&run);
        self.index.apply(&Changes {
            runs: vec![Change::Forget(run)],
            ..Changes::default()
        })
    }

    /// What changed since the last time; the index is told.
    pub(super) fn try_flush(&mut self) -> Result<(), StoreError> {
        let changes = changes(&self.events, &self.placed, &self.kept, self.journal.end());
        self.index.apply(&changes)?;
        self.placed.clear();
        self.kept.clear();
        Ok(())
    }

    pub(super) fn flush(&mut self) {
        self.try_flush().unwrap();
    }

    /// Looks through the journal as the index knows it.
    pub(super) fn scan(&self) -> Result<(), StoreError> {
        let expected = Expected {
            sealed: self.index.sealed()?,
            upto: Some(self.index.upto()),
            read_max: u64::MAX,
        };
        recover::scan(&self.disk, &expected).map(drop)
    }

    /// The index says what a shelf says that looks at everything.
    pub(super) fn same_as(&self, events: &Events) {
        let disk: Arc<dyn crate::disk::Disk> = Arc::new(self.disk.clone());
        let model = MemoryShelf::new(Reader::new(disk));
        let put = |(run, events): (&RunId, &Vec<EventRecord>)| {
            Change::Put(Box::new(Put {
                run: *run,
                row: row(events).unwrap(),
                first: 0,
                places: self.index.places(*run, 0).unwrap().1,
                snapshot: snapshot(events),
            }))
        };
        model
            .apply(&Changes {
                runs: events.iter().map(put).collect(),
                ..Changes::default()
            })
            .unwrap();
        let mut chance = Chance::new(events.len() as u64);
        same(self.index.as_ref(), &model, events, &mut chance);
    }
}

/// Machines of some runs are written down.
pub(super) fn snapshot(events: &[EventRecord]) -> Option<Snapshot> {
    let row = row(events)?;
    (row.depth > 4 && !row.ended).then(|| Snapshot {
        events: row.next,
        bytes: format!("{row:?}").into_bytes().into(),
    })
}

fn place_event(placed: &mut BTreeMap<RunId, (u64, Vec<Block>)>, run: RunId, sequence: u64, block: Block) {
    placed.entry(run).or_insert((sequence, Vec::new())).1.push(block);
}

fn changes(
    events: &Events,
    placed: &BTreeMap<RunId, (u64, Vec<Block>)>,
    kept: &[Kept],
    upto: Position,
) -> Changes {
    let put = |(run, (first, places)): (&RunId, &(u64, Vec<Block>))| {
        let events = &events[run];
        Change::Put(Box::new(Put {
            run: *run,
            row: row(events).unwrap(),
            first: *first,
            places: places.clone(),
            snapshot: snapshot(events),
        }))
    };
    Changes {
        upto: Some(upto),
        runs: placed.iter().map(put).collect(),
        programs: kept.to_vec(),
        ..Changes::default()
    }
}

/// Takes what an index lacks.
struct Taking<'a> {
    index: &'a Index,
    events: Events,
    placed: BTreeMap<RunId, (u64, Vec<Block>)>,
    kept: Vec<Kept>,
    behind: Position,
}

impl Taking<'_> {
    fn apply(&mut self) -> Result<(), StoreError> {
        self.index
            .apply(&changes(&self.events, &self.placed, &self.kept, self.behind))?;
        self.events.clear();
        self.placed.clear();
        self.kept.clear();
        Ok(())
    }
}

impl Replaying for Taking<'_> {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        match self.events.get(&run) {
            Some(events) => Ok(events.len() as u64),
            None => Ok(self.index.row(run)?.map_or(0, |row| row.next)),
        }
    }

    fn events(&mut self, events: Vec<EventRecord>, block: Block, behind: Position) -> Result<(), StoreError> {
        self.behind = behind;
        let (run, first) = (events[0].run, events[0].sequence);
        if !self.events.contains_key(&run) {
            let known = self.index.events(run, 0)?;
            self.events.insert(run, known);
        }
        self.events.entry(run).or_default().extend(events);
        place_event(&mut self.placed, run, first, block);
        if self.placed.len() > 5 {
            self.apply()?;
        }
        Ok(())
    }

    fn kept(&mut self, _: Record, kept: Kept) -> Result<(), StoreError> {
        self.kept.push(kept);
        Ok(())
    }

    fn traffic(&mut self, _: Traffic) -> Result<(), StoreError> {
        Ok(())
    }

    fn schedule(&mut self, _: crate::store::Schedule) -> Result<(), StoreError> {
        Ok(())
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.apply()?;
        self.index.apply(&Changes {
            runs: vec![Change::Forget(run)],
            ..Changes::default()
        })
    }
}

/// Whether two shelves say the same of some runs, whatever they are asked.
pub(super) fn same(index: &dyn Shelf, model: &dyn Shelf, events: &Events, chance: &mut Chance) {
    for (run, of) in events {
        let row = model.row(*run).unwrap();
        assert_eq!(index.row(*run).unwrap(), row);
        let from = chance.below(of.len() as u64 + 1);
        let expected: Vec<_> = of.iter().skip(usize::try_from(from).unwrap()).cloned().collect();
        assert_eq!(index.events(*run, from).unwrap(), expected, "events of {run}");
        let row = row.unwrap();
        let key = row.key.unwrap_or_default();
        let found = index.by_key("", &row.flow, &key).unwrap();
        assert_eq!(found, model.by_key("", &row.flow, &key).unwrap());
        if let Some(snapshot) = model.snapshot(*run).unwrap() {
            assert_eq!(index.snapshot(*run).unwrap(), Some(snapshot));
        }
    }
    assert_eq!(index.busy().unwrap(), model.busy().unwrap());
    assert_eq!(index.guarded().unwrap(), model.guarded().unwrap());
    assert_eq!(index.programs().unwrap(), model.programs().unwrap());
    for event in 0..3 {
        let event = format!("event {event}");
        assert_eq!(index.hearers(&event).unwrap(), model.hearers(&event).unwrap());
    }
    for flow in ["order", "parcel", "refund", "none"] {
        let mut states = model.states("", flow).unwrap();
        states.sort_unstable();
        assert_eq!(index.states("", flow).unwrap(), states);
    }
    let mut after: Option<Due> = None;
    loop {
        let some = index.timers(after, 7).unwrap();
        assert_eq!(some, model.timers(after, 7).unwrap());
        match some.last() {
            Some(last) => after = Some(*last),
            None => break,
        }
    }
    let behind = (time(50_000), RunId(7), TimerId(0));
    assert_eq!(
        index.timers(Some(behind), 3).unwrap(),
        model.timers(Some(behind), 3).unwrap()
    );
    for _ in 0..12 {
        let filter = filter(chance);
        assert_eq!(
            index.count(&filter).unwrap(),
            model.count(&filter).unwrap(),
            "{filter:?}"
        );
        pages(index, model, filter, 1 + chance.index(9));
    }
}

fn pages(index: &dyn Shelf, model: &dyn Shelf, mut filter: Filter, limit: usize) {
    loop {
        let page = index.search(&filter, limit).unwrap();
        assert_eq!(page, model.search(&filter, limit).unwrap(), "{filter:?}");
        match page.cursor {
            Some(cursor) => filter.before = Some(cursor),
            None => break,
        }
    }
}

fn filter(chance: &mut Chance) -> Filter {
    let maybe = |chance: &mut Chance| chance.happens(300);
    Filter {
        namespace: Name::new(if chance.happens(50) { "other" } else { "" }),
        flow: maybe(chance).then(|| ["order", "parcel", "none"][chance.index(3)].into()),
        state: maybe(chance).then(|| STATES[chance.index(4)].into()),
        key: chance
            .happens(50)
            .then(|| format!("key {}", RunId(u128::from(chance.below(20))))),
        error: chance.happens(100).then(|| "Declined".into()),
        step: chance.happens(200).then(|| format!("step {}", chance.below(4))),
        tags: (0..chance.index(3))
            .map(|_| {
                (
                    ["order", "city"][chance.index(2)].into(),
                    format!("value {}", chance.below(5)),
                )
            })
            .collect(),
        since: chance.happens(100).then(|| time(chance.below(1000))),
        until: chance.happens(100).then(|| time(chance.below(1000))),
        before: None,
    }
}
