//! What routes of a gateway say of host and path in their settings: names and patterns.

use super::Error;
use crate::{
    ast::{self, ExprKind, Ident, Setting},
    check::{
        Checker,
        service::setting::{Place, SETTINGS},
    },
};
use flowmesh_ir::gateway::{Pattern, compile};

/// As many hosts may be named: each has its own place in the order of routes.
const HOSTS_MAX: usize = 64;

impl<'a> Checker<'a> {
    /// The hosts that a gateway or one of its routes is for; none is any.
    pub(super) fn route_hosts(&mut self, settings: &'a [Setting]) -> Vec<String> {
        let Some(value) = said(settings, "host") else {
            return Vec::new();
        };
        let form = form("host");
        let all: Vec<&'a ast::Expr> = match &value.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![value],
        };
        if all.is_empty() || all.len() > HOSTS_MAX {
            self.wrong_form("host", form, value.span);
        }
        let mut hosts = Vec::new();
        for one in all.into_iter().take(HOSTS_MAX) {
            let Some(host) = self.plain_text("host", one) else {
                continue;
            };
            let host = host.to_ascii_lowercase();
            if !is_host(&host) {
                self.wrong_form("host", form, one.span);
            } else if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// The patterns of the parameters and of the whole path.
    pub(super) fn route_patterns(&mut self, settings: &'a [Setting], params: &[Ident]) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        if let Some(value) = said(settings, "path") {
            let regex = self.route_pattern("path", value);
            patterns.extend(regex.map(|regex| Pattern { of: None, regex }));
        }
        let Some(value) = said(settings, "params") else {
            return patterns;
        };
        let ExprKind::Record(fields) = &value.kind else {
            self.wrong_form("params", form("params"), value.span);
            return patterns;
        };
        for (name, value) in fields {
            if !params.iter().any(|param| param.text == name.text) {
                let why = format!("expected a parameter of the path, found `{}`", name.text);
                self.report(Error::RoutePattern { why, span: name.span }.diagnostic());
                continue;
            }
            let of = Some(name.text.clone());
            let regex = self.route_pattern("params", value);
            patterns.extend(regex.map(|regex| Pattern { of, regex }));
        }
        patterns
    }

    fn route_pattern(&mut self, name: &'static str, value: &'a ast::Expr) -> Option<String> {
        let regex = self.plain_text(name, value)?;
        match compile(&regex) {
            Ok(_) => Some(regex),
            Err(why) => {
                let why = format!("expected a regular expression: {why}");
                self.report(
                    Error::RoutePattern {
                        why,
                        span: value.span,
                    }
                    .diagnostic(),
                );
                None
            }
        }
    }
}

fn said<'a>(settings: &'a [Setting], name: &str) -> Option<&'a ast::Expr> {
    let mut named = settings.iter().filter(|setting| setting.name.text == name);
    named.next().map(|setting| &setting.value)
}

fn form(name: &str) -> &'static str {
    let here = |place: &Place| matches!(place, Place::Gateway | Place::GatewayRoute);
    let mut known = SETTINGS.iter().filter(|known| known.places.iter().any(here));
    known
        .find(|known| known.name == name)
        .map_or("", |known| known.form)
}

/// A name of a host in lower case, without a port; `*` for all that is below it.
fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(sign)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
