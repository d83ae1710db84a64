//! Regions: what runs inside ends together. `try`, `within`, `step`, `lock`, `parallel`, `race` and every loop that fans
//! out are regions.

use super::{Branches, Catch, Need, Rest};
use crate::{SlotId, StateId, StepId, expr::Expr, traffic::Rate};
use serde::{Deserialize, Serialize};

/// Fibers that end together. The fiber that meets it waits until the region has ended.
///
/// How it ends, and what follows:
/// - as many branches as it needs have joined: the rest is treated by [`Region::rest`], then `next`;
/// - a branch fails with an error that [`Region::catch`] names: everything in it is cancelled, what was done in it is
///   undone, then the catch goes on. An error that it does not name is the error of the fiber that waits;
/// - [`Region::within`] has passed, or it is cancelled by its name: as above, and the flow goes on at once, while
///   the undoing goes on beside;
/// - it is left by [`super::End::Leave`].
///
/// Whatever way it ends before it is done, what was done in it is undone, last first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// What runs in it.
    pub branches: Branches,
    /// When it is done.
    #[serde(default)]
    pub need: Need,
    /// What becomes of branches that are not needed any more.
    #[serde(default)]
    pub rest: Rest,
    /// How long it may take, a duration, and where to go on when it took longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<(Expr, StateId)>,
    /// What must be held while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// What happens on errors: the first that names the error is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// What is done whichever way it ends: a fiber of its own that begins here when all else in the region has
    /// ended, and ends with `Join`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finally: Option<StateId>,
    /// Its name, by which it can be cancelled: where people see it as a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<StepId>,
    /// Where to go on when it is done or was cancelled by its name.
    pub next: StateId,
}

/// Something that one run holds at a time, or a few.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Its name, a text: `lock "sku:{sku}"`.
    pub name: Expr,
    /// How many may hold it at once, an int: `limit "reports", 5`. Where there is no rate either, it is a lock, which one
    /// may hold; where there is one, any number.
    pub permits: Option<Expr>,
    /// How many may begin within a time: `limit "mail", 100/m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Where its token goes, a number that grows with every grant: `lock "sku:{sku}" as fence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SlotId>,
}
