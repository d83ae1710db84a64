//! The kind `ServiceRouter` of Consul, as far as we write it. The first of its routes that fits holds.

use super::says::Says;
use crate::first_match::{Compared, Fit, IDEMPOTENT, Methods};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a `ServiceRouter` says.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ServiceRouter {
    pub(super) routes: Vec<Route>,
}

/// Some requests, and where they go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Route {
    /// Without it, every request fits.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub(super) matching: Option<Matching>,
    pub(super) destination: Destination,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Matching {
    pub(super) http: Http,
}

/// A request that fits all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_regex: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) header: Vec<Named>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) query_param: Vec<Named>,
}

/// A header or a parameter that has this value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) exact: String,
}

/// Where requests go, and what holds for them on the way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Destination {
    /// The service that has the router, where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// What stands instead of the path or prefix that fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix_rewrite: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_timeout: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) num_retries: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) retry_on: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) retry_on_status_codes: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_headers: Option<Change>,
}

/// Headers that are set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) set: BTreeMap<String, String>,
}

impl From<&Fit> for Http {
    fn from(fit: &Fit) -> Self {
        let named = |(name, exact): (&String, &String)| Named {
            name: name.clone(),
            exact: exact.clone(),
        };
        Self {
            methods: match &fit.methods {
                Methods::Any => Vec::new(),
                Methods::One(method) => vec![method.clone()],
                Methods::Idempotent => IDEMPOTENT.map(str::to_owned).to_vec(),
            },
            header: fit.headers.iter().map(named).collect(),
            query_param: fit.query.iter().map(named).collect(),
            ..Self::of(&fit.path)
        }
    }
}

impl Http {
    /// Requests by their path.
    pub(super) fn of(path: &Compared) -> Self {
        let mut http = Self::default();
        match path {
            Compared::Any => {}
            Compared::Exact(path) => http.path_exact = Some(path.clone()),
            Compared::Prefix(text) => http.path_prefix = Some(text.clone()),
            Compared::Regex(regex) => http.path_regex = Some(regex.clone()),
        }
        http
    }
}

impl Route {
    /// The requests that fit, on their way to a service; `None` where their path cannot be rewritten as is said.
    pub(super) fn new(fit: &Fit, says: &Says, service: Option<&str>) -> Option<Self> {
        let mut http = Http::from(fit);
        let mut destination = says.destination.clone();
        destination.service = service.map(str::to_owned);
        if let Some(before) = &says.before {
            let whole = match &fit.path {
                Compared::Any => "/",
                Compared::Exact(text) | Compared::Prefix(text) => text,
                Compared::Regex(_) => return None,
            };
            if fit.path == Compared::Any {
                http.path_prefix = Some(whole.to_owned());
            }
            destination.prefix_rewrite = Some(format!("{before}{whole}"));
        }
        Some(Self {
            matching: (http != Http::default()).then_some(Matching { http }),
            destination,
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
