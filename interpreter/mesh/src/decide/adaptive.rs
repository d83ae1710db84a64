//! How many requests may be on their way so that a service works as much as it can, and nobody waits in vain: found out by
//! how long answers take.
//!
//! While answers take about as long as without a load, more are let through; when they take longer, fewer: what takes
//! longer only waits at the service. This is the gradient of Netflix' concurrency-limits (`short` against `usual`), with
//! the time without a load measured anew now and then under half of the limit, as BBR does: a service whose answers have
//! become slower for good is not taken for one that is always too busy.

use std::time::Duration;

/// What is let through at first; until answers take longer for the first time, half as many more with each window.
const FIRST: f64 = 20.0;
/// Never fewer.
const LEAST: f64 = 2.0;
/// Never more, where the limit does not say it.
const MOST: f64 = 10_000.0;
/// Answers that take so many times as long as usual are no reason to let fewer through.
const TOLERANCE: f64 = 1.5;
/// How much of what one window says is believed.
const BELIEVED: f64 = 0.5;
/// What is left of the limit when one gets no answer at all in its time.
const LOST: f64 = 0.9;
/// A window lasts so long at least, and has so many answers.
const WINDOW: Duration = Duration::from_millis(100);
const ANSWERS: u32 = 10;
/// How often the usual time is measured anew.
const PROBE: Duration = Duration::from_secs(30);

/// Finds out how many requests may be on their way.
#[derive(Clone, Debug)]
pub struct Adaptive {
    limit: f64,
    most: f64,
    /// How long an answer takes without a load, in seconds; not known before the first window.
    usual: Option<f64>,
    /// Whether answers have never taken longer yet.
    is_young: bool,
    window: Window,
    stage: Stage,
    /// When the usual time was measured.
    measured: Duration,
}

/// Whether the usual time is being measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is not.
    Steady,
    /// What came in before is being waited for.
    Draining,
    /// It is.
    Measuring,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    began: Duration,
    /// The sum of what answers took, in seconds, and how many there were.
    sum: f64,
    count: u32,
    /// The most that were on their way.
    busiest: u32,
    has_lost: bool,
}

impl Adaptive {
    /// Begins with a few; never lets more through than `most`.
    #[must_use]
    pub fn new(most: Option<u32>) -> Self {
        let most = most.map_or(MOST, f64::from).max(1.0);
        Self {
            limit: FIRST.min(most),
            most,
            usual: None,
            is_young: true,
            window: Window::default(),
            stage: Stage::Steady,
            measured: Duration::ZERO,
        }
    }

    /// How many may be on their way.
    #[must_use]
    pub fn limit(&self) -> u32 {
        let limit = match self.stage {
            Stage::Steady => self.limit,
            Stage::Draining | Stage::Measuring => self.limit / 2.0,
        };
        whole(limit.max(LEAST.min(self.most)))
    }

    /// An answer came after so long, while so many were on their way.
    pub fn answered(&mut self, now: Duration, took: Duration, on_their_way: u32) {
        self.window.sum += took.as_secs_f64();
        self.window.count = self.window.count.saturating_add(1);
        self.look(now, on_their_way);
    }

    /// No answer came in its time, or one that said that there are too many.
    pub fn lost(&mut self, now: Duration, on_their_way: u32) {
        self.window.has_lost = true;
        self.look(now, on_their_way);
    }

    fn look(&mut self, now: Duration, on_their_way: u32) {
        let window = &mut self.window;
        window.busiest = window.busiest.max(on_their_way);
        let is_long = now.saturating_sub(window.began) >= WINDOW;
        // What is lost says enough by itself: from who never answers there are no answers to count.
        if is_long && (window.count >= ANSWERS || window.has_lost) {
            let done = std::mem::take(window);
            window.began = now;
            self.learn(done, now);
        }
    }

    fn learn(&mut self, window: Window, now: Duration) {
        let took = (window.count > 0).then(|| window.sum / f64::from(window.count));
        match self.stage {
            Stage::Draining => self.stage = Stage::Measuring,
            Stage::Measuring => {
                self.usual = took.or(self.usual);
                self.stage = Stage::Steady;
                self.measured = now;
            }
            Stage::Steady => self.adjust(window, took),
        }
        let is_due = now.saturating_sub(self.measured) >= PROBE;
        if self.stage == Stage::Steady && is_due {
            self.stage = Stage::Draining;
        }
    }

    fn adjust(&mut self, window: Window, took: Option<f64>) {
        if window.has_lost {
            self.is_young = false;
            self.limit = (self.limit * LOST).max(LEAST.min(self.most));
        }
        let Some(took) = took else {
            return;
        };
        let usual = self.usual.map_or(took, |usual| usual.min(took));
        self.usual = Some(usual);
        // Who has little to do does not find out how much could be done.
        if f64::from(window.busiest) < self.limit / 2.0 || window.has_lost {
            return;
        }
        let gradient = (TOLERANCE * usual / took).clamp(0.5, 1.0);
        self.is_young &= gradient >= 1.0;
        let wanted = match self.is_young {
            true => self.limit * 2.0,
            false => self.limit * gradient + self.limit.sqrt(),
        };
        let next = self.limit + (wanted - self.limit) * BELIEVED;
        self.limit = next.clamp(LEAST.min(self.most), self.most);
    }
}

/// A limit as a number of requests; it lies between 1 and [`MOST`], or what the author said.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a limit is no negative number, and none that is larger than what it was made from"
)]
fn whole(limit: f64) -> u32 {
    limit.round() as u32
}

#[cfg(test)]
mod tests;
