//! Whether somebody may: the rules of a program, whose order has no meaning. A denial wins, and once something is named
//! in any rule, what is not allowed is denied.

use flowmesh_ir::{
    access::{Mode, Rule, What, Who},
    expr::Expr,
};

/// What the rules say, and which of them by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is allowed; without a rule where none names the target.
    Allowed(Option<usize>),
    /// It is denied; without a rule where none allows it.
    Denied(Option<usize>),
}

/// Looks at every rule. `is` says who asks; `holds` whether the condition of a rule does, `None` where it has no value: then
/// nothing is allowed by it, and a denial holds.
pub fn judge(
    (rules, mode): (&[Rule], Mode),
    what: What,
    is: &dyn Fn(&Who) -> bool,
    holds: &mut dyn FnMut(usize, &Expr) -> Option<bool>,
) -> Verdict {
    let mut named = mode == Mode::Derived;
    let mut allowed = None;
    for (number, rule) in rules.iter().enumerate() {
        named |= rule.what.iter().any(|known| of_one(*known, what));
        let covers = |known: &What| match rule.allow {
            true => known.covers(what),
            // Who is kept from a part of a service is not led to the whole of it.
            false => known.covers(what) || what.covers(*known),
        };
        if !rule.what.iter().any(covers) || !rule.who.iter().any(is) {
            continue;
        }
        let condition = rule.condition.as_ref();
        let said = condition.map_or(Some(true), |condition| holds(number, condition));
        match (said, rule.allow) {
            (Some(true) | None, false) => return Verdict::Denied(Some(number)),
            (Some(true), true) => allowed = allowed.or(Some(number)),
            _ => {}
        }
    }
    match (allowed, named) {
        (Some(rule), _) => Verdict::Allowed(Some(rule)),
        (None, true) => Verdict::Denied(None),
        (None, false) => Verdict::Allowed(None),
    }
}

/// Whether both are of one service, or the same flow: who names an operation names its service.
fn of_one(one: What, other: What) -> bool {
    let service = |what| match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    };
    one == other || (service(one).is_some() && service(one) == service(other))
}

#[cfg(test)]
mod tests;
