//! Upgrades: whether a run of one program can go on in another, and the run that does.
//!
//! [`Upgrade::plan`] finds for everything that a run holds on to (the states of its fibers, values, calls on their way, what
//! it would have to undo) what stands for it in the new program; what cannot be proven stays where it is, with a
//! reason. [`move_run`] makes the run of the new program, from the two programs and the [`Mapping`] alone, so that a
//! journal that has the mapping gives the same run again. The folder: `plan`, with `places` (states and what they lie
//! in), `values`, `order` (what would be done twice, or never) and `held` (calls, undos, signals); `moved` makes
//! the run, and `home` keeps to the right program while events are applied again; `frames` and `requests` are what both need; `reason` says in words why a run stays.

mod frames;
mod held;
mod home;
mod moved;
mod order;
mod places;
mod plan;
mod reason;
mod requests;
mod values;

pub use home::{Home, Homes};
pub use moved::move_run;
pub use plan::Upgrade;
pub use reason::{Reason, Stay};

use flowmesh_ir::{SlotId, StateId};
use serde::{Deserialize, Serialize};

/// What a deployment makes of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It can go on in the new program.
    Moves(Mapping),
    /// It can not, or nobody can prove that it can.
    Stays(Stay),
    /// It could, if the new program said with `migrate` where.
    NeedsMigration(Stay),
}

/// What of the old flow of a run became what of the new one: all that is not clear from names alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// States at which it rests or that it has begun something with.
    pub states: Vec<(StateId, StateId)>,
    /// Slots whose values it takes along.
    pub slots: Vec<(SlotId, SlotId)>,
}

impl Mapping {
    /// The state of the new program for one of the old.
    #[must_use]
    pub fn state(&self, from: StateId) -> Option<StateId> {
        let found = self.states.iter().find(|(was, _)| *was == from);
        found.map(|(_, is)| *is)
    }
}
