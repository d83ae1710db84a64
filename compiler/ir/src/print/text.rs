//! The whole program as text for people: every part, in the order of its tables.

use super::{
    expr::Printer,
    flow::flow,
    mesh,
    service::service,
    ty::{definition, error, fields, result, ty},
    value::value,
};
use crate::{
    Program,
    expr::Function,
    program::{BUILTIN_ERRORS, Config},
};

/// The program as text. It is for reading and for comparing, and nothing reads it back.
#[must_use]
pub fn text(program: &Program) -> String {
    let head = format!(
        "program {}   // version {}, {}",
        program.name,
        program.version,
        program.hash()
    );
    let mut parts = vec![head];
    parts.push(lines(
        program.configs.iter().map(|config| self::config(program, config)),
    ));
    parts.push(lines(program.secrets.iter().map(|name| format!("secret {name}"))));
    parts.push(lines(
        program
            .types
            .iter()
            .map(|def| documented(def.doc.as_deref(), &definition(program, def))),
    ));
    let declared = program.errors.iter().skip(BUILTIN_ERRORS.len());
    parts.push(lines(
        declared.map(|def| documented(def.doc.as_deref(), &error(program, def))),
    ));
    parts.extend(
        program
            .services
            .iter()
            .map(|part| documented(part.doc.as_deref(), &service(program, part))),
    );
    parts.extend(
        program
            .gateways
            .iter()
            .map(|part| documented(part.doc.as_deref(), &mesh::gateway(program, part))),
    );
    let rules = program.access.iter().map(|rule| mesh::rule(program, rule));
    parts.push(lines(mesh::mesh(program).into_iter().chain(rules)));
    parts.push(lines(
        program
            .functions
            .iter()
            .map(|function| self::function(program, function)),
    ));
    parts.extend(
        program
            .flows
            .iter()
            .map(|part| documented(part.doc.as_deref(), &flow(program, part))),
    );
    parts.push(lines(program.schedules.iter().map(|part| {
        documented(part.doc.as_deref(), &mesh::schedule(program, part))
    })));
    let migrations = program.migrations.iter();
    parts.push(lines(migrations.map(mesh::migration)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn lines(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join("\n")
}

fn documented(doc: Option<&str>, text: &str) -> String {
    let doc: String = doc
        .unwrap_or_default()
        .lines()
        .map(|line| format!("/// {line}\n"))
        .collect();
    doc + text
}

fn config(program: &Program, config: &Config) -> String {
    let default = config
        .default
        .as_ref()
        .map_or(String::new(), |default| format!(" = {}", value(default)));
    format!("config {}: {}{default}", config.name, ty(program, &config.ty))
}

fn function(program: &Program, function: &Function) -> String {
    let params = fields(program, &function.params);
    let result = result(program, &function.result);
    let body = Printer::of_params(program, &function.params).expr(&function.body);
    format!("fn {}({params}){result} = {body}", function.name)
}
