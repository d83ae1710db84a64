//! How a gateway knows who asks: `jwt`, `introspect`, `login`, `keys` and `basic`.

use crate::{
    ast::{self, ExprKind},
    check::{Checker, service::setting::Setting},
};
use flowmesh_ir::{
    SecretId,
    expr::Expr,
    gateway::{Basic, Introspect, Jwt, Keys, Login},
};

impl<'a> Checker<'a> {
    pub(super) fn keys(&mut self, known: &'static Setting, value: &'a ast::Expr) -> Option<Keys> {
        let (mut file, mut header, mut optional) = (None, Some(Keys::HEADER.to_owned()), false);
        for (name, part) in self.parts(known, value) {
            match name {
                "file" => file = Some(self.plain_text(name, part)?),
                "optional" => optional = self.flag(name, part)?,
                _ => header = self.key_header(part),
            }
        }
        if file.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Keys {
            file: file?,
            header: header?,
            optional,
        })
    }

    fn key_header(&mut self, value: &ast::Expr) -> Option<String> {
        let header = self.plain_text("header", value)?.to_ascii_lowercase();
        if !Keys::may_be_in(&header) {
            let form = "the name of a header that says nothing else, such as `\"x-api-key\"`";
            self.wrong_form("header", form, value.span);
            return None;
        }
        Some(header)
    }

    pub(super) fn basic(&mut self, known: &'static Setting, value: &'a ast::Expr) -> Option<Basic> {
        let (mut file, mut optional) = (None, false);
        for (name, part) in self.parts(known, value) {
            match name {
                "file" => file = Some(self.plain_text(name, part)?),
                _ => optional = self.flag(name, part)?,
            }
        }
        if file.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Basic {
            file: file?,
            optional,
        })
    }

    pub(super) fn jwt(&mut self, known: &'static Setting, value: &'a ast::Expr) -> Option<Jwt> {
        let (mut issuer, mut audience, mut keys, mut optional) = (None, Vec::new(), None, false);
        for (name, part) in self.parts(known, value) {
            match name {
                "issuer" => issuer = Some(self.config_text(part)),
                "keys" => keys = Some(self.config_text(part)),
                "optional" => optional = self.flag(name, part)?,
                _ => audience = self.config_list(part),
            }
        }
        // A token for anybody else would be taken as well.
        if (issuer.is_none() || keys.is_none() || audience.is_empty()) && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Jwt {
            issuer: issuer?,
            audience,
            keys: keys?,
            optional,
        })
    }

    pub(super) fn introspect(&mut self, known: &'static Setting, value: &'a ast::Expr) -> Option<Introspect> {
        let (mut at, mut client, mut secret, mut optional) = (None, None, None, false);
        let mut audience = Vec::new();
        for (name, part) in self.parts(known, value) {
            match name {
                "at" => at = Some(self.config_text(part)),
                "client" => client = Some(self.config_text(part)),
                "secret" => secret = Some(self.secret_part(part)?),
                "optional" => optional = self.flag(name, part)?,
                _ => audience = self.config_list(part),
            }
        }
        if (at.is_none() || client.is_none() || secret.is_none()) && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Introspect {
            at: at?,
            client: client?,
            secret: secret?,
            audience,
            optional,
        })
    }

    pub(super) fn login(&mut self, known: &'static Setting, value: &'a ast::Expr) -> Option<Login> {
        let (mut issuer, mut client, mut secret, mut at) = (None, None, None, None);
        let (mut path, mut session_ms) = (Login::PATH.to_owned(), Login::SESSION_MS);
        let (mut scopes, mut key, mut optional) = (Vec::new(), None, false);
        for (name, part) in self.parts(known, value) {
            match name {
                "issuer" => issuer = Some(self.config_text(part)),
                "client" => client = Some(self.config_text(part)),
                "secret" => secret = Some(self.secret_part(part)?),
                "at" => at = Some(self.config_text(part)),
                "path" => path = self.login_path(part)?,
                "session" => session_ms = self.session(part)?,
                "key" => key = Some(self.secret_part(part)?),
                "optional" => optional = self.flag(name, part)?,
                _ => scopes = self.plain_texts("scopes", part),
            }
        }
        let whole = issuer.is_some() && client.is_some() && secret.is_some() && at.is_some();
        if !whole && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Login {
            issuer: issuer?,
            client: client?,
            secret: secret?,
            scopes,
            at: at?,
            path,
            session_ms,
            key,
            optional,
        })
    }

    fn session(&mut self, value: &ast::Expr) -> Option<u64> {
        let most = 30 * 24 * 60 * 60 * 1000;
        let good = match value.kind {
            ExprKind::Duration(ms) => u64::try_from(ms).ok().filter(|ms| (1_000..=most).contains(ms)),
            _ => None,
        };
        if good.is_none() {
            self.wrong_form("session", "a duration from `1s` to `30d`", value.span);
        }
        good
    }

    fn login_path(&mut self, value: &ast::Expr) -> Option<String> {
        let path = self.plain_text("path", value)?;
        if !Login::may_be_at(&path) {
            let form = "a path of letters, digits, `-` and `_`, such as `\"/login\"`";
            self.wrong_form("path", form, value.span);
            return None;
        }
        Some(path)
    }

    fn secret_part(&mut self, value: &'a ast::Expr) -> Option<SecretId> {
        let secret = self.secret(value);
        if secret.is_none() && !matches!(value.kind, ExprKind::Bad) {
            self.wrong_form("secret", "the name of a secret", value.span);
        }
        secret
    }

    /// One text over configs, or a list of them.
    fn config_list(&mut self, value: &'a ast::Expr) -> Vec<Expr> {
        let all: Vec<&'a ast::Expr> = match &value.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![value],
        };
        all.into_iter().map(|one| self.config_text(one)).collect()
    }
}
