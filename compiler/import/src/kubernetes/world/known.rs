//! Services of a cluster.

use crate::{
    found::Found,
    kubernetes::{host::Host, objects::Object},
    node::Node,
};

/// A Service of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) host: Host,
    pub(crate) ports: Vec<u16>,
    /// Whether it is outside, and called at the port that is behind.
    is_entry: bool,
    /// Of each of them, at which the pods or the host are called; nothing where that is a name.
    pods: Vec<Option<u16>>,
    pub(crate) selector: Vec<(String, String)>,
    /// The host outside that it stands for.
    pub(crate) outside: Option<String>,
    pub(crate) notes: Vec<String>,
}

impl Known {
    /// At which port callers come.
    pub(crate) fn reached(&self, port: u16) -> u16 {
        self.behind(port).filter(|_| self.is_entry).unwrap_or(port)
    }

    /// Whether callers come without TLS, and the host is called with it.
    pub(crate) fn adds_tls(&self, port: u16) -> bool {
        self.is_entry && port != 443 && self.behind(port) == Some(443)
    }

    /// At which port the pods are called that are behind a port of the Service.
    pub(crate) fn behind(&self, port: u16) -> Option<u16> {
        let at = self.ports.iter().position(|known| *known == port)?;
        self.pods.get(at).copied().flatten()
    }
}

/// Reads a Service.
pub(crate) fn service(object: &Object<'_>, found: &mut Found) -> Known {
    let mut spec = object.spec(found);
    let (mut ports, mut pods) = (Vec::new(), Vec::new());
    for mut port in spec.objects("ports", found) {
        let behind = port.take("targetPort").map(Node::text);
        let number = port.count("port", found).and_then(|it| u16::try_from(it).ok());
        let protocol = port.text("protocol", found).unwrap_or_else(|| "TCP".to_owned());
        port.skip(&["name", "nodePort", "appProtocol"]);
        match number.filter(|number| protocol == "TCP" && *number > 0) {
            Some(number) => {
                ports.push(number);
                pods.push(behind.map_or(Some(number), |it| it?.parse().ok().filter(|it| *it > 0)));
            }
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
        is_entry: false,
        pods,
        selector,
        outside: outside.filter(|it| Host(it.clone()).is_plain()),
        notes: found.notes(),
    }
}

/// Reads a `ServiceEntry`: hosts outside of the cluster.
pub(crate) fn entry(object: &Object<'_>, found: &mut Found) -> Vec<Known> {
    let mut spec = object.spec(found);
    let hosts = spec.texts("hosts", found);
    let (mut ports, mut behind) = (Vec::new(), Vec::new());
    for mut port in spec.objects("ports", found) {
        let number = port
            .count("number", found)
            .and_then(|it| u16::try_from(it).ok())
            .filter(|it| *it > 0);
        port.skip(&["name", "protocol"]);
        let own = port
            .count("targetPort", found)
            .and_then(|it| u16::try_from(it).ok());
        behind.extend(number.map(|number| own.filter(|it| *it > 0).or(Some(number))));
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
        is_entry: true,
        pods: behind.clone(),
        selector: Vec::new(),
        outside: None,
        notes: std::mem::take(&mut notes),
    });
    each.collect()
}
