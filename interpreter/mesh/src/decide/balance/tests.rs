//! Tests of the picking of endpoints, against the distributions that it promises.

use super::*;
use crate::decide::chance::Source;

mod near;
mod tables;

#[derive(Clone, Copy)]
struct One {
    priority: u16,
    weight: u32,
    address: usize,
    level: usize,
    shut: bool,
    unwell: bool,
    failing: bool,
    load: f64,
    busy: u32,
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
    fn address(&self, at: usize) -> usize {
        self[at].address
    }
    fn apart(&self) -> bool {
        self.iter().any(|one| one.level != self[0].level)
    }
    fn level(&self, at: usize) -> usize {
        self[at].level
    }
    fn shut(&self, at: usize) -> bool {
        self[at].shut
    }
    fn unwell(&self, at: usize) -> bool {
        self[at].unwell
    }
    fn failing(&self, at: usize) -> bool {
        self[at].failing
    }
    fn load(&self, at: usize) -> f64 {
        self[at].load
    }
    fn busy(&self, at: usize) -> u32 {
        self[at].busy
    }
}

const ONE: One = One {
    priority: 0,
    weight: 1,
    address: 0,
    level: 0,
    shut: false,
    unwell: false,
    failing: false,
    load: 1.0,
    busy: 0,
};

fn by(balance: Balance) -> Rule<'static> {
    Rule {
        balance,
        ..Rule::default()
    }
}

const ALL: [Balance; 7] = [
    Balance::RoundRobin,
    Balance::Ewma,
    Balance::Random,
    Balance::LeastRequests,
    Balance::RingHash,
    Balance::Maglev,
    Balance::Weights,
];

/// How many thousandths of 100,000 picks each gets.
fn shares(candidates: &Vec<One>, balance: Balance, avoid: Option<usize>) -> Vec<u32> {
    shares_by(candidates, Rule { avoid, ..by(balance) })
}

fn shares_by(candidates: &Vec<One>, rule: Rule<'_>) -> Vec<u32> {
    let source = Source::new(11);
    let mut counts = vec![0_u32; candidates.len()];
    for turn in 0..100_000 {
        let at = pick(candidates, &Rule { turn, ..rule }, &mut || source.draw()).unwrap();
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
    let avoid = Some(0);
    for balance in ALL {
        assert_eq!(pick(&Vec::new(), &by(balance), &mut || 0), None);
        let rule = Rule { avoid, ..by(balance) };
        assert_eq!(pick(&Vec::new(), &rule, &mut || 0), None);
    }
}

#[test]
fn round_robin_goes_one_after_the_other() {
    let candidates = vec![ONE; 3];
    let rule = |turn| Rule {
        turn,
        ..by(Balance::RoundRobin)
    };
    let picks = (0..7).map(|turn| pick(&candidates, &rule(turn), &mut || 0).unwrap());
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
fn weights_hold_among_equals_for_all_ways() {
    let candidates = vec![One { weight: 90, ..ONE }, One { weight: 10, ..ONE }];
    for balance in ALL {
        close(&shares(&candidates, balance, None), &[900, 100]);
    }
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

#[test]
fn what_is_shut_off_is_never_picked() {
    let second = One { priority: 1, ..ONE };
    let gated = |shut: [bool; 3]| {
        let pairs = [ONE, ONE, second].into_iter().zip(shut);
        pairs.map(|(one, shut)| One { shut, ..one }).collect::<Vec<_>>()
    };
    for balance in [
        Balance::RoundRobin,
        Balance::Random,
        Balance::Ewma,
        Balance::LeastRequests,
    ] {
        let source = Source::new(5);
        let mut draw = || source.draw();
        let mut picked = |shut, avoid, turn| {
            let rule = Rule {
                avoid,
                turn,
                ..by(balance)
            };
            pick(&gated(shut), &rule, &mut draw)
        };
        for turn in 0..100 {
            assert_eq!(picked([true, false, false], None, turn), Some(1), "{balance:?}");
            assert_eq!(picked([true, true, false], None, turn), Some(2), "{balance:?}");
            assert_eq!(picked([true, true, false], Some(2), turn), Some(2), "{balance:?}");
            assert_eq!(picked([true, true, true], None, turn), None, "{balance:?}");
        }
    }
}

#[test]
fn chance_shares_evenly_whatever_the_load() {
    let candidates = (0..5)
        .map(|rank| One {
            load: f64::from(rank) + 1.0,
            busy: rank,
            ..ONE
        })
        .collect();
    close(&shares(&candidates, Balance::Random, None), &[200; 5]);
}

#[test]
fn of_two_the_one_with_fewer_requests_is_taken() {
    // As for loads above, by what is on its way alone.
    let candidates = (0..5)
        .map(|rank| One {
            load: 10.0 - f64::from(rank),
            busy: rank,
            ..ONE
        })
        .collect();
    close(
        &shares(&candidates, Balance::LeastRequests, None),
        &[400, 300, 200, 100, 0],
    );
    close(&shares(&vec![ONE; 4], Balance::LeastRequests, None), &[250; 4]);
}

fn at(address: usize) -> One {
    One { address, ..ONE }
}

fn weighted(candidates: &Vec<One>, weights: &[u32], avoid: Option<usize>) -> Vec<u32> {
    let rule = Rule {
        weights,
        avoid,
        ..by(Balance::Weights)
    };
    shares_by(candidates, rule)
}

#[test]
fn each_address_gets_its_weight_however_many_endpoints_it_led_to() {
    let candidates = vec![at(0), at(1), at(1), at(1), at(2)];
    close(
        &weighted(&candidates, &[6, 3, 1], None),
        &[600, 100, 100, 100, 100],
    );
    let uneven = vec![at(0), One { weight: 3, ..at(1) }, at(1)];
    close(&weighted(&uneven, &[20, 80], None), &[200, 600, 200]);
    close(&weighted(&candidates, &[], None), &[333, 111, 111, 111, 333]);
}

#[test]
fn an_address_without_weight_gets_nothing_even_if_the_others_are_not_well() {
    let mut candidates = vec![at(0), at(1), at(2)];
    assert_eq!(weighted(&candidates, &[1, 0, 1], None)[1], 0);
    close(&weighted(&candidates, &[1, 0, 3], Some(0)), &[0, 0, 1_000]);
    close(&weighted(&candidates, &[1, 0, 0], Some(0)), &[1_000, 0, 0]);
    candidates[0].unwell = true;
    close(&weighted(&candidates, &[1, 0, 3], None), &[0, 0, 1_000]);
    candidates[2].unwell = true;
    close(&weighted(&candidates, &[1, 0, 3], None), &[250, 0, 750]);
}

#[test]
fn who_is_not_well_is_left_alone_until_nobody_is() {
    for balance in ALL {
        let mut candidates = vec![at(0), at(1), at(2)];
        candidates[1].unwell = true;
        close(&shares(&candidates, balance, None), &[500, 0, 500]);
        // Better the one that is well and failed once than the one that is not.
        candidates[2].unwell = true;
        close(&shares(&candidates, balance, Some(0)), &[1_000, 0, 0]);
        candidates[0].unwell = true;
        let thirds = shares(&candidates, balance, None);
        close(&thirds, &[333; 3]);
    }
}

#[test]
fn a_spare_is_used_when_none_of_a_lower_priority_is_well() {
    let spare = One { priority: 5, ..ONE };
    let mut candidates = vec![ONE, ONE, spare];
    candidates[0].unwell = true;
    close(&shares(&candidates, Balance::Ewma, None), &[0, 1_000, 0]);
    candidates[1].unwell = true;
    close(&shares(&candidates, Balance::Ewma, None), &[0, 0, 1_000]);
}
