//! What the stubs remember: how often each operation was asked, and what each idempotency key was answered.

use super::script::{Answer, Fail, Script};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Shared by all stubs of one program.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    script: Script,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests of an operation that were not repetitions.
    turns: BTreeMap<String, u64>,
    /// Requests of an operation that were carried out.
    done: BTreeMap<String, u64>,
    /// What was answered to a key of an operation.
    keys: BTreeMap<(String, String), Decision>,
}

/// What a request gets.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// What the script says.
    pub(crate) answer: Answer,
    /// The how manieth carried out request of its operation it is, from 1.
    pub(crate) number: u64,
    /// Whether the same key was carried out before.
    pub(crate) repeat: bool,
}

impl Memory {
    /// Nothing yet, and a script to follow.
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            state: Mutex::default(),
        }
    }

    /// Decides what a request gets, and remembers it if that means that it is carried out.
    pub(crate) fn decide(&self, operation: &str, key: Option<&str>) -> Decision {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = key.map(|key| (operation.to_owned(), key.to_owned()));
        if let Some(before) = known.as_ref().and_then(|known| state.keys.get(known)) {
            return before.clone();
        }
        let turn = state.turns.entry(operation.to_owned()).or_default();
        let answer = self.script.at(operation, *turn);
        *turn += 1;
        let carried_out = carried_out(&answer);
        let done = state.done.entry(operation.to_owned()).or_default();
        *done += u64::from(carried_out);
        let decision = Decision {
            answer,
            number: *done,
            repeat: false,
        };
        if let (true, Some(known)) = (carried_out, known) {
            state.keys.insert(known, again(&decision));
        }
        decision
    }
}

/// A repetition hears the same answer at once, and hears it even where it was lost the first time.
fn again(decision: &Decision) -> Decision {
    let answer = Answer {
        status: decision.answer.status,
        body: decision.answer.body.clone(),
        ..Answer::default()
    };
    Decision {
        answer,
        number: decision.number,
        repeat: true,
    }
}

/// What was refused for now (429, 5xx) or not answered was not carried out: it may be tried again.
fn carried_out(answer: &Answer) -> bool {
    let refused = matches!(answer.status, Some(429 | 500..));
    match answer.fail {
        Some(Fail::Close | Fail::Hang) => false,
        Some(Fail::Lose) => true,
        None => !refused,
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::stub::{script::Script, tests::program_with_charge};

    fn memory(script: &str) -> Memory {
        Memory::new(Script::read(script, &program_with_charge()).expect("the script fits"))
    }

    #[test]
    fn a_key_that_was_carried_out_counts_once() {
        let memory = memory("{}");
        let first = memory.decide("payments.charge", Some("k"));
        let second = memory.decide("payments.charge", Some("k"));
        assert_eq!((first.number, first.repeat), (1, false));
        assert_eq!((second.number, second.repeat), (1, true));
        assert_eq!(memory.decide("payments.charge", Some("other")).number, 2);
    }

    #[test]
    fn a_refusal_for_now_is_not_remembered() {
        let memory = memory(r#"{ "payments.charge": [{ "status": 503, "times": 2 }, { "status": 200 }] }"#);
        let statuses: Vec<_> = (0..4)
            .map(|_| memory.decide("payments.charge", Some("k")).answer.status)
            .collect();
        assert_eq!(statuses, [Some(503), Some(503), Some(200), Some(200)]);
    }

    #[test]
    fn a_lost_answer_is_heard_by_the_repetition() {
        let memory = memory(r#"{ "payments.charge": { "fail": "lose" } }"#);
        assert!(memory.decide("payments.charge", Some("k")).answer.fail.is_some());
        let again = memory.decide("payments.charge", Some("k"));
        assert!(again.answer.fail.is_none() && again.repeat);
    }
}
