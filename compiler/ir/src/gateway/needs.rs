//! What a condition certainly needs: parts of the request that must be one text. Routes are found by these, and those
//! that need more come first.

use crate::{
    Value,
    expr::{Binary, Context, Expr},
};

/// A part of a request that is compared with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part<'e> {
    /// The host.
    Host,
    /// A header, in lower case.
    Header(&'e str),
    /// A parameter of the query.
    Query(&'e str),
}

/// The parts that a condition compares with `==`, each by itself and joined by `and`. What else it says is left out:
/// where it holds, all of these hold.
#[must_use]
pub fn needs(condition: &Expr) -> Vec<(Part<'_>, &str)> {
    let mut found = Vec::new();
    gather(condition, &mut found);
    found
}

fn gather<'e>(condition: &'e Expr, found: &mut Vec<(Part<'e>, &'e str)>) {
    match condition {
        Expr::Binary(Binary::And, one, other) => {
            gather(one, found);
            gather(other, found);
        }
        Expr::Binary(Binary::Equal, one, other) => {
            let read = |of, value| Some((part(of)?, text(value)?));
            found.extend(read(one, other).or_else(|| read(other, one)));
        }
        _ => {}
    }
}

fn part(expr: &Expr) -> Option<Part<'_>> {
    let is_request = |expr: &Expr| *expr == Expr::Context(Context::Request);
    match plain(expr) {
        Expr::Field(of, name) if is_request(of) => (name == "host").then_some(Part::Host),
        Expr::Index(of, index) => {
            let (Expr::Field(of, map), Some(name)) = (&**of, text(index)) else {
                return None;
            };
            match map.as_str() {
                "headers" if is_request(of) => Some(Part::Header(name)),
                "query" if is_request(of) => Some(Part::Query(name)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match plain(expr) {
        Expr::Constant(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// What a comparison with what may be missing stands around is the same text.
fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Widen(of, _) => plain(of),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_request(map: &str, name: &str) -> Expr {
        let request = Box::new(Expr::Context(Context::Request));
        let map = Box::new(Expr::Field(request, map.into()));
        Expr::Index(map, Box::new(Expr::Constant(Value::string(name))))
    }

    fn equal(one: Expr, other: &str) -> Expr {
        Expr::Binary(
            Binary::Equal,
            Box::new(one),
            Box::new(Expr::Constant(Value::string(other))),
        )
    }

    fn joined(binary: Binary, one: Expr, other: Expr) -> Expr {
        Expr::Binary(binary, Box::new(one), Box::new(other))
    }

    #[test]
    fn what_is_joined_by_and_is_needed_and_what_by_or_is_not() {
        let header = equal(of_request("headers", "x-a"), "1");
        let query = equal(of_request("query", "q"), "2");
        let request = Box::new(Expr::Context(Context::Request));
        let host = equal(Expr::Field(request, "host".into()), "shop.test");
        let both = joined(
            Binary::And,
            header.clone(),
            joined(Binary::And, query.clone(), host),
        );
        assert_eq!(
            needs(&both),
            [
                (Part::Header("x-a"), "1"),
                (Part::Query("q"), "2"),
                (Part::Host, "shop.test")
            ]
        );
        assert_eq!(needs(&joined(Binary::Or, header, query)), []);
        assert_eq!(needs(&Expr::Constant(Value::Bool(true))), []);
    }
}
