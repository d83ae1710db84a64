//! Of which run a record is, without reading more of it.

use super::{Kind, Record};
use crate::RunId;

impl Record {
    /// The run that it is of.
    pub(in crate::store) fn run(&self) -> Option<RunId> {
        let (high, low) = match self.kind.as_ref()? {
            Kind::Event(it) => (it.run_high, it.run_low),
            Kind::History(it) => (it.run_high, it.run_low),
            Kind::Forgotten(it) => (it.run_high, it.run_low),
            Kind::Program(_)
            | Kind::Settings(_)
            | Kind::Traffic(_)
            | Kind::Freed(_)
            | Kind::Between(_)
            | Kind::Schedule(_)
            | Kind::Deployed(_)
            | Kind::Act(_)
            | Kind::Voided(_) => return None,
        };
        Some(RunId::of_halves(high, low))
    }
}
