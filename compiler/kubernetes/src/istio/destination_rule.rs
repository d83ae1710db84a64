//! The kind `DestinationRule` of Istio, as far as we write it.

use serde::Serialize;

/// The name of the kind, and of its group and version.
pub(super) const KIND: &str = "DestinationRule";
pub(super) const VERSION: &str = "networking.istio.io/v1";

/// What a `DestinationRule` says.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DestinationRule {
    pub(super) host: String,
    pub(super) traffic_policy: TrafficPolicy,
}

/// How callers go about a Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrafficPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) load_balancer: Option<LoadBalancer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection_pool: Option<ConnectionPool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outlier_detection: Option<OutlierDetection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_budget: Option<RetryBudget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<ClientTls>,
    /// What holds for a port instead of all that stands beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) port_level_settings: Vec<PortPolicy>,
}

/// How callers go about a port of a Service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct PortPolicy {
    pub(super) port: super::virtual_service::Port,
    #[serde(flatten)]
    pub(super) policy: Box<TrafficPolicy>,
}

/// How an endpoint is picked.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadBalancer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) simple: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consistent_hash: Option<ConsistentHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) warmup: Option<Warmup>,
}

/// What says which endpoint it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConsistentHash {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_header_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_query_parameter_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_cookie: Option<Cookie>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) use_source_ip: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ring_hash: Option<Usual>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maglev: Option<Usual>,
}

/// A table of the size that Istio gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Usual {}

/// A cookie that Istio gives visitors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) ttl: String,
    pub(super) path: String,
}

/// How long a new endpoint gets less than its share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Warmup {
    pub(super) duration: String,
}

/// How many may be on their way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct ConnectionPool {
    pub(super) http: HttpPool,
}

/// The same, of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpPool {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http2_max_requests: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http1_max_pending_requests: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idle_timeout: Option<String>,
}

/// When an endpoint is left alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutlierDetection {
    #[serde(rename = "consecutive5xxErrors")]
    pub(super) consecutive_5xx_errors: u32,
    pub(super) interval: String,
    pub(super) base_ejection_time: String,
    pub(super) max_ejection_percent: u32,
}

/// How many retries may be on their way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetryBudget {
    pub(super) percent: u32,
    pub(super) min_retry_concurrency: u32,
}

/// How connections to a Service are made safe.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientTls {
    pub(super) mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) private_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca_certificates: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sni: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) subject_alt_names: Vec<String>,
}
