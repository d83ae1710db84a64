//! Conditions of routes as matches: a match is an `and`, several matches are an `or`.

use crate::{
    Options, constant,
    matcher::{Match, Path, is_path},
};
use flowmesh_ir::{
    Program, Value,
    expr::{Argument, Binary, Context, Expr},
};

/// The methods that a route can ask for.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// The most alternatives that one condition is taken apart into.
const MAX_ALTERNATIVES: usize = 64;

/// The matches of a condition; none at all where nothing can fit it.
///
/// # Errors
/// What no match can say.
pub(crate) fn matches(
    program: &Program,
    options: &Options<'_>,
    condition: &Expr,
) -> Result<Vec<Match>, &'static str> {
    match condition {
        Expr::Constant(Value::Bool(true)) => Ok(vec![Match::all()]),
        Expr::Constant(Value::Bool(false)) => Ok(Vec::new()),
        Expr::Binary(Binary::Or, a, b) => {
            let all = [matches(program, options, a)?, matches(program, options, b)?].concat();
            limited(all)
        }
        Expr::Binary(Binary::And, a, b) => {
            let (a, b) = (matches(program, options, a)?, matches(program, options, b)?);
            limited(a.iter().flat_map(|a| b.iter().filter_map(|b| a.and(b))).collect())
        }
        Expr::Binary(Binary::Equal, a, b) => {
            let read = |of: &Expr, value: &Expr| {
                let value = constant::text(program, options, value).ok()?;
                part(of).map(|part| equal(part, value))
            };
            let one = read(a, b).or_else(|| read(b, a)).ok_or(NOT_A_PART)?;
            Ok(vec![one?])
        }
        Expr::Native(name, arguments) if name == "string.starts_with" => {
            let [Argument::Value(of), Argument::Value(value)] = arguments.as_slice() else {
                return Err(NOT_A_PART);
            };
            let value = constant::text(program, options, value).map_err(|_| NOT_A_PART)?;
            if part(of) == Some(Part::Path) {
                Ok(vec![prefix(&value)?])
            } else {
                Err("only the path has prefixes")
            }
        }
        _ => Err(NOT_A_PART),
    }
}

const NOT_A_PART: &str = "a match compares a part of the request with a text, by `==`";

/// A part of a request that can be compared.
#[derive(Debug, PartialEq)]
enum Part {
    Method,
    Path,
    Host,
    Header(String),
    Query(String),
}

fn part(expr: &Expr) -> Option<Part> {
    let request = |expr: &Expr| *expr == Expr::Context(Context::Request);
    match expr {
        Expr::Field(of, name) if request(of) => match name.as_str() {
            "method" => Some(Part::Method),
            "path" => Some(Part::Path),
            "host" => Some(Part::Host),
            _ => None,
        },
        Expr::Index(of, index) => match (&**of, &**index) {
            (Expr::Field(of, map), Expr::Constant(Value::String(name))) if request(of) => {
                match map.as_str() {
                    "headers" => Some(Part::Header(name.to_ascii_lowercase())),
                    "query" => Some(Part::Query(name.to_string())),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}

fn equal(part: Part, value: String) -> Result<Match, &'static str> {
    let all = Match::all();
    match part {
        Part::Method if METHODS.contains(&value.as_str()) => Ok(Match {
            method: Some(value),
            ..all
        }),
        Part::Method => Err("there is no such method"),
        Part::Path if is_path(&value) => Ok(Match {
            path: Path::Exact(value),
            ..all
        }),
        Part::Path => Err("a path begins with `/`, is encoded, and has no empty or dotted segments"),
        Part::Host => Err("a route of a Service cannot ask for the host"),
        Part::Header(_) | Part::Query(_) if value.is_empty() || value.len() > 1024 => {
            Err("a match needs a value of 1 to 1024 bytes")
        }
        Part::Header(name) if is_token(&name) => Ok(Match {
            headers: [(name, value)].into(),
            ..all
        }),
        Part::Query(name) if is_token(&name) => Ok(Match {
            query: [(name, value)].into(),
            ..all
        }),
        Part::Header(_) | Part::Query(_) => Err("a match cannot ask for a name with such characters"),
    }
}

/// Gateway API compares prefixes by whole segments, so only what ends with one means the same there.
fn prefix(value: &str) -> Result<Match, &'static str> {
    let Some(path) = value.strip_suffix('/') else {
        return Err("a prefix is compared by whole segments: end it with `/`");
    };
    let path = if path.is_empty() { "/" } else { path };
    if !is_path(path) {
        return Err("a path begins with `/`, is encoded, and has no empty or dotted segments");
    }
    Ok(Match {
        path: Path::Prefix(path.to_owned()),
        ..Match::all()
    })
}

/// A name as HTTP allows for headers; Gateway API asks the same of query parameters.
fn is_token(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.len() <= 256 && name.chars().all(plain)
}

fn limited(all: Vec<Match>) -> Result<Vec<Match>, &'static str> {
    let mut kept = Vec::with_capacity(all.len());
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    if kept.len() > MAX_ALTERNATIVES {
        Err("a rule holds at most 64 matches")
    } else {
        Ok(kept)
    }
}
