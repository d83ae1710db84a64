//! Reading what is sent, within limits of length and time.

use super::{Shared, error::RequestError, problem::Problem};
use axum::body::Body;
use bytes::Bytes;
use std::error::Error;

/// The whole body.
pub(super) async fn read(shared: &Shared, body: Body) -> Result<Bytes, Problem> {
    let limit = shared.options.body_bytes;
    let reading = axum::body::to_bytes(body, limit);
    match tokio::time::timeout(shared.options.read_timeout, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => Err(RequestError::Long { limit }.into()),
        Ok(Err(error)) => Err(RequestError::Body(error.to_string()).into()),
        Err(_) => Err(RequestError::Slow.into()),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>())
}
