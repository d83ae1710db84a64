//! Objects that break one rule each: it is found, and nothing else is.

use crate::cluster::Cluster;
use serde_json::{Value, json};

/// An object, where it is changed, into what (nothing: it is taken away), and what the rule says that it breaks then.
type Planted = (&'static str, &'static str, Value, &'static str);

fn sound(kind: &str) -> Value {
    let (version, spec) = match kind {
        "HTTPRoute" => (
            "gateway.networking.k8s.io/v1",
            json!({
                "parentRefs": [{ "kind": "Service", "group": "", "name": "shop", "port": 80 }],
                "rules": [{
                    "matches": [{ "path": { "type": "PathPrefix", "value": "/a" } }],
                    "filters": [
                        { "type": "RequestHeaderModifier", "requestHeaderModifier": { "add": [{ "name": "a", "value": "b" }] } },
                        { "type": "RequestMirror", "requestMirror": {
                            "backendRef": { "name": "copy", "port": 80 }, "fraction": { "numerator": 1, "denominator": 10 }
                        } },
                        { "type": "URLRewrite", "urlRewrite": {
                            "path": { "type": "ReplacePrefixMatch", "replacePrefixMatch": "/b" }
                        } },
                    ],
                    "backendRefs": [{ "name": "shop", "port": 80 }],
                    "timeouts": { "request": "10s", "backendRequest": "2s" },
                }],
            }),
        ),
        "GRPCRoute" => (
            "gateway.networking.k8s.io/v1",
            json!({ "rules": [{ "matches": [{ "method": { "service": "shop.v1.Orders", "method": "Get" } }] }] }),
        ),
        "TLSRoute" => (
            "gateway.networking.k8s.io/v1",
            json!({ "hostnames": ["db.example.com"], "rules": [{ "backendRefs": [{ "name": "db", "port": 5432 }] }] }),
        ),
        "K8sGateway" => (
            "gateway.networking.k8s.io/v1",
            json!({ "gatewayClassName": "any", "listeners": [
                { "name": "web", "protocol": "HTTP", "port": 80, "hostname": "shop.example.com" },
                { "name": "secure", "protocol": "HTTPS", "port": 443,
                  "tls": { "mode": "Terminate", "certificateRefs": [{ "name": "cert" }] } },
            ] }),
        ),
        "BackendTLSPolicy" => (
            "gateway.networking.k8s.io/v1",
            json!({
                "targetRefs": [{ "group": "", "kind": "Service", "name": "shop" }],
                "validation": {
                    "hostname": "shop.example.com", "wellKnownCACertificates": "System",
                    "subjectAltNames": [{ "type": "Hostname", "hostname": "shop.example.com" }],
                },
            }),
        ),
        "VirtualService" => (
            "networking.istio.io/v1",
            json!({ "hosts": ["shop"], "http": [{
                "timeout": "1s", "route": [{ "destination": { "host": "shop" } }],
                "retries": { "attempts": 2, "perTryTimeout": "0.5s" },
            }] }),
        ),
        "ServiceEntry" => (
            "networking.istio.io/v1",
            json!({
                "hosts": ["db.example.com"], "resolution": "STATIC", "addresses": ["10.0.0.0/8"],
                "ports": [{ "number": 80, "name": "http" }, { "number": 81, "name": "other" }],
                "endpoints": [{ "address": "10.0.0.1", "ports": { "http": 8080 } }],
            }),
        ),
        "AuthorizationPolicy" => (
            "security.istio.io/v1",
            json!({
                "selector": { "matchLabels": { "app": "shop" } },
                "rules": [{ "from": [{ "source": { "serviceAccounts": ["shop/flowmesh"] } }] }],
            }),
        ),
        "PeerAuthentication" => (
            "security.istio.io/v1",
            json!({ "selector": { "matchLabels": { "app": "shop" } }, "portLevelMtls": { "8080": { "mode": "STRICT" } } }),
        ),
        "RequestAuthentication" => (
            "security.istio.io/v1",
            json!({ "jwtRules": [{ "issuer": "a", "jwksUri": "https://example.com/keys", "timeout": "5s" }] }),
        ),
        "Telemetry" => (
            "telemetry.istio.io/v1",
            json!({ "metrics": [{ "overrides": [{ "tagOverrides": { "a": { "operation": "UPSERT", "value": "b" } } }] }] }),
        ),
        _ => (
            "extensions.istio.io/v1alpha1",
            json!({ "url": "oci://example.com/filter:1" }),
        ),
    };
    let kind = if kind == "K8sGateway" { "Gateway" } else { kind };
    json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "shop" }, "spec": spec })
}

fn of_gateway_api() -> Vec<Planted> {
    let path = "/rules/0/matches/0/path/value";
    let filter = |at: usize, with: Value| {
        (
            "HTTPRoute",
            if at == 0 {
                "/rules/0/filters/0"
            } else {
                "/rules/0/filters/1"
            },
            with,
        )
    };
    let planted =
        |(kind, place, with): (&'static str, &'static str, Value), message| (kind, place, with, message);
    let header = json!({ "type": "RequestHeaderModifier", "requestHeaderModifier": {} });
    let alone = json!({ "type": "RequestHeaderModifier" });
    let parents = |sections: [Option<&str>; 2]| {
        let parent = |section: &Option<&str>| match section {
            Some(section) => json!({ "name": "edge", "sectionName": section }),
            None => json!({ "name": "edge" }),
        };
        Value::Array(sections.iter().map(parent).collect())
    };
    let alike = json!({ "name": "b", "protocol": "HTTP", "port": 80, "hostname": "shop.example.com" });
    let certificates =
        json!({ "name": "secure", "protocol": "HTTPS", "port": 443, "tls": { "mode": "Terminate" } });
    let both = json!({ "hostname": "a.b", "wellKnownCACertificates": "System", "caCertificateRefs": [{ "group": "", "kind": "ConfigMap", "name": "ca" }] });
    let many: Vec<Value> = (0..3)
        .map(|_| json!({ "matches": vec![json!({}); 43] }))
        .collect();
    vec![
        (
            "HTTPRoute",
            path,
            json!("a"),
            "value must be an absolute path and start with '/'",
        ),
        ("HTTPRoute", path, json!("/a//b"), "must not contain '//'"),
        ("HTTPRoute", path, json!("/a/./b"), "must not contain '/./'"),
        ("HTTPRoute", path, json!("/a/../b"), "must not contain '/../'"),
        ("HTTPRoute", path, json!("/a%2fb"), "must not contain '%2f'"),
        ("HTTPRoute", path, json!("/a%2Fb"), "must not contain '%2F'"),
        ("HTTPRoute", path, json!("/a/.."), "must not end with '/..'"),
        ("HTTPRoute", path, json!("/a/."), "must not end with '/.'"),
        (
            "HTTPRoute",
            path,
            json!("/a b"),
            "must only contain valid characters",
        ),
        (
            "HTTPRoute",
            "/rules/0/matches/0/path/type",
            json!("Exact"),
            "When using URLRewrite filter with path.replacePrefixMatch",
        ),
        (
            "HTTPRoute",
            "/rules/0/timeouts/backendRequest",
            json!("1m"),
            "backendRequest timeout cannot be longer",
        ),
        (
            "HTTPRoute",
            "/rules/0/timeouts/request",
            json!("1999ms"),
            "backendRequest timeout cannot be longer",
        ),
        (
            "HTTPRoute",
            "/rules/0/backendRefs/0",
            json!({ "name": "shop" }),
            "Must have port for Service reference",
        ),
        (
            "HTTPRoute",
            "/rules/0/filters/1/requestMirror/fraction/numerator",
            json!(11),
            "numerator must be less than or equal",
        ),
        (
            "HTTPRoute",
            "/rules/0/filters/1/requestMirror/percent",
            json!(10),
            "Only one of percent or fraction",
        ),
        planted(
            filter(1, header),
            "RequestHeaderModifier filter cannot be repeated",
        ),
        planted(filter(0, alone), "filter.requestHeaderModifier must be specified"),
        (
            "HTTPRoute",
            "/rules/0/filters/0/cors",
            json!({}),
            "filter.cors must be nil if the filter.type is not CORS",
        ),
        (
            "HTTPRoute",
            "/rules/0/filters/2/urlRewrite/path/replaceFullPath",
            json!("/c"),
            "type must be 'ReplaceFullPath' when replaceFullPath is set",
        ),
        (
            "HTTPRoute",
            "/rules/0/filters/2",
            json!({ "type": "RequestRedirect", "requestRedirect": { "statusCode": 302 } }),
            "RequestRedirect filter must not be used together with backendRefs",
        ),
        (
            "HTTPRoute",
            "/rules/0/filters/0",
            json!({ "type": "CORS", "cors": { "allowMethods": ["*", "GET"] } }),
            "AllowMethods cannot contain '*'",
        ),
        (
            "HTTPRoute",
            "/parentRefs",
            parents([None, Some("a")]),
            "sectionName must be specified when parentRefs",
        ),
        (
            "HTTPRoute",
            "/parentRefs",
            parents([Some("a"), Some("a")]),
            "sectionName must be unique when parentRefs",
        ),
        (
            "HTTPRoute",
            "/rules",
            Value::Array(many),
            "the total number of matches across all rules",
        ),
        (
            "GRPCRoute",
            "/rules/0/matches/0/method/service",
            json!("shop.1"),
            "service must only contain valid characters",
        ),
        (
            "GRPCRoute",
            "/rules/0/matches/0/method/method",
            json!("Get-it"),
            "method must only contain valid characters",
        ),
        (
            "GRPCRoute",
            "/rules/0/matches/0/method",
            json!({}),
            "One or both of 'service' or 'method'",
        ),
        (
            "TLSRoute",
            "/hostnames",
            json!(["10.0.0.1"]),
            "Hostnames cannot contain an IP",
        ),
        (
            "TLSRoute",
            "/rules/0/backendRefs/0/port",
            Value::Null,
            "Must have port for Service reference",
        ),
        (
            "K8sGateway",
            "/listeners/1",
            alike,
            "Combination of port, protocol and hostname must be unique",
        ),
        (
            "K8sGateway",
            "/listeners/1",
            certificates,
            "certificateRefs or options must be specified",
        ),
        (
            "K8sGateway",
            "/listeners/0/protocol",
            json!("TCP"),
            "hostname must not be specified for protocols",
        ),
        (
            "K8sGateway",
            "/listeners/0/tls",
            json!({ "mode": "Passthrough" }),
            "tls must not be specified for protocols",
        ),
        (
            "K8sGateway",
            "/listeners/1/tls/mode",
            json!("Passthrough"),
            "tls mode must be Terminate for protocol HTTPS",
        ),
        (
            "BackendTLSPolicy",
            "/validation",
            both,
            "must not contain both CACertificateRefs and WellKnownCACertificates",
        ),
        (
            "BackendTLSPolicy",
            "/validation/wellKnownCACertificates",
            Value::Null,
            "must specify either CACertificateRefs",
        ),
        (
            "BackendTLSPolicy",
            "/validation/subjectAltNames/0/hostname",
            Value::Null,
            "must contain Hostname, if Type is set",
        ),
        (
            "BackendTLSPolicy",
            "/validation/subjectAltNames/0/uri",
            json!("spiffe://a"),
            "must not contain URI, if Type is not",
        ),
    ]
}

fn of_istio() -> Vec<Planted> {
    let target = json!({ "kind": "Service", "name": "shop" });
    let endpoint = "/endpoints/0/address";
    vec![
        (
            "VirtualService",
            "/http/0/timeout",
            json!("0.5ms"),
            "must be a valid duration greater than 1ms",
        ),
        (
            "VirtualService",
            "/http/0/timeout",
            json!("soon"),
            "must be a valid duration greater than 1ms",
        ),
        (
            "VirtualService",
            "/http/0/retries/perTryTimeout",
            json!("1d"),
            "must be a valid duration greater than 1ms",
        ),
        (
            "ServiceEntry",
            "/hosts/0",
            json!("*"),
            "hostname cannot be wildcard",
        ),
        (
            "ServiceEntry",
            "/resolution",
            json!("DNS"),
            "CIDR addresses are allowed only for NONE/STATIC",
        ),
        (
            "ServiceEntry",
            "/resolution",
            json!("NONE"),
            "NONE mode cannot set endpoints",
        ),
        (
            "ServiceEntry",
            "/ports/1/number",
            json!(80),
            "port number cannot be duplicated",
        ),
        (
            "ServiceEntry",
            "/workloadSelector",
            json!({ "labels": { "a": "b" } }),
            "only one of WorkloadSelector or Endpoints",
        ),
        (
            "ServiceEntry",
            "/endpoints/0/ports",
            json!({ "-": 1 }),
            "port name must be valid",
        ),
        (
            "ServiceEntry",
            "/endpoints/0/ports/http",
            json!(65_536),
            "port must be between 1-65535",
        ),
        (
            "ServiceEntry",
            endpoint,
            json!("unix:///run/a"),
            "UDS may not include ports",
        ),
        ("ServiceEntry", endpoint, Value::Null, "Address is required"),
        (
            "AuthorizationPolicy",
            "/selector/matchLabels/app",
            json!("*"),
            "wildcard not allowed in label value match",
        ),
        (
            "AuthorizationPolicy",
            "/selector/matchLabels",
            json!({ "a*": "b" }),
            "wildcard not allowed in label key match",
        ),
        (
            "AuthorizationPolicy",
            "/selector/matchLabels",
            json!({ "": "b" }),
            "key must not be empty",
        ),
        (
            "AuthorizationPolicy",
            "/targetRefs",
            json!([target]),
            "only one of targetRefs or selector can be set",
        ),
        (
            "AuthorizationPolicy",
            "/rules/0/from/0/source/namespaces",
            json!(["a"]),
            "Cannot set serviceAccounts with namespaces or principals",
        ),
        (
            "PeerAuthentication",
            "/selector",
            Value::Null,
            "portLevelMtls requires selector",
        ),
        (
            "PeerAuthentication",
            "/selector/matchLabels",
            json!({}),
            "portLevelMtls requires selector",
        ),
        (
            "PeerAuthentication",
            "/portLevelMtls",
            json!({ "65536": { "mode": "STRICT" } }),
            "port must be between 1-65535",
        ),
        (
            "PeerAuthentication",
            "/portLevelMtls",
            json!({ "http": { "mode": "STRICT" } }),
            "port must be between 1-65535",
        ),
        (
            "RequestAuthentication",
            "/jwtRules/0/jwks",
            json!("{}"),
            "only one of jwks or jwksUri can be set",
        ),
        (
            "RequestAuthentication",
            "/jwtRules/0/jwksUri",
            json!("ftp://example.com/"),
            "url must have scheme http:// or https://",
        ),
        (
            "RequestAuthentication",
            "/jwtRules/0/jwksUri",
            json!("example.com"),
            "url must have scheme http:// or https://",
        ),
        (
            "Telemetry",
            "/metrics/0/overrides/0/tagOverrides/a/value",
            json!(""),
            "value must be set when operation is UPSERT",
        ),
        (
            "Telemetry",
            "/metrics/0/overrides/0/tagOverrides/a/operation",
            json!("REMOVE"),
            "value must not be set when operation is REMOVE",
        ),
        (
            "WasmPlugin",
            "/url",
            json!("ftp://example.com/filter"),
            "url must have schema one of",
        ),
        (
            "WasmPlugin",
            "/vmConfig",
            json!({ "env": [{ "name": "A", "value": "b", "valueFrom": "HOST" }] }),
            "value may only be set",
        ),
    ]
}

/// The object with something else at a place below `spec`.
fn planted(mut object: Value, place: &str, with: Value) -> Value {
    let (above, last) = place.rsplit_once('/').expect("a place");
    let above = object["spec"].pointer_mut(above).expect("the place is there");
    match (above, with) {
        (Value::Object(map), Value::Null) => drop(map.remove(last)),
        (Value::Object(map), with) => drop(map.insert(last.to_owned(), with)),
        (Value::Array(items), with) => items[last.parse::<usize>().expect("a number")] = with,
        _ => unreachable!("{place} leads nowhere"),
    }
    object
}

#[test]
fn whoever_breaks_a_rule_is_told_which() {
    let Some(cluster) = Cluster::known() else {
        return;
    };
    let (mut rules, mut wrong) = (std::collections::BTreeSet::new(), Vec::new());
    for (kind, place, with, message) in of_gateway_api().into_iter().chain(of_istio()) {
        let object = sound(kind);
        assert_eq!(cluster.faults(&object, false), Vec::<String>::new(), "{kind}");
        let object = planted(object, place, with);
        let found = cluster.faults(&object, false);
        if found.len() != 1 || !found[0].contains(message) {
            wrong.push(format!("{message}:\n{}\n{object}", found.join("\n")));
        }
        rules.insert((kind, message));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(rules.len() >= 50, "only {} rules were broken", rules.len());
}
