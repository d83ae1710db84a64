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
}

/// What a `PeerAuthentication` says.
pub(super) fn peer(object: &Object<'_>, found: &mut Found) -> Option<Peer> {
    let mut spec = object.spec(found);
    let selects = spec.take("selector");
    spec.lost(&[("portLevelMtls", "certificates for one of the ports")], found);
    let mode = spec.object("mtls", found).and_then(|mut it| {
        let mode = it.text("mode", found);
        it.end(found);
        mode
    });
    spec.end(found);
    if let Some(node) = selects {
        found.lost(
            node,
            &format!("the PeerAuthentication `{}` for some pods", object.name),
        );
        return None;
    }
    Some(Peer {
        node: object.node.clone(),
        namespace: object.namespace.clone(),
        mode: mode.unwrap_or_else(|| "UNSET".to_owned()),
    })
}

/// Whether both sides show certificates, where the whole mesh says one thing.
pub(super) fn mtls(peers: &[Peer], world: &World, found: &mut Found) -> Option<&'static str> {
    let first = peers.first()?;
    let modes: BTreeSet<&str> = peers.iter().map(|peer| peer.mode.as_str()).collect();
    let places = world.services.iter().flat_map(|service| &service.subsets);
    let namespaces: BTreeSet<&str> = places
        .filter_map(|subset| subset.place.host.namespace())
        .collect();
    let said = |namespace: &&str| {
        peers
            .iter()
            .any(|peer| peer.namespace == **namespace || peer.namespace == ROOT)
    };
    let everywhere = namespaces.iter().all(said);
    match (modes.into_iter().collect::<Vec<_>>().as_slice(), everywhere) {
        (["STRICT"], true) => Some("strict"),
        (["PERMISSIVE"], _) => Some("permissive"),
        _ => {
            let words = "certificates on both sides in some namespaces: the whole mesh says it, and here the parts do not agree";
            found.lost(&first.node, words);
            Some("permissive")
        }
    }
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
