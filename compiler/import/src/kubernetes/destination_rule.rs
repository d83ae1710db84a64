//! `DestinationRule` of Istio: how callers go about a Service, and its subsets.

use super::{host::Host, objects::Object, virtual_service::time};
use crate::{
    fields::Fields,
    found::Found,
    name::{duration, quoted},
    node::Node,
};
use std::collections::BTreeSet;

/// What a rule says.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) node: Node,
    pub(crate) host: Host,
    pub(crate) traffic: Traffic,
    pub(crate) ports: Vec<Port>,
    pub(crate) subsets: Vec<Subset>,
    pub(crate) notes: Vec<String>,
}

/// Pods of a Service by their labels.
#[derive(Clone, Debug)]
pub(crate) struct Subset {
    pub(crate) node: Node,
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) traffic: Traffic,
}

/// One of the ports of a Service.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) node: Node,
    pub(crate) number: u16,
    pub(crate) traffic: Traffic,
}

impl Rule {
    /// What holds where only these ports are called; nothing where they differ.
    pub(crate) fn at(&self, called: &BTreeSet<u16>) -> Option<&Traffic> {
        let of = |number: &u16| self.ports.iter().find(|port| port.number == *number);
        let mut each = called
            .iter()
            .map(|number| of(number).map_or(&self.traffic, |port| &port.traffic));
        let first = each.next().unwrap_or(&self.traffic);
        each.all(|other| other == first).then_some(first)
    }
}

/// How callers go about it: settings as the language writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) idle_ms: Option<u64>,
    /// How many retries there may be, of a hundred requests.
    pub(crate) budget: Option<u32>,
}

/// What a `DestinationRule` says.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Option<Rule> {
    let mut spec = object.spec(found);
    spec.skip(&["exportTo"]);
    spec.lost(&[("workloadSelector", "a rule for some of the callers")], found);
    let host = spec.text("host", found)?;
    let mut ports = Vec::new();
    let traffic = spec.object("trafficPolicy", found).map(|mut it| {
        let each = it.objects("portLevelSettings", found).into_iter();
        ports = each.filter_map(|it| of_port(it, found)).collect();
        traffic(it, found)
    });
    let mut subsets = Vec::new();
    for mut one in spec.objects("subsets", found) {
        let name = one.text("name", found).unwrap_or_default();
        let labels = one.pairs("labels", found);
        let own = one.object("trafficPolicy", found).map(|mut it| {
            it.lost(
                &[("portLevelSettings", "settings for one of the ports of a subset")],
                found,
            );
            self::traffic(it, found)
        });
        let node = one.node.clone();
        one.end(found);
        subsets.push(Subset {
            node,
            name,
            labels,
            traffic: own.unwrap_or_default(),
        });
    }
    spec.end(found);
    let host = Host::of(&host, &object.namespace);
    Some(Rule {
        node: object.node.clone(),
        host,
        traffic: traffic.unwrap_or_default(),
        ports,
        subsets,
        notes: found.notes(),
    })
}

/// What holds for one of the ports, and then nothing else.
fn of_port(mut fields: Fields<'_>, found: &mut Found) -> Option<Port> {
    let number = fields.object("port", found).and_then(|mut it| {
        let number = it.count("number", found).and_then(|it| u16::try_from(it).ok());
        it.end(found);
        number
    });
    let node = fields.node.clone();
    let traffic = traffic(fields, found);
    if number.is_none() {
        found.lost(&node, "settings for a port without a number");
    }
    Some(Port {
        node,
        number: number?,
        traffic,
    })
}

fn traffic(mut fields: Fields<'_>, found: &mut Found) -> Traffic {
    let mut said = Traffic::default();
    let mut slow = None;
    if let Some(it) = fields.object("loadBalancer", found) {
        slow = balance(it, &mut said, found);
    }
    if let Some(it) = fields.object("connectionPool", found) {
        pool(it, &mut said, found);
    }
    match fields.object("outlierDetection", found) {
        Some(it) => breaker(it, slow.map(|(_, ms)| ms), &mut said, found),
        None => {
            if let Some((node, _)) = slow {
                found.lost(node, "`loadBalancer.warmup`: it belongs to a breaker");
            }
        }
    }
    if let Some(mut it) = fields.object("retryBudget", found) {
        said.budget = it.count("percent", found).map(|percent| percent.min(100));
        it.skip(&["minRetryConcurrency"]);
        it.end(found);
    }
    if let Some(it) = fields.object("tls", found) {
        tls(it, &mut said, found);
    }
    fields.lost(
        &[
            ("tunnel", "a tunnel"),
            ("proxyProtocol", "the PROXY protocol to a service"),
        ],
        found,
    );
    fields.end(found);
    said
}

fn balance<'a>(mut fields: Fields<'a>, said: &mut Traffic, found: &mut Found) -> Option<(&'a Node, u64)> {
    let simple = fields.text("simple", found);
    let word = match simple.as_deref() {
        Some("ROUND_ROBIN") => Some("round_robin"),
        Some("RANDOM") => Some("random"),
        Some("LEAST_REQUEST" | "LEAST_CONN") => Some("least_requests"),
        None | Some("UNSPECIFIED") => None,
        Some(other) => {
            found.lost(fields.node, &format!("`loadBalancer.simple: {other}`"));
            None
        }
    };
    said.settings
        .extend(word.map(|word| ("balance", word.to_owned())));
    if let Some(it) = fields.object("consistentHash", found) {
        hashed(it, said, found);
    }
    fields.lost(
        &[(
            "localityLbSetting",
            "places by zones are written with the addresses",
        )],
        found,
    );
    let old = fields.node.get("warmupDurationSecs");
    let old = old.zip(time(&mut fields, "warmupDurationSecs", found));
    let warm = fields.object("warmup", found).and_then(|mut it| {
        let ms = time(&mut it, "duration", found);
        it.lost(
            &[
                ("minimumPercent", "a share at first"),
                ("aggression", "how the share grows"),
            ],
            found,
        );
        let node = it.node;
        it.end(found);
        ms.map(|ms| (node, ms))
    });
    fields.end(found);
    warm.or(old)
}

/// What says which endpoint it is.
fn hashed(mut fields: Fields<'_>, said: &mut Traffic, found: &mut Found) {
    let header = fields.text("httpHeaderName", found);
    let query = fields.text("httpQueryParameterName", found);
    let address = fields.flag("useSourceIp", found).unwrap_or_default();
    let maglev = fields.take("maglev").is_some();
    fields.skip(&["ringHash", "minimumRingSize"]);
    let by = match (header, query) {
        (Some(name), _) => Some(format!("request.header({}) ?? \"\"", quoted(&name))),
        (None, Some(name)) => Some(format!("request.query[{}] ?? \"\"", quoted(&name))),
        (None, None) => address.then(|| "caller.address".to_owned()),
    };
    if let Some(by) = by {
        let word = if maglev { "maglev" } else { "ring_hash" };
        said.settings.push(("balance", format!("{word}({by})")));
    }
    if let Some(mut cookie) = fields.object("httpCookie", found) {
        let name = cookie.text("name", found).unwrap_or_default();
        let ttl = time(&mut cookie, "ttl", found).filter(|ms| *ms > 0);
        cookie.skip(&["path"]);
        cookie.lost(&[("attributes", "attributes of a cookie")], found);
        cookie.end(found);
        let ttl = ttl
            .map(|ms| format!(", ttl: {}", duration(ms)))
            .unwrap_or_default();
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
        match !name.is_empty() && name.chars().all(plain) {
            true => said
                .settings
                .push(("sticky", format!("{{ cookie: {}{ttl} }}", quoted(&name)))),
            false => found.lost(fields.node, "a cookie whose name no cookie has"),
        }
    }
    fields.end(found);
}

fn pool(mut fields: Fields<'_>, said: &mut Traffic, found: &mut Found) {
    if let Some(mut tcp) = fields.object("tcp", found) {
        tcp.lost(
            &[
                (
                    "maxConnections",
                    "how many connections there may be; `limit` counts requests",
                ),
                (
                    "connectTimeout",
                    "how long connecting may take, apart from the attempt",
                ),
                ("tcpKeepalive", "how connections are kept alive"),
                ("maxConnectionDuration", "how old a connection may be"),
                ("idleTimeout", "how long an unused connection of TCP is kept"),
            ],
            found,
        );
        tcp.end(found);
    }
    if let Some(mut http) = fields.object("http", found) {
        let concurrent = http.count("http2MaxRequests", found);
        let queue = http.count("http1MaxPendingRequests", found);
        said.idle_ms = time(&mut http, "idleTimeout", found).filter(|ms| *ms > 0);
        http.skip(&["h2UpgradePolicy", "useClientProtocol"]);
        http.lost(
            &[
                ("maxRequestsPerConnection", "how many requests a connection takes"),
                (
                    "maxRetries",
                    "how many retries may be on their way; `retry.budget` is a share",
                ),
                (
                    "maxConcurrentStreams",
                    "how many requests a connection takes at once",
                ),
            ],
            found,
        );
        let node = http.node;
        http.end(found);
        match (concurrent.filter(|it| *it > 0), queue) {
            (Some(concurrent), queue) => {
                let queue = queue.map(|queue| format!(", queue: {queue}")).unwrap_or_default();
                said.settings
                    .push(("limit", format!("{{ concurrent: {concurrent}{queue} }}")));
            }
            (None, Some(_)) => found.lost(
                node,
                "`http1MaxPendingRequests` without `http2MaxRequests`: a queue belongs to a limit",
            ),
            (None, None) => {}
        }
    }
    fields.end(found);
}

/// What Istio takes where nothing is said.
const FAILURES: u32 = 5;
const INTERVAL_MS: u64 = 10_000;
const OPEN_MS: u64 = 30_000;
const MOST_SHUT: u32 = 10;

fn breaker(mut fields: Fields<'_>, slow: Option<u64>, said: &mut Traffic, found: &mut Found) {
    let fives = fields.count("consecutive5xxErrors", found);
    let gateway = fields.count("consecutiveGatewayErrors", found);
    let old = fields.count("consecutiveErrors", found);
    let within = time(&mut fields, "interval", found).unwrap_or(INTERVAL_MS);
    let open = time(&mut fields, "baseEjectionTime", found).unwrap_or(OPEN_MS);
    let most = fields.count("maxEjectionPercent", found).unwrap_or(MOST_SHUT);
    if most < 100 {
        found.part(
            fields.node,
            &format!("any number of endpoints may be shut off, and not {most} of a hundred"),
        );
    }
    fields.lost(
        &[
            ("minHealthPercent", "when nothing is shut off any more"),
            (
                "splitExternalLocalOriginErrors",
                "failures that are counted apart",
            ),
            (
                "consecutiveLocalOriginFailures",
                "failures that are counted apart",
            ),
        ],
        found,
    );
    fields.end(found);
    // 0 switches counting off.
    let failures = fives
        .or(old)
        .filter(|it| *it > 0)
        .or(gateway.filter(|it| *it > 0));
    let failures = match (fives, gateway) {
        (Some(0), None | Some(0)) => return,
        _ => failures.unwrap_or(FAILURES).clamp(1, 10_000),
    };
    let slow = slow
        .filter(|ms| *ms > 0)
        .map(|ms| format!(", slow_start: {}", duration(ms)))
        .unwrap_or_default();
    let (within, open) = (duration(within.max(1)), duration(open.max(1)));
    said.settings.push((
        "breaker",
        format!("{{ failures: {failures}, within: {within}, open: {open}{slow} }}"),
    ));
}

fn tls(mut fields: Fields<'_>, said: &mut Traffic, found: &mut Found) {
    let node = fields.node;
    let mode = fields.text("mode", found).unwrap_or_default();
    let mut parts = Vec::new();
    let mut part = |name: &str, text: Option<String>| {
        parts.extend(text.map(|text| format!("{name}: {}", quoted(&text))));
    };
    part("certificate", fields.text("clientCertificate", found));
    part("key", fields.text("privateKey", found));
    part("authority", fields.text("caCertificates", found));
    let name = fields.text("sni", found);
    part("name", name.clone());
    let names = fields.texts("subjectAltNames", found);
    let identity = names.iter().find(|it| it.starts_with("spiffe://"));
    part("identity", identity.cloned());
    if name.is_none() && identity.is_none() {
        part("name", names.first().cloned());
    }
    fields.lost(
        &[
            (
                "credentialName",
                "a Secret; name the files `certificate`, `key` and `authority`",
            ),
            ("insecureSkipVerify", "certificates that nobody looks at"),
            ("caCrl", "certificates that were taken back"),
        ],
        found,
    );
    fields.end(found);
    let text = match mode.as_str() {
        "ISTIO_MUTUAL" => {
            let all = ["mode: mutual".to_owned(), "workload: true".to_owned()];
            Some(all.into_iter().chain(parts).collect::<Vec<_>>().join(", "))
        }
        "MUTUAL"
            if !["certificate:", "key:"]
                .iter()
                .all(|name| parts.iter().any(|it: &String| it.starts_with(name))) =>
        {
            found.lost(node, "`tls: MUTUAL` without the files of certificate and key");
            None
        }
        "MUTUAL" => Some([vec!["mode: mutual".to_owned()], parts].concat().join(", ")),
        "SIMPLE" => Some([vec!["mode: simple".to_owned()], parts].concat().join(", ")),
        _ => None,
    };
    said.settings
        .extend(text.map(|text| ("tls", format!("{{ {text} }}"))));
}
