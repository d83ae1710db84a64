//! One look at a server.

use crate::{client::Client, error::Error};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, time::Instant};

/// The runs of one look.
const RUNS: usize = 200;

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    pub(super) flows: Vec<Flow>,
    pub(super) runs: Vec<Value>,
    /// How the server itself does, where whoever looks may see it.
    pub(super) server: Option<Server>,
}

/// A flow, and how many runs it has in each state.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Flow {
    pub(super) name: String,
    #[serde(default)]
    pub(super) runs: BTreeMap<String, u64>,
}

/// How a server does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Server {
    pub(super) up_seconds: u64,
    pub(super) full: bool,
    pub(super) events: u64,
    pub(super) calls_open: u64,
    pub(super) calls: Spread,
    pub(super) commits: Spread,
    pub(super) timers: u64,
    pub(super) timers_behind_seconds: f64,
    pub(super) index_behind: u64,
    pub(super) store_bytes: u64,
    pub(super) connections: u64,
    pub(super) queues: BTreeMap<String, u64>,
}

/// How often something took how long.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spread {
    pub(super) count: u64,
    pub(super) within: Vec<(f64, u64)>,
}

impl Sample {
    pub(super) async fn take(client: &Client, state: Option<&str>) -> Result<Self, Error> {
        let of_state = state.map(|state| format!("&state={}", crate::client::encode(state)));
        let path = format!("/v1/runs?limit={RUNS}{}", of_state.unwrap_or_default());
        let (flows, runs, server) = tokio::join!(
            client.send(Method::GET, "/v1/flows", None),
            client.send(Method::GET, &path, None),
            client.send(Method::GET, "/v1/server", None),
        );
        let (mut flows, mut runs) = (flows?, runs?);
        let flows = flows.get_mut("flows").map(Value::take).unwrap_or_default();
        let runs = runs.get_mut("runs").map(Value::take).unwrap_or_default();
        let server = match server {
            Ok(server) => serde_json::from_value(server).ok(),
            // Not everybody may, and an older server has none.
            Err(Error::ServerSaid { .. }) => None,
            Err(lost) => return Err(lost),
        };
        Ok(Self {
            at: Instant::now(),
            flows: serde_json::from_value(flows).unwrap_or_default(),
            runs: serde_json::from_value(runs).unwrap_or_default(),
            server,
        })
    }
}

impl Spread {
    /// What happened since an earlier look.
    pub(super) fn since(&self, before: &Self) -> Self {
        let earlier: BTreeMap<u64, u64> = before
            .within
            .iter()
            .map(|(bound, count)| (bound.to_bits(), *count))
            .collect();
        let within = self.within.iter().map(|(bound, count)| {
            let earlier = earlier.get(&bound.to_bits()).copied().unwrap_or_default();
            (*bound, count.saturating_sub(earlier))
        });
        Self {
            count: self.count.saturating_sub(before.count),
            within: within.collect(),
        }
    }

    /// The least bound, in seconds, that so large a part did not exceed; `None` where all are exceeded or there is
    /// nothing.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of one interval are small")]
        let wanted = self.count as f64 * part;
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let enough = |count: u64| count > 0 && count as f64 >= wanted;
        let found = self.within.iter().find(|(_, count)| enough(*count));
        found.map(|(bound, _)| *bound).filter(|_| self.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_that_of_what_happened_since() {
        let before = Spread {
            count: 10,
            within: vec![(0.001, 10), (0.01, 10)],
        };
        let now = Spread {
            count: 110,
            within: vec![(0.001, 60), (0.01, 109)],
        };
        let since = now.since(&before);
        assert_eq!(
            (since.quantile(0.5), since.quantile(0.99)),
            (Some(0.001), Some(0.01))
        );
        assert_eq!(since.quantile(1.0), None);
        assert_eq!(Spread::default().quantile(0.5), None);
    }
}
