//! Gateways, access rules, schedules and migrations as their author wrote them.

use super::{Expr, Ident, Setting};
use flowmesh_diagnostics::Span;

/// `gateway shop { listen: "http://127.0.0.1:8080"  POST "/checkout" -> checkout(request.body) }`
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its name.
    pub name: Ident,
    /// `listen: ...`, `jwt: ...`, `limit: ...` and other settings.
    pub settings: Vec<Setting>,
    /// What it leads to.
    pub routes: Vec<GatewayRoute>,
}

/// `POST "/checkout" when request.header("x-beta") == "yes" -> checkout(request.body) { timeout: 5s }`
#[derive(Clone, Debug)]
pub struct GatewayRoute {
    /// The whole route.
    pub span: Span,
    /// The method, or `any`.
    pub method: Ident,
    /// A text: `/stock/**`, `/orders/{id}`; its `{param}` pieces are expressions.
    pub path: Expr,
    /// What else must hold of the request.
    pub condition: Option<Expr>,
    /// A call of a flow or an operation, a service or one of its subsets (`inventory.v2`), or `redirect("...")`.
    pub target: Expr,
    /// Settings of this route.
    pub settings: Vec<Setting>,
}

/// `allow WHO to WHAT when COND`, `deny WHO to WHAT when COND`
#[derive(Clone, Debug)]
pub struct Access {
    /// `allow`, not `deny`.
    pub allow: bool,
    /// The word.
    pub word: Span,
    /// Who may, or may not.
    pub who: Vec<Who>,
    /// What.
    pub what: Vec<What>,
    /// Under which condition, over `caller` and `request`.
    pub condition: Option<Expr>,
}

/// Somebody who calls.
#[derive(Clone, Debug)]
pub struct Who {
    /// Where it stands.
    pub span: Span,
    /// Who.
    pub kind: WhoKind,
}

/// The forms of somebody who calls.
#[derive(Clone, Debug)]
pub enum WhoKind {
    /// `anyone`
    Anyone,
    /// `gateway shop`
    Gateway(Ident),
    /// `checkout`, `shop.checkout`: a flow, or a service as the caller
    Name(Vec<Ident>),
    /// `"spiffe://cluster.local/ns/shop/sa/web"`: an identity
    Identity(Expr),
}

/// Something that is called: `checkout`, `inventory`, `payments.charge`, `inventory.*`
#[derive(Clone, Debug)]
pub struct What {
    /// Where it stands.
    pub span: Span,
    /// The words of its path.
    pub path: Vec<Ident>,
    /// Whether `.*` follows.
    pub all: bool,
}

/// `schedule nightly = cron("0 2 * * *", zone: "Europe/Berlin") -> reconcile(day: scheduled.date) { overlap: skip }`
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name.
    pub name: Ident,
    /// `cron(...)` or `every(...)`
    pub when: Expr,
    /// A call of a flow.
    pub target: Expr,
    /// `overlap`, `catch_up`, `jitter` and other settings.
    pub settings: Vec<Setting>,
}

/// `migrate checkout { "await approve" -> "await approval" }`: where runs of the version before go on.
#[derive(Clone, Debug)]
pub struct Migrate {
    /// Which flow.
    pub flow: Ident,
    /// From a step of the version before to one of this, each a text.
    pub moves: Vec<(Expr, Expr)>,
}
