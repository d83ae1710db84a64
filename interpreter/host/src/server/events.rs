//! The events of a run as server-sent events. Each has its number as its id, so a client that was cut off goes on where
//! it stood by `Last-Event-ID`, as browsers do by themselves.

use super::{door::Here, error::RequestError, problem::Problem, routes::run_id};
use crate::follow::Item;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt};
use std::{convert::Infallible, time::Duration};

/// A comment is sent after so much silence, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn events(
    Here(shared): Here,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = run_id(&run)?;
    let last = headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or("?"));
    let from = last.map_or(Ok(0), following)?;
    let follow = shared.host.follow(run, from).await?;
    if follow.is_over() {
        // This is how a browser is told not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut stopping = shared.stopping.clone();
    let stopped = async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let items = follow
        .into_stream()
        .take_until(Box::pin(stopped))
        .map(|item| event(&item));
    Ok(sse(items).into_response())
}

fn following(last: &str) -> Result<u64, RequestError> {
    let last: Result<u64, _> = last.parse();
    let wrong = || "expected the number of an event".to_owned();
    let last = last.map_err(|_| RequestError::Parameter {
        name: "Last-Event-ID",
        wrong: wrong(),
    })?;
    Ok(last.saturating_add(1))
}

fn sse<S>(items: S) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    S: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    Sse::new(items).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn event(item: &Item) -> Result<Event, Infallible> {
    let event = Event::default();
    let event = match item {
        Item::Event(happening) => event
            .event(happening.what.as_str())
            .id(happening.sequence.to_string()),
        Item::Attempt(_) => event.event("attempt"),
        Item::Lagged => event.event("lagged"),
    };
    Ok(event.data(serde_json::to_string(item).unwrap_or_default()))
}
