//! Which runs something can be done with: the one place that chooses them, by what the index beside the journal says.

use super::view::{Choosing, Chosen, State};
use crate::{
    RunId,
    store::{Count, Filter, Row, Shelf, StoreError},
};
use flowmesh_ir::Name;

/// How many runs are looked at before an index is asked for more.
const PAGE: usize = 1000;

/// How many are counted; beyond that it is only said that there are more.
const COUNTED_MAX: usize = 100_000;

/// The runs that a filter wants and that this can be done with: the newest, at most so many, and how many there are.
pub(super) fn choose(
    shelf: &dyn Shelf,
    filter: &Filter,
    choosing: Choosing,
    limit: usize,
) -> Result<Chosen, StoreError> {
    let most = COUNTED_MAX.max(limit);
    let mut found = Vec::new();
    for state in states(filter, choosing) {
        let of_state = Filter {
            state: Some(state),
            ..filter.clone()
        };
        // One more than is counted shows that there are more.
        walk(shelf, of_state, choosing, most.saturating_add(1), &mut found)?;
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    let count = match found.len() > most {
        true => Count::AtLeast(u64::try_from(most).unwrap_or(u64::MAX)),
        false => Count::Exactly(u64::try_from(found.len()).unwrap_or(u64::MAX)),
    };
    found.truncate(limit);
    Ok(Chosen { count, runs: found })
}

/// The states that such runs may be in, of those that the filter wants.
fn states(filter: &Filter, choosing: Choosing) -> impl Iterator<Item = Name> {
    let wanted = filter.state.clone();
    let may = State::ALL.into_iter().filter(move |state| match choosing {
        Choosing::Live => !state.is_end(),
        Choosing::Paused => *state == State::Paused,
        Choosing::Failed => *state == State::Failed,
    });
    may.map(|state| Name::from(state.as_str()))
        .filter(move |state| wanted.as_ref().is_none_or(|wanted| wanted == state))
}

fn walk(
    shelf: &dyn Shelf,
    mut filter: Filter,
    choosing: Choosing,
    most: usize,
    found: &mut Vec<RunId>,
) -> Result<(), StoreError> {
    let end = found.len().saturating_add(most);
    loop {
        let page = shelf.search(&filter, PAGE)?;
        let wanted = page.runs.iter().filter(|(_, row)| choosing.takes(row));
        found.extend(wanted.map(|(run, _)| *run));
        if page.cursor.is_none() || found.len() >= end {
            return Ok(());
        }
        filter.before = page.cursor;
    }
}

impl Choosing {
    fn takes(self, row: &Row) -> bool {
        match self {
            Self::Live => !row.ended,
            Self::Paused => row.paused.is_some(),
            Self::Failed => row.continued_by.is_none(),
        }
    }
}
