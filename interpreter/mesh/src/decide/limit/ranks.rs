//! Who is let through first where not all can be: what of a limit is kept for those who come before others.

use flowmesh_ir::traffic::Priority;
use std::time::Duration;

/// So long something is kept for those of a rank after one of them came.
const RECENT: Duration = Duration::from_secs(10);

/// Into so many parts a limit is cut: for each higher rank one is kept.
const PARTS: u32 = 3;

/// Of which ranks some came of late.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    critical: Option<Duration>,
    normal: Option<Duration>,
    /// What this means now, as it was looked at last.
    higher_than_normal: u32,
    higher_than_low: u32,
}

impl Ranks {
    /// Somebody comes.
    pub(super) fn comes(&mut self, priority: Priority, now: Duration) {
        match priority {
            Priority::Critical => self.critical = Some(now),
            Priority::Normal => self.normal = Some(now),
            Priority::Low => {}
        }
        let is_there = |seen: Option<Duration>| {
            let recent = seen.is_some_and(|seen| now.saturating_sub(seen) < RECENT);
            u32::from(recent)
        };
        self.higher_than_normal = is_there(self.critical);
        self.higher_than_low = self.higher_than_normal.saturating_add(is_there(self.normal));
    }

    /// Up to how many may be on their way so that one more of a rank is let through, where so many may be at all. Whoever
    /// comes alone has all of it.
    pub(super) fn most(&self, priority: Priority, limit: u32) -> u32 {
        let higher = match priority {
            Priority::Critical => 0,
            Priority::Normal => self.higher_than_normal,
            Priority::Low => self.higher_than_low,
        };
        let kept = u64::from(limit)
            .saturating_mul(u64::from(higher))
            .div_ceil(u64::from(PARTS));
        let kept = u32::try_from(kept).unwrap_or(limit);
        // Where there is room for one alone, all get their turn.
        limit.saturating_sub(kept).max(limit.min(1))
    }
}

#[cfg(test)]
mod tests;
