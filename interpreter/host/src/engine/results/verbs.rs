//! What people ask of recorded results: to see them, and to have some forgotten.

use super::Results;
use crate::{
    RunId,
    engine::{Engine, Ticket, batch::Deferred, output, query::Query},
    store::{KeptResult, Record, ResultKey, Voided},
};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Cached;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{ops::Bound, sync::Arc};

/// What a record of a forgotten result takes in a batch beside its texts, about.
const VOIDED_BYTES: usize = 96;

/// Which results are meant: those of which all that is said is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultFilter {
    of: Option<String>,
    key: Option<String>,
}

/// Something that somebody wants of results.
#[derive(Clone, Debug)]
pub enum ResultCommand {
    /// See those that may still be reused behind a place, at most so many.
    List(ResultFilter, Option<ResultPlace>, usize),
    /// Let them be reused no more.
    Forget(ResultFilter),
}

/// Where one page of results ends and the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultPlace(String, String, String);

/// A result that may still be reused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResultView {
    /// What was called: an operation, or a flow.
    pub of: String,
    /// The key of the call; its hash where it is long.
    pub key: String,
    /// The run whose call gave it.
    pub run: RunId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Until when it is reused at the longest.
    pub until: Timestamp,
    /// How many bytes it has, as JSON.
    pub bytes: usize,
}

/// Some results, by what was called and the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResultPage {
    /// How many there are on all pages.
    pub count: usize,
    /// Those of this page.
    pub results: Vec<ResultView>,
    /// With which the next page is asked for, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl ResultPlace {
    /// The place that a page says.
    ///
    /// # Errors
    /// If it says none.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected the cursor of a page, found `{text}`");
        let place: Self = serde_json::from_str(text).map_err(|_| wrong())?;
        place.1.parse::<Hash>().map_err(|_| wrong()).map(|_| place)
    }

    fn of(key: &ResultKey) -> Option<String> {
        let Cached { of, version, key } = &key.cached;
        serde_json::to_string(&Self(of.clone(), version.to_string(), key.clone())).ok()
    }

    fn key(self, namespace: &Name) -> Option<ResultKey> {
        Some(ResultKey {
            namespace: namespace.clone(),
            cached: Cached {
                of: self.0,
                version: self.1.parse().ok()?,
                key: self.2,
            },
        })
    }
}

impl ResultFilter {
    /// Those of what was called so, with this key of the call, as that is or as it is kept.
    #[must_use]
    pub fn new(of: Option<String>, key: Option<String>) -> Self {
        let key = key.map(Cached::kept_as);
        Self { of, key }
    }

    fn wants(&self, cached: &Cached) -> bool {
        let same = |wanted: &Option<String>, is: &String| wanted.as_ref().is_none_or(|wanted| wanted == is);
        same(&self.of, &cached.of) && same(&self.key, &cached.key)
    }
}

impl Results {
    /// A result was forgotten, now or when the journal is read again.
    pub(in crate::engine) fn void(&mut self, voided: Voided) {
        let (key, kept) = voided.into();
        self.insert(Arc::new(key), kept);
    }

    /// Those of a namespace that somebody means, in their order.
    fn wanted<'r>(
        &'r self,
        (namespace, filter): (&'r Name, &'r ResultFilter),
        behind: Option<ResultKey>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'r Arc<ResultKey>, &'r KeptResult)> {
        let least = ResultKey {
            namespace: namespace.clone(),
            ..ResultKey::least()
        };
        let from = behind.map_or(Bound::Included(Arc::new(least)), |key| {
            Bound::Excluded(Arc::new(key))
        });
        let of = self.all.range((from, Bound::Unbounded));
        of.take_while(move |(key, _)| key.namespace == *namespace)
            .filter(move |(key, kept)| !kept.is_void() && kept.until > now && filter.wants(&key.cached))
    }

    fn page(
        &self,
        of: (&Name, &ResultFilter),
        behind: Option<ResultPlace>,
        limit: usize,
        now: Timestamp,
    ) -> ResultPage {
        let behind = behind.and_then(|place| place.key(of.0));
        let mut some: Vec<_> = self
            .wanted(of, behind, now)
            .take(limit.saturating_add(1))
            .collect();
        let more = some.len() > limit;
        some.truncate(limit);
        let cursor = some
            .last()
            .filter(|_| more)
            .and_then(|(key, _)| ResultPlace::of(key));
        ResultPage {
            count: self.wanted(of, None, now).count(),
            results: some.into_iter().map(|(key, kept)| view(key, kept)).collect(),
            cursor,
        }
    }
}

fn view(key: &ResultKey, kept: &KeptResult) -> ResultView {
    ResultView {
        of: key.cached.of.clone(),
        key: key.cached.key.clone(),
        run: kept.run,
        at: kept.at,
        until: kept.until,
        bytes: kept.result.len(),
    }
}

impl Engine {
    pub(in crate::engine) fn result_command(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        command: ResultCommand,
    ) {
        let filter = match command {
            ResultCommand::List(filter, behind, limit) => {
                let query = Query::Results((self.namespace.clone(), filter), (behind, limit), now);
                return self.defer(Deferred::Answer(ticket, query));
            }
            ResultCommand::Forget(filter) => filter,
        };
        if let Err(refusal) = self.refuse_if_full() {
            return self.refuse(ticket, refusal);
        }
        let namespace = self.namespace.clone();
        let voided = self.results_wanted((&namespace, &filter), now);
        let count = voided.len();
        for voided in voided {
            let bytes = voided.key.cached.key.len().saturating_add(VOIDED_BYTES);
            self.batches.add(Record::Voided(voided.clone()), bytes);
            self.ledger.results.void(voided);
        }
        self.acted(now, None, || serde_json::to_vec(&count).unwrap_or_default());
        self.defer(Deferred::Answer(ticket, Query::Forgotten(count)));
    }

    /// What the journal will say of the results that somebody wants forgotten.
    pub(crate) fn results_wanted(&self, of: (&Name, &ResultFilter), now: Timestamp) -> Vec<Voided> {
        // As the journal has it.
        let whole = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let voided = |(key, kept): (&Arc<ResultKey>, &KeptResult)| Voided {
            key: key.as_ref().clone(),
            run: kept.run,
            // A clock may have been set back.
            at: kept.at.max(whole),
        };
        self.ledger.results.wanted(of, None, now).map(voided).collect()
    }

    /// A page of results.
    pub(crate) fn result_page(
        &self,
        of: (&Name, &ResultFilter),
        (behind, limit): (Option<ResultPlace>, usize),
        now: Timestamp,
    ) -> ResultPage {
        self.ledger.results.page(of, behind, limit, now)
    }

    pub(in crate::engine) fn say_forgotten(&mut self, ticket: Ticket, said: &[u8]) {
        let count = serde_json::from_slice(said).unwrap_or_default();
        let answer = output::Answer::Forgotten(count);
        self.defer(Deferred::Output(output::Output::Answer(ticket, answer)));
    }
}
