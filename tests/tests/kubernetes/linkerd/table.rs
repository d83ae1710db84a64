//! The table says what the emitters do: whatever is not held is refused, what is held in part is said, and what is held whole
//! passes without a word.

use flowmesh_diagnostics::{Code, Diagnostics};
use flowmesh_kubernetes::{Holds, Options, Target, capabilities, compile};
use flowmesh_tests::fuzz::compiled;

/// A setting as the tables call it, and how a service says it.
const SAID: [(&str, &str); 31] = [
    ("timeout", "timeout: { attempt: 1s, total: 2s }"),
    ("timeout.idle", "timeout: { idle: 10s }"),
    (
        "retry",
        "retry: { attempts: 2, on: [connect, 5xx, timeout, 429] }",
    ),
    (
        "retry.backoff",
        "retry: { attempts: 2, on: [connect], backoff: exponential(50ms, max: 3s) }",
    ),
    (
        "retry.budget",
        "retry: { attempts: 2, on: [connect], budget: 40% }",
    ),
    ("retry.on", "retry: { attempts: 2, on: [Missing] }"),
    ("balance", "balance: round_robin"),
    ("balance: weights", "balance: weights([1])"),
    ("balance: ring_hash", "balance: ring_hash(request.path)"),
    ("sticky", "sticky: { cookie: \"at\", ttl: 1h }"),
    ("hedge", "hedge: { after: 200ms, most: 2 }"),
    ("breaker", "breaker: { failures: 5, within: 10s, open: 30s }"),
    (
        "breaker.rate",
        "breaker: { rate: 50% of 20, within: 10s, open: 30s }",
    ),
    (
        "breaker.slow_start",
        "breaker: { failures: 5, within: 10s, open: 30s, slow_start: 1m }",
    ),
    ("limit", "limit: { concurrent: 5, queue: 3 }"),
    ("limit.rate", "limit: { rate: 5/s }"),
    ("limit.adaptive", "limit: { adaptive: true }"),
    ("limit.per", "limit: { rate: 5/s, per: request.path }"),
    ("priority", "priority: low"),
    ("health", "health: { GET \"/healthz\", every: 5s, unhealthy: 3 }"),
    ("tls", "tls: { mode: mutual, workload: true }"),
    ("failover", "failover: other"),
    ("mirror", "mirror: { to: other, share: 10% }"),
    ("cors", "cors: { origins: [\"https://shop.example.com\"] }"),
    ("auth", "auth: bearer(token)"),
    ("fault", "fault: { status: 503, share: 1% }"),
    ("headers", "headers: { x_team: \"shop\" }"),
    ("rewrite", "rewrite: { prefix: \"/v2\" }"),
    ("cache", "cache: { age: 30s }"),
    ("trace", "trace: { sample: 10% }"),
    // Certificates of its own are something else than the mesh's.
    ("", "tls: simple"),
];

/// What is found in a program, setting by setting.
fn found(text: &str, options: &Options<'_>) -> Diagnostics {
    let program = compiled(text).unwrap_or_else(|| panic!("{text} compiles"));
    let mut found = Diagnostics::default();
    compile(&program, Target::Linkerd, options, &mut found);
    found
}

fn service(said: &str) -> String {
    format!(
        "secret token\nerror Missing\nservice other {{ at: \"dns://other.shop.svc:80\" }}\nservice s {{\n  \
         at: \"dns://s.shop.svc:80\"\n  {said}\n  op read() -> json fails Missing = GET \"/\" {{ on 404: Missing }}\n}}\n"
    )
}

#[test]
fn the_table_is_what_is_done() {
    let table = capabilities(Target::Linkerd);
    for (setting, said) in SAID {
        let found = found(&service(said), &Options::default());
        let found = found.sorted();
        let Some(line) = table.iter().find(|line| line.setting == setting) else {
            assert!(
                setting.is_empty() && found[0].code == Code(714),
                "{setting}: {found:?}"
            );
            continue;
        };
        let of_it = found
            .iter()
            .filter(|found| found.message.contains(&format!("`{setting}`")));
        let codes: Vec<Code> = of_it.map(|found| found.code).collect();
        match line.holds {
            Holds::Whole => assert_eq!(found.len(), 0, "{setting}: {found:?}"),
            Holds::Part => assert_eq!(codes, [Code(717)], "{setting}: {found:?}"),
            Holds::Not | Holds::Experimental => {
                assert!(codes.len() == 1 && codes[0] != Code(717), "{setting}: {found:?}")
            }
        }
        assert_eq!(line.how.is_empty(), line.holds == Holds::Whole, "{setting}");
    }
}

#[test]
fn what_is_not_held_is_left_to_the_interpreter_where_it_fills() {
    let options = Options {
        interpreter_fills: true,
        ..Options::default()
    };
    for (setting, said) in SAID {
        let found = found(&service(said), &options);
        assert!(!found.has_errors(), "{setting}: {:?}", found.sorted());
    }
}

#[test]
fn what_is_said_of_visitors_and_the_whole_mesh_is_refused_or_held() {
    let cases = [
        (
            "gateway",
            "gateway front { listen: \"http://0.0.0.0:80\"\n any \"/**\" -> s }",
        ),
        ("mesh: trace", "mesh { trace: { sample: 10% } }"),
        ("mesh: limit", "mesh { limit: { concurrent: 100 } }"),
        ("mesh: mtls", "mesh { mtls: strict }"),
        ("allow, deny", "allow other to s"),
    ];
    let table = capabilities(Target::Linkerd);
    for (setting, said) in cases {
        let line = table.iter().find(|line| line.setting == setting).expect(setting);
        let found = found(&format!("{}{said}\n", service("")), &Options::default());
        let found = found.sorted();
        let codes: Vec<Code> = found.iter().map(|found| found.code).collect();
        let code = match line.holds {
            Holds::Not | Holds::Experimental => Code(714),
            Holds::Part | Holds::Whole => Code(717),
        };
        assert_eq!(codes, [code], "{setting}: {found:?}");
    }
}
