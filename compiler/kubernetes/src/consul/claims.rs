//! What tokens must say: rules that ask for claims of a gateway's visitors.
//!
//! A gateway asks for them before its routes, and the instances of a service once more. Of one provider all claims must be
//! there, and one provider of several is enough, so that each alternative of a condition is a provider of its own. Neither
//! can ask for a claim that is not there, nor for one only where a request is of some kind: instances look at the first
//! permission that fits the request, whatever its token says.

use crate::{Options, constant, manifest::object_name};
use flowmesh_ir::{
    GatewayId, Program, ServiceId, Value,
    access::{Rule, What, Who},
    expr::{Binary, Context, Expr},
    gateway::Gateway,
    ty::Type,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The most alternatives, each of which is a provider that fetches keys.
const MAX_ALTERNATIVES: usize = 8;

const NOT_A_CLAIM: &str = "of claims it compares each with a text, as `caller.claims.role == \"admin\" as json`, joined by `and` or `or`";
const IN_PART: &str = "what it asks of claims is for a whole service and for all of its requests";
const BESIDE: &str =
    "where it asks for claims, no other rule lets the visitors of the gateway to a part of the service";
const DENIAL: &str = "it asks for claims that are there, and keeps nobody out for one";
const TOO_MANY: &str = "it asks for one of 8 alternatives of claims at the most";

/// A claim, and the text that it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Claim {
    path: Vec<String>,
    value: String,
}

/// Claims that must all be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct Claims(BTreeSet<Claim>);

/// Of whom tokens are taken; one of them is enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Tokens {
    providers: Vec<Provider>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    name: String,
    #[serde(skip_serializing_if = "Claims::is_empty")]
    verify_claims: Claims,
}

/// Why a rule cannot be held, and which.
pub(super) type Unheld = (usize, &'static str);

impl Claims {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of both; nothing where one of them would have to be two texts.
    fn and(&self, other: &Self) -> Option<Self> {
        let both: BTreeSet<Claim> = self.0.union(&other.0).cloned().collect();
        let paths: BTreeSet<&Vec<String>> = both.iter().map(|claim| &claim.path).collect();
        let once = paths.len() == both.len();
        once.then(|| Self(both.clone()))
    }
}

impl Tokens {
    /// Those of the visitors of a gateway, of which one of these must hold where something is asked of claims.
    pub(super) fn of(gateway: &Gateway, asked: Option<&[Claims]>) -> Self {
        let usual = [Claims::default()];
        let asked = asked.unwrap_or(&usual).iter().enumerate();
        let each = asked.map(|(number, claims)| Provider {
            name: provider(gateway, number),
            verify_claims: claims.clone(),
        });
        Self {
            providers: each.collect(),
        }
    }
}

/// The name of a provider of a gateway.
pub(super) fn provider(gateway: &Gateway, number: usize) -> String {
    let name = object_name(&gateway.name);
    match number {
        0 => name,
        number => format!("{name}-{}", number + 1),
    }
}

/// Whether a rule asks for claims.
pub(super) fn asks(rule: &Rule) -> bool {
    rule.condition.as_ref().is_some_and(looks_at_claims)
}

fn looks_at_claims(expr: &Expr) -> bool {
    let mut found = false;
    expr.each(&mut |expr| found |= is_claims(expr));
    found
}

/// Why a rule that asks for claims cannot be held, where it is a denial.
pub(super) fn denial(rule: &Rule) -> Option<&'static str> {
    (!rule.allow).then_some(DENIAL)
}

/// What the tokens of a gateway's visitors must say for a service, one of these; nothing where nothing is asked of claims.
///
/// # Errors
/// The rule that cannot be held, and why.
pub(super) fn asked(
    program: &Program,
    options: &Options<'_>,
    rules: &[Rule],
    (gateway, service): (GatewayId, ServiceId),
) -> Result<Option<Vec<Claims>>, Unheld> {
    let is = |who: &Who| *who == Who::Anyone || *who == Who::Gateway(gateway);
    let touches = |what: &What| match what {
        What::Service(id) | What::Operation(id, _) => *id == service,
        What::Flow(_) => false,
    };
    let about = |(_, rule): &(usize, &Rule)| rule.who.iter().any(is) && rule.what.iter().any(touches);
    let about: Vec<(usize, &Rule)> = rules.iter().enumerate().filter(about).collect();
    if let Some((number, _)) = about.iter().find(|(_, rule)| !rule.allow && asks(rule)) {
        return Err((*number, DENIAL));
    }
    let whole = |rule: &Rule| rule.what.contains(&What::Service(service));
    let may = about.iter().filter(|(_, rule)| rule.allow);
    if may
        .clone()
        .any(|(_, rule)| rule.condition.is_none() && whole(rule))
    {
        return Ok(None);
    }
    let (asking, others): (Vec<(usize, &Rule)>, Vec<_>) = may.partition(|(_, rule)| asks(rule));
    let Some((first, _)) = asking.first() else {
        return Ok(None);
    };
    if !others.is_empty() {
        return Err((*first, BESIDE));
    }
    let mut all = Vec::new();
    for (number, rule) in asking {
        let condition = rule.condition.as_ref().filter(|_| whole(rule));
        let found = condition
            .ok_or(IN_PART)
            .and_then(|condition| alternatives(program, options, condition));
        all.extend(found.map_err(|reason| (number, reason))?);
        all = limited(&all).map_err(|reason| (number, reason))?;
    }
    // Where nothing can be so, nobody is let in.
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// Any of which makes a condition hold; none at all where nothing does.
fn alternatives(
    program: &Program,
    options: &Options<'_>,
    condition: &Expr,
) -> Result<Vec<Claims>, &'static str> {
    match condition {
        Expr::Constant(Value::Bool(true)) => Ok(vec![Claims::default()]),
        Expr::Constant(Value::Bool(false)) => Ok(Vec::new()),
        Expr::Binary(operator @ (Binary::Or | Binary::And), a, b) => {
            let (a, b) = (
                alternatives(program, options, a)?,
                alternatives(program, options, b)?,
            );
            limited(&match operator {
                Binary::Or => [a, b].concat(),
                _ => a.iter().flat_map(|a| b.iter().filter_map(|b| a.and(b))).collect(),
            })
        }
        Expr::Binary(Binary::Equal, a, b) => {
            let read = |of: &Expr, value: &Expr| {
                let (path, value) = (path(of)?, text(program, options, value)?);
                // An empty one is none to Consul.
                let is_said = !value.is_empty() && path.iter().all(|part| !part.is_empty());
                is_said.then_some(Claim { path, value })
            };
            let claim = read(a, b)
                .or_else(|| read(b, a))
                .ok_or_else(|| unsaid(condition))?;
            Ok(vec![Claims(BTreeSet::from([claim]))])
        }
        other => Err(unsaid(other)),
    }
}

/// Why a part of a condition cannot be held.
fn unsaid(condition: &Expr) -> &'static str {
    match looks_at_claims(condition) {
        true => NOT_A_CLAIM,
        false => IN_PART,
    }
}

/// Without those that ask for more than another.
fn limited(all: &[Claims]) -> Result<Vec<Claims>, &'static str> {
    let mut kept: Vec<Claims> = Vec::new();
    for one in all {
        let more = |other: &Claims| other.0.is_subset(&one.0) && other != one;
        if !all.iter().any(more) && !kept.contains(one) {
            kept.push(one.clone());
        }
    }
    match kept.len() > MAX_ALTERNATIVES {
        true => Err(TOO_MANY),
        false => Ok(kept),
    }
}

fn is_claims(expr: &Expr) -> bool {
    matches!(expr, Expr::Field(of, name) if **of == Expr::Context(Context::Caller) && name.as_str() == "claims")
}

/// Where a claim stands in a token.
fn path(expr: &Expr) -> Option<Vec<String>> {
    let (of, name): (&Expr, &str) = match expr {
        Expr::Field(of, name) => (of, name),
        Expr::Index(of, index) => match &**index {
            Expr::Constant(Value::String(name)) => (of, name),
            _ => return None,
        },
        _ => return None,
    };
    let before = match is_claims(of) {
        true => Some(Vec::new()),
        false => path(of),
    };
    before.map(|before| before.into_iter().chain([name.to_owned()]).collect())
}

/// A text as what tokens are made of.
fn text(program: &Program, options: &Options<'_>, expr: &Expr) -> Option<String> {
    match expr {
        Expr::As(of, Type::Json) => constant::text(program, options, of).ok(),
        Expr::Constant(Value::Json(raw)) => serde_json::from_str(raw).ok(),
        _ => None,
    }
}
