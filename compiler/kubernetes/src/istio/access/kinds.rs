//! The kinds `AuthorizationPolicy` and `PeerAuthentication` of Istio, as far as we write them.

use serde::Serialize;
use std::collections::BTreeMap;

/// What an `AuthorizationPolicy` says; without rules, one of those who may lets nobody in.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Policy {
    pub(super) selector: Selector,
    pub(super) action: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rules: Vec<PolicyRule>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selector {
    pub(super) match_labels: BTreeMap<String, String>,
}

/// Who, what and when; all of it must fit.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct PolicyRule {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from: Vec<From>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) to: Vec<To>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) when: Vec<When>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct From {
    pub(super) source: Source,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Source {
    pub(super) principals: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct To {
    pub(super) operation: Operation,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Operation {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) paths: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ports: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct When {
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// A `PeerAuthentication` of a namespace.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Peers {
    pub(super) mtls: PeerMode,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct PeerMode {
    pub(super) mode: &'static str,
}
