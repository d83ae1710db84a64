//! The modules of the library that are written in the language itself.

/// Paths and texts, sorted by path.
pub const SOURCES: &[(&str, &str)] = &[
    ("std/approval.flow", include_str!("../std/approval.flow")),
    ("std/batch.flow", include_str!("../std/batch.flow")),
    ("std/kubernetes.flow", include_str!("../std/kubernetes.flow")),
    ("std/notify.flow", include_str!("../std/notify.flow")),
    ("std/policy.flow", include_str!("../std/policy.flow")),
    ("std/poll.flow", include_str!("../std/poll.flow")),
    ("std/rollout.flow", include_str!("../std/rollout.flow")),
];

/// The text of a module by its path: `std/policy.flow`.
#[must_use]
pub fn source(path: &str) -> Option<&'static str> {
    SOURCES
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, text)| *text)
}
