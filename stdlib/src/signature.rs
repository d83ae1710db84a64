//! What a native takes and gives, as static data that the checker reads; the file in the folder writes it for people.

mod write;

use crate::{Arg, Fault, Interpreter};
use flowmesh_ir::Value;

/// A function of the library that is written in Rust.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// Its full name: `list.map` for a method, `min` for a free function. Unique.
    pub name: &'static str,
    /// What it is called on; `None` for a free function.
    pub receiver: Option<Ty>,
    /// What it takes besides. Those that may be left out come last, and are then `none`.
    pub params: &'static [Param],
    /// What it gives.
    pub result: Ty,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// An expression that is true.
    pub example: &'static str,
    /// What it does.
    pub run: Run,
}

/// The function behind a native; the receiver is the first argument, and what was left out is `none` or absent.
pub type Run = fn(&mut dyn Interpreter, &[Arg<'_>]) -> Result<Value, Fault>;

/// A parameter of a native.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Ty,
    /// Whether it may be left out.
    pub optional: bool,
    /// What holds for a text that stands there literally: a pattern, the name of a zone. The checker asks it before
    /// the program runs; the native asks again, since a text may come from anywhere.
    pub check: Option<Check>,
}

/// Whether a text is of a form.
pub type Check = fn(&str) -> Result<(), Fault>;

/// A pattern of types. The three kinds of variables share their numbers within one signature: wherever a number
/// comes up again, it is the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `decimal`
    Decimal,
    /// `string`; a `url` will do
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
    /// `{ name: T }`, only as a result.
    Record(&'static [(&'static str, Ty)]),
    /// `T?`
    Optional(&'static Ty),
    /// `[T]`
    List(&'static Ty),
    /// `{string: T}`
    Map(&'static Ty),
    /// Any type.
    Var(u8),
    /// Any type whose values have an order: numbers, texts, times, dates, durations, bools.
    Ordered(u8),
    /// `int`, `float` or `decimal`.
    Number(u8),
    /// `(a, b) => body`: the types of its parameters and of its body.
    Lambda(&'static [Ty], &'static Ty),
}

impl Native {
    pub(crate) const fn method(
        name: &'static str,
        receiver: Ty,
        params: &'static [Param],
        result: Ty,
        run: Run,
    ) -> Self {
        Self {
            name,
            receiver: Some(receiver),
            params,
            result,
            doc: "",
            example: "",
            run,
        }
    }

    pub(crate) const fn free(name: &'static str, params: &'static [Param], result: Ty, run: Run) -> Self {
        Self {
            name,
            receiver: None,
            params,
            result,
            doc: "",
            example: "",
            run,
        }
    }

    pub(crate) const fn doc(self, doc: &'static str, example: &'static str) -> Self {
        Self { doc, example, ..self }
    }

    /// The name after the dot, as a program writes it: `map`.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, short)| short)
    }
}

impl Param {
    pub(crate) const fn new(name: &'static str, ty: Ty) -> Self {
        Self {
            name,
            ty,
            optional: false,
            check: None,
        }
    }

    pub(crate) const fn optional(name: &'static str, ty: Ty) -> Self {
        Self {
            optional: true,
            ..Self::new(name, ty)
        }
    }

    /// A text of a form.
    pub(crate) const fn text(name: &'static str, check: Check) -> Self {
        Self {
            check: Some(check),
            ..Self::new(name, Ty::String)
        }
    }

    /// A text of a form that may be left out.
    pub(crate) const fn optional_text(name: &'static str, check: Check) -> Self {
        Self {
            optional: true,
            ..Self::text(name, check)
        }
    }
}
