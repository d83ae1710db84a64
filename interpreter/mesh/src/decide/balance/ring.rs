//! A ring of hashes: each endpoint stands at many points of it, and a text leads to the next point (Karger et al.,
//! "Consistent Hashing and Random Trees", STOC 1997).
//!
//! An endpoint has the same points whoever else is there. One that goes leaves its texts to its neighbours, which are
//! others at each point; one that comes takes some from each; no other text moves.

use super::{
    hash::four,
    table::{Entry, largest, long, short},
};

/// How many points an endpoint of the largest weight has, as in libketama. The share of an endpoint deviates by about
/// `1 / sqrt(POINTS)` of what is fair, 8 %; more points are more even, and more memory.
pub(super) const POINTS: u64 = 160;

/// Points with the number of the endpoint that stands there, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ring(Vec<(u64, u32)>);

impl Ring {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let largest = largest(entries);
        // Where two points coincide, the name decides and not the order.
        let mut points: Vec<(u64, &str, u32)> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let count = POINTS.saturating_mul(entry.weight()).div_ceil(largest);
            let places = places(&entry.name).take(usize::try_from(count).unwrap_or_default());
            points.extend(places.map(|place| (place, entry.name.as_str(), short(at))));
        }
        points.sort_unstable();
        Self(points.into_iter().map(|(place, _, at)| (place, at)).collect())
    }

    /// The endpoints from a place on, once around.
    pub(super) fn from(&self, place: u64) -> impl Iterator<Item = usize> {
        let next = self.0.partition_point(|(point, _)| *point < place);
        let (before, after) = self.0.split_at_checked(next).unwrap_or_default();
        after.iter().chain(before).map(|(_, at)| long(*at))
    }
}

/// The points of an endpoint without end: four of each `name#n`, for `n` from 0.
fn places(name: &str) -> impl Iterator<Item = u64> {
    (0_u64..).flat_map(move |n| four(&format!("{name}#{n}")))
}
