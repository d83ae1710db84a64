//! Which functions are had here.

use super::{Expr, format};
use std::collections::BTreeSet;

/// Functions, and how many arguments they take.
const FUNCTIONS: [(&str, usize); 32] = [
    ("!", 1),
    ("-", 1),
    ("==", 2),
    ("!=", 2),
    ("in", 2),
    ("<", 2),
    ("<=", 2),
    (">", 2),
    (">=", 2),
    ("+", 2),
    ("-", 2),
    ("*", 2),
    ("/", 2),
    ("%", 2),
    ("size", 1),
    ("matches", 2),
    ("dyn", 1),
    ("int", 1),
    ("uint", 1),
    ("double", 1),
    ("string", 1),
    ("bytes", 1),
    ("bool", 1),
    ("duration", 1),
    ("timestamp", 1),
    ("isURL", 1),
    ("url", 1),
    ("isIP", 1),
    ("ip", 1),
    ("format.named", 1),
    ("optional.none", 0),
    ("optional.of", 1),
];

/// Methods, and how many arguments they take.
const METHODS: [(&str, usize); 35] = [
    ("size", 0),
    ("contains", 1),
    ("startsWith", 1),
    ("endsWith", 1),
    ("matches", 1),
    ("find", 1),
    ("findAll", 1),
    ("charAt", 1),
    ("substring", 1),
    ("substring", 2),
    ("indexOf", 1),
    ("lastIndexOf", 1),
    ("lowerAscii", 0),
    ("upperAscii", 0),
    ("trim", 0),
    ("replace", 2),
    ("split", 1),
    ("join", 0),
    ("join", 1),
    ("isSorted", 0),
    ("sum", 0),
    ("min", 0),
    ("max", 0),
    ("getScheme", 0),
    ("getHost", 0),
    ("getHostname", 0),
    ("getPort", 0),
    ("getEscapedPath", 0),
    ("family", 0),
    ("isLoopback", 0),
    ("isUnspecified", 0),
    ("validate", 1),
    ("hasValue", 0),
    ("value", 0),
    ("orValue", 1),
];

/// What an expression calls or names that is not had here, each once: with it nothing can be said of the expression.
#[must_use]
pub fn unknown(expr: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut names = vec!["self".to_owned()];
    look(expr, &mut names, &mut found);
    found
}

fn look(expr: &Expr, names: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Literal(_) => {}
        Expr::Ident(name) => {
            if !names.contains(name) {
                found.insert(name.clone());
            }
        }
        Expr::Select { of, .. } | Expr::Has(of, _) => look(of, names, found),
        Expr::Index { of, at, .. } => [of, at].into_iter().for_each(|part| look(part, names, found)),
        Expr::And(one, other) | Expr::Or(one, other) => {
            [one, other].into_iter().for_each(|part| look(part, names, found));
        }
        Expr::If(condition, then, otherwise) => {
            [condition, then, otherwise]
                .into_iter()
                .for_each(|part| look(part, names, found));
        }
        Expr::List(items) => items.iter().for_each(|item| look(item, names, found)),
        Expr::Map(entries) => entries.iter().for_each(|(key, value)| {
            look(key, names, found);
            look(value, names, found);
        }),
        Expr::Over(over) => {
            look(&over.range, names, found);
            names.push(over.name.clone());
            over.condition
                .iter()
                .chain(&over.result)
                .for_each(|part| look(part, names, found));
            names.pop();
        }
        Expr::Call {
            target,
            name,
            arguments,
        } => {
            called(target.as_deref(), (name, arguments.len()), names, found);
            arguments.iter().for_each(|argument| look(argument, names, found));
        }
    }
}

fn called(
    target: Option<&Expr>,
    (name, count): (&str, usize),
    names: &mut Vec<String>,
    found: &mut BTreeSet<String>,
) {
    let dotted = match target {
        Some(Expr::Ident(space)) if !names.contains(space) => format!("{space}.{name}"),
        _ => name.to_owned(),
    };
    let is_format = dotted
        .strip_prefix("format.")
        .is_some_and(|name| format::NAMES.contains(&name));
    let function = FUNCTIONS.contains(&(dotted.as_str(), count)) || (is_format && count == 0);
    let known = match target {
        Some(_) if dotted == name => METHODS.contains(&(name, count)),
        _ => function,
    };
    if !known {
        found.insert(format!("{dotted}()"));
    }
    if let Some(target) = target.filter(|_| dotted == name) {
        look(target, names, found);
    }
}
