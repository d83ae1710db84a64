//! Conditions, as all of Kubernetes has them.

use jiff::{Timestamp, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// What holds of an object, since when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds.
    pub status: Truth,
    /// The generation of the spec that it is said of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Since when it is so.
    #[schemars(extend("format" = "date-time"))]
    pub last_transition_time: String,
    /// Why, in a word for programs.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// The longest message in bytes. Clusters take 32 KiB.
const MESSAGE_MAX: usize = 16 << 10;

/// The one of a kind.
#[must_use]
pub fn condition<'c>(all: &'c [Condition], kind: &str) -> Option<&'c Condition> {
    all.iter().find(|condition| condition.kind == kind)
}

/// Whether one of a kind holds.
#[must_use]
pub fn is_true(all: &[Condition], kind: &str) -> bool {
    condition(all, kind).is_some_and(|condition| condition.status == Truth::True)
}

/// Says one. The time is that of the last change of whether it holds.
pub fn set(
    all: &mut Vec<Condition>,
    (kind, status): (&str, Truth),
    (reason, message): (&str, &str),
    generation: Option<i64>,
    now: Timestamp,
) {
    let since = condition(all, kind)
        .filter(|before| before.status == status)
        .map(|before| before.last_transition_time.clone());
    let said = Condition {
        kind: kind.to_owned(),
        status,
        observed_generation: generation,
        last_transition_time: since.unwrap_or_else(|| second(now)),
        reason: reason.to_owned(),
        message: cut(message, MESSAGE_MAX).to_owned(),
    };
    match all.iter_mut().find(|condition| condition.kind == kind) {
        Some(before) => *before = said,
        None => all.push(said),
    }
}

/// A time as clusters write it.
fn second(now: Timestamp) -> String {
    now.round(Unit::Second).unwrap_or(now).to_string()
}

/// As much of a text as fits, in whole characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Truth, condition, cut, set};
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_time_is_that_of_the_last_change() {
        let mut all = Vec::new();
        set(
            &mut all,
            ("Ready", Truth::False),
            ("Waits", "for pods"),
            Some(1),
            at(10),
        );
        set(
            &mut all,
            ("Ready", Truth::False),
            ("Waits", "for more"),
            Some(2),
            at(20),
        );
        let ready = condition(&all, "Ready").unwrap();
        assert_eq!(ready.last_transition_time, "1970-01-01T00:00:10Z");
        assert_eq!(
            (ready.message.as_str(), ready.observed_generation),
            ("for more", Some(2))
        );
        set(&mut all, ("Ready", Truth::True), ("Ready", ""), Some(2), at(30));
        assert_eq!(
            condition(&all, "Ready").unwrap().last_transition_time,
            "1970-01-01T00:00:30Z"
        );
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn long_messages_end_with_a_whole_character() {
        assert_eq!(cut("aäb", 2), "a");
        assert_eq!(cut("aäb", 3), "aä");
        assert_eq!(cut("aäb", 30), "aäb");
    }
}
