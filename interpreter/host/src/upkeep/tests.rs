//! Copies, exports and imports give back what was there, or say why not and leave nothing.

use super::{UpkeepError, check, copy, export, import};
use crate::{disk::Disk, simulate::SimulatedDisk};
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
    let moved = r#"{"traffic":{"service":"a","weights":[["v1",100]],"at":"2026-01-01T00:00:00Z"}}"#;
    let mut more = lines.clone();
    more.insert(1, moved);
    assert!(refused(&more).contains("traffic of `a`"), "{}", refused(&more));
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
