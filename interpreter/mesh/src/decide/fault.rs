//! Trouble made on purpose: which attempts are held back or answered without being sent.

use super::chance::{Chance, below};
use flowmesh_ir::traffic::Fault;
use std::time::Duration;

/// What is done to one attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// How long it is held back first.
    pub delay: Option<Duration>,
    /// What it is answered with instead of being sent.
    pub status: Option<u16>,
}

/// What is done to the next attempt. Each attempt is drawn for on its own, so that a retry may escape.
pub fn trouble(fault: &Fault, chance: &mut Chance<'_>) -> Trouble {
    if below(chance, 100) >= u64::from(fault.percent) {
        return Trouble::default();
    }
    Trouble {
        delay: fault.delay_ms.map(Duration::from_millis),
        status: fault.status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::Source;

    fn fault(percent: u32) -> Fault {
        Fault {
            delay_ms: Some(2_000),
            status: Some(503),
            percent,
        }
    }

    fn hit(percent: u32) -> usize {
        let source = Source::new(3);
        let draws = (0..10_000).map(|_| trouble(&fault(percent), &mut || source.draw()));
        draws.filter(|trouble| *trouble != Trouble::default()).count()
    }

    #[test]
    fn so_many_of_a_hundred_are_hit() {
        assert_eq!((hit(0), hit(100)), (0, 10_000));
        assert!((80..120).contains(&hit(1)), "{}", hit(1));
        assert!((2_850..3_150).contains(&hit(30)), "{}", hit(30));
    }

    #[test]
    fn what_is_hit_gets_what_the_fault_says() {
        let both = trouble(&fault(100), &mut || 0);
        assert_eq!(both.delay, Some(Duration::from_secs(2)));
        assert_eq!(both.status, Some(503));
        let delayed = Fault {
            status: None,
            ..fault(100)
        };
        assert_eq!(trouble(&delayed, &mut || 0).status, None);
    }
}
