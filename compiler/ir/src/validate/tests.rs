//! A good program, broken in every way that is looked for.

mod flows;
mod regions;

use crate::{
    ErrorId, FunctionId, Program, Value,
    expr::{Context, Expr, Function},
    sample,
    sample::{int, slot},
    service::{EffectKind, Operation, Service},
    ty::{Shape, Type},
    validate::{Invalid, MAX_DEPTH, validate},
};
use std::sync::Arc;

#[test]
fn a_good_program_is_valid() {
    assert_eq!(validate(&sample::shop()), Ok(()));
}

/// Breaks the sample and gives what is then said of it.
pub(super) fn broken(change: impl FnOnce(&mut Program)) -> String {
    let mut program = sample::shop();
    change(&mut program);
    validate(&program).map_or_else(|Invalid(reason)| reason, |()| "valid".to_owned())
}

fn in_payments(change: impl FnOnce(&mut Service)) -> String {
    broken(|program| change(Arc::make_mut(&mut program.services[1])))
}

fn in_charge(change: impl FnOnce(&mut Operation)) -> String {
    in_payments(|service| change(&mut service.operations[0]))
}

#[test]
fn tables_that_do_not_fit_each_other_are_found() {
    let missing = crate::TypeId(9);
    let alias = |ty| Shape::Alias { ty, rule: None };
    let optional = |ty| Type::Optional(Box::new(ty));
    let deep = (0..MAX_DEPTH).fold(Type::Bool, |ty, _| optional(ty));
    let cases = [
        (broken(|p| p.version = 7), "the program has version 7, and not 1"),
        (
            broken(|p| p.types[4].shape = alias(Type::Named(missing))),
            "type Sku: type 9 does not exist, there are 5",
        ),
        (
            broken(|p| p.types[4].shape = alias(optional(Type::Named(crate::TypeId(4))))),
            "type Sku: an alias stands for itself, or for too long a chain of aliases",
        ),
        (
            broken(|p| p.configs[0].ty = deep),
            "config payments_url: a type is deeper than 200 levels",
        ),
        (
            broken(|p| p.configs[0].default = Some(Value::Float(f64::NAN))),
            "config payments_url: a constant: it is not a finite number",
        ),
        (
            broken(|p| p.configs[0].default = Some(Value::Json("{".into()))),
            "config payments_url: a constant: it is not JSON, or is deeper than it may be",
        ),
        (
            broken(|p| p.types[1].name = "Item".into()),
            "two types have the name `Item`",
        ),
        (
            broken(|p| p.errors.swap(0, 8)),
            "error 0 is not the built-in error `Timeout`",
        ),
        (
            broken(|p| p.errors[5].fields[0].ty = Type::String),
            "error 5 is not the built-in error `UnexpectedStatus`",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn numbers_of_policies_are_checked() {
    let retry = |change: fn(&mut crate::policy::Retry)| {
        broken(|p| change(p.policies[1].retry.as_mut().expect("policy 1 retries")))
    };
    let cases = [
        (
            broken(|p| p.policies[0].timeout.total_ms = 0),
            "policy 0: the timeout `total` is 0",
        ),
        (
            broken(|p| p.policies[0].timeout.idle_ms = u64::MAX),
            "policy 0: the timeout `idle` is longer than 1000000000000 ms",
        ),
        (
            retry(|r| r.attempts = 0),
            "policy 1: a retry has 0 attempts; the first one counts",
        ),
        (
            retry(|r| r.backoff.factor = 0),
            "policy 1: the factor of a backoff is 0",
        ),
        (
            retry(|r| r.backoff.base_ms = 3_000),
            "policy 1: the first wait is longer than the longest",
        ),
        (
            retry(|r| r.on[2] = crate::policy::RetryOn::Class(6)),
            "policy 1: there is no class of statuses 6xx",
        ),
        (
            retry(|r| r.on[3] = crate::policy::RetryOn::Status(7)),
            "policy 1: there is no status 7",
        ),
        (
            retry(|r| r.on[4] = crate::policy::RetryOn::Error(ErrorId(10))),
            "policy 1: error 10 does not exist, there are 10",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn functions_call_only_earlier_ones_and_stay_shallow() {
    let nested = |depth| (0..depth).fold(int(1), |expr, _| Expr::List(vec![expr]));
    let cases = [
        (
            broken(|p| Arc::make_mut(&mut p.functions[1]).body = Expr::Call(FunctionId(1), vec![slot(0)])),
            "function size: function 1 does not exist or comes later",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[1]).body = Expr::Call(FunctionId(0), vec![])),
            "function size: function counted takes 1 arguments, and gets 0",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[0]).slots = 0),
            "function counted: 1 parameters do not fit into 0 slots",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[0]).slots = u32::MAX),
            "function counted: 4294967295 slots are more than 1024",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[0]).body = slot(1)),
            "function counted: slot 1 is read before it is written",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[0]).body = Expr::Context(Context::Now)),
            "function counted: now is not known here",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.functions[0]).body = nested(MAX_DEPTH)),
            "function counted: an expression is deeper than 200 levels",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_chain_of_functions_is_as_deep_as_all_of_them() {
    let found = broken(|p| {
        let first = p.functions[0].clone();
        for at in 2..400_u32 {
            let mut next = Function::clone(&first);
            next.name = format!("f{at}").into();
            next.body = Expr::Call(FunctionId(at - 1), vec![slot(0)]);
            p.functions.push(next.into());
        }
    });
    assert!(
        found.ends_with("an expression and the functions it calls are deeper than 200 levels"),
        "{found}"
    );
}

#[test]
fn services_always_lead_somewhere() {
    let cases = [
        (
            in_payments(|s| s.routes[1].split[0].1 = 80),
            "service payments: route 1: its weights add up to 90, and not to 100",
        ),
        (
            in_payments(|s| s.routes[1].split[0].0 = crate::SubsetId(2)),
            "service payments: route 1: subset 2 does not exist, there are 2",
        ),
        (
            in_payments(|s| s.routes.truncate(1)),
            "service payments: its last route has a condition, so a request may lead nowhere",
        ),
        (
            in_payments(|s| s.routes.clear()),
            "service payments: its last route has a condition, so a request may lead nowhere",
        ),
        (
            in_payments(|s| s.routes[0].condition = Some(Expr::Context(Context::Reply))),
            "service payments: route 0: reply is not known here",
        ),
        (
            in_payments(|s| s.subsets[0].addresses.clear()),
            "service payments: subset `v1` has no address",
        ),
        (
            in_payments(|s| s.subsets[0].zones = vec!["eu".parse().unwrap(); 2]),
            "service payments: subset `v1` has 1 addresses, and 2 of them a zone",
        ),
        (
            in_payments(|s| s.auth = Some(crate::service::Auth::Bearer(crate::SecretId(1)))),
            "service payments: secret 1 does not exist, there are 1",
        ),
        (
            in_payments(|s| s.policy = crate::PolicyId(2)),
            "service payments: policy 2 does not exist, there are 2",
        ),
        (
            in_charge(|o| o.body = Some((slot(1), Type::Json))),
            "operation payments.charge: slot 1 is read before it is written",
        ),
        (
            in_charge(|o| o.effect = EffectKind::Read),
            "operation payments.charge: a post cannot be `read`",
        ),
        (
            in_charge(|o| o.key = None),
            "operation payments.charge: a post cannot be `keyed`",
        ),
        (
            in_charge(|o| o.on[0].status = 42),
            "operation payments.charge: there is no status 42",
        ),
        (
            in_charge(|o| o.on[0].raise.fields.clear()),
            "operation payments.charge: the fields given to error 9 are not those it declares",
        ),
        (
            in_charge(|o| o.fails = vec![ErrorId(10)]),
            "operation payments.charge: error 10 does not exist, there are 10",
        ),
        (
            in_charge(|o| o.key = Some(secret())),
            "operation payments.charge: a secret is read where it would be kept",
        ),
        (
            in_charge(|o| {
                o.body = Some((secret(), Type::String));
                o.binding = crate::service::Binding::Worker {
                    queue: "q".to_owned(),
                };
            }),
            "operation payments.charge: a process or a worker would be given a secret",
        ),
        (
            in_charge(|o| o.secret_headers = vec![("x".into(), Expr::Context(Context::Now))]),
            "operation payments.charge: now is not known where a request is sent",
        ),
        (
            in_payments(|s| s.subsets[0].addresses = vec![filled("http://", ".shop.example.com")]),
            "service payments: address parameter 0 does not exist, there are 0",
        ),
        (
            in_payments(|s| {
                s.address_params = vec![tenant()];
                s.subsets[0].addresses = vec![filled("http://", ".com")];
            }),
            "service payments: a call would choose who owns the host",
        ),
        (
            in_payments(|s| {
                s.address_params = vec![tenant()];
                s.subsets[0].addresses = vec![filled("http://", ".shop.example.com")];
            }),
            "operation payments.charge: its service's addresses take 1 parameters, and it gives 0",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

fn secret() -> Expr {
    Expr::Secret(crate::SecretId(0))
}

fn tenant() -> crate::service::AddressParam {
    crate::service::AddressParam {
        name: "tenant".into(),
        part: crate::address::Part::Label,
    }
}

/// An address that a call fills between two texts.
fn filled(before: &str, behind: &str) -> Expr {
    let text = |text: &str| Expr::Constant(crate::Value::string(text));
    Expr::Text(vec![text(before), slot(0), text(behind)])
}
