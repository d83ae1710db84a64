//! A service as it is written.

use crate::{
    found::Found,
    kubernetes::{
        condition,
        fold::Operation,
        settings::{Beside, Setting, cors, settings, shares},
        traffic::{On, Says, Split, may_repeat},
        world::{Service, World},
    },
    name::{Names, quoted},
    out::Out,
};

/// Writes the service with this number.
pub(crate) fn write(world: &World, number: usize, out: &mut Out, found: &mut Found) {
    let Some(service) = world.services.get(number) else {
        return;
    };
    out.line(format!("service {} {{", service.name));
    for subset in &service.subsets {
        out.notes(&subset.notes);
        let name = if subset.name.is_empty() {
            String::new()
        } else {
            format!(" {}", subset.name)
        };
        let known = world.known(&subset.place.host);
        let port = known.map_or(subset.place.port, |known| known.reached(subset.place.port));
        let address = match secure(world, service) {
            Some(_) => format!("https://{}", subset.place.host.0),
            None => subset.place.address(port),
        };
        out.line(format!("at{name}: {}", quoted(&address)));
    }
    out.notes(&service.notes);
    let says = &service.folded.says;
    let beside = Beside {
        idle_ms: service.idle_ms,
        budget: service.budget,
        writes: service.folded.writes,
    };
    let place = |to: &_| world.written(to, Some(number));
    if service.told {
        if says.total_ms.is_none() {
            out.line("// Nothing limits how long a request may take there: a day stands for that.");
        }
        out.settings(&settings(says, None, beside, &place));
    } else if let Some(ms) = service.idle_ms {
        out.line(format!("timeout: {{ idle: {} }}", crate::name::duration(ms)));
    }
    rewrite(says, out);
    if let Some(all) = &says.cors {
        out.line(format!("cors: {}", cors(all)));
    }
    let secure = secure(world, service);
    let own = service
        .settings
        .iter()
        .filter(|setting| Some(*setting) != secure.as_ref());
    out.settings(&own.cloned().collect::<Vec<_>>());
    route(world, service, out, found);
    let mut names = Names::default();
    for operation in &service.folded.operations {
        let name = names.fresh(&called(operation));
        let text = operation_text(service, operation, &name, beside, &place);
        out.line(text);
    }
    out.line("}");
}

/// The `tls` of a host outside that is called by the name that it has, which its address says as well.
fn secure(world: &World, service: &Service) -> Option<Setting> {
    let [only] = service.subsets.as_slice() else {
        return None;
    };
    let known = world.known(&only.place.host)?;
    let usual = format!("{{ mode: simple, name: {} }}", quoted(&only.place.host.0));
    let is = |(name, value): &&Setting| *name == "tls" && *value == usual;
    let tls = service.settings.iter().find(is)?;
    known.adds_tls(only.place.port).then(|| tls.clone())
}

/// What is changed of requests on their way.
fn rewrite(says: &Says, out: &mut Out) {
    let mut parts = Vec::new();
    parts.extend(
        says.rewrite
            .before
            .as_ref()
            .map(|it| format!("prefix: {}", quoted(it))),
    );
    parts.extend(
        says.rewrite
            .host
            .as_ref()
            .map(|it| format!("host: {}", quoted(it))),
    );
    if says.rewrite.prefix.is_some() {
        out.line("// not imported: a path that is put in the place of what a route of the mesh matched");
    }
    if !parts.is_empty() {
        out.line(format!("rewrite: {{ {} }}", parts.join(", ")));
    }
}

/// Which requests go to which subset.
fn route(world: &World, service: &Service, out: &mut Out, found: &mut Found) {
    let led = &service.folded.led;
    let only = service.subsets.len() < 2;
    for one in led.iter().filter(|_| only) {
        out.notes(&one.notes);
    }
    if only {
        return;
    }
    out.line("route {");
    let mut ends = false;
    for one in led {
        out.notes(&one.notes);
        let to = split(world, service, &one.to, found);
        out.notes(&found.notes());
        if to.is_empty() || ends {
            continue;
        }
        match condition::any(&one.matches) {
            Some(condition) => out.line(format!("when {condition} -> {to}")),
            None => {
                out.line(format!("else -> {to}"));
                ends = true;
            }
        }
    }
    if !ends && let Some(first) = service.subsets.first() {
        out.line(format!("else -> {}", first.name));
    }
    out.line("}");
}

/// Where requests go, with shares of a hundred.
fn split(world: &World, service: &Service, to: &Split, found: &mut Found) -> String {
    let name = |target| {
        let place = world.place(target, &service_node(), &mut Found::default());
        let subset = service.subsets.iter().find(|subset| subset.place == place)?;
        Some(subset.name.clone())
    };
    let shares = shares(to);
    let whole: u64 = to.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let exact =
        |(share, (_, weight)): (&u32, &(_, u32))| u64::from(*share) * whole == u64::from(*weight) * 100;
    if !shares.iter().zip(to).all(exact) {
        found.part(
            &service_node(),
            &format!("the shares of `{}` are whole parts of a hundred", service.name),
        );
    }
    let mut parts: Vec<(String, u32)> = Vec::new();
    for ((target, _), share) in to.iter().zip(shares).filter(|(_, share)| *share > 0) {
        let Some(name) = name(target) else { continue };
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known += share,
            None => parts.push((name, share)),
        }
    }
    match parts.as_slice() {
        [(only, _)] => only.clone(),
        _ => {
            let each = parts.iter().map(|(name, share)| format!("{name} {share}%"));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Nothing that was read.
fn service_node() -> crate::node::Node {
    crate::node::Node {
        value: crate::node::Value::Null,
        span: Default::default(),
    }
}

/// A name for an operation: its method and its path.
pub(crate) fn called(operation: &Operation) -> String {
    let mut text = operation.method.to_ascii_lowercase();
    for segment in &operation.path {
        text.push(' ');
        text.push_str(segment.as_deref().unwrap_or("by"));
    }
    text
}

/// An operation. Nobody says what goes in and out, so that is `json`.
fn operation_text(
    service: &Service,
    operation: &Operation,
    name: &str,
    beside: Beside,
    place: &dyn Fn(&crate::kubernetes::traffic::Target) -> Option<String>,
) -> String {
    let base = &service.folded.says;
    let method = operation.method.as_str();
    let unsent = [base.unsent(), base.unsent().without_mirror()];
    let says = operation.says.as_ref().filter(|says| {
        let once = !may_repeat(method) && service.folded.told_apart && unsent.contains(says);
        *says != base && !once
    });
    // Whoever repeats what is not safe to repeat says by what a repetition is known.
    let repeated = |says: &Says| {
        says.retry
            .as_ref()
            .is_some_and(|it| it.on.iter().any(|on| *on != On::Connect))
    };
    let keyed = !may_repeat(method) && operation.says.as_ref().is_some_and(repeated);
    let mut params: Vec<String> = (1..=operation.parameters())
        .map(|number| format!("p{number}: string"))
        .collect();
    let mut lines = Vec::new();
    if matches!(method, "POST" | "PUT" | "PATCH") {
        params.push("body: json".to_owned());
        lines.push("body: body".to_owned());
    }
    if keyed {
        params.push("key: string".to_owned());
        lines.push("key: key".to_owned());
    }
    if let Some(says) = says {
        let all = settings(says, Some(base), beside, place);
        lines.extend(all.iter().map(|(name, text)| format!("{name}: {text}")));
    }
    let result = if method == "HEAD" { "" } else { " -> json" };
    let template = operation.template();
    let body = match lines.is_empty() {
        true => String::new(),
        false => format!(" {{\n{}\n}}", lines.join("\n")),
    };
    format!(
        "op {name}({}){result} = {method} \"{template}\"{body}",
        params.join(", ")
    )
}
