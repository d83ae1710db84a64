//! The kind `HTTPRoute` as far as Linkerd reads it: what is newer than Gateway API 1.2.1, or a filter that it does not know,
//! would have the whole object left out.

use crate::{
    Manifest,
    http_route::{RouteMatch, ServiceRef},
    manifest::{Metadata, Object},
    yaml,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of the kind, and of its group and version.
const KIND: &str = "HTTPRoute";
const VERSION: &str = "gateway.networking.k8s.io/v1";

/// The group of Linkerd's own kinds.
pub(super) const POLICY: &str = "policy.linkerd.io";

/// What an `HTTPRoute` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Route {
    pub(super) parent_refs: Vec<Parent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hostnames: Vec<String>,
    pub(super) rules: Vec<Rule>,
}

/// What a route stands before.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Parent {
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
}

/// Matches, what is changed of requests, and where they lead.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) matches: Vec<RouteMatch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) filters: Vec<Filter>,
    /// Nothing is what the route stands before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) backend_refs: Vec<ServiceRef>,
}

/// What is changed of requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    #[serde(rename = "type")]
    kind: &'static str,
    request_header_modifier: Headers,
}

#[derive(Debug, Serialize)]
struct Headers {
    set: Vec<Header>,
}

#[derive(Debug, Serialize)]
struct Header {
    name: String,
    value: String,
}

impl Filter {
    /// Headers that requests are given; nothing where there are none.
    pub(super) fn headers(set: &BTreeMap<String, String>) -> Option<Self> {
        let header = |(name, value): (&String, &String)| Header {
            name: name.clone(),
            value: value.clone(),
        };
        let set: Vec<Header> = set.iter().map(header).collect();
        (!set.is_empty()).then_some(Self {
            kind: "RequestHeaderModifier",
            request_header_modifier: Headers { set },
        })
    }
}

/// An object of a kind.
pub(super) fn object<S: Serialize>(kind: &str, version: &str, metadata: Metadata, spec: S) -> Manifest {
    let name = metadata.name.clone();
    let object = Object {
        api_version: version.to_owned(),
        kind: kind.to_owned(),
        metadata,
        spec,
    };
    yaml::manifest(kind, &name, &object)
}

/// A route as a manifest.
pub(super) fn manifest(metadata: Metadata, route: Route) -> Manifest {
    object(KIND, VERSION, metadata, route)
}
