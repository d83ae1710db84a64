//! Errors on the wire: `application/problem+json` (RFC 9457) with our stable codes.

use super::error::RequestError;
use crate::{FollowError, engine::Refusal};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flowmesh_ir::Code;
use schemars::JsonSchema;
use serde::Serialize;

/// An error as the one who asked sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// A name for the kind of error; `flowmesh explain CODE` has a page on it.
    #[serde(rename = "type")]
    kind: String,
    #[schemars(with = "String")]
    code: Code,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Where in the input something does not fit: `items[2].count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// How one shows who one is, and what was wrong with it.
    #[serde(skip)]
    challenge: Option<&'static str>,
    /// In how many seconds it is of use to try again.
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// The code of a problem, for what stands before the routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProblemCode(pub(super) Code);

impl Problem {
    fn new(status: StatusCode, code: Code, detail: String) -> Self {
        Self {
            kind: format!("urn:flowmesh:{code}"),
            code,
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            help: None,
            path: None,
            challenge: None,
            retry_after: None,
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let help = error.help().map(str::to_owned);
        let challenge = match &error {
            RequestError::Unidentified { shown: false, .. } => Some("Bearer realm=\"flowmesh\""),
            RequestError::Unidentified { .. } => Some("Bearer realm=\"flowmesh\", error=\"invalid_token\""),
            RequestError::Role { .. } => Some("Bearer realm=\"flowmesh\", error=\"insufficient_scope\""),
            _ => None,
        };
        let retry_after = match &error {
            RequestError::TooOften(left) => Some(left.as_secs().saturating_add(1)),
            RequestError::Unsure(_) => Some(10),
            RequestError::UnderWay(_) => Some(1),
            _ => None,
        };
        Self {
            help,
            challenge,
            retry_after,
            ..Self::new(error.status(), error.code(), error.to_string())
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        response.extensions_mut().insert(ProblemCode(self.code));
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::UnknownFlow { .. }
            | Refusal::UnknownRun { .. }
            | Refusal::UnknownView { .. }
            | Refusal::UnknownSchedule { .. } => StatusCode::NOT_FOUND,
            Refusal::Input { .. }
            | Refusal::Signal { .. }
            | Refusal::Event { .. }
            | Refusal::Key { .. }
            | Refusal::OtherRequest { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Unanswered { .. }
            | Refusal::View { .. }
            | Refusal::Parked { .. }
            | Refusal::NotParked { .. }
            | Refusal::Moving { .. }
            | Refusal::NotCurrent
            | Refusal::NoEarlier
            | Refusal::Alive { .. }
            | Refusal::Continued { .. } => StatusCode::CONFLICT,
            Refusal::Choice { .. }
            | Refusal::Result(_)
            | Refusal::Edit(_)
            | Refusal::Unshared { .. }
            | Refusal::Undeployable { .. }
            | Refusal::Backfill { .. }
            | Refusal::History { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::ProgramOfAll => StatusCode::FORBIDDEN,
            Refusal::SignalsKept { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Ended { .. } => StatusCode::CONFLICT,
            Refusal::Full => StatusCode::INSUFFICIENT_STORAGE,
            Refusal::Stopped { .. } => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut problem = Self::new(status, refusal.code(), refusal.to_string());
        problem.help = refusal.help();
        problem.path = refusal.path().map(str::to_owned);
        problem
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Refused(refusal) => refusal.into(),
            FollowError::Store(error) => Self {
                help: Some(error.help().to_owned()),
                ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.code(), error.to_string())
            },
        }
    }
}
