//! The door: who comes in, and with which rights. Made for each route from the role that it needs.

use super::{
    Shared,
    audit::{self, Audit, Behind, Entry},
    error::RequestError,
    identity::{Caller, Oidc, Peer, Peers, TOKEN_PREFIX, Tokens, Unknown, namespace},
    once,
    problem::{Problem, ProblemCode},
    route::Access,
};
use crate::{Host, engine::Asked};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use flowmesh_ir::Name;
use flowmesh_mesh::identity::TokenError;
use jiff::Timestamp;
use std::{
    io,
    net::{Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// By this header a request names its namespace.
pub(super) const NAMESPACE: &str = "flowmesh-namespace";

/// How those are known who may come in.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// API tokens. Once their file is there, everybody is asked for one.
    pub tokens: Option<Tokens>,
    /// A provider whose tokens are accepted.
    pub oidc: Option<Oidc>,
    /// Whether everybody is asked although there are no tokens yet.
    pub required: bool,
}

impl Identity {
    /// Whether everybody is asked who they are.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.required || self.oidc.is_some() || self.tokens.as_ref().is_some_and(Tokens::exist)
    }
}

/// What is remembered between requests.
#[derive(Clone, Debug)]
pub(super) struct Door {
    identity: Identity,
    peers: Arc<Peers>,
    /// Once somebody was asked, nobody comes in by taking the file of tokens away.
    asked: Arc<AtomicBool>,
}

/// Who asks for something, and where.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) caller: Caller,
    pub(super) namespace: Name,
    pub(super) peer: Peer,
}

impl Door {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            asked: Arc::new(AtomicBool::new(identity.asks())),
            identity,
            peers: Arc::default(),
        }
    }

    pub(super) fn asks(&self) -> bool {
        if !self.asked.load(Ordering::Relaxed) && self.identity.asks() {
            self.asked.store(true, Ordering::Relaxed);
        }
        self.asked.load(Ordering::Relaxed)
    }

    /// Who asks, and where.
    pub(super) async fn asker(&self, parts: &Parts, now: Timestamp) -> Result<Asker, RequestError> {
        let nowhere = Peer(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)));
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or(nowhere);
        let caller = self.caller(&parts.headers, peer, now).await?;
        let namespace = chosen(&caller, &parts.headers)?;
        Ok(Asker {
            caller,
            namespace,
            peer,
        })
    }

    async fn caller(&self, headers: &HeaderMap, peer: Peer, now: Timestamp) -> Result<Caller, RequestError> {
        if !self.asks() {
            return Ok(Caller::nobody());
        }
        let token = bearer(headers)?;
        let api = token.starts_with(TOKEN_PREFIX);
        let blocked = self.peers.blocked(peer);
        // Whether an API token is good is seen at once, and a good one is never kept out by what others do.
        if let (false, Some(left)) = (api, blocked) {
            return Err(RequestError::TooOften(left));
        }
        let found = match (&self.identity.oidc, &self.identity.tokens) {
            (_, Some(tokens)) if api => tokens.caller(token, now).map_err(RequestError::from),
            (Some(oidc), _) if !api => oidc.caller(token, now).await.map_err(RequestError::from),
            _ => Err(Unknown::Token.into()),
        };
        match found {
            Err(RequestError::Unidentified { .. }) if blocked.is_some() => {
                Err(RequestError::TooOften(blocked.unwrap_or_default()))
            }
            Err(wrong @ RequestError::Unidentified { .. }) => {
                self.peers.failed(peer);
                tracing::warn!(peer = %peer.0.ip(), why = %wrong, "a request was not let in");
                Err(wrong)
            }
            found => found,
        }
    }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str, RequestError> {
    let missing = || RequestError::Unidentified {
        why: "expected `Authorization: Bearer TOKEN`".to_owned(),
        shown: false,
    };
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(missing());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(missing());
    }
    Ok(token)
}

impl From<Unknown> for RequestError {
    fn from(why: Unknown) -> Self {
        match why {
            Unknown::File => Self::Unsure(why.to_string()),
            _ => Self::Unidentified {
                why: why.to_string(),
                shown: true,
            },
        }
    }
}

impl From<TokenError> for RequestError {
    fn from(why: TokenError) -> Self {
        match why {
            // Why exactly stands in the log: it is nothing to strangers.
            TokenError::Unreachable(_) => {
                Self::Unsure("the provider of the token cannot be asked".to_owned())
            }
            _ => Self::Unidentified {
                why: format!("the token is not believed: {why}"),
                shown: true,
            },
        }
    }
}

/// What a request can reach: the host as it is seen from the namespace of who asks.
pub(super) struct Here(pub(super) Shared);

impl FromRequestParts<Shared> for Here {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        // Without a door before it, a route reaches nothing.
        let asker = parts
            .extensions
            .get::<Asker>()
            .ok_or_else(|| RequestError::Unidentified {
                why: "nobody was asked who they are".to_owned(),
                shown: false,
            })?;
        let host = shared.host.within(asker.namespace.clone());
        let asked = parts.extensions.get::<Asked>().cloned();
        Ok(Self(Shared {
            host: asked.map_or(host.clone(), |asked| host.once(asked)),
            ..shared.clone()
        }))
    }
}

/// Lets those in who may, with who they are; what may change something is written down before it is answered.
pub(super) async fn authorize(
    State((shared, behind)): State<(Shared, Behind)>,
    request: Request,
    next: Next,
) -> Response {
    let Access::Role(role) = behind.access else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let asker = match known(&shared, &parts).await {
        Ok(asker) => asker,
        Err(why) => return Problem::from(why).into_response(),
    };
    let audit = shared.audit.as_ref().filter(|_| behind.acts);
    let pending = audit.map(|audit| Pending {
        audit: audit.clone(),
        host: shared.host.clone(),
        began: Instant::now(),
        entry: Some(Entry::begun(&asker, behind, &parts)),
    });
    let response = if asker.caller.may(role) {
        parts.extensions.insert(asker.clone());
        let request = Request::from_parts(parts, body);
        match behind.keyed {
            true => once::answer(&shared, &asker, request, next).await,
            false => next.run(request).await,
        }
    } else {
        let own = asker.caller.role;
        Problem::from(RequestError::Role { needed: role, own }).into_response()
    };
    match pending {
        Some(pending) => pending.answered(response),
        None => response,
    }
}

/// Something that is being done and is to be written down, whether anybody waits for the answer or not.
struct Pending {
    audit: Audit,
    host: Host,
    began: Instant,
    entry: Option<Entry>,
}

impl Pending {
    /// Whoever did something that cannot be written down is told so: it may have been done.
    fn answered(mut self, response: Response) -> Response {
        let Some(entry) = self.entry.take() else {
            return response;
        };
        let code = response.extensions().get::<ProblemCode>();
        let location = response.headers().get(header::LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let entry = Entry {
            code: code.map(|ProblemCode(code)| code.to_string()),
            run: location.and_then(audit::started).or(entry.run),
            ..entry
        };
        match self.write(entry, response.status().as_u16()) {
            Ok(()) => response,
            Err(why) => Problem::from(RequestError::Audit(why.to_string())).into_response(),
        }
    }

    fn write(&self, entry: Entry, status: u16) -> io::Result<()> {
        let written = self.audit.write(&Entry {
            at: self.host.now(),
            status,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..entry
        });
        if let Err(why) = &written {
            tracing::error!(%why, "the audit log cannot be written");
        }
        written
    }
}

/// Whoever asked has hung up before there was an answer: what was asked for may have been done all the same.
impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            // Nobody is there to be told if that fails; it stands in the log.
            let _ = self.write(entry, audit::UNANSWERED);
        }
    }
}

/// Who asks, and where.
pub(super) async fn known(shared: &Shared, parts: &Parts) -> Result<Asker, RequestError> {
    shared.door.asker(parts, shared.host.now()).await
}

fn chosen(caller: &Caller, headers: &HeaderMap) -> Result<Name, RequestError> {
    let Some(value) = headers.get(NAMESPACE) else {
        return caller.namespaces.usual().ok_or(RequestError::Namespace);
    };
    let wrong = |wrong| RequestError::Parameter {
        name: "Flowmesh-Namespace",
        wrong,
    };
    let name = namespace(value.to_str().unwrap_or("?")).map_err(wrong)?;
    if caller.namespaces.have(&name) {
        Ok(name)
    } else {
        Err(RequestError::Namespace)
    }
}
