//! Rules about claims must mean to Consul what they mean to the program: a visitor comes to a service by a gateway where the
//! rules let them, and nobody else does, whatever the installation says of those whom no intention names.

use super::{
    read,
    reader::{self, Request},
    visitors::{self, Visit},
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{
    GatewayId, Name, Program, ServiceId, Value as Known,
    access::{What, Who},
    expr::Expr,
};
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_machine::{Context, Settings, evaluate};
use flowmesh_mesh::decide::access::{Verdict, judge};
use flowmesh_tests::fuzz::compiled;
use serde_json::{Value, json};

/// The rules that are tried, three together: what they say, and whether they are about claims, and about a part of `one`.
const RULES: [(&str, bool, bool); 13] = [
    ("allow gateway front to one", false, false),
    ("allow gateway front to two", false, false),
    ("allow main to one, two", false, false),
    (
        "allow gateway front to one when caller.claims.role == \"admin\" as json",
        true,
        false,
    ),
    (
        "allow gateway front to one when \"admin\" as json == caller.claims.role and caller.claims.realm.team == \"a\" as json",
        true,
        false,
    ),
    (
        "allow anyone to one when caller.claims.role == \"owner\" as json or caller.claims.role == \"admin\" as json",
        true,
        false,
    ),
    (
        "allow gateway front to one, two when caller.claims.realm[\"team\"] == \"a\" as json",
        true,
        false,
    ),
    (
        "allow gateway front to one when caller.claims.role == \"admin\" as json and caller.claims.role == \"owner\" as json",
        true,
        false,
    ),
    (
        "allow main to one when caller.claims.role == \"admin\" as json",
        false,
        false,
    ),
    (
        "deny gateway front to one when request.header(\"x\") == \"a\"",
        false,
        false,
    ),
    ("deny anyone to two", false, false),
    ("allow gateway front to one.read", false, true),
    (
        "allow gateway front to one when request.header(\"x\") == \"a\"",
        false,
        true,
    ),
];

fn program(rules: &[(&str, bool, bool)]) -> Program {
    let rules: Vec<&str> = rules.iter().map(|(rule, ..)| *rule).collect();
    let text = format!(
        r#"
service one {{ at: "dns://one.shop.svc:80"
  op read(id: string) -> json = GET "/one/{{id}}"
}}
service two {{ at: "dns://two.shop.svc:80" }}
flow main(id: string) -> string {{ return id }}
gateway front {{
  listen: "http://0.0.0.0:80"
  jwt: {{ issuer: "https://id.example.com", audience: "shop", keys: "https://id.example.com/keys" }}
  any "/one/**" -> one
  any "/two/**" -> two
}}
{}
"#,
        rules.join("\n")
    );
    compiled(&text).unwrap_or_else(|| panic!("{text}"))
}

/// What visitors show; the last are lists, which are no texts.
fn tokens() -> Vec<Option<Value>> {
    let claims = [
        json!({}),
        json!({ "role": "admin" }),
        json!({ "role": "owner", "realm": "a" }),
        json!({ "role": "guest", "realm": { "team": "a" } }),
        json!({ "role": "admin", "realm": { "team": "a" } }),
        json!({ "role": "admin owner", "realm": { "team": "b" } }),
        json!({ "role": 5, "realm": { "team": null } }),
        json!({ "role": ["admin"], "realm": { "team": ["a", "b"] } }),
    ];
    [None].into_iter().chain(claims.map(Some)).collect()
}

/// Whether the program lets a visitor to a service.
fn may(program: &Program, service: u32, header: Option<&str>, token: &Value) -> bool {
    let is = |who: &Who| matches!(who, Who::Anyone) || *who == Who::Gateway(GatewayId(0));
    let headers = header.map(|header| (Name::from("x"), Known::string(header)));
    let headers = Known::record(headers.into_iter().collect());
    let one = |name: &str, value: Known| Known::record([(Name::from(name), value)].into_iter().collect());
    let mut holds = |_: usize, condition: &Expr| {
        let mut context = Context {
            request: Some(one("headers", headers.clone())),
            caller: Some(one("claims", Known::Json(token.to_string().into()))),
            ..Context::default()
        };
        match evaluate(
            program,
            &Settings::default(),
            condition,
            &mut Vec::new(),
            &mut context,
        ) {
            Ok(Known::Bool(holds)) => Some(holds),
            _ => None,
        }
    };
    let what = What::Service(ServiceId(service));
    let verdict = judge((&program.access, program.mesh.access), what, &is, &mut holds);
    matches!(verdict, Verdict::Allowed(_))
}

#[test]
fn visitors_come_to_what_the_rules_let_them() {
    let (mut seen, mut held, mut refused) = ([0, 0], 0, 0);
    let all = 0..RULES.len();
    let triples = all.clone().flat_map(|one| {
        let all = all.clone();
        all.clone()
            .flat_map(move |two| all.clone().map(move |three| [one, two, three]))
    });
    for picked in triples.filter(|[one, two, three]| one <= two && two <= three) {
        let rules = picked.map(|number| RULES[number]);
        let program = program(&rules);
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::Consul, &Options::default(), &mut found);
        let has = |is: &dyn Fn(&(&str, bool, bool)) -> bool| rules.iter().any(is);
        let opened = has(&|(rule, ..)| *rule == RULES[0].0);
        let unsaid = !opened && has(&|(_, claims, _)| *claims) && has(&|(.., part)| *part);
        assert_eq!(found.has_errors(), unsaid, "{rules:?}\n{:?}", found.sorted());
        if unsaid {
            refused += 1;
            continue;
        }
        held += 1;
        let objects = read(manifests);
        for (service, name, path) in [(0, "one", "/one/7"), (1, "two", "/two/7")] {
            // Of whom no rule says anything, the installation does.
            let mut what = program.access.iter().flat_map(|rule| &rule.what);
            if !what.any(|what| matches!(what, What::Service(id) | What::Operation(id, _) if id.0 == service))
            {
                continue;
            }
            for header in [None, Some("a")] {
                let visit = Visit {
                    host: "shop.example.org",
                    method: "GET",
                    path,
                    header,
                };
                let rule = visitors::rule(&objects, &visit);
                let request = Request {
                    method: "GET",
                    path,
                    header,
                };
                for token in tokens() {
                    let token = token.as_ref();
                    let passes = reader::passes(&objects, ("front", "http-80"), rule, token);
                    let here = token.is_some_and(|token| may(&program, service, header, token));
                    for installation in [true, false] {
                        let caller = ("front", token);
                        let there = passes && reader::may_with(&objects, name, caller, request, installation);
                        let place = || format!("{name} {header:?} {token:?} under {rules:?}\n{objects:#?}");
                        // A list is not the text that is in it; that Consul takes it for one is said in the table.
                        match token.is_some_and(|token| token["role"].is_array()) {
                            true => assert!(there || !here, "{}", place()),
                            false => {
                                // Who asks for a part of a service is let to that part, too.
                                let part = has(&|(rule, ..)| rule.ends_with("one.read")) && service == 0;
                                assert!(here == there || (part && there), "{}", place());
                                seen[usize::from(here)] += 1;
                            }
                        }
                        if token.is_none() {
                            assert!(!passes, "{}", place());
                        }
                    }
                }
            }
        }
    }
    assert!(held > 200 && refused > 50, "{held} are held, {refused} refused");
    assert!(seen.iter().all(|count| *count > 1_000), "{seen:?}");
}

#[test]
fn whoever_is_no_visitor_has_no_claims() {
    let program = program(&[RULES[3], RULES[8], RULES[1]]);
    let objects = super::objects(&program);
    let request = Request {
        method: "GET",
        path: "/one/7",
        header: None,
    };
    let token = json!({ "role": "admin" });
    for installation in [true, false] {
        let may = |caller| reader::may_with(&objects, "one", (caller, Some(&token)), request, installation);
        assert!(may("front"));
        assert!(!may("flowmesh") && !may("web"));
    }
}
