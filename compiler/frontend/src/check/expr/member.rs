//! What stands behind a dot.

use super::{Place, Typed, name::CONTEXT};
use crate::{
    ast::{self, Ident},
    check::{Asked, Base, Checker, FactKind, Given, Ty, error::Error, frame::Kind},
    resolve::{Def, scope},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, TypeId, Value,
    expr::{Binary, Context, Expr},
    test::What,
    ty::Type,
};

impl<'a> Checker<'a> {
    pub(super) fn member(&mut self, base: Place, base_span: Span, field: &Ident) -> Place {
        self.probe_member(&base, field, None);
        match base {
            Place::Def(Def::Module(module)) => self.item(module, field),
            Place::Def(Def::Type(id)) if self.globals.cases(&Ty::Named(TypeId(id))).is_some() => {
                Place::Value(self.case(TypeId(id), field))
            }
            Place::Context(whole) => self.context_field(whole, field),
            Place::Bad => Place::Bad,
            Place::Tags(run) => {
                let what = What::Tag(field.text.clone());
                Place::Value(self.read_of(run, what, Ty::String.optional()))
            }
            other => {
                let value = self.value(other, base_span);
                if let (Ty::Run(flow), Expr::Slot(run)) = (&value.ty, &value.expr) {
                    return self.run_member(*run, *flow, field);
                }
                Place::Value(self.field(value, field))
            }
        }
    }

    /// Notes what stands before the dot, where the word behind it is missing.
    pub(super) fn probe_member(&mut self, base: &Place, field: &Ident, given: Option<Given>) {
        let base = match base {
            Place::Value(typed) => Base::Value(typed.ty.clone()),
            Place::Def(Def::Config(id)) => Base::Value(
                self.globals
                    .configs
                    .get(*id as usize)
                    .cloned()
                    .unwrap_or_default(),
            ),
            Place::Def(def) => Base::Def(*def),
            Place::Context(name) => Base::Context(name),
            Place::Tags(_) | Place::Bad => return,
        };
        self.probe(&field.text, |_| Asked::Member(base, None, given));
    }

    pub(super) fn item(&mut self, module: crate::resolve::ModuleId, name: &Ident) -> Place {
        let resolved = self.resolved;
        match resolved.module(module).map(|module| scope::lookup(module, name)) {
            Some(Ok(entry)) => {
                self.fact(name.span, entry.def);
                Place::Def(entry.def)
            }
            Some(Err(error)) => {
                self.report(error.diagnostic());
                Place::Bad
            }
            None => Place::Bad,
        }
    }

    pub(super) fn context_field(&mut self, whole: &'static str, field: &Ident) -> Place {
        let (kind, by_grpc) = (self.frame.kind, self.frame.by_grpc);
        let given = |of: &str, part: &str| match (of, part) {
            ("request", "body") => kind == Kind::Gateway,
            ("reply", "message" | "details") => by_grpc,
            _ => true,
        };
        let part = CONTEXT
            .iter()
            .find(|(of, part, ..)| *of == whole && field.text == *part && given(of, part));
        let Some((_, part, ty, doc)) = part else {
            let parts = CONTEXT
                .iter()
                .filter(|(of, part, ..)| *of == whole && (given(of, part) || whole == "request"))
                .map(|(_, part, ..)| *part);
            let near = nearest(&field.text, parts).map(Name::from);
            let (name, span) = (field.text.clone(), field.span);
            self.report(
                Error::UnknownField {
                    name,
                    owner: whole.into(),
                    span,
                    near,
                }
                .diagnostic(),
            );
            return Place::Bad;
        };
        let name = Name::new_static(part);
        let (expr, ty) = match (whole, *part) {
            ("run", "id") => (Expr::Context(Context::RunId), ty.clone()),
            ("run", "started") => (Expr::Context(Context::RunStarted), ty.clone()),
            ("run", _) => (Expr::Context(Context::RunKey), ty.clone().optional()),
            ("reply", "message" | "details") => (said_by_grpc(part), ty.clone()),
            ("reply", _) => (
                Expr::Field(Box::new(Expr::Context(Context::Reply)), name),
                ty.clone(),
            ),
            ("caller", "identity") => (
                Expr::Field(Box::new(Expr::Context(Context::Caller)), name),
                ty.clone().optional(),
            ),
            ("caller", _) => (
                Expr::Field(Box::new(Expr::Context(Context::Caller)), name),
                ty.clone(),
            ),
            ("scheduled", _) => (
                Expr::Field(Box::new(Expr::Context(Context::Scheduled)), name),
                ty.clone(),
            ),
            (_, "headers" | "query") => (
                Expr::Field(Box::new(Expr::Context(Context::Request)), name),
                ty.clone().map(),
            ),
            _ => (
                Expr::Field(Box::new(Expr::Context(Context::Request)), name),
                ty.clone(),
            ),
        };
        self.facts
            .add(field.span, FactKind::Builtin(part, ty.clone(), doc), None);
        Place::Value(Typed::new(expr, ty))
    }

    /// `a.b` of a value.
    pub(super) fn field(&mut self, base: Typed, field: &Ident) -> Typed {
        let made = |expr| Expr::Field(Box::new(expr), field.text.clone());
        let ty = self.globals.unfold(&base.ty);
        if ty.is_bad() {
            return Typed::bad();
        }
        if *ty.present() == Ty::Json {
            return Typed::new(made(base.expr), Ty::Json.optional());
        }
        if ty.is_optional() {
            let error = Error::MayBeNone {
                span: field.span,
                ty: self.globals.show(&base.ty),
            };
            self.report(error.diagnostic());
            return Typed::bad();
        }
        match self
            .globals
            .fields_of(&ty)
            .into_iter()
            .find(|(name, ..)| *name == field.text)
        {
            Some((name, ty, declared)) => {
                self.facts
                    .add(field.span, FactKind::Field(name, ty.clone()), declared);
                self.narrowed(Typed::new(made(base.expr), ty))
            }
            None => {
                self.unknown_field(&ty, field);
                Typed::bad()
            }
        }
    }

    pub(super) fn unknown_field(&mut self, ty: &Ty, field: &Ident) {
        let known = self.globals.fields_of(ty);
        let near = nearest(&field.text, known.iter().map(|(name, ..)| name.as_str())).map(Name::from);
        let method = flowmesh_stdlib::methods(&field.text).next().is_some();
        let (name, owner, span) = (field.text.clone(), self.globals.show(ty), field.span);
        let error = match method && near.is_none() {
            true => Error::MethodNotCalled { name, span },
            false => Error::UnknownField {
                name,
                owner,
                span,
                near,
            },
        };
        self.report(error.diagnostic());
    }

    pub(super) fn optional_field(&mut self, base: &'a ast::Expr, field: &Ident) -> Typed {
        let base = self.expr(base, None);
        let known = Base::Value(self.globals.unfold(&base.ty).present().clone());
        self.probe(&field.text, |_| Asked::Member(known, None, None));
        let present = self.globals.unfold(&base.ty).present().clone();
        if !self.globals.unfold(&base.ty).is_optional() && !base.ty.is_bad() {
            self.report(
                Error::NeverNone {
                    span: field.span,
                    operator: "?.",
                }
                .diagnostic(),
            );
        }
        let typed = self.field(Typed::new(base.expr, present), field);
        Typed::new(typed.expr, typed.ty.optional())
    }
}

/// What a service says of an error by gRPC: the mesh puts it into the body of the reply.
fn said_by_grpc(part: &'static str) -> Expr {
    let body = Expr::Field(Box::new(Expr::Context(Context::Reply)), Name::new_static("body"));
    let said = Expr::Field(Box::new(body), Name::new_static(part));
    let (said, otherwise) = match part {
        "message" => {
            let text = Type::Optional(Box::new(Type::String));
            (Expr::As(Box::new(said), text), Value::string(""))
        }
        _ => (said, Value::Json("[]".into())),
    };
    Expr::Binary(Binary::Else, Box::new(said), Box::new(Expr::Constant(otherwise)))
}
