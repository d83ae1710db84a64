//! An `AuthorizationPolicy` as it was read: rules are alternatives; of a rule, `from`, `to` and `when` must all fit; of each
//! list in `from` and `to` one element must; of `when` all.

use super::{
    source::{Source, source},
    target::{Target, target},
};
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::objects::Object,
    node::{Node, Value},
};

/// Who may, or may not, do what at some pods.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) node: Node,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: Vec<(String, String)>,
    /// The Services, and the gateways, that it names instead.
    pub(crate) targets: Option<Targets>,
    pub(crate) allow: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) notes: Vec<String>,
}

/// What a policy is for by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    pub(crate) services: Vec<String>,
    pub(crate) gateways: Vec<String>,
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
    let mut named = spec.objects("targetRefs", found);
    named.extend(spec.object("targetRef", found));
    let named = (!named.is_empty()).then(|| targets(named, &object.namespace, found));
    spec.skip(&["provider"]);
    let mut rules: Vec<Rule> = spec
        .objects("rules", found)
        .into_iter()
        .map(|it| rule(it, found))
        .collect();
    spec.end(found);
    let name = &object.name;
    let allow = match action.as_str() {
        "ALLOW" => true,
        "DENY" => false,
        "CUSTOM" => {
            // Another service would keep some of them out, and it is not known whom.
            let words =
                format!("whom the AuthorizationPolicy `{name}` asks another service about is kept out");
            found.part(object.node, &words);
            rules.iter_mut().for_each(|rule| rule.when.push(None));
            false
        }
        other => {
            let words = format!("the AuthorizationPolicy `{name}` with the action {other}");
            found.lost(object.node, &words);
            return None;
        }
    };
    Some(Policy {
        node: object.node.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        labels: labels.unwrap_or_default(),
        targets: named,
        allow,
        rules,
        notes: found.notes(),
    })
}

/// What a policy is for by name.
fn targets(all: Vec<Fields<'_>>, namespace: &str, found: &mut Found) -> Targets {
    let mut targets = Targets::default();
    for mut it in all {
        it.skip(&["group"]);
        let name = it.text("name", found).unwrap_or_default();
        match it.text("kind", found).as_deref() {
            Some("Service") => targets.services.push(name),
            Some("Gateway") => targets.gateways.push(format!("{namespace}/{name}")),
            kind => found.lost(it.node, &format!("a rule for a {}", kind.unwrap_or("target"))),
        }
        it.end(found);
    }
    targets
}

/// One alternative. A part that is not known, or that is not there where it must be, may ask for anything.
fn rule(mut fields: Fields<'_>, found: &mut Found) -> Rule {
    let mut whole = fields.node.value != Value::Null;
    let mut from = Vec::new();
    for mut it in fields.objects("from", found) {
        let source = it.object("source", found).map(|it| source(it, found));
        whole &= source.is_some() && it.is_whole();
        from.extend(source);
        it.end(found);
    }
    let mut to = Vec::new();
    for mut it in fields.objects("to", found) {
        let target = it.object("operation", found).map(|it| target(it, found));
        whole &= target.is_some() && it.is_whole();
        to.extend(target);
        it.end(found);
    }
    let mut when: Vec<Option<String>> = fields
        .objects("when", found)
        .into_iter()
        .map(|it| super::source::condition(it, found))
        .collect();
    if !whole || !fields.is_whole() {
        when.push(None);
    }
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
