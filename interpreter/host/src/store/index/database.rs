//! The database: how it is opened, what it says of itself, and how a transaction on it begins.

use super::{
    FILE,
    backend::Backend,
    error::{Tried, Trouble},
    shelf, tables,
};
use crate::{
    disk::Disk,
    store::{cipher::Sectors, record::Position},
};
use redb::{Builder, Database, Durability, ReadableDatabase, WriteTransaction};
use std::sync::Arc;

/// What an index says of itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) upto: Position,
    pub(super) freed: u32,
}

/// What the index says of itself, if it is of this version.
pub(super) fn known(database: &Database) -> Tried<Option<Known>> {
    let transaction = database.begin_read()?;
    let number = |bytes: &[u8]| {
        let bytes = tables::summed(bytes).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(u32::from_le_bytes)
            .ok_or(Trouble::Damaged("a number that is not whole"))
    };
    let version = shelf::meta(&transaction, tables::META_VERSION, number)?;
    if version != Some(tables::VERSION) {
        return Ok(None);
    }
    let position =
        |bytes: &[u8]| tables::read_position(bytes).ok_or(Trouble::Damaged("a position that is not whole"));
    Ok(Some(Known {
        upto: shelf::meta(&transaction, tables::META_UPTO, position)?.unwrap_or_default(),
        freed: shelf::meta(&transaction, tables::META_FREED, number)?.unwrap_or_default(),
    }))
}

/// The file of the index as a database; it is made if it is not there.
pub(super) fn database(disk: &dyn Disk, cache_bytes: usize, is_checked: bool) -> Tried<Database> {
    let mut file = disk.open(FILE).map_err(redb::StorageError::from)?;
    if let Some(keys) = disk.keys() {
        file = Box::new(Sectors::new(file, Arc::clone(keys)));
    }
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    builder.set_check_integrity_on_open(is_checked);
    Ok(builder.create_with_backend(Backend(file))?)
}

/// Begins a transaction.
pub(super) fn begin(database: &Database, is_stable: bool) -> Tried<WriteTransaction> {
    let mut transaction = database.begin_write()?;
    if is_stable {
        // So that the next opening need not read everything, however this process ends.
        transaction.set_quick_repair(true);
    } else {
        transaction.set_durability(Durability::None)?;
    }
    Ok(transaction)
}

/// Makes all tables, so that they can be read before anything is in them.
pub(super) fn tables(transaction: &WriteTransaction) -> Tried<()> {
    transaction.open_table(tables::ROWS)?;
    transaction.open_table(tables::ENTRIES)?;
    transaction.open_table(tables::COUNTS)?;
    transaction.open_table(tables::PLACES)?;
    transaction.open_table(tables::ENDINGS)?;
    transaction.open_table(tables::SNAPSHOTS)?;
    transaction.open_table(tables::PROGRAMS)?;
    transaction.open_table(tables::SEALED)?;
    transaction.open_table(tables::PACES)?;
    transaction.open_table(tables::RESULTS)?;
    transaction.open_table(tables::ACTS)?;
    let mut meta = transaction.open_table(tables::META)?;
    let version = tables::sum(tables::VERSION.to_le_bytes().to_vec());
    meta.insert(tables::META_VERSION, version.as_slice())?;
    Ok(())
}
