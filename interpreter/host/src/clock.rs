//! The seams to time and chance: the one place of the host that reads the system's clock and draws numbers.

use jiff::Timestamp;

/// What time it is, and numbers that nobody can guess.
pub trait Clock: Send + Sync + 'static {
    /// Now. It may go backwards, as wall clocks do; the engine sees to it that runs do not notice.
    fn now(&self) -> Timestamp;

    /// A number drawn by chance, for identifiers and seeds.
    fn draw(&self) -> u64;
}

/// The system's clock and chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn draw(&self) -> u64 {
        rand::random()
    }
}
