//! A gateway as it is written.

use crate::{
    kubernetes::{
        front::{Front, Way},
        settings::cors,
    },
    name::quoted,
    out::Out,
};

/// Writes a gateway, and the policies that its routes name.
pub(crate) fn write(front: &Front, configs: &mut Vec<String>, out: &mut Out) {
    for (name, settings) in &front.policies {
        out.line(format!("policy {name} {{"));
        out.settings(settings);
        out.line("}");
    }
    out.line(format!("gateway {} {{", front.name));
    out.notes(&front.notes);
    let listen: Vec<String> = front.listen.iter().map(|it| quoted(it)).collect();
    match listen.as_slice() {
        [only] => out.line(format!("listen: {only}")),
        all => out.line(format!("listen: [{}]", all.join(", "))),
    }
    if let Some(tls) = &front.tls {
        out.line(format!("tls: {tls}"));
    }
    if let Some(jwt) = &front.jwt {
        out.notes(&jwt.notes);
        out.line(format!("jwt: {}", jwt.text(&front.name, front.asks, configs)));
    }
    if let Some(all) = &front.cors {
        out.line(format!("cors: {}", cors(all)));
    }
    for (name, to) in &front.passes {
        out.line(format!("tls {} -> {to}", quoted(name)));
    }
    for way in &front.ways {
        route(way, out);
    }
    out.line("}");
}

fn route(way: &Way, out: &mut Out) {
    out.notes(&way.notes);
    let method = way.method.as_deref().unwrap_or("any");
    let condition = way
        .condition()
        .map(|it| format!(" when {it}"))
        .unwrap_or_default();
    let mut settings: Vec<String> = Vec::new();
    match way.hosts.as_slice() {
        [] => {}
        [only] => settings.push(format!("host: {}", quoted(only))),
        all => {
            let each: Vec<String> = all.iter().map(|it| quoted(it)).collect();
            settings.push(format!("host: [{}]", each.join(", ")));
        }
    }
    settings.extend(way.settings.iter().map(|(name, text)| format!("{name}: {text}")));
    let settings = match settings.is_empty() {
        true => String::new(),
        false => format!(" {{ {} }}", settings.join(", ")),
    };
    out.line(format!(
        "{method} {}{condition} -> {}{settings}",
        quoted(&way.path),
        way.to
    ));
}
