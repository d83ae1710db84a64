//! What runs in a region: branches that are written, or one for each item of a list or for each signal.

use crate::{SignalId, SlotId, StateId, expr::Expr};
use serde::{Deserialize, Serialize};

/// What runs in a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branches {
    /// Branches as written.
    Fixed(Vec<Branch>),
    /// One for each.
    Each(Each),
}

/// A branch as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Whether it runs at all, a bool, asked when its turn has come; one that does not run counts as joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expr>,
    /// The branches, by number, that must have joined before it begins. They come earlier in no circle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
    /// Where it begins.
    pub entry: StateId,
}

/// A branch for each item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Each {
    /// Of what.
    pub over: Over,
    /// Where the item goes: one of `own`.
    pub item: SlotId,
    /// The slots that each branch has for itself. All others are the shared ones.
    pub own: Vec<SlotId>,
    /// How many run at once at the most, an int; `None` is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Expr>,
    /// Where each begins.
    pub entry: StateId,
    /// Where the values of the rounds go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather: Option<Gather>,
}

/// What there is a branch for each of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The items of a list.
    List(Expr),
    /// The ints from the first up to and without the second.
    Range(Expr, Expr),
    /// Each signal of this name that comes; it ends by being left, by `need`, or by `within`.
    Signals(SignalId),
}

/// How the values of rounds become a list, in the order of the items; a round that gave none is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gather {
    /// Where a round puts its value: one of the branch's own slots, where `given` says that it did.
    pub value: SlotId,
    /// A bool of the branch's own: whether the round gave a value.
    pub given: SlotId,
    /// Where the list goes, whichever way the region ends but by an error; also while it runs, so that a condition
    /// over the results can read it.
    pub list: SlotId,
}

/// When a region is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// When all of its branches have joined.
    #[default]
    All,
    /// When so many have joined, an int; or all, where there are fewer.
    Count(Expr),
    /// When this holds, a bool asked after the first branch has joined, whenever something happened to the run; or when
    /// all have joined.
    Until(Expr),
}

/// What becomes of branches that are not needed any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They are cancelled, and what they did is undone.
    #[default]
    Cancel,
    /// They go on and nobody looks; an error of theirs is logged. The run ends only when they have.
    Finish,
    /// They go on; the region does not begin again before they have joined.
    Later,
}
