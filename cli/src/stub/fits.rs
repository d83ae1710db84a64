//! Whether a request fits the operation's declaration: its path, its query and its body.

use super::matching::{Match, parameter};
use flowmesh_ir::{
    Program,
    ty::{Shape, Type},
};
use flowmesh_machine::border::{Strictness, decode};
use std::collections::BTreeMap;

/// How many aliases may stand for each other.
const ALIASES_MAX: usize = 64;

/// What does not fit, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// `body.items[0].count`, `query.limit`, `path.id`
    pub(crate) path: String,
    /// What was expected and what was found.
    pub(crate) why: String,
}

/// Checks everything of a request that the operation declares.
pub(crate) fn request(
    program: &Program,
    found: &Match<'_>,
    query: Option<&str>,
    body: &[u8],
) -> Result<(), Unfit> {
    for (field, value) in &found.values {
        text(program, &field.ty, &unescape(value)).map_err(|why| at("path", &field.name, &why))?;
    }
    let query = parameters(query.unwrap_or_default());
    for (name, expr) in &found.operation.query {
        let Some(field) = parameter(found.operation, expr) else {
            continue;
        };
        match query.get(name.as_str()) {
            Some(value) => text(program, &field.ty, value).map_err(|why| at("query", name, &why))?,
            None if matches!(field.ty, Type::Optional(_)) => {}
            None => return Err(at("query", name, "it is missing")),
        }
    }
    let Some((_, ty)) = &found.operation.body else {
        return Ok(());
    };
    decode(program, ty, body, Strictness::Strict)
        .map(drop)
        .map_err(|misfit| Unfit {
            path: if misfit.path.is_empty() {
                "body".to_owned()
            } else {
                format!("body.{}", misfit.path)
            },
            why: format!("expected {}, found {}", misfit.expected, misfit.found),
        })
}

fn at(part: &str, name: &str, why: &str) -> Unfit {
    Unfit {
        path: format!("{part}.{name}"),
        why: why.to_owned(),
    }
}

/// Checks a text that is no JSON, as in a path: numbers and bools as they stand, everything else as a string.
fn text(program: &Program, ty: &Type, text: &str) -> Result<(), String> {
    let json = match plain(program, ty) {
        Type::Int | Type::Float | Type::Bool => text.to_owned(),
        _ => serde_json::Value::from(text).to_string(),
    };
    let fits = decode(program, ty, json.as_bytes(), Strictness::Strict);
    fits.map(drop)
        .map_err(|misfit| format!("expected {}, found `{text}`", misfit.expected))
}

/// What optionals and aliases stand for.
fn plain<'a>(program: &'a Program, mut ty: &'a Type) -> &'a Type {
    for _ in 0..ALIASES_MAX {
        ty = match ty {
            Type::Optional(inner) => inner,
            Type::Named(id) => match program.ty(*id).map(|def| &def.shape) {
                Some(Shape::Alias { ty, .. }) => ty,
                _ => return ty,
            },
            _ => return ty,
        };
    }
    ty
}

fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                unescape(&name.replace('+', " ")),
                unescape(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// `%2F` becomes `/`; what is no escape stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind
            .first_chunk::<2>()
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| *first == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{parameters, unescape};

    #[test]
    fn escapes_are_undone_and_the_rest_is_kept() {
        assert_eq!(unescape("a%2Fb%zz%"), "a/b%zz%");
        assert_eq!(unescape("%C3%BC"), "ü");
    }

    #[test]
    fn a_query_is_read_by_name() {
        let query = parameters("q=a+b&limit=3&flag");
        assert_eq!(
            (
                query["q"].as_str(),
                query["limit"].as_str(),
                query["flag"].as_str()
            ),
            ("a b", "3", "")
        );
    }
}
