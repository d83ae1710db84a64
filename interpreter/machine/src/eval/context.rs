//! What the surroundings of an expression give: the time, chance, the run, a reply, a request.

use flowmesh_ir::{SecretId, Value, expr};
use flowmesh_stdlib::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use uuid::{Builder, Uuid};

/// What the surroundings of an expression give.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// What `now()` is.
    pub now: Timestamp,
    /// Where `random()` and `uuid()` come from.
    pub draws: Draws,
    /// What `run` is, inside a run.
    pub run: Option<RunContext>,
    /// What `reply` is, in the arguments of `on STATUS: Error(...)`.
    pub reply: Option<Value>,
    /// What `request` is, in the conditions of routes.
    pub request: Option<Value>,
    /// What `caller` is, in the texts of limits and at a gateway. A run has none.
    #[serde(skip)]
    pub caller: Option<Value>,
    /// What `scheduled` is, in the arguments of a schedule.
    pub scheduled: Option<Value>,
    /// The values of secrets, where a request is sent. A run has none.
    #[serde(skip)]
    pub secrets: Secrets,
}

/// Values of secrets, which nothing prints.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Arc<[Option<Arc<str>>]>);

/// What an expression can know of its run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunContext {
    /// Its identifier.
    pub id: Uuid,
    /// When it began.
    pub started: Timestamp,
    /// The key it was started with.
    pub key: Option<Arc<str>>,
}

/// Numbers that look like chance and follow from a seed: the same seed gives the same numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number. SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number from 0 up to 1, with all the 53 bits that a float holds.
    pub fn next_unit(&mut self) -> f64 {
        let bits = u32::try_from(self.next_u64() >> 37).unwrap_or_default();
        let more = u32::try_from(self.next_u64() >> 38).unwrap_or_default();
        (f64::from(bits) * f64::from(1u32 << 26) + f64::from(more))
            / f64::from(1u32 << 26)
            / f64::from(1u32 << 27)
    }

    /// The next identifier: a random UUID (version 4).
    pub fn next_uuid(&mut self) -> Uuid {
        let (high, low) = (u128::from(self.next_u64()), u128::from(self.next_u64()));
        Builder::from_random_bytes(((high << 64) | low).to_be_bytes()).into_uuid()
    }
}

impl Secrets {
    /// The values by the numbers of the secrets.
    #[must_use]
    pub fn new(values: Vec<Option<Arc<str>>>) -> Self {
        Self(values.into())
    }

    pub(super) fn value(&self, id: SecretId) -> Result<Value, Fault> {
        let value = self.0.get(id.index()).cloned().flatten();
        value.map(Value::String).ok_or_else(|| absent("secret"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Context {
    pub(super) fn value(&mut self, what: expr::Context) -> Result<Value, Fault> {
        match what {
            expr::Context::Now => Ok(Value::Time(self.now)),
            expr::Context::Random => Ok(Value::Float(self.draws.next_unit())),
            expr::Context::Uuid => Ok(Value::string(&self.draws.next_uuid().to_string())),
            expr::Context::RunId => Ok(Value::string(&self.run()?.id.to_string())),
            expr::Context::RunStarted => Ok(Value::Time(self.run()?.started)),
            expr::Context::RunKey => Ok(self.run()?.key.clone().map_or(Value::None, Value::String)),
            expr::Context::Reply => self.reply.clone().ok_or_else(|| absent("reply")),
            expr::Context::Request => self.request.clone().ok_or_else(|| absent("request")),
            expr::Context::Caller => self.caller.clone().ok_or_else(|| absent("caller")),
            expr::Context::Scheduled => self.scheduled.clone().ok_or_else(|| absent("scheduled")),
        }
    }

    fn run(&self) -> Result<&RunContext, Fault> {
        self.run.as_ref().ok_or_else(|| absent("run"))
    }
}

fn absent(what: &str) -> Fault {
    Fault::BadValue(format!("there is no `{what}` here"))
}

#[cfg(test)]
mod tests {
    use super::Draws;

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let mut draws = Draws::new(seed);
            (draws.next_u64(), draws.next_uuid(), draws.next_unit())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7).0, draw(8).0);
        // The first number of SplitMix64 for the seed 0, from the reference implementation.
        assert_eq!(draw(0).0, 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn a_unit_stays_below_one() {
        let mut draws = Draws::new(1);
        assert!(
            (0..10_000)
                .map(|_| draws.next_unit())
                .all(|unit| (0.0..1.0).contains(&unit))
        );
    }
}
