//! The kinds `Gateway` and `HTTPRoute` of Gateway API, as far as Consul's controller reads them, and its own filters.

use crate::{
    consul::{
        Kind,
        router::{Change, Destination},
    },
    first_match::{Compared, Fit, Methods},
};
use serde::Serialize;

/// The group and version of Gateway API.
pub(super) const VERSION: &str = "gateway.networking.k8s.io/v1";
pub(super) const TIMEOUT: Kind = Kind(82, "RouteTimeoutFilter");
pub(super) const RETRY: Kind = Kind(82, "RouteRetryFilter");
/// What is asked of tokens.
pub(super) const ASKED: Kind = Kind(82, "RouteAuthFilter");
pub(super) const GATEWAY: Kind = Kind(84, "Gateway");
pub(super) const ROUTE: Kind = Kind(88, "HTTPRoute");

/// What a `Gateway` says.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Gateway {
    pub(super) gateway_class_name: &'static str,
    pub(super) listeners: Vec<Listener>,
}

/// Where visitors come in.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<Tls>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tls {
    pub(super) mode: &'static str,
    /// The Secret with certificate and key.
    pub(super) certificate_refs: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Name {
    pub(super) name: String,
}

/// What an `HTTPRoute` says.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpRoute {
    pub(super) parent_refs: Vec<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hostnames: Vec<String>,
    pub(super) rules: Vec<Rule>,
}

/// Some requests, what is done to them, and where they go.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) matches: Vec<RouteMatch>,
    pub(super) filters: Vec<Filter>,
    pub(super) backend_refs: Vec<Backend>,
}

/// A Service and its part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u32>,
}

/// A request that fits all of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteMatch {
    path: Typed,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Pair>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query_params: Vec<Pair>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
}

/// A name, and what must stand there or is set.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pair {
    name: String,
    value: String,
}

/// What is done to a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub(super) enum Filter {
    #[serde(rename_all = "camelCase")]
    RequestHeaderModifier { request_header_modifier: Set },
    #[serde(rename = "URLRewrite", rename_all = "camelCase")]
    UrlRewrite { url_rewrite: Rewrite },
    #[serde(rename_all = "camelCase")]
    ExtensionRef { extension_ref: Extension },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Set {
    set: Vec<Pair>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Rewrite {
    path: Replaced,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replaced {
    #[serde(rename = "type")]
    kind: &'static str,
    replace_prefix_match: String,
}

/// A filter that is an object of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Extension {
    group: &'static str,
    kind: &'static str,
    name: String,
}

/// What a `RouteTimeoutFilter` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Timeout {
    pub(super) request_timeout: String,
}

/// What a `RouteRetryFilter` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Retry {
    num_retries: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retry_on: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retry_on_status_codes: Vec<u16>,
}

impl RouteMatch {
    /// A request that fits, by one method or any.
    pub(super) fn new(fit: &Fit) -> Self {
        let (kind, value) = match &fit.path {
            Compared::Any => ("PathPrefix", "/"),
            Compared::Exact(path) => ("Exact", path.as_str()),
            Compared::Prefix(text) => ("PathPrefix", text.as_str()),
            Compared::Regex(regex) => ("RegularExpression", regex.as_str()),
        };
        let pair = |(name, value): (&String, &String)| Pair {
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            path: Typed {
                kind,
                value: value.to_owned(),
            },
            method: match &fit.methods {
                Methods::One(method) => Some(method.clone()),
                Methods::Any | Methods::Idempotent => None,
            },
            headers: fit.headers.iter().map(pair).collect(),
            query_params: fit.query.iter().map(pair).collect(),
        }
    }
}

impl Filter {
    /// Headers that are set.
    pub(super) fn headers(change: &Change) -> Self {
        let pair = |(name, value): (&String, &String)| Pair {
            name: name.clone(),
            value: value.clone(),
        };
        Self::RequestHeaderModifier {
            request_header_modifier: Set {
                set: change.set.iter().map(pair).collect(),
            },
        }
    }

    /// Something instead of the path or prefix that fitted.
    pub(super) fn instead(text: &str) -> Self {
        let path = Replaced {
            kind: "ReplacePrefixMatch",
            replace_prefix_match: text.to_owned(),
        };
        Self::UrlRewrite {
            url_rewrite: Rewrite { path },
        }
    }

    /// A filter that is an object of its own.
    pub(super) fn object(kind: Kind, name: &str) -> Self {
        Self::ExtensionRef {
            extension_ref: Extension {
                group: "consul.hashicorp.com",
                kind: kind.1,
                name: name.to_owned(),
            },
        }
    }
}

impl Retry {
    /// How often what a policy says is worth another attempt is repeated.
    pub(super) fn of(destination: &Destination) -> Option<Self> {
        (destination.num_retries > 0).then(|| Self {
            num_retries: destination.num_retries,
            retry_on: destination.retry_on.clone(),
            retry_on_status_codes: destination.retry_on_status_codes.clone(),
        })
    }
}
