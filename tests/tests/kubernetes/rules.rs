//! The rules that clusters have for objects of a mesh: all of them can be evaluated, as CEL and Kubernetes say, and what breaks one is found.
#[path = "rules/broken.rs"]
mod broken;
#[path = "rules/language.rs"]
mod language;
#[path = "rules/objects.rs"]
mod objects;

use crate::cluster::{of_folder, versions};
use flowmesh_tests::{crd, files};

#[test]
fn every_rule_of_every_definition_is_evaluated_but_for_those_named_here() {
    if files::shared("the rules of definitions").is_none() {
        return;
    }
    let (mut counts, mut transitions, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for folder in [
        "istio",
        "gateway-api/standard",
        "gateway-api/experimental",
        "linkerd",
        "consul",
    ] {
        let mut count = 0;
        for definition in of_folder(folder) {
            // Versions that are not served have rules too, and are counted by whoever counts rules.
            let all = definition["spec"]["versions"].as_array().expect("versions");
            for version in all {
                let kind = definition["spec"]["names"]["kind"].as_str().expect("a kind");
                let place = format!("{folder} {kind} {}", version["name"].as_str().expect("a name"));
                for rule in crd::rules(&version["schema"]["openAPIV3Schema"]) {
                    count += 1;
                    if rule.is_transition() {
                        transitions.push(format!("{place} {}", rule.path));
                    }
                    unknown.extend(rule.unknown().map(|why| format!("{place} {}: {why}", rule.path)));
                }
            }
            assert!(!versions(&definition).is_empty(), "a version is served");
        }
        counts.push((folder, count));
    }
    let expected = [
        ("istio", 362),
        ("gateway-api/standard", 295),
        ("gateway-api/experimental", 350),
        ("linkerd", 0),
        ("consul", 0),
    ];
    assert_eq!(counts, expected);
    assert_eq!(unknown, Vec::<String>::new(), "nothing can be said of these");
    // They compare an object with what it was: nothing that is new breaks them.
    let immutable = [
        "gateway-api/standard GatewayClass v1 spec.controllerName",
        "gateway-api/standard GatewayClass v1beta1 spec.controllerName",
        "gateway-api/experimental GatewayClass v1 spec.controllerName",
        "gateway-api/experimental GatewayClass v1beta1 spec.controllerName",
        "gateway-api/experimental XMesh v1alpha1 spec.controllerName",
    ];
    assert_eq!(transitions, immutable);
}
