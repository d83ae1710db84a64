//! What stands around the pods where it is asked for, and how files are laid out.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_kubernetes::{Layout, Manifest, Options, Target, compile};
use flowmesh_tests::{files, fuzz::compiled};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

const RELEASE: &str = r#"
use std.kubernetes.Refused
use std.kubernetes.kubernetes

config kind: string = "virtualservices"

service shop { at: "dns://shop.web.svc.cluster.local:80", op page(id: string) -> json = GET "/pages/{id}" }

flow release(name: string) fails Refused {
  kubernetes.apply("networking.istio.io", "v1", kind, "web", name, none as json, run.id)
  kubernetes.read("apps", "v1", "deployments", "default", name)
  kubernetes.delete("apps", "v1", "deployments", "default", name)
  shop.page(name)
}

flow anywhere(namespace: string) fails Refused {
  kubernetes.delete("apps", "v1", "deployments", namespace, "web")
}
"#;

/// What is made of a program of the repository's own folder, which has its texts at hand.
fn made(text: &str, target: Target, options: &Options<'_>) -> (Vec<Manifest>, Diagnostics) {
    let program = compiled(text).expect("it compiles");
    let mut found = Diagnostics::default();
    (compile(&program, target, options, &mut found), found)
}

fn objects(manifests: &[Manifest], kind: &str) -> Vec<Value> {
    let read = |manifest: &Manifest| -> Value {
        serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML")
    };
    manifests
        .iter()
        .map(read)
        .filter(|object| object["kind"] == kind)
        .collect()
}

#[test]
fn flows_may_do_in_the_cluster_what_they_do_and_no_more() {
    let (manifests, found) = made(RELEASE, Target::Kubernetes, &Options::default());
    let roles: Vec<(String, Value)> = objects(&manifests, "Role")
        .into_iter()
        .map(|role| {
            (
                role["metadata"]["namespace"].as_str().unwrap().to_owned(),
                role["rules"].clone(),
            )
        })
        .collect();
    assert_eq!(
        roles,
        [
            (
                "web".to_owned(),
                json!([{ "apiGroups": ["networking.istio.io"], "resources": ["virtualservices"], "verbs": ["create", "patch"] }])
            ),
            (
                "default".to_owned(),
                json!([{ "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["delete", "get"] }])
            ),
        ]
    );
    for binding in objects(&manifests, "RoleBinding") {
        assert_eq!(binding["subjects"][0]["name"], "flowmesh");
        assert_eq!(binding["roleRef"]["name"], binding["metadata"]["name"]);
    }
    let said: Vec<String> = found
        .sorted()
        .iter()
        .map(|found| format!("{} {}", found.code, found.message))
        .collect();
    assert_eq!(
        said,
        ["F0706 the kind of what a flow does in the cluster is only known when the program starts"]
    );
    let pods = objects(&manifests, "StatefulSet");
    let pod = &pods[0]["spec"]["template"]["spec"];
    // Who the pods are is shown to the one container alone that shows it the API.
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["initContainers"][0]["args"], json!(["proxy", "--port=8001"]));
    assert_eq!(pod["initContainers"][0]["restartPolicy"], "Always");
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().all(|mount| mount["name"] != "api"));
    // A program that does nothing there has none of it.
    let (manifests, _) = made("flow f() {}", Target::Kubernetes, &Options::default());
    assert!(objects(&manifests, "Role").is_empty());
    assert!(objects(&manifests, "StatefulSet")[0]["spec"]["template"]["spec"]["initContainers"].is_null());
}

#[test]
fn prometheus_is_told_where_it_is_asked_for() {
    let mut options = Options::default();
    assert!(objects(&made(RELEASE, Target::Kubernetes, &options).0, "ServiceMonitor").is_empty());
    options.workload.monitor = true;
    let manifests = made(RELEASE, Target::Kubernetes, &options).0;
    let monitors = objects(&manifests, "ServiceMonitor");
    let labels = &monitors[0]["spec"]["selector"]["matchLabels"];
    let service = &objects(&manifests, "Service")[0];
    assert_eq!(
        service["metadata"]["labels"]["app.kubernetes.io/name"],
        labels["app.kubernetes.io/name"]
    );
    let ports = service["spec"]["ports"].as_array().unwrap();
    assert!(
        ports
            .iter()
            .any(|port| port["name"] == monitors[0]["spec"]["endpoints"][0]["port"])
    );
}

#[test]
fn tests_are_a_job_with_the_texts_of_the_program() {
    let root = files::top().join("examples/shop");
    let world = files::Folder { root, instead: None };
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program =
        flowmesh_frontend::compile(&world, "shop.flow", &mut sources, &mut found).expect("it compiles");
    let mut options = Options {
        sources: Some(&sources),
        ..Options::default()
    };
    options.workload.tests = true;
    let manifests = compile(&program, Target::Kubernetes, &options, &mut found);
    let jobs = objects(&manifests, "Job");
    let pod = &jobs[0]["spec"]["template"]["spec"];
    assert_eq!(
        pod["containers"][0]["args"],
        json!(["test", "/etc/flowmesh/texts/shop.flow"])
    );
    let map = pod["volumes"][0]["configMap"]["name"].clone();
    let maps = objects(&manifests, "ConfigMap");
    let texts = maps
        .iter()
        .find(|object| object["metadata"]["name"] == map)
        .expect("it is there");
    let text = fs::read_to_string(files::top().join("examples/shop/shop.flow")).unwrap();
    assert_eq!(texts["data"]["text-0"], text);
    // A compiled program has no tests any more.
    options.sources = None;
    let mut found = Diagnostics::default();
    assert!(compile(&program, Target::Kubernetes, &options, &mut found).is_empty());
    assert!(found.has_errors());
}

#[test]
fn a_mesh_gets_the_pods_where_they_are_asked_for() {
    let mut options = Options::default();
    for target in Target::ALL
        .into_iter()
        .filter(|target| *target != Target::Kubernetes)
    {
        options.pods = false;
        options.interpreter_fills = true;
        let program = "service shop { at: \"dns://shop.web.svc:80\" }\nflow f() {}";
        let without = made(program, target, &options).0;
        options.pods = true;
        let with = made(program, target, &options).0;
        assert!(objects(&without, "StatefulSet").is_empty());
        assert_eq!(objects(&with, "StatefulSet").len(), 1, "{target}");
        assert!(without.iter().all(|one| with.contains(one)), "{target}");
    }
}

#[test]
fn the_proxies_of_the_pods_know_whom_they_call() {
    let options = Options {
        pods: true,
        ..Options::default()
    };
    let sidecar = |program: &str| {
        let (manifests, found) = made(program, Target::Istio, &options);
        assert!(!found.has_errors(), "{:?}", found.sorted());
        objects(&manifests, "Sidecar").remove(0)["spec"].clone()
    };
    let program = "service shop { at: \"dns://shop.web.svc:80\" }\nservice pay { at: \"https://pay.example.com\" }\nflow f() {}\n";
    let spec = sidecar(program);
    let hosts = json!([
        "default/pay.example.com",
        "istio-system/*",
        "web/shop.web.svc.cluster.local"
    ]);
    assert_eq!(spec["egress"][0]["hosts"], hosts);
    assert_eq!(spec["outboundTrafficPolicy"]["mode"], "REGISTRY_ONLY");
    let gateway = "gateway front {\n  listen: \"http://0.0.0.0:80\"\n  jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\" }\n  any \"/**\" -> shop\n}\n";
    let spec = sidecar(&format!("{program}{gateway}"));
    assert_eq!(
        spec["outboundTrafficPolicy"]["mode"], "ALLOW_ANY",
        "keys are asked for there"
    );
    assert!(objects(&made(program, Target::Istio, &Options::default()).0, "Sidecar").is_empty());
}

#[test]
fn a_base_for_kustomize_names_every_file() {
    let plain = made(RELEASE, Target::Kubernetes, &Options::default()).0;
    let options = Options {
        layout: Layout::Kustomize,
        ..Options::default()
    };
    let mut laid = made(RELEASE, Target::Kubernetes, &options).0;
    let last = laid.pop().expect("there are files");
    assert_eq!((last.path.as_str(), &laid), ("kustomization.yaml", &plain));
    let names: Value = serde_saphyr::from_str(&last.yaml).expect("it is YAML");
    assert_eq!(
        names["resources"],
        json!(plain.iter().map(|one| &one.path).collect::<Vec<_>>())
    );
}

/// What Helm makes of a template that has values, and texts in place of what it would read.
fn rendered(template: &str, values: &Value, namespace: &str) -> String {
    let mut text = template.to_owned();
    for (name, value) in values.as_object().expect("values are named") {
        let word = format!("{{{{ .Values.{name} | quote }}}}");
        text = text.replace(&word, &value.to_string());
    }
    text = text.replace("{{ .Release.Namespace }}", namespace);
    let rest = text.replace("{{ \"{{\" }}", "");
    assert!(!rest.contains("{{"), "{rest}");
    text.replace("{{ \"{{\" }}", "{{")
}

#[test]
fn a_chart_says_what_the_manifests_say() {
    let mut options = Options::default();
    options.workload.namespace = "shop".to_owned();
    options.workload.image = "registry.example.com/flowmesh:7".to_owned();
    let program = RELEASE.replace("\"default\"", "\"elsewhere\"");
    let plain = made(&program, Target::Kubernetes, &options).0;
    options.layout = Layout::Helm;
    let chart = made(&program, Target::Kubernetes, &options).0;
    let file = |path: &str| chart.iter().find(|file| file.path == path).expect(path);
    let values: Value = serde_saphyr::from_str(&file("values.yaml").yaml).expect("it is YAML");
    assert_eq!(
        values,
        json!({ "image": "registry.example.com/flowmesh:7", "storage": "10Gi" })
    );
    let about: Value = serde_saphyr::from_str(&file("Chart.yaml").yaml).expect("it is YAML");
    assert_eq!(about["apiVersion"], "v2");
    let templates: Vec<&Manifest> = chart
        .iter()
        .filter(|file| file.path.starts_with("templates/"))
        .collect();
    assert_eq!(templates.len(), plain.len());
    for (template, plain) in templates.into_iter().zip(&plain) {
        assert_eq!(
            PathBuf::from(&template.path).file_name(),
            PathBuf::from(&plain.path).file_name()
        );
        let text = rendered(&template.yaml, &values, "shop");
        let read = |text: &str| -> Value { serde_saphyr::from_str(text).expect(text) };
        assert_eq!(read(&text), read(&plain.yaml), "{}", plain.path);
    }
}
