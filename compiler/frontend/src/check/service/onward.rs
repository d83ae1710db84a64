//! What settings say about a request on its way: where else it goes and where
//! copies of it do, what is changed of it, which answers are kept.

use super::{setting::Setting as Known, traffic::in_path};
use crate::{ast, check::Checker, resolve::Def};
use flowmesh_ir::{
    ServiceId, SubsetId,
    traffic::{Cache, Hedge, Mirror, Onward, Priority, Rewrite, Sticky},
};

impl<'a> Checker<'a> {
    pub(super) fn mirror(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Mirror> {
        let (mut to, mut percent, mut writes, mut said) = (None, 100, false, false);
        for (name, part) in self.parts(known, value) {
            match name {
                "to" => {
                    said = true;
                    to = self.onward(name, part, "a service, or a subset of this one");
                }
                "share" => percent = self.percent(name, part)?,
                _ => writes = self.flag(name, part)?,
            }
        }
        if !said && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Mirror {
            to: to?,
            percent,
            writes,
        })
    }

    pub(super) fn failover(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Onward> {
        self.onward(known.name, value, known.form)
    }

    /// A subset of the service at hand, or another service.
    fn onward(&mut self, name: &'static str, value: &'a ast::Expr, form: &str) -> Option<Onward> {
        let words = super::words(value).unwrap_or_default();
        if let [only] = words.as_slice()
            && let Some(at) = self.subsets.iter().position(|name| *name == only.text)
        {
            return u32::try_from(at).ok().map(|at| Onward::Subset(SubsetId(at)));
        }
        if let Some(Def::Service(id)) = self.path(&words) {
            return Some(Onward::Service(ServiceId(id)));
        }
        self.wrong_form(name, form, value.span);
        None
    }

    pub(crate) fn rewrite(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Rewrite> {
        let mut rewrite = Rewrite::default();
        for (name, part) in self.parts(known, value) {
            match name {
                "prefix" => rewrite.prefix = self.prefix(part),
                _ => rewrite.host = self.rewritten_host(part),
            }
        }
        Some(rewrite)
    }

    fn prefix(&mut self, value: &'a ast::Expr) -> Option<String> {
        let prefix = self.plain_text("prefix", value)?;
        let stands = prefix.bytes().all(|byte| byte != b'?' && in_path(byte));
        if !prefix.starts_with('/') {
            self.wrong_form("prefix", "a path that begins with `/`", value.span);
        } else if !stands {
            self.wrong_form("prefix", "an encoded path such as `/v2`", value.span);
        }
        Some(prefix)
    }

    fn rewritten_host(&mut self, value: &'a ast::Expr) -> Option<String> {
        let host = self.plain_text("host", value)?;
        let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(stands) {
            self.wrong_form("host", "a host such as `api.internal`", value.span);
        }
        Some(host)
    }

    pub(super) fn sticky(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Sticky> {
        let (mut cookie, mut ttl_ms, mut key) = (None, None, None);
        for (name, part) in self.parts(known, value) {
            match name {
                "cookie" => cookie = self.plain_text(name, part),
                "ttl" => ttl_ms = self.ms(name, part),
                _ => {
                    key = self.secret(part);
                    if key.is_none() {
                        self.wrong_form("key", "a secret by its name", part.span);
                    }
                }
            }
        }
        let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = |name: &String| !name.is_empty() && name.bytes().all(stands);
        if !cookie.as_ref().is_some_and(is_name) && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Sticky {
            cookie: cookie?,
            ttl_ms,
            key,
        })
    }

    pub(super) fn rank(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Priority> {
        match self.word(known.name, value, &["critical", "normal", "low"])? {
            "critical" => Some(Priority::Critical),
            "low" => Some(Priority::Low),
            _ => Some(Priority::Normal),
        }
    }

    pub(super) fn hedge(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Hedge> {
        let (mut after_ms, mut most) = (None, 2);
        for (name, part) in self.parts(known, value) {
            match name {
                "after" => after_ms = self.ms(name, part),
                _ => most = self.number(name, part, 2, 10)?,
            }
        }
        if after_ms.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Hedge {
            after_ms: after_ms?,
            most,
        })
    }

    pub(super) fn cache(&mut self, known: &'static Known, value: &'a ast::Expr) -> Option<Cache> {
        let (mut age_ms, mut vary) = (None, Vec::new());
        for (name, part) in self.parts(known, value) {
            match name {
                "age" => age_ms = self.ms(name, part),
                _ => vary = self.plain_texts(name, part),
            }
        }
        if age_ms.is_none() && self.is_record(value) {
            self.wrong_form(known.name, known.form, value.span);
        }
        Some(Cache {
            age_ms: age_ms?,
            vary,
        })
    }
}
