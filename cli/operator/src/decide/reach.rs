//! How far an object reaches: whoever may write a `Program` in one namespace directs nothing of another, unless the operator was
//! told that this may be.

use super::{make::Around, shape::key};
use crate::crd::ObjectKey;
use serde_json::{Value, json};

/// Whether an object lies in the namespace of its owner.
///
/// # Errors
/// Where it would hold for others, and whoever runs the operator did not say that it may.
pub(super) fn placed(object: &Value, around: &Around) -> Result<bool, String> {
    let key = key(object).ok_or_else(|| {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        format!("an object of kind `{kind}` has no name or namespace")
    })?;
    let own = key.namespace == around.owner.namespace;
    let into = around.into.contains(&key.namespace);
    let says = |what: &str| Err(format!("`{}` `{}` {what}", key.kind, key.name));
    if !own && of_group(&key, "rbac.authorization.k8s.io") {
        return says(&format!(
            "would give rights in the namespace `{}`: that is for somebody who has them",
            key.namespace
        ));
    }
    let namespace = &key.namespace;
    if of_group(&key, "consul.hashicorp.com") && !into {
        return says(&format!(
            "would hold for services of that name in all namespaces, since Consul knows them by their names alone: start the \
             operator with `--into {namespace}`, or leave the mesh to somebody who may"
        ));
    }
    match own || into {
        true => Ok(own),
        false => says(&format!(
            "would be in the namespace `{namespace}`, which the operator may not write to: start it with \
             `--into {namespace}`, or leave the mesh to somebody who may"
        )),
    }
}

/// Keeps what an object of Istio says of hosts elsewhere to the callers of its own namespace: unless it says otherwise, it would
/// hold for those of all.
pub(super) fn confine(object: &mut Value, around: &Around) {
    let Some(key) = key(object).filter(|key| of_group(key, "networking.istio.io")) else {
        return;
    };
    let said = |name: &str| object.pointer(&format!("/spec/{name}"));
    let hosts = match key.kind.as_str() {
        // Of visitors, whom a gateway lets in.
        "VirtualService" if said("gateways").is_some() => return,
        "VirtualService" | "ServiceEntry" => said("hosts").and_then(Value::as_array).cloned(),
        "DestinationRule" => said("host").map(|host| vec![host.clone()]),
        _ => return,
    };
    let mut hosts = hosts.iter().flatten();
    if hosts.all(|host| host.as_str().is_some_and(|host| is_here(host, &key, around))) {
        return;
    }
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        spec.insert("exportTo".to_owned(), json!(["."]));
    }
}

/// Whether a host is a Service of the object's namespace, which is one that the operator may write to.
fn is_here(host: &str, key: &ObjectKey, around: &Around) -> bool {
    let named = |namespace: &str| {
        let mut labels = host.splitn(4, '.').skip(1);
        labels.next() == Some(namespace)
            && labels.next() == Some("svc")
            && matches!(labels.next(), None | Some("cluster.local"))
    };
    named(&key.namespace) || around.into.iter().any(|namespace| named(namespace))
}

fn of_group(key: &ObjectKey, group: &str) -> bool {
    key.api_version.split_once('/').is_some_and(|(it, _)| it == group)
}

#[cfg(test)]
mod tests {
    use super::{confine, placed};
    use crate::decide::{make::Around, shape::Owner};
    use serde_json::{Value, json};

    fn around() -> Around {
        let owner = Owner {
            namespace: "shop".to_owned(),
            ..Owner::default()
        };
        Around {
            owner,
            into: ["edge".to_owned()].into(),
        }
    }

    fn object(version: &str, kind: &str, namespace: &str, spec: &Value) -> Value {
        let metadata = json!({ "name": "a", "namespace": namespace });
        json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec })
    }

    #[test]
    fn other_namespaces_are_written_to_only_where_that_is_allowed() {
        let gateway = |namespace: &str| object("networking.istio.io/v1", "Gateway", namespace, &Value::Null);
        assert_eq!(placed(&gateway("shop"), &around()), Ok(true));
        assert_eq!(placed(&gateway("edge"), &around()), Ok(false));
        let why = placed(&gateway("kube-system"), &around()).unwrap_err();
        assert!(why.contains("--into kube-system"), "{why}");
        assert!(
            placed(
                &json!({ "kind": "Namespace", "metadata": { "name": "a" } }),
                &around()
            )
            .is_err()
        );
    }

    #[test]
    fn rights_in_other_namespaces_are_given_to_nobody() {
        let role = |namespace: &str| {
            object(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                namespace,
                &Value::Null,
            )
        };
        assert_eq!(placed(&role("shop"), &around()), Ok(true));
        assert!(placed(&role("edge"), &around()).unwrap_err().contains("rights"));
    }

    #[test]
    fn what_holds_for_a_name_in_all_namespaces_is_for_whoever_may_write_there() {
        let entry = |namespace: &str| {
            object(
                "consul.hashicorp.com/v1alpha1",
                "ServiceDefaults",
                namespace,
                &Value::Null,
            )
        };
        assert!(
            placed(&entry("shop"), &around())
                .unwrap_err()
                .contains("--into shop")
        );
        assert_eq!(placed(&entry("edge"), &around()), Ok(false));
    }

    #[test]
    fn what_is_said_of_hosts_elsewhere_holds_for_callers_here() {
        let confined = |kind: &str, spec: &Value| {
            let mut one = object("networking.istio.io/v1", kind, "shop", spec);
            confine(&mut one, &around());
            one["spec"].get("exportTo").is_some()
        };
        let hosts = |host: &str| json!({ "hosts": [host] });
        for elsewhere in [
            "api.example.com",
            // As an address with `http://` has it, of which the compiler thinks that it is outside.
            "payments.other.svc.cluster.local",
            "shop.svc",
            "payments.shop.svc.example.com",
        ] {
            assert!(confined("VirtualService", &hosts(elsewhere)), "{elsewhere}");
            assert!(confined("ServiceEntry", &hosts(elsewhere)), "{elsewhere}");
            assert!(
                confined("DestinationRule", &json!({ "host": elsewhere })),
                "{elsewhere}"
            );
        }
        assert!(!confined(
            "VirtualService",
            &hosts("payments.shop.svc.cluster.local")
        ));
        assert!(!confined(
            "VirtualService",
            &hosts("payments.edge.svc.cluster.local")
        ));
        assert!(!confined(
            "VirtualService",
            &json!({ "hosts": ["*"], "gateways": ["a"] })
        ));
        assert!(!confined("Sidecar", &json!({})));
    }
}
