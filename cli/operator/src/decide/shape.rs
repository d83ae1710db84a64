//! Objects of the compiler as those of one `Program`: owned by it, known by a label, in places where it may write.

use super::{
    make::{Around, ours},
    reach,
};
use crate::crd::{Finding, GROUP, ObjectKey, SecretSpec};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The label with the identifier of the `Program`.
pub const OWNER: &str = "flowmesh.dev/program";

/// The annotation with the hash of what was applied.
pub const APPLIED: &str = "flowmesh.dev/applied";

/// The annotation with the hash of the program that an object was made from.
pub const PROGRAM: &str = "flowmesh/program";

/// Who owns objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The namespace of the `Program`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its identifier.
    pub uid: String,
}

/// What an object is known by; nothing where it has no kind, name or namespace.
#[must_use]
pub fn key(object: &Value) -> Option<ObjectKey> {
    let text = |place: &str| object.pointer(place).and_then(Value::as_str).map(str::to_owned);
    Some(ObjectKey {
        api_version: text("/apiVersion")?,
        kind: text("/kind")?,
        namespace: text("/metadata/namespace")?,
        name: text("/metadata/name")?,
    })
}

/// Whether it is what makes the pods of a program.
#[must_use]
pub fn is_pods(key: &ObjectKey) -> bool {
    key.api_version == "apps/v1" && (keeps(key) || key.kind == "Deployment")
}

/// Whether it is pods with a volume of runs.
#[must_use]
pub fn keeps(key: &ObjectKey) -> bool {
    key.api_version == "apps/v1" && key.kind == "StatefulSet"
}

/// Whether it is the account, which all programs of a namespace share.
#[must_use]
pub fn is_shared(key: &ObjectKey) -> bool {
    key.api_version == "v1" && key.kind == "ServiceAccount"
}

/// All objects as they are applied.
pub(super) fn shaped(
    objects: Vec<Value>,
    secrets: &SecretSpec,
    around: &Around,
) -> Result<Vec<Value>, Vec<Finding>> {
    let scaled = objects
        .iter()
        .any(|object| kind(object) == "HorizontalPodAutoscaler");
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for mut object in objects {
        match reach::placed(&object, around) {
            Ok(own) => {
                named(&mut object, secrets);
                if scaled && kind(&object) == "Deployment" {
                    // Who scales it writes that field.
                    remove(&mut object, "/spec", "replicas");
                }
                // One that goes by itself would come back, and be carried out once more.
                remove(&mut object, "/spec", "ttlSecondsAfterFinished");
                reach::confine(&mut object, around);
                owned(&mut object, &around.owner, own);
                all.push(object);
            }
            Err(text) => wrong.push(ours(text)),
        }
    }
    // Pods begin when what they need is there.
    all.sort_by_key(|object| match kind(object) {
        "ServiceAccount" | "ConfigMap" => 0,
        "StatefulSet" | "Deployment" => 2,
        _ => 1,
    });
    match wrong.is_empty() {
        true => Ok(all),
        false => Err(wrong),
    }
}

fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn remove(object: &mut Value, place: &str, name: &str) {
    if let Some(Value::Object(map)) = object.pointer_mut(place) {
        map.remove(name);
    }
}

/// Puts the Secrets that the spec names in the place of the usual ones.
fn named(object: &mut Value, secrets: &SecretSpec) {
    let volumes = object.pointer_mut("/spec/template/spec/volumes");
    for volume in volumes.and_then(Value::as_array_mut).into_iter().flatten() {
        let name = match volume.get("name").and_then(Value::as_str) {
            Some("secrets") => &secrets.values,
            Some("files") => &secrets.files,
            Some("tokens") => &secrets.tokens,
            _ => continue,
        };
        if let (Some(name), Some(Value::Object(secret))) = (name, volume.get_mut("secret")) {
            secret.insert("secretName".to_owned(), json!(name));
        }
    }
}

fn owned(object: &mut Value, owner: &Owner, own: bool) {
    // Programs of a namespace share the account: what differs between them must not stand on it.
    let shared = kind(object) == "ServiceAccount";
    if shared {
        remove(object, "/metadata", "annotations");
    }
    let metadata = object.pointer_mut("/metadata").and_then(Value::as_object_mut);
    let Some(metadata) = metadata else { return };
    if own {
        let reference = json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "Program",
            "name": owner.name,
            "uid": owner.uid,
            "controller": !shared,
        });
        metadata.insert("ownerReferences".to_owned(), json!([reference]));
    }
    if shared {
        return;
    }
    insert(metadata, "labels", (OWNER, &owner.uid));
    let hash = hash(object);
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        insert(metadata, "annotations", (APPLIED, &hash));
    }
}

fn insert(metadata: &mut Map<String, Value>, map: &str, (name, value): (&str, &str)) {
    let map = metadata.entry(map).or_insert_with(|| json!({}));
    if let Value::Object(map) = map {
        map.insert(name.to_owned(), json!(value));
    }
}

/// The hash of an object, whatever the order of its fields.
fn hash(object: &Value) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(canonical(object)).iter().take(16) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<(&String, &Value)> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields
                .into_iter()
                .map(|(name, value)| format!("{}:{}", json!(name), canonical(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(canonical).collect();
            format!("[{}]", all.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{APPLIED, OWNER, Owner, key, shaped};
    use crate::{crd::SecretSpec, decide::make::Around};
    use serde_json::{Value, json};

    fn around() -> Around {
        let owner = Owner {
            namespace: "shop".to_owned(),
            name: "orders".to_owned(),
            uid: "u-1".to_owned(),
        };
        Around {
            owner,
            into: ["edge".to_owned()].into(),
        }
    }

    fn object(kind: &str, namespace: &str, spec: &Value) -> Value {
        json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": "a", "namespace": namespace }, "spec": spec })
    }

    fn shape(objects: &[Value]) -> Vec<Value> {
        shaped(objects.to_vec(), &SecretSpec::default(), &around()).unwrap()
    }

    #[test]
    fn objects_are_owned_and_hashed_by_what_they_say() {
        let one = &shape(&[object("Service", "shop", &json!({ "a": 1 }))])[0];
        assert_eq!(one["metadata"]["ownerReferences"][0]["uid"], "u-1");
        assert_eq!(one["metadata"]["labels"][OWNER], "u-1");
        let other = &shape(&[object("Service", "shop", &json!({ "a": 2 }))])[0];
        assert_ne!(
            one["metadata"]["annotations"][APPLIED],
            other["metadata"]["annotations"][APPLIED]
        );
        assert_eq!(*one, shape(&[object("Service", "shop", &json!({ "a": 1 }))])[0]);
    }

    #[test]
    fn an_account_that_programs_share_says_nothing_of_one_of_them() {
        let mut account = object("ServiceAccount", "shop", &Value::Null);
        account["metadata"]["annotations"] = json!({ "flowmesh/program": "x" });
        let account = &shape(&[account])[0];
        assert_eq!(account["metadata"].get("annotations"), None);
        assert_eq!(account["metadata"].get("labels"), None);
        assert_eq!(account["metadata"]["ownerReferences"][0]["controller"], false);
    }

    #[test]
    fn objects_of_other_namespaces_have_no_owner_there() {
        let foreign = shape(&[object("Gateway", "edge", &Value::Null)]);
        assert_eq!(foreign[0]["metadata"].get("ownerReferences"), None);
    }

    #[test]
    fn whoever_scales_pods_says_how_many_there_are_and_pods_come_last() {
        let deployment = object("Deployment", "shop", &json!({ "replicas": 2 }));
        let scaler = object("HorizontalPodAutoscaler", "shop", &Value::Null);
        let account = object("ServiceAccount", "shop", &Value::Null);
        let all = shape(&[deployment.clone(), scaler, account]);
        let kinds: Vec<_> = all.iter().map(|object| key(object).unwrap().kind).collect();
        assert_eq!(kinds, ["ServiceAccount", "HorizontalPodAutoscaler", "Deployment"]);
        assert_eq!(all[2]["spec"].get("replicas"), None);
        assert_eq!(shape(&[deployment])[0]["spec"]["replicas"], 2);
    }

    #[test]
    fn secrets_are_those_that_the_spec_names() {
        let volumes = json!([
            { "name": "secrets", "secret": { "secretName": "shop-secrets" } },
            { "name": "tokens", "secret": { "secretName": "shop-tokens" } },
            { "name": "program", "configMap": { "name": "shop-1" } },
        ]);
        let set = object(
            "StatefulSet",
            "shop",
            &json!({ "template": { "spec": { "volumes": volumes } } }),
        );
        let secrets = SecretSpec {
            values: Some("mine".to_owned()),
            ..SecretSpec::default()
        };
        let all = shaped(vec![set], &secrets, &around()).unwrap();
        let volumes = &all[0]["spec"]["template"]["spec"]["volumes"];
        assert_eq!(volumes[0]["secret"]["secretName"], "mine");
        assert_eq!(volumes[1]["secret"]["secretName"], "shop-tokens");
    }
}
