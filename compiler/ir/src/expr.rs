//! Expressions: pure, typed by the compiler, evaluated by the machine.

mod each;

use crate::{ConfigId, ErrorId, FunctionId, Name, SecretId, SlotId, Value, ty::Type};
use serde::{Deserialize, Serialize};

/// An expression over the slots of a frame. It always ends; it reads nothing but its frame and its [`Context`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A value known when the program was made.
    Constant(Value),
    /// What a slot of the frame holds.
    Slot(SlotId),
    /// The value of a `config`.
    Config(ConfigId),
    /// The value of a `secret`. Only in what a request carries: no run evaluates it, but whoever sends the request, so
    /// that no frame, event or journal ever holds what is made of it.
    Secret(SecretId),
    /// Something that the surroundings of the expression give.
    Context(Context),
    /// `{ a: 1, b }` and `Order(id: "1")`: fields in the order of the type where there is one.
    Record(Vec<(Name, Expr)>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// A case of an enum or an error value: name and payload.
    Variant(Name, Vec<(Name, Expr)>),
    /// `a.b` on a record, variant payload or `json` (which yields `none` where there is no such field); on `none`
    /// it yields `none`, which is `a?.b`.
    Field(Box<Expr>, Name),
    /// `a[i]`: a list by number, a map by text, `json` by either; `none` where there is nothing.
    Index(Box<Expr>, Box<Expr>),
    /// `not a`, `-a`
    Unary(Unary, Box<Expr>),
    /// `a + b` and its like; operands have one type, `and`, `or` and `??` evaluate the right side only when needed.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `"text {expr} text"`: the parts as text, joined.
    Text(Vec<Expr>),
    /// `if c { a } else { b }`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match x { when P -> a ... }`: the subject is put into the slot, the first arm whose pattern fits is taken.
    Match {
        /// What is looked at.
        subject: Box<Expr>,
        /// Arms in order; the compiler proved that one fits.
        arms: Vec<Arm>,
    },
    /// A call of a declared function; arguments fill its first slots.
    Call(FunctionId, Vec<Expr>),
    /// A call of a native of the standard library by its full name (`list.map`); the receiver comes first.
    Native(Name, Vec<Argument>),
    /// `x as T`: checks JSON (or another value) against a type; fails with `BadValue` where it does not fit.
    As(Box<Expr>, Type),
    /// An exact widening of an int to a decimal or a float, where the compiler found a mixture.
    Widen(Box<Expr>, Widen),
}

/// An argument of a native.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Argument {
    /// A value.
    Value(Expr),
    /// `(a, b) => body`: each call of it fills the slots of the surrounding frame with its arguments.
    Lambda(Vec<SlotId>, Expr),
}

/// What the surroundings of an expression give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// `now()`: the time of the event that the machine is at.
    Now,
    /// `random()`: from 0 up to 1, drawn from the run's seed.
    Random,
    /// `uuid()`: drawn from the run's seed.
    Uuid,
    /// `run.id`, as text.
    RunId,
    /// `run.started`: when the run began.
    RunStarted,
    /// `run.key`: the key it was started with, or `none`.
    RunKey,
    /// `reply`: a record of `status` (int), `body` (json); in the arguments of `on STATUS: Error(...)`.
    Reply,
    /// `request`: a record of `method`, `path`, `host` (strings), `headers`, `query` (maps); in a route's conditions.
    /// At a gateway also `body` (json).
    Request,
    /// `caller`: a record of `claims` (json), `identity` (string or `none`), `address` (string); at a gateway and in the
    /// conditions of access rules.
    Caller,
    /// `scheduled`: a record of `time` and `date`; in the arguments of a schedule.
    Scheduled,
}

/// One arm of a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// What it fits.
    pub pattern: Pattern,
    /// Its value.
    pub body: Expr,
}

/// What a value can be compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Anything: `_`, `else`.
    Any,
    /// Anything but `none`, put into a slot: `when x -> ...`.
    Bind(SlotId),
    /// An equal value: a literal, `none`.
    Equals(Value),
    /// A number from the first up to and without the second: `1..10`.
    Range(i64, i64),
    /// A case of an enum, or an error, with some fields of its payload put into slots.
    Case(Name, Vec<(Name, SlotId)>),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unary {
    /// `not a`
    Not,
    /// `-a`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binary {
    /// `a + b`: numbers, durations, time + duration, date + duration in days, strings, lists
    Add,
    /// `a - b`: numbers, durations, time - time, time - duration
    Subtract,
    /// `a * b`: numbers, duration * int
    Multiply,
    /// `a / b`: numbers; ints divide toward zero; by zero fails with `Arithmetic`
    Divide,
    /// `a % b`: the remainder, with the sign of `a`
    Remainder,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterEqual,
    /// `a and b`
    And,
    /// `a or b`
    Or,
    /// `a ?? b`: `a`, or `b` where `a` is `none`
    Else,
    /// `a matches "regex"`: the text somewhere fits the regular expression
    Matches,
    /// `a has b`: a list or map contains, a text contains
    Has,
    /// `a in b`: the other way round
    In,
    /// `a..b`: the ints from `a` up to and without `b`
    Range,
}

/// What an int widens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Widen {
    /// To a decimal.
    Decimal,
    /// To a float.
    Float,
}

/// A declared function: pure, without recursion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Its parameters, in the first slots of its frame.
    pub params: Vec<crate::ty::Field>,
    /// The type of its value.
    pub result: Type,
    /// How many slots its frame has.
    pub slots: u32,
    /// Its value.
    pub body: Expr,
}

/// An error to fail with and what it carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raise {
    /// Which error.
    pub error: ErrorId,
    /// Its fields, all of them, in the order of the declaration.
    pub fields: Vec<(Name, Expr)>,
}
