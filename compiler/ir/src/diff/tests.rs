use super::{Fate, diff};
use crate::sample;

#[test]
fn a_program_is_the_same_as_itself() {
    let program = sample::shop();
    let found = diff(&program, &program);
    assert!(!found.is_empty());
    for state in found.iter().flat_map(|flow| &flow.states) {
        assert_eq!(state.fate, Fate::Same(state.state), "{}", state.title);
    }
}

#[test]
fn a_flow_that_is_not_there_any_more_is_gone_state_by_state() {
    let old = sample::shop();
    let mut new = old.clone();
    new.flows.clear();
    let found = diff(&old, &new);
    assert!(found.iter().all(|flow| !flow.kept));
    assert!(
        found
            .iter()
            .flat_map(|flow| &flow.states)
            .all(|state| state.fate == Fate::Gone)
    );
}
