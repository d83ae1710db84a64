//! What is encrypted is not to be seen, opens with the right keys alone and in its place alone.

use super::{
    model,
    toy::{Toy, signalled, started},
};
use crate::{
    RunId,
    disk::Disk,
    simulate::{Chance, SimulatedDisk},
    store::{
        self, KeyError, KeyRing, Shelf, StoreError, Survey, encrypt,
        frame::{HEADER, MARK},
        rekey, survey, system_random, tidy, unlock,
    },
    upkeep,
};
use jiff::Timestamp;
use std::sync::Arc;

const NEEDLE: &[u8] = b"a secret that somebody may look for";

fn ring(text: &str) -> KeyRing {
    KeyRing::parse("keys", text.as_bytes()).unwrap()
}

fn line(id: &str, byte: u8) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("{id} {}\n", STANDARD.encode([byte; 32]))
}

fn telling() -> Arc<[u8]> {
    NEEDLE.repeat(3000).into()
}

/// A store with payloads in the journal and beside it.
fn written(disk: &SimulatedDisk) -> Toy {
    let mut toy = Toy::open(disk).unwrap();
    for run in 1..6_u128 {
        toy.append(vec![
            started(RunId(run), 0),
            signalled(RunId(run), 1, NEEDLE.into()),
            signalled(RunId(run), 2, telling()),
        ]);
    }
    toy.flush();
    toy.index.checkpoint().unwrap();
    toy
}

/// The files in which the payloads are to be seen.
fn seen(disk: &SimulatedDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| {
        let bytes = disk.read(name).unwrap();
        bytes.windows(NEEDLE.len()).any(|window| window == NEEDLE)
    });
    names
}

fn surveyed(disk: &dyn Disk) -> Survey {
    survey(disk, &mut |_, _| Ok(()), &mut |_, _| {}).unwrap()
}

fn code(result: Result<Arc<dyn Disk>, StoreError>) -> String {
    result.map(drop).expect_err("it is refused").code().to_string()
}

#[test]
fn nothing_of_a_payload_is_to_be_seen() {
    let plain = SimulatedDisk::new();
    written(&plain);
    assert!(seen(&plain).len() > 1, "{:?}", seen(&plain));
    let disk = SimulatedDisk::encrypted(1);
    let toy = written(&disk);
    assert!(seen(&disk).is_empty(), "{:?}", seen(&disk));
    toy.same_as(&toy.events);
    // Nor is a payload named by what anybody could compute.
    let hashes = surveyed(&toy.disk).blobs().clone();
    assert_eq!(hashes.len(), 1);
    for name in disk.list().unwrap() {
        assert!(
            hashes.iter().all(|hash| !name.contains(&hash.to_string())),
            "{name}"
        );
    }
}

#[test]
fn a_store_opens_with_its_key_and_with_no_other() {
    let (disk, raw) = (SimulatedDisk::new(), SimulatedDisk::new());
    let (old, new) = (line("old", 1), line("new", 2));
    encrypt(disk.shared(), &ring(&old), &system_random).unwrap();
    let with = |text: &str| unlock(disk.shared(), &ring(text), &system_random);
    assert_eq!(code(with(&new)), "F1090");
    assert_eq!(code(with(&line("old", 9))), "F1091");
    with(&old).unwrap();
    with(&format!("{new}{old}")).unwrap();
    // A directory that is not encrypted is read as it is.
    assert!(
        unlock(raw.shared(), &ring(&old), &system_random)
            .unwrap()
            .keys()
            .is_none()
    );
    let open = store::open_journal(&disk.shared(), &mut crate::engine::Restoring::default());
    assert_eq!(open.map(drop).expect_err("no key").code().to_string(), "F1039");
    for length in [0, 20, 100] {
        let copy = disk.copy();
        copy.tamper("KEYS", |bytes| bytes.truncate(length));
        assert_eq!(code(unlock(copy.shared(), &ring(&old), &system_random)), "F1092");
    }
    for at in 0..disk.read("KEYS").unwrap().len() - 1 {
        let copy = disk.copy();
        copy.tamper("KEYS", |bytes| bytes[at] ^= 1);
        assert_eq!(
            code(unlock(copy.shared(), &ring(&old), &system_random)),
            "F1092",
            "byte {at}"
        );
    }
}

#[test]
fn a_store_whose_keys_are_gone_is_not_taken_for_one_that_is_not_encrypted() {
    let disk = SimulatedDisk::encrypted(1);
    drop(written(&disk));
    disk.remove("KEYS").unwrap();
    assert_eq!(
        code(encrypt(disk.shared(), &ring(&line("a", 7)), &system_random)),
        "F1092"
    );
    let plain = SimulatedDisk::clone(&disk);
    let open = store::open_journal(&plain.shared(), &mut crate::engine::Restoring::default());
    assert_eq!(open.map(drop).expect_err("no keys").code().to_string(), "F1092");
}

#[test]
fn another_outer_key_changes_one_file_whenever_the_power_fails() {
    let (old, new) = (ring(&line("old", 1)), ring(&line("new", 2)));
    let both = ring(&format!("{}{}", line("new", 2), line("old", 1)));
    let sound = SimulatedDisk::new();
    encrypt(sound.shared(), &old, &system_random).unwrap();
    let mut chance = Chance::new(1);
    let mut finished = 0;
    for left in 0..12 {
        let disk = sound.copy();
        disk.set_power(Some(left));
        let done = rekey(&disk, &both, &system_random).is_ok();
        disk.crash(&mut chance);
        unlock(disk.shared(), &both, &system_random).unwrap();
        let with_old = unlock(disk.shared(), &old, &system_random);
        let with_new = unlock(disk.shared(), &new, &system_random);
        assert!(with_old.is_ok() != with_new.is_ok(), "it has one of the two");
        if done {
            finished += 1;
            with_new.unwrap();
        }
    }
    assert!(finished > 3);
}

#[test]
fn after_a_compaction_nothing_is_left_of_older_data_keys_and_of_what_was_not_encrypted() {
    let disk = SimulatedDisk::new();
    let toy = written(&disk);
    let events = toy.events.clone();
    drop(toy);
    disk.encrypt(3);
    let mut toy = Toy::open(&disk).unwrap();
    assert_eq!(toy.events, events);
    toy.append(vec![signalled(RunId(1), 3, telling())]);
    toy.flush();
    toy.same_as(&toy.events);
    let events = toy.events.clone();
    drop(toy);
    assert!(seen(&disk).iter().any(|name| name.starts_with("journal-")));
    let keyed = disk.opened().unwrap();
    rekey(&disk, &keyed.keys().unwrap().ring().clone(), &system_random).unwrap();
    let mut toy = Toy::open(&disk).unwrap();
    store::renew_index(&toy.disk).unwrap();
    drop(toy);
    toy = Toy::open(&disk).unwrap();
    toy.journal
        .roll()
        .unwrap()
        .into_iter()
        .for_each(|sealed| toy.index.seal(sealed));
    toy.append(vec![started(RunId(99), 0)]);
    toy.flush();
    while model::compact(&mut toy).unwrap() != store::compact::Step::Nothing {}
    toy.index.checkpoint().unwrap();
    assert!(seen(&disk).is_empty(), "{:?}", seen(&disk));
    tidy(&toy.disk, &system_random).unwrap();
    drop(toy);
    let keyed = disk.opened().unwrap();
    assert!(!keyed.keys().unwrap().are_several() && keyed.keys().unwrap().plain_upto() == 0);
    let toy = Toy::open(&disk).unwrap();
    assert_eq!(toy.opened.rebuilt, None);
    assert!(events.iter().all(|(run, events)| toy.events[run] == *events));
}

/// Where the records of the first frame of a segment lie, with their checksums.
fn frame(bytes: &[u8]) -> store::frame::Frame<'_> {
    store::frame::read(&bytes[store::segment::HEADER..]).unwrap()
}

/// Makes the checksum of the first frame of a segment that of what is in it.
fn sum_again(bytes: &mut [u8]) {
    let start = store::segment::HEADER;
    let length = u32::from_le_bytes(bytes[start + 4..start + 8].try_into().unwrap()) as usize;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[start..start + 16]);
    crc.update(&bytes[start + HEADER..start + HEADER + length]);
    bytes[start + 16..start + 20].copy_from_slice(&crc.finalize().to_le_bytes());
}

#[test]
fn whoever_mends_the_checksums_is_found_out() {
    let disk = SimulatedDisk::encrypted(1);
    let mut toy = Toy::open(&disk).unwrap();
    toy.append((1..4).map(|run| started(RunId(run), 0)).collect());
    toy.append(
        (1..4)
            .map(|run| signalled(RunId(run), 1, NEEDLE.into()))
            .collect(),
    );
    toy.flush();
    drop(toy);
    disk.remove("index.redb").unwrap();
    let name = "journal-000001.log";
    let sound = disk.read(name).unwrap();
    let records = frame(&sound).salvage().records;
    let extents: Vec<_> = records.iter().map(|(extent, _)| *extent).collect();
    let refused = |what: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let copy = disk.copy();
        copy.tamper(name, |bytes| {
            change(bytes);
            sum_again(bytes);
        });
        let error = Toy::open(&copy).map(drop).expect_err(what);
        assert_eq!(error.code().to_string(), "F1029", "{what}: {error}");
        assert!(error.to_string().contains(name));
        let found = surveyed(&copy.opened().unwrap());
        assert!(!found.is_sound() && found.torn.is_none(), "{what}");
        // Without a key, what only was moved or changed looks whole.
        let is_sound = surveyed(&bare(&copy)).is_sound();
        assert!(
            is_sound || what.starts_with("another") || what.ends_with("encrypted"),
            "{what}"
        );
    };
    let place = |at: usize| {
        let extent = extents[at];
        let start = store::segment::HEADER + extent.offset as usize - 4;
        start..start + 4 + extent.length as usize
    };
    assert_eq!(place(0).len(), place(1).len(), "they can be swapped");
    refused("records that are swapped", &|bytes| {
        let one = bytes[place(0)].to_vec();
        bytes.copy_within(place(1), place(0).start);
        bytes[place(1)].copy_from_slice(&one);
    });
    refused("another number", &|bytes| bytes[store::segment::HEADER + 8] = 2);
    refused("a bit of a record", &|bytes| {
        let at = place(2).end - 1;
        bytes[at] ^= 1;
        let sum = crc32fast::hash(&bytes[place(2)][4..]).to_le_bytes();
        bytes[place(2).start..place(2).start + 4].copy_from_slice(&sum);
    });
    refused("records that are not encrypted", &|bytes| {
        bytes[store::segment::HEADER..store::segment::HEADER + 4].copy_from_slice(MARK);
    });
}

/// The same directory without its keys.
fn bare(disk: &SimulatedDisk) -> SimulatedDisk {
    let bare = SimulatedDisk::new();
    for name in disk.list().unwrap() {
        bare.append(&name)
            .unwrap()
            .append(&disk.read(&name).unwrap())
            .unwrap();
    }
    bare
}

#[test]
fn damage_is_found_without_a_key() {
    let disk = SimulatedDisk::encrypted(1);
    drop(written(&disk));
    let bare = bare(&disk);
    let checked = upkeep::check(&bare.shared(), &mut |_, _| {}).unwrap();
    assert!(checked.is_sound() && checked.survey.locked > 10 && checked.survey.runs.is_empty());
    let mut chance = Chance::new(1);
    let mut names = bare.list().unwrap();
    names.retain(|name| store::is_blob(name) || name.starts_with("journal-"));
    for _ in 0..300 {
        let name = &names[chance.index(names.len())];
        let at = chance.index(bare.read(name).unwrap().len());
        bare.tamper(name, |bytes| bytes[at] ^= 4);
        let found = surveyed(&bare);
        assert!(found.damaged > 0 || found.torn.is_some(), "{name} at {at}");
        bare.tamper(name, |bytes| bytes[at] ^= 4);
    }
}

#[test]
fn a_copy_needs_no_key_and_an_export_does() {
    let disk = SimulatedDisk::encrypted(1);
    let toy = written(&disk);
    let (keyed, bare) = (toy.disk.clone(), bare(&disk));
    let copy = SimulatedDisk::new();
    upkeep::copy(&bare, &copy, &mut |_, _| {}).unwrap();
    assert!(seen(&copy).is_empty());
    let other = SimulatedDisk::new();
    upkeep::copy(&keyed, &other, &mut |_, _| {}).unwrap();
    for name in copy.list().unwrap() {
        assert_eq!(copy.read(&name).unwrap(), other.read(&name).unwrap(), "{name}");
    }
    let ring = keyed.keys().unwrap().ring();
    let opened = unlock(copy.shared(), ring, &system_random).unwrap();
    assert!(surveyed(opened.as_ref()).is_sound());
    let error = upkeep::export(&bare.shared(), false, &mut Vec::new(), &mut |_, _| {});
    assert_eq!(error.map(drop).expect_err("no key").code().to_string(), "F1039");
    let (mut lines, full) = (Vec::new(), SimulatedDisk::new());
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-1");
    for name in ["FORMAT", "journal-000001.log"] {
        full.append(name)
            .unwrap()
            .append(&std::fs::read(directory.join(name)).unwrap())
            .unwrap();
    }
    upkeep::export(&full.shared(), false, &mut lines, &mut |_, _| {}).unwrap();
    let into = SimulatedDisk::new();
    let filled = upkeep::encrypted(into.shared(), ring, &system_random).unwrap();
    upkeep::import(&filled, &mut lines.as_slice()).unwrap();
    let mut again = Vec::new();
    upkeep::export(&filled, false, &mut again, &mut |_, _| {}).unwrap();
    assert_eq!(again, lines);
    upkeep::compact(&filled, Timestamp::UNIX_EPOCH, None, &mut |_, _| {}).unwrap();
    assert!(upkeep::check(&filled, &mut |_, _| {}).unwrap().is_sound());
    let text = upkeep::encrypted(into.shared(), ring, &system_random).map(drop);
    assert_eq!(text.expect_err("something is there").code().to_string(), "F1048");
}

#[test]
fn a_file_of_keys_is_one_key_or_lines_of_them() {
    assert_eq!(
        ring(&format!("# ours\n\n{}{}", line("b", 1), line("a", 2))).current(),
        "b"
    );
    let raw = KeyRing::parse("keys", &[1; 32]).unwrap();
    let nameless = ring(line("", 1).trim());
    assert_eq!(raw.current(), nameless.current());
    assert_eq!(raw.current().len(), 16);
    for text in ["", "# nothing", "a", "a YQ==", "a !!!!"] {
        let error = KeyRing::parse("keys", text.as_bytes()).expect_err(text);
        assert_eq!(error.code().to_string(), "F1093");
    }
    let twice = format!("{}{}", line("a", 1), line("a", 2));
    let error = KeyRing::parse("keys", twice.as_bytes()).expect_err("one of them is current");
    let KeyError::File { reason, .. } = error else {
        panic!("{error}")
    };
    assert!(reason.starts_with("line 2"), "{reason}");
    // What is printed shows no key.
    assert!(!format!("{raw:?}").contains("[1, 1"));
}

#[cfg(unix)]
#[test]
fn a_file_of_keys_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, line("a", 1)).unwrap();
    for (mode, fits) in [
        (0o600, true),
        (0o440, true),
        (0o644, false),
        (0o660, false),
        (0o601, false),
    ] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(KeyRing::read(&path).is_ok(), fits, "{mode:o}");
    }
}
