//! The kind `HTTPRoute` of Gateway API, as far as we write it.

use crate::{
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
    pub(crate) rules: Vec<Rule>,
}

/// The Service a route stands before, or one it leads to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct ServiceRef {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u32>,
}

/// Matches, where they lead, and how long that may take.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) matches: Vec<RouteMatch>,
    pub(crate) backend_refs: Vec<ServiceRef>,
    pub(crate) timeouts: Timeouts,
}

/// One alternative of a rule.
#[derive(Debug, PartialEq, Serialize)]
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
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Typed {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// A header or query parameter that has this value.
#[derive(Debug, PartialEq, Serialize)]
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
            port,
            weight,
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
