//! The tables of routes that are bound to a gateway.

use super::Front;
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{http_route, traffic::Table},
};

/// Whose routes a gateway admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Admits {
    /// Those of its own namespace.
    Same,
    /// Those of all that name it.
    All,
}

impl Admits {
    /// What `allowedRoutes` of a listener says.
    pub(super) fn of(mut fields: Fields<'_>, found: &mut Found) -> Self {
        fields.skip(&["kinds"]);
        let namespaces = fields.object("namespaces", found);
        fields.end(found);
        let Some(mut namespaces) = namespaces else {
            return Self::Same;
        };
        let from = namespaces.text("from", found);
        namespaces.skip(&["selector"]);
        let node = namespaces.node;
        namespaces.end(found);
        match from.as_deref() {
            Some("All") => Self::All,
            Some("Selector") => {
                found.part(
                    node,
                    "routes of all namespaces are taken, and not of those with some labels",
                );
                Self::All
            }
            _ => Self::Same,
        }
    }
}

/// The tables of a gateway. Those of Gateway API for the same hosts are one, in which the most specific match goes first.
pub(super) fn tables(front: &mut Front, all: &[Table], found: &mut Found) -> Vec<Table> {
    let mut bound: Vec<Table> = Vec::new();
    for table in all.iter().filter(|table| table.gateways.contains(&front.key)) {
        let own = front.key.split('/').next() == Some(table.namespace.as_str());
        if table.specific && !own && front.admits == Admits::Same {
            let words = format!(
                "the routes of `{}`, since the gateway `{}` takes those of its own namespace only",
                table.name, front.key
            );
            found.lost(&table.node, &words);
            front.notes.extend(found.notes());
            continue;
        }
        for table in apart(table, all, &front.key) {
            let same = |known: &&mut Table| known.specific && table.specific && known.hosts == table.hosts;
            match bound.iter_mut().find(same) {
                None => bound.push(table),
                Some(known) => {
                    known.routes.extend(table.routes);
                    known.notes.extend(table.notes);
                    http_route::order(&mut known.routes);
                }
            }
        }
    }
    bound
}

/// A table, or one for each of its hosts where others are for some of them.
fn apart(table: &Table, all: &[Table], gateway: &String) -> Vec<Table> {
    let shares = |other: &Table| {
        let bound = other.specific && other.gateways.contains(gateway) && other.hosts != table.hosts;
        bound && other.hosts.iter().any(|host| table.hosts.contains(host))
    };
    if !table.specific || table.hosts.len() < 2 || !all.iter().any(shares) {
        return vec![table.clone()];
    }
    let one = |host: &String| Table {
        hosts: vec![host.clone()],
        ..table.clone()
    };
    table.hosts.iter().map(one).collect()
}
