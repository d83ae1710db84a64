//! Gateways, access rules, schedules and migrations as the author would write them.

use super::{
    expr::Printer,
    policy,
    service::secret,
    traffic,
    value::{joined, millis, quoted},
};
use crate::{
    FlowId, OperationId, Program, ServiceId,
    access::{Mode, Mtls, Rule, What, Who},
    expr::Expr,
    gateway::{Gateway, Introspect, Login, Pass, Route, Segment, Target},
    program::Migration,
    schedule::{Schedule, When},
    ty::{Field, Type},
};

/// A gateway, its routes in the order of their precedence.
pub(super) fn gateway(program: &Program, gateway: &Gateway) -> String {
    let printer = Printer::of_params(program, &[]);
    let mut lines = vec![format!("listen: [{}]", printer.list(&gateway.listen))];
    if let Some(jwt) = &gateway.jwt {
        let optional = if jwt.optional { ", optional: true" } else { "" };
        let (issuer, keys) = (printer.expr(&jwt.issuer), printer.expr(&jwt.keys));
        let audience = printer.list(&jwt.audience);
        lines.push(format!(
            "jwt: {{ issuer: {issuer}, audience: [{audience}], keys: {keys}{optional} }}"
        ));
    }
    lines.extend(gateway.introspect.as_ref().map(|it| introspect(program, it)));
    lines.extend(gateway.login.as_ref().map(|it| login(program, it)));
    if let Some(keys) = &gateway.keys {
        let (file, header) = (quoted(&keys.file), quoted(&keys.header));
        let optional = if keys.optional { ", optional: true" } else { "" };
        lines.push(format!("keys: {{ file: {file}, header: {header}{optional} }}"));
    }
    if let Some(basic) = &gateway.basic {
        let optional = if basic.optional { ", optional: true" } else { "" };
        lines.push(format!("basic: {{ file: {}{optional} }}", quoted(&basic.file)));
    }
    lines.extend(gateway.limit.as_ref().map(|limit| traffic::limit(program, limit)));
    lines.extend(gateway.cors.as_ref().map(traffic::cors));
    lines.extend(gateway.tls.as_ref().map(traffic::tls));
    if gateway.trusted_hops > 0 {
        lines.push(format!("trusted_hops: {}", gateway.trusted_hops));
    }
    if gateway.proxied {
        lines.push("proxy_protocol: v2".to_owned());
    }
    let own = gateway.policy.and_then(|id| program.policy(id));
    lines.extend(own.into_iter().flat_map(|own| policy::settings(program, own)));
    lines.extend(gateway.routes.iter().map(|route| self::route(program, route)));
    lines.extend(gateway.passes.iter().map(|pass| self::pass(program, pass)));
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("gateway {} {{\n{body}}}", gateway.name)
}

fn introspect(program: &Program, introspect: &Introspect) -> String {
    let printer = Printer::of_params(program, &[]);
    let (at, client) = (printer.expr(&introspect.at), printer.expr(&introspect.client));
    let secret = secret(program, introspect.secret);
    let audience = match introspect.audience.as_slice() {
        [] => String::new(),
        all => format!(", audience: [{}]", printer.list(all)),
    };
    let optional = if introspect.optional {
        ", optional: true"
    } else {
        ""
    };
    format!("introspect: {{ at: {at}, client: {client}, secret: {secret}{audience}{optional} }}")
}

fn login(program: &Program, login: &Login) -> String {
    let printer = Printer::of_params(program, &[]);
    let mut parts = vec![
        format!("issuer: {}", printer.expr(&login.issuer)),
        format!("client: {}", printer.expr(&login.client)),
        format!("secret: {}", secret(program, login.secret)),
        format!("at: {}", printer.expr(&login.at)),
        format!("path: {}", quoted(&login.path)),
        format!("session: {}", millis(login.session_ms)),
    ];
    if !login.scopes.is_empty() {
        let scopes = joined(login.scopes.iter().map(|scope| quoted(scope)));
        parts.push(format!("scopes: [{scopes}]"));
    }
    parts.extend(login.key.map(|key| format!("key: {}", secret(program, key))));
    parts.extend(login.optional.then(|| "optional: true".to_owned()));
    format!("login: {{ {} }}", parts.join(", "))
}

fn route(program: &Program, route: &Route) -> String {
    let params: Vec<Field> = route
        .path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Param(name) => Some(Field {
                name: name.clone(),
                ty: Type::String,
                rule: None,
            }),
            _ => None,
        })
        .collect();
    let printer = Printer::of_params(program, &params);
    let method = route.method.map_or("any", |method| method.as_str());
    let condition = route.condition.as_ref().map_or(String::new(), |condition| {
        format!(" when {}", printer.expr(condition))
    });
    let mut own: Vec<String> = parts(route);
    own.extend(route.rewrite.iter().map(traffic::rewrite));
    let policy = route.policy.and_then(|id| program.policy(id));
    own.extend(policy.into_iter().flat_map(|own| policy::settings(program, own)));
    let own = if own.is_empty() {
        String::new()
    } else {
        format!(" {{ {} }}", own.join(", "))
    };
    let target = target(program, &printer, &route.target);
    format!("{method} \"{}\"{condition} -> {target}{own}", path(&route.path))
}

fn pass(program: &Program, pass: &Pass) -> String {
    let printer = Printer::of_params(program, &[]);
    let target = Target::Service {
        service: pass.service,
        subset: pass.subset,
    };
    let target = self::target(program, &printer, &target);
    let policy = pass.policy.and_then(|id| program.policy(id));
    let mut own: Vec<String> = policy
        .into_iter()
        .flat_map(|own| policy::settings(program, own))
        .collect();
    own.extend(pass.proxied.then(|| "proxy_protocol: v2".to_owned()));
    let own = match own.is_empty() {
        true => String::new(),
        false => format!(" {{ {} }}", own.join(", ")),
    };
    format!("tls {} -> {target}{own}", quoted(&pass.name))
}

/// What a route says of host and path in its settings.
fn parts(route: &Route) -> Vec<String> {
    let host = route.host.iter().map(|host| format!("host: {}", quoted(host)));
    let mut parts: Vec<String> = host.collect();
    let of_path = route.patterns.iter().filter(|pattern| pattern.of.is_none());
    parts.extend(of_path.map(|pattern| format!("path: {}", quoted(&pattern.regex))));
    let of_params = route.patterns.iter().filter_map(|pattern| {
        let name = pattern.of.as_ref()?;
        Some(format!("{name}: {}", quoted(&pattern.regex)))
    });
    let of_params = joined(of_params);
    if !of_params.is_empty() {
        parts.push(format!("params: {{ {of_params} }}"));
    }
    parts
}

fn path(path: &[Segment]) -> String {
    let one = |segment: &Segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Param(name) => format!("/{{{name}}}"),
        Segment::Any => "/*".to_owned(),
        Segment::Rest => "/**".to_owned(),
    };
    let text: String = path.iter().map(one).collect();
    if text.is_empty() { "/".to_owned() } else { text }
}

fn target(program: &Program, printer: &Printer<'_>, target: &Target) -> String {
    match target {
        Target::Flow {
            flow,
            arguments,
            wait,
        } => {
            let wait = if *wait { "await " } else { "" };
            format!(
                "{wait}{}({})",
                self::flow(program, *flow),
                printer.list(arguments)
            )
        }
        Target::Operation {
            service,
            operation,
            arguments,
        } => format!(
            "{}({})",
            self::operation(program, *service, *operation),
            printer.list(arguments)
        ),
        Target::Service { service, subset } => {
            let subset = subset.and_then(|id| program.service(*service)?.subsets.get(id.index()));
            let subset = subset.map_or(String::new(), |subset| format!(".{}", subset.name));
            format!("{}{subset}", self::service(program, *service))
        }
        Target::Redirect { to, status } => format!("redirect({}, status: {status})", printer.expr(to)),
    }
}

/// A rule.
pub(super) fn rule(program: &Program, rule: &Rule) -> String {
    let who = joined(rule.who.iter().map(|who| self::who(program, who)));
    let what = joined(rule.what.iter().map(|what| self::what(program, *what)));
    let condition: Option<&Expr> = rule.condition.as_ref();
    let condition = condition.map_or(String::new(), |condition| {
        format!(" when {}", Printer::of_params(program, &[]).expr(condition))
    });
    let word = if rule.allow { "allow" } else { "deny" };
    format!("{word} {who} to {what}{condition}")
}

fn who(program: &Program, who: &Who) -> String {
    match who {
        Who::Anyone => "anyone".to_owned(),
        Who::Gateway(id) => {
            let name = program.gateway(*id).map(|gateway| gateway.name.to_string());
            format!("gateway {}", name.unwrap_or(format!("?{id}")))
        }
        Who::Flow(id) => flow(program, *id),
        Who::Service(id) => service(program, *id),
        Who::Identity(text) => quoted(text),
    }
}

/// What is called, by its name.
pub fn what(program: &Program, what: What) -> String {
    match what {
        What::Flow(id) => flow(program, id),
        What::Service(id) => format!("{}.*", service(program, id)),
        What::Operation(service, operation) => self::operation(program, service, operation),
    }
}

fn flow(program: &Program, id: FlowId) -> String {
    program
        .flow(id)
        .map_or(format!("?{id}"), |flow| flow.name.to_string())
}

fn service(program: &Program, id: ServiceId) -> String {
    program
        .service(id)
        .map_or(format!("?{id}"), |service| service.name.to_string())
}

fn operation(program: &Program, service: ServiceId, operation: OperationId) -> String {
    let found = program
        .service(service)
        .and_then(|service| service.operations.get(operation.index()));
    let name = found.map_or(format!("?{operation}"), |operation| operation.name.to_string());
    format!("{}.{name}", self::service(program, service))
}

/// What holds for the whole mesh; nothing if nothing was said.
pub(super) fn mesh(program: &Program) -> Option<String> {
    let mesh = &program.mesh;
    let mut parts = Vec::new();
    if mesh.access == Mode::Derived {
        parts.push("access: derived".to_owned());
    }
    parts.extend(mesh.mtls.map(|mtls| match mtls {
        Mtls::Strict => "mtls: strict".to_owned(),
        Mtls::Permissive => "mtls: permissive".to_owned(),
    }));
    parts.extend(mesh.limit.as_ref().map(|limit| traffic::limit(program, limit)));
    parts.extend(mesh.trace.as_ref().map(|trace| traffic::trace(program, trace)));
    (!parts.is_empty()).then(|| format!("mesh {{ {} }}", parts.join(", ")))
}

/// When a schedule is due.
pub fn when(when: &When) -> String {
    match when {
        When::Cron { cron, zone } => format!("cron({}, zone: {})", quoted(&cron.to_string()), quoted(zone)),
        When::Every { every_ms, zone } if zone == "UTC" => format!("every({})", millis(*every_ms)),
        When::Every { every_ms, zone } => format!("every({}, zone: {})", millis(*every_ms), quoted(zone)),
    }
}

/// A schedule.
pub(super) fn schedule(program: &Program, schedule: &Schedule) -> String {
    let when = when(&schedule.when);
    let arguments = Printer::of_params(program, &[]).list(&schedule.arguments);
    let mut settings = vec![format!("overlap: {}", schedule.overlap.as_str())];
    let times = [("catch_up", schedule.catch_up_ms), ("jitter", schedule.jitter_ms)];
    let times = times.into_iter().filter(|(_, ms)| *ms > 0);
    settings.extend(times.map(|(name, ms)| format!("{name}: {}", millis(ms))));
    if !schedule.except.is_empty() {
        let except = joined(schedule.except.iter().map(|except| except.written()));
        settings.push(format!("except: [{except}]"));
    }
    let (skipped, doubled) = schedule.when.edges();
    if schedule.skipped_time != skipped {
        settings.push(format!("skipped_time: {}", schedule.skipped_time.as_str()));
    }
    if schedule.doubled_time != doubled {
        settings.push(format!("doubled_time: {}", schedule.doubled_time.as_str()));
    }
    settings.extend(
        schedule
            .pause_on_failure
            .then(|| "pause_on_failure: true".to_owned()),
    );
    let flow = flow(program, schedule.flow);
    let settings = settings.join(", ");
    format!(
        "schedule {} = {when} -> {flow}({arguments}) {{ {settings} }}",
        schedule.name
    )
}

/// One move of a migration.
pub(super) fn migration(migration: &Migration) -> String {
    let (from, to) = (quoted(&migration.from), quoted(&migration.to));
    format!("migrate {} {{ {from} -> {to} }}", migration.flow)
}
