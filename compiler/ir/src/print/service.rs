//! A service with what holds for it after all overrides.

use super::{
    expr::Printer,
    policy,
    ty::{fails, fields, result},
    value::quoted,
};
use crate::{
    Program, SecretId,
    expr::Expr,
    grpc,
    locality::Zone,
    service::{Auth, Binding, EffectKind, Operation, Piece, Route, Service, Subset},
};

/// A declaration of a service.
pub(super) fn service(program: &Program, service: &Service) -> String {
    let (mut lines, behind) = (places(program, service), rest(program, service));
    if let Some(policy) = program.policy(service.policy) {
        lines.extend(policy::settings(program, policy));
    }
    lines.extend(behind);
    for operation in &service.operations {
        lines.extend(self::operation(program, service, operation));
    }
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("service {} {{\n{body}}}", service.name)
}

/// Its addresses, auth and routes.
pub(super) fn whereabouts(program: &Program, service: &Service) -> Vec<String> {
    let mut lines = places(program, service);
    lines.extend(rest(program, service));
    lines
}

fn places(program: &Program, service: &Service) -> Vec<String> {
    let subsets = service.subsets.iter();
    subsets.map(|subset| at(program, service, subset)).collect()
}

fn rest(program: &Program, service: &Service) -> Vec<String> {
    let auth = service.auth.iter();
    let mut lines: Vec<String> = auth
        .map(|auth| format!("auth: {}", self::auth(program, auth)))
        .collect();
    if !is_plain(service) {
        let routes = service.routes.iter();
        lines.push("route {".to_owned());
        lines.extend(routes.map(|route| format!("  {}", self::route(program, service, route))));
        lines.push("}".to_owned());
    }
    lines
}

/// Whether everything goes to the one subset there is.
fn is_plain(service: &Service) -> bool {
    service.subsets.len() == 1 && matches!(service.routes.as_slice(), [only] if only.condition.is_none())
}

fn at(program: &Program, service: &Service, subset: &Subset) -> String {
    let printer = Printer::of_addresses(program, &service.address_params);
    let name = if subset.name.is_empty() {
        String::new()
    } else {
        format!(" {}", subset.name)
    };
    let places = |addresses: &[Expr]| match addresses {
        [one] => printer.expr(one),
        all => format!("[{}]", printer.list(all)),
    };
    if subset.zones.is_empty() {
        return format!("at{name}: {}", places(&subset.addresses));
    }
    let mut rest = subset.addresses.as_slice();
    let zones = subset.zones.chunk_by(|one, other| one == other).map(|zone| {
        let (here, behind) = rest.split_at_checked(zone.len()).unwrap_or((rest, &[]));
        rest = behind;
        let zone = zone.first().map_or("", Zone::as_str);
        format!("{}: {}", quoted(zone), places(here))
    });
    format!("at{name}: {{ {} }}", super::value::joined(zones))
}

pub(super) fn secret(program: &Program, id: SecretId) -> String {
    let name = program.secrets.get(id.index());
    name.map_or(format!("?{id}"), ToString::to_string)
}

fn auth(program: &Program, auth: &Auth) -> String {
    let secret = |id: &SecretId| secret(program, *id);
    match auth {
        Auth::Bearer(id) => format!("bearer({})", secret(id)),
        Auth::ApiKey(header, id) => format!("api_key({}, {})", quoted(header), secret(id)),
        Auth::Basic(user, id) => format!("basic({}, {})", quoted(user), secret(id)),
        Auth::OAuth2 {
            url,
            client,
            secret: id,
            scopes,
        } => {
            let scopes = super::value::joined(scopes.iter().map(|scope| quoted(scope)));
            let url = Printer::of_params(program, &[]).expr(url);
            let (client, secret) = (quoted(client), secret(id));
            format!("oauth2({url}, client: {client}, secret: {secret}, scopes: [{scopes}])")
        }
    }
}

fn route(program: &Program, service: &Service, route: &Route) -> String {
    let printer = Printer::of_params(program, &[]);
    let split = route.split.iter().map(|(id, weight)| {
        let name = service
            .subsets
            .get(id.index())
            .map_or(format!("?{id}"), |subset| subset.name.to_string());
        if route.split.len() == 1 {
            name
        } else {
            format!("{name} {weight}%")
        }
    });
    let split = super::value::joined(split);
    match &route.condition {
        Some(condition) => format!("when {} -> {split}", printer.expr(condition)),
        None => format!("else -> {split}"),
    }
}

pub(super) fn operation(program: &Program, service: &Service, operation: &Operation) -> Vec<String> {
    let outer = program.policy(service.policy);
    let printer = Printer::of_params(program, &operation.params);
    let head = format!(
        "op {}({}){}{} = {}",
        operation.name,
        fields(program, &operation.params),
        stream(result(program, &operation.result), operation),
        fails(program, &operation.fails),
        binding(&printer, operation)
    );
    let effect = effect(operation.effect);
    let mut lines = vec![format!("{head} {{   // {effect}")];
    lines.extend(
        operation
            .address
            .iter()
            .zip(&service.address_params)
            .map(|(expr, param)| format!("  // the address takes {}: {}", param.name, printer.expr(expr))),
    );
    lines.extend(
        operation
            .query
            .iter()
            .map(|(name, expr)| format!("  query {name}: {}", printer.expr(expr))),
    );
    lines.extend(
        operation
            .headers
            .iter()
            .map(|(name, expr)| format!("  header {name}: {}", printer.expr(expr))),
    );
    lines.extend(
        operation
            .secret_headers
            .iter()
            .map(|(name, expr)| format!("  header {name}: {}", printer.expr(expr))),
    );
    lines.extend(
        operation
            .body
            .iter()
            .map(|(expr, ty)| format!("  body: {} as {}", printer.expr(expr), super::ty::ty(program, ty))),
    );
    lines.extend(
        operation
            .key
            .iter()
            .map(|expr| format!("  key: {}", printer.expr(expr))),
    );
    let resume = operation
        .stream
        .iter()
        .filter_map(|stream| stream.resume.as_ref());
    lines.extend(resume.map(|expr| format!("  resume: {}", printer.expr(expr))));
    let params = operation.stream.iter().flat_map(|stream| &stream.params);
    let params: Vec<String> = params
        .map(|(param, expr)| format!("{}: {}", printer.slot(*param), printer.expr(expr)))
        .collect();
    if !params.is_empty() {
        lines.push(format!("  resume: {{ {} }}", params.join(", ")));
    }
    lines.extend(operation.on.iter().map(|on| {
        let status = match operation.binding {
            Binding::Grpc { .. } => grpc::name(on.status).to_owned(),
            _ => on.status.to_string(),
        };
        format!("  on {status}: {}", printer.raise(&on.raise))
    }));
    if let Some(policy) = program.policy(operation.policy) {
        let own = policy::overrides(program, policy, outer);
        lines.extend(own.into_iter().map(|line| format!("  {line}")));
    }
    if lines.len() == 1 {
        return vec![format!("{head}   // {effect}")];
    }
    lines.push("}".to_owned());
    lines
}

/// ` -> stream Line`
fn stream(result: String, operation: &Operation) -> String {
    match operation.stream {
        Some(_) => result.replacen("-> ", "-> stream ", 1),
        None => result,
    }
}

/// By which way an operation is reached, and its text.
fn binding(printer: &Printer<'_>, operation: &Operation) -> String {
    match &operation.binding {
        Binding::Http => {
            let (method, path) = (operation.method.as_str(), pieces(printer, &operation.path));
            format!("{method} \"{path}\"")
        }
        Binding::Grpc { service, method } => format!("grpc \"{service}/{method}\""),
        Binding::Run { words } => {
            let words: Vec<String> = words.iter().map(|word| pieces(printer, word)).collect();
            format!("run \"{}\"", words.join(" "))
        }
        Binding::Worker { queue } => format!("worker \"{}\"", super::value::escaped(queue)),
    }
}

fn pieces(printer: &Printer<'_>, pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => super::value::escaped(text),
        Piece::Value(expr) => format!("{{{}}}", printer.expr(expr)),
    };
    pieces.iter().map(piece).collect()
}

fn effect(effect: EffectKind) -> &'static str {
    match effect {
        EffectKind::Read => "read",
        EffectKind::Idempotent => "idempotent",
        EffectKind::Keyed => "keyed",
        EffectKind::Once => "once",
    }
}
