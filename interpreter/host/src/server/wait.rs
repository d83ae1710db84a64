//! `?wait=30s`: the answer comes when the run has ended, or when the time is over.

use super::{Shared, error::RequestError, problem::Problem};
use crate::{RunId, engine::view::RunView};
use std::time::Duration;

/// The longest wait; proxies on the way give up after a minute.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// As [`parse`], or this where nothing is said.
pub(super) fn parse_or(
    name: &'static str,
    text: Option<&str>,
    otherwise: Duration,
) -> Result<Duration, RequestError> {
    text.map_or(Ok(otherwise), |text| parse(name, Some(text)))
}

/// The parameter of this name: `30s`, `500ms`, `1m`; at most a minute.
pub(super) fn parse(name: &'static str, text: Option<&str>) -> Result<Duration, RequestError> {
    let Some(text) = text else {
        return Ok(Duration::ZERO);
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let number: Option<u64> = number.parse().ok();
    let wait = match (number, unit) {
        (Some(number), "ms") => Duration::from_millis(number),
        (Some(number), "s") => Duration::from_secs(number),
        (Some(number), "m") => Duration::from_secs(number.saturating_mul(60)),
        _ => {
            let wrong = format!("expected a time such as `30s` or `500ms`, found `{text}`");
            return Err(RequestError::Parameter { name, wrong });
        }
    };
    Ok(wait.min(WAIT_MAX))
}

/// How the run stands when it has ended, the time is over, or the server stops.
pub(super) async fn wait(shared: &Shared, run: RunId, time: Duration) -> Result<RunView, Problem> {
    let mut stopping = shared.stopping.clone();
    if !time.is_zero() {
        tokio::select! {
            ended = shared.host.wait(run) => return Ok(ended?),
            () = tokio::time::sleep(time) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }
    Ok(shared.host.get(run).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_and_limited() {
        assert_eq!(parse("wait", None).unwrap(), Duration::ZERO);
        assert_eq!(parse("wait", Some("250ms")).unwrap(), Duration::from_millis(250));
        assert_eq!(parse("wait", Some("5m")).unwrap(), WAIT_MAX);
        for wrong in ["", "s", "3", "3 s", "-1s", "3h", "99999999999999999999s"] {
            assert!(parse("wait", Some(wrong)).is_err(), "{wrong}");
        }
    }
}
