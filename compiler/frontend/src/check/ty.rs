//! Types as the checker sees them: those of the program, and a few that only expressions have.

use flowmesh_ir::{ErrorId, Name, TypeId, expr::Widen, ty::Type};
use std::sync::Arc;

/// The type of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ty {
    /// Something wrong, which was reported; it fits everything.
    #[default]
    Bad,
    /// Not known yet: of `none`, of what is in `[]`.
    Open,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `decimal`
    Decimal,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `time`
    Time,
    /// `date`
    Date,
    /// `duration`
    Duration,
    /// `url`
    Url,
    /// `json`
    Json,
    /// No value.
    Unit,
    /// A `secret`, which has no operations.
    Secret,
    /// `T?`
    Optional(Arc<Ty>),
    /// `[T]`
    List(Arc<Ty>),
    /// `{string: T}`
    Map(Arc<Ty>),
    /// A declared record, enum or alias.
    Named(TypeId),
    /// A record that no type was given to.
    Record(Arc<Vec<(Name, Ty)>>),
    /// A caught error.
    Error(ErrorId),
    /// What runs beside a flow.
    Task(Arc<Task>),
    /// A run of a flow, in a test.
    Run(u32),
    /// What a template takes by a parameter, and what is no value.
    Taken(Arc<super::template::Taken>),
}

/// What runs beside a flow, and how it may end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// The type of its value.
    pub result: Ty,
    /// The errors that it may end with.
    pub fails: Vec<ErrorId>,
}

/// What has to be done to a value so that it is of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    /// Nothing.
    Same,
    /// An int becomes a wider number.
    Widen(Widen),
    /// A value becomes JSON.
    Json,
}

/// The names of the built-in types.
pub(crate) const BUILTIN: [(&str, Ty); 11] = [
    ("bool", Ty::Bool),
    ("int", Ty::Int),
    ("float", Ty::Float),
    ("decimal", Ty::Decimal),
    ("string", Ty::String),
    ("bytes", Ty::Bytes),
    ("time", Ty::Time),
    ("date", Ty::Date),
    ("duration", Ty::Duration),
    ("url", Ty::Url),
    ("json", Ty::Json),
];

impl Ty {
    /// A type of the program.
    pub(crate) fn of(ty: &Type) -> Self {
        match ty {
            Type::Bool => Self::Bool,
            Type::Int => Self::Int,
            Type::Float => Self::Float,
            Type::Decimal => Self::Decimal,
            Type::String => Self::String,
            Type::Bytes => Self::Bytes,
            Type::Time => Self::Time,
            Type::Date => Self::Date,
            Type::Duration => Self::Duration,
            Type::Url => Self::Url,
            Type::Json => Self::Json,
            Type::Unit => Self::Unit,
            Type::Optional(inner) => Self::of(inner).optional(),
            Type::List(inner) => Self::of(inner).list(),
            Type::Map(inner) => Self::of(inner).map(),
            Type::Named(id) => Self::Named(*id),
        }
    }

    /// `T?`; what may be absent already stays as it is.
    pub(crate) fn optional(self) -> Self {
        match self {
            Self::Optional(_) | Self::Bad => self,
            other => Self::Optional(Arc::new(other)),
        }
    }

    /// `[T]`
    pub(crate) fn list(self) -> Self {
        Self::List(Arc::new(self))
    }

    /// `{string: T}`
    pub(crate) fn map(self) -> Self {
        Self::Map(Arc::new(self))
    }

    /// Without the `?`.
    pub(crate) fn present(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            other => other,
        }
    }

    /// Whether it may be absent.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_))
    }

    /// Whether something about it is not known yet.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Open => true,
            Self::Optional(inner) | Self::List(inner) | Self::Map(inner) => inner.is_open(),
            _ => false,
        }
    }

    /// Whether it came from something wrong.
    pub(crate) fn is_bad(&self) -> bool {
        match self {
            Self::Bad => true,
            Self::Optional(inner) | Self::List(inner) | Self::Map(inner) => inner.is_bad(),
            _ => false,
        }
    }

    /// `int`, `float` or `decimal`.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Decimal)
    }

    /// Whether its values have an order.
    pub(crate) fn is_ordered(&self) -> bool {
        self.is_number()
            || matches!(
                self,
                Self::Bool | Self::String | Self::Time | Self::Date | Self::Duration | Self::Url
            )
    }

    /// As the program has it; nothing for what only expressions have.
    pub(crate) fn ir(&self) -> Option<Type> {
        Some(match self {
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Float => Type::Float,
            Self::Decimal => Type::Decimal,
            Self::String => Type::String,
            Self::Bytes => Type::Bytes,
            Self::Time => Type::Time,
            Self::Date => Type::Date,
            Self::Duration => Type::Duration,
            Self::Url => Type::Url,
            Self::Json => Type::Json,
            Self::Unit => Type::Unit,
            Self::Optional(inner) => Type::Optional(Box::new(inner.ir()?)),
            Self::List(inner) => Type::List(Box::new(inner.ir()?)),
            Self::Map(inner) => Type::Map(Box::new(inner.ir()?)),
            Self::Named(id) => Type::Named(*id),
            Self::Bad
            | Self::Open
            | Self::Secret
            | Self::Record(_)
            | Self::Error(_)
            | Self::Task(_)
            | Self::Run(_)
            | Self::Taken(_) => {
                return None;
            }
        })
    }
}
