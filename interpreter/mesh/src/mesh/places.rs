//! Where the calls to a subset go: to addresses that stand, or to those that each call fills.

use crate::{
    clock::Clock,
    decide::{guard::Said, tally::Seen, template::Template},
    error::MeshError,
    gauge::Tally,
    tls::client::Safety,
    wire::{
        health::Check,
        subset::{Standing, Subset},
    },
};
use flowmesh_ir::{Name, locality::Zone, service};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Where the calls to a subset go.
pub(crate) enum Places {
    /// All to the same addresses.
    Fixed(Arc<Subset>, Arc<Tally>),
    /// Each to the addresses that it fills.
    Filled(Filled),
}

/// Addresses that calls fill. What was filled is found on first use and known from then on, but no more than so many at a
/// time: a stranger may choose what a call gives.
pub(crate) struct Filled {
    name: Name,
    templates: Vec<Template>,
    places: Standing,
    shared: Shared,
    /// The attempts at all that was ever filled.
    tally: Arc<Tally>,
    known: Mutex<Known>,
}

/// What the subsets of a service have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The time.
    pub(crate) clock: Clock,
    /// How many places are known at a time where calls fill them.
    pub(crate) most: usize,
    /// How connections are made safe.
    pub(crate) safety: Safety,
    /// How endpoints are asked how they are, if they are.
    pub(crate) check: Option<Arc<Check>>,
    /// Where we are, if somebody says it.
    pub(crate) zone: Option<Zone>,
}

#[derive(Default)]
struct Known {
    /// What was given, when it was last used, and where that is.
    subsets: BTreeMap<Vec<String>, (u64, Arc<Subset>)>,
    /// How often one was looked for.
    turn: u64,
}

impl Places {
    /// Checks the addresses of a subset.
    pub(super) fn new(
        service: &Name,
        declared: &service::Subset,
        templates: &[Template],
        shared: &Shared,
    ) -> Result<Self, MeshError> {
        let subset = &declared.name;
        if templates.is_empty() {
            return Err(MeshError::NoAddress {
                service: service.clone(),
                subset: subset.clone(),
            });
        }
        for template in templates {
            template.check().map_err(|why| MeshError::BadAddress {
                service: service.clone(),
                subset: subset.clone(),
                text: template.text(),
                why,
            })?;
        }
        let filled = Filled {
            name: subset.clone(),
            templates: templates.to_vec(),
            places: Standing::new(&declared.zones, shared.zone.as_ref()),
            shared: shared.clone(),
            tally: Arc::default(),
            known: Mutex::default(),
        };
        if !templates.iter().all(Template::is_fixed) {
            return Ok(Self::Filled(filled));
        }
        filled
            .make(&[])
            .map(|subset| Self::Fixed(subset, filled.tally.clone()))
            .map_err(|_| MeshError::NoAddress {
                service: service.clone(),
                subset: subset.clone(),
            })
    }

    /// Nowhere: for services that nobody reaches by an address.
    pub(super) fn nowhere(subset: &Name, clock: Clock) -> Self {
        let tally = Arc::<Tally>::default();
        let parts = (None, Safety::default(), tally.clone());
        let nothing = (Vec::new(), Said::Written, Standing::default());
        let subset = Subset::new(subset.clone(), nothing, clock, parts);
        Self::Fixed(Arc::new(subset), tally)
    }

    /// Those that are known, and what was measured of all there ever were.
    pub(crate) fn known(&self) -> (Vec<Arc<Subset>>, &Tally) {
        match self {
            Self::Fixed(subset, tally) => (vec![subset.clone()], tally),
            Self::Filled(filled) => (filled.known(), &filled.tally),
        }
    }

    /// How it did within the last time, over all places that are known.
    pub(crate) fn seen(&self, last: Duration) -> Seen {
        let filled = match self {
            Self::Fixed(subset, _) => return subset.seen(last),
            Self::Filled(filled) => filled,
        };
        let known = filled.known.lock().unwrap_or_else(PoisonError::into_inner);
        let all = known.subsets.values().map(|(_, subset)| subset.seen(last));
        all.fold(Seen::default(), Seen::and)
    }

    /// Where a call goes that gives this, or why it cannot go there.
    pub(crate) fn of(&self, given: &[String]) -> Result<Arc<Subset>, String> {
        match self {
            Self::Fixed(subset, _) => Ok(subset.clone()),
            Self::Filled(filled) => filled.of(given),
        }
    }
}

impl Filled {
    fn known(&self) -> Vec<Arc<Subset>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.subsets.values().map(|(_, subset)| subset.clone()).collect()
    }

    fn of(&self, given: &[String]) -> Result<Arc<Subset>, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.turn = known.turn.saturating_add(1);
        let turn = known.turn;
        if let Some((used, subset)) = known.subsets.get_mut(given) {
            *used = turn;
            return Ok(subset.clone());
        }
        let subset = self.make(given)?;
        while known.subsets.len() >= self.shared.most.max(1) {
            let oldest = known.subsets.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(given, _)| given.clone()) else {
                break;
            };
            // A call that is on its way there keeps it until it ends.
            known.subsets.remove(&oldest);
        }
        known.subsets.insert(given.to_vec(), (turn, subset.clone()));
        Ok(subset)
    }

    fn make(&self, given: &[String]) -> Result<Arc<Subset>, String> {
        let addresses = self.templates.iter().map(|template| template.fill(given));
        let addresses = addresses.collect::<Result<Vec<_>, _>>();
        let addresses = addresses.map_err(|why| format!("the call goes to no address: {why}"))?;
        // One that a call chooses is enough: it may be the one that is called.
        let given = self
            .templates
            .iter()
            .any(|template| template.said() == Said::Given);
        let said = if given { Said::Given } else { Said::Written };
        let Shared {
            clock, check, safety, ..
        } = self.shared.clone();
        Ok(Arc::new(Subset::new(
            self.name.clone(),
            (addresses, said, self.places.clone()),
            clock,
            (check, safety, self.tally.clone()),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, Places, Safety, Shared, service};
    use crate::{
        clock::Clock,
        decide::template::{Template, Text},
    };
    use std::sync::Arc;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let template = Template::new(vec![
            Text::Fixed("http://".to_owned()),
            Text::Param(0),
            Text::Fixed(".localhost:1".to_owned()),
        ]);
        let subset = service::Subset {
            name: Name::default(),
            addresses: Vec::new(),
            zones: Vec::new(),
        };
        let shared = Shared {
            clock: Clock::start(),
            most: 2,
            check: None,
            zone: None,
            safety: Safety::default(),
        };
        let Ok(places) = Places::new(&Name::default(), &subset, &[template], &shared) else {
            panic!("an address that calls fill");
        };
        let of = |given: &str| places.of(&[given.to_owned()]).unwrap();
        let (a, b) = (of("a"), of("b"));
        assert!(Arc::ptr_eq(&a, &of("a")));
        of("c");
        assert!(Arc::ptr_eq(&a, &of("a")));
        assert!(!Arc::ptr_eq(&b, &of("b")));
        assert!(places.of(&["a..b".to_owned()]).is_err());
    }
}
