//! Reading what is sent, within limits of length and time.

use super::{Shared, problem::Problem};
use axum::{body::Body, http::StatusCode};
use bytes::Bytes;
use std::error::Error;

/// The whole body.
pub(super) async fn read(shared: &Shared, body: Body) -> Result<Bytes, Problem> {
    let limit = shared.options.body_bytes;
    let reading = axum::body::to_bytes(body, limit);
    match tokio::time::timeout(shared.options.read_timeout, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            1059,
            format!("expected a body of at most {limit} bytes, found a longer one"),
        )),
        Ok(Err(error)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            1058,
            format!("the body cannot be read: {error}"),
        )),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            1065,
            "the body took too long to come",
        )),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>())
}
