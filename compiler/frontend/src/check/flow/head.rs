//! The head of a flow beyond its parameters: what starts it, what it produces, and how its runs are kept.

use super::{Beside, error::Target, product::Began, region::length};
use crate::{
    ast::{self, ExprKind, Ident, Setting},
    check::{
        Checker, Ty, constant,
        frame::Kind,
        globals::Signature,
        service::Error as ServiceError,
        tree::{Produces, Required},
    },
    resolve::ModuleId,
};
use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    Name, Value,
    expr::Expr,
    flow::{Concurrency, Conduct, Debounce, Full, Trigger},
};
use std::collections::HashSet;

/// The settings that a flow may have.
const SETTINGS: [(&str, &str); 9] = [
    ("timeout", "a duration: `timeout: 1d`"),
    (
        "retry",
        "attempts and waits: `retry: { attempts: 3, backoff: exponential(1s) }`",
    ),
    ("priority", "a whole number, where more goes first: `priority: 5`"),
    (
        "ageing",
        "how long a wait counts as one of priority, a duration: `ageing: 1m`",
    ),
    (
        "concurrency",
        "how many runs work at once: `concurrency: { most: 5, per: customer, full: queue }`",
    ),
    (
        "delay",
        "how long a run waits before it begins, a duration: `delay: 10s`",
    ),
    (
        "debounce",
        "how long a run waits for a newer one: `debounce: { wait: 2s, per: page, most: 10s }`",
    ),
    (
        "keep",
        "how long a run is kept after its end, a duration: `keep: 30d`",
    ),
    ("tags", "texts by name: `tags: { customer: order.email }`"),
];

/// What the head of a flow says.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) key: Option<Expr>,
    pub(super) trigger: Option<Trigger>,
    pub(super) requires: Vec<Required>,
    pub(super) produces: Option<Produces>,
    pub(super) conduct: Conduct,
}

impl<'a> Checker<'a> {
    /// Everything that is over the parameters alone.
    pub(super) fn head(&mut self, module: ModuleId, flow: &'a ast::Flow, signature: &Signature) -> Head {
        let idents: Vec<&Ident> = flow.params.iter().map(|param| &param.name).collect();
        let (head, _) = self.within(module, Kind::Key, |checker| {
            checker.declare_params(&idents, &signature.params);
            let key = flow.key.as_ref().map(|key| checker.key(key));
            let began = flow.trigger.as_ref().and_then(|on| {
                let began = checker.trigger(on, signature)?;
                if let (Some(of), false) = (began.requires.first(), key.is_some()) {
                    let (flow, span) = (signature.name.clone(), of.span);
                    checker.report(Target::Keyless { flow, span }.diagnostic());
                }
                Some(began)
            });
            let (trigger, requires) =
                began.map_or((None, Vec::new()), |began| (Some(began.by), began.requires));
            Head {
                key,
                trigger,
                requires,
                produces: flow
                    .produces
                    .as_ref()
                    .and_then(|target| checker.produces(target, signature)),
                conduct: checker.conduct(&flow.settings),
            }
        });
        head
    }

    fn trigger(&mut self, on: &'a ast::Trigger, signature: &Signature) -> Option<Began> {
        if let Some(product) = &on.product {
            return self.produced(product, signature);
        }
        // No event can start it, which was said.
        if signature.values().count() < signature.params.len() {
            return None;
        }
        let (event, ty) = self.event_named(&on.event)?;
        if !matches!(signature.params.as_slice(), [only] if only.ty == ty) {
            let error = Beside::TriggerParam {
                flow: signature.name.clone(),
                event: on.event.text.clone(),
                span: on.event.span,
                declared: signature.span,
            };
            self.report(error.diagnostic());
        }
        let condition = on.condition.as_ref();
        let condition = condition.map(|condition| self.against(condition, &Ty::Bool));
        let by = Trigger {
            event,
            condition,
            made: None,
            also: Vec::new(),
        };
        Some(Began {
            by,
            requires: Vec::new(),
        })
    }

    /// How its runs are kept. `timeout` and `retry` are regions around the body.
    fn conduct(&mut self, settings: &'a [Setting]) -> Conduct {
        let mut conduct = Conduct::default();
        let mut seen: HashSet<&Name> = HashSet::new();
        for setting in settings {
            let name = &setting.name;
            if !seen.insert(&name.text) {
                let (name, span) = (name.text.clone(), name.span);
                self.report(ServiceError::SettingTwice { name, span }.diagnostic());
                continue;
            }
            let fits = match name.text.as_str() {
                "priority" => self
                    .priority(&setting.value)
                    .map(|priority| conduct.priority = priority),
                "keep" => self
                    .some_time(&setting.value)
                    .map(|keep| conduct.keep_ms = Some(keep)),
                "ageing" => self
                    .some_time(&setting.value)
                    .map(|ageing| conduct.ageing_ms = Some(ageing)),
                "concurrency" => self
                    .concurrency(&setting.value)
                    .map(|concurrency| conduct.concurrency = Some(concurrency)),
                "delay" => {
                    conduct.delay = Some(self.against(&setting.value, &Ty::Duration));
                    Some(())
                }
                "debounce" => self
                    .debounce(&setting.value)
                    .map(|debounce| conduct.debounce = Some(debounce)),
                "tags" => self.tags(&setting.value).map(|tags| conduct.tags = tags),
                "timeout" | "retry" => Some(()),
                _ => {
                    self.no_flow_setting(name);
                    Some(())
                }
            };
            if fits.is_none() {
                let form = SETTINGS.iter().find(|(known, _)| name.text == *known);
                let error = Beside::SettingForm {
                    name: name.text.clone(),
                    form: form.map_or("", |(_, form)| form),
                    span: setting.value.span,
                };
                self.report(error.diagnostic());
            }
        }
        let of = |name: &str| settings.iter().find(|setting| setting.name.text == name);
        if let (Some(delay), Some(debounce)) = (of("delay"), of("debounce")) {
            let (delay, debounce) = (delay.name.span, debounce.name.span);
            self.report(Beside::DelayTwice { delay, debounce }.diagnostic());
        }
        conduct
    }

    fn no_flow_setting(&mut self, name: &Ident) {
        let near = nearest(&name.text, SETTINGS.iter().map(|(known, _)| *known));
        let error = Beside::NoSetting {
            name: name.text.clone(),
            span: name.span,
            near: near.map(Name::from),
        };
        self.report(error.diagnostic());
    }

    fn priority(&mut self, value: &'a ast::Expr) -> Option<i32> {
        let typed = self.expr(value, Some(&Ty::Int));
        match constant::value(&typed.expr) {
            Some(Value::Int(priority)) => i32::try_from(priority).ok(),
            _ => None,
        }
    }

    /// A constant that is more than no time, in milliseconds.
    fn some_time(&mut self, value: &'a ast::Expr) -> Option<u64> {
        let typed = self.expr(value, Some(&Ty::Duration));
        let time = length(&typed.expr)?;
        u64::try_from(time.as_millis()).ok().filter(|time| *time > 0)
    }

    /// `{ most: 5, per: customer, full: queue }`
    fn concurrency(&mut self, value: &'a ast::Expr) -> Option<Concurrency> {
        let ExprKind::Record(fields) = &value.kind else {
            return None;
        };
        let (mut most, mut per, mut full) = (None, None, None);
        self.each_part(
            "concurrency",
            ["most", "per", "full"],
            fields,
            |checker, name, value| match name {
                "most" => most.replace(checker.at_least_one("most", value)).is_some(),
                "per" => per.replace(checker.as_text(value)).is_some(),
                _ => {
                    let word = checker.word("full", value, &Full::WORDS);
                    let full = full.replace((word.and_then(Full::of).unwrap_or_default(), value.span));
                    full.is_some()
                }
            },
        );
        let full = full.map_or(Full::Queue, |(full, span)| {
            if full == Full::RoundRobin && per.is_none() {
                self.report(Beside::NoTurns { span }.diagnostic());
            }
            full
        });
        Some(Concurrency {
            most: most?,
            per,
            full,
        })
    }

    /// `{ wait: 2s, per: page, most: 10s }`
    fn debounce(&mut self, value: &'a ast::Expr) -> Option<Debounce> {
        let ExprKind::Record(fields) = &value.kind else {
            return None;
        };
        let (mut wait, mut per, mut most) = (None, None, None);
        self.each_part(
            "debounce",
            ["wait", "per", "most"],
            fields,
            |checker, name, value| match name {
                "wait" => wait.replace(checker.against(value, &Ty::Duration)).is_some(),
                "per" => per.replace(checker.as_text(value)).is_some(),
                _ => most.replace(checker.against(value, &Ty::Duration)).is_some(),
            },
        );
        Some(Debounce {
            wait: wait?,
            per,
            most,
        })
    }

    /// Looks at each part of a setting that is a record; `what` says whether there was one of this name before.
    fn each_part(
        &mut self,
        setting: &str,
        names: [&'static str; 3],
        fields: &'a [(Ident, ast::Expr)],
        mut what: impl FnMut(&mut Self, &str, &'a ast::Expr) -> bool,
    ) {
        for (name, value) in fields {
            let text = name.text.as_str();
            if !names.contains(&text) {
                let near = nearest(text, names).map(Name::from);
                let (name, span) = (Name::from(format!("{setting}.{text}")), name.span);
                self.report(Beside::NoSetting { name, span, near }.diagnostic());
            } else if what(self, text, value) {
                let (name, span) = (name.text.clone(), name.span);
                self.report(ServiceError::SettingTwice { name, span }.diagnostic());
            }
        }
    }

    fn tags(&mut self, value: &'a ast::Expr) -> Option<Vec<(Name, Expr)>> {
        let ExprKind::Record(fields) = &value.kind else {
            return None;
        };
        let tag = |(name, value): &'a (Ident, ast::Expr)| (name.text.clone(), self.as_text(value));
        Some(fields.iter().map(tag).collect())
    }
}
