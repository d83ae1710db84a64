//! What a spec comes to.

use super::{Around, make, sentence};
use crate::{
    crd::{MeshSpec, ProgramSpec, Source},
    decide::{
        shape::Owner,
        source::{Given, given},
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

fn around() -> Around {
    let owner = Owner {
        namespace: "shop".to_owned(),
        name: "orders".to_owned(),
        uid: "u-1".to_owned(),
    };
    Around {
        owner,
        ..Around::default()
    }
}

fn files(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn source(all: &[(&str, &str)]) -> Source {
    Source {
        files: Some(files(all)),
        ..Source::default()
    }
}

fn kinds(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect()
}

#[test]
fn a_program_with_flows_becomes_a_set_of_pods_and_a_compiled_one_the_same() {
    let spec = ProgramSpec::default();
    let flow = "flow hello(name: string) -> string { return \"hello {name}\" }\n";
    let texts = given(&source(&[("shop.flow", flow)]), None).unwrap();
    let made = make(&texts, &spec, &around()).unwrap();
    assert_eq!(
        (made.pods.name.as_str(), made.pods.kind.as_str()),
        ("shop", "StatefulSet")
    );
    assert!(made.keeps);
    let again = make(&Given::Compiled(made.text.clone()), &spec, &around()).unwrap();
    assert_eq!(again.hash, made.hash);
    assert_eq!(kinds(&again.objects), kinds(&made.objects));
}

#[test]
fn what_is_wrong_is_told_with_code_and_place() {
    let texts = given(&source(&[("shop.flow", "flow a() {\n  missing()\n}\n")]), None).unwrap();
    let wrong = make(&texts, &ProgramSpec::default(), &around()).unwrap_err();
    assert!(wrong[0].place.starts_with("shop.flow:2:"), "{wrong:?}");
    assert!(sentence(&wrong).starts_with(&format!("{} shop.flow:2:", wrong[0].code)));
    let broken = make(
        &Given::Compiled("{".to_owned()),
        &ProgramSpec::default(),
        &around(),
    )
    .unwrap_err();
    assert!(broken[0].code.starts_with('F'), "{broken:?}");
}

#[test]
fn a_config_without_a_value_is_told() {
    let text = "config team: string\nflow a() -> string { return team }\n";
    let texts = given(&source(&[("shop.flow", text)]), None).unwrap();
    let wrong = make(&texts, &ProgramSpec::default(), &around()).unwrap_err();
    assert!(wrong[0].text.contains("team"), "{wrong:?}");
    let configs = files(&[("team", "blue")]);
    assert!(
        make(
            &texts,
            &ProgramSpec {
                configs,
                ..ProgramSpec::default()
            },
            &around()
        )
        .is_ok()
    );
}

#[test]
fn measures_and_tests_are_made_where_they_are_wanted() {
    let text = "flow a() -> string { return \"a\" }\n";
    let texts = given(&source(&[("shop.flow", text)]), None).unwrap();
    let spec = ProgramSpec {
        monitor: true,
        tests: true,
        ..ProgramSpec::default()
    };
    let made = make(&texts, &spec, &around()).unwrap();
    let kinds = kinds(&made.objects);
    assert!(
        kinds.contains(&"ServiceMonitor") && kinds.contains(&"Job"),
        "{kinds:?}"
    );
    let job = made
        .objects
        .iter()
        .find(|object| object["kind"] == "Job")
        .unwrap();
    assert_eq!(job["spec"].get("ttlSecondsAfterFinished"), None);
    // What is compiled has no texts to test.
    let wrong = make(&Given::Compiled(made.text), &spec, &around()).unwrap_err();
    assert!(wrong[0].text.contains("texts"), "{wrong:?}");
}

#[test]
fn a_program_that_works_in_the_cluster_gets_leave_for_that_and_only_at_home() {
    let text = |namespace: &str| {
        format!(
            "use std.kubernetes.Refused\nuse std.kubernetes.kubernetes\n\
             flow a(name: string) fails Refused {{\n  \
             kubernetes.delete(\"apps\", \"v1\", \"deployments\", \"{namespace}\", name)\n}}\n"
        )
    };
    let made = |namespace: &str| {
        let texts = given(&source(&[("shop.flow", &text(namespace))]), None).unwrap();
        make(&texts, &ProgramSpec::default(), &around())
    };
    let here = made("shop").unwrap();
    let role = here
        .objects
        .iter()
        .find(|object| object["kind"] == "Role")
        .unwrap();
    assert_eq!(role["rules"][0]["verbs"][0], "delete");
    assert!(kinds(&here.objects).contains(&"RoleBinding"));
    assert!(made("web").unwrap_err()[0].text.contains("rights"));
}

#[test]
fn a_gateway_is_of_the_class_that_the_spec_says() {
    let text = "service web { at: \"dns://web.shop.svc.cluster.local:80\" }\n\
                gateway edge {\n  listen: \"http://0.0.0.0:8080\"\n  any \"/**\" -> web\n}\n";
    let texts = given(&source(&[("edge.flow", text)]), None).unwrap();
    let spec = ProgramSpec {
        mesh: Some(MeshSpec {
            target: "gateway-api".to_owned(),
            gateway_class: Some("eg".to_owned()),
            ..MeshSpec::default()
        }),
        ..ProgramSpec::default()
    };
    let made = make(&texts, &spec, &around()).unwrap();
    let gateway = made
        .objects
        .iter()
        .find(|object| object["kind"] == "Gateway")
        .unwrap();
    assert_eq!(gateway["spec"]["gatewayClassName"], "eg");
}

#[test]
fn a_mesh_adds_its_own_objects() {
    let text = "service payments {\n  at: \"dns://payments.shop.svc.cluster.local:8080\"\n  timeout: { total: 2s }\n  \
                op charge(id: string) = PUT \"/charges/{id}\"\n}\nflow a(id: string) { payments.charge(id) }\n";
    let texts = given(&source(&[("shop.flow", text)]), None).unwrap();
    let mesh = |target: &str| ProgramSpec {
        mesh: Some(MeshSpec {
            target: target.to_owned(),
            ..MeshSpec::default()
        }),
        ..ProgramSpec::default()
    };
    let made = make(&texts, &mesh("istio"), &around()).unwrap();
    assert!(
        kinds(&made.objects).contains(&"VirtualService"),
        "{:?}",
        kinds(&made.objects)
    );
    // There is one set of pods, which is in the mesh.
    let sets: Vec<&Value> = made
        .objects
        .iter()
        .filter(|object| object["kind"] == "StatefulSet")
        .collect();
    let [set] = sets.as_slice() else {
        panic!("{sets:?}")
    };
    assert_eq!(
        set["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"],
        "true"
    );
    assert!(
        make(&texts, &mesh("kubernetes"), &around()).unwrap_err()[0]
            .text
            .contains("mesh.target")
    );
    assert!(
        make(&texts, &mesh("nowhere"), &around()).unwrap_err()[0]
            .text
            .contains("nowhere")
    );
}
