//! How an answer ended: its code, and what that means to the plan of a call.
//!
//! A code is the status of the answer (5 is `NOT_FOUND`), so that `on not_found:` names it. Two codes are what the mesh itself
//! would say, where the operation does not name them: 4 is a timeout, and 14 a service that is not there.

use super::codec::Method;
use crate::decide::outcome::Outcome;
use flowmesh_ir::grpc;
use http::HeaderMap;
use std::sync::Arc;

pub(super) const CODE: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";

/// Whether trailers say that all went well.
pub(super) fn of(trailers: &HeaderMap, method: &Method, label: &str) -> Result<(), Outcome> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let code = text(CODE).and_then(|code| code.parse::<u16>().ok());
    let message = text(MESSAGE).map(decoded).unwrap_or_default();
    let named = |code: u16| grpc::name(code).to_uppercase();
    let told = |code: u16| match message.as_str() {
        "" => format!("{label} says {}", named(code)),
        message => format!("{label} says {}: {message}", named(code)),
    };
    match code {
        Some(0) => Ok(()),
        Some(code @ 4) if !method.means(code) => Err(Outcome::TimedOut {
            sent: true,
            why: told(code),
        }),
        Some(code @ 14) if !method.means(code) => Err(Outcome::Broken(told(code))),
        Some(code) => {
            let mut body = serde_json::json!({ "code": named(code), "message": message });
            let details = text(DETAILS)
                .map(|details| method.details(details))
                .unwrap_or_default();
            if let (false, Some(body)) = (details.is_empty(), body.as_object_mut()) {
                body.insert("details".to_owned(), details.into());
            }
            Err(Outcome::Answer {
                status: code,
                body: Arc::from(body.to_string().into_bytes()),
                retry_after: None,
            })
        }
        None => Err(Outcome::Malformed(format!(
            "the answer of {label} does not say how it ended"
        ))),
    }
}

/// What an answer of HTTP without gRPC means: a proxy on the way spoke, as the protocol's own table has it.
pub(super) fn of_http(status: u16, label: &str) -> Outcome {
    let why = format!("{label} answered with the status {status} of HTTP and not by gRPC");
    match status {
        429 | 502..=504 => Outcome::Broken(why),
        _ => Outcome::Malformed(why),
    }
}

/// `%20` and the like as characters.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match (first, after) {
            (b'%', [a, b, ..]) => std::str::from_utf8(&[*a, *b])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = match code {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
