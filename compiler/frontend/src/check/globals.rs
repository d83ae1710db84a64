//! What every declaration means, and the questions about types that need to know it.

use super::{
    seen::Seen,
    service::{Overrides, Way},
    shared::Shared,
    template::Taken,
    ty::{Coercion, Task, Ty},
};
use crate::resolve::Def;
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, FlowId, Name, ServiceId, TypeId, expr::Widen, service::EffectKind, ty::Rule};
use std::{collections::HashMap, sync::Arc};

/// All declarations, by the numbers that [`mod@crate::resolve`] gave them.
#[derive(Debug, Default)]
pub struct Globals {
    pub(crate) types: Shared<Arc<TypeInfo>>,
    pub(crate) errors: Shared<Arc<Signature>>,
    pub(crate) configs: Shared<Ty>,
    pub(crate) policies: Shared<Arc<Overrides>>,
    pub(crate) services: Shared<Arc<ServiceInfo>>,
    pub(crate) functions: Shared<Arc<Signature>>,
    pub(crate) flows: Shared<Signature>,
    pub(crate) templates: Shared<Signature>,
    /// The type of what each event carries.
    pub(crate) events: Vec<TypeId>,
    pub(super) seen: Seen,
}

/// A declared type.
#[derive(Clone, Debug)]
pub(crate) struct TypeInfo {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) span: Span,
    /// Of an enum: the property that tells its cases apart in JSON.
    pub(crate) tag: Option<Name>,
    pub(crate) shape: ShapeInfo,
}

/// What a declared type is made of.
#[derive(Clone, Debug)]
pub(crate) enum ShapeInfo {
    Record(Vec<FieldInfo>),
    Enum(Vec<CaseInfo>),
    Alias { ty: Ty, rule: Option<Rule> },
}

/// A named and typed part.
#[derive(Clone, Debug)]
pub(crate) struct FieldInfo {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) span: Span,
    pub(crate) ty: Ty,
    pub(crate) rule: Option<Rule>,
}

/// One case of an enum.
#[derive(Clone, Debug)]
pub(crate) struct CaseInfo {
    pub(crate) name: Name,
    /// What it is called in JSON, where that is not its name.
    pub(crate) wire: Option<String>,
    pub(crate) span: Span,
    pub(crate) fields: Vec<FieldInfo>,
}

/// Something with parameters: an error, a function, a flow.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) span: Span,
    pub(crate) params: Vec<FieldInfo>,
    pub(crate) result: Ty,
    pub(crate) fails: Vec<(ErrorId, Span)>,
}

impl Signature {
    /// The parameters that are values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &FieldInfo> {
        self.params
            .iter()
            .filter(|param| !matches!(param.ty, Ty::Taken(_)))
    }
}

/// A service.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceInfo {
    pub(crate) name: Name,
    pub(crate) overrides: Arc<Overrides>,
    /// How many addresses each `at` has, and where they stand.
    pub(crate) addresses: Vec<(usize, Span)>,
    pub(crate) operations: Vec<Arc<OperationInfo>>,
    pub(crate) by_name: HashMap<Name, u32>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct OperationInfo {
    pub(crate) signature: Signature,
    pub(crate) effect: EffectKind,
    /// Whether it gives many results, one after the other.
    pub(crate) stream: bool,
    /// By which way it is reached.
    pub(crate) way: Way,
    pub(crate) overrides: Arc<Overrides>,
}

impl Globals {
    pub(crate) fn ty(&self, id: TypeId) -> Option<&TypeInfo> {
        self.seen.look(id);
        self.types.get(id.index()).map(Arc::as_ref)
    }

    pub(crate) fn error(&self, id: ErrorId) -> Option<&Signature> {
        self.errors.get(id.index()).map(Arc::as_ref)
    }

    pub(crate) fn policy(&self, id: u32) -> Option<&Arc<Overrides>> {
        self.seen.through(Def::Policy(id));
        self.policies.get(id as usize)
    }

    pub(crate) fn service(&self, id: ServiceId) -> Option<&Arc<ServiceInfo>> {
        self.seen.through(Def::Service(id.0));
        self.services.get(id.index())
    }

    /// What a declaration takes, if it is one with parameters. What is called is not noted as looked into.
    pub(crate) fn called(&self, def: Def) -> Option<&Signature> {
        match def {
            Def::Function(id) => self.functions.get(id as usize).map(Arc::as_ref),
            Def::Flow(id) => self.flows.get(id as usize),
            Def::Template(id) => self.templates.get(id as usize),
            Def::Error(id) => self.errors.get(id as usize).map(Arc::as_ref),
            _ => None,
        }
    }

    /// A flow, by those who need to know the rules of its parameters too.
    pub(crate) fn flow(&self, id: FlowId) -> Option<&Signature> {
        self.seen.through(Def::Flow(id.0));
        self.flows.get(id.index())
    }

    pub(crate) fn operation(&self, service: u32, operation: u32) -> Option<&Arc<OperationInfo>> {
        self.service(ServiceId(service))?
            .operations
            .get(operation as usize)
    }

    /// What an alias stands for; everything else stands for itself.
    pub(crate) fn unfold(&self, ty: &Ty) -> Ty {
        let mut ty = ty.clone();
        // An alias that leads to itself was refused and made `Bad`, so each step leads to another type.
        for _ in 0..=self.types.len() {
            let Ty::Named(id) = &ty else { return ty };
            match self.ty(*id).map(|info| &info.shape) {
                Some(ShapeInfo::Alias { ty: inner, .. }) => ty = inner.clone(),
                _ => return ty,
            }
        }
        Ty::Bad
    }

    /// The cases, if it is an enum.
    pub(crate) fn cases(&self, ty: &Ty) -> Option<(TypeId, &[CaseInfo])> {
        let Ty::Named(id) = self.unfold(ty) else {
            return None;
        };
        match &self.ty(id)?.shape {
            ShapeInfo::Enum(cases) => Some((id, cases)),
            _ => None,
        }
    }

    /// The fields of a value of a type, with their types and places.
    pub(crate) fn fields_of(&self, ty: &Ty) -> Vec<(Name, Ty, Option<Span>)> {
        let of = |fields: &[FieldInfo]| {
            let field = |field: &FieldInfo| (field.name.clone(), field.ty.clone(), Some(field.span));
            fields.iter().map(field).collect()
        };
        match ty {
            Ty::Record(fields) => {
                let field = |(name, ty): &(Name, Ty)| (name.clone(), ty.clone(), None);
                fields.iter().map(field).collect()
            }
            Ty::Error(id) => self.error(*id).map_or_else(Vec::new, |error| of(&error.params)),
            other => self.record(other).map_or_else(Vec::new, |(_, fields)| of(fields)),
        }
    }

    /// The fields, if it is a declared record.
    pub(crate) fn record(&self, ty: &Ty) -> Option<(TypeId, &[FieldInfo])> {
        let Ty::Named(id) = self.unfold(ty) else {
            return None;
        };
        match &self.ty(id)?.shape {
            ShapeInfo::Record(fields) => Some((id, fields)),
            _ => None,
        }
    }

    /// What makes a value of one type a value of another; nothing if that cannot be.
    pub(crate) fn fits(&self, from: &Ty, to: &Ty) -> Option<Coercion> {
        let (from, to) = (self.unfold(from), self.unfold(to));
        let same = Some(Coercion::Same);
        match (&from, &to) {
            (Ty::Bad | Ty::Open, _) | (_, Ty::Bad | Ty::Open) | (Ty::Url, Ty::String) => same,
            _ if from == to => same,
            (Ty::Optional(a), Ty::Optional(b)) => {
                self.fits(a, b).filter(|coercion| *coercion == Coercion::Same)
            }
            (_, Ty::Optional(b)) => self.fits(&from, b),
            (Ty::Task(a), Ty::Task(b)) => {
                let known = a.fails.iter().all(|error| b.fails.contains(error));
                self.fits(&a.result, &b.result)
                    .filter(|coercion| known && *coercion == Coercion::Same)
            }
            (Ty::Secret | Ty::Unit | Ty::Error(_) | Ty::Task(_) | Ty::Run(_) | Ty::Taken(_), _) => None,
            (_, Ty::Json) => Some(Coercion::Json),
            (Ty::Int, Ty::Decimal) => Some(Coercion::Widen(Widen::Decimal)),
            (Ty::Int, Ty::Float) => Some(Coercion::Widen(Widen::Float)),
            (Ty::List(a), Ty::List(b)) | (Ty::Map(a), Ty::Map(b)) => {
                self.fits(a, b).filter(|coercion| *coercion == Coercion::Same)
            }
            (Ty::Record(fields), Ty::Map(b)) => {
                let fit = fields.iter().all(|(_, ty)| self.fits(ty, b) == same);
                fit.then_some(Coercion::Same)
            }
            (Ty::Record(a), Ty::Record(b)) => {
                let fit = a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(a, b)| a.0 == b.0 && self.fits(&a.1, &b.1) == same);
                fit.then_some(Coercion::Same)
            }
            _ => None,
        }
    }

    /// The least type that both are of.
    pub(crate) fn join(&self, a: &Ty, b: &Ty) -> Option<Ty> {
        match (a, b) {
            (Ty::Bad, _) | (_, Ty::Bad) => Some(Ty::Bad),
            (Ty::Open, other) | (other, Ty::Open) => Some(other.clone()),
            (Ty::Optional(_), _) | (_, Ty::Optional(_)) => {
                Some(self.join(a.present(), b.present())?.optional())
            }
            (Ty::Task(x), Ty::Task(y)) => {
                let result = self.join_same(&x.result, &y.result)?;
                let mut fails = x.fails.clone();
                fails.extend(y.fails.iter().filter(|error| !x.fails.contains(error)));
                Some(Ty::Task(Arc::new(Task { result, fails })))
            }
            (Ty::List(x), Ty::List(y)) => Some(Ty::List(Arc::new(self.join_same(x, y)?))),
            (Ty::Map(x), Ty::Map(y)) => Some(Ty::Map(Arc::new(self.join_same(x, y)?))),
            _ if self.fits(a, b).is_some_and(|c| c != Coercion::Json) => Some(b.clone()),
            _ if self.fits(b, a).is_some_and(|c| c != Coercion::Json) => Some(a.clone()),
            _ => None,
        }
    }

    /// As [`Self::join`], where the values inside cannot be changed.
    fn join_same(&self, a: &Ty, b: &Ty) -> Option<Ty> {
        let joined = self.join(a, b)?;
        let same = |ty: &Ty| self.fits(ty, &joined) == Some(Coercion::Same);
        (same(a) && same(b)).then_some(joined)
    }

    fn show_taken(&self, taken: &Taken) -> String {
        match taken {
            Taken::Service => "service".into(),
            Taken::Subset(of) => format!("subset of {of}"),
            Taken::Operation { params, result } => {
                let params = params
                    .iter()
                    .map(|(name, ty)| format!("{name}: {}", self.show(ty)));
                let params: Vec<String> = params.collect();
                let result = match result {
                    Ty::Unit => String::new(),
                    ty => format!(" -> {}", self.show(ty)),
                };
                format!("op({}){result}", params.join(", "))
            }
        }
    }

    /// As the author would write it.
    pub(crate) fn show(&self, ty: &Ty) -> String {
        match ty {
            Ty::Bad | Ty::Open => "?".into(),
            Ty::Unit => "nothing".into(),
            Ty::Secret => "secret".into(),
            Ty::Task(task) if task.result == Ty::Unit => "a task".into(),
            Ty::Task(task) => format!("a task of {}", self.show(&task.result)),
            Ty::Optional(inner) if **inner == Ty::Open => "none".into(),
            Ty::Optional(inner) => format!("{}?", self.show(inner)),
            Ty::List(inner) => format!("[{}]", self.show(inner)),
            Ty::Map(inner) => format!("{{string: {}}}", self.show(inner)),
            Ty::Named(id) => self
                .ty(*id)
                .map_or_else(|| "?".into(), |info| info.name.to_string()),
            Ty::Error(id) => self
                .error(*id)
                .map_or_else(|| "?".into(), |info| info.name.to_string()),
            Ty::Run(_) => "a run".into(),
            Ty::Taken(taken) => self.show_taken(taken),
            Ty::Record(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, ty)| format!("{name}: {}", self.show(ty)))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
            other => {
                let known = super::ty::BUILTIN.iter().find(|(_, ty)| ty == other);
                known.map_or("?", |(name, _)| name).to_owned()
            }
        }
    }
}

impl TypeInfo {
    /// All fields, those of payloads included.
    pub(crate) fn fields(&self) -> Vec<&FieldInfo> {
        match &self.shape {
            ShapeInfo::Record(fields) => fields.iter().collect(),
            ShapeInfo::Enum(cases) => cases.iter().flat_map(|case| &case.fields).collect(),
            ShapeInfo::Alias { .. } => Vec::new(),
        }
    }

    /// As the author would write it.
    pub(crate) fn describe(&self, globals: &Globals) -> String {
        let fields = |fields: &[FieldInfo]| {
            let field = |field: &FieldInfo| match &field.rule {
                Some(rule) => format!("{}: {} where {}", field.name, globals.show(&field.ty), rule.text),
                None => format!("{}: {}", field.name, globals.show(&field.ty)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        };
        let name = &self.name;
        match &self.shape {
            ShapeInfo::Record(parts) => format!("type {name} {{ {} }}", fields(parts)),
            ShapeInfo::Enum(cases) => {
                let case = |case: &CaseInfo| match case.fields.as_slice() {
                    [] => case.name.to_string(),
                    parts => format!("{}({})", case.name, fields(parts)),
                };
                let cases = cases.iter().map(case).collect::<Vec<_>>().join(", ");
                let told_apart = match &self.tag {
                    Some(tag) => format!("   // told apart by `{tag}` in JSON"),
                    None => String::new(),
                };
                format!("enum {name} {{ {cases} }}{told_apart}")
            }
            ShapeInfo::Alias { ty, rule: Some(rule) } => {
                format!("type {name} = {} where {}", globals.show(ty), rule.text)
            }
            ShapeInfo::Alias { ty, rule: None } => format!("type {name} = {}", globals.show(ty)),
        }
    }
}

impl FieldInfo {
    /// A part of the program.
    pub(crate) fn of(field: &flowmesh_ir::ty::Field) -> Self {
        Self {
            name: field.name.clone(),
            doc: None,
            span: Span::default(),
            ty: Ty::of(&field.ty),
            rule: field.rule.clone(),
        }
    }

    /// As the program has it.
    pub(crate) fn ir(&self) -> flowmesh_ir::ty::Field {
        let ty = self.ty.ir().unwrap_or(flowmesh_ir::ty::Type::Unit);
        flowmesh_ir::ty::Field {
            name: self.name.clone(),
            ty,
            rule: self.rule.clone(),
        }
    }
}
