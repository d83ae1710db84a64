//! Gives declarations other numbers: a part of one program then fits into another in which the same things are
//! declared at other places.

use crate::{
    ConfigId, ErrorId, EventId, FlowId, FunctionId, GatewayId, Name, OperationId, PolicyId, SecretId,
    ServiceId, SignalId, SlotId, StateId, StepId, SubsetId, TypeId, Value,
    address::Part,
    expr::{self, Argument, Binary, Context, Expr, Function, Pattern, Raise, Unary, Widen},
    flow::{
        Arm, Branch, Branches, Call, Catch, Concurrency, Conduct, Debounce, Each, Emit, End, Flow, Full,
        Gather, Guard, Instruction, Listen, Made, Need, On, Over, Product, Region, Rest, Reuse, Shift,
        Signal, Slot, Start, State, Step, Stream, Target, Tie, Trigger, Undo, View, Wait,
    },
    locality::Zone,
    policy::{Backoff, Balance, Policy, Retry, RetryOn, Timeout},
    service::{
        AddressParam, Auth, Binding, EffectKind, Method, OnStatus, Operation, Piece, Route, Service,
        StreamKind, Subset,
    },
    traffic::{
        Breaker, Cache, Cors, Fault, Health, Hedge, Limit, Mirror, Onward, Priority, Propagation, Rate,
        Rewrite, Sharing, Sticky, Tls, Trace,
    },
    ty::{Case, Field, Rule, Shape, Type, TypeDef},
};
use std::sync::Arc;

/// The new number of each declaration, by its old one. What has no entry keeps its number.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Declared types and events.
    pub types: Vec<TypeId>,
    /// Errors.
    pub errors: Vec<ErrorId>,
    /// Configs.
    pub configs: Vec<ConfigId>,
    /// Secrets.
    pub secrets: Vec<SecretId>,
    /// Services.
    pub services: Vec<ServiceId>,
    /// Functions.
    pub functions: Vec<FunctionId>,
    /// Flows.
    pub flows: Vec<FlowId>,
    /// Events.
    pub events: Vec<EventId>,
}

/// All that gets another number in one part of a program.
#[derive(Clone, Copy, Debug)]
pub struct Renumbering<'n> {
    /// Declarations.
    pub declared: &'n Numbers,
    /// Policies: old and new.
    pub policies: &'n [(PolicyId, PolicyId)],
    /// Types from the first number on are no author's; the first of them gets the second number.
    pub made: Option<(TypeId, TypeId)>,
}

/// Has numbers of declarations in it, or could have.
pub trait Renumber {
    /// Replaces the numbers.
    fn renumber(&mut self, to: &Renumbering<'_>);
}

impl Renumber for TypeId {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        match to.made {
            Some((old, new)) if *self >= old => self.0 = (self.0 - old.0).saturating_add(new.0),
            _ => by(&to.declared.types, self, Self::index),
        }
    }
}

impl Renumber for PolicyId {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        let known = to.policies.iter().find(|(old, _)| old == self);
        known.into_iter().for_each(|(_, new)| *self = *new);
    }
}

fn by<T: Copy>(new: &[T], number: &mut T, index: impl Fn(T) -> usize) {
    new.get(index(*number)).into_iter().for_each(|new| *number = *new);
}

macro_rules! numbered {
    ($($ty:ident in $table:ident;)*) => {$(
        impl Renumber for $ty {
            fn renumber(&mut self, to: &Renumbering<'_>) {
                by(&to.declared.$table, self, Self::index);
            }
        }
    )*};
}

numbered! {
    ErrorId in errors;
    ConfigId in configs;
    SecretId in secrets;
    ServiceId in services;
    FunctionId in functions;
    FlowId in flows;
    EventId in events;
}

impl<T: Renumber> Renumber for Vec<T> {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        self.iter_mut().for_each(|part| part.renumber(to));
    }
}

impl<T: Renumber> Renumber for Option<T> {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        self.iter_mut().for_each(|part| part.renumber(to));
    }
}

impl<T: Renumber> Renumber for Box<T> {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        (**self).renumber(to);
    }
}

impl<T: Renumber + Clone> Renumber for Arc<T> {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        Arc::make_mut(self).renumber(to);
    }
}

impl<A: Renumber, B: Renumber> Renumber for (A, B) {
    fn renumber(&mut self, to: &Renumbering<'_>) {
        self.0.renumber(to);
        self.1.renumber(to);
    }
}

/// What never has a number of a declaration in it.
macro_rules! without {
    ($($ty:ty),* $(,)?) => {$(
        impl Renumber for $ty {
            fn renumber(&mut self, _: &Renumbering<'_>) {}
        }
    )*};
}

without! {
    (), Name, String, Value, bool, i32, i64, u8, u16, u32, u64,
    OperationId, SubsetId, GatewayId, StateId, SlotId, SignalId, StepId,
    Context, Unary, Binary, Widen, Full, Gather, Rest, Tie, Step, Pattern,
    Timeout, Backoff, crate::policy::Budget, Balance, Breaker, Cache, Cors, Fault, Health, Hedge, Rate, Rewrite, Sharing, Tls, Priority, Propagation,
    EffectKind, Method, Part, Zone,
}

/// Structs: every field is named, so that a new one is not forgotten.
macro_rules! parts {
    ($($ty:path { $($field:ident),* $(,)? })*) => {$(
        impl Renumber for $ty {
            fn renumber(&mut self, to: &Renumbering<'_>) {
                let Self { $($field),* } = self;
                $($field.renumber(to);)*
            }
        }
    )*};
}

parts! {
    expr::Arm { pattern, body }
    Function { name, params, result, slots, body }
    Raise { error, fields }
    Field { name, ty, rule }
    Rule { condition, text }
    Case { name, wire, fields }
    TypeDef { name, doc, tag, shape }
    Flow { name, doc, params, result, fails, key, trigger, produces, conduct, signals, views, slots, steps, states, entry }
    Signal { name, params, result, transient }
    Trigger { event, condition, made, also }
    Product { form, holes }
    Made { product, params }
    Conduct { priority, ageing_ms, concurrency, delay, debounce, keep_ms, tags }
    Concurrency { most, per, full }
    Debounce { wait, per, most }
    View { name, ty, value }
    Slot { name, ty }
    State { code, end, step }
    Call { target, cache, bind, undo, catch, next }
    Reuse { key, ttl }
    Target { service, operation, arguments, policy, as_json }
    Undo { target, step }
    Catch { error, bind, next }
    Wait { arms, catch }
    Arm { on, bind, next }
    Branch { when, after, entry }
    Each { over, item, own, limit, entry, gather }
    Region { branches, need, rest, within, guard, catch, finally, name, next }
    Guard { name, permits, rate, token }
    Start { flow, arguments, tie, cache, bind, undo, catch, next }
    Listen { signal, params, own, entry, next }
    Emit { event, value, next }
    Shift { service, weights, undo, next }
    Stream { target, item, body, catch, next }
    Policy {
        timeout, retry, balance, hash, weights, sticky, hedge, breaker, limit, priority, health, tls, failover, mirror, fault,
        headers, rewrite,
        cors, cache, trace,
    }
    Sticky { cookie, ttl_ms, key }
    Retry { attempts, on, backoff, budget }
    Limit { rate, burst, adaptive, concurrent, queue, per, shared }
    Mirror { to, percent, writes }
    Trace { sample, tags, propagate }
    Service { name, doc, subsets, address_params, routes, policy, auth, operations, descriptors }
    Subset { name, addresses, zones }
    AddressParam { name, part }
    Route { condition, split }
    Operation {
        name, doc, params, result, fails, stream, binding, method, path, address, query, body, headers, secret_headers,
        key, on, policy, effect,
    }
    StreamKind { resume, params }
    OnStatus { status, raise }
}

/// Enums: every case is named, so that a new one is not forgotten.
macro_rules! cases {
    ($($ty:ident { $($case:ident $(($($part:ident),*))? $({$($field:ident),*})?;)* })*) => {$(
        impl Renumber for $ty {
            fn renumber(&mut self, to: &Renumbering<'_>) {
                match self {
                    $(Self::$case $(($($part),*))? $({$($field),*})? => {
                        $($($part.renumber(to);)*)?
                        $($($field.renumber(to);)*)?
                    })*
                }
            }
        }
    )*};
}

cases! {
    Expr {
        Constant(a);
        Slot(a);
        Config(a);
        Secret(a);
        Context(a);
        Record(a);
        List(a);
        Variant(a, b);
        Field(a, b);
        Index(a, b);
        Unary(a, b);
        Binary(a, b, c);
        Text(a);
        If(a, b, c);
        Match { subject, arms };
        Call(a, b);
        Native(a, b);
        As(a, b);
        Widen(a, b);
    }
    Argument { Value(a); Lambda(a, b); }
    Type {
        Bool; Int; Float; Decimal; String; Bytes; Time; Date; Duration; Url; Json; Unit;
        Optional(a); List(a); Map(a); Named(a);
    }
    Shape { Record(a); Enum(a); Alias { ty, rule }; }
    Instruction { Set(a, b); Log(a); Tag(a, b); }
    End {
        Call(a);
        Sleep { duration, next };
        SleepUntil { time, next };
        Wait(a);
        Region(a);
        Leave { regions, next };
        Start(a);
        Spawn { task, own, entry, next };
        Give(a);
        Listen(a);
        Emit(a);
        Shift(a);
        Stream(a);
        CancelStep { step, next };
        CancelTask { task, next };
        Probe { target, after, found, missing };
        Restart(a);
        Join;
        Branch { condition, yes, no };
        Match { subject, arms };
        Jump(a);
        Return(a);
        Fail(a);
    }
    On { Signal(a); Event { event, slot, condition }; After(a); At(a); Condition(a); Task(a); }
    Branches { Fixed(a); Each(a); }
    Over { List(a); Range(a, b); Signals(a); }
    Need { All; Count(a); Until(a); }
    RetryOn { Connect; Timeout; Class(a); Status(a); Error(a); }
    Onward { Subset(a); Service(a); }
    Auth { Bearer(a); ApiKey(a, b); Basic(a, b); OAuth2 { url, client, secret, scopes }; }
    Binding { Http; Grpc { service, method }; Run { words }; Worker { queue }; }
    Piece { Literal(a); Value(a); }
}

#[cfg(test)]
mod tests {
    use super::{Numbers, Renumber, Renumbering};
    use crate::{ErrorId, FunctionId, PolicyId, ServiceId, TypeId, print, sample};

    #[test]
    fn numbers_that_change_and_change_back_leave_a_program_as_it_was() {
        let shop = sample::shop();
        let up = |count: usize| 1..=u32::try_from(count).unwrap();
        let down = |count: usize| (0..=u32::try_from(count).unwrap()).map(|at| at.saturating_sub(1));
        let there = Numbers {
            types: up(shop.types.len()).map(TypeId).collect(),
            errors: up(shop.errors.len()).map(ErrorId).collect(),
            services: up(shop.services.len()).map(ServiceId).collect(),
            functions: up(shop.functions.len()).map(FunctionId).collect(),
            ..Numbers::default()
        };
        let back = Numbers {
            types: down(shop.types.len()).map(TypeId).collect(),
            errors: down(shop.errors.len()).map(ErrorId).collect(),
            services: down(shop.services.len()).map(ServiceId).collect(),
            functions: down(shop.functions.len()).map(FunctionId).collect(),
            ..Numbers::default()
        };
        let mut moved = shop.clone();
        let mut renumber = |declared: &Numbers, old: u32, new: u32| {
            let to = Renumbering {
                declared,
                policies: &[(PolicyId(old), PolicyId(new))],
                made: None,
            };
            moved.flows.renumber(&to);
            moved.functions.renumber(&to);
            moved.services.renumber(&to);
            print::json(&moved)
        };
        assert_ne!(renumber(&there, 1, 7), print::json(&shop));
        assert_eq!(renumber(&back, 7, 1), print::json(&shop));
    }
}
