//! Expressions and patterns as their author wrote them.

use super::{For, Ident, Spawned, Type};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;
use rust_decimal::Decimal;

/// A pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Where it stands.
    pub span: Span,
    /// What it fits.
    pub kind: PatternKind,
}

/// The forms of patterns.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// `_`
    Any,
    /// `open`, `x`: a case of the subject's enum if there is one of that name, else a new name for the value
    Name(Ident),
    /// `Status.open`
    Path(Vec<Ident>),
    /// `Card(number)`, `Card(number: n)`: field and the name it gets; the path before the bracket
    Case(Vec<Ident>, Vec<(Ident, Ident)>),
    /// A literal, `none`, a negative number
    Literal(Expr),
    /// `1..10`
    Range(Expr, Expr),
    /// What could not be parsed.
    Bad,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// What it says.
    pub kind: ExprKind,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `true`
    Bool(bool),
    /// `none`
    None,
    /// `1_000`; one that does not fit 64 bits was reported and is `Bad`
    Int(i64),
    /// `1.50`: decimal, or float where one is expected
    Decimal(Decimal),
    /// `1h30m`, in milliseconds
    Duration(i64),
    /// `64KiB`, in bytes
    Size(i64),
    /// `25%`, the number before the sign
    Percent(Decimal),
    /// `100/s`: the number, and the milliseconds of the unit
    Rate(Decimal, i64),
    /// `5xx`, its first digit
    StatusClass(u8),
    /// `"text {expr}"` and `"""` texts (their common indentation taken away)
    Text(Vec<TextPart>),
    /// A word
    Name(Name),
    /// `a.b`
    Field(Box<Expr>, Ident),
    /// `a?.b`
    OptionalField(Box<Expr>, Ident),
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, b: c)`, `svc.op(x)`, `xs.map(i => i)`, `Order(id: 1)`: the callee is a name or a field of something
    Call(Box<Expr>, Vec<Argument>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1, b }`
    Record(Vec<(Ident, Expr)>),
    /// `not a`, `-a`
    Unary(flowmesh_ir::expr::Unary, Box<Expr>),
    /// `a + b`; the span of the operator
    Binary(flowmesh_ir::expr::Binary, Span, Box<Expr>, Box<Expr>),
    /// `x as Order`
    As(Box<Expr>, Type),
    /// `if c { a } else { b }`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `match x { when P -> a  else -> b }`
    Match(Box<Expr>, Vec<ExprArm>),
    /// `i => i.count`, `(a, b) => a + b`
    Lambda(Vec<Ident>, Box<Expr>),
    /// `50% of 20`, in a breaker's rate
    Of(Box<Expr>, Box<Expr>),
    /// `for x in xs { ... }` as the right side of `let`, an assignment or `return`: the list of its rounds' values
    For(Box<For>),
    /// `spawn CALL`, `spawn { }`, alone or as a right side: a task
    Spawn(Box<Spawned>),
    /// `start flow(args)`, alone or as a right side: the identifier of the run
    Start(Box<Expr>),
    /// What could not be parsed. Reported by the parser.
    Bad,
}

/// A piece of a text literal.
#[derive(Clone, Debug)]
pub enum TextPart {
    /// Characters, escapes already read.
    Literal(String),
    /// `{expr}`
    Expr(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `name:` before it.
    pub name: Option<Ident>,
    /// Its value.
    pub value: Expr,
}

/// `when P -> a`
#[derive(Clone, Debug)]
pub struct ExprArm {
    /// The whole arm.
    pub span: Span,
    /// What it fits; `None` is `else`.
    pub pattern: Option<Pattern>,
    /// Its value.
    pub body: Expr,
}
