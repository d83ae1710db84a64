//! `auth`: how we show who we are.

use super::Error;
use crate::{
    ast::{self, ExprKind},
    check::Checker,
    resolve::Def,
};
use flowmesh_ir::{SecretId, service::Auth};

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

    /// A secret of the program.
    pub(crate) fn secret(&mut self, value: &'a ast::Expr) -> Option<SecretId> {
        match self.path(&super::words(value)?) {
            Some(Def::Secret(id)) => Some(SecretId(id)),
            _ => None,
        }
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
