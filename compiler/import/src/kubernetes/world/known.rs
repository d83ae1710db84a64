//! Services of a cluster.

use crate::{
    found::Found,
    kubernetes::{host::Host, objects::Object},
};

/// A Service of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) host: Host,
    pub(crate) ports: Vec<u16>,
    pub(crate) selector: Vec<(String, String)>,
    /// The host outside that it stands for.
    pub(crate) outside: Option<String>,
    pub(crate) notes: Vec<String>,
}

/// Reads a Service.
pub(crate) fn service(object: &Object<'_>, found: &mut Found) -> Known {
    let mut spec = object.spec(found);
    let mut ports = Vec::new();
    for mut port in spec.objects("ports", found) {
        let number = port.count("port", found).and_then(|it| u16::try_from(it).ok());
        let protocol = port.text("protocol", found).unwrap_or_else(|| "TCP".to_owned());
        port.skip(&["name", "targetPort", "nodePort", "appProtocol"]);
        match number.filter(|number| protocol == "TCP" && *number > 0) {
            Some(number) => ports.push(number),
            None => found.lost(port.node, &format!("a port of {protocol}")),
        }
        port.end(found);
    }
    let selector = spec.pairs("selector", found);
    let outside = spec.text("externalName", found);
    spec.skip(&[
        "type",
        "clusterIP",
        "clusterIPs",
        "ipFamilies",
        "ipFamilyPolicy",
        "sessionAffinity",
        "internalTrafficPolicy",
        "externalTrafficPolicy",
        "publishNotReadyAddresses",
        "allocateLoadBalancerNodePorts",
        "loadBalancerIP",
        "externalIPs",
        "loadBalancerClass",
        "trafficDistribution",
    ]);
    spec.end(found);
    Known {
        host: Host::service(&object.name, &object.namespace),
        ports,
        selector,
        outside: outside.filter(|it| Host(it.clone()).is_plain()),
        notes: found.notes(),
    }
}

/// Reads a `ServiceEntry`: hosts outside of the cluster.
pub(crate) fn entry(object: &Object<'_>, found: &mut Found) -> Vec<Known> {
    let mut spec = object.spec(found);
    let hosts = spec.texts("hosts", found);
    let mut ports = Vec::new();
    for mut port in spec.objects("ports", found) {
        let number = port
            .count("number", found)
            .and_then(|it| u16::try_from(it).ok())
            .filter(|it| *it > 0);
        port.skip(&["name", "protocol"]);
        port.lost(&[("targetPort", "another port at the host")], found);
        ports.extend(number);
        port.end(found);
    }
    spec.skip(&["location", "resolution", "exportTo"]);
    spec.lost(
        &[
            ("addresses", "addresses of a host"),
            ("endpoints", "the endpoints of a host"),
            ("workloadSelector", "pods as a host"),
            ("subjectAltNames", "names of certificates"),
        ],
        found,
    );
    spec.end(found);
    if ports.is_empty() {
        found.needed(object.node, &format!("the ports of `{}`", object.name));
    }
    let hosts = hosts.iter().map(|host| Host::of(host, &object.namespace));
    let mut notes = found.notes();
    let each = hosts.filter(Host::is_plain).map(|host| Known {
        host,
        ports: ports.clone(),
        selector: Vec::new(),
        outside: None,
        notes: std::mem::take(&mut notes),
    });
    each.collect()
}
