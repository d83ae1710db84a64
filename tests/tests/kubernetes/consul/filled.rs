//! What Consul cannot hold may be left to the interpreter, and the objects say so; and what one chain cannot be is refused.

use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::service::Binding;
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use flowmesh_tests::fuzz::compiled;
use std::sync::Arc;

const PROGRAM: &str = r#"
service other { at: "dns://other.shop.svc:80" }
service s {
  at: "dns://s.shop.svc:80"
  mirror: { to: other, share: 10% }
  rewrite: { prefix: "/v2" }
  op find(id: string) -> json = GET "/items/{id}" { timeout: { attempt: 1s, total: 1s } }
  op all() -> json = GET "/items" { timeout: { idle: 3s } }
}
service partner { at: "https://api.example.com", headers: { x_team: "shop" } }
"#;

fn made(fills: bool) -> (Vec<Manifest>, Vec<String>) {
    let program = compiled(PROGRAM).expect("it compiles");
    let options = Options {
        interpreter_fills: fills,
        ..Options::default()
    };
    let mut found = Diagnostics::default();
    let manifests = compile(&program, Target::Consul, &options, &mut found);
    let errors = found
        .sorted()
        .into_iter()
        .filter(|found| found.severity == flowmesh_diagnostics::Severity::Error)
        .map(|found| format!("{} {}", found.code, found.message));
    (manifests, errors.collect())
}

#[test]
fn each_is_refused_or_named() {
    let refused = [
        "F0714 the target `consul` cannot hold `mirror`",
        "F0703 the target `consul` cannot hold `timeout.idle`",
        "F0714 the target `consul` cannot hold this of `rewrite`: a path with a parameter that is told from others is not rewritten",
        "F0714 the target `consul` cannot hold `headers` for a service outside of the cluster",
    ];
    let mut errors = made(false).1;
    for wanted in refused {
        let at = errors.iter().position(|error| error == wanted);
        errors.remove(at.unwrap_or_else(|| panic!("{wanted} in {errors:?}")));
    }
    assert_eq!(errors, Vec::<String>::new());
    let (manifests, errors) = made(true);
    assert_eq!(errors, Vec::<String>::new());
    let text = |path: &str| {
        let found = manifests.iter().find(|manifest| manifest.path == path);
        &found.unwrap_or_else(|| panic!("{path} is there")).yaml
    };
    let named = "flowmesh/interpreter: mirror, timeout.idle of all, rewrite\n";
    for path in ["50-servicerouter-s.yaml", "30-serviceresolver-s.yaml"] {
        assert!(text(path).contains(named), "{}", text(path));
    }
    let outside = text("20-servicedefaults-partner.yaml");
    assert!(outside.contains("flowmesh/interpreter: headers\n"), "{outside}");
    // What is rewritten where it can be is rewritten there.
    assert!(text("50-servicerouter-s.yaml").contains("prefixRewrite: /v2/items\n"));
}

#[test]
fn a_service_has_one_protocol() {
    let mut program = compiled(PROGRAM).expect("it compiles");
    let mut protocols = Vec::new();
    for number in [1, 0] {
        Arc::make_mut(&mut program.services[1]).operations[number].binding = Binding::Grpc {
            service: "shop.Items".to_owned(),
            method: format!("Method{number}"),
        };
        let mut found = Diagnostics::default();
        let options = Options {
            interpreter_fills: true,
            ..Options::default()
        };
        let manifests = compile(&program, Target::Consul, &options, &mut found);
        let defaults = manifests
            .iter()
            .find(|manifest| manifest.path == "20-servicedefaults-s.yaml");
        let protocol = defaults.map(|manifest| manifest.yaml.contains("protocol: grpc\n"));
        protocols.push((found.has_errors(), protocol));
    }
    assert_eq!(protocols, [(true, None), (false, Some(true))]);
}
