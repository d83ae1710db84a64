//! `allow`, `deny` and `mesh { }`.

use super::Error;
use crate::{
    ast::{self, Ident, Setting, WhoKind},
    check::{
        Checker, Ty,
        frame::Kind,
        service::{self, setting::Place},
    },
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    FlowId, GatewayId, Name, OperationId, ServiceId,
    access::{Mode, Mtls, Rule, What, Who},
};

impl<'a> Checker<'a> {
    pub(super) fn access(&mut self, access: &'a ast::Access, span: Span) {
        let module = self.frame.module;
        let (condition, _) = self.within(module, Kind::Visitor, |checker| {
            let condition = access.condition.as_ref();
            condition.map(|condition| checker.against(condition, &Ty::Bool))
        });
        let number = self.mesh.access.len();
        let path = format!("access/{number}");
        self.origins.add(&path, span);
        let mut rule = Rule {
            allow: access.allow,
            who: Vec::new(),
            what: Vec::new(),
            condition,
        };
        for who in &access.who {
            for made in self.who(who) {
                self.origins
                    .add(&format!("{path}/who/{}", rule.who.len()), who.span);
                rule.who.push(made);
            }
        }
        for what in &access.what {
            for made in self.what(what) {
                self.origins
                    .add(&format!("{path}/what/{}", rule.what.len()), what.span);
                rule.what.push(made);
            }
        }
        self.mesh.access.push(rule);
    }

    /// Whom a rule means; a flow of which copies are made is all of these.
    fn who(&mut self, who: &'a ast::Who) -> Vec<Who> {
        if let WhoKind::Name(words) = &who.kind
            && let Some(Def::Template(id)) = self.quiet_path(words)
        {
            self.path(words);
            return self.copies_of(id).into_iter().map(Who::Flow).collect();
        }
        self.one(who).into_iter().collect()
    }

    fn one(&mut self, who: &'a ast::Who) -> Option<Who> {
        match &who.kind {
            WhoKind::Anyone => Some(Who::Anyone),
            WhoKind::Identity(text) => self.plain_text("identity", text).map(Who::Identity),
            WhoKind::Gateway(name) => match self.path(std::slice::from_ref(name)) {
                Some(Def::Gateway(id)) => Some(Who::Gateway(GatewayId(id))),
                _ => self.unknown_who(&name.text, name.span, true),
            },
            WhoKind::Name(words) => match self.path(words) {
                Some(Def::Flow(id)) => Some(Who::Flow(FlowId(id))),
                Some(Def::Service(id)) => Some(Who::Service(ServiceId(id))),
                _ => {
                    let name = self.slice(who.span);
                    self.unknown_who(&name, who.span, false)
                }
            },
        }
    }

    fn unknown_who(&mut self, name: &str, span: Span, gateways: bool) -> Option<Who> {
        let fits = |def: Def| match def {
            Def::Gateway(_) => gateways,
            Def::Flow(_) | Def::Template(_) | Def::Service(_) => !gateways,
            _ => false,
        };
        let near = self.nearest_of(name, fits);
        let name = name.to_owned();
        self.report(Error::UnknownWho { name, span, near }.diagnostic());
        None
    }

    /// The nearest name in sight that stands for something of a kind.
    pub(super) fn nearest_of(&self, name: &str, fits: impl Fn(Def) -> bool) -> Option<Name> {
        let scope = self.module().into_iter().flat_map(|module| &module.scope);
        let known = scope.filter(|(known, entry)| fits(entry.def) && known.as_str() != name);
        let mut known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
        known.sort_unstable();
        nearest(name, known).map(Name::from)
    }

    /// What a rule means; a flow of which copies are made is all of these.
    fn what(&mut self, what: &'a ast::What) -> Vec<What> {
        if let Some(Def::Template(id)) = self.quiet_path(&what.path).filter(|_| !what.all) {
            self.path(&what.path);
            return self.copies_of(id).into_iter().map(What::Flow).collect();
        }
        self.one_thing(what).into_iter().collect()
    }

    fn one_thing(&mut self, what: &'a ast::What) -> Option<What> {
        let found = self.what_called(&what.path, what.all);
        if found.is_none() {
            let name = self.slice(what.span);
            let near = self.nearest_what(&what.path);
            let span = match (near.as_ref(), what.path.as_slice()) {
                (Some(_), [.., last]) if !what.all => last.span,
                (Some(_), [first, ..]) => first.span,
                _ => what.span,
            };
            self.report(Error::UnknownWhat { name, span, near }.diagnostic());
        }
        found
    }

    fn what_called(&mut self, path: &[Ident], all: bool) -> Option<What> {
        if let Some((last, [first, ..])) = path.split_last().filter(|(_, rest)| !rest.is_empty())
            && let Some(Def::Service(id)) = self.quiet_path(path.get(..path.len() - 1).unwrap_or_default())
        {
            let _ = first;
            let operations = &self.globals.service(ServiceId(id))?.by_name;
            let operation = operations.get(&last.text).copied();
            return operation
                .filter(|_| !all)
                .map(|operation| What::Operation(ServiceId(id), OperationId(operation)));
        }
        match self.quiet_path(path)? {
            Def::Service(id) => Some(What::Service(ServiceId(id))),
            Def::Flow(id) if !all => Some(What::Flow(FlowId(id))),
            _ => None,
        }
    }

    /// What a path means; what is wrong with it is said by the caller.
    fn quiet_path(&mut self, path: &[Ident]) -> Option<Def> {
        let before = std::mem::replace(&mut self.muted, true);
        let def = self.path(path);
        self.muted = before;
        def
    }

    fn nearest_what(&mut self, path: &[Ident]) -> Option<Name> {
        let (last, rest) = path.split_last()?;
        if let Some(Def::Service(id)) = self.quiet_path(rest) {
            let service = self.globals.service(ServiceId(id))?;
            let mut known: Vec<&str> = service.by_name.keys().map(Name::as_str).collect();
            known.sort_unstable();
            return nearest(&last.text, known).map(Name::from);
        }
        let first = path.first()?;
        self.nearest_of(&first.text, |def| {
            matches!(def, Def::Service(_) | Def::Flow(_) | Def::Template(_))
        })
    }

    pub(super) fn mesh_settings(&mut self, settings: &'a [Setting]) {
        self.settings_once(settings);
        for setting in settings {
            let span = setting.name.span.to(setting.value.span);
            let Some(known) = self.known(&setting.name, Place::Mesh) else {
                continue;
            };
            let path = format!("mesh@{}", known.name);
            self.origins.add(&path, span);
            let value = &setting.value;
            match known.name {
                "access" => {
                    let word = self.word("access", value, &["written", "derived"]);
                    if word == Some("derived") {
                        self.mesh.mesh.access = Mode::Derived;
                    }
                }
                "mtls" => {
                    let word = self.word("mtls", value, &["strict", "permissive"]);
                    self.mesh.mesh.mtls = word.map(|word| match word {
                        "strict" => Mtls::Strict,
                        _ => Mtls::Permissive,
                    });
                }
                "limit" => self.mesh.mesh.limit = self.unless_none(known, value, Self::limit),
                _ => self.mesh.mesh.trace = self.unless_none(known, value, Self::sampling),
            }
        }
    }

    /// A setting that may be `none`.
    pub(super) fn unless_none<T>(
        &mut self,
        known: &'static service::setting::Setting,
        value: &'a ast::Expr,
        read: impl FnOnce(&mut Self, &'static service::setting::Setting, &'a ast::Expr) -> Option<T>,
    ) -> Option<T> {
        self.or_none(known, value, read).and_then(|said| said.value)
    }
}
