//! The kind `ServiceSplitter` of Consul, and where the routes of a service lead.
//!
//! A route leads to a service, and a splitter splits all that comes to one. So each split but the last stands at a name of
//! its own, behind which is nothing; the last, that of the route without a condition, at the name that callers call, unless
//! that is the name of one of the parts.

use super::Known;
use flowmesh_ir::{SubsetId, service::Service};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a `ServiceSplitter` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ServiceSplitter {
    pub(super) splits: Vec<Split>,
}

/// So many of a hundred requests go there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Split {
    pub(super) weight: f64,
    pub(super) service: String,
}

/// Where the routes of a service lead, and the splitters on the way there.
#[derive(Default)]
pub(super) struct Ways {
    /// For each route, in order.
    pub(super) to: Vec<String>,
    /// By the names at which they stand.
    pub(super) splitters: BTreeMap<String, ServiceSplitter>,
}

/// The parts of a whole: Consul takes ten thousandths, and together they are all of it.
const WHOLE: u32 = 10_000;

/// The ways of a service.
pub(super) fn ways(service: &Service, own: &Known) -> Option<Ways> {
    let mut ways = Ways::default();
    let last = service.routes.len().saturating_sub(1);
    let free = own.places.iter().all(|place| place.name != own.name);
    // The last one first, so that those before it that say the same lead there.
    let mut numbered: Vec<(usize, &flowmesh_ir::service::Route)> =
        service.routes.iter().enumerate().collect();
    numbered.reverse();
    for (number, route) in numbered {
        let splits = splits(&merged(own, &route.split)?);
        let to = match splits.as_slice() {
            [only] => only.service.clone(),
            _ => {
                let name = match number == last && free {
                    true => own.name.clone(),
                    false => format!("{}-split-{}", own.name, number + 1),
                };
                let splitter = ServiceSplitter { splits };
                let known = ways.splitters.iter().find(|(_, known)| **known == splitter);
                match known {
                    Some((known, _)) => known.clone(),
                    None => {
                        ways.splitters.insert(name.clone(), splitter);
                        name
                    }
                }
            }
        };
        ways.to.insert(0, to);
    }
    Some(ways)
}

/// Which Service gets how much; a splitter names each once.
fn merged(own: &Known, split: &[(SubsetId, u32)]) -> Option<Vec<(String, u32)>> {
    let mut all: Vec<(String, u32)> = Vec::new();
    for (subset, weight) in split.iter().filter(|(_, weight)| *weight > 0) {
        let name = &own.places.get(subset.index())?.name;
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = known.saturating_add(*weight),
            None => all.push((name.clone(), *weight)),
        }
    }
    Some(all)
}

/// Weights as parts of a hundred that add up to a hundred.
fn splits(shares: &[(String, u32)]) -> Vec<Split> {
    let weights: Vec<u32> = shares.iter().map(|(_, weight)| *weight).collect();
    let parts = parts(&weights);
    let one = |((service, _), part): (&(String, u32), u32)| Split {
        weight: f64::from(part) / 100.0,
        service: service.clone(),
    };
    shares.iter().zip(parts).map(one).collect()
}

/// Parts of [`WHOLE`] by the largest remainder.
fn parts(weights: &[u32]) -> Vec<u32> {
    let sum: u64 = weights.iter().copied().map(u64::from).sum();
    let scaled = |weight: &u32| u64::from(*weight) * u64::from(WHOLE);
    let whole = |weight: &u32| scaled(weight).checked_div(sum).unwrap_or_default();
    let mut parts: Vec<u64> = weights.iter().map(whole).collect();
    let left = u64::from(WHOLE).saturating_sub(parts.iter().sum());
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let remainder = |at: &usize| weights.get(*at).map(|weight| scaled(weight).checked_rem(sum));
    order.sort_by_key(|at| std::cmp::Reverse(remainder(at)));
    for at in order.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    parts
        .into_iter()
        .map(|part| u32::try_from(part).unwrap_or(WHOLE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{WHOLE, parts};

    #[test]
    fn parts_are_the_whole_together() {
        for weights in [
            vec![90, 10],
            vec![1, 1, 1],
            vec![1, 2, 4],
            vec![33, 33, 34],
            vec![1; 7],
            vec![1, 1_000_000],
            vec![u32::MAX, 1],
        ] {
            assert_eq!(parts(&weights).iter().sum::<u32>(), WHOLE, "{weights:?}");
        }
        assert_eq!(parts(&[90, 10]), [9_000, 1_000]);
        assert_eq!(parts(&[1, 1, 1]), [3_334, 3_333, 3_333]);
        assert_eq!(parts(&[1, 2, 4]), [1_429, 2_857, 5_714]);
    }
}
