//! The program itself in a cluster: that clusters take it, and that its pods may do no more than they must.

use crate::beside;
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_kubernetes::{Manifest, Options, Target, Workload, compile};
use flowmesh_tests::{files, fuzz::compiled};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

const SUITE: &str = "tests/suite/workload";

const SHOP: &str = r#"
config team: string
secret token
service payments {
  at: "dns://payments.billing.svc.cluster.local:8080"
  auth: bearer(token)
  op charge(id: string) = PUT "/charges/{id}"
}
flow checkout(id: string) { payments.charge(id) }
"#;

fn objects(manifests: &[Manifest]) -> Vec<Value> {
    let read = |manifest: &Manifest| serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
    manifests.iter().map(read).collect()
}

fn of_kind<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind).expect(kind)
}

fn made(text: &str, configs: &[(&str, &str)]) -> (Vec<Manifest>, Diagnostics) {
    let program = compiled(text).expect("it compiles");
    let configs = configs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).to_owned()));
    let options = Options {
        configs: configs.collect(),
        ..Options::default()
    };
    let mut found = Diagnostics::default();
    (compile(&program, Target::Kubernetes, &options, &mut found), found)
}

#[test]
fn the_suite_becomes_what_stands_beside_it() {
    beside::hold(SUITE);
}

#[test]
fn clusters_take_every_manifest() {
    let Some(shared) = files::shared("the schemas of Kubernetes") else {
        return;
    };
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(shared.join("schemas/kubernetes").join(name))
            .expect("the shared folder has it");
        serde_json::from_str(&text).expect("it is JSON")
    };
    let (definitions, index) = (read("definitions-v1.36.0-strict.json"), read("gvk-index.json"));
    let suite = beside::suite(SUITE).into_iter().flat_map(|case| case.manifests);
    let all: Vec<Manifest> = suite.chain(made(SHOP, &[("team", "a")]).0).collect();
    let mut kinds = BTreeSet::new();
    for mut object in objects(&all) {
        let (version, kind) = (
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        );
        let name = index[format!("{version}/{kind}")]
            .as_str()
            .expect("the kind is known");
        let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": definitions["$defs"] });
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        let faults = |object: &Value| {
            validator
                .iter_errors(object)
                .map(|error| error.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(faults(&object), Vec::<String>::new(), "{object:#}");
        kinds.insert(kind.to_owned());
        object["nothing"] = 3.into();
        assert_eq!(
            faults(&object).len(),
            1,
            "a schema that takes anything shows nothing"
        );
    }
    let wanted = [
        "ConfigMap",
        "Deployment",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted);
}

/// The pods beside what a mesh gets, and the Job with the tests.
fn in_mesh(target: Target) -> Vec<Value> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let world = files::Folder {
        root: files::top().join("workload"),
        instead: Some(("shop.flow".to_owned(), SHOP.to_owned())),
    };
    let program =
        flowmesh_frontend::compile(&world, "shop.flow", &mut sources, &mut found).expect("it compiles");
    let workload = Workload {
        tests: true,
        ..Workload::default()
    };
    let options = Options {
        configs: [("team".into(), "a".to_owned())].into(),
        interpreter_fills: true,
        pods: true,
        sources: Some(&sources),
        workload,
        ..Options::default()
    };
    objects(&compile(&program, target, &options, &mut found))
}

#[test]
fn pods_are_in_the_mesh_that_is_written_beside_them() {
    let inject = "consul.hashicorp.com/connect-inject";
    let excluded = "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports";
    let service = "consul.hashicorp.com/connect-service";
    let cases = [
        (
            Target::GatewayApi,
            json!({}),
            None,
            [7700, 7701].as_slice(),
            false,
            None,
        ),
        (
            Target::Istio,
            json!({ "labels": { "sidecar.istio.io/inject": "true" } }),
            Some("istio-system"),
            &[7700, 7701],
            false,
            Some(json!({ "labels": { "sidecar.istio.io/inject": "false" } })),
        ),
        (
            Target::Linkerd,
            json!({ "annotations": { "linkerd.io/inject": "enabled" } }),
            Some("linkerd"),
            &[7700, 7701, 4143],
            false,
            Some(json!({ "annotations": { "linkerd.io/inject": "disabled" } })),
        ),
        (
            Target::Consul,
            json!({ "annotations": { inject: "true", service: "flowmesh", excluded: "7700,7701" } }),
            Some("consul"),
            &[7700, 7701, 20_000],
            true,
            Some(json!({ "annotations": { inject: "false" } })),
        ),
    ];
    for (target, known, leads, heard, token, apart) in cases {
        let objects = in_mesh(target);
        let template = &of_kind(&objects, "StatefulSet")["spec"]["template"];
        let mut metadata = template["metadata"].clone();
        for own in ["app", "app.kubernetes.io/name"] {
            assert!(metadata["labels"].as_object_mut().unwrap().remove(own).is_some());
        }
        metadata
            .as_object_mut()
            .unwrap()
            .retain(|_, map| !map.as_object().unwrap().is_empty());
        assert_eq!(metadata, known, "{target}");
        assert_eq!(
            template["spec"]["automountServiceAccountToken"], token,
            "{target}"
        );
        let policy = &of_kind(&objects, "NetworkPolicy")["spec"];
        let ports = policy["ingress"][0]["ports"].as_array().unwrap();
        let ports: Vec<u64> = ports.iter().map(|port| port["port"].as_u64().unwrap()).collect();
        assert_eq!(ports, heard, "{target}");
        let to = |name: &str| {
            let one =
                json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } }]);
            policy["egress"]
                .as_array()
                .unwrap()
                .iter()
                .any(|rule| rule["to"] == one)
        };
        for name in ["istio-system", "linkerd", "consul"] {
            assert_eq!(to(name), leads == Some(name), "{target} {name}");
        }
        let job = &of_kind(&objects, "Job")["spec"]["template"];
        assert_eq!(job.get("metadata"), apart.as_ref(), "{target}");
    }
}

#[test]
fn pods_may_do_as_little_as_possible_and_know_no_secret() {
    let (manifests, _) = made(SHOP, &[("team", "a")]);
    let objects = objects(&manifests);
    let pods = &of_kind(&objects, "StatefulSet")["spec"];
    assert_eq!(pods["replicas"], 1, "runs are kept by one process");
    let pod = &pods["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let container = &pod["containers"][0];
    let context = &container["securityContext"];
    assert_eq!(
        (
            &context["readOnlyRootFilesystem"],
            &context["allowPrivilegeEscalation"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(context["capabilities"]["drop"], json!(["ALL"]));
    let own = json!({ "fieldRef": { "fieldPath": "metadata.namespace" } });
    assert_eq!(
        container["env"],
        json!([{ "name": "TEAM", "value": "a" }, { "name": "POD_NAMESPACE", "valueFrom": own }])
    );
    let volumes = pod["volumes"].as_array().unwrap();
    let secrets: Vec<&Value> = volumes
        .iter()
        .map(|volume| &volume["secret"]["secretName"])
        .filter(|name| !name.is_null())
        .collect();
    let program = compiled(SHOP).unwrap();
    assert_eq!(
        secrets,
        ["files", "secrets", "tokens"]
            .map(|name| json!(format!("{}-{name}", program.name)))
            .iter()
            .collect::<Vec<_>>()
    );
    assert!(!objects.iter().any(|object| object["kind"] == "Secret"));
    let read_only = container["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mount| mount["readOnly"] != true);
    assert_eq!(
        read_only.map(|mount| &mount["name"]).collect::<Vec<_>>(),
        [&json!("runs")]
    );
}

#[test]
fn a_limit_that_is_shared_has_a_server_that_counts_it() {
    let pods = |shared: &str| {
        let text = format!(
            r#"
service echo {{ at: "dns://echo.shop.svc.cluster.local:8080" }}
gateway door {{
  listen: "http://0.0.0.0:8080"
  limit: {{ rate: 100/s{shared} }}
  any "/**" -> echo
}}
allow gateway door to echo
"#
        );
        let objects = objects(&made(&text, &[]).0);
        let pods = objects
            .iter()
            .find(|object| !object["spec"]["template"].is_null())
            .expect("there are pods");
        let args = &pods["spec"]["template"]["spec"]["containers"][0]["args"];
        (pods["kind"].clone(), args[2].clone())
    };
    assert_eq!(pods(""), (json!("Deployment"), json!("gateway")));
    assert_eq!(pods(", shared: true"), (json!("StatefulSet"), json!("serve")));
}

#[test]
fn the_program_stands_in_a_map_that_is_another_for_another_program() {
    let map = |text: &str| {
        let objects = objects(&made(text, &[("team", "a")]).0);
        let map = of_kind(&objects, "ConfigMap");
        let pod = &of_kind(&objects, "StatefulSet")["spec"]["template"]["spec"];
        assert_eq!(pod["volumes"][0]["configMap"]["name"], map["metadata"]["name"]);
        let program = flowmesh_ir::json::load(map["data"]["program.json"].as_str().unwrap().as_bytes())
            .expect("it is a program");
        assert_eq!(
            Ok(program.hash()),
            compiled(text).map(|program| program.hash()).ok_or(())
        );
        map["metadata"]["name"].clone()
    };
    assert_ne!(map(SHOP), map(&SHOP.replace("/charges/", "/payments/")));
    assert_eq!(map(SHOP), map(SHOP));
}

#[test]
fn a_value_that_nobody_gives_is_missed_before_the_pod_misses_it() {
    let (manifests, found) = made(SHOP, &[]);
    assert!(manifests.is_empty());
    let said: Vec<&str> = found
        .sorted()
        .into_iter()
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(
        said,
        ["the program depends on the config `team`, which has no value yet"]
    );
}

#[test]
fn the_cluster_puts_nothing_into_values_and_takes_the_namespace() {
    let (manifests, _) = made(SHOP, &[("team", "a$(HOME)")]);
    let objects = objects(&manifests);
    let pod = &of_kind(&objects, "StatefulSet")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["env"][0]["value"], "a$$(HOME)");
    let mut options = Options::default();
    options.workload.namespace = "No Name".to_owned();
    let mut found = Diagnostics::default();
    let program = compiled(&SHOP.replace("config team: string", "")).expect("it compiles");
    assert!(compile(&program, Target::Kubernetes, &options, &mut found).is_empty());
    assert!(found.has_errors());
}
