//! An `AuthorizationPolicy` as it was read: rules are alternatives; of a rule, `from`, `to` and `when` must all fit; of each
//! list in `from` and `to` one element must; of `when` all.

use super::{
    source::{Source, source},
    target::{Target, target},
};
use crate::{fields::Fields, found::Found, kubernetes::objects::Object, node::Node};

/// Who may, or may not, do what at some pods.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) node: Node,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: Vec<(String, String)>,
    /// The Services, and the gateways, that it names instead.
    pub(crate) services: Vec<String>,
    pub(crate) gateways: Vec<String>,
    pub(crate) allow: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) notes: Vec<String>,
}

/// One alternative of a policy.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) node: Node,
    /// Any of these; none is anyone.
    pub(crate) from: Vec<Source>,
    /// Any of these; none is everything.
    pub(crate) to: Vec<Target>,
    /// All of these.
    pub(crate) when: Vec<Option<String>>,
    pub(crate) notes: Vec<String>,
}

/// What a policy says; nothing where it neither allows nor denies.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Option<Policy> {
    let mut spec = object.spec(found);
    let action = spec.text("action", found).unwrap_or_else(|| "ALLOW".to_owned());
    let labels = spec.object("selector", found).map(|mut it| {
        let labels = it.pairs("matchLabels", found);
        it.end(found);
        labels
    });
    let (mut services, mut gateways) = (Vec::new(), Vec::new());
    for mut it in spec
        .items("targetRefs")
        .iter()
        .chain(spec.take("targetRef"))
        .map(|node| Fields::of(node, "targetRefs", &mut Found::default()))
        .collect::<Vec<_>>()
    {
        it.skip(&["group"]);
        let name = it.text("name", found).unwrap_or_default();
        match it.text("kind", found).as_deref() {
            Some("Service") => services.push(name),
            Some("Gateway") => gateways.push(format!("{}/{name}", object.namespace)),
            kind => found.lost(it.node, &format!("a rule for a {}", kind.unwrap_or("target"))),
        }
        it.end(found);
    }
    spec.skip(&["provider"]);
    let rules = spec
        .objects("rules", found)
        .into_iter()
        .map(|it| rule(it, found))
        .collect();
    spec.end(found);
    let allow = match action.as_str() {
        "ALLOW" => true,
        "DENY" => false,
        other => {
            found.lost(
                object.node,
                &format!(
                    "the AuthorizationPolicy `{}` with the action {other}",
                    object.name
                ),
            );
            return None;
        }
    };
    Some(Policy {
        node: object.node.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        labels: labels.unwrap_or_default(),
        services,
        gateways,
        allow,
        rules,
        notes: found.notes(),
    })
}

fn rule(mut fields: Fields<'_>, found: &mut Found) -> Rule {
    let mut from = Vec::new();
    for mut it in fields.objects("from", found) {
        from.extend(it.object("source", found).map(|it| source(it, found)));
        it.end(found);
    }
    let mut to = Vec::new();
    for mut it in fields.objects("to", found) {
        to.extend(it.object("operation", found).map(|it| target(it, found)));
        it.end(found);
    }
    let when = fields
        .objects("when", found)
        .into_iter()
        .map(|it| super::source::condition(it, found))
        .collect();
    let node = fields.node.clone();
    fields.end(found);
    Rule {
        node,
        from,
        to,
        when,
        notes: found.notes(),
    }
}
