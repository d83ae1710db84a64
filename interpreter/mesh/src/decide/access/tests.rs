use super::{Verdict, judge};
use flowmesh_ir::{
    FlowId, GatewayId, OperationId, ServiceId, Value,
    access::{Mode, Rule, What, Who},
    expr::Expr,
};

const SHOP: Who = Who::Gateway(GatewayId(0));
const STOCK: What = What::Service(ServiceId(0));
const FIND: What = What::Operation(ServiceId(0), OperationId(0));
const DROP: What = What::Operation(ServiceId(0), OperationId(1));
const CHECKOUT: What = What::Flow(FlowId(0));

fn rule(allow: bool, who: Who, what: What, condition: Option<Value>) -> Rule {
    Rule {
        allow,
        who: vec![who],
        what: vec![what],
        condition: condition.map(Expr::Constant),
    }
}

/// A condition that is no truth value has none.
fn asked(rules: &[Rule], mode: Mode, what: What) -> Verdict {
    let is = |who: &Who| *who == SHOP || *who == Who::Anyone;
    let mut holds = |_, condition: &Expr| match condition {
        Expr::Constant(Value::Bool(truth)) => Some(*truth),
        _ => None,
    };
    judge((rules, mode), what, &is, &mut holds)
}

#[test]
fn what_no_rule_names_is_open_unless_all_rules_are_derived() {
    assert_eq!(asked(&[], Mode::Written, STOCK), Verdict::Allowed(None));
    assert_eq!(asked(&[], Mode::Derived, STOCK), Verdict::Denied(None));
}

#[test]
fn once_a_service_is_named_what_is_not_allowed_of_it_is_denied() {
    let other = Who::Gateway(GatewayId(1));
    let rules = [rule(true, other, FIND, None)];
    assert_eq!(asked(&rules, Mode::Written, FIND), Verdict::Denied(None));
    assert_eq!(asked(&rules, Mode::Written, DROP), Verdict::Denied(None));
    assert_eq!(asked(&rules, Mode::Written, STOCK), Verdict::Denied(None));
    assert_eq!(asked(&rules, Mode::Written, CHECKOUT), Verdict::Allowed(None));
}

#[test]
fn who_may_all_of_a_service_may_each_operation_and_not_the_other_way_round() {
    let rules = [rule(true, SHOP, STOCK, None)];
    assert_eq!(asked(&rules, Mode::Written, FIND), Verdict::Allowed(Some(0)));
    let rules = [rule(true, SHOP, FIND, None)];
    assert_eq!(asked(&rules, Mode::Written, STOCK), Verdict::Denied(None));
}

#[test]
fn a_denial_wins_in_any_order() {
    let mut rules = [
        rule(true, SHOP, STOCK, None),
        rule(false, Who::Anyone, FIND, None),
    ];
    assert_eq!(asked(&rules, Mode::Written, FIND), Verdict::Denied(Some(1)));
    assert_eq!(asked(&rules, Mode::Written, DROP), Verdict::Allowed(Some(0)));
    // Through the whole service one would come to the part as well.
    assert_eq!(asked(&rules, Mode::Written, STOCK), Verdict::Denied(Some(1)));
    rules.reverse();
    assert_eq!(asked(&rules, Mode::Written, FIND), Verdict::Denied(Some(0)));
}

#[test]
fn a_condition_without_a_value_allows_nothing_and_denies() {
    let with = |allow, value| {
        [
            rule(true, SHOP, CHECKOUT, None),
            rule(allow, SHOP, CHECKOUT, Some(value)),
        ]
    };
    let deny = |value| asked(&with(false, value), Mode::Written, CHECKOUT);
    assert_eq!(deny(Value::Bool(false)), Verdict::Allowed(Some(0)));
    assert_eq!(deny(Value::Bool(true)), Verdict::Denied(Some(1)));
    assert_eq!(deny(Value::None), Verdict::Denied(Some(1)));
    let allow = |value| asked(&with(true, value)[1..], Mode::Written, CHECKOUT);
    assert_eq!(allow(Value::Bool(true)), Verdict::Allowed(Some(0)));
    assert_eq!(allow(Value::Bool(false)), Verdict::Denied(None));
    assert_eq!(allow(Value::None), Verdict::Denied(None));
}
