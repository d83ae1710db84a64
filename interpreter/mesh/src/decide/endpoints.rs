//! The endpoints of a subset: those that stay when names are resolved anew keep their state and their connections.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

/// Something to connect to, as a name or an address led to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Where.
    pub address: SocketAddr,
    /// Where else, if nobody listens there.
    pub otherwise: Option<SocketAddr>,
    /// What the header `Host` says.
    pub host: Arc<str>,
    /// Lower ones are used before higher ones.
    pub priority: u16,
    /// How often it is drawn, beside the others of its priority: SRV's weight in hundredths.
    pub weight: u32,
}

/// An endpoint and how it ranks at present.
#[derive(Debug)]
pub struct Member<T> {
    /// The endpoint.
    pub endpoint: Arc<T>,
    /// Lower ones are used before higher ones.
    pub priority: u16,
    /// How often it is drawn, beside the others of its priority.
    pub weight: u32,
    /// Which of the subset's addresses led to it.
    pub source: usize,
}

/// What is known of the endpoints of a subset, by the address in the program and by what it led to.
#[derive(Debug)]
pub struct Endpoints<T> {
    known: BTreeMap<Key, Member<T>>,
}

/// Which of the subset's addresses, where to, where else, and under which name.
type Key = (usize, SocketAddr, Option<SocketAddr>, Arc<str>);

impl<T> Default for Endpoints<T> {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
        }
    }
}

impl<T> Endpoints<T> {
    /// The address with this number led to these targets: those it does not name are forgotten, new ones are made,
    /// the others stay as they are. No target at all changes nothing, so that the last good answer is kept.
    pub fn update(&mut self, source: usize, targets: &[Target], make: impl Fn(&Target) -> T) {
        if targets.is_empty() {
            return;
        }
        let named = |key: &Key| {
            targets
                .iter()
                .any(|target| (target.address, target.otherwise, &target.host) == (key.1, key.2, &key.3))
        };
        self.known.retain(|key, _| key.0 != source || named(key));
        for target in targets {
            let member = self
                .known
                .entry((source, target.address, target.otherwise, target.host.clone()))
                .or_insert_with(|| Member {
                    endpoint: Arc::new(make(target)),
                    priority: target.priority,
                    weight: target.weight,
                    source,
                });
            member.priority = target.priority;
            member.weight = target.weight;
        }
    }

    /// All of them, in a stable order: those of one address beside each other.
    #[must_use]
    pub fn members(&self) -> Vec<Member<T>> {
        self.known.values().cloned().collect()
    }
}

impl<T> Member<T> {
    /// Whether it is the same endpoint, and ranks the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.endpoint, &other.endpoint)
            && (self.priority, self.weight, self.source) == (other.priority, other.weight, other.source)
    }
}

impl<T> Clone for Member<T> {
    fn clone(&self) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(port: u16, priority: u16) -> Target {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Target {
            address,
            otherwise: None,
            host: "shop".into(),
            priority,
            weight: 1,
        }
    }

    fn ports(endpoints: &Endpoints<u16>) -> Vec<u16> {
        endpoints
            .members()
            .iter()
            .map(|member| *member.endpoint)
            .collect()
    }

    #[test]
    fn those_that_stay_keep_their_state() {
        let mut endpoints = Endpoints::default();
        endpoints.update(0, &[target(1, 0), target(2, 0)], |target| target.address.port());
        endpoints.update(0, &[target(2, 0), target(3, 0)], |_| 99);
        assert_eq!(ports(&endpoints), [2, 99]);
    }

    #[test]
    fn a_new_rank_is_taken_over() {
        let mut endpoints = Endpoints::default();
        endpoints.update(0, &[target(1, 0)], |_| 1);
        endpoints.update(0, &[target(1, 7)], |_| 2);
        assert_eq!(endpoints.members()[0].priority, 7);
        assert_eq!(ports(&endpoints), [1]);
    }

    #[test]
    fn one_address_does_not_touch_what_another_led_to() {
        let mut endpoints = Endpoints::default();
        endpoints.update(0, &[target(1, 0)], |_| 1);
        endpoints.update(1, &[target(2, 0)], |_| 2);
        endpoints.update(1, &[target(3, 0)], |_| 3);
        assert_eq!(ports(&endpoints), [1, 3]);
    }

    #[test]
    fn an_empty_answer_keeps_the_last_good_one() {
        let mut endpoints = Endpoints::default();
        endpoints.update(0, &[target(1, 0)], |_| 1);
        endpoints.update(0, &[], |_| 2);
        assert_eq!(ports(&endpoints), [1]);
    }
}
