//! What settings say beside timeout, retry and balance: what is let through, changed and observed.

use super::{Place, policy::Said, setting::Setting as Known};
use crate::{
    ast::{self, ExprKind},
    check::{Checker, frame::Kind},
};
use flowmesh_ir::{
    Name,
    expr::Expr,
    service::Method,
    traffic::{
        Breaker, Cache, Cors, FailureRate, Fault, Health, Hedge, LEASE_MS, Limit, Mirror, Onward, Priority,
        Rewrite, Sharing, Sticky, Tls, Trace, Workload,
    },
};

/// What one place says of these, or several places on top of each other. `none` takes away what is below.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) by: Option<By>,
    pub(crate) sticky: Option<Said<Option<Sticky>>>,
    pub(crate) hedge: Option<Said<Option<Hedge>>>,
    pub(crate) breaker: Option<Said<Option<Breaker>>>,
    pub(crate) limit: Option<Said<Option<Limit>>>,
    pub(crate) priority: Option<Said<Option<Priority>>>,
    pub(crate) health: Option<Said<Option<Health>>>,
    pub(crate) tls: Option<Said<Option<Tls>>>,
    pub(crate) failover: Option<Said<Option<Onward>>>,
    pub(crate) mirror: Option<Said<Option<Mirror>>>,
    pub(crate) fault: Option<Said<Option<Fault>>>,
    pub(crate) headers: Option<Said<Vec<(Name, Expr)>>>,
    pub(crate) rewrite: Option<Said<Option<Rewrite>>>,
    pub(crate) cors: Option<Said<Option<Cors>>>,
    pub(crate) cache: Option<Said<Option<Cache>>>,
    pub(crate) trace: Option<Said<Option<Trace>>>,
}

/// What a balance goes by.
#[derive(Clone, Debug, Default)]
pub(crate) struct By {
    pub(crate) hash: Option<Expr>,
    pub(crate) weights: Vec<u32>,
}

impl Traffic {
    /// These on top of others.
    pub(crate) fn over(&self, base: &Self) -> Self {
        fn top<T: Clone>(own: &Option<T>, base: &Option<T>) -> Option<T> {
            own.clone().or_else(|| base.clone())
        }
        Self {
            by: top(&self.by, &base.by),
            sticky: top(&self.sticky, &base.sticky),
            hedge: top(&self.hedge, &base.hedge),
            breaker: top(&self.breaker, &base.breaker),
            limit: top(&self.limit, &base.limit),
            priority: top(&self.priority, &base.priority),
            health: top(&self.health, &base.health),
            tls: top(&self.tls, &base.tls),
            failover: top(&self.failover, &base.failover),
            mirror: top(&self.mirror, &base.mirror),
            fault: top(&self.fault, &base.fault),
            headers: top(&self.headers, &base.headers),
            rewrite: top(&self.rewrite, &base.rewrite),
            cors: top(&self.cors, &base.cors),
            cache: top(&self.cache, &base.cache),
            trace: top(&self.trace, &base.trace),
        }
    }
}

/// Whether it may stand in a path with its query as it is.
pub(super) fn in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%?".contains(&byte)
}

fn absent(value: &ast::Expr) -> bool {
    matches!(value.kind, ExprKind::None)
}

impl<'a> Checker<'a> {
    /// Reads one of these settings.
    pub(super) fn traffic(
        &mut self,
        known: &'static Known,
        value: &'a ast::Expr,
        place: Place,
        own: &mut Traffic,
    ) {
        match known.name {
            "sticky" => own.sticky = self.or_none(known, value, Self::sticky),
            "hedge" => own.hedge = self.or_none(known, value, Self::hedge),
            "breaker" => own.breaker = self.or_none(known, value, Self::breaker),
            "limit" => own.limit = self.or_none(known, value, Self::limit),
            "priority" => own.priority = self.or_none(known, value, Self::rank),
            "health" => own.health = self.or_none(known, value, Self::health),
            "tls" => own.tls = self.or_none(known, value, Self::tls),
            "failover" => own.failover = self.or_none(known, value, Self::failover),
            "mirror" => own.mirror = self.or_none(known, value, Self::mirror),
            "fault" => own.fault = self.or_none(known, value, Self::fault),
            "rewrite" => own.rewrite = self.or_none(known, value, Self::rewrite),
            "cors" => own.cors = self.or_none(known, value, Self::cors),
            "cache" => own.cache = self.or_none(known, value, Self::cache),
            "trace" => own.trace = self.or_none(known, value, Self::sampling),
            // Those of an operation are over its parameters, and read with them.
            "headers" if place != Place::Operation => {
                let headers = self.config_texts(known, value);
                own.headers = Some(Said {
                    value: headers,
                    span: value.span,
                });
            }
            _ => {}
        }
    }

    /// A setting that may be `none`, with its place.
    pub(crate) fn or_none<T>(
        &mut self,
        known: &'static Known,
        value: &'a ast::Expr,
        read: impl FnOnce(&mut Self, &'static Known, &'a ast::Expr) -> Option<T>,
    ) -> Option<Said<Option<T>>> {
        let span = value.span;
        if absent(value) {
            return Some(Said { value: None, span });
        }
        let value = Some(read(self, known, value)?);
        Some(Said { value, span })
    }

    fn breaker(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Breaker> {
        let mut breaker = Breaker {
            failures: None,
            rate: None,
            within_ms: 10_000,
            open_ms: 30_000,
            slow_start_ms: None,
        };
        for (name, part) in self.parts(known, value) {
            match name {
                "failures" => breaker.failures = self.number(name, part, 1, 10_000),
                "rate" => breaker.rate = self.failure_rate(part),
                "within" => breaker.within_ms = self.ms(name, part).unwrap_or(10_000),
                "open" => breaker.open_ms = self.ms(name, part).unwrap_or(30_000),
                _ => breaker.slow_start_ms = self.ms(name, part),
            }
        }
        if breaker.failures.is_none() && breaker.rate.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(breaker)
    }

    fn failure_rate(&mut self, value: &'a ast::Expr) -> Option<FailureRate> {
        let ExprKind::Of(percent, of) = &value.kind else {
            self.wrong_form(
                "rate",
                "a percentage of a number of calls, such as `50% of 20`",
                value.span,
            );
            return None;
        };
        let percent = self.percent("rate", percent)?;
        let of = self.number("rate", of, 1, 1_000_000)?;
        Some(FailureRate { percent, of })
    }

    pub(crate) fn limit(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Limit> {
        let mut limit = Limit::default();
        for (name, part) in self.parts(known, value) {
            match name {
                "rate" => limit.rate = self.rate(name, part),
                "burst" => limit.burst = self.number(name, part, 1, 1_000_000_000),
                "concurrent" => limit.concurrent = self.number(name, part, 1, 1_000_000),
                "queue" => limit.queue = self.number(name, part, 0, 1_000_000),
                "adaptive" => limit.adaptive = self.flag(name, part)?,
                "shared" => limit.shared = self.sharing(name, part),
                _ => limit.per = Some(self.visitor_text(part)),
            }
        }
        let nothing = limit.rate.is_none() && limit.concurrent.is_none() && !limit.adaptive;
        if nothing && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        self.can_be_shared(&limit, value);
        Some(limit)
    }

    fn sharing(&mut self, name: &'static str, value: &ast::Expr) -> Option<Sharing> {
        match &value.kind {
            ExprKind::Bool(shared) => shared.then_some(Sharing::Parted),
            ExprKind::Name(word) if word.as_str() == "strict" => Some(Sharing::Strict),
            _ => {
                self.unfit(name, "true, false or strict", value);
                None
            }
        }
    }

    /// What is lent a few at a time has a rate, and a burst that leaves some of it.
    fn can_be_shared(&mut self, limit: &Limit, value: &ast::Expr) {
        let ExprKind::Record(fields) = &value.kind else {
            return;
        };
        if limit.shared.is_none() {
            return;
        }
        let Some(rate) = limit.rate else {
            // One that does not fit was told of already.
            if !fields.iter().any(|(name, _)| name.text == "rate") {
                self.wrong_form(
                    "shared",
                    "a limit with a `rate`, which is what is shared",
                    value.span,
                );
            }
            return;
        };
        let least = rate.burst_to_share();
        if rate.burst(limit.burst) < least {
            let form =
                format!("a `burst` of {least} or more at this rate: it is lent for {LEASE_MS}ms at a time");
            self.wrong_form("shared", &form, value.span);
        }
    }

    fn health(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Health> {
        let mut health = Health {
            method: Method::Get,
            path: String::new(),
            every_ms: 5_000,
            timeout_ms: 2_000,
            unhealthy: 3,
            healthy: 2,
        };
        for (name, part) in self.parts(known, value) {
            match name {
                "GET" | "HEAD" => {
                    health.method = if name == "GET" { Method::Get } else { Method::Head };
                    health.path = self.plain_text(name, part).unwrap_or_default();
                }
                "every" => health.every_ms = self.ms(name, part).unwrap_or(5_000),
                "timeout" => health.timeout_ms = self.ms(name, part).unwrap_or(2_000),
                "unhealthy" => health.unhealthy = self.number(name, part, 1, 1_000).unwrap_or(3),
                _ => health.healthy = self.number(name, part, 1, 1_000).unwrap_or(2),
            }
        }
        if !health.path.starts_with('/') && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        } else if !health.path.bytes().all(in_path) {
            self.wrong_form(known.name, "an encoded path such as `/healthz`", value.span);
        }
        Some(health)
    }

    pub(crate) fn tls(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Tls> {
        if let ExprKind::Name(word) = &value.kind
            && matches!(word.as_str(), "mutual" | "simple")
        {
            let mutual = word == "mutual";
            return Some(Tls {
                mutual,
                ..Tls::default()
            });
        }
        let mut tls = Tls::default();
        for (name, part) in self.parts(known, value) {
            match name {
                "mode" => tls.mutual = self.word(name, part, &["simple", "mutual"])? == "mutual",
                "name" => tls.name = self.plain_text(name, part),
                "identity" => tls.identity = self.plain_text(name, part),
                "authority" => tls.authority = self.plain_text(name, part),
                "certificate" => tls.certificate = self.plain_text(name, part),
                "workload" => tls.workload = Some(self.workload(part)?),
                _ => tls.key = self.plain_text(name, part),
            }
        }
        if tls.workload.is_some() && (tls.certificate.is_some() || tls.key.is_some()) {
            self.wrong_form(
                known.name,
                "a `workload`, or a `certificate` and a `key`",
                value.span,
            );
        }
        Some(tls)
    }

    fn workload(&mut self, value: &ast::Expr) -> Option<Workload> {
        let said = match &value.kind {
            ExprKind::Bool(true) => Some(Workload::Environment),
            _ => super::value::plain(value)
                .filter(|socket| socket.starts_with("unix:"))
                .map(Workload::Socket),
        };
        if said.is_none() && !matches!(value.kind, ExprKind::Bad) {
            let form = "a socket such as `\"unix:///run/spire/agent.sock\"`, or `true`";
            self.wrong_form("workload", form, value.span);
        }
        said
    }

    fn fault(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Fault> {
        let mut fault = Fault {
            delay_ms: None,
            status: None,
            percent: 100,
        };
        for (name, part) in self.parts(known, value) {
            match name {
                "delay" => fault.delay_ms = self.ms(name, part),
                "status" => {
                    let status = self.number(name, part, 100, 599)?;
                    fault.status = u16::try_from(status).ok();
                }
                _ => fault.percent = self.percent(name, part)?,
            }
        }
        if fault.delay_ms.is_none() && fault.status.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(fault)
    }

    pub(crate) fn cors(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Cors> {
        let mut cors = Cors::default();
        for (name, part) in self.parts(known, value) {
            match name {
                "origins" => cors.origins = self.plain_texts(name, part),
                "methods" => cors.methods = self.plain_texts(name, part),
                "headers" => cors.headers = self.plain_texts(name, part),
                "credentials" => cors.credentials = self.flag(name, part)?,
                _ => cors.age_ms = self.ms(name, part),
            }
        }
        if cors.origins.is_empty() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        if cors.credentials && cors.origins.iter().any(|origin| origin == "*") {
            let form = "the origins by name where cookies are sent: browsers refuse `*` then";
            self.wrong_form("origins", form, value.span);
        }
        Some(cors)
    }

    /// A text over the caller and the request.
    fn visitor_text(&mut self, value: &'a ast::Expr) -> Expr {
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Visitor, |checker| {
            let typed = checker.expr(value, None);
            let ty = typed.ty.present().clone();
            checker.textual(super::super::expr::Typed::new(typed.expr, ty), value.span)
        });
        made
    }

    /// Texts by name, over configs and constants.
    pub(super) fn config_texts(&mut self, known: &'static Known, value: &'a ast::Expr) -> Vec<(Name, Expr)> {
        let ExprKind::Record(fields) = &value.kind else {
            self.wrong_form(known.name, known.form, value.span);
            return Vec::new();
        };
        fields
            .iter()
            .map(|(name, value)| {
                let module = self.frame.module;
                let (made, _) = self.within(module, Kind::Address, |checker| {
                    // The mesh computes them when the program starts.
                    checker.frame.sent = known.name == "headers";
                    checker.as_text(value)
                });
                (super::operation::header_name(name), made)
            })
            .collect()
    }

    /// A text over configs and constants.
    pub(crate) fn config_text(&mut self, value: &'a ast::Expr) -> Expr {
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Address, |checker| checker.as_text(value));
        made
    }
}
