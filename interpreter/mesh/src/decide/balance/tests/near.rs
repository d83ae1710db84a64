//! Tests of picks among endpoints of which some are nearer than others.

use super::{ALL, ONE, One, by, close, shares, shares_by};
use crate::decide::balance::{Entry, Rule, Table, hash, pick};
use flowmesh_ir::policy::Balance;

const FAR: One = One { level: 2, ..ONE };

/// The ways not to be well, with what each leads to.
const ILL: [fn(One) -> One; 3] = [
    |one| One { failing: true, ..one },
    |one| One { unwell: true, ..one },
    |one| One { shut: true, ..one },
];

#[test]
fn the_nearest_take_everything_while_they_are_well() {
    for balance in ALL {
        close(
            &shares(&vec![FAR, ONE, FAR, ONE], balance, None),
            &[0, 500, 0, 500],
        );
    }
}

/// How many thousandths each level gets.
fn by_level(candidates: &Vec<One>, balance: Balance) -> Vec<u32> {
    let mut levels = vec![0; 4];
    for (one, share) in candidates.iter().zip(shares(candidates, balance, None)) {
        levels[one.level] += share;
    }
    levels
}

#[test]
fn what_the_nearest_cannot_take_goes_further_away() {
    for ill in ILL {
        let half = vec![ONE, ONE, ill(ONE), ill(ONE), FAR, FAR];
        close(&by_level(&half, Balance::Ewma), &[700, 0, 300, 0]);
        let none = vec![ill(ONE), FAR, One { level: 3, ..ONE }];
        close(&by_level(&none, Balance::Ewma), &[0, 0, 1_000, 0]);
        let few = vec![
            ONE,
            ill(ONE),
            ill(ONE),
            ill(ONE),
            FAR,
            ill(FAR),
            ill(FAR),
            ill(FAR),
        ];
        close(&by_level(&few, Balance::Ewma), &[500, 0, 500, 0]);
    }
}

#[test]
fn within_a_level_nobody_gets_what_is_unwell_or_shut() {
    let [_, unwell, shut] = ILL;
    for balance in ALL {
        let half = vec![ONE, ONE, shut(ONE), unwell(ONE), FAR, FAR];
        close(&shares(&half, balance, None), &[350, 350, 0, 0, 150, 150]);
    }
}

#[test]
fn where_none_is_well_the_nearest_are_used_that_may_be() {
    let [failing, unwell, shut] = ILL;
    for balance in [Balance::RoundRobin, Balance::Ewma] {
        close(
            &shares(&vec![failing(ONE), failing(ONE), failing(FAR)], balance, None),
            &[500, 500, 0],
        );
        close(
            &shares(&vec![unwell(FAR), unwell(ONE)], balance, None),
            &[0, 1_000],
        );
        // What failed a moment ago may be well; what says that it is not well is not.
        close(
            &shares(&vec![unwell(ONE), failing(FAR)], balance, None),
            &[0, 1_000],
        );
        close(&shares(&vec![shut(ONE), unwell(FAR)], balance, None), &[0, 1_000]);
        assert_eq!(pick(&vec![shut(ONE), shut(FAR)], &by(balance), &mut || 0), None);
    }
}

#[test]
fn after_a_failure_another_of_the_level_is_tried_and_then_the_next_level() {
    let [failing, unwell, _] = ILL;
    for balance in [Balance::RoundRobin, Balance::Ewma] {
        close(
            &shares(&vec![failing(ONE), ONE, FAR], balance, Some(0)),
            &[0, 1_000, 0],
        );
        close(&shares(&vec![ONE, FAR, FAR], balance, Some(0)), &[0, 500, 500]);
        close(
            &shares(&vec![failing(ONE), failing(FAR)], balance, Some(0)),
            &[0, 1_000],
        );
        // Better what failed than what says that it is not well.
        close(
            &shares(&vec![failing(ONE), unwell(FAR)], balance, Some(0)),
            &[1_000, 0],
        );
    }
}

#[test]
fn priorities_weights_and_loads_hold_within_a_level() {
    let spare = One { priority: 5, ..ONE };
    let far = One { level: 1, ..ONE };
    close(
        &shares(&vec![ONE, spare, far], Balance::Ewma, None),
        &[1_000, 0, 0],
    );
    // One of two is well: it takes 1.4 of a half.
    let failing = One { failing: true, ..ONE };
    close(
        &shares(&vec![failing, spare, far], Balance::Ewma, None),
        &[0, 700, 300],
    );
    let heavy = One { weight: 90, ..ONE };
    let light = One { weight: 10, ..ONE };
    close(
        &shares(&vec![far, heavy, light], Balance::RoundRobin, None),
        &[0, 900, 100],
    );
    let busy = One {
        busy: 3,
        load: 9.0,
        ..ONE
    };
    for balance in [Balance::Ewma, Balance::LeastRequests] {
        close(&shares(&vec![busy, far, ONE], balance, None), &[0, 0, 1_000]);
    }
}

#[test]
fn addresses_without_weight_count_for_no_level() {
    let at = |address, level| One {
        address,
        level,
        ..ONE
    };
    let candidates = vec![at(0, 0), at(1, 0), at(2, 1), at(3, 1)];
    let weights = |weights: &[u32]| {
        let rule = Rule {
            weights,
            ..by(Balance::Weights)
        };
        shares_by(&candidates, rule)
    };
    close(&weights(&[3, 1, 7, 1]), &[750, 250, 0, 0]);
    close(&weights(&[0, 1, 7, 1]), &[0, 1_000, 0, 0]);
    close(&weights(&[0, 0, 7, 1]), &[0, 0, 875, 125]);
}

/// Where each of some texts leads to.
fn homes(balance: Balance, candidates: &Vec<One>) -> Vec<usize> {
    let entry = |at: usize| Entry {
        name: format!("10.0.0.{at}:80 shop"),
        weight: 1,
    };
    let table = Table::new(balance, &(0..candidates.len()).map(entry).collect::<Vec<_>>()).unwrap();
    let home = |key: u32| {
        let spot = Some((&table, hash(&format!("customer-{key}"))));
        pick(candidates, &Rule { spot, ..by(balance) }, &mut || {
            unreachable!("the text decides")
        })
        .unwrap()
    };
    (0..20_000).map(home).collect()
}

#[test]
fn a_text_stays_at_its_level_and_its_endpoint() {
    for balance in [Balance::RingHash, Balance::Maglev] {
        let mut candidates = vec![ONE, ONE, ONE, ONE, FAR, FAR, FAR, FAR];
        let before = homes(balance, &candidates);
        assert!(before.iter().all(|home| *home < 4), "{balance:?}");
        assert_eq!(before, homes(balance, &candidates), "{balance:?}");
        candidates[0].failing = true;
        candidates[1].failing = true;
        let after = homes(balance, &candidates);
        let far = after.iter().filter(|home| **home >= 4).count();
        // Five deviations of 65 around 30 %.
        assert!((5_675..=6_325).contains(&far), "{balance:?}: {far}");
        let far_from = |home: usize| {
            let pairs = before.iter().zip(&after).filter(|(before, _)| **before == home);
            let (all, gone) = pairs.fold((0, 0), |(all, gone), (_, after)| {
                (all + 1, gone + usize::from(*after >= 4))
            });
            gone * 1_000 / all
        };
        for home in 0..4 {
            // Which level a text goes to has nothing to do with where in the table it stands: a share of 30 % of each,
            // within five deviations of 6.5 and more, since homes are of different sizes.
            assert!(
                (255..=345).contains(&far_from(home)),
                "{balance:?}: {home}: {}",
                far_from(home)
            );
        }
        let moved = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| **after < 4 && **before > 1 && before != after);
        assert_eq!(
            moved.count(),
            0,
            "{balance:?}: who stays near and was at one that is well stays there"
        );
        candidates[1].failing = false;
        let back = homes(balance, &candidates);
        let wanders = after
            .iter()
            .zip(&back)
            .filter(|(after, back)| **after < 4 && **back >= 4);
        assert_eq!(
            wanders.count(),
            0,
            "{balance:?}: nobody goes away when more is well"
        );
    }
}
