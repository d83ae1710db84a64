//! `auth` and headers: the only places where a secret may go.

use super::{Error, operation::header_name};
use crate::{
    ast::{self, ExprKind, Ident},
    check::Checker,
    resolve::{Def, scope},
};
use flowmesh_ir::{
    SecretId,
    service::{Auth, SecretHeader},
};

const FORM: &str = "bearer(secret), basic(\"user\", secret), api_key(\"x-header\", secret) or oauth2(url, client: \"id\", secret: secret, scopes: [\"read\"])";

impl<'a> Checker<'a> {
    pub(super) fn auth(&mut self, value: &'a ast::Expr) -> Option<Auth> {
        let made = self.auth_form(value);
        if made.is_none() {
            let (found, span) = (self.slice(value.span), value.span);
            self.report(
                Error::Form {
                    name: "auth",
                    form: FORM.to_owned(),
                    found,
                    span,
                }
                .diagnostic(),
            );
        }
        made
    }

    fn auth_form(&mut self, value: &'a ast::Expr) -> Option<Auth> {
        let ExprKind::Call(callee, arguments) = &value.kind else {
            return None;
        };
        let ExprKind::Name(name) = &callee.kind else {
            return None;
        };
        if name == "oauth2" {
            return self.oauth2(arguments);
        }
        let mut values = arguments.iter().map(|argument| &argument.value);
        let first = values.next()?;
        match (name.as_str(), values.next(), values.next()) {
            ("bearer", None, None) => Some(Auth::Bearer(self.secret(first)?)),
            ("basic", Some(secret), None) => Some(Auth::Basic(literal(first)?, self.secret(secret)?)),
            ("api_key", Some(secret), None) => Some(Auth::ApiKey(
                literal(first)?.to_lowercase().into(),
                self.secret(secret)?,
            )),
            _ => None,
        }
    }

    fn oauth2(&mut self, arguments: &'a [ast::Argument]) -> Option<Auth> {
        let given = self.arrange("oauth2", &["url", "client", "secret", "scopes"], arguments);
        let [Some(url), Some(client), Some(secret), scopes] = given.as_slice() else {
            return None;
        };
        let scopes = scopes.map_or_else(Vec::new, |scopes| self.plain_texts("scopes", scopes));
        Some(Auth::OAuth2 {
            url: Box::new(self.config_text(url)),
            client: literal(client)?,
            secret: self.secret(secret)?,
            scopes,
        })
    }

    fn secret(&mut self, value: &'a ast::Expr) -> Option<SecretId> {
        match self.path(&super::words(value)?) {
            Some(Def::Secret(id)) => Some(SecretId(id)),
            _ => None,
        }
    }
}

impl<'a> Checker<'a> {
    /// A header that is a secret, or a text of one secret and what is written around it. Nothing else may stand in such
    /// a text: it would have to be computed together with the secret, in a run, whose journal would then hold it.
    pub(super) fn secret_header(&mut self, name: &Ident, value: &'a ast::Expr) -> Option<SecretHeader> {
        let whole = std::slice::from_ref(value);
        let inner: Vec<&'a ast::Expr> = match &value.kind {
            ExprKind::Text(parts) => parts.iter().filter_map(computed).collect(),
            _ => whole.iter().collect(),
        };
        let secrets: Vec<SecretId> = inner.iter().filter_map(|expr| self.secret_named(expr)).collect();
        let secret = *secrets.first()?;
        if inner.len() > 1 {
            self.report(Error::MixedSecret { span: value.span }.diagnostic());
        }
        let (mut before, mut after) = (String::new(), String::new());
        if let ExprKind::Text(parts) = &value.kind {
            let mut seen = false;
            for part in parts {
                match part {
                    ast::TextPart::Literal(text) if seen => after.push_str(text),
                    ast::TextPart::Literal(text) => before.push_str(text),
                    ast::TextPart::Expr(_) => seen = true,
                }
            }
        }
        Some(SecretHeader {
            name: header_name(name),
            before,
            secret,
            after,
        })
    }

    /// The secret that an expression names; a parameter of the same name comes first.
    fn secret_named(&mut self, value: &'a ast::Expr) -> Option<SecretId> {
        let words = super::words(value)?;
        let (first, rest) = words.split_first()?;
        if self.frame.find(&first.text).is_some() {
            return None;
        }
        // Only looked up here, so that whatever is wrong with other names is said once, where they are read.
        let named = match (self.entry(&first.text)?.def, rest) {
            (def, []) => Some(def),
            (Def::Module(module), [item]) => {
                let resolved = self.resolved;
                scope::lookup(resolved.module(module)?, item)
                    .ok()
                    .map(|entry| entry.def)
            }
            _ => None,
        };
        match named? {
            Def::Secret(_) => self.secret(value),
            _ => None,
        }
    }
}

fn computed(part: &ast::TextPart) -> Option<&ast::Expr> {
    match part {
        ast::TextPart::Expr(expr) => Some(expr),
        ast::TextPart::Literal(_) => None,
    }
}

fn literal(value: &ast::Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [ast::TextPart::Literal(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
