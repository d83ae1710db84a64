//! The tree of one module as its author wrote it: names not resolved, types not known, every part with its place.
//!
//! It is made from the lossless tree in `parse/cst_to_ast.rs`. What could not be parsed is absent here or stands as
//! `Bad`, and was reported when it was met; later stages stay silent about it.

mod expr;

pub use expr::{Argument, Expr, ExprArm, ExprKind, Pattern, PatternKind, TextPart};

use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;

/// A word with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ident {
    /// The word.
    pub text: Name,
    /// Where it stands.
    pub span: Span,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The `//!` lines at its head.
    pub doc: Option<String>,
    /// Its declarations, in order.
    pub items: Vec<Item>,
}

/// A declaration.
#[derive(Clone, Debug)]
pub struct Item {
    /// The `///` lines before it.
    pub doc: Option<String>,
    /// The whole declaration, without its documentation.
    pub span: Span,
    /// What it declares.
    pub kind: ItemKind,
}

/// What is declared.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum ItemKind {
    /// `use std.policy.resilient`: the path's words.
    Use(Vec<Ident>),
    /// `config name: type = default`
    Config {
        name: Ident,
        ty: Type,
        default: Option<Expr>,
    },
    /// `secret name`
    Secret { name: Ident },
    /// `type Item { ... }`
    Record { name: Ident, fields: Vec<Field> },
    /// `type Sku = string where ...`
    Alias {
        name: Ident,
        ty: Type,
        rule: Option<Expr>,
    },
    /// `enum Status { open, paid }`
    Enum { name: Ident, cases: Vec<Case> },
    /// `error Declined(reason: string)`
    Error { name: Ident, fields: Vec<Field> },
    /// `policy resilient { timeout: ..., retry: ... }`
    Policy { name: Ident, settings: Vec<Setting> },
    /// `service payments { ... }`
    Service(Service),
    /// `fn total(items: [Item]) -> decimal = expr`
    Function {
        name: Ident,
        params: Vec<Field>,
        result: Type,
        body: Expr,
    },
    /// `flow checkout(order: Order) -> Receipt fails Rejected key order.id { ... }`
    Flow(Flow),
    /// A declaration of the language that this version does not carry out: its keyword. Reported by the parser.
    Unsupported(Ident),
    /// Something that is no declaration. Reported by the parser.
    Bad,
}

/// A named and typed part: of a record, an error, a payload, a parameter list.
#[derive(Clone, Debug)]
pub struct Field {
    /// The `///` lines before it.
    pub doc: Option<String>,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// `where it > 0`
    pub rule: Option<Expr>,
}

/// One case of an enum.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: Ident,
    /// Its payload.
    pub fields: Vec<Field>,
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct Type {
    /// Where it stands.
    pub span: Span,
    /// What it says.
    pub kind: TypeKind,
}

/// The forms of types.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `string`, `Order`, `payments.Order`: the words of its path
    Name(Vec<Ident>),
    /// `T?`
    Optional(Box<Type>),
    /// `[T]`
    List(Box<Type>),
    /// `{string: T}`: the key type as written (only `string` is right), and the value type
    Map(Box<Type>, Box<Type>),
    /// What could not be parsed.
    Bad,
}

/// `name: value`
#[derive(Clone, Debug)]
pub struct Setting {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
}

/// `service NAME { ... }`
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Ident,
    /// `at: ...` and `at v1: ...`
    pub at: Vec<At>,
    /// `policy: ...`, `timeout: ...`, `auth: ...` and other settings.
    pub settings: Vec<Setting>,
    /// `route { ... }`
    pub route: Option<RouteBlock>,
    /// `op ...`
    pub operations: Vec<Operation>,
}

/// `at: "..."`, `at v1: ["...", "..."]`
#[derive(Clone, Debug)]
pub struct At {
    /// The word `at`.
    pub span: Span,
    /// The subset.
    pub subset: Option<Ident>,
    /// An address or a list of them.
    pub value: Expr,
}

/// `route { when COND -> v1  else -> v1 90%, v2 10% }`
#[derive(Clone, Debug)]
pub struct RouteBlock {
    /// The whole block.
    pub span: Span,
    /// Its rules in order.
    pub rules: Vec<RouteRule>,
}

/// One rule of a route.
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// The whole rule.
    pub span: Span,
    /// The condition; `None` is `else`.
    pub condition: Option<Expr>,
    /// Subsets, with percentages where written.
    pub split: Vec<(Ident, Option<Expr>)>,
}

/// `op NAME(PARAMS) -> TYPE fails ERRORS = METHOD "path" { settings }`
#[derive(Clone, Debug)]
pub struct Operation {
    /// The `///` lines before it.
    pub doc: Option<String>,
    /// The whole declaration.
    pub span: Span,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Field>,
    /// Its result.
    pub result: Option<Type>,
    /// Its errors.
    pub fails: Vec<Ident>,
    /// The word before the path: `POST`, or a binding of another kind such as `grpc`.
    pub binding: Ident,
    /// The text after it, its `{param}` pieces as expressions.
    pub path: Expr,
    /// `key: ...`, `body: ...`, `timeout: ...`
    pub settings: Vec<Setting>,
    /// `on 402: Declined(reason: ...)`
    pub on: Vec<OnStatus>,
}

/// `on STATUS: Error(...)`
#[derive(Clone, Debug)]
pub struct OnStatus {
    /// The whole entry.
    pub span: Span,
    /// The status, a number literal.
    pub status: Expr,
    /// An error, with arguments or without.
    pub value: Expr,
}

/// `flow NAME(PARAMS) -> TYPE fails ERRORS key EXPR { ... }`
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Field>,
    /// Its result.
    pub result: Option<Type>,
    /// Its errors.
    pub fails: Vec<Ident>,
    /// Its key.
    pub key: Option<Expr>,
    /// What it does.
    pub body: Block,
}

/// `{ statements }`
#[derive(Clone, Debug)]
pub struct Block {
    /// With its braces.
    pub span: Span,
    /// In order.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The whole statement.
    pub span: Span,
    /// What it does.
    pub kind: StatementKind,
}

/// The forms of statements.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum StatementKind {
    /// `let x = E`, `var x: T = E`, with the tails of a call
    Let {
        mutable: bool,
        name: Ident,
        ty: Option<Type>,
        value: Expr,
        tails: Tails,
    },
    /// `x = E`, with the tails of a call
    Assign { name: Ident, value: Expr, tails: Tails },
    /// An expression that stands alone: a call, or something without effect
    Expr { value: Expr, tails: Tails },
    /// `if c { } else if d { } else { }`: `else if` is a block with one `if` in it
    If {
        condition: Expr,
        then: Block,
        otherwise: Option<Block>,
    },
    /// `match x { when P -> S  else -> S }`
    Match { subject: Expr, arms: Vec<StatementArm> },
    /// `for x in xs { }`
    For { name: Ident, list: Expr, body: Block },
    /// `while c { }`
    While { condition: Expr, body: Block },
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `parallel { }`: each statement is a branch
    Parallel { branches: Block },
    /// `sleep 3d`
    Sleep { duration: Expr },
    /// `signal approve(by: string)`
    Signal { name: Ident, params: Vec<Field> },
    /// `await approve as a within 2d else STATEMENT`, `await approve forever`
    Await {
        signal: Ident,
        bind: Option<Ident>,
        limit: Limit,
    },
    /// `fail Rejected(reason: "...")`: an error, with arguments or without
    Fail { error: Expr },
    /// `return E`
    Return { value: Option<Expr>, tails: Tails },
    /// `log "..."`
    Log { value: Expr },
    /// `{ }`: a block as a statement, after `else` or `->`
    Block(Block),
    /// A statement of the language that this version does not carry out: its keyword. Reported by the parser.
    Unsupported(Ident),
    /// Something that is no statement. Reported by the parser.
    Bad,
}

/// What may follow a call.
#[derive(Clone, Debug, Default)]
pub struct Tails {
    /// `undo CALL`, with the place of the word.
    pub undo: Option<(Span, Expr)>,
    /// `catch Err as e -> STATEMENT`
    pub catch: Vec<Catch>,
    /// `with { timeout: ... }`, with its place.
    pub with: Option<(Span, Vec<Setting>)>,
}

impl Tails {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.undo.is_none() && self.catch.is_empty() && self.with.is_none()
    }
}

/// `catch Err as e -> STATEMENT`
#[derive(Clone, Debug)]
pub struct Catch {
    /// The whole tail.
    pub span: Span,
    /// Which error.
    pub error: Ident,
    /// Its name in the statement.
    pub bind: Option<Ident>,
    /// What is done. An expression statement without a call gives the call's value.
    pub body: Box<Statement>,
}

/// How long a wait may last.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum Limit {
    /// `forever`
    Forever(Span),
    /// `within E else STATEMENT`
    Within {
        duration: Expr,
        otherwise: Option<Box<Statement>>,
    },
    /// Nothing was said, which the checker refuses.
    Missing,
}

/// `when P -> STATEMENT`
#[derive(Clone, Debug)]
pub struct StatementArm {
    /// The whole arm.
    pub span: Span,
    /// What it fits; `None` is `else`.
    pub pattern: Option<Pattern>,
    /// What is done.
    pub body: Statement,
}
