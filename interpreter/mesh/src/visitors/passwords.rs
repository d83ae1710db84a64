//! Passwords, checked so that strangers cannot make it dear.
//!
//! Hashing one takes about 20 ms of a core and 19 MiB. So only two are hashed at once, whatever the number of gateways;
//! whoever comes beyond waits for a turn, and not for long. An address that was wrong ten times waits before the next try
//! is looked at (`decide::guesses`). What was right a short while ago is right without being hashed again, so visitors who
//! are known do not stand in the line with those who guess.

use super::{
    Shown, Visitor,
    entry::is_password,
    hash::{self, Hash, is_of},
};
use crate::decide::guesses::Guesses;
use argon2::password_hash::PasswordHashString;
use aws_lc_rs::rand;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// How many are hashed at once, in all of the process.
static HASHING: Semaphore = Semaphore::const_new(2);
/// How many are hashed or wait for it.
static WAITING: Semaphore = Semaphore::const_new(32);
/// How long anybody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it is known that a password was right.
const RIGHT: Duration = Duration::from_secs(300);
/// How many are known to be.
const RIGHT_MAX: usize = 1_000;

/// What is known of passwords that were shown.
pub(super) struct Passwords {
    /// Mixed into what is remembered, which is good for nothing elsewhere.
    seed: [u8; 32],
    right: Mutex<HashMap<[u8; 32], Instant>>,
    guesses: Mutex<Guesses>,
    began: Instant,
}

impl Passwords {
    pub(super) fn new() -> Self {
        let mut seed = [0; 32];
        // Without chance nothing is remembered, which is only slower.
        let drawn = rand::fill(&mut seed).is_ok();
        Self {
            seed,
            right: Mutex::new(HashMap::with_capacity(if drawn { 16 } else { 0 })),
            guesses: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// Whether a password is that of somebody; a name that nobody has takes as long as one that somebody has.
    pub(super) async fn check(
        &self,
        known: Option<(Visitor, PasswordHashString)>,
        password: &str,
        address: IpAddr,
    ) -> Shown {
        if !is_password(password) {
            return Shown::Unknown;
        }
        let remembered = known.as_ref().map(|(_, hash)| self.digest(hash, password));
        if let (Some((visitor, _)), Some(digest)) = (&known, &remembered)
            && self.was_right(digest)
        {
            return Shown::Known(visitor.clone());
        }
        // Charged before it is hashed: else many at once would be free.
        if let Err(wait) = self.guesses().take(address, self.began.elapsed()) {
            return Shown::TooMany(wait);
        }
        let Some(right) = hashed(password, known.as_ref().map(|(_, hash)| hash)).await else {
            self.guesses().give_back(address);
            return Shown::TooMany(PATIENCE);
        };
        match (known, remembered) {
            (Some((visitor, _)), Some(digest)) if right => {
                self.guesses().give_back(address);
                self.remember(digest);
                Shown::Known(visitor)
            }
            _ => Shown::Unknown,
        }
    }

    /// The hash of the file is part of it: who gets another password is not known by the one before.
    fn digest(&self, hash: &PasswordHashString, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.seed);
        digest.update(hash.as_str());
        digest.update([0]);
        digest.update(password);
        digest.finalize().into()
    }

    fn was_right(&self, digest: &[u8; 32]) -> bool {
        let right = self.right();
        right.get(digest).is_some_and(|since| since.elapsed() < RIGHT)
    }

    fn remember(&self, digest: [u8; 32]) {
        let mut right = self.right();
        if right.len() >= RIGHT_MAX {
            right.retain(|_, since| since.elapsed() < RIGHT);
        }
        if right.len() >= RIGHT_MAX
            && let Some(oldest) = right
                .iter()
                .min_by_key(|(_, since)| **since)
                .map(|(digest, _)| *digest)
        {
            right.remove(&oldest);
        }
        right.insert(digest, Instant::now());
    }

    fn right(&self) -> MutexGuard<'_, HashMap<[u8; 32], Instant>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes a password on a thread for such things; nothing if it was not its turn in time.
async fn hashed(password: &str, hash: Option<&PasswordHashString>) -> Option<bool> {
    let _waiting = WAITING.try_acquire().ok()?;
    let turn = tokio::time::timeout(PATIENCE, HASHING.acquire()).await;
    let turn = turn.ok()?.ok()?;
    let password = password.to_owned();
    let hash = hash.cloned().or_else(|| nobody().cloned())?;
    let right = tokio::task::spawn_blocking(move || {
        // It takes its turn with it, so that one who went away while it is hashed does not make room for another.
        let _turn = turn;
        is_of(&password, &hash)
    });
    right.await.ok()
}

/// The hash of a password that nobody knows.
fn nobody() -> Option<&'static PasswordHashString> {
    static NOBODY: OnceLock<Option<PasswordHashString>> = OnceLock::new();
    let made = NOBODY.get_or_init(|| {
        let (password, _) = hash::draw_key()?;
        match hash::of_password(&password)? {
            Hash::Password(hash) => Some(hash),
            Hash::Key(_) => None,
        }
    });
    made.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guesses::BURST;

    fn ann(password: &str) -> (Visitor, PasswordHashString) {
        let Some(Hash::Password(hash)) = hash::of_password(password) else {
            panic!("it is hashed");
        };
        let visitor = Visitor {
            name: "ann".to_owned(),
            scopes: Vec::new(),
        };
        (visitor, hash)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[tokio::test]
    async fn who_is_right_is_known_and_who_guesses_waits() {
        let (passwords, ann) = (Passwords::new(), ann("right"));
        let check = async |password: &str, from: u8| {
            passwords.check(Some(ann.clone()), password, address(from)).await
        };
        assert_eq!(check("right", 1).await, Shown::Known(ann.0.clone()));
        for _ in 0..BURST {
            assert_eq!(check("wrong", 2).await, Shown::Unknown);
        }
        assert!(matches!(check("wrong", 2).await, Shown::TooMany(_)));
        assert_eq!(
            check("wrong", 3).await,
            Shown::Unknown,
            "others are not held back"
        );
        // Whoever shares the address and was right before is not kept out by those who guess.
        assert_eq!(check("right", 2).await, Shown::Known(ann.0.clone()));
    }

    #[tokio::test]
    async fn a_right_password_does_not_count_as_a_guess() {
        let passwords = Passwords::new();
        for number in 0..BURST * 2 {
            let ann = ann(&format!("right {number}"));
            let shown = passwords
                .check(Some(ann.clone()), &format!("right {number}"), address(1))
                .await;
            assert_eq!(shown, Shown::Known(ann.0));
        }
    }

    #[tokio::test]
    async fn names_that_nobody_has_are_guesses_too() {
        let passwords = Passwords::new();
        for _ in 0..BURST {
            assert_eq!(passwords.check(None, "right", address(1)).await, Shown::Unknown);
        }
        assert!(matches!(
            passwords.check(None, "right", address(1)).await,
            Shown::TooMany(_)
        ));
    }

    #[tokio::test]
    async fn another_password_makes_the_one_before_wrong_at_once() {
        let passwords = Passwords::new();
        let (before, after) = (ann("before"), ann("after"));
        assert!(matches!(
            passwords.check(Some(before), "before", address(1)).await,
            Shown::Known(_)
        ));
        assert_eq!(
            passwords.check(Some(after), "before", address(1)).await,
            Shown::Unknown
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let passwords = Passwords::new();
        for number in 0..RIGHT_MAX + 10 {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            passwords.remember(digest);
        }
        assert_eq!(passwords.right().len(), RIGHT_MAX);
    }
}
