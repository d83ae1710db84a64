//! What came of a simulated world.

use crate::engine::view::State;
use std::{collections::BTreeMap, fmt};

/// What came of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What decided everything.
    pub seed: u64,
    /// The hash of the log: two worlds of one seed have the same.
    pub hash: u64,
    /// How many things happened.
    pub steps: u64,
    /// How often the process died.
    pub crashes: u64,
    /// How many requests were sent, and how many tasks given to workers.
    pub sent: u64,
    /// How many workers were told that what they said of their task is kept.
    pub settled: u64,
    /// How many runs heard an event that was told from outside, as far as its teller was told.
    pub heard: u64,
    /// How often a run reused what another one had recorded.
    pub reused: u64,
    /// How often people were told that a run is paused, edited or terminated as they wanted.
    pub steered: u64,
    /// How often they were told that what they decided for a parked run is kept.
    pub decided: u64,
    /// How many runs go on in place of others, as far as people were told.
    pub continued: u64,
    /// How often a run came back into memory.
    pub came_back: u64,
    /// How many moves to another program somebody was told of.
    pub moved: u64,
    /// How many answers came to requests that had been answered before.
    pub repeated: u64,
    /// How many batches were written to the journal.
    pub written: u64,
    /// How many segments of it compaction let go of.
    pub freed: u64,
    /// How many changes of the disk each opening of the store took, one in which the power failed included.
    pub openings: Vec<u64>,
    /// How many runs ended, or wait, in which state.
    pub runs: BTreeMap<State, u64>,
    /// How each run stands in the end: its flow, key, state and result, sorted.
    pub ends: Vec<String>,
    /// The promise that was broken, and the last lines of the log.
    pub failure: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            hash,
            steps,
            crashes,
            sent,
            settled,
            heard,
            steered,
            decided,
            continued,
            came_back,
            runs,
            failure,
            ..
        } = self;
        write!(
            f,
            "seed {seed}: {steps} steps, {crashes} crashes, {sent} requests, {settled} tasks done, {heard} times heard, {steered} times steered, {decided} times decided, {continued} continued, {came_back} came back, runs {runs:?}, hash {hash:016x}"
        )?;
        match failure {
            Some(failure) => write!(f, "\n{failure}"),
            None => Ok(()),
        }
    }
}
