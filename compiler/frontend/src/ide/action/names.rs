//! Names: brought from another module, declared, left unused on purpose; and rules that are missing.

use super::{Action, ActionKind, Ask, action, edit, mend};
use crate::{
    ast::ItemKind,
    check::Ty,
    ide::completion::{bring, homes},
    resolve::Def,
};
use flowmesh_diagnostics::{Diagnostic, Fix, Severity};

/// What is said of names that mean nothing.
const UNKNOWN: &[u16] = &[203, 204, 205, 210, 212, 213, 302, 313, 404, 508, 510];

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let mut found = Vec::new();
    for diagnostic in ask.found(UNKNOWN) {
        found.extend(brought(ask, diagnostic));
        found.extend(declared(ask, diagnostic));
    }
    found.extend(allowed(ask));
    found.extend(ignored(ask));
    found.extend(sorted_uses(ask));
    found
}

/// `use` of each module that declares the name.
fn brought(ask: &Ask<'_>, diagnostic: &Diagnostic) -> Vec<Action> {
    let name = ask.slice(diagnostic.span);
    let (Some(module), true) = (ask.snapshot.module(ask.id), !name.is_empty()) else {
        return Vec::new();
    };
    let own = module.name.to_string();
    let modules = homes(ask.project, name);
    let modules = modules.into_iter().filter(|home| *home != own);
    modules
        .map(|home| {
            let fix = Fix {
                title: format!("use {home}.{name}"),
                edits: vec![bring(module, ask.id, &format!("{home}.{name}"))],
            };
            mend(diagnostic, fix)
        })
        .collect()
}

/// A declaration of what is called or named and does not exist.
fn declared(ask: &Ask<'_>, diagnostic: &Diagnostic) -> Option<Action> {
    let (name, item) = (ask.slice(diagnostic.span), ask.item()?);
    let behind = ask.source.text.get(diagnostic.span.end as usize..)?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
    let (title, text) = match (behind.starts_with('('), name.starts_with(char::is_uppercase)) {
        _ if !is_name || diagnostic.message.contains("operation") => return None,
        (true, false) if matches!(item.kind, ItemKind::Flow(_)) && stands_alone(ask, diagnostic) => {
            let params = params(behind)?;
            (
                format!("declare the flow `{name}`"),
                format!("flow {name}({params}) {{\n}}"),
            )
        }
        (false, true) if diagnostic.message.contains("type") => (
            format!("declare the type `{name}`"),
            format!("type {name} {{ id: string }}"),
        ),
        _ => return None,
    };
    let fix = Fix {
        title,
        edits: vec![ask.after_item(item, &text)],
    };
    Some(mend(diagnostic, fix))
}

/// Whether a call is a statement of its own, whose result nobody needs.
fn stands_alone(ask: &Ask<'_>, diagnostic: &Diagnostic) -> bool {
    let before = crate::cure::text::line_before(ask.source, diagnostic.span);
    before.trim().is_empty()
}

/// Parameters for the arguments of a call, by what these look like.
fn params(call: &str) -> Option<String> {
    let inner = crate::cure::text::balanced(call.strip_prefix('(')?);
    if inner.trim().is_empty() {
        return Some(String::new());
    }
    let mut params = Vec::new();
    for (at, argument) in inner.split(',').enumerate() {
        let argument = argument.trim();
        let ty = match argument.chars().next()? {
            '"' => "string",
            c if c.is_ascii_digit() => "int",
            _ => return None,
        };
        params.push(format!("arg{}: {ty}", at + 1));
    }
    Some(params.join(", "))
}

/// A rule for a call that none allows: who and what are said by the message.
fn allowed(ask: &Ask<'_>) -> Vec<Action> {
    let denied = ask.snapshot.found.iter().filter(|found| {
        found.severity == Severity::Error && ask.touches(found.span) && found.message.contains("may not call")
    });
    let of = |found: &Diagnostic| {
        let mut quoted = found.message.split('`').skip(1).step_by(2);
        let (who, what) = (quoted.next()?, quoted.next()?);
        let item = ask.item()?;
        let rule = format!("allow {who} to {what}");
        let items = &ask.snapshot.ast(ask.id)?.items;
        let last = items
            .iter()
            .rfind(|item| matches!(item.kind, ItemKind::Access(_)));
        let insert = match last {
            Some(last) => edit(ask.spot(last.span.end), format!("\n{rule}")),
            None => ask.before_item(item, &rule),
        };
        let fix = Fix {
            title: format!("allow `{who}` to call `{what}`"),
            edits: vec![insert],
        };
        Some(mend(found, fix))
    };
    denied.filter_map(of).collect()
}

/// What a warning is about, said to be so on purpose: `undo none`. Of a name that is left unread the compiler says it.
fn ignored(ask: &Ask<'_>) -> Vec<Action> {
    let warned = ask
        .snapshot
        .found
        .iter()
        .filter(|found| found.severity == Severity::Warning && ask.touches(found.span));
    let mut found = Vec::new();
    for warning in warned {
        if warning.message.contains("undo") && warning.fix.is_none() {
            found.extend(undone_by_nothing(ask, warning));
        }
    }
    found
}

fn undone_by_nothing(ask: &Ask<'_>, warning: &Diagnostic) -> Option<Action> {
    let place = super::call::call_at(ask, warning.span.start)?;
    let fix = Fix {
        title: "let what it does stay: `undo none`".to_owned(),
        edits: vec![edit(ask.spot(place.end), "\n  undo none")],
    };
    Some(mend(warning, fix))
}

/// The `use`s of a text in order, each once.
fn sorted_uses(ask: &Ask<'_>) -> Option<Action> {
    let items = &ask.snapshot.ast(ask.id)?.items;
    let uses: Vec<_> = items
        .iter()
        .filter(|item| matches!(item.kind, ItemKind::Use(_)))
        .collect();
    let (first, last) = (uses.first()?, uses.last()?);
    let whole = first.span.to(last.span);
    if !ask.touches(whole) || uses.len() < 2 {
        return None;
    }
    let mut lines: Vec<&str> = uses.iter().map(|item| ask.slice(item.span).trim()).collect();
    let only = ask
        .slice(whole)
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("use "));
    let old: Vec<&str> = ask.slice(whole).lines().map(str::trim).collect();
    lines.sort_unstable_by_key(|line| (!line.starts_with("use std."), line.to_string()));
    lines.dedup();
    (only && lines != old).then(|| {
        action(
            ActionKind::Rewrite,
            "sort what is used",
            vec![edit(whole, lines.join("\n"))],
        )
    })
}

/// The type of an expression that the checker noted, as it is written.
pub(super) fn type_text(ask: &Ask<'_>, ty: &Ty) -> Option<String> {
    let globals = &ask.snapshot.analysis.checked.globals;
    let module = ask.snapshot.module(ask.id)?;
    Some(match ty {
        Ty::Bad
        | Ty::Open
        | Ty::Unit
        | Ty::Secret
        | Ty::Task(_)
        | Ty::Run(_)
        | Ty::Taken(_)
        | Ty::Error(_)
        | Ty::Record(_) => return None,
        Ty::Optional(inner) => format!("{}?", type_text(ask, inner)?),
        Ty::List(inner) => format!("[{}]", type_text(ask, inner)?),
        Ty::Map(inner) => format!("{{string: {}}}", type_text(ask, inner)?),
        Ty::Named(id) => {
            let name = &globals.types.get(id.index())?.name;
            let known = module
                .scope
                .iter()
                .find(|(_, entry)| entry.def == Def::Type(id.0));
            match known {
                Some((name, _)) => name.to_string(),
                None => {
                    let home = module.scope.iter().find_map(|(word, entry)| match entry.def {
                        Def::Module(of) => {
                            let of = ask.snapshot.analysis.resolved.module(of)?;
                            of.scope
                                .get(name)
                                .filter(|entry| entry.def == Def::Type(id.0))
                                .map(|_| word)
                        }
                        _ => None,
                    });
                    format!("{}.{name}", home?)
                }
            }
        }
        other => globals.show(other),
    })
}
