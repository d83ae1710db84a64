//! Rules must mean to Linkerd what they mean to the program: whoever may call something here may there, and nobody else.

use super::meaning::{Reading, taken};
use crate::meaning::Request;
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::{What, Who},
    expr::Expr,
};
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_mesh::decide::access::{Verdict, judge};
use flowmesh_tests::fuzz::compiled;
use serde_json::Value;

/// The rules that are tried, one by one, two and three together. Conditions are all on the one header.
const RULES: [&str; 14] = [
    "allow anyone to payments",
    "allow web to payments",
    "allow checkout to payments",
    "allow checkout, web to payments.charge",
    "allow anyone to payments.read",
    "allow web to payments.all",
    "allow \"spiffe://cluster.local/ns/ops/sa/*\" to payments.refund",
    "allow anyone to payments.refund when request.header(\"x\") == \"a\"",
    "allow \"spiffe://cluster.local/ns/ops/sa/ann\" to payments when request.header(\"x\") == \"b\"",
    "deny web to payments",
    "deny anyone to payments.refund",
    "deny web to payments.charge when request.header(\"x\") == \"a\"",
    "deny checkout to payments.read",
    "deny \"spiffe://cluster.local/ns/ops/sa/*\" to payments.read",
];

/// Who calls, as the program and as Linkerd knows them; who shows no certificate is nobody to it.
const CALLERS: [(&str, Option<&str>); 5] = [
    ("web", Some("web.shop")),
    ("checkout", Some("flowmesh.shop")),
    ("spiffe://cluster.local/ns/ops/sa/ann", Some("ann.ops")),
    ("spiffe://cluster.local/ns/x/sa/y", Some("y.x")),
    ("", None),
];

/// A request of each operation, and one of none.
const REQUESTS: [(&str, &str, Option<u32>); 5] = [
    ("POST", "/charges", Some(0)),
    ("POST", "/charges/7/refund", Some(1)),
    ("GET", "/charges/7", Some(2)),
    // A fixed path beside one with a parameter.
    ("GET", "/charges/all", Some(3)),
    ("GET", "/nothing", None),
];

fn program(rules: &[&str], strict: bool) -> Program {
    let mesh = if strict { "mesh { mtls: strict }" } else { "" };
    let text = format!(
        r#"
{mesh}
service web {{ at: "dns://web.shop.svc:80" }}
service payments {{
  at: "dns://payments.shop.svc:8080"
  op charge(id: string) -> json = POST "/charges" {{ body: id }}
  op refund(id: string) -> json = POST "/charges/{{id}}/refund"
  op read(id: string) -> json = GET "/charges/{{id}}"
  op all() -> json = GET "/charges/all"
}}
flow checkout(id: string) -> string {{ return id }}
{}
"#,
        rules.join("\n")
    );
    compiled(&text).unwrap_or_else(|| panic!("{rules:?} compile"))
}

/// What the program says.
fn may(program: &Program, caller: &str, operation: Option<u32>, header: Option<&str>) -> bool {
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
    let mut holds = |_: usize, condition: &Expr| {
        let wanted = if format!("{condition:?}").contains("\"b\"") {
            "b"
        } else {
            "a"
        };
        Some(header == Some(wanted))
    };
    let service = ServiceId(1);
    let what = match operation {
        Some(operation) => What::Operation(service, OperationId(operation)),
        None => What::Service(service),
    };
    let verdict = judge((&program.access, program.mesh.access), what, &is, &mut holds);
    matches!(verdict, Verdict::Allowed(_))
}

/// What Linkerd has in a namespace.
struct Cluster(Vec<Value>);

impl Cluster {
    fn of_kind(&self, kind: &str) -> Vec<Value> {
        self.0
            .iter()
            .filter(|object| object["kind"] == kind)
            .cloned()
            .collect()
    }

    fn named(&self, kind: &str, name: &Value) -> Value {
        let all = self.of_kind(kind);
        let found = all.into_iter().find(|object| object["metadata"]["name"] == *name);
        found.unwrap_or_else(|| panic!("{kind} {name} is there"))
    }

    /// Whether an authentication knows a caller.
    fn knows(&self, reference: &Value, caller: Option<&str>) -> bool {
        assert_eq!(reference["group"], "policy.linkerd.io");
        let kind = reference["kind"].as_str().expect("a kind");
        let spec = &self.named(kind, &reference["name"])["spec"];
        if kind == "NetworkAuthentication" {
            assert_eq!(spec["networks"][0]["cidr"], "0.0.0.0/0");
            return true;
        }
        let Some(caller) = caller else { return false };
        let identity = format!("{caller}.serviceaccount.identity.linkerd.cluster.local");
        let none = Vec::new();
        let identities = spec["identities"].as_array().unwrap_or(&none);
        let accounts = spec["identityRefs"].as_array().unwrap_or(&none);
        assert!(identities.is_empty() != accounts.is_empty(), "one of both");
        let is = |text: &Value| match text.as_str().expect("an identity").strip_prefix('*') {
            Some(end) => identity.ends_with(end),
            None => *text == identity,
        };
        let account = |it: &Value| {
            let part = |name: &str| it[name].as_str().expect("a text").to_owned();
            assert_eq!(part("kind"), "ServiceAccount");
            caller == format!("{}.{}", part("name"), part("namespace"))
        };
        identities.iter().any(is) || accounts.iter().any(account)
    }

    /// Whether a policy of one object lets a caller in: all that it requires must know them.
    fn lets(&self, kind: &str, name: &Value, caller: Option<&str>) -> bool {
        self.of_kind("AuthorizationPolicy").iter().any(|policy| {
            let (target, required) = (
                &policy["spec"]["targetRef"],
                &policy["spec"]["requiredAuthenticationRefs"],
            );
            let required = required.as_array().expect("a list");
            assert!(!required.is_empty(), "nothing required would let all in");
            target["kind"] == kind
                && target["name"] == *name
                && required.iter().all(|one| self.knows(one, caller))
        })
    }

    /// Whether the pods of payments take a request: without a Server all do; what no policy of its route or Server lets in is
    /// kept out, unless the Server says that others come in; what fits no route where there are some is too.
    fn takes(&self, request: &Request, caller: Option<&str>, reading: Reading) -> Vec<bool> {
        let servers = self.of_kind("Server");
        let is_of = |server: &&Value| server["spec"]["podSelector"]["matchLabels"]["app"] == "payments";
        let Some(server) = servers.iter().find(is_of) else {
            return vec![true];
        };
        let name = &server["metadata"]["name"];
        let open = match server["spec"]["accessPolicy"].as_str() {
            Some("deny") => false,
            Some("all-authenticated") => caller.is_some(),
            other => panic!("{other:?}"),
        };
        let here = open || self.lets("Server", name, caller);
        let of_it = |route: &Value| {
            let parent = &route["spec"]["parentRefs"][0];
            parent["kind"] == "Server" && parent["name"] == *name
        };
        let routes: Vec<Value> = self.of_kind("HTTPRoute").into_iter().filter(of_it).collect();
        if routes.is_empty() {
            return vec![here];
        }
        let found = taken(&routes, request, reading);
        if found.is_empty() {
            return vec![false];
        }
        let one = |(route, _): &(&Value, &Value)| {
            here || self.lets("HTTPRoute", &route["metadata"]["name"], caller)
        };
        found.iter().map(one).collect()
    }
}

#[test]
fn whoever_may_here_may_there_and_nobody_else() {
    let (mut seen, mut made, mut refused) = ([0, 0], 0, 0);
    let triples = RULES.iter().flat_map(|one| {
        let pairs = RULES.iter().map(move |other| (*one, *other));
        pairs.flat_map(|(one, other)| [vec![one, other], vec![one, other, RULES[2]]])
    });
    for (number, rules) in triples.enumerate() {
        let strict = number % 3 == 0;
        let program = program(&rules, strict);
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::Linkerd, &Options::default(), &mut found);
        if found.has_errors() {
            refused += 1;
            continue;
        }
        made += 1;
        let read = |yaml: &str| serde_saphyr::from_str::<Value>(yaml).expect("it is YAML");
        let cluster = Cluster(manifests.iter().map(|file| read(&file.yaml)).collect());
        for (caller, identity) in CALLERS {
            for (method, path, operation) in REQUESTS {
                for header in [None, Some("a"), Some("b"), Some("c")] {
                    let request = Request { method, path, header };
                    let certificate = !strict || identity.is_some();
                    let here = certificate && may(&program, caller, operation, header);
                    for reading in [Reading::Said, Reading::Done] {
                        for there in cluster.takes(&request, identity, reading) {
                            assert_eq!(
                                here, there,
                                "{caller} {method} {path} {header:?} under {rules:?} {reading:?}\n{:#?}",
                                cluster.0
                            );
                            seen[usize::from(here)] += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 5_000), "{seen:?}");
    assert!(made > 200 && refused > 20, "{made} made, {refused} refused");
}

/// The manifests of a program with rules that tell requests apart.
fn manifests(health: &str) -> String {
    let text = format!(
        "service web {{ at: \"dns://web.shop.svc:80\" }}\nservice s {{\n  at: \"dns://s.shop.svc:80\"\n  {health}\n  \
         op read() -> json = GET \"/read\"\n}}\nallow web to s.read\n"
    );
    let program = compiled(&text).expect("it compiles");
    let options = Options {
        interpreter_fills: true,
        ..Options::default()
    };
    let mut found = Diagnostics::default();
    let made = compile(&program, Target::Linkerd, &options, &mut found);
    assert!(!found.has_errors());
    made.into_iter().map(|manifest| manifest.yaml).collect()
}

#[test]
fn probes_come_in_where_the_program_says_where_they_ask_and_nowhere_else() {
    let health = |path: &str| format!("health: {{ GET \"{path}\", every: 5s, unhealthy: 3 }}");
    assert!(!manifests("").contains("probes"));
    let probed = manifests(&health("/healthz"));
    assert!(
        probed.contains("name: s-probes") && probed.contains("value: /healthz"),
        "{probed}"
    );
    assert!(
        !manifests(&health("/read")).contains("probes"),
        "an operation is no probe"
    );
}
