//! The kind `HTTPRoute` of Gateway API, as far as we write it.

mod filter;

pub(crate) use filter::{Changes, Cors, Filter, Header, Mirror, NewPath, Redirect, UrlRewrite};

use crate::{
    address::ServicePort,
    manifest::{Metadata, Object},
    matcher::{Match, Path},
};
use serde::Serialize;

/// What an `HTTPRoute` says.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpRoute {
    pub(crate) parent_refs: Vec<ServiceRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hostnames: Vec<String>,
    pub(crate) rules: Vec<Rule>,
}

/// What a route is attached to, or where it leads: a Service, or the gateway before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceRef {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Where it is not the route's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) section_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u32>,
}

/// Matches, where they lead, and what holds on the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) matches: Vec<RouteMatch>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<Filter>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) backend_refs: Vec<ServiceRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeouts: Option<Timeouts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry: Option<Retry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_persistence: Option<Session>,
}

/// One alternative of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteMatch {
    pub(crate) path: Typed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<Named>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) query_params: Vec<Named>,
}

/// A path and how it is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Typed {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// A header or query parameter that has this value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Named {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// How long the whole request, and one sending of it, may take.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Timeouts {
    pub(crate) request: String,
    pub(crate) backend_request: String,
}

/// How requests are repeated (experimental channel).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Retry {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) codes: Vec<u16>,
    /// How often beside the first.
    pub(crate) attempts: u32,
    pub(crate) backoff: String,
}

/// How visitors stay with an endpoint (experimental channel).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) session_name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) absolute_timeout: Option<String>,
    pub(crate) cookie_config: CookieConfig,
}

/// Whether a cookie outlives the browser.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CookieConfig {
    pub(crate) lifetime_type: String,
}

/// A route as an object.
pub(crate) fn object(metadata: Metadata, spec: HttpRoute) -> Object<HttpRoute> {
    Object {
        api_version: "gateway.networking.k8s.io/v1".to_owned(),
        kind: KIND.to_owned(),
        metadata,
        spec,
    }
}

/// The name of the kind.
pub(crate) const KIND: &str = "HTTPRoute";

impl ServiceRef {
    /// A Service of the route's own namespace.
    pub(crate) fn new(name: &str, port: Option<u16>, weight: Option<u32>) -> Self {
        // The empty group is that of the core kinds; the default would be Gateway API's own.
        Self {
            group: String::new(),
            kind: "Service".to_owned(),
            name: name.to_owned(),
            namespace: None,
            section_name: None,
            port,
            weight,
        }
    }

    /// A Service as it is seen from a namespace.
    pub(crate) fn from(namespace: &str, place: &ServicePort, weight: Option<u32>) -> Self {
        Self {
            namespace: (place.namespace != namespace).then(|| place.namespace.clone()),
            ..Self::new(&place.name, Some(place.port), weight)
        }
    }

    /// A gateway of the route's own namespace, or one place where it listens.
    pub(crate) fn gateway(name: &str, section: Option<String>) -> Self {
        Self {
            group: "gateway.networking.k8s.io".to_owned(),
            kind: "Gateway".to_owned(),
            section_name: section,
            ..Self::new(name, None, None)
        }
    }
}

impl From<&Match> for RouteMatch {
    fn from(one: &Match) -> Self {
        let (kind, path) = match &one.path {
            Path::Prefix(path) => ("PathPrefix", path.clone()),
            Path::Exact(path) => ("Exact", path.clone()),
            Path::Pattern(pattern) => ("RegularExpression", pattern.regex()),
        };
        let named = |(name, value): (&String, &String)| Named {
            kind: "Exact".to_owned(),
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            path: Typed {
                kind: kind.to_owned(),
                value: path,
            },
            method: one.method.clone(),
            headers: one.headers.iter().map(named).collect(),
            query_params: one.query.iter().map(named).collect(),
        }
    }
}
