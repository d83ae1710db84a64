//! When an endpoint is left alone, as annotations of the Service that callers name.
//!
//! Linkerd reads these at the Service and nowhere else, and a Service is the cluster's own. So what is written is an object
//! with nothing but a name and annotations: a server-side apply (`kubectl apply --server-side`) adds them to the Service
//! that is there, and takes nothing from whoever made it; where there is none, the cluster refuses it.

use crate::{
    Manifest,
    duration::linkerd,
    manifest::{PROGRAM, SOURCE},
    yaml,
};
use flowmesh_ir::traffic::Breaker;
use serde::Serialize;
use std::collections::BTreeMap;

/// A Service of which nothing but annotations is said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: String,
    namespace: String,
    annotations: BTreeMap<String, String>,
}

/// How it is to be applied, for people who read it.
const APPLY: &str = "flowmesh/apply";

/// The longest time an endpoint is left alone in flowmesh, unless it begins with more.
const LONGEST_MS: u64 = 60_000;

/// The manifest; `from` is what every object is annotated with.
pub(super) fn manifest(
    (name, namespace): (&str, &str),
    breaker: &Breaker,
    from: &BTreeMap<String, String>,
) -> Manifest {
    let mut annotations = annotations(breaker);
    let kept = from
        .iter()
        .filter(|(key, _)| [SOURCE, PROGRAM].contains(&key.as_str()));
    annotations.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
    annotations.insert(APPLY.to_owned(), "kubectl apply --server-side".to_owned());
    let patch = Patch {
        api_version: "v1",
        kind: "Service",
        metadata: Metadata {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            annotations,
        },
    };
    yaml::manifest(patch.kind, name, &patch)
}

/// What Linkerd reads.
fn annotations(breaker: &Breaker) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut say = |name: &str, value: String| drop(all.insert(format!("balancer.{name}"), value));
    let mode = match breaker.rate {
        Some(_) => "unified",
        None => "consecutive",
    };
    say("linkerd.io/failure-accrual", mode.to_owned());
    // None at all is not counted there.
    let failures = breaker.failures.unwrap_or_default();
    let consecutive = "linkerd.io/failure-accrual-consecutive";
    say(&format!("{consecutive}-max-failures"), failures.to_string());
    say(&format!("{consecutive}-min-penalty"), linkerd(breaker.open_ms));
    say(
        &format!("{consecutive}-max-penalty"),
        linkerd(breaker.open_ms.max(LONGEST_MS)),
    );
    say(&format!("{consecutive}-jitter-ratio"), "0.25".to_owned());
    if let Some(rate) = breaker.rate {
        let share = "alpha.linkerd.io/failure-accrual-success-rate";
        say(&format!("{share}-threshold"), threshold(rate.percent));
        // Proxies refuse all that is said of a Service with a shorter one, or with more requests.
        say(&format!("{share}-window"), linkerd(breaker.within_ms.max(10)));
        say(
            &format!("{share}-min-requests"),
            rate.of.min(1_000_000).to_string(),
        );
    }
    all
}

/// The share of answers that are good, below which an endpoint is left alone. Here it is left alone where so many of a
/// hundred fail, and there where more do, so that it is a little more; with nothing it would never be.
fn threshold(percent: u32) -> String {
    let good = 100_u32.saturating_sub(percent).min(99);
    format!("0.{good:02}0001")
}

#[cfg(test)]
mod tests {
    use super::threshold;

    #[test]
    fn as_many_failures_as_are_said_are_too_many() {
        let reached = |percent, failed: u32, of: u32| {
            let threshold: f64 = threshold(percent).parse().expect("it is a number");
            assert!((0.0..=1.0).contains(&threshold));
            f64::from(of - failed) / f64::from(of) < threshold
        };
        for of in [1, 7, 20, 100, 300] {
            for failed in 0..=of {
                for percent in 1..=100 {
                    assert_eq!(
                        reached(percent, failed, of),
                        failed * 100 >= of * percent,
                        "{failed} of {of}, {percent}%"
                    );
                }
            }
        }
    }
}
