//! Finding runs: each condition is a list of runs in order, and those that are in all lists are found by leaping from
//! one to the other, the newest first.

use super::{
    count,
    error::{Tried, Trouble},
    tables,
};
use crate::{
    RunId,
    store::{
        entry::{self, Entry},
        filter::{Count, Filter},
        row::proto::Stored,
    },
};
use redb::{ReadOnlyTable, ReadTransaction};

/// How many leaps a page may take; a page that is not full by then says where to go on.
const LEAPS_MAX: usize = 20_000;
/// How far is counted what is not counted already.
const COUNTED_MAX: u64 = 50_000;

type Entries = ReadOnlyTable<&'static [u8], ()>;

/// What is looked up in.
pub(super) struct Search<'t> {
    transaction: &'t ReadTransaction,
    entries: Entries,
    rows: ReadOnlyTable<&'static [u8; 16], &'static [u8]>,
}

/// Runs in order, by what all of them have in common; several are together.
struct List(Vec<Entry>);

/// Some runs that a filter wants, and where to go on.
pub(super) type Found = (Vec<(RunId, Stored)>, Option<RunId>);

impl<'t> Search<'t> {
    pub(super) fn new(transaction: &'t ReadTransaction) -> Tried<Self> {
        Ok(Self {
            transaction,
            entries: transaction.open_table(tables::ENTRIES)?,
            rows: transaction.open_table(tables::ROWS)?,
        })
    }

    /// The newest runs that a filter wants.
    pub(super) fn page(&self, filter: &Filter, limit: usize) -> Tried<Found> {
        let lists = self.lists(filter)?;
        let mut leaping = Leaping::new(self, &lists, filter.before);
        let mut found = Vec::new();
        while let Some(run) = leaping.next()? {
            let stored = self.stored(run)?;
            if filter.looks() && !self.wants(filter, &stored)? {
                continue;
            }
            if found.len() >= limit {
                let cursor = found.last().map(|(run, _)| *run);
                return Ok((found, cursor));
            }
            found.push((run, stored));
        }
        Ok((found, leaping.left()))
    }

    /// How many runs a filter wants.
    pub(super) fn count(&self, filter: &Filter) -> Tried<Count> {
        if let Some(count) = self.counted(filter)? {
            return Ok(Count::Exactly(count));
        }
        let lists = self.lists(filter)?;
        if let ([List(one)], false) = (lists.as_slice(), filter.looks()) {
            return self.count_all(one);
        }
        let mut leaping = Leaping::new(self, &lists, None);
        let mut count: u64 = 0;
        while let Some(run) = leaping.next()? {
            if !filter.looks() || self.wants(filter, &self.stored(run)?)? {
                count = count.saturating_add(1);
            }
        }
        Ok(match leaping.left() {
            Some(_) => Count::AtLeast(count),
            None => Count::Exactly(count),
        })
    }

    fn count_all(&self, entries: &[Entry]) -> Tried<Count> {
        let mut count: u64 = 0;
        for entry in entries {
            for one in self.range(entry, None)? {
                one?;
                if count >= COUNTED_MAX {
                    return Ok(Count::AtLeast(count));
                }
                count = count.saturating_add(1);
            }
        }
        Ok(Count::Exactly(count))
    }

    /// The number of runs, if it is kept.
    fn counted(&self, filter: &Filter) -> Tried<Option<u64>> {
        let plain = filter.key.is_none()
            && filter.error.is_none()
            && filter.step.is_none()
            && filter.tags.is_empty()
            && !filter.looks();
        if !plain {
            return Ok(None);
        }
        let states = self.states(&filter.namespace, filter.flow.as_deref())?;
        let wanted = |state: &str| filter.state.as_ref().is_none_or(|wanted| wanted == state);
        let counts = states.into_iter().filter(|(_, state, _)| wanted(state));
        Ok(Some(counts.map(|(_, _, count)| count).sum()))
    }

    /// The flows and states that there are runs of, and how many.
    pub(super) fn states(&self, space: &str, flow: Option<&str>) -> Tried<Vec<(String, String, u64)>> {
        self.sizes(&count::states(space, flow))
    }

    /// How many runs there are of each flow in each state, of the counts that begin so.
    pub(super) fn sizes(&self, prefix: &[u8]) -> Tried<Vec<(String, String, u64)>> {
        let counts = self.transaction.open_table(tables::COUNTS)?;
        let mut states = Vec::new();
        for one in counts.range(prefix..)? {
            let (key, count) = one?;
            if !key.value().starts_with(prefix) {
                break;
            }
            let (flow, state) = count::of_state(key.value()).ok_or(Trouble::Damaged("a count of nothing"))?;
            states.push((flow.to_owned(), state.to_owned(), count.value()));
        }
        Ok(states)
    }

    /// The conditions of a filter, each as a list.
    fn lists(&self, filter: &Filter) -> Tried<Vec<List>> {
        let space = filter.namespace.as_str();
        let mut lists = Vec::new();
        let mut add = |entry: Option<Entry>| lists.extend(entry.map(|entry| List(vec![entry])));
        if let (Some(flow), Some(key)) = (&filter.flow, &filter.key) {
            add(Some(entry::key(space, flow, key)));
        }
        filter
            .tags
            .iter()
            .for_each(|(key, value)| add(Some(entry::tag(space, key, value))));
        add(filter.error.as_ref().map(|error| entry::error(space, error)));
        add(filter.step.as_ref().map(|step| entry::step(space, step)));
        match (&filter.flow, &filter.state) {
            (Some(flow), Some(state)) => add(Some(entry::flow_state(space, flow, state))),
            (Some(flow), None) => {
                let states = self.states(space, Some(flow))?;
                let entries = states
                    .iter()
                    .map(|(_, state, _)| entry::flow_state(space, flow, state));
                lists.push(List(entries.collect()));
            }
            (None, Some(state)) => add(Some(entry::state(space, state))),
            (None, None) if lists.is_empty() => {
                let mut states: Vec<String> = self
                    .states(space, None)?
                    .into_iter()
                    .map(|(_, it, _)| it)
                    .collect();
                states.sort_unstable();
                states.dedup();
                lists.push(List(
                    states.iter().map(|state| entry::state(space, state)).collect(),
                ));
            }
            (None, None) => {}
        }
        Ok(lists)
    }

    fn stored(&self, run: RunId) -> Tried<Stored> {
        let bytes = self.rows.get(&tables::id(run))?;
        let bytes = bytes.ok_or(Trouble::Damaged("an entry without its row"))?;
        Stored::read(bytes.value()).map_err(|no| Trouble::Damaged(no.0))
    }

    fn wants(&self, filter: &Filter, stored: &Stored) -> Tried<bool> {
        let row = stored.clone().row(None).map_err(|no| Trouble::Damaged(no.0))?;
        Ok(filter.wants(&row))
    }

    /// The entries with a prefix, up to a run.
    fn range(&self, prefix: &Entry, most: Option<RunId>) -> Tried<redb::Range<'static, &'static [u8], ()>> {
        let end = most.map_or_else(|| prefix.end(), |most| Some(prefix.clone().of(most)));
        let start = prefix.0.as_slice();
        Ok(match (end, most) {
            (Some(end), Some(_)) => self.entries.range(start..=end.0.as_slice())?,
            (Some(end), None) => self.entries.range(start..end.0.as_slice())?,
            (None, _) => self.entries.range(start..)?,
        })
    }

    /// The greatest run of a list that is not greater than this one.
    fn seek(&self, list: &List, most: RunId) -> Tried<Option<RunId>> {
        let mut greatest = None;
        for entry in &list.0 {
            if let Some((key, _)) = self.range(entry, Some(most))?.next_back().transpose()? {
                greatest = greatest.max(entry::run(key.value()));
            }
        }
        Ok(greatest)
    }
}

/// The runs that are in all lists, from the greatest down.
struct Leaping<'s, 't> {
    search: &'s Search<'t>,
    lists: &'s [List],
    /// The greatest run that may be next; none is the end.
    next: Option<RunId>,
    leaps: usize,
}

impl<'s, 't> Leaping<'s, 't> {
    fn new(search: &'s Search<'t>, lists: &'s [List], before: Option<RunId>) -> Self {
        let most = before.map_or(Some(u128::MAX), |before| before.0.checked_sub(1));
        Self {
            search,
            lists,
            next: most.map(RunId),
            leaps: 0,
        }
    }

    fn next(&mut self) -> Tried<Option<RunId>> {
        while let Some(most) = self.next {
            if self.leaps >= LEAPS_MAX {
                return Ok(None);
            }
            let Some(least) = self.leap(most)? else {
                self.next = None;
                return Ok(None);
            };
            if least == most {
                self.next = most.0.checked_sub(1).map(RunId);
                return Ok(Some(most));
            }
            self.next = Some(least);
        }
        Ok(None)
    }

    /// The greatest run that may be in all lists; if it is the one asked for, it is.
    fn leap(&mut self, most: RunId) -> Tried<Option<RunId>> {
        let mut least = most;
        for list in self.lists {
            self.leaps = self.leaps.saturating_add(1);
            match self.search.seek(list, least)? {
                Some(run) => least = run,
                None => return Ok(None),
            }
        }
        Ok(Some(least))
    }

    /// Where to go on, if not everything was looked at: runs less than this one.
    fn left(&self) -> Option<RunId> {
        self.next.and_then(|next| next.0.checked_add(1)).map(RunId)
    }
}
