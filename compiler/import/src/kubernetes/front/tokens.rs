//! Whose tokens are taken: `RequestAuthentication` of Istio.

use super::picks_gateways;
use crate::{
    found::Found,
    kubernetes::objects::{Object, ROOT},
    name::{quoted, snake},
    node::Node,
};

/// An issuer and its keys.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) node: Node,
    pub(crate) issuer: String,
    audiences: Vec<String>,
    keys: Option<String>,
    /// `namespace/name` of the one gateway that they are for.
    gateway: Option<String>,
    gateways: bool,
    pub(crate) used: bool,
    pub(crate) notes: Vec<String>,
}

/// What a `RequestAuthentication` says.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Vec<Tokens> {
    let mut spec = object.spec(found);
    let labels = spec.object("selector", found).map(|mut it| {
        let labels = it.pairs("matchLabels", found);
        it.end(found);
        labels
    });
    let mut gateway = None;
    for mut target in spec.objects("targetRefs", found) {
        target.skip(&["group"]);
        let (kind, name) = (target.text("kind", found), target.text("name", found));
        match (kind.as_deref(), name) {
            (Some("Gateway"), Some(name)) => gateway = Some(format!("{}/{name}", object.namespace)),
            (kind, _) => found.lost(target.node, &format!("tokens for a {}", kind.unwrap_or("target"))),
        }
        target.end(found);
    }
    let labels = labels.unwrap_or_default();
    let everywhere = labels.is_empty() && object.namespace == ROOT;
    let gateways = gateway.is_none() && (everywhere || picks_gateways(&labels, &object.namespace));
    let mut all = Vec::new();
    for mut rule in spec.objects("jwtRules", found) {
        let issuer = rule.text("issuer", found).unwrap_or_default();
        let audiences = rule.texts("audiences", found);
        let keys = rule
            .text("jwksUri", found)
            .or_else(|| rule.text("jwks_uri", found));
        rule.skip(&["forwardOriginalToken", "timeout"]);
        rule.lost(
            &[
                ("jwks", "keys that stand in the manifest; `keys` is an address"),
                ("fromHeaders", "tokens in other headers"),
                ("fromParams", "tokens in the query"),
                ("fromCookies", "tokens in cookies"),
                ("outputPayloadToHeader", "claims as headers"),
                ("outputClaimToHeaders", "claims as headers"),
                (
                    "spaceDelimitedClaims",
                    "claims of several words; `has` finds each",
                ),
            ],
            found,
        );
        let node = rule.node.clone();
        rule.end(found);
        let keys = keys.filter(|keys| keys.starts_with("https://") || keys.starts_with("http://"));
        if keys.is_none() {
            found.needed(
                &node,
                &format!("the address of the keys of `{issuer}`, as a config"),
            );
        }
        if audiences.is_empty() {
            found.needed(
                &node,
                &format!("for whom tokens of `{issuer}` must be, as a config"),
            );
        }
        all.push(Tokens {
            node,
            issuer,
            audiences,
            keys,
            gateway: gateway.clone(),
            gateways,
            used: false,
            notes: found.notes(),
        });
    }
    spec.end(found);
    all
}

impl Tokens {
    /// Whether a gateway asks for them.
    pub(crate) fn is_for(&self, key: &str) -> bool {
        self.gateways || self.gateway.as_deref() == Some(key)
    }

    /// As a setting of a gateway; what nobody says becomes a config.
    pub(crate) fn text(&self, gateway: &str, asks: bool, configs: &mut Vec<String>) -> String {
        let mut config = |what: &str, ty: &str| {
            let name = format!("{}_{what}", snake(gateway));
            let line = format!("config {name}: {ty}");
            if !configs.contains(&line) {
                configs.push(line);
            }
            name
        };
        let keys = match &self.keys {
            Some(keys) => quoted(keys),
            None => config("keys", "url"),
        };
        let audience = match self.audiences.as_slice() {
            [] => config("audience", "string"),
            [only] => quoted(only),
            all => format!(
                "[{}]",
                all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ")
            ),
        };
        let optional = if asks { "" } else { ", optional: true" };
        format!(
            "{{ issuer: {}, audience: {audience}, keys: {keys}{optional} }}",
            quoted(&self.issuer)
        )
    }
}
