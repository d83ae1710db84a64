//! Rules must mean to Consul what they mean to the program: whoever may call something here may there, and nobody else, and
//! whatever the installation says of those of whom nothing is said.

use super::{
    objects,
    reader::{self, Request},
};
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::{What, Who},
    expr::Expr,
};
use flowmesh_mesh::decide::access::{Verdict, judge};
use flowmesh_tests::fuzz::compiled;

/// The rules that are tried, one by one and two together. Conditions are all on the one header.
const RULES: [&str; 11] = [
    "allow anyone to payments",
    "allow web to payments",
    "allow checkout to payments",
    "allow checkout, web to payments.charge",
    "allow anyone to payments.read",
    "allow \"spiffe://1-2.consul/ns/default/dc/dc1/svc/ann\" to payments.refund",
    "allow anyone to payments.refund when request.header(\"x\") == \"a\"",
    "deny web to payments",
    "deny anyone to payments.refund",
    "deny web to payments.charge when request.header(\"x\") == \"a\"",
    "deny \"spiffe://1-2.consul/ns/default/dc/dc1/svc/ann\" to payments.read",
];

/// Who calls, as the program and as Consul knows them.
const CALLERS: [(&str, &str); 5] = [
    ("web", "web-blue"),
    ("web", "web-green"),
    ("checkout", "flowmesh"),
    ("spiffe://1-2.consul/ns/default/dc/dc1/svc/ann", "ann"),
    ("spiffe://1-2.consul/ns/default/dc/dc1/svc/bob", "bob"),
];

const OPERATIONS: [(&str, &str); 3] = [
    ("POST", "/charges"),
    ("POST", "/charges/7/refund"),
    ("GET", "/charges/7"),
];

fn program(rules: &[&str]) -> Program {
    let text = format!(
        r#"
service web {{
  at blue: "dns://web-blue.shop.svc:80"
  at green: "dns://web-green.shop.svc:80"
  route {{ else -> blue 50%, green 50% }}
}}
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
        Who::Identity(text) => caller == text,
        Who::Gateway(_) => false,
    };
    let mut holds = |_: usize, _: &Expr| Some(header == Some("a"));
    let what = What::Operation(ServiceId(1), OperationId(operation));
    let verdict = judge((&program.access, program.mesh.access), what, &is, &mut holds);
    matches!(verdict, Verdict::Allowed(_))
}

#[test]
fn whoever_may_here_may_there_and_nobody_else() {
    let mut seen = [0, 0];
    let pairs = RULES
        .iter()
        .flat_map(|one| RULES.iter().map(move |other| [*one, *other]));
    for rules in pairs {
        let program = program(&rules);
        let objects = objects(&program);
        for (caller, name) in CALLERS {
            for ((method, path), number) in OPERATIONS.into_iter().zip(0..) {
                for header in [None, Some("a"), Some("b")] {
                    let here = may(&program, caller, number, header);
                    for installation in [true, false] {
                        let request = Request { method, path, header };
                        let there = reader::may(&objects, "payments", name, request, installation);
                        assert_eq!(
                            here, there,
                            "{caller} {method} {path} {header:?} under {rules:?}\n{objects:#?}"
                        );
                        seen[usize::from(here)] += 1;
                    }
                }
            }
        }
    }
    assert!(seen.iter().sum::<usize>() > 10_000, "{seen:?}");
    assert!(seen.iter().all(|count| *count > 1_000), "{seen:?}");
}

#[test]
fn a_prefix_lets_nobody_to_what_only_looks_like_it() {
    let rule = "allow anyone to payments when request.path.starts_with(\"/charges/\")";
    let objects = objects(&program(&[rule]));
    for (path, lets) in [("/charges/7", true), ("/charges", false), ("/chargesx", false)] {
        let request = Request {
            method: "GET",
            path,
            header: None,
        };
        assert_eq!(
            reader::may(&objects, "payments", "bob", request, true),
            lets,
            "{path}"
        );
    }
}

#[test]
fn whom_no_rule_names_the_installation_may_let_in() {
    let objects = objects(&program(&["allow web to payments"]));
    let request = Request {
        method: "GET",
        path: "/",
        header: None,
    };
    for installation in [true, false] {
        let there = reader::may(&objects, "web-blue", "bob", request, installation);
        assert_eq!(there, installation);
    }
}
