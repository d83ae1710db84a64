//! Names, and what stands behind a dot.

use super::Typed;
use crate::{
    ast::{self, ExprKind, Ident},
    check::{Asked, Checker, FactKind, Ty, error::Error, frame::Kind, globals::ShapeInfo},
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{ConfigId, Name, SecretId, TypeId, Value, expr::Expr, test::What};
use std::collections::HashMap;

/// What a name, or a path of names, stands for.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A value.
    Value(Typed),
    /// A declaration.
    Def(Def),
    /// `run`, `reply` or `request`.
    Context(&'static str),
    /// `run.tags`, in a test: the slot of the run.
    Tags(flowmesh_ir::SlotId),
    /// Something wrong, which was reported.
    Bad,
}

/// The parts of what the surroundings give: whole, part, type, and what it is.
pub(super) const CONTEXT: [(&str, &str, Ty, &str); 18] = [
    ("run", "id", Ty::String, "the identifier of the run"),
    ("run", "started", Ty::Time, "when the run began"),
    (
        "run",
        "key",
        Ty::String,
        "the key that the run was started with, or `none`",
    ),
    ("reply", "status", Ty::Int, "the status of the answer"),
    ("reply", "body", Ty::Json, "the body of the answer"),
    (
        "reply",
        "message",
        Ty::String,
        "what the service says of the error, by gRPC",
    ),
    (
        "reply",
        "details",
        Ty::Json,
        "a list of what the service adds to the error, by gRPC",
    ),
    ("request", "method", Ty::String, "the method of the request"),
    ("request", "path", Ty::String, "the path of the request"),
    ("request", "host", Ty::String, "the host that the request is for"),
    (
        "request",
        "headers",
        Ty::String,
        "the headers of the request, by lower-case name",
    ),
    (
        "request",
        "query",
        Ty::String,
        "the parameters in the query of the request",
    ),
    (
        "request",
        "body",
        Ty::Json,
        "the body of the request, at a gateway",
    ),
    ("caller", "claims", Ty::Json, "what the token of the caller says"),
    (
        "caller",
        "identity",
        Ty::String,
        "the identity that the caller has shown, or `none`",
    ),
    (
        "caller",
        "address",
        Ty::String,
        "the address that the request comes from",
    ),
    (
        "scheduled",
        "time",
        Ty::Time,
        "the time at which the schedule was due",
    ),
    (
        "scheduled",
        "date",
        Ty::Date,
        "the date at which the schedule was due, in its zone",
    ),
];

impl<'a> Checker<'a> {
    /// What an expression stands for, before it is taken as a value.
    pub(crate) fn place(&mut self, expr: &'a ast::Expr, expected: Option<&Ty>) -> Place {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span, expected),
            ExprKind::Field(base, field) => {
                if self.frame.depth >= super::DEEPEST {
                    self.report(Error::TooDeep { span: expr.span }.diagnostic());
                    return Place::Bad;
                }
                self.frame.depth += 1;
                let base_place = self.place(base, None);
                self.frame.depth -= 1;
                let place = self.member(base_place, base.span, field);
                self.probe_wish(&field.text, expected);
                place
            }
            _ => Place::Value(self.expr(expr, expected)),
        }
    }

    fn name(&mut self, name: &Name, span: Span, expected: Option<&Ty>) -> Place {
        self.probe(name, |_| Asked::Value(expected.cloned(), None));
        if let Some(slot) = self.frame.find(name) {
            return Place::Value(self.local(slot, span));
        }
        if let Some(taking) = self.taking(name).cloned() {
            self.taking_met(&taking, span);
            let text = Value::string(&self.name_of_given(&taking));
            return Place::Value(Typed::new(Expr::Constant(text), Ty::String));
        }
        if let Some(entry) = self.entry(name) {
            self.fact(span, entry.def);
            return Place::Def(entry.def);
        }
        if let ("reply", Kind::Item) = (name.as_str(), self.frame.kind) {
            return Place::Value(self.stream_item());
        }
        if self.frame.kind == Kind::Test && name == "run" {
            return match self.last_run(span) {
                Some((slot, flow)) => Place::Value(Typed::new(Expr::Slot(slot), Ty::Run(flow))),
                None => Place::Bad,
            };
        }
        if let Some(context) = self.context(name) {
            return Place::Context(context);
        }
        let ident = Ident {
            text: name.clone(),
            span,
        };
        if let Some(ty) = self.enum_of(name, expected) {
            return Place::Value(self.case(ty, &ident));
        }
        self.unknown_name(&ident);
        Place::Bad
    }

    pub(crate) fn local(&mut self, slot: flowmesh_ir::SlotId, span: Span) -> Typed {
        self.frame.touch(slot, span, false);
        let Some(local) = self.frame.local(slot) else {
            return Typed::bad();
        };
        let (name, ty, declared) = (local.name.clone(), local.ty.clone(), local.span);
        let typed = self.narrowed(Typed::new(Expr::Slot(slot), ty));
        self.facts
            .add(span, FactKind::Local(name, typed.ty.clone()), Some(declared));
        typed
    }

    /// Without the `?` where a condition has ruled `none` out.
    pub(crate) fn narrowed(&self, typed: Typed) -> Typed {
        match &typed.ty {
            Ty::Optional(inner) if self.is_known(&typed.expr) => {
                let inner = Ty::clone(inner);
                Typed::new(typed.expr, inner)
            }
            _ => typed,
        }
    }

    /// The item of a stream, read from the body as its type.
    fn stream_item(&self) -> Typed {
        let ty = self.frame.item.clone();
        let reply = Box::new(Expr::Context(flowmesh_ir::expr::Context::Reply));
        let body = Expr::Field(reply, Name::new_static("body"));
        match ty.ir() {
            Some(made) if ty != Ty::Json => Typed::new(Expr::As(Box::new(body), made), ty),
            _ => Typed::new(body, ty),
        }
    }

    fn context(&self, name: &str) -> Option<&'static str> {
        match (name, self.frame.kind) {
            ("run", Kind::Flow | Kind::Operation) => Some("run"),
            ("reply", Kind::Reply) => Some("reply"),
            ("request", Kind::Route | Kind::Visitor | Kind::Gateway) => Some("request"),
            ("caller", Kind::Visitor | Kind::Gateway) => Some("caller"),
            ("scheduled", Kind::Scheduled) => Some("scheduled"),
            _ => None,
        }
    }

    /// The enum that a bare case belongs to: the expected one, or the only one in the module's sight.
    pub(crate) fn enum_of(&mut self, name: &str, expected: Option<&Ty>) -> Option<TypeId> {
        let wish = expected.map(|ty| self.globals.unfold(ty).present().clone());
        let in_wish = wish.and_then(|ty| {
            let (id, cases) = self.globals.cases(&ty)?;
            cases.iter().any(|case| case.name == name).then_some(id)
        });
        in_wish.or_else(|| match self.cases_in_sight().get(name).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        })
    }

    fn cases_in_sight(&mut self) -> &HashMap<Name, Vec<TypeId>> {
        let module = self.frame.module;
        if !self.cases.contains_key(&module) {
            let mut cases: HashMap<Name, Vec<TypeId>> = HashMap::new();
            for entry in self.module().into_iter().flat_map(|module| module.scope.values()) {
                let Def::Type(id) = entry.def else { continue };
                let id = TypeId(id);
                // Not by `ty`: the body that happens to ask first is no other than those that ask later.
                let info = self.globals.types.get(id.index());
                if let Some(ShapeInfo::Enum(known)) = info.map(|info| &info.shape) {
                    known
                        .iter()
                        .for_each(|case| cases.entry(case.name.clone()).or_default().push(id));
                }
            }
            self.cases.insert(module, cases);
        }
        self.cases.entry(module).or_default()
    }

    /// A case without payload as a value.
    pub(super) fn case(&mut self, id: TypeId, name: &Ident) -> Typed {
        let ty = Ty::Named(id);
        let Some((_, cases)) = self.globals.cases(&ty) else {
            return Typed::bad();
        };
        let Some(case) = cases.iter().find(|case| case.name == name.text) else {
            let near = nearest(&name.text, cases.iter().map(|case| case.name.as_str())).map(Name::from);
            let (owner, span) = (self.globals.show(&ty), name.span);
            self.report(
                Error::UnknownCase {
                    name: name.text.clone(),
                    owner,
                    span,
                    near,
                }
                .diagnostic(),
            );
            return Typed::bad();
        };
        let (missing, declared): (Vec<Name>, _) = (
            case.fields.iter().map(|field| field.name.clone()).collect(),
            case.span,
        );
        self.facts.add(
            name.span,
            FactKind::Case(ty.clone(), name.text.clone()),
            Some(declared),
        );
        if !missing.is_empty() {
            let (of, span) = (name.text.to_string(), name.span);
            self.report(
                Error::Missing {
                    names: missing,
                    of,
                    what: "argument",
                    span,
                }
                .diagnostic(),
            );
        }
        Typed::new(
            Expr::Constant(Value::variant(name.text.clone(), Default::default())),
            ty,
        )
    }

    /// A place taken as a value.
    pub(crate) fn value(&mut self, place: Place, span: Span) -> Typed {
        match place {
            Place::Value(typed) => typed,
            Place::Bad => Typed::bad(),
            Place::Tags(run) => self.read_of(run, What::Tags, Ty::String.map()),
            Place::Context(name) => {
                let parts = CONTEXT
                    .iter()
                    .filter(|(of, ..)| *of == name)
                    .map(|(_, part, ..)| *part)
                    .collect();
                self.report(Error::WholeContext { name, parts, span }.diagnostic());
                Typed::bad()
            }
            Place::Def(def) => self.def_value(def, span),
        }
    }

    fn def_value(&mut self, def: Def, span: Span) -> Typed {
        match def {
            Def::Config(id) if !matches!(self.frame.kind, Kind::Rule | Kind::Config) => {
                let ty = self.globals.configs.get(id as usize).cloned().unwrap_or_default();
                Typed::new(Expr::Config(ConfigId(id)), ty)
            }
            Def::Config(_) if self.frame.kind == Kind::Rule => {
                self.report(Error::ConfigInRule { span }.diagnostic());
                Typed::bad()
            }
            Def::Config(_) => {
                self.report(
                    Error::NotConstant {
                        span,
                        what: "a config",
                    }
                    .diagnostic(),
                );
                Typed::bad()
            }
            Def::Secret(id) if self.frame.sent => Typed::new(Expr::Secret(SecretId(id)), Ty::String),
            Def::Secret(_) => {
                let declared = self.resolved.declared(def).map(|declared| declared.name.span);
                self.report(Error::Secret { span, declared }.diagnostic());
                Typed::bad()
            }
            other => {
                let (kind, slice) = (other.kind(), self.slice(span));
                self.report(
                    Error::NotAValue {
                        name: slice,
                        kind,
                        span,
                    }
                    .diagnostic(),
                );
                Typed::bad()
            }
        }
    }

    /// The text at a place.
    pub(crate) fn slice(&self, span: Span) -> String {
        self.sources
            .get(span.source)
            .map_or_else(String::new, |source| source.slice(span).to_owned())
    }

    /// Reports a name that means nothing, with the nearest that does.
    pub(crate) fn unknown_name(&mut self, name: &Ident) {
        if name.text == "run" {
            let (name, span) = (name.text.clone(), name.span);
            return self.report(Error::Impure { name, span }.diagnostic());
        }
        let mut known: Vec<Name> = self.frame.names().into_iter().cloned().collect();
        let locals = known.len();
        known.extend(
            self.module()
                .into_iter()
                .flat_map(|module| module.scope.keys().cloned()),
        );
        known.extend(self.cases_in_sight().keys().cloned());
        known.extend(["run", "now", "uuid", "random"].map(Name::new_static));
        // Of equally near names, locals are meant more often.
        known.get_mut(locals..).unwrap_or_default().sort_unstable();
        known.retain(|known| *known != name.text);
        let near = nearest(&name.text, known.iter().map(Name::as_str)).map(Name::from);
        self.report(
            Error::UnknownName {
                name: name.text.clone(),
                span: name.span,
                near,
            }
            .diagnostic(),
        );
    }
}
