//! What can be wrong with what a flow produces, or begins after.

use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A flow would have no result where it is done already.
    Result { flow: Name, span: Span },
    /// Nothing that can be looked for.
    Form { span: Span },
    /// A value in the target of `on produced(...)` that is no parameter.
    NoParam { span: Span },
    /// A parameter that stands in it twice.
    Twice { name: Name, span: Span },
    /// `and` beside `or`.
    Mixed { span: Span },
    /// A flow that waits for several, with nothing that makes those who tell of them mean one run.
    Keyless { flow: Name, span: Span },
    /// Parameters that it does not give.
    Lacking {
        flow: Name,
        names: Vec<Name>,
        span: Span,
        declared: Span,
    },
}

impl Target {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Result { flow, span } => {
                let message =
                    format!("`{flow}` is done already where this is there, and would have no result");
                Diagnostic::error(Code(467), span, message)
                    .help("leave the result out, or make it optional: `-> T?`")
            }
            Self::Form { span } => {
                let message = "expected a file, an address, or an operation that answers with a bool";
                Diagnostic::error(Code(468), span, message)
                    .help("write `file(\"report.csv\")`, `\"https://...\"` or `store.holds(id)`")
            }
            Self::NoParam { span } => {
                Diagnostic::error(Code(479), span, "expected a parameter of the flow alone")
                    .help("what was produced gives the parameters: write the name of one")
            }
            Self::Twice { name, span } => {
                Diagnostic::error(Code(479), span, format!("`{name}` stands in this target twice"))
                    .help("each parameter is given once")
            }
            Self::Mixed { span } => {
                let message = "expected targets with `and` between them, or with `or`, and found both";
                Diagnostic::error(Code(468), span, message)
                    .help("`and` waits until all are there, `or` begins after each of them")
            }
            Self::Keyless { flow, span } => {
                let message =
                    format!("`{flow}` begins after several, and has no `key` that makes them one run");
                Diagnostic::error(Code(550), span, message)
                    .help("write `key` with what the targets have in common, such as `key \"{day}\"`")
            }
            Self::Lacking {
                flow,
                names,
                span,
                declared,
            } => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("`{flow}` takes {}, which this does not give", names.join(", "));
                Diagnostic::error(Code(499), span, message)
                    .and(declared, "the flow")
                    .help("a flow that begins by itself takes what stands in the target, and nothing else")
            }
        }
    }
}
