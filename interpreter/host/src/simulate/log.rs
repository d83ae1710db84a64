//! The log of a world: hashed as a whole, kept at its end.

use std::collections::VecDeque;

/// How many lines are kept for people.
const KEPT: usize = 60;

#[derive(Debug)]
pub(super) struct Log {
    /// FNV-1a, 64 bits.
    hash: u64,
    steps: u64,
    last: VecDeque<String>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            steps: 0,
            last: VecDeque::new(),
        }
    }

    pub(super) fn line(&mut self, line: String) {
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.steps = self.steps.saturating_add(1);
        if self.last.len() >= KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn end(&self) -> String {
        self.last.iter().map(|line| format!("  {line}\n")).collect()
    }
}
