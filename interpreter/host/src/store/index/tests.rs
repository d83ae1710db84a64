//! What the index does with what it cannot believe.

use super::*;
use crate::{
    RunId,
    simulate::SimulatedDisk,
    store::{Filter, Shelf},
};

#[test]
fn a_row_whose_checksum_is_another_is_not_believed() {
    let disk = SimulatedDisk::new();
    let index = Index::create(Arc::new(disk), 1 << 20).unwrap();
    let write = |transaction: &WriteTransaction| {
        let mut rows = transaction.open_table(tables::ROWS)?;
        rows.insert(&tables::id(RunId(1)), b"no row at all".as_slice())?;
        Ok(())
    };
    index.write(&mut index.state(), true, write).unwrap();
    let error = index.row(RunId(1)).expect_err("it is not believed");
    assert_eq!(error.code().to_string(), "F1038");
    assert!(
        error.to_string().contains("a row whose checksum is another"),
        "{error}"
    );
    assert!(index.search(&Filter::default(), 1).unwrap().runs.is_empty());
}

#[test]
fn an_index_of_another_version_is_not_used() {
    let disk = Arc::new(SimulatedDisk::new());
    let index = Index::create(disk.clone(), 1 << 20).unwrap();
    let write = |transaction: &WriteTransaction| {
        let mut meta = transaction.open_table(tables::META)?;
        meta.insert(
            tables::META_VERSION,
            tables::sum(9u32.to_le_bytes().to_vec()).as_slice(),
        )?;
        Ok(())
    };
    index.write(&mut index.state(), true, write).unwrap();
    drop(index);
    match Index::open(disk, 1 << 20, 1 << 20).unwrap() {
        Attempt::Unusable(why) => assert_eq!(why, "it is of another version"),
        Attempt::Sound(_) => panic!("it is used"),
    }
}
