//! `ReferenceGrant` of Gateway API: routes lead to Services of another namespace only where that lets them.

use super::{
    objects::Object,
    traffic::{Table, Target},
};
use crate::{fields::Fields, found::Found};

/// Which routes of a namespace may lead to Services of another.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    from: Vec<(String, String)>,
    namespace: String,
    /// A Service by its name, or all of them.
    services: Vec<Option<String>>,
}

/// What a `ReferenceGrant` says.
pub(crate) fn read(object: &Object<'_>, found: &mut Found) -> Grant {
    let mut spec = object.spec(found);
    let mut part = |name: &str, field: &str, found: &mut Found| {
        let all = spec.objects(name, found).into_iter();
        let each = all.map(|mut it: Fields<'_>| {
            it.skip(&["group"]);
            let kind = it.text("kind", found).unwrap_or_default();
            let other = it.text(field, found);
            it.end(found);
            (kind, other)
        });
        each.collect::<Vec<_>>()
    };
    let (from, to) = (part("from", "namespace", found), part("to", "name", found));
    spec.end(found);
    let services = to.into_iter().filter(|(kind, _)| kind == "Service");
    Grant {
        from: from
            .into_iter()
            .filter_map(|(kind, it)| Some((kind, it?)))
            .collect(),
        namespace: object.namespace.clone(),
        services: services.map(|(_, name)| name).collect(),
    }
}

/// Leaves out what routes may not lead to.
pub(crate) fn hold(tables: &mut [Table], grants: &[Grant], found: &mut Found) {
    for table in tables.iter_mut().filter(|table| table.specific) {
        let kind = table
            .node
            .get("kind")
            .and_then(crate::node::Node::text)
            .unwrap_or_default();
        let namespace = table.namespace.clone();
        let lets = |to: &Target| {
            let Some((name, other)) = to.host.parts() else {
                return true;
            };
            let granted = |grant: &Grant| {
                let from = grant.from.iter().any(|(of, it)| *of == kind && *it == namespace);
                let services = &grant.services;
                from && grant.namespace == other
                    && services.iter().any(|it| it.as_ref().is_none_or(|it| it == name))
            };
            other == namespace || grants.iter().any(granted)
        };
        for route in &mut table.routes {
            let mut refused = Vec::new();
            route.to.retain(|(to, _)| {
                let kept = lets(to);
                refused.extend((!kept).then(|| to.host.0.clone()));
                kept
            });
            let mirror = route.says.mirror.take_if(|it| !lets(&it.to));
            refused.extend(mirror.map(|it| it.to.host.0));
            for host in refused {
                found.lost(
                    &route.node,
                    &format!("the way to `{host}`, for which there is no ReferenceGrant"),
                );
            }
            route.notes.extend(found.notes());
        }
    }
}
