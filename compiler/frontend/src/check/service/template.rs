//! The words for what can be wrong with addresses that a call fills.

use super::Error;
use flowmesh_diagnostics::{Code, Diagnostic};
use flowmesh_ir::address::Wrong;

impl Error {
    pub(super) fn of_templates(self) -> Diagnostic {
        match self {
            Self::AddressWhole { span } => {
                Diagnostic::error(Code(552), span, "a whole address never comes from a call")
                    .help("write out what is known of it: `\"https://{tenant}.suppliers.example.com\"`")
            }
            Self::AddressPart { wrong, span } => {
                let (message, help) = part(wrong);
                Diagnostic::error(Code(552), span, message).help(help)
            }
            Self::AddressLacks {
                param,
                name,
                span,
                place,
            } => {
                let message = format!("`{name}` has no parameter `{param}`, and the address takes it");
                Diagnostic::error(Code(553), span, message)
                    .and(place, "the address takes it here")
                    .help(format!(
                        "add `{param}: string` to the operation, or declare it in a service of its own"
                    ))
            }
            Self::AddressType { name, ty, span, place } => Diagnostic::error(
                Code(553),
                span,
                format!("expected a text, a whole number or an enum without payloads as `{name}` of an address, found {ty}"),
            )
            .and(place, "the address takes it here")
            .help("take a field that names the place, such as `order.tenant`"),
            Self::AddressCase { name, case, span, place } => Diagnostic::error(
                Code(553),
                span,
                format!("`{name}` may be `{case}`, which cannot stand in a host"),
            )
            .and(place, "the address takes it here")
            .help("a label of a host holds letters, digits and `-`: take a text, or other names"),
            other => other.of_operations(),
        }
    }
}

fn part(wrong: Wrong) -> (&'static str, &'static str) {
    match wrong {
        Wrong::Scheme => (
            "a call would choose the scheme of the address",
            "begin the text with `http://`, `https://`, `dns://` or `srv://`",
        ),
        Wrong::Port => (
            "a call would choose the port",
            "write the port out, or take it from a config",
        ),
        Wrong::Owner => (
            "a call would choose who owns the host",
            "let at least two labels follow that are written out: `{tenant}.suppliers.example.com`",
        ),
        Wrong::Host => (
            "a call can only fill labels of a name",
            "leave out what stands in brackets or before an `@`",
        ),
    }
}
