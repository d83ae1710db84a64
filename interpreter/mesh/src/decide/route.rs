//! Which subset a request goes to: the first rule whose condition holds, then its weights.

use super::chance::{Chance, below};
use flowmesh_ir::{Name, SubsetId, expr::Expr, service::Method, service::Route};

/// What a route's conditions, and the texts of policies, can ask of a request.
#[derive(Clone, Debug)]
pub struct RequestView<'a> {
    /// The method.
    pub method: Method,
    /// The path without its query, still encoded.
    pub path: &'a str,
    /// The name of the service: the host that the flow meant.
    pub host: &'a str,
    /// The headers of the operation; compare their names without case.
    pub headers: &'a [(Name, String)],
    /// The query, encoded, without the `?`.
    pub query: &'a str,
}

/// Says whether a condition holds. This crate does not evaluate expressions; the host does.
pub type Conditions = dyn Fn(&Expr, &RequestView<'_>) -> bool + Send + Sync;

/// Gives a text over a request and whoever asks, or nothing where it has no value. The host evaluates it, as conditions.
pub type Texts = dyn Fn(&Expr, &RequestView<'_>) -> Option<String> + Send + Sync;

/// Picks the subset. `None` only where the program has no rule that always holds, or weights that are all zero.
///
/// Traffic that was `moved` goes by those weights instead of by those of the rule that always holds; a rule with a
/// condition (a tester's header) keeps what it says.
pub fn route(
    routes: &[Route],
    moved: Option<&[(SubsetId, u32)]>,
    request: &RequestView<'_>,
    conditions: &Conditions,
    chance: &mut Chance<'_>,
) -> Option<SubsetId> {
    split(shares(routes, moved, request, conditions)?, chance)
}

/// What each subset gets of requests like this one.
pub fn shares<'r>(
    routes: &'r [Route],
    moved: Option<&'r [(SubsetId, u32)]>,
    request: &RequestView<'_>,
    conditions: &Conditions,
) -> Option<&'r [(SubsetId, u32)]> {
    let holds = |route: &&Route| {
        route
            .condition
            .as_ref()
            .is_none_or(|rule| conditions(rule, request))
    };
    let found = routes.iter().find(holds)?;
    match moved {
        Some(moved) if found.condition.is_none() => Some(moved),
        _ => Some(&found.split),
    }
}

/// One of several by weight.
pub fn split(weights: &[(SubsetId, u32)], chance: &mut Chance<'_>) -> Option<SubsetId> {
    if let [(only, weight)] = weights {
        return (*weight > 0).then_some(*only);
    }
    let total = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let mut left = below(chance, total);
    for (subset, weight) in weights {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return Some(*subset),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::chance::Source;
    use flowmesh_ir::Value;

    const VIEW: RequestView<'static> = RequestView {
        method: Method::Get,
        path: "/",
        host: "shop",
        headers: &[],
        query: "",
    };

    fn when(truth: Option<bool>, subset: u32) -> Route {
        let condition = truth.map(|truth| Expr::Constant(Value::Bool(truth)));
        Route {
            condition,
            split: vec![(SubsetId(subset), 100)],
        }
    }

    fn routed(routes: &[Route]) -> Option<u32> {
        let truth = |rule: &Expr, _: &RequestView<'_>| *rule == Expr::Constant(Value::Bool(true));
        route(routes, None, &VIEW, &truth, &mut || 0).map(|subset| subset.0)
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        assert_eq!(
            routed(&[when(Some(false), 1), when(Some(true), 2), when(None, 3)]),
            Some(2)
        );
        assert_eq!(routed(&[when(Some(false), 1), when(None, 3)]), Some(3));
        assert_eq!(routed(&[when(Some(false), 1)]), None);
    }

    #[test]
    fn traffic_that_was_moved_goes_elsewhere_but_for_rules_with_a_condition() {
        let truth = |rule: &Expr, _: &RequestView<'_>| *rule == Expr::Constant(Value::Bool(true));
        let moved = [(SubsetId(7), 100)];
        let to = |routes: &[Route]| route(routes, Some(&moved), &VIEW, &truth, &mut || 0).map(|to| to.0);
        assert_eq!(to(&[when(None, 3)]), Some(7));
        assert_eq!(to(&[when(Some(true), 2), when(None, 3)]), Some(2));
    }

    #[test]
    fn weights_share_the_traffic() {
        let source = Source::new(5);
        let weights = [(SubsetId(0), 90), (SubsetId(1), 0), (SubsetId(2), 10)];
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            counts[split(&weights, &mut || source.draw()).unwrap().index()] += 1;
        }
        assert!((8_900..9_100).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[1], 0);
    }

    #[test]
    fn nothing_but_zeroes_leads_nowhere() {
        assert_eq!(split(&[(SubsetId(0), 0)], &mut || 0), None);
        assert_eq!(split(&[(SubsetId(0), 0), (SubsetId(1), 0)], &mut || 7), None);
        assert_eq!(split(&[], &mut || 0), None);
    }
}
