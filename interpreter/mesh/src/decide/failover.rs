//! Whether a request goes elsewhere: where nobody of the first place is believed to take it, and somebody of the other is.
//!
//! Only one step is ever taken: where the other place would send its own requests, nobody asks.

use super::breaker::Sign;

/// What is known of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whether it said that it is not well, or nothing at all, when it was asked.
    pub unwell: bool,
    /// Whether it failed a short while ago.
    pub failing: bool,
    /// What its gate says, where it has one.
    pub sign: Option<Sign>,
}

/// How a place stands: all that could take a request there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody is there who can take it.
    Able,
    /// Somebody is there who may be tried, and of whom nobody believes it.
    Doubtful(Lack),
    /// Nobody is there who may be tried.
    Nobody(Lack),
}

/// Why nobody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// There is no endpoint, and why.
    Nowhere(String),
    /// The request may not go there, and why.
    Barred(String),
    /// So many endpoints are not well, are shut off, and failed a short while ago.
    Endpoints {
        /// Those that are not well.
        unwell: usize,
        /// Those that are shut off by their breakers.
        shut: usize,
        /// Those that failed a short while ago.
        failing: usize,
    },
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Where its policy sends it.
    First,
    /// Elsewhere.
    Second,
}

/// Where a request goes. As long as somebody of the first place can take it, nothing goes elsewhere; where nobody can
/// anywhere, the first is tried as if there were no other, if anybody there may be tried.
#[must_use]
pub fn choose(first: &Standing, second: &Standing) -> Choice {
    match (first, second) {
        (Standing::Able, _) => Choice::First,
        (_, Standing::Able) | (Standing::Nobody(_), Standing::Doubtful(_)) => Choice::Second,
        _ => Choice::First,
    }
}

impl Standing {
    /// That of a place with these endpoints. One whose gate wants a proof is able, however it did before: nobody else could
    /// ever bring the proof.
    #[must_use]
    pub fn of(candidates: impl IntoIterator<Item = Candidate>) -> Self {
        let (mut unwell, mut shut, mut failing, mut open) = (0_usize, 0_usize, 0_usize, false);
        for candidate in candidates {
            let is_shut = candidate.sign == Some(Sign::Shut);
            open |= !is_shut;
            let count = match candidate {
                Candidate { unwell: true, .. } => &mut unwell,
                _ if is_shut => &mut shut,
                Candidate {
                    failing: true, sign, ..
                } if sign != Some(Sign::Prove) => &mut failing,
                _ => return Self::Able,
            };
            *count = count.saturating_add(1);
        }
        let lack = Lack::Endpoints {
            unwell,
            shut,
            failing,
        };
        match open {
            true => Self::Doubtful(lack),
            false => Self::Nobody(lack),
        }
    }

    /// Why nobody can take it, where that is so.
    #[must_use]
    pub fn lack(&self) -> Option<&Lack> {
        match self {
            Self::Able => None,
            Self::Doubtful(lack) | Self::Nobody(lack) => Some(lack),
        }
    }
}

impl Lack {
    /// In words, of a place that people call so.
    #[must_use]
    pub fn words(&self, of: &str) -> String {
        let (unwell, shut, failing) = match self {
            Self::Barred(why) => return why.clone(),
            Self::Nowhere(why) => return format!("{of} leads nowhere: {why}"),
            Self::Endpoints {
                unwell,
                shut,
                failing,
            } => (*unwell, *shut, *failing),
        };
        let count = unwell.saturating_add(shut).saturating_add(failing);
        let kinds = [
            (unwell, "is not well", "are not well"),
            (
                shut,
                "is shut off by its breaker",
                "are shut off by their breakers",
            ),
            (failing, "failed a short while ago", "failed a short while ago"),
        ];
        let some: Vec<_> = kinds.into_iter().filter(|(many, _, _)| *many > 0).collect();
        match some.as_slice() {
            [] => format!("{of} has no endpoint"),
            [(1, one, _)] => format!("the only endpoint of {of} {one}"),
            [(_, _, all)] => format!("all {count} endpoints of {of} {all}"),
            some => {
                let words = |(many, one, all): &(usize, &str, &str)| match many {
                    1 => format!("1 {one}"),
                    many => format!("{many} {all}"),
                };
                let words: Vec<String> = some.iter().map(words).collect();
                format!("of the {count} endpoints of {of} {}", words.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
