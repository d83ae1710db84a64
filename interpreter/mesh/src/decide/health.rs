//! Whether an endpoint that is asked how it is, is well: it takes some answers in a row to believe a change.

use super::chance::{Chance, below};
use std::time::Duration;

/// How many answers in a row change what is believed; at least 1 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// So many failures, and it is not well.
    pub unhealthy: u32,
    /// So many good answers, and it is well again.
    pub healthy: u32,
}

/// What is believed of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is used, and failed so many times in a row.
    Well(u32),
    /// It is left alone, and gave so many good answers in a row.
    Unwell(u32),
}

impl Default for Health {
    /// What nobody asked yet is used.
    fn default() -> Self {
        Self::Well(0)
    }
}

impl Health {
    /// Whether it is used.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Self::Well(_))
    }

    /// What is believed after one more answer.
    #[must_use]
    pub fn heard(self, good: bool, thresholds: Thresholds) -> Self {
        match (self, good) {
            (Self::Well(_), true) => Self::Well(0),
            (Self::Well(failures), false) => match failures.saturating_add(1) {
                failures if failures >= thresholds.unhealthy => Self::Unwell(0),
                failures => Self::Well(failures),
            },
            (Self::Unwell(_), false) => Self::Unwell(0),
            (Self::Unwell(answers), true) => match answers.saturating_add(1) {
                answers if answers >= thresholds.healthy => Self::Well(0),
                answers => Self::Unwell(answers),
            },
        }
    }
}

/// Whether an answer with this status is a good one, as Kubernetes sees it.
#[must_use]
pub fn is_good(status: u16) -> bool {
    (200..400).contains(&status)
}

/// How long after it became known an endpoint is first asked: any part of the interval, so that those that became known
/// together are not asked together.
pub fn first(every: Duration, chance: &mut Chance<'_>) -> Duration {
    part(every, chance)
}

/// How long after one question it is asked the next: the interval, give or take a tenth, so that those who ask do not
/// fall into step.
pub fn next(every: Duration, chance: &mut Chance<'_>) -> Duration {
    let tenth = every / 10;
    every
        .saturating_sub(tenth)
        .saturating_add(part(tenth * 2, chance))
}

fn part(whole: Duration, chance: &mut Chance<'_>) -> Duration {
    Duration::from_micros(below(
        chance,
        u64::try_from(whole.as_micros()).unwrap_or(u64::MAX),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Thresholds = Thresholds {
        unhealthy: 3,
        healthy: 2,
    };

    /// What is believed after these answers, one letter each: good or bad.
    fn after(answers: &str) -> Health {
        let heard = |health: Health, answer| health.heard(answer == 'g', RULE);
        answers.chars().fold(Health::default(), heard)
    }

    #[test]
    fn it_takes_failures_in_a_row_to_be_left_alone() {
        assert!(after("").is_well());
        assert!(after("bb").is_well());
        assert!(!after("bbb").is_well());
        assert!(after("bbgbbgbb").is_well());
        assert!(!after("gbbb").is_well());
    }

    #[test]
    fn it_takes_good_answers_in_a_row_to_be_used_again() {
        assert!(!after("bbbg").is_well());
        assert!(after("bbbgg").is_well());
        assert!(!after("bbbgbgbg").is_well());
        assert!(after("bbbbbbbgg").is_well());
    }

    #[test]
    fn it_starts_over_each_time() {
        assert!(after("bbbggbb").is_well());
        assert!(!after("bbbggbbb").is_well());
        assert!(!after("bbbggbbbg").is_well());
    }

    #[test]
    fn one_answer_may_be_enough() {
        let rule = Thresholds {
            unhealthy: 1,
            healthy: 1,
        };
        let health = Health::default().heard(false, rule);
        assert!(!health.is_well());
        assert!(health.heard(true, rule).is_well());
    }

    #[test]
    fn redirects_are_good_and_errors_are_not() {
        assert!([200, 204, 302, 399].into_iter().all(is_good));
        assert!(![101, 400, 404, 429, 500, 503].into_iter().any(is_good));
    }

    #[test]
    fn questions_are_spread_over_the_interval() {
        let every = Duration::from_secs(10);
        assert_eq!(first(every, &mut || 0), Duration::ZERO);
        assert_eq!(
            first(every, &mut || u64::MAX / 2),
            Duration::from_micros(4_999_999)
        );
        assert!(first(every, &mut || u64::MAX) < every);
        assert_eq!(next(every, &mut || 0), Duration::from_secs(9));
        assert!(next(every, &mut || u64::MAX) < Duration::from_secs(11));
        assert!(next(every, &mut || u64::MAX) > Duration::from_millis(10_999));
    }
}
