//! In which worlds everything is encrypted.

use super::{Chance, world::World};

impl World<'_> {
    /// In some worlds everything is encrypted, in some of them only when the process has died once.
    pub(super) fn encrypt(&mut self, seed: u64) {
        let mut chance = Chance::new(!seed);
        if !chance.happens(self.scenario.faults.encrypted) {
            return;
        }
        if chance.happens(500) {
            self.disk.encrypt(seed);
        } else {
            self.encrypts_later = Some(seed);
        }
    }
}
