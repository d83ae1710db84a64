//! What is there against what should be.

use super::shape::{APPLIED, PROGRAM};
use crate::crd::ObjectKey;
use serde_json::Value;

/// Whether an object is to be applied: it is not there, something else was applied last, or somebody changed what it says.
///
/// What the cluster adds (defaults, numbers, what others write) does not count. Where it writes a value in another way than it
/// was given, this is true each time, and applying it once more changes nothing.
#[must_use]
pub fn needs_apply(wanted: &Value, live: Option<&Value>) -> bool {
    // A Job is carried out once, and its pods cannot be changed.
    if live.is_some() && wanted.get("kind").is_some_and(|kind| kind == "Job") {
        return false;
    }
    let place = format!("/metadata/annotations/{}", APPLIED.replace('/', "~1"));
    live.is_none_or(|live| wanted.pointer(&place) != live.pointer(&place) || !says(live, wanted))
}

/// Whether one value says all that another does.
fn says(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| match live.get(name) {
                Some(live) => says(live, wanted),
                None => is_nothing(wanted),
            })
        }
        // Others may add elements to lists of objects, and those have no order that counts.
        (Value::Array(live), Value::Array(wanted)) if wanted.iter().any(Value::is_object) => wanted
            .iter()
            .all(|wanted| live.iter().any(|live| says(live, wanted))),
        (live, wanted) => live == wanted,
    }
}

/// Clusters leave out what is empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}

/// Objects that belonged and belong no more.
#[must_use]
pub fn left_over(before: &[ObjectKey], now: &[ObjectKey]) -> Vec<ObjectKey> {
    let stays = |key: &ObjectKey| now.iter().any(|now| is_same(key, now));
    before.iter().filter(|key| !stays(key)).cloned().collect()
}

/// Whether two keys are of one object: a cluster shows the same in each version of its group.
fn is_same(one: &ObjectKey, other: &ObjectKey) -> bool {
    let group = |key: &ObjectKey| {
        key.api_version
            .rsplit_once('/')
            .map(|(group, _)| group.to_owned())
    };
    (&one.kind, &one.namespace, &one.name) == (&other.kind, &other.namespace, &other.name)
        && group(one) == group(other)
}

/// Both, in order and each once: what may be there while one becomes the other.
#[must_use]
pub fn both(before: &[ObjectKey], now: &[ObjectKey]) -> Vec<ObjectKey> {
    let mut all: Vec<ObjectKey> = before.iter().chain(now).cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// Whether the cluster has made pods of what it was told last, and they are ready.
#[must_use]
pub fn is_rolled_out(workload: &Value) -> bool {
    let number = |place: &str| workload.pointer(place).and_then(Value::as_i64);
    let wanted = number("/spec/replicas").unwrap_or(1);
    let count = |place: &str| number(place).unwrap_or_default();
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let text = |place: &str| workload.pointer(place).and_then(Value::as_str);
    // A set of pods has names for its versions; where only one is left, it has no other.
    let one = text("/status/currentRevision") == text("/status/updateRevision");
    let updated = count("/status/updatedReplicas") >= wanted && count("/status/replicas") <= wanted;
    seen && one && updated && count("/status/readyReplicas") >= wanted
}

/// The hash of the program that an object was made from.
#[must_use]
pub fn program_of(object: &Value) -> Option<&str> {
    let place = format!("/metadata/annotations/{}", PROGRAM.replace('/', "~1"));
    object.pointer(&place).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::{both, is_rolled_out, left_over, needs_apply};
    use crate::crd::ObjectKey;
    use serde_json::{Value, json};

    fn with(hash: &str, spec: &Value) -> Value {
        json!({ "metadata": { "annotations": { "flowmesh.dev/applied": hash } }, "spec": spec })
    }

    #[test]
    fn what_the_cluster_adds_is_no_difference() {
        let wanted = with(
            "1",
            &json!({ "ports": [{ "name": "api", "port": 1 }], "sysctls": [] }),
        );
        let mut live = with(
            "1",
            &json!({
                "ports": [{ "name": "other", "port": 9 }, { "name": "api", "port": 1, "protocol": "TCP" }],
                "clusterIP": "10.0.0.1",
            }),
        );
        live["status"] = json!({});
        assert!(!needs_apply(&wanted, Some(&live)));
        assert!(needs_apply(&wanted, None));
    }

    #[test]
    fn a_job_is_made_once() {
        let job = |hash: &str| {
            let mut job = with(hash, &json!({}));
            job["kind"] = json!("Job");
            job
        };
        assert!(needs_apply(&job("1"), None));
        assert!(!needs_apply(&job("2"), Some(&job("1"))));
    }

    #[test]
    fn what_somebody_changed_or_took_away_is_one() {
        let wanted = with("1", &json!({ "replicas": 1, "args": ["a", "b"] }));
        for other in [
            json!({ "replicas": 3, "args": ["a", "b"] }),
            json!({ "replicas": 1, "args": ["a"] }),
            json!({ "replicas": 1 }),
        ] {
            assert!(needs_apply(&wanted, Some(&with("1", &other))), "{other}");
        }
        // Fields that are not wanted any more are known by the hash alone.
        assert!(needs_apply(
            &wanted,
            Some(&with("0", &json!({ "replicas": 1, "args": ["a", "b"] })))
        ));
    }

    #[test]
    fn what_belongs_no_more_is_left_over() {
        let key = |name: &str| ObjectKey {
            name: name.to_owned(),
            ..ObjectKey::default()
        };
        assert_eq!(
            left_over(&[key("a"), key("b")], &[key("b"), key("c")]),
            [key("a")]
        );
        let of = |version: &str| ObjectKey {
            api_version: version.to_owned(),
            ..key("a")
        };
        // Another version of the operator may write it in another version of its group.
        assert_eq!(left_over(&[of("apps/v1beta1")], &[of("apps/v1")]), []);
        assert_eq!(left_over(&[of("apps/v1")], &[of("batch/v1")]), [of("apps/v1")]);
        assert_eq!(left_over(&[of("v1")], &[of("batch/v1")]), [of("v1")]);
        assert_eq!(
            both(&[key("b"), key("a")], &[key("b"), key("c")]),
            [key("a"), key("b"), key("c")]
        );
    }

    #[test]
    fn pods_are_rolled_out_when_all_are_new_and_ready() {
        let good = json!({
            "metadata": { "generation": 2 }, "spec": { "replicas": 1 },
            "status": { "observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
                        "currentRevision": "b", "updateRevision": "b" },
        });
        assert!(is_rolled_out(&good));
        for (place, value) in [
            ("observedGeneration", json!(1)),
            ("readyReplicas", json!(0)),
            ("updatedReplicas", json!(0)),
            ("replicas", json!(2)),
            ("currentRevision", json!("a")),
        ] {
            let mut other = good.clone();
            other["status"][place] = value;
            assert!(!is_rolled_out(&other), "{place}");
        }
    }
}
