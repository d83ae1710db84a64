//! How an answer ended: its code, and what that means to the plan of a call.

use super::codec::Method;
use crate::decide::{code, outcome::Outcome};
use http::HeaderMap;

pub(super) const CODE: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";

/// Whether trailers say that all went well.
pub(super) fn of(trailers: &HeaderMap, method: &Method, label: &str) -> Result<(), Outcome> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let code = text(CODE).and_then(|code| code.parse::<u16>().ok());
    let message = text(MESSAGE).map(decoded).unwrap_or_default();
    match code {
        Some(0) => Ok(()),
        Some(code) => {
            let details = || text(DETAILS).map(|details| method.details(details));
            let ended = code::Ended {
                code,
                named: method.means(code),
                message: &message,
                details: details().unwrap_or_default(),
            };
            Err(ended.outcome(label))
        }
        None => Err(Outcome::Malformed(format!(
            "the answer of {label} does not say how it ended"
        ))),
    }
}

/// What an answer of HTTP without gRPC means: a proxy on the way spoke, as the protocol's own table has it.
pub(crate) fn of_http(status: u16, label: &str) -> Outcome {
    let why = format!("{label} answered with the status {status} of HTTP and not by gRPC");
    match status {
        429 | 502..=504 => Outcome::Broken(why),
        _ => Outcome::Malformed(why),
    }
}

/// `%20` and the like as characters.
pub(crate) fn decoded(text: &str) -> String {
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
