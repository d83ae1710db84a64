//! How a call by gRPC may end: the names of its statuses, by number.

/// The statuses in small letters, as `on not_found: ...` names them; the first is success.
pub const STATUSES: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
];

/// The name of a status; a number that has none is `unknown`, as the protocol says.
#[must_use]
pub fn name(status: u16) -> &'static str {
    STATUSES.get(usize::from(status)).copied().unwrap_or("unknown")
}

/// The number of a status that means an error.
#[must_use]
pub fn status(name: &str) -> Option<u16> {
    let at = STATUSES.iter().skip(1).position(|known| *known == name)?;
    u16::try_from(at.saturating_add(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::{name, status};

    #[test]
    fn names_and_numbers_are_those_of_the_protocol() {
        assert_eq!((status("not_found"), name(5)), (Some(5), "not_found"));
        assert_eq!(
            (status("unauthenticated"), name(16)),
            (Some(16), "unauthenticated")
        );
        assert_eq!((status("ok"), status("gone"), name(99)), (None, None, "unknown"));
    }
}
