//! The settings of a policy beside timeout, retry and balance, as the author would write them.

use super::{
    expr::Printer,
    value::{joined, millis, quoted},
};
use crate::{
    Name, Program,
    expr::Expr,
    policy::Policy,
    traffic::{
        Breaker, Cors, Fault, Health, Hedge, Limit, Mirror, Onward, Rewrite, Sharing, Sticky, Tls, Trace,
        Workload,
    },
};

/// One line for each that is set.
pub(super) fn settings(program: &Program, policy: &Policy) -> Vec<String> {
    let headers =
        (!policy.headers.is_empty()).then(|| format!("headers: {}", named(program, &policy.headers)));
    [
        policy.sticky.as_ref().map(|sticky| self::sticky(program, sticky)),
        policy.hedge.map(hedge),
        policy.breaker.as_ref().map(breaker),
        policy.limit.as_ref().map(|limit| self::limit(program, limit)),
        policy
            .priority
            .map(|priority| format!("priority: {}", priority.as_str())),
        policy.health.as_ref().map(health),
        policy.tls.as_ref().map(tls),
        policy
            .failover
            .map(|to| format!("failover: {}", onward(program, to))),
        policy.mirror.map(|mirror| self::mirror(program, mirror)),
        policy.fault.map(fault),
        headers,
        policy.rewrite.as_ref().map(rewrite),
        policy.cors.as_ref().map(cors),
        policy.cache.as_ref().map(|cache| {
            let mut parts = vec![format!("age: {}", millis(cache.age_ms))];
            texts(&mut parts, "vary", &cache.vary);
            record("cache", &parts)
        }),
        policy.trace.as_ref().map(|trace| self::trace(program, trace)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn record(name: &str, parts: &[String]) -> String {
    format!("{name}: {{ {} }}", parts.join(", "))
}

fn named(program: &Program, all: &[(Name, Expr)]) -> String {
    let printer = Printer::of_params(program, &[]);
    let one = |(name, expr): &(Name, Expr)| format!("{}: {}", super::value::key(name), printer.expr(expr));
    format!("{{ {} }}", joined(all.iter().map(one)))
}

fn texts(parts: &mut Vec<String>, name: &str, all: &[String]) {
    if !all.is_empty() {
        parts.push(format!(
            "{name}: [{}]",
            joined(all.iter().map(|text| quoted(text)))
        ));
    }
}

fn text(parts: &mut Vec<String>, name: &str, value: Option<&String>) {
    parts.extend(value.map(|value| format!("{name}: {}", quoted(value))));
}

fn sticky(program: &Program, sticky: &Sticky) -> String {
    let mut parts = vec![format!("cookie: {}", quoted(&sticky.cookie))];
    parts.extend(sticky.ttl_ms.map(|ms| format!("ttl: {}", millis(ms))));
    let secret = |id: crate::SecretId| program.secrets.get(id.index());
    parts.extend(sticky.key.and_then(secret).map(|name| format!("key: {name}")));
    record("sticky", &parts)
}

fn hedge(hedge: Hedge) -> String {
    format!(
        "hedge: {{ after: {}, most: {} }}",
        millis(hedge.after_ms),
        hedge.most
    )
}

fn breaker(breaker: &Breaker) -> String {
    let failures = breaker.failures.map(|failures| format!("failures: {failures}"));
    let rate = breaker
        .rate
        .map(|rate| format!("rate: {}% of {}", rate.percent, rate.of));
    let trip: Vec<String> = failures.into_iter().chain(rate).collect();
    let mut parts = vec![trip.join(" or ")];
    parts.push(format!("within: {}", millis(breaker.within_ms)));
    parts.push(format!("open: {}", millis(breaker.open_ms)));
    parts.extend(
        breaker
            .slow_start_ms
            .map(|ms| format!("slow_start: {}", millis(ms))),
    );
    record("breaker", &parts)
}

/// Also that of a gateway and of the mesh.
pub(super) fn limit(program: &Program, limit: &Limit) -> String {
    let mut parts = Vec::new();
    parts.extend(
        limit
            .rate
            .map(|rate| format!("rate: {} in {}", rate.count, millis(rate.per_ms))),
    );
    let numbers = [
        ("burst", limit.burst),
        ("concurrent", limit.concurrent),
        ("queue", limit.queue),
    ];
    parts.extend(
        numbers
            .into_iter()
            .filter_map(|(name, number)| Some(format!("{name}: {}", number?))),
    );
    parts.extend(limit.adaptive.then(|| "adaptive: true".to_owned()));
    let printer = Printer::of_params(program, &[]);
    parts.extend(limit.per.iter().map(|per| format!("per: {}", printer.expr(per))));
    parts.extend(limit.shared.map(|shared| match shared {
        Sharing::Parted => "shared: true".to_owned(),
        Sharing::Strict => "shared: strict".to_owned(),
    }));
    record("limit", &parts)
}

fn health(health: &Health) -> String {
    format!(
        "health: {{ {} {}, every: {}, timeout: {}, unhealthy: {}, healthy: {} }}",
        health.method.as_str(),
        quoted(&health.path),
        millis(health.every_ms),
        millis(health.timeout_ms),
        health.unhealthy,
        health.healthy
    )
}

/// Also that of a gateway.
pub(super) fn tls(tls: &Tls) -> String {
    let mut parts = vec![format!("mode: {}", if tls.mutual { "mutual" } else { "simple" })];
    text(&mut parts, "name", tls.name.as_ref());
    text(&mut parts, "identity", tls.identity.as_ref());
    text(&mut parts, "authority", tls.authority.as_ref());
    text(&mut parts, "certificate", tls.certificate.as_ref());
    text(&mut parts, "key", tls.key.as_ref());
    parts.extend(tls.workload.as_ref().map(|workload| match workload {
        Workload::Socket(socket) => format!("workload: {}", quoted(socket)),
        Workload::Environment => "workload: true".to_owned(),
    }));
    record("tls", &parts)
}

fn onward(program: &Program, to: Onward) -> String {
    match to {
        Onward::Service(id) => program
            .service(id)
            .map_or(format!("?{id}"), |service| service.name.to_string()),
        Onward::Subset(id) => format!("subset {id}"),
    }
}

fn mirror(program: &Program, mirror: Mirror) -> String {
    let to = onward(program, mirror.to);
    let writes = if mirror.writes { ", writes: true" } else { "" };
    format!("mirror: {{ to: {to}, share: {}%{writes} }}", mirror.percent)
}

fn fault(fault: Fault) -> String {
    let mut parts = Vec::new();
    parts.extend(fault.delay_ms.map(|ms| format!("delay: {}", millis(ms))));
    parts.extend(fault.status.map(|status| format!("status: {status}")));
    parts.push(format!("share: {}%", fault.percent));
    record("fault", &parts)
}

/// Also that of a route of a gateway.
pub(super) fn rewrite(rewrite: &Rewrite) -> String {
    let mut parts = Vec::new();
    text(&mut parts, "prefix", rewrite.prefix.as_ref());
    text(&mut parts, "host", rewrite.host.as_ref());
    record("rewrite", &parts)
}

/// Also that of a gateway.
pub(super) fn cors(cors: &Cors) -> String {
    let mut parts = Vec::new();
    texts(&mut parts, "origins", &cors.origins);
    texts(&mut parts, "methods", &cors.methods);
    texts(&mut parts, "headers", &cors.headers);
    parts.extend(cors.credentials.then(|| "credentials: true".to_owned()));
    parts.extend(cors.age_ms.map(|ms| format!("age: {}", millis(ms))));
    record("cors", &parts)
}

/// Also that of the mesh.
pub(super) fn trace(program: &Program, trace: &Trace) -> String {
    let percent = f64::from(trace.sample) / 100.0;
    let mut parts = vec![format!("sample: {percent}%")];
    if !trace.tags.is_empty() {
        parts.push(format!("tags: {}", named(program, &trace.tags)));
    }
    if !trace.propagate.is_empty() {
        let forms: Vec<&str> = trace.propagate.iter().map(|form| form.as_str()).collect();
        parts.push(format!("propagate: [{}]", forms.join(", ")));
    }
    record("trace", &parts)
}
