//! One route of a gateway: method, path, condition and settings.

use super::Error;
use crate::{
    ast::{self, ExprKind, Ident, TextPart},
    check::{
        Checker, Ty,
        frame::{Kind, Role},
        service::{Overrides, setting::Place},
    },
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name,
    gateway::{Part, Route, Segment, Target, needs},
    service::Method,
};
use std::sync::Arc;

const METHODS: [Method; 7] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Options,
];

/// Whether something is said that holds instead of what the service or the operation says.
pub(super) fn says_policy(settings: &[ast::Setting]) -> bool {
    let policy = |setting: &ast::Setting| {
        matches!(
            setting.name.text.as_str(),
            "timeout" | "retry" | "priority" | "policy"
        )
    };
    settings.iter().any(policy)
}

impl<'a> Checker<'a> {
    /// A route for each of its hosts: each has its own place in the order.
    pub(super) fn gateway_route(
        &mut self,
        route: &'a ast::GatewayRoute,
        outer: (&Overrides, bool),
        hosts: &[String],
    ) -> Vec<Route> {
        let own = self.route_hosts(&route.settings);
        let hosts = if own.is_empty() { hosts } else { &own };
        let Some(made) = self.one_route(route, outer) else {
            return Vec::new();
        };
        // A condition on the host says the same in other words.
        let needs = made.condition.as_ref().map(needs).unwrap_or_default();
        let needed = needs.iter().find(|(part, _)| *part == Part::Host);
        let needed = needed.map(|(_, host)| (*host).to_owned());
        if let (true, Some(host)) = (hosts.is_empty(), needed) {
            return vec![Route {
                host: Some(host),
                ..made
            }];
        }
        if hosts.is_empty() {
            return vec![made];
        }
        let for_host = |host: &String| Route {
            host: Some(host.clone()),
            ..made.clone()
        };
        hosts.iter().map(for_host).collect()
    }

    /// What is said of what a route leads to; a route says the rest on top of it, and before that its gateway.
    pub(super) fn said_of(&self, target: &Target) -> Arc<Overrides> {
        let said = match target {
            Target::Service { service, .. } => self.globals.service(*service).map(|info| &info.overrides),
            Target::Operation {
                service, operation, ..
            } => {
                let info = self.globals.service(*service);
                let operation = info.and_then(|info| info.operations.get(operation.index()));
                operation.map(|operation| &operation.overrides)
            }
            Target::Flow { .. } | Target::Redirect { .. } => None,
        };
        said.map_or_else(Overrides::none, Arc::clone)
    }

    fn one_route(
        &mut self,
        route: &'a ast::GatewayRoute,
        (outer, has_own): (&Overrides, bool),
    ) -> Option<Route> {
        let method = self.route_method(&route.method);
        let (path, params) = self.route_path(&route.path);
        let patterns = self.route_patterns(&route.settings, &params);
        let own = self.overrides(&route.settings, Place::GatewayRoute);
        let rewrite = own.traffic.rewrite.as_ref().and_then(|said| said.value.clone());
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Gateway, |checker| {
            for param in &params {
                let (slot, _) = checker.frame.declare(param, Ty::String, Role::Param);
                checker.frame.touch(slot, param.span, false);
            }
            let condition = route.condition.as_ref();
            let condition = condition.map(|condition| checker.against(condition, &Ty::Bool));
            let target = checker.route_target(&route.target, &route.settings);
            (condition, target)
        });
        let (condition, target) = made;
        let target = target?;
        let policy = (has_own || says_policy(&route.settings)).then(|| {
            let base = self.said_of(&target);
            self.policies.intern(&own.over(outer).over(&base))
        });
        Some(Route {
            host: None,
            method,
            path,
            patterns,
            condition,
            target,
            policy,
            rewrite,
        })
    }

    fn route_method(&mut self, word: &Ident) -> Option<Method> {
        if word.text == "any" {
            return None;
        }
        let known = METHODS.into_iter().find(|method| word.text == method.as_str());
        if known.is_none() {
            let names = METHODS.iter().map(|method| method.as_str()).chain(["any", "tls"]);
            let near = nearest(&word.text, names).map(Name::from);
            let (name, span) = (word.text.clone(), word.span);
            self.report(Error::Method { name, span, near }.diagnostic());
        }
        known
    }

    /// The segments, and the names of the parameters among them.
    fn route_path(&mut self, path: &'a ast::Expr) -> (Vec<Segment>, Vec<Ident>) {
        let ExprKind::Text(parts) = &path.kind else {
            return Default::default();
        };
        // Each parameter stands as a sign that no path has, until the text is cut.
        let (mut text, mut params) = (String::new(), Vec::new());
        for part in parts {
            match part {
                TextPart::Literal(literal) => text += literal,
                TextPart::Expr(ast::Expr {
                    span,
                    kind: ExprKind::Name(name),
                }) => {
                    text.push('\0');
                    params.push(Ident {
                        text: name.clone(),
                        span: *span,
                    });
                }
                TextPart::Expr(other) => {
                    self.wrong_path("expected the name of a parameter", other.span);
                    return Default::default();
                }
            }
        }
        let Some(inner) = text.strip_prefix('/') else {
            self.wrong_path("expected a path that begins with `/`", path.span);
            return (Vec::new(), params);
        };
        let mut names = params.iter();
        let mut segments: Vec<Segment> = Vec::new();
        for piece in inner.split('/').filter(|piece| !piece.is_empty()) {
            if segments.last() == Some(&Segment::Rest) {
                self.wrong_path("expected nothing behind `**`", path.span);
                break;
            }
            segments.push(match piece {
                "**" => Segment::Rest,
                "*" => Segment::Any,
                "\0" => Segment::Param(names.next().map(|name| name.text.clone()).unwrap_or_default()),
                piece if piece.contains(['\0', '*']) => {
                    self.wrong_path("expected a parameter or `*` to be a whole segment", path.span);
                    break;
                }
                piece => Segment::Literal(piece.to_owned()),
            });
        }
        (segments, params)
    }

    fn wrong_path(&mut self, why: &str, span: Span) {
        let why = why.to_owned();
        self.report(Error::RoutePath { why, span }.diagnostic());
    }
}
