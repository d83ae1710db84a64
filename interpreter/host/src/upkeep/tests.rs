//! Copies, exports and imports give back what was there, or say why not and leave nothing.

use super::{
    Retiring, UpkeepError, check, compact, copy, export, import,
    sweep::{Keeps, Sweep},
};
use crate::{
    RunId,
    disk::Disk,
    engine,
    simulate::{Chance, SimulatedDisk},
    store::{self, Filter, OpeningOptions, Row, Shelf},
};
use jiff::Timestamp;
use std::{fs, path::Path, sync::Arc};

/// A directory that a host wrote, with a batch that was torn at its end.
fn written(torn: usize) -> SimulatedDisk {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1");
    let disk = SimulatedDisk::new();
    for name in ["FORMAT", "journal-000001.log"] {
        let mut bytes = fs::read(directory.join(name)).unwrap();
        if name != "FORMAT" {
            bytes.extend(vec![b'F'; torn]);
        }
        disk.append(name).unwrap().append(&bytes).unwrap();
        disk.append(name).unwrap().sync().unwrap();
    }
    disk.sync_directory().unwrap();
    disk
}

fn exported(disk: &SimulatedDisk) -> String {
    let mut out = Vec::new();
    export(&disk.shared(), false, &mut out, &mut |_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

fn imported(text: &str) -> Result<SimulatedDisk, UpkeepError> {
    let disk = SimulatedDisk::new();
    let shared: Arc<dyn Disk> = disk.shared();
    match import(&shared, &mut text.as_bytes()) {
        Ok(_) => Ok(disk),
        Err(error) => {
            assert!(disk.list().unwrap().is_empty(), "nothing is left behind");
            Err(error)
        }
    }
}

#[test]
fn what_is_exported_and_imported_is_exported_again_to_the_letter() {
    let disk = written(0);
    let text = exported(&disk);
    assert!(text.starts_with("{\"export\":{\"version\":1}}\n{\"program\":"));
    let again = imported(&text).unwrap();
    assert!(check(&again.shared(), &mut |_, _| {}).unwrap().is_sound());
    assert_eq!(exported(&again), text);
    let runs = |text: &str| text.matches("\"started\"").count();
    let views = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1.json"));
    assert_eq!(runs(&text), views.unwrap().matches("\"id\"").count());
}

#[test]
fn a_line_that_is_changed_left_out_or_moved_is_refused_with_its_number() {
    let text = exported(&written(0));
    let lines: Vec<&str> = text.lines().collect();
    let refused = |lines: &[&str]| {
        let error = imported(&lines.join("\n")).map(drop).expect_err("it is refused");
        assert_eq!(error.code().to_string(), "F1049");
        error.to_string()
    };
    assert!(refused(&lines[1..]).starts_with("line 1 "));
    assert!(refused(&[]).contains("found nothing"));
    let mut twice = lines.clone();
    twice.insert(4, lines[0]);
    assert!(refused(&twice).starts_with("line 5 "));
    let mut without = lines.clone();
    without.remove(1);
    assert!(refused(&without).contains("program"));
    let later = lines.iter().find(|line| line.contains("\"sequence\":2")).unwrap();
    let (before, _) = later.split_once(",\"at\"").unwrap();
    let before = before.replace("\"sequence\":2", "\"sequence\":1");
    let at = lines.iter().position(|line| line.starts_with(&before)).unwrap();
    let mut without = lines.clone();
    without.remove(at);
    assert!(refused(&without).contains("expected its event 1, found 2"));
    let garbled = lines[at].replace("\"event\"", "\"evnt\"");
    let mut other = lines.clone();
    other[at] = &garbled;
    assert!(refused(&other).starts_with(&format!("line {} ", at + 1)));
}

#[test]
fn where_traffic_goes_is_imported_and_exported_again() {
    let text = exported(&written(0));
    let moved = r#"{"traffic":{"service":"a","weights":[["v1",100]],"at":"2026-01-01T00:00:00Z"}}"#;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(1, moved);
    let text = format!("{}\n", lines.join("\n"));
    let disk = imported(&text).unwrap();
    assert_eq!(exported(&disk), text);
    let open = || engine::open(disk.shared(), &OpeningOptions::default(), Timestamp::UNIX_EPOCH).unwrap();
    // One of them is that of a run.
    assert_eq!(open().engine.traffic().count(), 2);
    compact(&disk.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).unwrap();
    assert_eq!(open().engine.traffic().count(), 2);
    // Also where only the journal says so, and where that is copied as lines.
    let again = imported(&exported(&disk)).unwrap();
    let open = engine::open(again.shared(), &OpeningOptions::default(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(open.engine.traffic().count(), 2);
}

/// Every row, in order.
fn rows(disk: &SimulatedDisk) -> Vec<(RunId, Row)> {
    let open = engine::open(disk.shared(), &OpeningOptions::default(), Timestamp::UNIX_EPOCH).unwrap();
    open.index.search(&Filter::default(), usize::MAX).unwrap().runs
}

#[test]
fn a_directory_that_is_compacted_holds_the_same_runs_and_less_else() {
    let disk = written(0);
    let before = rows(&disk);
    for round in 0..3 {
        let told = compact(&disk.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).unwrap();
        assert!(told.segments > 0, "{round}: {told:?}");
        assert_eq!(rows(&disk), before, "{round}");
        assert!(check(&disk.shared(), &mut |_, _| {}).unwrap().is_sound());
        // And where the index is made again, and where the journal is written down as lines.
        let copy = disk.copy();
        copy.remove("index.redb").unwrap();
        assert_eq!(rows(&copy), before, "{round}");
        let text = exported(&disk);
        assert!(text.starts_with(&format!(
            "{{\"export\":{{\"version\":1,\"first\":{}}}}}",
            store::first_segment(&disk).unwrap().unwrap()
        )));
        let again = imported(&text).unwrap();
        assert_eq!(rows(&again), before, "{round}");
        assert_eq!(exported(&again), text, "{round}");
    }
}

#[test]
fn wherever_the_power_fails_while_a_directory_is_compacted_no_run_is_lost() {
    let sound = written(0);
    let before = rows(&sound);
    let mut chance = Chance::new(5);
    let changes = {
        let disk = sound.copy();
        let from = disk.changes();
        compact(&disk.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).unwrap();
        disk.changes() - from
    };
    let mut failed = 0;
    for left in 0..changes {
        let disk = sound.copy();
        disk.set_power(Some(left));
        // When it fails only while the index is closed, everything was done.
        let done = compact(&disk.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {});
        failed += usize::from(done.is_err());
        disk.crash(&mut chance);
        assert_eq!(rows(&disk), before, "change {left}");
        compact(&disk.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).unwrap();
        assert_eq!(rows(&disk), before, "change {left}");
    }
    assert!(failed > 20, "{failed}");
}

#[test]
fn nothing_is_compacted_where_there_is_nothing() {
    let nothing = SimulatedDisk::new();
    let error =
        compact(&nothing.shared(), Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).expect_err("no store");
    assert_eq!(error.code().to_string(), "F1047");
    assert!(nothing.list().unwrap().is_empty());
}

#[test]
fn a_copy_is_a_store_of_its_own_without_what_was_being_written() {
    let disk = written(7);
    let copied = SimulatedDisk::new();
    let told = copy(&disk, &copied, &mut |_, _| {}).unwrap();
    assert!(told.files == 1 && told.survey.is_sound());
    let checked = check(&copied.shared(), &mut |_, _| {}).unwrap();
    assert!(checked.is_sound() && checked.survey.torn.is_none());
    assert_eq!(exported(&copied), exported(&disk));
    let error = copy(&disk, &copied, &mut |_, _| {}).expect_err("it is not empty");
    assert_eq!(error.code().to_string(), "F1048");
    let nothing = SimulatedDisk::new();
    let error = copy(&nothing, &SimulatedDisk::new(), &mut |_, _| {}).expect_err("there is nothing");
    assert_eq!(error.code().to_string(), "F1047");
}

#[test]
fn what_is_damaged_is_neither_copied_nor_exported_but_for_what_can_be_read() {
    let disk = written(0);
    let whole = exported(&disk);
    disk.tamper("journal-000001.log", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let checked = check(&disk.shared(), &mut |_, _| {}).unwrap();
    assert!(!checked.is_sound());
    let other = SimulatedDisk::new();
    let error = copy(&disk, &other, &mut |_, _| {}).expect_err("it is damaged");
    assert_eq!(error.code().to_string(), "F1032");
    assert!(other.list().unwrap().is_empty());
    let error = export(&disk.shared(), false, &mut Vec::new(), &mut |_, _| {}).expect_err("it is damaged");
    assert_eq!(error.code().to_string(), "F1032");
    let mut out = Vec::new();
    export(&disk.shared(), true, &mut out, &mut |_, _| {}).unwrap();
    let part = String::from_utf8(out).unwrap();
    assert!(part.len() < whole.len() && part.lines().all(|line| whole.contains(line)));
    imported(&part).unwrap();
}

#[test]
fn a_full_disk_leaves_no_half_copy_and_no_half_import() {
    let disk = written(0);
    let text = exported(&disk);
    for room in [10, 100, 1000, 3000] {
        let small = SimulatedDisk::new();
        small.set_capacity(Some(room));
        assert!(copy(&disk, &small, &mut |_, _| {}).is_err());
        assert!(
            small
                .list()
                .unwrap()
                .iter()
                .all(|name| name != "FORMAT" && !name.contains("journal"))
        );
        let shared = small.shared();
        assert!(import(&shared, &mut text.as_bytes()).is_err());
        assert!(
            small
                .list()
                .unwrap()
                .iter()
                .all(|name| name != "FORMAT" && !name.contains("journal"))
        );
    }
}

#[test]
fn runs_that_ended_long_ago_are_archived_and_let_go_of_and_others_stay() {
    let disk = written(0);
    let before = rows(&disk);
    // All of them ended then.
    let end = Timestamp::from_second(1_700_000_000).unwrap();
    let later = Timestamp::from_second(1_700_000_001).unwrap();
    let earlier = Retiring {
        before: end,
        archive: None,
    };
    let copy = disk.copy();
    let none = compact(
        &copy.shared(),
        Timestamp::UNIX_EPOCH,
        Some(&earlier),
        &mut |_, _| {},
    );
    assert_eq!(none.unwrap().runs, 0);
    assert_eq!(rows(&copy), before);
    let (archived, mut chance) = (SimulatedDisk::new(), Chance::new(3));
    let mut gone: Vec<(RunId, Row)> = Vec::new();
    for power in [Some(2), Some(9), Some(20), None] {
        let copy = disk.copy();
        let name = format!("runs-{power:?}.jsonl");
        let retiring = Retiring {
            before: later,
            archive: Some((&archived, name.clone())),
        };
        copy.set_power(power);
        let done = compact(
            &copy.shared(),
            Timestamp::UNIX_EPOCH,
            Some(&retiring),
            &mut |_, _| {},
        );
        copy.crash(&mut chance);
        let after = rows(&copy);
        assert!(after.iter().all(|run| before.contains(run)));
        gone = before
            .iter()
            .filter(|run| !after.contains(run))
            .cloned()
            .collect();
        assert!(gone.iter().all(|(_, row)| row.ended && row.updated == end));
        if !gone.is_empty() {
            // Nothing is let go of that is not archived.
            let text = String::from_utf8(archived.read(&name).unwrap()).unwrap();
            let again = rows(&imported(&text).unwrap());
            let same = |(run, row): &(RunId, Row)| {
                again
                    .iter()
                    .any(|(other, there)| other == run && there.ending == row.ending && there.key == row.key)
            };
            assert!(gone.iter().all(same), "{power:?}");
        }
        if let Ok(done) = done {
            assert_eq!(done.runs, gone.len());
            assert!(check(&copy.shared(), &mut |_, _| {}).unwrap().is_sound());
            let open =
                engine::open(copy.shared(), &OpeningOptions::default(), Timestamp::UNIX_EPOCH).unwrap();
            for (_, row) in &gone {
                // Its key is free.
                let key = row.key.as_deref().unwrap_or_default();
                assert_eq!(open.index.by_key(&row.namespace, &row.flow, key).unwrap(), None);
            }
            let lost = copy.copy();
            drop(open);
            lost.remove("index.redb").unwrap();
            assert_eq!(rows(&lost), after);
        }
    }
    assert!(!gone.is_empty());
}

#[test]
fn each_run_is_kept_for_as_long_as_its_flow_says_whatever_ended_before_it() {
    let disk = written(0);
    let all = rows(&disk);
    let open = engine::open(disk.shared(), &OpeningOptions::default(), Timestamp::UNIX_EPOCH).unwrap();
    let ended = all.iter().filter(|(_, row)| row.ended && row.parents.is_empty());
    let ended: Vec<&(RunId, Row)> = ended.collect();
    let flow = ended.first().unwrap().1.flow.clone();
    assert!(ended.iter().any(|(_, row)| row.flow != flow));
    // All of them ended then.
    let now = Timestamp::from_second(1_700_000_000 + 3600).unwrap();
    let swept = |keeps: &Keeps| {
        let (mut sweep, mut found) = (Sweep::default(), Vec::new());
        loop {
            let (rows, all) = sweep.next(&open.index, keeps, now).unwrap();
            found.extend(rows.into_values().map(|row| row.flow));
            if all {
                return found;
            }
        }
    };
    let hour = jiff::SignedDuration::from_secs(3599);
    let week = jiff::SignedDuration::from_hours(7 * 24);
    let keeps = |usual, own| Keeps {
        usual,
        of: [(flow.clone(), own)].into(),
    };
    let short = swept(&keeps(None, hour));
    assert!(!short.is_empty() && short.iter().all(|found| *found == flow));
    let long = swept(&keeps(Some(hour), week));
    assert!(!long.is_empty() && long.iter().all(|found| *found != flow));
    assert_eq!(swept(&keeps(Some(week), week)), Vec::<flowmesh_ir::Name>::new());
    assert_eq!(swept(&Keeps::default()), Vec::<flowmesh_ir::Name>::new());
}
