//! What a rule of an `HTTPRoute` changes of a request, or answers it with.

use super::ServiceRef;
use serde::Serialize;

/// A filter: the field that is named after its type is what it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(crate) enum Filter {
    /// Headers of the request.
    RequestHeaderModifier { request_header_modifier: Changes },
    /// The host and the path of the request.
    #[serde(rename = "URLRewrite")]
    UrlRewrite { url_rewrite: UrlRewrite },
    /// A copy of the request.
    RequestMirror { request_mirror: Mirror },
    /// An answer that sends the visitor elsewhere.
    RequestRedirect { request_redirect: Redirect },
    /// Which pages of browsers may ask.
    #[serde(rename = "CORS")]
    Cors { cors: Cors },
}

/// Headers that are given a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Changes {
    pub(crate) set: Vec<Header>,
}

/// A header and its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Another host and another path.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct UrlRewrite {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<NewPath>,
}

/// Another path, whole or instead of the prefix that the rule asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub(crate) enum NewPath {
    ReplaceFullPath { replace_full_path: String },
    ReplacePrefixMatch { replace_prefix_match: String },
}

/// Where copies go, and how many of a hundred.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mirror {
    pub(crate) backend_ref: ServiceRef,
    pub(crate) percent: u32,
}

/// Where visitors are sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Redirect {
    pub(crate) scheme: String,
    pub(crate) hostname: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<NewPath>,
    pub(crate) status_code: u16,
}

/// Which pages of browsers may ask.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cors {
    pub(crate) allow_origins: Vec<String>,
    pub(crate) allow_methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) allow_headers: Vec<String>,
    pub(crate) allow_credentials: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<u64>,
}
