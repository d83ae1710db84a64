//! Whether the JSON of one type is that of another. Rules are left out: they are checked when values come.

use flowmesh_ir::{
    Name, TypeId,
    ty::{Case, Field, Shape, Type, TypeDef},
};

/// How deep types are compared; what lies deeper is taken to fit.
const DEEPEST: u32 = 32;

/// The types that names stand for: those that are declared, then those that no author wrote.
pub(super) struct Types<'t> {
    declared: &'t [TypeDef],
    made: &'t [TypeDef],
}

/// Which way values go, since readers are lenient and services are not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the author to the service.
    Sent,
    /// The same by gRPC, where what is not sent has its zero value.
    SentByGrpc,
    /// From the service to the author.
    Read,
}

/// What a type is when its name is looked up.
enum Known<'t> {
    Plain(&'t Type),
    Record(&'t [Field]),
    /// Its cases, and the property that tells them apart in JSON.
    Enum(Option<&'t Name>, &'t [Case]),
}

impl<'t> Types<'t> {
    pub(super) fn of(declared: &'t [TypeDef], made: &'t [TypeDef]) -> Self {
        Self { declared, made }
    }

    /// Why values of `from` cannot be sent as `to`; nothing if they can.
    pub(super) fn sends(&self, from: &'t Type, to: &'t Type) -> Option<String> {
        self.misfit(from, to, Way::Sent, 0)
    }

    /// The same where the service is reached by gRPC.
    pub(super) fn sends_by_grpc(&self, from: &'t Type, to: &'t Type) -> Option<String> {
        self.misfit(from, to, Way::SentByGrpc, 0)
    }

    /// Why values of `from` cannot be read as `to`; nothing if they can.
    pub(super) fn reads(&self, from: &'t Type, to: &'t Type) -> Option<String> {
        self.misfit(from, to, Way::Read, 0)
    }

    fn known(&self, ty: &'t Type) -> Known<'t> {
        let mut ty = ty;
        for _ in 0..=self.declared.len().saturating_add(self.made.len()) {
            let Type::Named(id) = ty else { break };
            let Some(def) = self.def(*id) else { break };
            match &def.shape {
                Shape::Record(fields) => return Known::Record(fields),
                Shape::Enum(cases) => return Known::Enum(def.tag.as_ref(), cases),
                Shape::Alias { ty: inner, .. } => ty = inner,
            }
        }
        Known::Plain(ty)
    }

    fn def(&self, id: TypeId) -> Option<&'t TypeDef> {
        let made = id.index().checked_sub(self.declared.len());
        match made {
            Some(at) => self.made.get(at),
            None => self.declared.get(id.index()),
        }
    }

    fn misfit(&self, from: &'t Type, to: &'t Type, way: Way, depth: u32) -> Option<String> {
        if depth > DEEPEST || from == to {
            return None;
        }
        let deeper = depth.saturating_add(1);
        match (self.known(from), self.known(to)) {
            (Known::Plain(Type::Json), _) | (_, Known::Plain(Type::Json)) => None,
            (Known::Plain(Type::Optional(a)), Known::Plain(Type::Optional(b))) => {
                self.misfit(a, b, way, deeper)
            }
            (_, Known::Plain(Type::Optional(b))) => self.misfit(from, b, way, deeper),
            (Known::Plain(Type::Optional(_)), _) => Some("it may be absent".to_owned()),
            (Known::Plain(Type::List(a)), Known::Plain(Type::List(b)))
            | (Known::Plain(Type::Map(a)), Known::Plain(Type::Map(b))) => self.misfit(a, b, way, deeper),
            (Known::Record(a), Known::Record(b)) => self.fields(a, b, way, deeper),
            (Known::Record(fields), Known::Plain(Type::Map(b))) => fields
                .iter()
                .find_map(|field| within(&field.name, self.misfit(&field.ty, b, way, deeper))),
            (Known::Enum(tag, a), Known::Enum(other, b)) if tag == other => self.cases(a, b, way, deeper),
            (Known::Enum(a, _), Known::Enum(b, _)) => Some(match (a, b) {
                (_, Some(tag)) => {
                    format!("its cases are told apart by `{tag}`, which only the type of the document says")
                }
                _ => "its cases are told apart by their names".to_owned(),
            }),
            (Known::Enum(None, cases), Known::Plain(Type::String))
                if cases.iter().all(|case| case.fields.is_empty()) =>
            {
                None
            }
            (Known::Plain(a), Known::Plain(b)) if written_alike(a, b, way) => None,
            (a, b) => Some(format!("expected {}, found {}", b.title(), a.title())),
        }
    }

    fn fields(&self, from: &'t [Field], to: &'t [Field], way: Way, depth: u32) -> Option<String> {
        if way != Way::Read
            && let Some(extra) = from
                .iter()
                .find(|field| !to.iter().any(|known| known.name == field.name))
        {
            return Some(format!("there is no field `{}`", extra.name));
        }
        to.iter()
            .find_map(|field| match from.iter().find(|known| known.name == field.name) {
                Some(known) => within(&field.name, self.misfit(&known.ty, &field.ty, way, depth)),
                None if way == Way::SentByGrpc => None,
                None if matches!(self.known(&field.ty), Known::Plain(Type::Optional(_))) => None,
                None => Some(format!("the field `{}` is missing", field.name)),
            })
    }

    fn cases(&self, from: &'t [Case], to: &'t [Case], way: Way, depth: u32) -> Option<String> {
        from.iter()
            .find_map(|case| match to.iter().find(|known| known.wire() == case.wire()) {
                Some(known) => within(&case.name, self.fields(&case.fields, &known.fields, way, depth)),
                None => Some(format!("there is no case `{}`", case.name)),
            })
    }
}

impl Known<'_> {
    fn title(&self) -> &'static str {
        match self {
            Self::Record(_) => "a record",
            Self::Enum(..) => "an enum",
            Self::Plain(ty) => match ty {
                Type::Bool => "bool",
                Type::Int => "int",
                Type::Float => "float",
                Type::Decimal => "decimal",
                Type::String => "string",
                Type::Bytes => "bytes",
                Type::Time => "time",
                Type::Date => "date",
                Type::Duration => "duration",
                Type::Url => "url",
                Type::List(_) => "a list",
                Type::Map(_) => "a map",
                Type::Unit => "nothing",
                Type::Json | Type::Optional(_) | Type::Named(_) => "something else",
            },
        }
    }
}

/// Scalars that are written in the same way.
fn written_alike(from: &Type, to: &Type, way: Way) -> bool {
    let text = |ty: &Type| {
        matches!(
            ty,
            Type::String | Type::Bytes | Type::Time | Type::Date | Type::Duration | Type::Url
        )
    };
    match (from, to) {
        (a, b) if a == b || (text(a) && text(b)) => true,
        (Type::Int, Type::Float) => true,
        // A decimal is read from a number or a text, and written as a text.
        (Type::Int | Type::Float | Type::String, Type::Decimal) => way == Way::Read,
        (Type::Decimal, Type::String) => true,
        _ => false,
    }
}

/// Why a part does not fit, with its name.
fn within(name: &str, why: Option<String>) -> Option<String> {
    why.map(|why| format!("in `{name}`, {why}"))
}
