//! Tests of the picking of endpoints, against the distributions that it promises.

use super::*;
use crate::decide::chance::Source;

#[derive(Clone, Copy)]
struct One {
    priority: u16,
    weight: u32,
    failing: bool,
    load: f64,
}

impl Candidates for Vec<One> {
    fn count(&self) -> usize {
        self.len()
    }
    fn priority(&self, at: usize) -> u16 {
        self[at].priority
    }
    fn weight(&self, at: usize) -> u32 {
        self[at].weight
    }
    fn failing(&self, at: usize) -> bool {
        self[at].failing
    }
    fn load(&self, at: usize) -> f64 {
        self[at].load
    }
}

const ONE: One = One {
    priority: 0,
    weight: 1,
    failing: false,
    load: 1.0,
};

/// How many thousandths of 100,000 picks each gets.
fn shares(candidates: &Vec<One>, balance: Balance, avoid: Option<usize>) -> Vec<u32> {
    let source = Source::new(11);
    let mut counts = vec![0_u32; candidates.len()];
    for turn in 0..100_000 {
        let at = pick(candidates, balance, avoid, turn, &mut || source.draw()).unwrap();
        counts[at] += 1;
    }
    counts.iter().map(|count| (count + 50) / 100).collect()
}

fn close(shares: &[u32], expected: &[u32]) {
    let near = shares.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 6);
    assert!(
        near && shares.len() == expected.len(),
        "{shares:?} is not near {expected:?}"
    );
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(pick(&Vec::new(), Balance::Ewma, None, 0, &mut || 0), None);
    assert_eq!(
        pick(&Vec::new(), Balance::RoundRobin, Some(0), 0, &mut || 0),
        None
    );
}

#[test]
fn round_robin_goes_one_after_the_other() {
    let candidates = vec![ONE; 3];
    let picks = (0..7).map(|turn| pick(&candidates, Balance::RoundRobin, None, turn, &mut || 0).unwrap());
    assert_eq!(picks.collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn equal_loads_share_evenly() {
    close(&shares(&vec![ONE; 4], Balance::Ewma, None), &[250; 4]);
}

#[test]
fn the_better_of_two_gets_what_two_choices_promise() {
    // Of n endpoints the one that r others beat is picked with the chance 2 (n - 1 - r) / (n (n - 1)).
    let candidates = (0..5)
        .map(|rank| One {
            load: f64::from(rank) + 1.0,
            ..ONE
        })
        .collect();
    close(
        &shares(&candidates, Balance::Ewma, None),
        &[400, 300, 200, 100, 0],
    );
}

#[test]
fn weights_hold_among_equals_for_both_ways() {
    let candidates = vec![One { weight: 90, ..ONE }, One { weight: 10, ..ONE }];
    close(&shares(&candidates, Balance::RoundRobin, None), &[900, 100]);
    close(&shares(&candidates, Balance::Ewma, None), &[900, 100]);
}

#[test]
fn a_better_endpoint_gets_more_than_its_weight() {
    let candidates = vec![
        One {
            weight: 90,
            load: 2.0,
            ..ONE
        },
        One { weight: 10, ..ONE },
    ];
    close(&shares(&candidates, Balance::Ewma, None), &[810, 190]);
}

#[test]
fn a_weight_of_zero_is_hardly_ever_drawn() {
    let candidates = vec![One { weight: 100, ..ONE }, One { weight: 0, ..ONE }];
    close(&shares(&candidates, Balance::RoundRobin, None), &[990, 10]);
    close(
        &shares(&vec![One { weight: 0, ..ONE }; 2], Balance::RoundRobin, None),
        &[500, 500],
    );
}

#[test]
fn a_higher_priority_is_used_only_when_all_lower_ones_fail() {
    let mut candidates = vec![ONE, ONE, One { priority: 5, ..ONE }];
    close(&shares(&candidates, Balance::Ewma, None), &[500, 500, 0]);
    candidates[0].failing = true;
    assert_eq!(shares(&candidates, Balance::RoundRobin, None)[2], 0);
    candidates[1].failing = true;
    close(&shares(&candidates, Balance::Ewma, None), &[0, 0, 1_000]);
    candidates[2].failing = true;
    close(&shares(&candidates, Balance::Ewma, None), &[500, 500, 0]);
}

#[test]
fn what_failed_this_call_is_picked_only_if_there_is_no_other() {
    close(&shares(&vec![ONE; 3], Balance::Ewma, Some(1)), &[500, 0, 500]);
    close(
        &shares(&vec![ONE; 3], Balance::RoundRobin, Some(1)),
        &[500, 0, 500],
    );
    close(&shares(&vec![ONE; 1], Balance::Ewma, Some(0)), &[1_000]);
}

/// The same, and which of them are shut off.
struct Gated(Vec<One>, Vec<bool>);

impl Candidates for Gated {
    fn count(&self) -> usize {
        self.0.count()
    }
    fn priority(&self, at: usize) -> u16 {
        self.0.priority(at)
    }
    fn weight(&self, at: usize) -> u32 {
        self.0.weight(at)
    }
    fn shut(&self, at: usize) -> bool {
        self.1[at]
    }
    fn failing(&self, at: usize) -> bool {
        self.0.failing(at)
    }
    fn load(&self, at: usize) -> f64 {
        self.0.load(at)
    }
}

#[test]
fn what_is_shut_off_is_never_picked() {
    let second = One { priority: 1, ..ONE };
    let gated = |shut: [bool; 3]| Gated(vec![ONE, ONE, second], shut.to_vec());
    for balance in [
        Balance::RoundRobin,
        Balance::Random,
        Balance::Ewma,
        Balance::LeastRequests,
    ] {
        let source = Source::new(5);
        let mut draw = || source.draw();
        let mut picked = |shut, avoid, turn| pick(&gated(shut), balance, avoid, turn, &mut draw);
        for turn in 0..100 {
            assert_eq!(picked([true, false, false], None, turn), Some(1), "{balance:?}");
            assert_eq!(picked([true, true, false], None, turn), Some(2), "{balance:?}");
            assert_eq!(picked([true, true, false], Some(2), turn), Some(2), "{balance:?}");
            assert_eq!(picked([true, true, true], None, turn), None, "{balance:?}");
        }
    }
}
