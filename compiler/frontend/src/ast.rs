//! The tree of one module as its author wrote it: names not resolved, types not known, every part with its place.
//!
//! It is made from the lossless tree in `parse/cst_to_ast.rs`. What could not be parsed is absent here or stands as
//! `Bad`, and was reported when it was met; later stages stay silent about it.

mod expr;
mod flow;
pub mod free;
mod ignore;
mod mesh;
mod service;
mod test;
mod walk;

pub use expr::{Argument, Expr, ExprArm, ExprKind, Pattern, PatternKind, TextPart};
pub use flow::{
    AwaitArm, AwaitOn, Block, Catch, Fan, Flow, For, ForSource, Limit, Spawned, Statement, StatementArm,
    StatementKind, Tails, Trigger,
};
pub use ignore::Ignore;
pub use mesh::{Access, Gateway, GatewayRoute, Migrate, Schedule, What, Who, WhoKind};
pub use service::{At, OnStatus, Operation, RouteBlock, RouteRule, Service, Zone};
pub use test::{Answer, AnswerKind, Count, Expected, Spans, Test, TestKind, TestStatement};
pub use walk::{Part, Take};

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
    /// The warnings that its author does not want to be told, in order.
    pub ignores: Vec<Ignore>,
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
    Enum {
        name: Ident,
        /// The property that tells its cases apart in JSON, by a document.
        tag: Option<Name>,
        cases: Vec<Case>,
    },
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
    Flow(Box<Flow>),
    /// `event OrderPaid(order: string)`
    Event { name: Ident, fields: Vec<Field> },
    /// `gateway shop { ... }`
    Gateway(Box<Gateway>),
    /// `allow checkout to inventory.*`, `deny ...`
    Access(Box<Access>),
    /// `mesh { access: derived }`
    Mesh { word: Span, settings: Vec<Setting> },
    /// `schedule nightly = cron("...") -> reconcile()`
    Schedule(Box<Schedule>),
    /// `migrate checkout { "a" -> "b" }`
    Migrate(Box<Migrate>),
    /// `test "title" { ... }`
    Test(Box<Test>),
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
    /// What a document calls it in JSON.
    pub wire: Option<String>,
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
    /// `service`: only a flow may take one
    Service,
    /// `subset of target`: one of those of the service that the flow takes by that name
    Subset(Ident),
    /// `op(id: string) -> json`: what it takes and gives
    Operation(Vec<Field>, Option<Box<Type>>),
    /// What could not be parsed.
    Bad,
}

impl TypeKind {
    /// Whether it is of what only a flow may take, and what is no value.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Service | Self::Subset(_) | Self::Operation(..))
    }
}

/// `name: value`
#[derive(Clone, Debug)]
pub struct Setting {
    /// The name.
    pub name: Ident,
    /// The value.
    pub value: Expr,
}
