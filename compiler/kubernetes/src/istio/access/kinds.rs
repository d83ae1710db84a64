//! The kinds `AuthorizationPolicy` and `PeerAuthentication` of Istio, as far as we write them.

use serde::Serialize;
use std::collections::BTreeMap;

/// What an `AuthorizationPolicy` says; without rules, one of those who may lets nobody in.
#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct Policy {
    pub(in crate::istio) selector: Selector,
    pub(in crate::istio) action: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) rules: Vec<PolicyRule>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::istio) struct Selector {
    pub(in crate::istio) match_labels: BTreeMap<String, String>,
}

/// Who, what and when; all of it must fit.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(in crate::istio) struct PolicyRule {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) from: Vec<From>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) to: Vec<To>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) when: Vec<When>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct From {
    pub(in crate::istio) source: Source,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::istio) struct Source {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) principals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) not_request_principals: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct To {
    pub(in crate::istio) operation: Operation,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(in crate::istio) struct Operation {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) paths: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::istio) ports: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct When {
    pub(in crate::istio) key: String,
    pub(in crate::istio) values: Vec<String>,
}

/// A `PeerAuthentication` of a namespace.
#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct Peers {
    pub(in crate::istio) mtls: PeerMode,
}

#[derive(Debug, PartialEq, Serialize)]
pub(in crate::istio) struct PeerMode {
    pub(in crate::istio) mode: &'static str,
}
