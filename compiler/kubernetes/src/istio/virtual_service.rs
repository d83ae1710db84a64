//! The kind `VirtualService` of Istio, as far as we write it.

use crate::{
    duration::istio,
    matcher::{Match, Path},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of the kind, and of its group and version.
pub(super) const KIND: &str = "VirtualService";
pub(super) const VERSION: &str = "networking.istio.io/v1";

/// What a `VirtualService` says. The first of its routes that fits holds.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct VirtualService {
    pub(super) hosts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) gateways: Vec<String>,
    pub(super) http: Vec<HttpRoute>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tls: Vec<TlsRoute>,
}

/// Connections by the name that they ask for, and where they are led as they are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct TlsRoute {
    #[serde(rename = "match")]
    pub(super) matches: Vec<SniMatch>,
    pub(super) route: Vec<Weighted>,
}

/// The names that connections ask for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SniMatch {
    pub(super) port: u16,
    pub(super) sni_hosts: Vec<String>,
}

/// A route, and what holds for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpRoute {
    /// Any of these; none fits every request.
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub(super) matches: Vec<HttpMatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirect: Option<Redirect>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) route: Vec<Weighted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rewrite: Option<Rewrite>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retries: Option<Retries>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<Fault>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mirrors: Vec<Mirror>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cors_policy: Option<Cors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) headers: Option<Headers>,
}

/// A request that fits all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authority: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<Text>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, Text>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) query_params: BTreeMap<String, Text>,
}

/// How a text is compared. A regular expression is over the whole of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Text {
    Exact(String),
    Prefix(String),
    Regex(String),
}

/// Where requests go, and how many of a hundred.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Weighted {
    pub(super) destination: Destination,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u32>,
}

/// A Service and its port.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Destination {
    pub(super) host: String,
    pub(super) port: Port,
}

/// A port by its number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Port {
    pub(super) number: u16,
}

/// Where visitors are sent instead.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redirect {
    pub(super) scheme: String,
    pub(super) authority: String,
    /// The path that was asked for where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    pub(super) redirect_code: u16,
}

/// What is changed of the request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rewrite {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authority: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_regex_rewrite: Option<RegexRewrite>,
}

/// What of the path is replaced, and by what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct RegexRewrite {
    #[serde(rename = "match")]
    pub(super) of: String,
    pub(super) rewrite: String,
}

/// How often a failed attempt is repeated; Istio does twice where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Retries {
    pub(super) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) per_try_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) backoff: Option<String>,
}

/// Trouble made on purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delay: Option<Delay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) abort: Option<Abort>,
}

/// A request is held back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delay {
    pub(super) fixed_delay: String,
    pub(super) percentage: Percent,
}

/// A request is answered and not sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Abort {
    pub(super) http_status: u16,
    pub(super) percentage: Percent,
}

/// So many of a hundred.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Percent {
    pub(super) value: u32,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Mirror {
    pub(super) destination: Destination,
    pub(super) percentage: Percent,
}

/// Which pages of browsers may ask.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cors {
    pub(super) allow_origins: Vec<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allow_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allow_headers: Vec<String>,
    pub(super) allow_credentials: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<String>,
}

/// Headers that requests are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Headers {
    pub(super) request: Change,
}

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) set: BTreeMap<String, String>,
}

impl HttpMatch {
    /// What fits is what fits any of these. Istio's prefixes are of text, so one of whole segments is two.
    pub(super) fn any_of(one: &Match) -> Vec<Self> {
        let exact = |text: &String| Text::Exact(text.clone());
        let named = |(name, value): (&String, &String)| (name.clone(), exact(value));
        let base = Self {
            method: one.method.as_ref().map(exact),
            headers: one.headers.iter().map(named).collect(),
            query_params: one.query.iter().map(named).collect(),
            ..Self::default()
        };
        let uris = match &one.path {
            Path::Prefix(all) if all == "/" => return vec![base],
            Path::Prefix(path) => vec![exact(path), Text::Prefix(format!("{path}/"))],
            Path::Exact(path) => vec![exact(path)],
            Path::Pattern(pattern) => vec![Text::Regex(pattern.regex())],
        };
        let each = uris.into_iter().map(|uri| Self {
            uri: Some(uri),
            ..base.clone()
        });
        each.collect()
    }
}

impl HttpRoute {
    /// The matches of a route; none where every request fits.
    pub(super) fn matching(matches: Vec<HttpMatch>) -> Self {
        let all = matches.contains(&HttpMatch::default());
        Self {
            matches: if all { Vec::new() } else { matches },
            ..Self::default()
        }
    }
}

impl Retries {
    /// Never.
    pub(super) fn none() -> Self {
        Self::default()
    }
}

impl Percent {
    pub(super) fn of(value: u32) -> Self {
        Self { value }
    }
}

impl Delay {
    pub(super) fn new(ms: u64, percent: u32) -> Self {
        Self {
            fixed_delay: istio(ms),
            percentage: Percent::of(percent),
        }
    }
}
