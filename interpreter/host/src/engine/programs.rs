//! Programs with their settings as the store has them, each made once.

use super::deployment::Deployment;
use crate::store::{Shelf, StoreError};
use flowmesh_ir::{Hash, Program};
use flowmesh_machine::Settings;
use std::{collections::HashMap, sync::Arc};

/// Those that were needed so far, by the hashes of program and settings.
#[derive(Default)]
pub struct Programs(HashMap<(Hash, Hash), Arc<Deployment>>);

impl Programs {
    /// A program with its settings.
    pub(crate) fn get(
        &mut self,
        shelf: &dyn Shelf,
        hashes: (Hash, Hash),
    ) -> Result<Arc<Deployment>, StoreError> {
        if let Some(known) = self.0.get(&hashes) {
            return Ok(Arc::clone(known));
        }
        let read = |hash: Hash| {
            let missing = || StoreError::Contradiction {
                reason: format!("the program `{hash}` is not in the journal, and runs need it"),
            };
            shelf.program(hash)?.ok_or_else(missing)
        };
        let deployment = Arc::new(made(hashes, &read(hashes.0)?, &read(hashes.1)?)?);
        self.0.insert(hashes, Arc::clone(&deployment));
        Ok(deployment)
    }
}

/// A program with its settings, from what the journal holds of them.
pub(super) fn made(
    (program_hash, settings_hash): (Hash, Hash),
    json: &[u8],
    settings: &[u8],
) -> Result<Deployment, StoreError> {
    let wrong = |reason: String| StoreError::Program {
        program: program_hash.to_string(),
        reason,
    };
    let program: Program = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
    if program.version != flowmesh_ir::program::VERSION {
        let (expected, found) = (flowmesh_ir::program::VERSION, program.version);
        return Err(wrong(format!(
            "expected version {expected} of the representation, found {found}"
        )));
    }
    flowmesh_ir::validate(&program).map_err(|invalid| wrong(invalid.0))?;
    let settings = Settings::from_json(&program, settings).map_err(|error| wrong(error.to_string()))?;
    let deployment = Deployment::new(program, settings);
    if deployment.program_hash != program_hash || deployment.settings_hash != settings_hash {
        return Err(wrong("its content is not what its hash says".to_owned()));
    }
    Ok(deployment)
}
