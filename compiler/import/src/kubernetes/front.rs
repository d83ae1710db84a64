//! Gateways: where visitors come in, whose tokens are taken, and where each request is led.

mod bound;
mod hosts;
mod led;
mod order;
mod tokens;
mod way;

pub(crate) use way::Way;

use super::{
    objects::{Object, ROOT},
    settings::Setting,
    traffic::{Cors, Table},
    world::World,
};
use crate::{fields::Fields, found::Found, name::quoted, node::Node};
use bound::Admits;
use tokens::Tokens;

/// A gateway as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) node: Node,
    pub(crate) name: String,
    /// `namespace/name`
    pub(crate) key: String,
    /// Whose routes are bound to it.
    admits: Admits,
    pub(crate) listen: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) tls: Option<String>,
    pub(crate) jwt: Option<Tokens>,
    /// Whether whoever shows no token is refused.
    pub(crate) asks: bool,
    pub(crate) cors: Option<Cors>,
    pub(crate) ways: Vec<Way>,
    /// Names of TLS, and the services that such connections are handed to.
    pub(crate) passes: Vec<(String, String)>,
    pub(crate) policies: Vec<(String, Vec<Setting>)>,
    pub(crate) notes: Vec<String>,
}

/// Gateways and tokens as they were read.
#[derive(Debug, Default)]
pub(crate) struct Fronts {
    all: Vec<Front>,
    tokens: Vec<Tokens>,
}

impl Front {
    fn new(node: &Node, namespace: &str, name: &str) -> Self {
        Self {
            node: node.clone(),
            name: name.to_owned(),
            key: format!("{namespace}/{name}"),
            admits: Admits::All,
            listen: Vec::new(),
            hosts: Vec::new(),
            tls: None,
            jwt: None,
            asks: false,
            cors: None,
            ways: Vec::new(),
            passes: Vec::new(),
            policies: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The services that visitors are led to.
    pub(crate) fn leads_to(&self, service: &str) -> bool {
        let of = |to: &str| to.split('.').next() == Some(service);
        self.ways.iter().any(|way| of(&way.to)) || self.passes.iter().any(|(_, to)| of(to))
    }

    fn listens(&mut self, protocol: &str, port: u32, node: &Node, found: &mut Found) {
        let scheme = match protocol {
            "HTTP" | "HTTP2" | "GRPC" => "http",
            "HTTPS" => "https",
            "TLS" => "tls",
            other => return found.lost(node, &format!("a port of {other}")),
        };
        if !(1..=65_535).contains(&port) {
            return found.bad_value(node, "port", "the number of a port");
        }
        let address = format!("{scheme}://0.0.0.0:{port}");
        // What `https` does not open is handed on there, too.
        let known = self
            .listen
            .iter()
            .position(|it| it.ends_with(&format!(":{port}")));
        match known.and_then(|at| self.listen.get_mut(at)) {
            Some(known) if scheme == "https" => *known = address,
            Some(_) => {}
            None => self.listen.push(address),
        }
    }

    /// Certificate and key, in files that are named after the Secret.
    fn shows(&mut self, secret: &str, asks: bool, node: &Node, found: &mut Found) {
        let file = |end: &str| quoted(&format!("{secret}{end}"));
        let mut text = format!("{{ certificate: {}, key: {}", file(".pem"), file(".key"));
        if asks {
            text += &format!(", mode: mutual, authority: {}", file("-ca.pem"));
        }
        text += " }";
        match &self.tls {
            None => {
                found.needed(
                    node,
                    &format!("the files of the Secret `{secret}`: `{secret}.pem` and `{secret}.key`"),
                );
                self.tls = Some(text);
            }
            Some(known) if *known == text => {}
            Some(_) => found.lost(node, &format!("a second certificate, `{secret}`")),
        }
    }
}

impl Fronts {
    /// A `Gateway` of Istio.
    pub(crate) fn istio(&mut self, object: &Object<'_>, found: &mut Found) {
        let mut front = Front::new(object.node, &object.namespace, &object.name);
        let mut spec = object.spec(found);
        spec.skip(&["selector"]);
        for mut server in spec.objects("servers", found) {
            server.skip(&["name", "defaultEndpoint"]);
            server.lost(&[("bind", "the address of a port")], found);
            front.hosts.extend(server.texts("hosts", found));
            let (mut protocol, mut number) = (String::new(), 0);
            if let Some(mut port) = server.object("port", found) {
                protocol = port.text("protocol", found).unwrap_or_default();
                number = port.count("number", found).unwrap_or_default();
                port.skip(&["name", "targetPort"]);
                port.end(found);
            }
            let node = server.node;
            let mut opened = true;
            if let Some(it) = server.object("tls", found) {
                opened = secured(it, &mut front, found);
            }
            front.listens(if opened { &protocol } else { "TLS" }, number, node, found);
            server.end(found);
        }
        spec.end(found);
        front.hosts.iter_mut().for_each(|host| {
            if let Some((_, own)) = host.split_once('/') {
                *host = own.to_owned();
            }
        });
        front.notes = found.notes();
        self.all.push(front);
    }

    /// A `Gateway` of Gateway API.
    pub(crate) fn gateway_api(&mut self, object: &Object<'_>, found: &mut Found) {
        let mut front = Front::new(object.node, &object.namespace, &object.name);
        front.admits = Admits::Same;
        let mut spec = object.spec(found);
        spec.skip(&["gatewayClassName", "infrastructure"]);
        spec.lost(&[("addresses", "the addresses of a gateway")], found);
        for mut listener in spec.objects("listeners", found) {
            listener.skip(&["name"]);
            let admits = listener.object("allowedRoutes", found);
            let admits = admits.map_or(Admits::Same, |it| Admits::of(it, found));
            front.admits = front.admits.max(admits);
            let protocol = listener.text("protocol", found).unwrap_or_default();
            let port = listener.count("port", found).unwrap_or_default();
            front
                .hosts
                .push(listener.text("hostname", found).unwrap_or_else(|| "*".to_owned()));
            if let Some(mut tls) = listener.object("tls", found) {
                tls.skip(&["mode"]);
                tls.lost(&[("options", "options of an implementation")], found);
                let asks = tls.take("frontendValidation").is_some();
                for mut secret in tls.objects("certificateRefs", found) {
                    secret.skip(&["group", "kind", "namespace"]);
                    if let Some(name) = secret.text("name", found) {
                        front.shows(&name, asks, secret.node, found);
                    }
                    secret.end(found);
                }
                tls.end(found);
            }
            front.listens(&protocol, port, listener.node, found);
            listener.end(found);
        }
        spec.end(found);
        front.notes = found.notes();
        self.all.push(front);
    }

    /// A `RequestAuthentication`.
    pub(crate) fn tokens(&mut self, object: &Object<'_>, found: &mut Found) {
        self.tokens.extend(tokens::read(object, found));
    }

    /// The gateways with the routes that are bound to them.
    pub(crate) fn led(mut self, tables: &[Table], world: &mut World, found: &mut Found) -> Vec<Front> {
        for table in tables {
            for key in &table.gateways {
                if self.all.iter().all(|front| front.key != *key) {
                    let (namespace, name) = key.split_once('/').unwrap_or(("default", key));
                    let mut front = Front::new(&table.node, namespace, name);
                    found.needed(
                        &table.node,
                        &format!("the gateway `{key}`, which nothing says; port 80 is taken"),
                    );
                    front.listen.push("http://0.0.0.0:80".to_owned());
                    front.notes = found.notes();
                    self.all.push(front);
                }
            }
        }
        let mut names = crate::name::Names::default();
        for front in &mut self.all {
            front.name = names.fresh(&front.name);
            if front.hosts.iter().any(|host| host == "*") {
                front.hosts.clear();
            }
            if front.listen.is_empty() {
                front.listen.push("http://0.0.0.0:80".to_owned());
            }
            for table in bound::tables(front, tables, found) {
                led::lead(front, &table, world, found);
            }
            if !order::keep(&mut front.ways, &mut front.notes) {
                let words = "a route that is kept apart from some of the routes before it, and not from all";
                found.part(&front.node, words);
            }
            front.same_cors();
            if front.ways.iter().any(|way| way.cors.is_some()) {
                found.lost(
                    &front.node,
                    "which pages of browsers may ask, of which its routes say different things",
                );
            }
            if front.tls.is_none() && front.listen.iter().any(|it| it.starts_with("https")) {
                found.needed(&front.node, "a certificate for `https`");
                front.tls = Some("{ certificate: \"gateway.pem\", key: \"gateway.key\" }".to_owned());
            }
            for tokens in self.tokens.iter_mut().filter(|tokens| tokens.is_for(&front.key)) {
                tokens.used = true;
                match &front.jwt {
                    None => front.jwt = Some(tokens.clone()),
                    Some(_) => found.lost(&tokens.node, "tokens of a second issuer"),
                }
            }
            front.notes.extend(found.notes());
        }
        for tokens in self.tokens.iter().filter(|tokens| !tokens.used) {
            found.lost(
                &tokens.node,
                &format!(
                    "tokens of `{}`: a gateway looks at tokens, and a service does not",
                    tokens.issuer
                ),
            );
        }
        self.all
    }
}

impl Front {
    /// What all routes say of pages of browsers is said once.
    fn same_cors(&mut self) {
        let mut all = self.ways.iter().filter(|way| !way.redirects).map(|way| &way.cors);
        let Some(first) = all.next().cloned() else { return };
        if all.all(|cors| *cors == first) {
            self.cors = first;
            self.ways.iter_mut().for_each(|way| way.cors = None);
        }
    }
}

/// How a server of Istio is made safe; whether connections are opened there.
fn secured(mut fields: Fields<'_>, front: &mut Front, found: &mut Found) -> bool {
    let mode = fields.text("mode", found).unwrap_or_else(|| "SIMPLE".to_owned());
    if fields.flag("httpsRedirect", found) == Some(true) {
        found.lost(
            fields.node,
            "`tls.httpsRedirect`: a redirect to `https` of all that comes in; write it as a route",
        );
        fields.end(found);
        return true;
    }
    let asks = matches!(mode.as_str(), "MUTUAL" | "OPTIONAL_MUTUAL" | "ISTIO_MUTUAL");
    let secret = fields.text("credentialName", found);
    let file = fields.text("serverCertificate", found);
    fields.skip(&["privateKey", "caCertificates"]);
    fields.lost(
        &[
            ("minProtocolVersion", "versions of TLS"),
            ("maxProtocolVersion", "versions of TLS"),
            ("cipherSuites", "ciphers of TLS"),
            ("subjectAltNames", "names of visitors' certificates"),
        ],
        found,
    );
    let node = fields.node;
    fields.end(found);
    if mode == "PASSTHROUGH" {
        return false;
    }
    match (secret, file) {
        (Some(secret), _) => front.shows(&secret, asks, node, found),
        (None, file) => {
            let name = file
                .as_deref()
                .and_then(|path| path.rsplit('/').next())
                .unwrap_or("gateway");
            front.shows(name.trim_end_matches(".pem"), asks, node, found);
        }
    }
    true
}

/// Whether labels pick the pods of Istio's own gateways.
pub(crate) fn picks_gateways(labels: &[(String, String)], namespace: &str) -> bool {
    let ingress = |(name, value): &(String, String)| {
        (name == "istio" || name == "app") && value.contains("ingressgateway")
    };
    labels.iter().any(ingress) || (namespace == ROOT && labels.iter().any(|(name, _)| name == "istio"))
}
