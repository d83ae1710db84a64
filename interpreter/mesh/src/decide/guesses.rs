//! Who has guessed wrong too often: some tries at once, then one in a while, for each address by itself.
//!
//! Of an address of IPv6 the first half counts: whoever has one has all that begin so.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// How many tries an address has at once.
pub const BURST: u32 = 10;
/// In so long it has one more.
pub const EACH: Duration = Duration::from_secs(6);
/// How many addresses are counted; whoever has guessed least is forgotten for one that is new.
pub const ADDRESSES: usize = 10_000;

/// How often addresses have guessed.
#[derive(Debug, Default)]
pub struct Guesses {
    /// When all tries of an address are free again, since the beginning.
    free: HashMap<IpAddr, Duration>,
}

impl Guesses {
    /// One more try of an address, or in how long it may have one.
    ///
    /// # Errors
    /// If it has none.
    pub fn take(&mut self, address: IpAddr, now: Duration) -> Result<(), Duration> {
        let address = whose(address);
        let free = self.free.get(&address).map_or(now, |free| (*free).max(now));
        let most = EACH.saturating_mul(BURST.saturating_sub(1));
        let wait = free.saturating_sub(now).saturating_sub(most);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.make_room(address, now);
        self.free.insert(address, free.saturating_add(EACH));
        Ok(())
    }

    /// The try was none: it was right, or was not looked at.
    pub fn give_back(&mut self, address: IpAddr) {
        if let Some(free) = self.free.get_mut(&whose(address)) {
            *free = free.saturating_sub(EACH);
        }
    }

    fn make_room(&mut self, address: IpAddr, now: Duration) {
        if self.free.len() < ADDRESSES || self.free.contains_key(&address) {
            return;
        }
        self.free.retain(|_, free| *free > now);
        if self.free.len() >= ADDRESSES
            && let Some(least) = self
                .free
                .iter()
                .min_by_key(|(_, free)| **free)
                .map(|(address, _)| *address)
        {
            self.free.remove(&least);
        }
    }
}

/// What is counted as one.
fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let half = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(half))
        }
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn four(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn some_at_once_then_one_in_a_while() {
        let mut guesses = Guesses::default();
        for _ in 0..BURST {
            assert_eq!(guesses.take(four(1), at(0)), Ok(()));
        }
        assert_eq!(guesses.take(four(1), at(0)), Err(EACH));
        assert_eq!(
            guesses.take(four(1), EACH - Duration::from_millis(1)),
            Err(Duration::from_millis(1))
        );
        assert_eq!(guesses.take(four(1), EACH), Ok(()));
        assert_eq!(guesses.take(four(1), EACH), Err(EACH));
        assert_eq!(guesses.take(four(2), EACH), Ok(()), "others have their own");
        let later = EACH * (BURST * 3);
        for _ in 0..BURST {
            assert_eq!(
                guesses.take(four(1), later),
                Ok(()),
                "no more than the burst is saved up"
            );
        }
        assert!(guesses.take(four(1), later).is_err());
    }

    #[test]
    fn what_was_right_is_given_back() {
        let mut guesses = Guesses::default();
        for _ in 0..BURST * 3 {
            assert_eq!(guesses.take(four(1), at(0)), Ok(()));
            guesses.give_back(four(1));
        }
        guesses.give_back(four(2));
        assert_eq!(guesses.take(four(2), at(0)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_and_an_address_in_two_spellings_are_one() {
        let mut guesses = Guesses::default();
        for number in 0..BURST {
            let address: IpAddr = format!("2001:db8::{number:x}").parse().unwrap();
            assert_eq!(guesses.take(address, at(0)), Ok(()));
        }
        assert!(
            guesses
                .take("2001:db8::ffff:1:2:3".parse().unwrap(), at(0))
                .is_err()
        );
        assert!(guesses.take("2001:db8:0:1::1".parse().unwrap(), at(0)).is_ok());
        for _ in 0..BURST {
            assert_eq!(guesses.take("::ffff:192.0.2.1".parse().unwrap(), at(0)), Ok(()));
        }
        assert!(guesses.take("192.0.2.1".parse().unwrap(), at(0)).is_err());
    }

    #[test]
    fn addresses_without_end_cost_no_memory_without_end() {
        let mut guesses = Guesses::default();
        for _ in 0..BURST {
            assert_eq!(guesses.take(four(0), at(0)), Ok(()));
        }
        for number in 1..20_000 {
            assert_eq!(guesses.take(four(number), at(0)), Ok(()));
        }
        assert_eq!(guesses.free.len(), ADDRESSES);
        assert!(
            guesses.take(four(0), at(0)).is_err(),
            "who has guessed most is not forgotten"
        );
        assert!(guesses.take(four(30_000), at(100)).is_ok());
        assert_eq!(guesses.free.len(), 1, "what is over is forgotten first");
    }
}
