//! Who may, as Linkerd knows callers: by ServiceAccounts, and by identities that are made from them.

use crate::{address::ServicePort, linkerd::Known};
use flowmesh_ir::{Program, ServiceId, access::Who};
use std::collections::BTreeSet;

/// Who flowmesh is, in the namespace of those it calls: its flows, and its gateways.
const FLOWMESH: &str = "flowmesh";

/// Somebody who may.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    /// Anyone at all.
    Anyone,
    /// A ServiceAccount of the cluster.
    Account { namespace: String, name: String },
    /// An identity; `*.` at its beginning stands for anything.
    Identity(String),
}

/// All who may.
pub(super) type Callers = BTreeSet<Caller>;

/// Whom a program lets call a service of its.
pub(super) struct Book<'a> {
    pub(super) program: &'a Program,
    pub(super) known: &'a [Option<Known>],
    /// Where what is called stands.
    pub(super) places: &'a [ServicePort],
}

impl Book<'_> {
    /// Those who are allowed, without those who are denied.
    ///
    /// # Errors
    /// Why Linkerd cannot tell the two apart.
    pub(super) fn may(&self, allowed: &[&Who], denied: &[&Who]) -> Result<Callers, &'static str> {
        if denied.contains(&&Who::Anyone) || allowed.is_empty() {
            return Ok(Callers::new());
        }
        if allowed.contains(&&Who::Anyone) {
            return match denied {
                [] => Ok([Caller::Anyone].into()),
                _ => Err("where anyone may come in, nobody is kept out there"),
            };
        }
        let callers = |all: &[&Who]| -> Result<Callers, &'static str> {
            let each = all.iter().map(|who| self.callers(who));
            each.collect::<Result<Vec<_>, _>>()
                .map(|all| all.into_iter().flatten().collect())
        };
        // Which of its flows may is known to flowmesh itself: to others they are one.
        let own = |who: &&&Who| matches!(who, Who::Flow(_) | Who::Gateway(_));
        let denied_here: Vec<&Who> = denied.iter().filter(|who| !own(who)).copied().collect();
        let may: Vec<&Who> = allowed
            .iter()
            .filter(|who| !denied.contains(who))
            .copied()
            .collect();
        let (mut may, may_not) = (callers(&may)?, callers(&denied_here)?);
        may.retain(|one| !may_not.iter().any(|other| self.covers(other, one)));
        let between = may
            .iter()
            .any(|one| may_not.iter().any(|other| self.covers(one, other)));
        match between {
            true => Err("of those whom a `*` stands for, all or none may come in"),
            false => Ok(may),
        }
    }

    /// Who that is.
    fn callers(&self, who: &Who) -> Result<Callers, &'static str> {
        match who {
            Who::Anyone => Ok([Caller::Anyone].into()),
            Who::Flow(_) | Who::Gateway(_) => {
                let namespaces = self.places.iter().map(|place| place.namespace.clone());
                let account = |namespace| Caller::Account {
                    namespace,
                    name: FLOWMESH.to_owned(),
                };
                Ok(namespaces.map(account).collect())
            }
            Who::Service(id) => self.service(*id),
            Who::Identity(text) => Ok([Caller::Identity(identity(text)?)].into()),
        }
    }

    /// The identity that the program says of a service, or the ServiceAccounts that have the names of its Services.
    fn service(&self, id: ServiceId) -> Result<Callers, &'static str> {
        let service = self.program.service(id);
        let policy = service.and_then(|service| self.program.policy(service.policy));
        let said = policy.and_then(|policy| policy.tls.as_ref()?.identity.as_deref());
        if let Some(said) = said {
            return Ok([Caller::Identity(identity(said)?)].into());
        }
        let known = self.known.get(id.index()).and_then(Option::as_ref);
        let known = known.ok_or("who calls is no Service of the cluster")?;
        let account = |place: &ServicePort| Caller::Account {
            namespace: place.namespace.clone(),
            name: place.name.clone(),
        };
        Ok(known.places.iter().map(account).collect())
    }

    /// Whether all that one is, the other is too.
    fn covers(&self, one: &Caller, other: &Caller) -> bool {
        let (Some(one), Some(other)) = (self.text(one), self.text(other)) else {
            return *one == Caller::Anyone;
        };
        match one.strip_prefix('*') {
            Some(end) => other.ends_with(end),
            None => one == other,
        }
    }

    /// The identity of a caller, which Linkerd makes from a ServiceAccount.
    fn text(&self, caller: &Caller) -> Option<String> {
        match caller {
            Caller::Anyone => None,
            Caller::Identity(text) => Some(text.clone()),
            Caller::Account { namespace, name } => {
                let domain = self.places.first().map(|place| place.domain.as_str());
                Some(named(name, namespace, domain.unwrap_or_default()))
            }
        }
    }
}

/// What Linkerd calls a ServiceAccount, where its own namespace is `linkerd`.
fn named(name: &str, namespace: &str, domain: &str) -> String {
    format!("{name}.{namespace}.{ACCOUNTS}.{domain}")
}

const ACCOUNTS: &str = "serviceaccount.identity.linkerd";

/// An identity of SPIFFE as Linkerd has it: that of a workload outside of the cluster is as it is.
fn identity(text: &str) -> Result<String, &'static str> {
    let inside = text.strip_prefix("spiffe://");
    let inside = inside.ok_or("it knows nobody by other identities than those of SPIFFE")?;
    let parts: Vec<&str> = inside.split('/').collect();
    let found = match parts.as_slice() {
        [domain, "ns", "*"] => format!("*.{ACCOUNTS}.{domain}"),
        [domain, "ns", namespace, "sa", name] => named(name, namespace, domain),
        _ => text.to_owned(),
    };
    let rest = found.strip_prefix("*.").unwrap_or(&found);
    match rest.contains('*') {
        true => Err("a `*` in an identity stands for all ServiceAccounts, or all of a namespace"),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn identities_are_those_that_linkerd_makes() {
        let is = |text: &str| identity(text).ok();
        let account = |text: &str| Some(format!("{text}.serviceaccount.identity.linkerd.cluster.local"));
        assert_eq!(is("spiffe://cluster.local/ns/shop/sa/web"), account("web.shop"));
        assert_eq!(is("spiffe://cluster.local/ns/shop/sa/*"), account("*.shop"));
        assert_eq!(is("spiffe://cluster.local/ns/*"), account("*"));
        let outside = "spiffe://root.linkerd.cluster.local/till";
        assert_eq!(is(outside).as_deref(), Some(outside));
        for text in [
            "web",
            "spiffe://*",
            "spiffe://cluster.local/*",
            "spiffe://cluster.local/ns/shop/sa/web*",
            "spiffe://cluster.local/ns/shop/*",
            "spiffe://cluster.local/ns/*/sa/web",
        ] {
            assert_eq!(is(text), None, "{text}");
        }
    }
}
