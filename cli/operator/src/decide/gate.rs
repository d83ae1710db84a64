//! The tests of a version, which are carried out before its pods are let in.

use super::shape;
use crate::crd::ObjectKey;
use serde_json::Value;

/// How the tests of a version stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tested {
    /// Nobody asked for them.
    #[default]
    Unasked,
    /// They have not ended, or not begun.
    Running,
    /// All of them passed.
    Passed,
    /// Some failed, or could not be carried out.
    Failed,
}

/// The Job among the objects of a program, if there is one.
#[must_use]
pub fn job(objects: &[Value]) -> Option<ObjectKey> {
    let mut keys = objects.iter().filter_map(shape::key);
    keys.find(|key| key.kind == "Job")
}

/// The objects that a Job needs, and itself: the texts that it reads stand in a ConfigMap of its name.
#[must_use]
pub fn needed(objects: &[Value], job: &ObjectKey) -> Vec<Value> {
    let is_needed = |object: &&Value| {
        shape::key(object).is_some_and(|key| {
            matches!(key.kind.as_str(), "ConfigMap" | "Job")
                && (&key.namespace, &key.name) == (&job.namespace, &job.name)
        })
    };
    objects.iter().filter(is_needed).cloned().collect()
}

/// How a Job stands.
#[must_use]
pub fn tested(job: Option<&Value>) -> Tested {
    let conditions = job.and_then(|job| job.pointer("/status/conditions")?.as_array());
    let is = |kind: &str| {
        let mut all = conditions.into_iter().flatten();
        all.any(|it| it["type"] == kind && it["status"] == "True")
    };
    match (is("Complete"), is("Failed")) {
        (_, true) => Tested::Failed,
        (true, false) => Tested::Passed,
        (false, false) => Tested::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tested, job, needed, tested};
    use serde_json::{Value, json};

    fn object(kind: &str, name: &str) -> Value {
        let metadata = json!({ "namespace": "shop", "name": name });
        json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata })
    }

    #[test]
    fn a_job_needs_its_texts_and_nothing_else() {
        let all = [
            object("ConfigMap", "a"),
            object("ConfigMap", "a-test"),
            object("StatefulSet", "a"),
            object("Job", "a-test"),
        ];
        let key = job(&all).unwrap();
        assert_eq!(needed(&all, &key), [all[1].clone(), all[3].clone()]);
        assert_eq!(job(&all[..3]), None);
    }

    #[test]
    fn a_job_has_ended_when_the_cluster_says_so() {
        let with = |kind: &str, status: &str| {
            json!({ "status": { "conditions": [
                { "type": "SuccessCriteriaMet", "status": "True" }, { "type": kind, "status": status },
            ] } })
        };
        assert_eq!(tested(None), Tested::Running);
        assert_eq!(tested(Some(&object("Job", "a"))), Tested::Running);
        assert_eq!(tested(Some(&with("Complete", "False"))), Tested::Running);
        assert_eq!(tested(Some(&with("Complete", "True"))), Tested::Passed);
        assert_eq!(tested(Some(&with("Failed", "True"))), Tested::Failed);
    }
}
