//! Which requests the routes of a gateway are for, and where they send visitors who are sent elsewhere.

use super::{Front, Placed};
use crate::{
    condition, constant,
    matcher::{Match, Pattern},
};
use flowmesh_ir::{
    expr::{Context, Expr},
    gateway::Route,
};

/// Where visitors are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    pub(crate) scheme: String,
    /// The host, and the port where it is named.
    pub(crate) authority: String,
    /// The path and what follows it; `None` is the path that was asked for.
    pub(crate) path: Option<String>,
}

impl<K: Placed> Front<'_, '_, K> {
    /// Which requests a route is for, but for their host.
    pub(crate) fn matches(&self, route: &Route) -> Result<Vec<Match>, &'static str> {
        if !route.patterns.is_empty() {
            return Err("a regular expression for a part of the path is not written yet");
        }
        let path =
            Pattern::of_route(&route.path).ok_or("its path has characters that a match cannot have")?;
        let own = Match {
            path: path.path(),
            method: route.method.map(|method| method.as_str().to_owned()),
            ..Match::all()
        };
        let conditions = match &route.condition {
            None => vec![Match::all()],
            Some(condition) => condition::matches(self.program, self.options, condition)?,
        };
        Ok(conditions.iter().filter_map(|one| one.and(&own)).collect())
    }

    /// An address that is known before, or one that ends with the path that was asked for.
    pub(crate) fn elsewhere(&self, to: &Expr) -> Option<Elsewhere> {
        let path = Expr::Field(Box::new(Expr::Context(Context::Request)), "path".into());
        let (known, keeps) = match to {
            Expr::Text(parts) => match parts.split_last() {
                Some((last, before)) if *last == path => (Expr::Text(before.to_vec()), true),
                _ => (to.clone(), false),
            },
            _ => (to.clone(), false),
        };
        let text = constant::text(self.program, self.options, &known).ok()?;
        let (scheme, rest) = text.split_once("://")?;
        let (authority, uri) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, if keeps { "" } else { "/" }),
        };
        // A path before the one that was asked for would need a rewrite.
        if keeps && !uri.is_empty() {
            return None;
        }
        Some(Elsewhere {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            path: (!keeps).then(|| uri.to_owned()),
        })
    }
}
