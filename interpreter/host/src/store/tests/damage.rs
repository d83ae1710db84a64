//! Damage: whatever is changed, cut, missing or swapped is refused with its place, or was of no account. An index that
//! is damaged is made again, and that is said.

use super::{
    both::{New, both, is_payload},
    model::{batch, compact, ended},
    toy::{Toy, signalled, started},
};
use crate::{
    RunId,
    disk::Disk,
    simulate::{Chance, SimulatedDisk},
    store::{KeyError, Shelf, StoreError, blob},
};

const INDEX: &str = "index.redb";

both!(
    every_bit_of_the_end_of_the_journal_counts,
    every_truncation_of_a_segment_is_refused,
    flips_anywhere_are_refused_or_were_of_no_account,
    a_cut_index_is_made_again,
    missing_files_are_missed,
    swapped_files_are_refused,
    files_of_another_store_are_refused,
    an_old_copy_of_the_index_is_brought_to_where_the_journal_ends,
    an_index_that_was_being_made_is_made_again,
);

/// A store that has lived a while and was closed in good order: several segments, the first let go of, payloads apart.
pub(super) fn lived(new: New, seed: u64) -> (SimulatedDisk, Toy) {
    let mut chance = Chance::new(seed);
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.journal.segment_bytes_max = 3000;
    toy.append(vec![
        started(RunId(7), 0),
        signalled(RunId(7), 1, vec![9; 70_000].into()),
    ]);
    for round in 0..90 {
        let batch = batch(&toy, &mut chance);
        toy.append(batch);
        if round % 4 == 0 {
            toy.flush();
            if let Some(run) = ended(&toy, &mut chance) {
                toy.try_forget(run).unwrap();
            }
        }
        if round > 60 {
            toy.flush();
            compact(&mut toy).unwrap();
        }
    }
    // The last segment is longer than what is looked at bit by bit.
    toy.journal.segment_bytes_max = 1 << 20;
    toy.journal
        .roll()
        .unwrap()
        .into_iter()
        .for_each(|sealed| toy.index.seal(sealed));
    for _ in 0..30 {
        let batch = batch(&toy, &mut chance);
        toy.append(batch);
    }
    toy.flush();
    toy.index.checkpoint().unwrap();
    assert!(toy.index.freed() > 0 && segments(&disk).len() > 3);
    (toy.disk.clone(), toy)
}

fn segments(disk: &SimulatedDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("journal-"));
    names
}

/// What became of a damaged store: the error that refuses it, or whether the index was made again.
fn outcome(disk: &SimulatedDisk, toy: &Toy) -> Result<bool, StoreError> {
    let again = Toy::open(disk)?;
    assert!(again.events == toy.events, "nothing is lost without a word");
    assert_eq!(again.opened.cut, None, "nothing is cut that was acknowledged");
    again.same_as(&toy.events);
    Ok(again.opened.rebuilt.is_some())
}

/// It is refused, and what holds the truth is as it was.
fn refused(disk: &SimulatedDisk, toy: &Toy, what: &str) -> String {
    let files = || {
        let mut names = disk.list().unwrap();
        names.retain(|name| name != INDEX);
        names
            .into_iter()
            .map(|name| (disk.read(&name).unwrap(), name))
            .collect::<Vec<_>>()
    };
    let before = files();
    let error = match outcome(disk, toy) {
        Err(error) => error,
        Ok(rebuilt) => panic!("{what} is believed (index made again: {rebuilt})"),
    };
    let damage = matches!(
        error,
        StoreError::Damaged { .. }
            | StoreError::Version { .. }
            | StoreError::Contradiction { .. }
            | StoreError::Key(KeyError::Forged { .. } | KeyError::Lost { .. })
    );
    assert!(damage, "{what}: {error}");
    assert!(
        before == files(),
        "{what}: nothing is changed in a store that is refused"
    );
    error.to_string()
}

fn every_bit_of_the_end_of_the_journal_counts(new: New) {
    let (disk, toy) = lived(new, 1);
    let name = segments(&disk).pop().unwrap();
    let sound = disk.read(&name).unwrap();
    assert!(sound.len() > 5000, "{}", sound.len());
    for at in sound.len() - 4096..sound.len() {
        for bit in 0..8 {
            disk.tamper(&name, |bytes| bytes[at] ^= 1 << bit);
            let error = toy.scan().expect_err("damage is refused");
            let named = error.to_string().contains(&name);
            assert!(
                named && matches!(error, StoreError::Damaged { .. }),
                "byte {at} bit {bit}: {error}"
            );
            disk.tamper(&name, |bytes| bytes[at] ^= 1 << bit);
        }
    }
    toy.scan().unwrap();
}

fn every_truncation_of_a_segment_is_refused(new: New) {
    let (disk, toy) = lived(new, 2);
    for name in segments(&disk) {
        let sound = disk.read(&name).unwrap();
        for length in 0..sound.len() {
            disk.tamper(&name, |bytes| bytes.truncate(length));
            let error = toy.scan().expect_err("a cut is refused");
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "{name} at {length}: {error}"
            );
            disk.tamper(&name, |bytes| bytes.clone_from(&sound));
        }
    }
}

fn flips_anywhere_are_refused_or_were_of_no_account(new: New) {
    let flips = std::env::var("FLOWMESH_STORE_FLIPS")
        .ok()
        .and_then(|flips| flips.parse().ok());
    let (sound, toy) = lived(new, 3);
    let mut chance = Chance::new(0);
    let (mut refusals, mut rebuilt, mut idle) = (0, 0, 0);
    for flip in 0..flips.unwrap_or(1000) {
        let disk = sound.copy();
        let names = disk.list().unwrap();
        let name = &names[chance.index(names.len())];
        let (mut at, bit) = (0, chance.below(8));
        disk.tamper(name, |bytes| {
            at = chance.index(bytes.len());
            bytes[at] ^= 1 << bit;
        });
        let is_index = name == INDEX;
        match outcome(&disk, &toy) {
            Err(error) => {
                assert!(!is_index, "flip {flip} in {name}: {error}");
                assert!(
                    error.to_string().contains(name.as_str()),
                    "flip {flip} in {name} at {at}: {error}"
                );
                refusals += 1;
            }
            Ok(true) => {
                assert!(is_index, "flip {flip} in {name}");
                rebuilt += 1;
            }
            Ok(false) => {
                // Of the index, not every page is in use.
                let unused = is_index || is_payload(name) && !in_use(&toy, name);
                assert!(unused, "flip {flip} in {name} at {at} is believed");
                idle += 1;
            }
        }
    }
    println!("{refusals} refused, {rebuilt} made again, {idle} of no account");
    assert!(refusals > 5 * rebuilt.min(10) && rebuilt > 5);
}

fn in_use(toy: &Toy, name: &str) -> bool {
    toy.index
        .blobs()
        .unwrap()
        .iter()
        .any(|hash| blob::names(&toy.disk, *hash).iter().any(|of| of == name))
}

fn a_cut_index_is_made_again(new: New) {
    let (sound, toy) = lived(new, 4);
    let length = sound.read(INDEX).unwrap().len();
    let mut chance = Chance::new(4);
    for _ in 0..25 {
        let disk = sound.copy();
        disk.tamper(INDEX, |bytes| bytes.truncate(chance.index(length)));
        assert!(outcome(&disk, &toy).unwrap(), "a cut index is no index");
    }
}

fn missing_files_are_missed(new: New) {
    let (sound, toy) = lived(new, 5);
    for name in sound.list().unwrap() {
        let disk = sound.copy();
        disk.remove(&name).unwrap();
        if name == INDEX {
            assert!(outcome(&disk, &toy).unwrap());
        } else if is_payload(&name) && !in_use(&toy, &name) {
            assert!(!outcome(&disk, &toy).unwrap());
        } else {
            refused(&disk, &toy, &name);
        }
    }
    // Without an index the first segment is missed as well.
    let disk = sound.copy();
    disk.remove(INDEX).unwrap();
    disk.remove(&segments(&disk)[0]).unwrap();
    refused(&disk, &toy, "the first segment");
}

fn swapped_files_are_refused(new: New) {
    let (sound, toy) = lived(new, 6);
    let names = segments(&sound);
    for one in &names {
        for other in names.iter().filter(|other| *other > one) {
            let disk = sound.copy();
            disk.rename(one, "swapped").unwrap();
            disk.rename(other, one).unwrap();
            disk.rename("swapped", other).unwrap();
            refused(&disk, &toy, &format!("{one} and {other}"));
        }
    }
}

fn files_of_another_store_are_refused(new: New) {
    let (sound, toy) = lived(new, 7);
    let (foreign, _) = lived(new, 8);
    for name in segments(&sound) {
        let disk = sound.copy();
        if let Ok(bytes) = foreign.read(&name) {
            disk.tamper(&name, |place| *place = bytes);
            refused(&disk, &toy, &name);
        }
    }
    let disk = sound.copy();
    disk.tamper(INDEX, |place| *place = foreign.read(INDEX).unwrap());
    match outcome(&disk, &toy) {
        Ok(rebuilt) => assert!(rebuilt),
        Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{error}"),
    }
}

fn an_old_copy_of_the_index_is_brought_to_where_the_journal_ends(new: New) {
    let (disk, mut toy) = lived(new, 9);
    let old = disk.copy();
    let mut chance = Chance::new(9);
    for round in 0..40 {
        let batch = batch(&toy, &mut chance);
        toy.append(batch);
        toy.flush();
        toy.index.checkpoint().unwrap();
        let with_old = disk.copy();
        with_old.tamper(INDEX, |bytes| *bytes = old.read(INDEX).unwrap());
        // One that is too old to be of use is made again.
        let rebuilt = outcome(&with_old, &toy).unwrap();
        assert_eq!(rebuilt, round >= 20);
        if round == 19 {
            toy.journal.roll().unwrap();
            while compact(&mut toy).unwrap() != crate::store::compact::Step::Nothing {}
        }
    }
}

fn an_index_that_was_being_made_is_made_again(new: New) {
    let (disk, toy) = lived(new, 5);
    for length in [0, 1, 9, 512, 4096, 100_000] {
        disk.tamper(INDEX, |bytes| *bytes = vec![0; length]);
        assert!(outcome(&disk, &toy).unwrap(), "{length} zeros are no index");
    }
}
