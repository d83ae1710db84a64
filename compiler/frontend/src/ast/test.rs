//! Tests in the language as their author wrote them.

use super::{Expr, Ident, Setting};
use flowmesh_diagnostics::Span;

/// `test "a declined card gives the stock back" { ... }`
#[derive(Clone, Debug)]
pub struct Test {
    /// A text.
    pub title: Expr,
    /// What is set up, done and expected, in order.
    pub body: Vec<TestStatement>,
}

/// A statement of a test.
#[derive(Clone, Debug)]
pub struct TestStatement {
    /// The whole statement.
    pub span: Span,
    /// What it does.
    pub kind: TestKind,
}

/// The forms of statements of a test.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum TestKind {
    /// `mock payments.charge(order) when order.total > 10 -> fail Declined(reason: "x") 2 times, then Receipt(id: "r")`:
    /// the call's arguments are values to be equal to, `_`, or new names for the condition and the answers. With
    /// `attempted` after the call each answer is to one attempt of it.
    Mock {
        call: Expr,
        attempted: bool,
        condition: Option<Expr>,
        answers: Vec<Answer>,
    },
    /// `start checkout(order)`, `let run = start checkout(order)`
    Start { bind: Option<Ident>, call: Expr },
    /// `send approve(by: "ann") to run`, `let said = send approve(by: "ann") to run`
    Send {
        bind: Option<Ident>,
        signal: Expr,
        run: Option<Expr>,
    },
    /// `let order = Order(id: "1")`
    Let { name: Ident, value: Expr },
    /// `emit OrderPaid(order: "1")`
    Emit { event: Expr },
    /// `advance 2d`: virtual time
    Advance { duration: Expr },
    /// `cancel run`
    Cancel { run: Expr },
    /// `config limit = 3`: before the first start
    Config { name: Ident, value: Expr },
    /// `crash`: every run is forgotten and made again from its journal
    Crash,
    /// `expect ...`; `always ...` holds after every event from here on, and in exploration
    Expect { always: bool, what: Expected },
    /// Something that is no statement. Reported by the parser.
    Bad,
}

/// One answer of a mock; the last one is repeated for ever unless it says how often.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The whole answer.
    pub span: Span,
    /// `after 2s`
    pub delay: Option<Expr>,
    /// What comes.
    pub kind: AnswerKind,
    /// `once`, `twice`, `2 times`
    pub times: Option<Expr>,
}

/// What a mock answers.
#[derive(Clone, Debug)]
pub enum AnswerKind {
    /// A value; `none` for an operation without result.
    Value(Expr),
    /// `fail Declined(reason: "x")`: a declared or built-in error
    Fail(Expr),
    /// `never`
    Never,
    /// `status 503 { retry_after: 2s }`: what one attempt is answered with
    Status(Expr, Vec<Setting>),
}

/// What is expected.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the form in each variant's documentation shows its parts"
)]
pub enum Expected {
    /// `run returns Receipt(id: "1")`
    Returns { run: Expr, value: Expr },
    /// `run fails`, `run fails Rejected(reason: "no funds")`, `run fails Rejected`
    Fails { run: Expr, error: Option<Expr> },
    /// `run is waiting`: a status of runs
    Is { run: Expr, status: Ident },
    /// `run at "await approve"`: a step that is under way; also `run at packing`
    At { run: Expr, step: Expr },
    /// `run logs "text"`
    Logs { run: Expr, text: Expr },
    /// `inventory.release("h1") once`, `payments.charge(_) at most 3 times`, `mail.send(_) never`; with `attempted`
    /// before the count the attempts are counted: `payments.charge(_) attempted 3 times`
    Calls {
        call: Expr,
        attempted: bool,
        count: Count,
    },
    /// `inventory.reserve(_) before payments.charge(_)`
    Before { first: Expr, then: Expr },
    /// `run spans "payments.charge" in packing is failed at most 3 times`, `run spans packing before "mail.send"`
    Spans { run: Expr, spans: Box<Spans> },
    /// Any bool: `run.progress == 3` reads a view, `run.status == "done"`, `total(items) == 10`
    Holds(Expr),
}

/// Spans of a run; steps are a name, or a title as a text.
#[derive(Clone, Debug)]
pub struct Spans {
    /// Which.
    pub span: Expr,
    /// `in packing`
    pub inside: Option<Expr>,
    /// `is failed`
    pub status: Option<Ident>,
    /// `at most 3 times`
    pub count: Option<Count>,
    /// `before "mail.send"`
    pub before: Option<Expr>,
}

/// How often.
#[derive(Clone, Debug)]
pub enum Count {
    /// `3 times`, `once`, `twice`, `never`
    Exactly(Expr),
    /// `at least 3 times`
    AtLeast(Expr),
    /// `at most 3 times`
    AtMost(Expr),
}
