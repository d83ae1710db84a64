//! Rules must mean to Istio what they mean to the program: whoever may call something here may there, and nobody else.

use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::{What, Who},
    expr::Expr,
    service::{Binding, Method},
};
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_mesh::decide::access::{Verdict, judge};
use flowmesh_tests::fuzz::compiled;
use serde_json::Value;
use std::sync::Arc;

/// The rules that are tried, one by one and two together. Conditions are all on the one header.
pub(crate) const RULES: [&str; 11] = [
    "allow anyone to payments",
    "allow web to payments",
    "allow checkout to payments",
    "allow checkout, web to payments.charge",
    "allow anyone to payments.read",
    "allow \"spiffe://cluster.local/ns/ops/sa/*\" to payments.refund",
    "allow anyone to payments.refund when request.header(\"x\") == \"a\"",
    "deny web to payments",
    "deny anyone to payments.refund",
    "deny web to payments.charge when request.header(\"x\") == \"a\"",
    "deny \"spiffe://cluster.local/ns/ops/sa/*\" to payments.read",
];

/// Who calls, as the program and as Istio knows them.
pub(crate) const CALLERS: [(&str, &str); 4] = [
    ("web", "cluster.local/ns/shop/sa/web"),
    ("checkout", "cluster.local/ns/shop/sa/flowmesh"),
    (
        "spiffe://cluster.local/ns/ops/sa/ann",
        "cluster.local/ns/ops/sa/ann",
    ),
    ("spiffe://cluster.local/ns/x/sa/y", "cluster.local/ns/x/sa/y"),
];

pub(crate) const OPERATIONS: [(&str, &str); 3] = [
    ("POST", "/charges"),
    ("POST", "/charges/7/refund"),
    ("GET", "/charges/7"),
];

pub(crate) fn program(rules: &[&str]) -> Program {
    let text = format!(
        r#"
service web {{ at: "dns://web.shop.svc:80" }}
service payments {{
  at: "dns://payments.shop.svc:8080"
  op charge(id: string) -> json = POST "/charges" {{ body: id }}
  op refund(id: string) -> json = POST "/charges/{{id}}/refund"
  op read(id: string) -> json = GET "/charges/{{id}}"
}}
flow checkout(id: string) -> string {{ return id }}
{}
"#,
        rules.join("\n")
    );
    compiled(&text).unwrap_or_else(|| panic!("{rules:?} compile"))
}

/// What the program says.
fn may(program: &Program, caller: &str, operation: u32, header: Option<&str>) -> bool {
    let is = |who: &Who| match who {
        Who::Anyone => true,
        Who::Service(_) => caller == "web",
        Who::Flow(_) => caller == "checkout",
        Who::Identity(text) => match text.strip_suffix('*') {
            Some(start) => caller.starts_with(start),
            None => caller == text,
        },
        Who::Gateway(_) => false,
    };
    let mut holds = |_: usize, _: &Expr| Some(header == Some("a"));
    let what = What::Operation(ServiceId(1), OperationId(operation));
    let verdict = judge((&program.access, program.mesh.access), what, &is, &mut holds);
    matches!(verdict, Verdict::Allowed(_))
}

/// A request as Istio sees it.
pub(crate) struct Request<'r> {
    pub(crate) principal: &'r str,
    pub(crate) method: &'r str,
    pub(crate) path: &'r str,
    pub(crate) header: Option<&'r str>,
}

/// Whether one of some values fits, where there are any.
fn any(values: &Value, fits: impl Fn(&str) -> bool) -> bool {
    let Some(values) = values.as_array() else {
        return true;
    };
    values
        .iter()
        .any(|value| fits(value.as_str().expect("values are texts")))
}

/// Istio's words: a `*` at the end is anything, a `{*}` a segment.
fn fits(pattern: &str, text: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return text.starts_with(start);
    }
    let (wanted, found): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), text.split('/').collect());
    wanted.len() == found.len()
        && wanted
            .iter()
            .zip(found)
            .all(|(wanted, found)| *wanted == "{*}" || *wanted == found)
}

fn holds(rule: &Value, request: &Request<'_>) -> bool {
    let from = |from: &Value| any(&from["source"]["principals"], |it| fits(it, request.principal));
    let to = |to: &Value| {
        let operation = &to["operation"];
        any(&operation["methods"], |it| it == request.method)
            && any(&operation["paths"], |it| fits(it, request.path))
            && any(&operation["ports"], |it| it == "8080")
    };
    let when = |when: &Value| {
        assert_eq!(when["key"], "request.headers[x]");
        request
            .header
            .is_some_and(|header| any(&when["values"], |it| it == header))
    };
    rule["from"].as_array().is_none_or(|all| all.iter().any(from))
        && rule["to"].as_array().is_none_or(|all| all.iter().any(to))
        && rule["when"].as_array().is_none_or(|all| all.iter().all(when))
}

/// Denials first; where there is a policy that allows, nothing else is.
pub(crate) fn lets(policies: &[Value], request: &Request<'_>) -> bool {
    let of = |action: &str| {
        policies
            .iter()
            .filter(|policy| policy["spec"]["action"] == action)
            .collect::<Vec<_>>()
    };
    let hit = |policy: &&Value| {
        let rules = policy["spec"]["rules"].as_array();
        rules.is_some_and(|rules| rules.iter().any(|rule| holds(rule, request)))
    };
    let (denials, allowances) = (of("DENY"), of("ALLOW"));
    !denials.iter().any(hit) && (allowances.is_empty() || allowances.iter().any(hit))
}

#[test]
fn whoever_may_here_may_there_and_nobody_else() {
    let mut seen = [0, 0];
    let pairs = RULES
        .iter()
        .flat_map(|one| RULES.iter().map(move |other| [*one, *other]));
    for rules in pairs {
        let program = program(&rules);
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::Istio, &Options::default(), &mut found);
        assert!(!found.has_errors(), "{:?}", found.sorted());
        let objects = manifests
            .iter()
            .map(|file| serde_saphyr::from_str::<Value>(&file.yaml).expect("it is YAML"));
        let policies: Vec<Value> = objects
            .filter(|object| object["kind"] == "AuthorizationPolicy")
            .collect();
        for (caller, principal) in CALLERS {
            for ((method, path), number) in OPERATIONS.into_iter().zip(0..) {
                for header in [None, Some("a"), Some("b")] {
                    let request = Request {
                        principal,
                        method,
                        path,
                        header,
                    };
                    let (here, there) = (may(&program, caller, number, header), lets(&policies, &request));
                    assert_eq!(
                        here, there,
                        "{caller} {method} {path} {header:?} under {rules:?}\n{policies:#?}"
                    );
                    seen[usize::from(here)] += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

#[test]
fn who_is_kept_from_a_method_of_grpc_is_kept_from_its_path() {
    let mut program = program(&["deny web to payments.read"]);
    let payments = Arc::make_mut(&mut program.services[1]);
    payments.operations[2].method = Method::Post;
    payments.operations[2].binding = Binding::Grpc {
        service: "shop.Payments".to_owned(),
        method: "Read".to_owned(),
    };
    let manifests = compile(
        &program,
        Target::Istio,
        &Options::default(),
        &mut Diagnostics::default(),
    );
    let denial = manifests
        .iter()
        .find(|file| file.yaml.contains("action: DENY"))
        .expect("there is one");
    assert!(denial.yaml.contains("- /shop.Payments/Read\n"), "{}", denial.yaml);
}
