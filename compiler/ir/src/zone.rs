//! Time zones, by their names in the IANA database that is built into the binary: the same names on every machine.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// Not the database of the system: what an expression is worth must not depend on where it is computed.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of a name, where there is one.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// The name that is nearest to one that no zone has.
#[must_use]
pub fn nearest(name: &str) -> Option<String> {
    let names: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
    crate::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}
