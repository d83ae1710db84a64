//! What can be wrong with gateways, access rules, schedules and migrations.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// A rule names somebody who does not exist.
    UnknownWho {
        name: String,
        span: Span,
        near: Option<Name>,
    },
    /// A rule names something that cannot be called.
    UnknownWhat {
        name: String,
        span: Span,
        near: Option<Name>,
    },
    /// A second `mesh { }`.
    MeshTwice { span: Span, first: Span },
    /// A gateway that listens nowhere.
    NoListen { name: Name, span: Span },
    /// An address that no gateway can listen at.
    Listen { why: &'static str, span: Span },
    /// `https://` without a certificate.
    NoCertificate { span: Span },
    /// A path that no route can have.
    RoutePath { why: String, span: Span },
    /// A route for connections that are not opened, that cannot be.
    Pass { why: String, span: Span },
    /// A pattern of a path that is none, or for nothing.
    RoutePattern { why: String, span: Span },
    /// A method that there is not.
    Method {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A target that a route cannot lead to.
    Target { found: String, span: Span },
    /// A setting that has no meaning for where the route leads.
    NotForTarget {
        name: &'static str,
        why: &'static str,
        span: Span,
    },
    /// A route that another swallows.
    Shadowed { span: Span, by: Span },
    /// A schedule that is neither `cron` nor `every`.
    When { span: Span },
    /// A pattern of the calendar that is none.
    Cron { why: String, span: Span },
    /// A pattern of the calendar that never comes.
    NeverDue { span: Span },
    /// Times that follow each other too closely.
    TooOften { span: Span },
    /// Days that cannot be left out.
    Days { why: String, span: Span },
    /// A time zone that there is not.
    Zone { why: String, span: Span },
    /// A schedule that leads to something other than a flow.
    NotAFlow { found: String, span: Span },
    /// A migration of something that is no flow.
    UnknownFlow {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A step from which a migration leads twice.
    MovedTwice { span: Span, first: Span },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownWho { name, span, near } => {
                let message = format!("`{name}` is nobody who calls");
                let diagnostic = Diagnostic::error(Code(534), span, message);
                match near {
                    None => diagnostic.help(
                        "name a flow, `gateway NAME`, a service, an identity such as \"spiffe://domain/path\", or `anyone`",
                    ),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::UnknownWhat { name, span, near } => {
                let message = format!("`{name}` is nothing that is called");
                let diagnostic = Diagnostic::error(Code(535), span, message);
                match near {
                    None => {
                        diagnostic.help("name a flow, a service, or an operation such as `payments.charge`")
                    }
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::MeshTwice { span, first } => Diagnostic::error(Code(536), span, "a program has one `mesh`")
                .and(first, "it is here first")
                .help("move its settings there"),
            other => other.of_gateways(),
        }
    }

    fn of_gateways(self) -> Diagnostic {
        match self {
            Self::NoListen { name, span } => {
                Diagnostic::error(Code(537), span, format!("nothing says where `{name}` listens"))
                    .help("add `listen: \"http://127.0.0.1:8080\"`")
            }
            Self::Listen { why, span } => Diagnostic::error(Code(537), span, why)
                .help("write it as `http://127.0.0.1:8080` or `https://0.0.0.0:8443`"),
            Self::NoCertificate { span } => Diagnostic::error(
                Code(537),
                span,
                "an `https://` address needs a certificate to show",
            )
            .help("add `tls: { certificate: \"server.pem\", key: \"server.key\" }`"),
            Self::RoutePath { why, span } => Diagnostic::error(Code(538), span, why)
                .help("a path is made of whole segments: `/orders/{id}`, `/files/*`, `/stock/**`"),
            Self::Pass { why, span } => Diagnostic::error(Code(538), span, why)
                .help("write `tls \"db.example.com\" -> database`; who needs to see requests writes a method and a path"),
            Self::RoutePattern { why, span } => Diagnostic::error(Code(538), span, why)
                .help("a pattern takes linear time and little memory: no look-around, no back-references, at most 1024 bytes"),
            Self::Method { name, span, near } => {
                let message = format!("expected an HTTP method, `any` or `tls`, found `{name}`");
                let diagnostic = Diagnostic::error(Code(538), span, message);
                did_you_mean(diagnostic, near.as_deref(), span)
            }
            Self::Target { found, span } => {
                let message = format!("a route cannot lead to `{found}`");
                Diagnostic::error(Code(539), span, message).help(
                    "it leads to `flow(args)`, `service.operation(args)`, `service`, `service.subset` or `redirect(\"/path\")`",
                )
            }
            Self::NotForTarget { name, why, span } => {
                Diagnostic::error(Code(539), span, format!("`{name}` has no meaning here: {why}"))
                    .help("remove it")
                    .fix(format!("remove `{name}`"), span, "")
            }
            Self::Shadowed { span, by } => {
                Diagnostic::warning(Code(540), span, "no request ever comes to this route")
                    .and(by, "this one takes all of them")
                    .help("remove one of the two, or give the first a condition")
                    .fix("remove this route", span, "")
            }
            other => other.of_schedules(),
        }
    }

    fn of_schedules(self) -> Diagnostic {
        match self {
            Self::When { span } => Diagnostic::error(Code(541), span, "expected `cron(...)` or `every(...)`")
                .help("write `cron(\"0 2 * * *\", zone: \"Europe/Berlin\")` or `every(1h)`"),
            Self::Cron { why, span } => Diagnostic::error(Code(541), span, why).help(
                "the fields are minute, hour, day, month and weekday: `0 2 * * *` is every night at two",
            ),
            Self::NeverDue { span } => {
                Diagnostic::warning(Code(542), span, "no such day ever comes, so nothing begins")
                    .help("a month has at most 29, 30 or 31 days, `L` is its last; `except` may leave out the rest")
            }
            Self::TooOften { span } => {
                Diagnostic::error(Code(541), span, "expected at least a second between two times")
                    .help("a flow that has work all the time is a loop: `while true { ... }`")
            }
            Self::Days { why, span } => Diagnostic::error(Code(560), span, why).help(
                "write `weekend`, a day of the week, or a date: `[sunday, \"12-25\", \"2026-12-24..2027-01-02\"]`",
            ),
            Self::Zone { why, span } => match why.split_once("; did you mean `") {
                Some((why, near)) => {
                    let near = near.trim_end_matches("`?");
                    let diagnostic = Diagnostic::error(Code(541), span, why);
                    let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    diagnostic.fix(format!("replace by {near}"), span, format!("\"{near}\""))
                }
                None => Diagnostic::error(Code(541), span, why)
                    .help("zones have the names of the tz database, such as `Europe/Berlin` or `UTC`"),
            },
            Self::NotAFlow { found, span } => {
                Diagnostic::error(Code(543), span, format!("`{found}` is not a call of a flow"))
                    .help("a schedule starts a flow: `-> reconcile(day: scheduled.date)`")
            }
            Self::UnknownFlow { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(543), span, format!("there is no flow `{name}`"));
                did_you_mean(diagnostic, near.as_deref(), span)
            }
            Self::MovedTwice { span, first } => {
                Diagnostic::error(Code(544), span, "runs at this step are already moved elsewhere")
                    .and(first, "here")
                    .help("remove one of the two")
            }
            other => Diagnostic::error(Code(539), Span::default(), format!("{other:?}")),
        }
    }
}
