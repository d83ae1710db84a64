//! What is said of a whole mesh: whether both sides show certificates, and what is kept of traces.

use crate::{
    found::Found,
    kubernetes::{
        objects::{Object, ROOT},
        world::World,
    },
    name::{quoted, snake},
    node::{Node, Value},
};
use std::collections::BTreeSet;

/// A `PeerAuthentication` of a namespace.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    node: Node,
    namespace: String,
    mode: String,
    /// Whether it is for all pods and all their ports.
    whole: bool,
}

/// What a `PeerAuthentication` says.
pub(super) fn peer(object: &Object<'_>, found: &mut Found) -> Peer {
    let mut spec = object.spec(found);
    let selects = spec.take("selector");
    let mut mode = spec.object("mtls", found).and_then(|mut it| {
        let mode = it.text("mode", found);
        it.end(found);
        mode
    });
    let ports = spec.take("portLevelMtls");
    spec.end(found);
    if let Some(node) = ports {
        found.lost(node, "`spec.portLevelMtls`: certificates for one of the ports");
        let strict =
            |(_, port): &(String, Node)| port.get("mode").and_then(Node::text).as_deref() == Some("STRICT");
        if matches!(&node.value, Value::Object(all) if all.iter().any(strict)) {
            mode = Some("STRICT".to_owned());
        }
    }
    if let Some(node) = selects {
        found.lost(
            node,
            &format!("the PeerAuthentication `{}` for some pods", object.name),
        );
    }
    Peer {
        node: object.node.clone(),
        namespace: object.namespace.clone(),
        mode: mode.unwrap_or_else(|| "UNSET".to_owned()),
        whole: selects.is_none() && ports.is_none(),
    }
}

/// Whether both sides show certificates: the whole mesh says it, so that some who must make all of them.
pub(super) fn mtls(peers: &[Peer], world: &World, found: &mut Found) -> Option<&'static str> {
    let places = world.services.iter().flat_map(|service| &service.subsets);
    let namespaces: BTreeSet<&str> = places
        .filter_map(|subset| subset.place.host.namespace())
        .collect();
    let of = |mode: &'static str| peers.iter().filter(move |peer| peer.mode == mode);
    let whole = |peer: &&Peer| peer.whole;
    if let Some(strict) = of("STRICT").next() {
        let said = |namespace: &&str| {
            let mut own = of("STRICT").filter(whole);
            own.any(|peer| peer.namespace == **namespace || peer.namespace == ROOT)
        };
        let less = of("PERMISSIVE").chain(of("DISABLE")).next();
        if less.is_some() || !namespaces.iter().all(said) {
            let words =
                "certificates on both sides, which only some ask for; the whole mesh says it, and so all do";
            found.part(&strict.node, words);
        }
        return Some("strict");
    }
    if let Some(peer) = of("DISABLE").next() {
        found.lost(&peer.node, "calls without certificates where both sides have one");
    }
    let any = of("PERMISSIVE").chain(of("DISABLE")).find(whole);
    any.map(|_| "permissive")
}

/// What a `Telemetry` of the mesh says of traces.
pub(super) fn telemetry(object: &Object<'_>, found: &mut Found) -> Option<String> {
    let mut spec = object.spec(found);
    spec.lost(&[("metrics", "metrics"), ("accessLogging", "access logs")], found);
    if let Some(node) = spec.take("selector").or_else(|| spec.take("targetRefs")) {
        found.lost(node, "traces of some pods");
    }
    let mut text = None;
    for mut it in spec.objects("tracing", found) {
        it.lost(
            &[
                ("providers", "where spans go is said to `serve`"),
                ("match", "a part of the requests"),
                ("disableSpanReporting", "spans that are not told"),
                ("useRequestIdForTraceSampling", "how traces are picked"),
            ],
            found,
        );
        let mut parts = Vec::new();
        let share = it.count("randomSamplingPercentage", found);
        parts.extend(share.map(|share| format!("sample: {}%", share.min(100))));
        let mut tags = Vec::new();
        if let Some(fields) = it.object("customTags", found)
            && let Value::Object(all) = &fields.node.value
        {
            for (name, node) in all {
                let literal = node
                    .get("literal")
                    .and_then(|it| it.get("value"))
                    .and_then(Node::text);
                match literal {
                    Some(value) => tags.push(format!("{}: {}", snake(name), quoted(&value))),
                    None => found.lost(
                        node,
                        &format!("the tag `{name}` from a request or the environment"),
                    ),
                }
            }
        }
        if !tags.is_empty() {
            parts.push(format!("tags: {{ {} }}", tags.join(", ")));
        }
        it.end(found);
        if !parts.is_empty() {
            text = Some(format!("{{ {} }}", parts.join(", ")));
        }
    }
    spec.end(found);
    text
}
