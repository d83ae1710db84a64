//! What a row says of a history that is shared.

use super::{NoRow, run_bytes, to_run};
use crate::RunId;
use bytes::Bytes;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredShared {
    #[prost(bytes = "bytes", tag = "1")]
    root: Bytes,
    #[prost(uint64, tag = "2")]
    events: u64,
}

pub(super) fn shared((root, events): (RunId, u64)) -> StoredShared {
    StoredShared {
        root: run_bytes(root),
        events,
    }
}

pub(super) fn to_shared(shared: &StoredShared) -> Result<(RunId, u64), NoRow> {
    Ok((to_run(&shared.root)?, shared.events))
}
