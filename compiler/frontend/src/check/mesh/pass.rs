//! Routes of a gateway for connections that are not opened there: by the name that the visitor asks for.

use super::Error;
use crate::{
    ast::{self, ExprKind},
    check::{
        Checker,
        service::{
            Overrides,
            setting::{Place, Setting},
            value::plain,
        },
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::gateway::{Gateway, Pass, Target};
use std::cmp::Reverse;

/// What of a policy holds for a connection of which nothing is read.
const OWN: [&str; 2] = ["timeout", "policy"];
const PROXY_PROTOCOL: &str = "proxy_protocol";

impl<'a> Checker<'a> {
    pub(super) fn passes(
        &mut self,
        routes: &[&'a ast::GatewayRoute],
        outer: (&Overrides, bool),
        gateway: &mut Gateway,
    ) {
        let mut made: Vec<(Pass, Span)> = Vec::new();
        for route in routes {
            let Some(pass) = self.pass(route, outer) else {
                continue;
            };
            let same = made.iter().find(|(known, _)| known.name == pass.name);
            if let Some((_, by)) = same {
                let (span, by) = (route.span, *by);
                self.report(Error::Shadowed { span, by }.diagnostic());
                continue;
            }
            made.push((pass, route.span));
        }
        let exact = |pass: &Pass| !pass.name.starts_with("*.");
        made.sort_by_key(|(pass, _)| Reverse((exact(pass), pass.name.len())));
        for (at, (pass, span)) in made.into_iter().enumerate() {
            self.origins
                .add(&format!("gateway/{}/tls/{at}", gateway.name), span);
            gateway.passes.push(pass);
        }
    }

    fn pass(
        &mut self,
        route: &'a ast::GatewayRoute,
        (outer, of_gateway): (&Overrides, bool),
    ) -> Option<Pass> {
        let name = self.pass_name(&route.path);
        if let Some(condition) = &route.condition {
            self.wrong_pass(
                "nothing of the request is known where a connection is not opened; `when` cannot hold",
                condition.span,
            );
        }
        let own = self.overrides(&route.settings, Place::GatewayRoute);
        let mut has_own = of_gateway;
        let mut proxied = false;
        for setting in &route.settings {
            let span = setting.name.span.to(setting.value.span);
            match setting.name.text.as_str() {
                PROXY_PROTOCOL => proxied = self.is_told(setting),
                name if OWN.contains(&name) => has_own = true,
                _ => self.wrong_pass(
                    "expected `timeout`, `policy` or `proxy_protocol`: nothing else holds for a connection that is not opened",
                    span,
                ),
            }
        }
        let target = self.service_target(&route.target);
        let base = target
            .as_ref()
            .map(|target| self.said_of(target))
            .unwrap_or_default();
        let policy = has_own.then(|| self.policies.intern(&own.over(outer).over(&base)));
        let Some(Target::Service { service, subset }) = target else {
            if !matches!(route.target.kind, ExprKind::Bad) {
                self.wrong_pass(
                    "a `tls` route leads to a service, or to a subset of one",
                    route.target.span,
                );
            }
            return None;
        };
        Some(Pass {
            name: name?,
            service,
            subset,
            policy,
            proxied,
        })
    }

    fn is_told(&mut self, setting: &'a ast::Setting) -> bool {
        let mut all = crate::check::SETTINGS.iter();
        let known: Option<&'static Setting> = all.find(|known| known.name == PROXY_PROTOCOL);
        known.is_some_and(|known| self.proxy_protocol(known, &setting.value))
    }

    /// A name of a host in lower case, maybe with `*.` before it.
    fn pass_name(&mut self, path: &'a ast::Expr) -> Option<String> {
        let name = plain(path).unwrap_or_default().to_ascii_lowercase();
        let bare = name.strip_prefix("*.").unwrap_or(&name);
        let fits = |label: &str| {
            let plain = label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            (1..=63).contains(&label.len()) && plain
        };
        if bare.len() <= 253 && bare.split('.').all(fits) {
            return Some(name);
        }
        self.wrong_pass(
            "expected the name of a host, as in `db.example.com` or `*.example.com`",
            path.span,
        );
        None
    }

    fn wrong_pass(&mut self, why: &str, span: Span) {
        let why = why.to_owned();
        self.report(Error::Pass { why, span }.diagnostic());
    }
}
