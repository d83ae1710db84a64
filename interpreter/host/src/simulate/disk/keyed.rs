//! A disk on which everything is encrypted, and which sees whether a nonce is used twice.

use super::SimulatedDisk;
use crate::{
    simulate::Chance,
    store::{self, KeyRing, Nonce, StoreError},
};
use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, PoisonError},
};

/// Whether what is written is encrypted, and with what.
#[derive(Clone)]
pub(super) struct Encryption {
    ring: KeyRing,
    chance: Chance,
    /// Whether chance draws the same whenever the directory is opened.
    is_stuck: bool,
    /// What was written with each nonce.
    used: BTreeMap<Nonce, u32>,
    is_reused: bool,
}

impl Encryption {
    /// Something is written.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        for piece in store::pieces(bytes) {
            let Some(nonce) = Nonce::of(&piece) else { continue };
            let sum = crc32fast::hash(&piece);
            self.is_reused |= *self.used.entry(nonce).or_insert(sum) != sum;
        }
    }
}

impl SimulatedDisk {
    /// An empty disk on which everything is encrypted, once it is [`SimulatedDisk::opened`].
    #[must_use]
    pub fn encrypted(seed: u64) -> Self {
        let this = Self::default();
        this.encrypt(seed);
        this
    }

    /// From the next opening on everything that is written is encrypted.
    pub fn encrypt(&self, seed: u64) {
        let ring = KeyRing::parse("simulated", &[7; 32]);
        self.state().encryption = ring.ok().map(|ring| Encryption {
            ring,
            chance: Chance::new(seed ^ 0x6b65_7973),
            is_stuck: false,
            used: BTreeMap::new(),
            is_reused: false,
        });
    }

    /// The same directory as a process that opens it has it: with keys, if it is encrypted.
    ///
    /// # Errors
    /// If its keys cannot be had, or the disk fails.
    pub fn opened(&self) -> Result<Self, StoreError> {
        let Some(encryption) = self.state().encryption.clone() else {
            return Ok(Self(self.0.clone(), None));
        };
        let chance = Mutex::new(encryption.chance);
        let random = |out: &mut [u8]| -> io::Result<()> {
            let mut chance = chance.lock().unwrap_or_else(PoisonError::into_inner);
            out.iter_mut()
                .for_each(|byte| *byte = u8::try_from(chance.below(256)).unwrap_or_default());
            Ok(())
        };
        let disk = store::encrypt(Self(self.0.clone(), None).shared(), &encryption.ring, &random);
        if let Some(left) = &mut self.state().encryption
            && !left.is_stuck
        {
            left.chance = chance.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Self(self.0.clone(), disk?.keys().cloned()))
    }

    /// Whether something was written with a nonce that something else was written with.
    #[must_use]
    pub fn has_reused_a_nonce(&self) -> bool {
        let state = self.state();
        state.encryption.as_ref().is_some_and(|it| it.is_reused)
    }

    /// From now on chance draws the same whenever the directory is opened, as no system's does.
    pub fn set_chance_stuck(&self) {
        if let Some(encryption) = &mut self.state().encryption {
            encryption.is_stuck = true;
        }
    }
}
