//! Visits of gateways and traces, for those who look after them.

use super::{
    door::Here,
    error::RequestError,
    problem::Problem,
    route::{Content, Route},
    routes::{parameter, parsed},
};
use crate::{
    RunId,
    trails::{Tap, TapFilter, Tapped, TraceView, VisitView},
};
use axum::{
    Json,
    extract::{Path, Query, rejection::QueryRejection},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::StreamExt;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, future::pending, time::Duration};
use tokio::{sync::watch, time::sleep};

/// A comment is sent after so much silence, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::look(
            "get_visits",
            "/v1/visits/{request}",
            "Shows what is kept of the visits of a request, and why they went as they did",
            show,
        )
        .answers::<Visits>(200),
        Route::look(
            "tap",
            "/v1/tap",
            "Tells of visits as they come, as server-sent events",
            tap,
        )
        .query(&[
            ("gateway", "Only those of this gateway"),
            (
                "route",
                "Only those of this route: `GET /orders/{id}`, or its number",
            ),
            ("status", "Only those with this status: `404`, `5xx`"),
            ("identity", "Only those of this identity"),
            ("for", "For how long: `30s`; else until whoever listens hangs up"),
        ])
        .answers_with(200, Content::Text("text/event-stream")),
        Route::look(
            "get_trace",
            "/v1/traces/{trace}",
            "Shows the trace of a run, or of a request: visits, runs, steps, calls and attempts",
            trace,
        )
        .answers::<TraceView>(200),
    ]
}

/// What is kept of the visits of a request.
#[derive(Serialize, JsonSchema)]
pub(super) struct Visits {
    /// The oldest first.
    pub(super) visits: Vec<VisitView>,
}

async fn show(Here(shared): Here, Path(request): Path<String>) -> Json<Visits> {
    Json(Visits {
        visits: shared.host.visits(&request.to_ascii_lowercase()),
    })
}

/// What somebody wants to hear of.
#[derive(Deserialize)]
pub(super) struct TapQuery {
    gateway: Option<String>,
    route: Option<String>,
    status: Option<String>,
    identity: Option<String>,
    r#for: Option<String>,
}

impl TapQuery {
    /// Which visits, and for how long.
    pub(super) fn read(self) -> Result<(TapFilter, Option<Duration>), RequestError> {
        if let Some(status) = self.status.as_deref().filter(|text| !TapFilter::is_status(text)) {
            let wrong = format!(
                "expected a status such as `404` or `5xx`, found `{}`",
                status.escape_debug()
            );
            return Err(parameter("status", wrong));
        }
        let time = self.r#for.as_deref().map(time).transpose()?;
        let filter = TapFilter {
            gateway: self.gateway,
            route: self.route,
            status: self.status,
            identity: self.identity,
        };
        Ok((filter, time))
    }
}

async fn tap(
    Here(shared): Here,
    query: Result<Query<TapQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (filter, time) = parsed(query)?.read()?;
    Ok(told(shared.host.tap(filter), time, shared.stopping.clone()))
}

/// Visits as they come, until it has been long enough or the server stops; none from nowhere.
pub(super) fn told(
    tap: Option<Tap>,
    time: Option<Duration>,
    mut stopping: watch::Receiver<bool>,
) -> Response {
    let visits = match tap {
        Some(tap) => tap.into_stream().boxed(),
        // Nothing of others is there.
        None => futures_util::stream::pending().boxed(),
    };
    let over = async move {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = async { match time { Some(time) => sleep(time).await, None => pending().await } } => {}
        }
    };
    let events = visits.take_until(Box::pin(over)).map(|tapped| event(&tapped));
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    sse.into_response()
}

fn time(text: &str) -> Result<Duration, RequestError> {
    let span: Option<SignedDuration> = text.parse().ok();
    let time = span.and_then(|span| Duration::try_from(span).ok());
    time.ok_or_else(|| {
        parameter(
            "for",
            format!("expected a time such as `30s`, found `{}`", text.escape_debug()),
        )
    })
}

fn event(tapped: &Tapped) -> Result<Event, Infallible> {
    let name = match tapped {
        Tapped::Visit(_) => "visit",
        Tapped::LeftOut { .. } => "left_out",
    };
    let data = serde_json::to_string(tapped).unwrap_or_default();
    Ok(Event::default().event(name).data(data))
}

/// Whether a text can be the identifier of a request: 32 hexadecimal digits.
pub(super) fn is_request(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn trace(Here(shared): Here, Path(of): Path<String>) -> Result<Json<TraceView>, Problem> {
    let hex = is_request(&of);
    if hex && !shared.host.visits(&of.to_ascii_lowercase()).is_empty() {
        return Ok(Json(
            shared.host.trace_of_request(&of.to_ascii_lowercase()).await?,
        ));
    }
    // A run that begins its trace is called like it.
    let run = match u128::from_str_radix(&of, 16) {
        Ok(number) if hex => RunId(number),
        _ => of.parse().map_err(|wrong| parameter("trace", wrong))?,
    };
    Ok(Json(shared.host.trace_of(run).await?))
}
