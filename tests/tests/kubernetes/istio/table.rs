//! The tables say what the emitters do: whatever is not held is refused, what is held in part is said, and what is held whole
//! passes without a word.

use flowmesh_diagnostics::{Code, Diagnostics};
use flowmesh_kubernetes::{Holds, Options, Target, capabilities, compile};
use flowmesh_tests::fuzz::compiled;

/// A setting as the tables call it, and how a service says it.
const SAID: [(&str, &str); 28] = [
    ("timeout", "timeout: { attempt: 1s, total: 2s }"),
    ("timeout.idle", "timeout: { idle: 10s }"),
    ("retry", "retry: { attempts: 2, on: [connect, 5xx] }"),
    (
        "retry.backoff",
        "retry: { attempts: 2, on: [connect], backoff: exponential(50ms, max: 3s) }",
    ),
    (
        "retry.budget",
        "retry: { attempts: 2, on: [connect], budget: 40% }",
    ),
    ("retry.on", "retry: { attempts: 2, on: [4xx] }"),
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
    ("limit.per", "limit: { concurrent: 5, per: request.path }"),
    ("priority", "priority: low"),
    ("health", "health: { GET \"/healthz\", every: 5s, unhealthy: 3 }"),
    ("tls", "tls: simple"),
    ("failover", "failover: other"),
    ("mirror", "mirror: { to: other, share: 10% }"),
    ("cors", "cors: { origins: [\"https://shop.example.com\"] }"),
    ("auth", "auth: bearer(token)"),
    ("fault", "fault: { status: 503, share: 1% }"),
    ("headers", "headers: { x_team: \"shop\" }"),
    ("rewrite", "rewrite: { prefix: \"/v2\" }"),
    ("cache", "cache: { age: 30s }"),
    ("trace", "trace: { sample: 10% }"),
];

#[test]
fn the_table_of_istio_is_what_is_done() {
    let table = capabilities(Target::Istio);
    for (setting, said) in SAID {
        let line = table.iter().find(|line| line.setting == setting).expect(setting);
        let program = format!(
            "secret token\nservice other {{ at: \"dns://other.shop.svc:80\" }}\nservice s {{\n  at: \"dns://s.shop.svc:80\"\n  {said}\n  op read() -> json = GET \"/\"\n}}\n"
        );
        let program = compiled(&program).unwrap_or_else(|| panic!("{said} compiles"));
        let mut found = Diagnostics::default();
        compile(&program, Target::Istio, &Options::default(), &mut found);
        let of_it = found
            .sorted()
            .into_iter()
            .filter(|found| found.message.contains(&format!("`{setting}`")));
        let codes: Vec<Code> = of_it.map(|found| found.code).collect();
        match line.holds {
            Holds::Whole => assert_eq!(found.sorted().len(), 0, "{setting}: {:?}", found.sorted()),
            Holds::Part => assert_eq!(codes, [Code(717)], "{setting}"),
            Holds::Not | Holds::Experimental => {
                assert!(codes.len() == 1 && codes[0] != Code(717), "{setting}: {codes:?}")
            }
        }
        assert_eq!(line.how.is_empty(), line.holds == Holds::Whole, "{setting}");
    }
}

#[test]
fn the_tables_have_the_same_lines() {
    let names = |target: Target| {
        capabilities(target)
            .into_iter()
            .map(|line| line.setting)
            .collect::<Vec<_>>()
    };
    for target in Target::ALL {
        assert_eq!(names(target), names(Target::Istio));
    }
}
