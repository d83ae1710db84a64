//! Types, as borders need them: how JSON is read, checked and written.

use crate::{Name, TypeId, expr::Expr};
use serde::{Deserialize, Serialize};

/// A type in use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`: 64 bits, signed
    Int,
    /// `float`
    Float,
    /// `decimal`: a string or a number in JSON, read without loss; written as a string
    Decimal,
    /// `string`
    String,
    /// `bytes`: base64 in JSON
    Bytes,
    /// `time`: RFC 3339 in JSON
    Time,
    /// `date`: `2026-01-31` in JSON
    Date,
    /// `duration`: `"1h30m"` in JSON
    Duration,
    /// `url`: a string with a scheme
    Url,
    /// `json`: anything
    Json,
    /// No value: the result of an operation or flow that declares none.
    Unit,
    /// `T?`: absent or `null` in JSON is `none`
    Optional(Box<Type>),
    /// `[T]`
    List(Box<Type>),
    /// `{string: T}`
    Map(Box<Type>),
    /// A declared record, enum or alias.
    Named(TypeId),
}

/// A declared type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeDef {
    /// Its name; unique within the program (`module.Name` where two modules use one name).
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Of an enum: the property that says in JSON which case it is, beside the fields of the case
    /// (`{"kind": "card", "number": "1"}`), as a document of its service has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Name>,
    /// What it is.
    pub shape: Shape,
}

/// What a declared type is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `type Item { sku: string, count: int where it > 0 }`
    Record(Vec<Field>),
    /// `enum Status { open, paid }`; in JSON `"open"`, or `{"Card": {"number": "1"}}` for a case with a payload
    Enum(Vec<Case>),
    /// `type Sku = string where it matches "..."`
    Alias {
        /// What it stands for.
        ty: Type,
        /// What must hold of it.
        rule: Option<Rule>,
    },
}

/// A named, typed part of a record, a payload or a parameter list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name, the same in JSON.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// What must hold of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

/// A rule that is checked at every border and never inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The condition over slot 0, which holds `it`.
    pub condition: Expr,
    /// The condition as the author wrote it, for messages.
    pub text: String,
}

/// One case of an enum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: Name,
    /// What it is called in JSON, where that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// Its payload; empty where it has none.
    pub fields: Vec<Field>,
}

impl Case {
    /// What it is called in JSON.
    #[must_use]
    pub fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }
}

/// A declared error, or one of the errors that every call can end with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorDef {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What it carries.
    pub fields: Vec<Field>,
}

/// A declared event: told by one run, heard by others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventDef {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What it carries: a record of these.
    pub fields: Vec<Field>,
}
