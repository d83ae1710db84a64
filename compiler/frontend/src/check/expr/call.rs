//! Calls inside expressions: constructors, functions and natives. Operations are called by statements alone.

use super::{Place, Typed};
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{Asked, Checker, FactKind, Ty, WORD, error::Error, frame::Kind, globals::ShapeInfo},
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    EventId, FunctionId, Name, ServiceId, TypeId, Value,
    expr::{Binary, Context, Expr},
};

/// What only a flow can ask for, because it has to be remembered.
pub(super) const RECORDED: [(&str, Context, Ty, &str); 3] = [
    ("now", Context::Now, Ty::Time, "the time, as the run remembers it"),
    (
        "random",
        Context::Random,
        Ty::Float,
        "a number from 0 up to 1, as the run remembers it",
    ),
    (
        "uuid",
        Context::Uuid,
        Ty::String,
        "a new identifier, as the run remembers it",
    ),
];

impl<'a> Checker<'a> {
    pub(super) fn call(
        &mut self,
        span: Span,
        callee: &'a ast::Expr,
        arguments: &'a [Argument],
        expected: Option<&Ty>,
    ) -> Typed {
        match &callee.kind {
            ExprKind::Name(name) => {
                let name = Ident {
                    text: name.clone(),
                    span: callee.span,
                };
                self.call_name(span, &name, arguments, expected)
            }
            ExprKind::Field(base, name) => self.call_member(span, base, name, arguments),
            ExprKind::OptionalField(base, name) => {
                self.expr(base, None);
                self.report(
                    Error::OptionalCall {
                        name: name.text.clone(),
                        span: name.span,
                    }
                    .diagnostic(),
                );
                self.ignore(arguments)
            }
            ExprKind::Bad => self.ignore(arguments),
            _ => {
                self.expr(callee, None);
                self.not_callable(callee.span, "this", arguments)
            }
        }
    }

    fn call_name(
        &mut self,
        span: Span,
        name: &Ident,
        arguments: &'a [Argument],
        expected: Option<&Ty>,
    ) -> Typed {
        if name.text == WORD {
            let given = self.probe_given(arguments);
            self.probe(&name.text, |_| Asked::Value(expected.cloned(), Some(given)));
        }
        if let Some(slot) = self.frame.find(&name.text) {
            self.frame.touch(slot, name.span, false);
            return self.not_callable(name.span, "a value", arguments);
        }
        if let Some(entry) = self.entry(&name.text) {
            self.fact(name.span, entry.def);
            return self.call_def(span, name.span, entry.def, arguments);
        }
        if let Some((known, context, ty, doc)) = RECORDED.iter().find(|(known, ..)| name.text == *known) {
            self.facts
                .add(name.span, FactKind::Builtin(known, ty.clone(), doc), None);
            return self.recorded(span, known, *context, ty.clone(), arguments);
        }
        if let Some(native) = flowmesh_stdlib::free(&name.text) {
            self.facts.add(name.span, FactKind::Native(native), None);
            return self.native(span, native, None, arguments);
        }
        if let Some(id) = self.enum_of(&name.text, expected) {
            return self.construct_case(span, id, name, arguments);
        }
        self.unknown_callee(name);
        self.ignore(arguments)
    }

    fn unknown_callee(&mut self, name: &Ident) {
        let free = flowmesh_stdlib::natives()
            .iter()
            .filter(|native| native.receiver.is_none())
            .map(|n| n.name);
        match nearest(&name.text, free) {
            Some(near) => {
                let (name, span, near) = (name.text.clone(), name.span, Some(near.into()));
                self.report(Error::UnknownName { name, span, near }.diagnostic());
            }
            None => self.unknown_name(name),
        }
    }

    fn recorded(
        &mut self,
        span: Span,
        name: &'static str,
        context: Context,
        ty: Ty,
        arguments: &'a [Argument],
    ) -> Typed {
        self.arrange(name, &[], arguments);
        if !matches!(self.frame.kind, Kind::Flow | Kind::Test) {
            self.report(
                Error::Impure {
                    name: format!("{name}()").into(),
                    span,
                }
                .diagnostic(),
            );
        }
        Typed::new(Expr::Context(context), ty)
    }

    fn call_member(
        &mut self,
        span: Span,
        base: &'a ast::Expr,
        name: &'a Ident,
        arguments: &'a [Argument],
    ) -> Typed {
        let base_place = self.place(base, None);
        if name.text == WORD {
            let given = self.probe_given(arguments);
            self.probe_member(&base_place, name, Some(given));
        }
        match base_place {
            Place::Bad => self.ignore(arguments),
            Place::Def(Def::Module(module)) => match self.item_def(module, name) {
                Some(def) => self.call_def(span, name.span, def, arguments),
                None => self.ignore(arguments),
            },
            Place::Def(Def::Service(id)) => {
                if self.operation_named(ServiceId(id), name).is_some() {
                    let name = self.slice(base.span.to(name.span));
                    self.report(Error::CallInside { name, span }.diagnostic());
                }
                self.ignore(arguments)
            }
            Place::Def(Def::Type(id)) if self.globals.cases(&Ty::Named(TypeId(id))).is_some() => {
                self.construct_case(span, TypeId(id), name, arguments)
            }
            Place::Context("request") if name.text == "header" => self.header(span, arguments),
            place => {
                let receiver = self.value(place, base.span);
                self.method(span, receiver, name, arguments)
            }
        }
    }

    fn item_def(&mut self, module: crate::resolve::ModuleId, name: &Ident) -> Option<Def> {
        let resolved = self.resolved;
        match crate::resolve::scope::lookup(resolved.module(module)?, name) {
            Ok(entry) => {
                self.fact(name.span, entry.def);
                Some(entry.def)
            }
            Err(error) => {
                self.report(error.diagnostic());
                None
            }
        }
    }

    fn call_def(&mut self, span: Span, name: Span, def: Def, arguments: &'a [Argument]) -> Typed {
        match def {
            Def::Function(id) => self.call_function(span, id, arguments),
            Def::Type(id) => self.construct(span, TypeId(id), arguments),
            Def::Event(id) => match self.globals.event(EventId(id)) {
                Some(id) => self.construct(span, id, arguments),
                None => self.ignore(arguments),
            },
            Def::Error(_) => {
                self.report(
                    Error::FailValue {
                        name: self.slice(name),
                        span: name,
                    }
                    .diagnostic(),
                );
                self.ignore(arguments)
            }
            Def::Flow(_) | Def::Template(_) => {
                self.report(
                    Error::CallsFlow {
                        name: self.slice(name),
                        span: name,
                    }
                    .diagnostic(),
                );
                match def {
                    Def::Template(_) => Typed::bad(),
                    _ => self.ignore(arguments),
                }
            }
            other => self.not_callable(name, &format!("a {}", other.kind()), arguments),
        }
    }

    fn call_function(&mut self, span: Span, id: u32, arguments: &'a [Argument]) -> Typed {
        let Some(signature) = self.globals.functions.get(id as usize) else {
            return Typed::bad();
        };
        let (name, params, result) = (
            signature.name.clone(),
            signature.params.clone(),
            signature.result.clone(),
        );
        if let Some(caller) = self.frame.function {
            self.edges.push((caller, id, span));
        }
        let arguments = self.arguments(&name, &params, arguments, span);
        let values = arguments.into_iter().map(|(_, value)| value).collect();
        let number = self.function_numbers.get(id as usize).copied().unwrap_or(id);
        Typed::new(Expr::Call(FunctionId(number), values), result)
    }

    fn construct(&mut self, span: Span, id: TypeId, arguments: &'a [Argument]) -> Typed {
        let ty = Ty::Named(id);
        match self
            .globals
            .ty(id)
            .map(|info| (info.name.clone(), info.shape.clone()))
        {
            Some((name, ShapeInfo::Record(fields))) => {
                let made = self.arguments(&name, &fields, arguments, span);
                Typed::new(Expr::Record(made), ty)
            }
            Some((name, shape)) => {
                let enum_ = matches!(shape, ShapeInfo::Enum(_));
                self.report(Error::NoConstructor { name, enum_, span }.diagnostic());
                self.ignore(arguments);
                Typed::new(Expr::Constant(Value::None), ty)
            }
            None => self.ignore(arguments),
        }
    }

    fn construct_case(&mut self, span: Span, id: TypeId, name: &Ident, arguments: &'a [Argument]) -> Typed {
        let ty = Ty::Named(id);
        let cases = self
            .globals
            .cases(&ty)
            .map(|(_, cases)| cases.to_vec())
            .unwrap_or_default();
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
            return self.ignore(arguments);
        };
        self.facts.add(
            name.span,
            FactKind::Case(ty.clone(), name.text.clone()),
            Some(case.span),
        );
        let made = self.arguments(&name.text, &case.fields, arguments, span);
        Typed::new(Expr::Variant(name.text.clone(), made), ty)
    }

    /// `request.header("x-tester")`: header names have no case.
    fn header(&mut self, span: Span, arguments: &'a [Argument]) -> Typed {
        let given = self.arrange("header", &["name"], arguments);
        let Some(Some(name)) = given.first() else {
            let error = Error::Missing {
                names: vec!["name".into()],
                of: "header".into(),
                what: "argument",
                span,
            };
            self.report(error.diagnostic());
            return Typed::bad();
        };
        let name = match self.against(name, &Ty::String) {
            Expr::Constant(Value::String(name)) => Expr::Constant(Value::string(&name.to_lowercase())),
            other => other,
        };
        let request = Box::new(Expr::Context(Context::Request));
        let headers = Box::new(Expr::Field(request, Name::new_static("headers")));
        Typed::new(Expr::Index(headers, Box::new(name)), Ty::String.optional())
    }

    fn not_callable(&mut self, span: Span, what: &str, arguments: &'a [Argument]) -> Typed {
        self.report(
            Error::NotCallable {
                what: what.into(),
                span,
            }
            .diagnostic(),
        );
        self.ignore(arguments)
    }

    /// Looks at arguments of something wrong, so that what is wrong in them is found as well.
    pub(crate) fn ignore(&mut self, arguments: &'a [Argument]) -> Typed {
        for argument in arguments {
            if !matches!(argument.value.kind, ExprKind::Lambda(..)) {
                self.expr(&argument.value, None);
            }
        }
        Typed::bad()
    }
}

/// The ends of a range, if an expression is one.
pub(crate) fn range(expr: Expr) -> Result<(Expr, Expr), Expr> {
    match expr {
        Expr::Binary(Binary::Range, from, to) => Ok((*from, *to)),
        other => Err(other),
    }
}
