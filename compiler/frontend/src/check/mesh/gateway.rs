//! Gateways: where they listen, whom they trust, and their routes in the order of precedence.

use super::{Error, order, route::says_policy};
use crate::{
    ast::{self, ExprKind, ItemKind},
    check::{
        Checker,
        service::{setting::Place, setting::Setting, value::plain},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, expr::Expr, gateway::Gateway};
use std::sync::Arc;

pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    let mut taken = crate::check::Taken::default();
    for (declared, item) in checker.items(&resolved.tables.gateways) {
        let ItemKind::Gateway(gateway) = &item.kind else {
            continue;
        };
        checker.frame.module = declared.module;
        let name = checker.unique(&mut taken, declared);
        checker.origins.add(&format!("gateway/{name}"), item.span);
        let made = checker.gateway(gateway, &name, item.doc.clone());
        checker.mesh.gateways.push(made);
    }
}

impl<'a> Checker<'a> {
    fn gateway(&mut self, gateway: &'a ast::Gateway, name: &Name, doc: Option<String>) -> Gateway {
        let mut made = Gateway {
            name: name.clone(),
            doc,
            ..Gateway::default()
        };
        let mut overrides = self.overrides(&gateway.settings, Place::Gateway);
        // These are its own: what it shows visitors, how many it lets in, and which pages may ask it.
        let said = Arc::make_mut(&mut overrides);
        (said.traffic.tls, said.traffic.limit, said.traffic.cors) = (None, None, None);
        for setting in &gateway.settings {
            let span = setting.name.span.to(setting.value.span);
            self.origins
                .add(&format!("gateway/{name}@{}", setting.name.text), span);
            self.gateway_setting(setting, &mut made);
        }
        self.listens(gateway, &made);
        let own = says_policy(&gateway.settings);
        made.policy = own.then(|| self.policies.intern(&overrides));
        let hosts = self.route_hosts(&gateway.settings);
        let mut routes = Vec::new();
        let (handed_on, read): (Vec<_>, Vec<_>) = gateway
            .routes
            .iter()
            .partition(|route| route.method.text == "tls");
        self.passes(&handed_on, (&overrides, own), &mut made);
        for route in read {
            let made = self.gateway_route(route, (&overrides, own), &hosts);
            routes.extend(made.into_iter().map(|made| (made, route.span)));
        }
        order::sort(&mut routes);
        for (span, by) in order::shadowed(&routes) {
            self.report(Error::Shadowed { span, by }.diagnostic());
        }
        for (at, (route, span)) in routes.into_iter().enumerate() {
            self.origins.add(&format!("gateway/{name}/{at}"), span);
            made.routes.push(route);
        }
        made
    }

    fn gateway_setting(&mut self, setting: &'a ast::Setting, made: &mut Gateway) {
        let known = |name: &str| {
            crate::check::SETTINGS
                .iter()
                .find(|known| known.name == name && known.places.contains(&Place::Gateway))
        };
        // What is unknown here was reported when the settings of policies were read.
        let Some(known) = known(&setting.name.text) else {
            return;
        };
        let value = &setting.value;
        match known.name {
            "listen" => made.listen = self.listen(value),
            "jwt" => made.jwt = self.unless_none(known, value, Self::jwt),
            "introspect" => made.introspect = self.unless_none(known, value, Self::introspect),
            "login" => made.login = self.unless_none(known, value, Self::login),
            "keys" => made.keys = self.unless_none(known, value, Self::keys),
            "basic" => made.basic = self.unless_none(known, value, Self::basic),
            "limit" => made.limit = self.unless_none(known, value, Self::limit),
            "cors" => made.cors = self.unless_none(known, value, Self::cors),
            "tls" => made.tls = self.unless_none(known, value, Self::tls),
            "trusted_hops" => made.trusted_hops = self.number("trusted_hops", value, 0, 16).unwrap_or(0),
            "proxy_protocol" => made.proxied = self.proxy_protocol(known, value),
            _ => {}
        }
    }

    /// `v2`, the one version that is spoken.
    pub(super) fn proxy_protocol(&mut self, known: &'static Setting, value: &'a ast::Expr) -> bool {
        let spoken = matches!(&value.kind, ExprKind::Name(name) if name == "v2");
        if !spoken {
            self.wrong_form(known.name, known.form, value.span);
        }
        spoken
    }

    fn listen(&mut self, value: &'a ast::Expr) -> Vec<Expr> {
        let all: Vec<&'a ast::Expr> = match &value.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![value],
        };
        for one in &all {
            if let Some(why) = plain(one).and_then(|text| wrong_listen(&text)) {
                self.report(Error::Listen { why, span: one.span }.diagnostic());
            }
        }
        all.into_iter().map(|one| self.config_text(one)).collect()
    }

    /// Somewhere, and with a certificate where it needs one.
    fn listens(&mut self, gateway: &'a ast::Gateway, made: &Gateway) {
        let listen = gateway
            .settings
            .iter()
            .find(|setting| setting.name.text == "listen");
        let Some(listen) = listen else {
            let (name, span) = (gateway.name.text.clone(), gateway.name.span);
            return self.report(Error::NoListen { name, span }.diagnostic());
        };
        let secure = |value: &ast::Expr| plain(value).is_some_and(|text| text.starts_with("https://"));
        let any_secure = match &listen.value.kind {
            ExprKind::List(items) => items.iter().any(secure),
            _ => secure(&listen.value),
        };
        let shown = made
            .tls
            .as_ref()
            .is_some_and(|tls| tls.workload.is_some() || tls.certificate.is_some() && tls.key.is_some());
        if any_secure && !shown {
            let span: Span = listen.value.span;
            self.report(Error::NoCertificate { span }.diagnostic());
        }
    }
}

const LISTEN: &str = "expected an address that begins with `http://`, `https://` or `tls://`";

fn wrong_listen(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some(LISTEN);
    };
    if !matches!(scheme, "http" | "https" | "tls") {
        return Some(LISTEN);
    }
    let port = rest
        .trim_end_matches('/')
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    (!port).then_some("expected a host and a port after `://`")
}
