//! What should be there, what differs from it, and what is said about that: values in, values out. Nothing here asks anybody.
//!
//! `source` finds the texts of a spec, `make` compiles them, `reach` keeps its objects to the namespaces that it may write to,
//! `shape` gives them an owner and names, `whose` says of those that are there whether they are another's, `differ` which are to
//! be applied or to go, `rollout` what comes next on the way to a version, `gate` how its tests stand, `plan` and `unfinished` read what a server says,
//! `report` is what is said of a program; `deletion` and `run` decide on those, `lease` on who works. `names` and `size` are what
//! the cluster takes in its paths and in one object.

pub mod deletion;
pub mod differ;
pub mod gate;
pub mod lease;
pub mod make;
pub mod names;
pub mod plan;
mod reach;
pub mod report;
pub mod rollout;
pub mod run;
pub mod shape;
pub mod size;
pub mod source;
pub mod unfinished;
pub mod whose;
