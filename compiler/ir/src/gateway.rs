//! Gateways: where visitors come in, what is asked of them, and where each request is led.

mod needs;
mod pattern;

pub use needs::{Part, needs};
pub use pattern::{Pattern, compile};

use crate::{
    FlowId, Name, OperationId, PolicyId, SecretId, ServiceId, SubsetId,
    access::What,
    expr::Expr,
    service::Method,
    traffic::{Cors, Limit, Rewrite, Tls},
};
use serde::{Deserialize, Serialize};

/// A gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gateway {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it listens: `http://` and `https://` addresses, texts over configs and constants; at least one.
    pub listen: Vec<Expr>,
    /// Whose tokens it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<Jwt>,
    /// Who is asked about tokens that are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspect: Option<Introspect>,
    /// Where browsers log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// Whose keys it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// Whose passwords it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<Basic>,
    /// How much it lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Which pages of browsers may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// How it shows who it is; needed for `https://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// How many proxies before it are believed in `X-Forwarded-For`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trusted_hops: u32,
    /// Whether every connection begins with what the proxy before it says of the visitor, in version 2 of the PROXY
    /// protocol; one that does not is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxied: bool,
    /// What holds for what it sends on, where the route says nothing else; `None` is what the target says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// Where requests are led: the first that fits, in the order of their precedence.
    pub routes: Vec<Route>,
    /// Where connections are led that are not opened here: exact names before those with `*.`, the longer before the
    /// shorter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<Pass>,
}

/// `tls "*.db.example.com" -> database`: a connection with TLS is handed on as it is, by the name that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// The name, in lower case; with `*.` before it any name that has at least one label more.
    pub name: String,
    /// Where to.
    pub service: ServiceId,
    /// To which part of it; `None` is the first place that its route without a condition names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<SubsetId>,
    /// What holds for it, where it is not what the gateway says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// Whether the service is told of the visitor, in version 2 of the PROXY protocol.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxied: bool,
}

/// Whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jwt {
    /// Who must have issued them.
    pub issuer: Expr,
    /// For whom they must be; any of these.
    pub audience: Vec<Expr>,
    /// Where the keys are.
    pub keys: Expr,
    /// Whether a request without a token is let in, as one without claims.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Opaque tokens, about which whoever issued them is asked (RFC 7662).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Introspect {
    /// Where.
    pub at: Expr,
    /// Who we are there.
    pub client: Expr,
    /// What proves it.
    pub secret: SecretId,
    /// For whom tokens must be, any of these; whatever the issuer finds good where none is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<Expr>,
    /// Whether a request without a token is let in, as one without claims.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Browsers that log in at an OpenID provider, and have a session then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// The provider.
    pub issuer: Expr,
    /// Who we are there.
    pub client: Expr,
    /// What proves it.
    pub secret: SecretId,
    /// What is asked for beside `openid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Where browsers reach the gateway.
    pub at: Expr,
    /// Below which path the login is.
    pub path: String,
    /// How long a session is good for.
    pub session_ms: u64,
    /// What sessions are sealed with, where several processes or starts share them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretId>,
    /// Whether a request without a session is let in, as one without claims.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl Login {
    /// Where a login is where nothing else is said.
    pub const PATH: &str = "/login";
    /// How long a session is good for where nothing else is said.
    pub const SESSION_MS: u64 = 8 * 60 * 60 * 1000;

    /// Whether a login may be below a path: one that is read in one way only.
    #[must_use]
    pub fn may_be_at(path: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let segment = |segment: &str| !segment.is_empty() && segment.bytes().all(fits);
        let inside = path.strip_prefix('/');
        path.len() <= 128 && inside.is_some_and(|inside| inside.split('/').all(segment))
    }
}

/// Visitors who show a key that a file has the hash of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The file.
    pub file: String,
    /// The header with the key, in small letters.
    pub header: String,
    /// Whether a request without a key is let in, as one without claims.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Visitors who show a name and a password that a file has the hash of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basic {
    /// The file.
    pub file: String,
    /// Whether a request without a password is let in, as one without claims.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl Keys {
    /// Where a key is looked for where nothing else is said.
    pub const HEADER: &str = "x-api-key";

    /// Whether a key may be in a header of this name: one that says nothing else, in small letters.
    #[must_use]
    pub fn may_be_in(header: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let named = !header.is_empty() && header.len() <= 64 && header.bytes().all(fits);
        let other = [
            "forwarded",
            "x-forwarded-",
            "x-flowmesh-",
            "content-",
            "sec-",
            "proxy-",
        ];
        let taken = [
            "accept",
            "authorization",
            "connection",
            "cookie",
            "expect",
            "host",
            "idempotency-key",
            "keep-alive",
            "origin",
            "te",
            "trailer",
            "traceparent",
            "tracestate",
            "transfer-encoding",
            "upgrade",
            "x-request-id",
        ];
        named && !taken.contains(&header) && !other.iter().any(|other| header.starts_with(other))
    }
}

/// `POST "/orders/{id}" when COND -> TARGET { settings }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// For which host it is: `shop.example`, or `*.shop.example` for all that are below; `None` is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The method; `None` is any.
    pub method: Option<Method>,
    /// The path, segment by segment. Its parameters are the first slots of the frame, as texts.
    pub path: Vec<Segment>,
    /// What parts of the path must look like beside that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
    /// A bool over the parameters, [`crate::expr::Context::Request`] and [`crate::expr::Context::Caller`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
    /// Where it leads.
    pub target: Target,
    /// What holds for it, where it is not what the gateway says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// What is changed of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
}

/// A segment of the path of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// As it stands.
    Literal(String),
    /// `{id}`: any one segment, which has this name.
    Param(Name),
    /// `*`: any one segment.
    Any,
    /// `**`: any number of segments, none included; the last.
    Rest,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Starts a run: 202 and where to look, or the result where somebody waits for it.
    Flow {
        /// Which flow.
        flow: FlowId,
        /// A value for each of its parameters.
        arguments: Vec<Expr>,
        /// Whether the answer is the result.
        wait: bool,
    },
    /// Calls an operation and answers with its result.
    Operation {
        /// The service.
        service: ServiceId,
        /// The operation.
        operation: OperationId,
        /// A value for each of its parameters.
        arguments: Vec<Expr>,
    },
    /// Sends the request on as it is.
    Service {
        /// Where to.
        service: ServiceId,
        /// To which part of it; `None` is as the service routes.
        subset: Option<SubsetId>,
    },
    /// Sends the visitor elsewhere.
    Redirect {
        /// The address, a text.
        to: Expr,
        /// 301, 302, 303, 307 or 308.
        status: u16,
    },
}

impl Gateway {
    /// All that it leads to.
    pub fn leads_to(&self) -> impl Iterator<Item = What> {
        let passes = self.passes.iter().map(|pass| What::Service(pass.service));
        let routes = self.routes.iter().filter_map(|route| route.target.what());
        routes.chain(passes)
    }
}

impl Target {
    /// What it calls; a redirection calls nothing.
    #[must_use]
    pub fn what(&self) -> Option<What> {
        match self {
            Self::Flow { flow, .. } => Some(What::Flow(*flow)),
            Self::Operation {
                service, operation, ..
            } => Some(What::Operation(*service, *operation)),
            Self::Service { service, .. } => Some(What::Service(*service)),
            Self::Redirect { .. } => None,
        }
    }
}

impl Route {
    /// How many parameters its path has.
    #[must_use]
    pub fn params(&self) -> usize {
        let is_param = |segment: &&Segment| matches!(segment, Segment::Param(_));
        self.path.iter().filter(is_param).count()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
