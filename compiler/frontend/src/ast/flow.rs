//! Flows and their statements as their author wrote them.

use super::{Argument, Expr, Field, Ident, Pattern, Setting, Type};
use flowmesh_diagnostics::Span;

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
    /// `key order.id`
    pub key: Option<Expr>,
    /// `on OrderPaid where e.total > 10`: an event starts it.
    pub trigger: Option<Trigger>,
    /// `produces file("report.csv")`: done already if it is there.
    pub produces: Option<Expr>,
    /// `timeout: 1d`, `retry: { ... }`, `priority: 5`, `concurrency: { ... }`, `delay: 10s`,
    /// `debounce: { ... }`, `tags: { ... }` at the head of its body.
    pub settings: Vec<Setting>,
    /// What it does.
    pub body: Block,
}

impl Flow {
    /// Whether it has to do with what flows produce.
    #[must_use]
    pub fn tells(&self) -> bool {
        let begins = self.trigger.as_ref().is_some_and(|on| on.product.is_some());
        begins || self.produces.is_some()
    }

    /// Whether it takes something that is no value, so that a copy of it is made for whatever that is.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.params.iter().any(|param| param.ty.kind.is_taken())
    }
}

/// `on EVENT where COND`, in the head of a flow whose one parameter is the event; or `on produced(E)`, where what the
/// target holds gives the parameters.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The whole of it.
    pub span: Span,
    /// What another flow has produced. There is no event then.
    pub product: Option<Expr>,
    /// Which event.
    pub event: Ident,
    /// Which of them, over the flow's parameter.
    pub condition: Option<Expr>,
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
    /// `for x in xs { }`, `for x in xs parallel(limit: 3) { }`, `for s in signal bid within 2d { }`
    For(Box<For>),
    /// `while c { }`
    While { condition: Expr, body: Block },
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `parallel { }`, `parallel(need: 1, rest: cancel) { }`: each statement is a branch
    Parallel { fan: Option<Fan>, branches: Block },
    /// `race { }`: `parallel(need: 1, rest: cancel) { }`
    Race { branches: Block },
    /// `when COND -> STATEMENT`, only as a branch of `parallel` and `race`
    When { condition: Expr, body: Box<Statement> },
    /// `try { } catch E as e { } finally { }`
    Try {
        body: Block,
        catch: Vec<Catch>,
        finally: Option<Block>,
    },
    /// `sleep 3d`
    Sleep { duration: Expr },
    /// `sleep until T`
    SleepUntil { time: Expr },
    /// `signal approve(by: string) -> bool`, `transient signal tick()`
    Signal {
        name: Ident,
        params: Vec<Field>,
        result: Option<Type>,
        transient: bool,
    },
    /// `on approve(by) { ... return true }`: the names of the parameters
    On {
        signal: Ident,
        params: Vec<Ident>,
        body: Block,
    },
    /// `view progress = E`, `view progress: int = E`
    View {
        name: Ident,
        ty: Option<Type>,
        value: Expr,
    },
    /// `await approve as a within 2d else STATEMENT`, `await ready == true forever`, `await event E as e where COND
    /// forever`, `await task catch E -> STATEMENT`; also written `let a = await task`. Of the tails only `catch` is
    /// right, and only for a task.
    Await {
        on: AwaitOn,
        bind: Option<Ident>,
        limit: Limit,
        tails: Tails,
    },
    /// `await { when approve as a -> ...  when after 2d -> ... }`
    AwaitAny { arms: Vec<AwaitArm> },
    /// `within 10m { } else { }`
    Within {
        duration: Expr,
        body: Block,
        otherwise: Option<Block>,
    },
    /// `lock "sku:{sku}" as fence { }`
    Lock {
        name: Expr,
        bind: Option<Ident>,
        body: Block,
    },
    /// `limit "reports", 5, 100/m { }`
    Limited {
        name: Expr,
        most: Vec<Expr>,
        body: Block,
    },
    /// `state NAME { }`
    State { name: Ident, body: Block },
    /// `goto NAME`
    Goto { name: Ident },
    /// `step packing "Pack the box" { }`
    Step {
        name: Ident,
        title: Option<Expr>,
        body: Block,
    },
    /// `cancel packing`, `cancel task`
    Cancel { what: Expr },
    /// `emit OrderPaid(order: "1")`
    Emit { event: Expr },
    /// `shift payments { v1: 75%, v2: 25% }`
    Shift {
        service: Ident,
        weights: Vec<(Ident, Expr)>,
    },
    /// `restart with (a, b: c)`
    Restart { arguments: Vec<Argument> },
    /// `tag key = E`
    Tag { key: Ident, value: Expr },
    /// `fail Rejected(reason: "...")`: an error, with arguments or without
    Fail { error: Expr },
    /// `return E`
    Return { value: Option<Expr>, tails: Tails },
    /// `log "..."`
    Log { value: Expr },
    /// `{ }`: a block as a statement, after `else` or `->`
    Block(Block),
    /// Something that is no statement. Reported by the parser.
    Bad,
}

/// `for NAME in SOURCE parallel(...) within 2d { }`
#[derive(Clone, Debug)]
pub struct For {
    /// The name of what each round is about.
    pub name: Ident,
    /// What it goes over.
    pub source: ForSource,
    /// `parallel(limit: 10)`
    pub fan: Option<Fan>,
    /// How long to go on listening, where the source is a signal; else `Missing`.
    pub limit: Limit,
    /// One round. As a value (`let xs = for ...`) its last statement gives the value of the round.
    pub body: Block,
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub enum ForSource {
    /// `xs`, `1..10`, `svc.tail(id)`
    In(Expr),
    /// `signal bid`
    Signal(Ident),
}

/// `parallel(limit: 10, need: 3, rest: cancel)`
#[derive(Clone, Debug)]
pub struct Fan {
    /// With the word.
    pub span: Span,
    /// What stands in the brackets.
    pub arguments: Vec<Argument>,
}

/// What is awaited.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum AwaitOn {
    /// A signal, a task, or a condition
    Expr(Expr),
    /// `event OrderPaid where it.order == id`: the condition is over the bound name, or over `it`
    Event { event: Ident, condition: Option<Expr> },
    /// `after 2d`, in an arm
    After(Expr),
    /// `at T`, in an arm
    At(Expr),
}

/// `when approve as a -> STATEMENT`
#[derive(Clone, Debug)]
pub struct AwaitArm {
    /// The whole arm.
    pub span: Span,
    /// What it waits for.
    pub on: AwaitOn,
    /// Its name in the statement.
    pub bind: Option<Ident>,
    /// What is done.
    pub body: Statement,
}

/// What runs beside.
#[derive(Clone, Debug)]
pub enum Spawned {
    /// `spawn svc.op(x)`, `spawn other_flow(x)`
    Call(Expr),
    /// `spawn { ... }`: its `return` gives the task's value
    Block(Block),
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
    /// `cache { key: ..., ttl: ... }`, with its place.
    pub cache: Option<(Span, Vec<Setting>)>,
}

impl Tails {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.undo.is_none() && self.catch.is_empty() && self.with.is_none() && self.cache.is_none()
    }
}

/// `catch Err as e -> STATEMENT`
#[derive(Clone, Debug)]
pub struct Catch {
    /// The whole tail.
    pub span: Span,
    /// Which error; `catch any` is every error.
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
