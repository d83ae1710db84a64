//! What a visitor is told who does not get what was asked for: a problem as RFC 9457 has it, without any reason that
//! would help a stranger. The reason in full is in the record.

use super::{body::Body, login::onward_answer};
use crate::{
    decide::{
        canonical::Malformed,
        limit::{self, Heard, Reason},
    },
    identity::Onward,
};
use bytes::Bytes;
use flowmesh_ir::call::Failure;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::json;
use std::time::Duration;

/// Why a visit is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It has no canonical form.
    Malformed(Malformed),
    /// Nobody says who asks, or it is not to be believed.
    Unidentified {
        shown: bool,
        why: String,
        /// What would say it, as `WWW-Authenticate` has it.
        challenges: Vec<String>,
    },
    /// Nobody says who asks, and a browser goes to where that is said.
    Login(Onward),
    /// Nobody can say whether a token is to be believed.
    Unsure(String),
    /// No route takes it.
    Nothing,
    /// Routes take its path by other methods.
    Method(Vec<&'static str>),
    /// The rules do not allow it.
    Denied(String),
    /// There are too many.
    Limited(Duration),
    /// There are as many as can be answered in time.
    Busy(Duration),
    /// Who keeps the limit cannot be asked, and nobody is let through then.
    Away(Duration),
    /// The body is too long.
    TooLarge(u64),
    /// The body did not come, or broke off.
    Unsent,
    /// What stands behind does not answer.
    Failed(Failure),
    /// A text of the program has no value for this visit.
    Valueless(String),
}

/// Why visits are refused, in a word.
pub(super) const REASONS: [&str; 17] = [
    "malformed",
    "unidentified",
    "unsure",
    "no_route",
    "method",
    "denied",
    "limited",
    "too_large",
    "unsent",
    "valueless",
    "timeout",
    "bad_reply",
    "unavailable",
    "overloaded",
    "login",
    "busy",
    "away",
];

impl Refusal {
    /// Which of [`REASONS`] it is.
    pub(super) fn reason(&self) -> usize {
        match self {
            Self::Malformed(_) => 0,
            Self::Unidentified { .. } => 1,
            Self::Unsure(_) => 2,
            Self::Nothing => 3,
            Self::Method(_) => 4,
            Self::Denied(_) => 5,
            Self::Limited(_) => 6,
            Self::TooLarge(_) => 7,
            Self::Unsent => 8,
            Self::Valueless(_) => 9,
            Self::Failed(Failure::Timeout(_) | Failure::Unknown(_)) => 10,
            Self::Failed(Failure::BadReply(_)) => 11,
            Self::Failed(Failure::Unavailable(_)) => 12,
            Self::Failed(Failure::Overloaded(_)) => 13,
            Self::Login(_) => 14,
            Self::Busy(_) => 15,
            Self::Away(_) => 16,
        }
    }

    /// A rule denies it, or none allows it.
    pub(super) fn denied(rule: Option<usize>) -> Self {
        Self::Denied(match rule {
            Some(rule) => format!("rule {rule} denies it"),
            None => "no rule allows it".to_owned(),
        })
    }

    /// A limit does not let it through.
    pub(super) fn of_limit(refusal: limit::Refusal) -> Self {
        match refusal.reason {
            Reason::Busy => Self::Busy(refusal.after),
            Reason::Away => Self::Away(refusal.after),
            _ => Self::Limited(refusal.after),
        }
    }

    /// In full, for the operator.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Malformed(why) => why.to_string(),
            Self::Unidentified { why, .. } | Self::Unsure(why) | Self::Denied(why) | Self::Valueless(why) => {
                why.clone()
            }
            Self::Login(_) => "the browser is sent to log in".to_owned(),
            Self::Nothing => "no route takes it".to_owned(),
            Self::Method(methods) => format!("routes take this path by {}", methods.join(", ")),
            Self::Limited(wait) => format!("too many requests; one more may come in {wait:?}"),
            Self::Busy(_) => "as many requests are on their way as can be answered in time".to_owned(),
            Self::Away(_) => "the server that keeps the limit cannot be asked".to_owned(),
            Self::Unsent => "the visitor did not send the whole body".to_owned(),
            Self::TooLarge(most) => format!("the body is longer than {most} bytes"),
            Self::Failed(failure) => failure.to_string(),
        }
    }

    /// What it says of how much can be done.
    pub(super) fn heard(&self) -> Heard {
        match self {
            Self::Failed(Failure::Timeout(_) | Failure::Unknown(_) | Failure::Overloaded(_)) => {
                Heard::Nothing
            }
            _ => Heard::Else,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(why) => StatusCode::from_u16(why.status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unidentified { .. } => StatusCode::UNAUTHORIZED,
            Self::Unsure(_) | Self::Busy(_) | Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Login(_) => StatusCode::SEE_OTHER,
            Self::Nothing => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsent => StatusCode::REQUEST_TIMEOUT,
            Self::Failed(Failure::Timeout(_) | Failure::Unknown(_)) => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed(Failure::BadReply(_)) => StatusCode::BAD_GATEWAY,
            Self::Failed(Failure::Unavailable(_) | Failure::Overloaded(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Valueless(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// What a stranger may know.
    fn detail(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "the request is not one that every server would read the same way",
            Self::Unidentified { shown: false, .. } => "say who you are",
            Self::Unidentified { .. } => "what says who you are is not accepted",
            Self::Login(_) => "log in first",
            Self::Unsure(_) => "it cannot be said at present who you are",
            Self::Nothing => "there is nothing here",
            Self::Method(_) => "there is something here for other methods",
            Self::Denied(_) => "this is not allowed",
            Self::Limited(_) | Self::Busy(_) => "there are too many requests",
            Self::TooLarge(_) => "the body is too long",
            Self::Unsent => "the body did not come",
            Self::Failed(Failure::Timeout(_) | Failure::Unknown(_)) => "the service did not answer in time",
            Self::Failed(Failure::BadReply(_)) => "the service gave an answer that cannot be handed on",
            Self::Failed(_) | Self::Away(_) => "the service cannot be reached at present",
            Self::Valueless(_) => "the request lacks what is needed here",
        }
    }

    pub(super) fn answer(&self) -> Response<Body> {
        if let Self::Login(onward) = self {
            return onward_answer(onward);
        }
        let status = self.status();
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.detail(),
        });
        let mut answer = Response::new(Body::whole(Bytes::from(problem.to_string())));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            // What comes next on the connection might be read as something else than it is.
            Self::Malformed(_) | Self::TooLarge(_) | Self::Unsent => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Unidentified { challenges, .. } => {
                for challenge in challenges
                    .iter()
                    .filter_map(|text| HeaderValue::from_str(text).ok())
                {
                    headers.append(WWW_AUTHENTICATE, challenge);
                }
            }
            Self::Method(methods) => {
                if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
                    headers.insert(ALLOW, methods);
                }
            }
            Self::Failed(Failure::Overloaded(_)) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Limited(wait) | Self::Busy(wait) | Self::Away(wait) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
            }
            _ => {}
        }
        answer
    }
}
