//! What those ask who look after gateways that stand by themselves: are they alive, may visitors be sent there, how do
//! they do; and, by a token, why a visit went as it did.

use super::{
    ServerError, ServerOptions,
    connections::{self, Entry},
    door::{Door, Identity},
    error::RequestError,
    guard,
    health::{CONNECTIONS, exposed},
    identity::Role,
    problem::Problem,
    routes::{parameter, parsed},
    visits::{TapQuery, Visits, is_request, told},
};
use crate::{gateways::Watched, trails::TraceView};
use axum::{
    Json, Router,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A listener for those who look after gateways that stand by themselves.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    options: ServerOptions,
    door: Option<Door>,
}

/// One that answers, until it is closed.
#[derive(Debug)]
pub struct Attended {
    stand: Arc<Stand>,
    /// It stops when this is dropped.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// How the gateways stand.
#[derive(Debug, Default)]
struct Stand {
    open: AtomicBool,
    draining: AtomicBool,
}

/// What every question can reach.
#[derive(Clone)]
struct Asked {
    watched: Watched,
    stand: Arc<Stand>,
    /// Asks who may see visits; where there is none, nobody may.
    door: Option<Door>,
    stopping: watch::Receiver<bool>,
}

/// Whether visitors may be sent there, and why not.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// The gateways are open.
    gateways: bool,
    /// The process is about to stop.
    draining: bool,
}

impl Admin {
    /// Listens; `identity` says who may see visits. Nothing is answered before [`Admin::attend`].
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn bind(listen: SocketAddr, identity: Option<Identity>) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(listen).await;
        Ok(Self {
            listener: listener.map_err(|error| ServerError::Listen { listen, error })?,
            options: ServerOptions {
                connections: CONNECTIONS,
                grace: Duration::from_secs(1),
                ..ServerOptions::new(listen)
            },
            door: identity.map(Door::new),
        })
    }

    /// Where it listens, as far as the system says.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers from now on. The gateways count as closed until somebody says that they are open.
    #[must_use]
    pub fn attend(self, watched: Watched) -> Attended {
        let stand = Arc::<Stand>::default();
        let (stopper, stopping) = watch::channel(false);
        let (stop, stopped) = oneshot::channel::<()>();
        let asked = Asked {
            watched,
            stand: stand.clone(),
            door: self.door,
            stopping,
        };
        let (listener, options) = (self.listener, self.options);
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            let entry = Entry {
                listener,
                counted: None,
                certificate: None,
            };
            connections::serve(entry, router(asked), &options, stopped, &stopper).await;
        });
        Attended { stand, stop, serving }
    }
}

impl Attended {
    /// The gateways are open.
    pub fn open(&self) {
        self.stand.open.store(true, Ordering::Relaxed);
    }

    /// No visitor is to be sent there any more.
    pub fn drain(&self) {
        self.stand.draining.store(true, Ordering::Relaxed);
    }

    /// Answers nothing any more.
    pub async fn close(self) {
        drop(self.stop);
        let _ = self.serving.await;
    }
}

impl Stand {
    fn ready(&self) -> Ready {
        let gateways = self.open.load(Ordering::Relaxed);
        let draining = self.draining.load(Ordering::Relaxed);
        Ready {
            ready: gateways && !draining,
            gateways,
            draining,
        }
    }
}

fn router(asked: Asked) -> Router {
    let door = middleware::from_fn_with_state(asked.clone(), authorize);
    let visits = Router::new()
        .route("/v1/visits/{request}", get(show))
        .route("/v1/traces/{request}", get(trace))
        .route("/v1/tap", get(tap))
        .route_layer(door);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .merge(visits)
        .with_state(asked)
}

async fn ready(State(asked): State<Asked>) -> Response {
    let ready = asked.stand.ready();
    let status = match ready.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(ready)).into_response()
}

async fn measured(State(asked): State<Asked>) -> Response {
    exposed(asked.watched.measured(asked.stand.ready().ready))
}

/// Lets those see visits who show a token that is good for it.
async fn authorize(State(asked): State<Asked>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match asked.lets_in(&parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(why) => Problem::from(why).into_response(),
    }
}

impl Asked {
    async fn lets_in(&self, parts: &axum::http::request::Parts) -> Result<(), RequestError> {
        guard::check(&parts.headers, true).map_err(RequestError::Foreign)?;
        let door = self.door.as_ref().ok_or_else(|| RequestError::Unidentified {
            why: "nobody may see visits here: the process was given no tokens".to_owned(),
            shown: false,
        })?;
        let asker = door.asker(parts, self.watched.clock().now()).await?;
        if !asker.caller.may(Role::Viewer) {
            return Err(RequestError::Role {
                needed: Role::Viewer,
                own: asker.caller.role,
            });
        }
        // Gateways are no namespace's but the one without a name.
        match asker.namespace.is_empty() {
            true => Ok(()),
            false => Err(RequestError::Namespace),
        }
    }
}

async fn show(State(asked): State<Asked>, Path(request): Path<String>) -> Json<Visits> {
    let visits = asked.watched.visits(&request.to_ascii_lowercase());
    Json(Visits { visits })
}

async fn trace(State(asked): State<Asked>, Path(of): Path<String>) -> Result<Json<TraceView>, Problem> {
    let number = u128::from_str_radix(&of, 16).ok().filter(|_| is_request(&of));
    let Some(number) = number else {
        let found = of.escape_debug();
        let wrong = format!("expected a request, 32 hexadecimal digits, found `{found}`: runs are elsewhere");
        return Err(parameter("trace", wrong).into());
    };
    let path = format!("/v1/traces/{number:032x}");
    let trace = asked.watched.trace(number);
    Ok(Json(trace.ok_or(RequestError::Nothing { path })?))
}

async fn tap(
    State(asked): State<Asked>,
    query: Result<Query<TapQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (filter, time) = parsed(query)?.read()?;
    Ok(told(
        Some(asked.watched.tap(filter)),
        time,
        asked.stopping.clone(),
    ))
}
