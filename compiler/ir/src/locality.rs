//! Where something stands, and how near two such places are to each other: `eu/eu-a/rack-3`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most names that a zone has: a region, a zone in it, and a part of that.
pub const NAMES: usize = 3;

/// The longest that one of its names may be.
const NAME_MAX: usize = 63;

/// Where something stands: up to three names, from the largest place to the smallest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Box<str>);

/// What a zone is, for who wrote something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoZone;

impl Zone {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many names both begin with: none where they have nothing in common, three for the same part of a zone.
    #[must_use]
    pub fn nearness(&self, other: &Self) -> usize {
        let pairs = self.names().zip(other.names());
        pairs.take_while(|(one, other)| one == other).count()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl FromStr for Zone {
    type Err = NoZone;

    fn from_str(text: &str) -> Result<Self, NoZone> {
        let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = |name: &str| (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(stands);
        let fits = text.split('/').count() <= NAMES && text.split('/').all(is_name);
        fits.then(|| Self(text.into())).ok_or(NoZone)
    }
}

impl TryFrom<String> for Zone {
    type Error = NoZone;

    fn try_from(text: String) -> Result<Self, NoZone> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.into()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NoZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected one to {NAMES} names of letters, digits, `-`, `_` and `.`, such as `eu/eu-a`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> Zone {
        text.parse().unwrap()
    }

    #[test]
    fn names_in_common_make_places_near() {
        let here = zone("eu/eu-a/rack-3");
        for (there, nearness) in [
            ("eu/eu-a/rack-3", 3),
            ("eu/eu-a/rack-4", 2),
            ("eu/eu-a", 2),
            ("eu/eu-b/rack-3", 1),
            ("eu", 1),
            ("us/eu-a/rack-3", 0),
            ("e", 0),
            ("eu-a", 0),
        ] {
            assert_eq!(here.nearness(&zone(there)), nearness, "{there}");
            assert_eq!(zone(there).nearness(&here), nearness, "{there}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        let long = "a".repeat(NAME_MAX + 1);
        for wrong in [
            "", "/", "eu/", "/eu", "eu//a", "a/b/c/d", "eu a", "eu:a", "é", &long,
        ] {
            assert_eq!(wrong.parse::<Zone>(), Err(NoZone), "{wrong}");
        }
        assert_eq!(zone(&long[1..]).as_str().len(), NAME_MAX);
        assert_eq!(zone("EU_1.a/b-2").to_string(), "EU_1.a/b-2");
    }

    #[test]
    fn it_is_a_text_in_json() {
        assert_eq!(serde_json::to_string(&zone("eu/eu-a")).unwrap(), "\"eu/eu-a\"");
        assert_eq!(
            serde_json::from_str::<Zone>("\"eu/eu-a\"").unwrap(),
            zone("eu/eu-a")
        );
        let wrong = serde_json::from_str::<Zone>("\"eu//a\"").unwrap_err();
        assert!(
            wrong.to_string().starts_with("expected one to 3 names"),
            "{wrong}"
        );
    }
}
