//! A service that can do so much and no more, and callers of all ranks who want twice that: those who come first are served
//! as if they were alone, and as much is done in time as can be.

use super::*;
use crate::decide::{
    chance::Source,
    limit::{Admission, Heard, Limiter, Permit},
};
use flowmesh_ir::traffic::Limit;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_third_is_kept_for_each_rank_that_came_of_late() {
    let mut ranks = Ranks::default();
    ranks.comes(Priority::Low, ms(0));
    assert_eq!(
        ranks.most(Priority::Low, 30),
        30,
        "whoever comes alone has all of it"
    );
    ranks.comes(Priority::Normal, ms(100));
    assert_eq!(
        (ranks.most(Priority::Low, 30), ranks.most(Priority::Normal, 30)),
        (20, 30)
    );
    ranks.comes(Priority::Critical, ms(200));
    let most = |ranks: &Ranks, limit| {
        [Priority::Low, Priority::Normal, Priority::Critical].map(|priority| ranks.most(priority, limit))
    };
    assert_eq!(most(&ranks, 30), [10, 20, 30]);
    assert_eq!(most(&ranks, 2), [1, 1, 2]);
    assert_eq!(most(&ranks, 1), [1, 1, 1]);
    assert_eq!(most(&ranks, 0), [0, 0, 0]);
    assert_eq!(most(&ranks, u32::MAX)[2], u32::MAX);
    ranks.comes(Priority::Low, ms(10_150));
    assert_eq!(most(&ranks, 30), [20, 20, 30], "what is normal came too long ago");
    ranks.comes(Priority::Low, ms(10_200));
    assert_eq!(most(&ranks, 30), [30, 30, 30]);
}

/// 10 are served at once, 50 ms each: 200 in a second. The others wait at the service.
const WORKERS: usize = 10;
const TOOK_US: u64 = 50_000;
/// Callers wait no longer than this.
const PATIENCE_US: u64 = 500_000;
const SECONDS: u64 = 60;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Comes(Priority),
    Done(usize),
    GivesUp(usize),
}

/// Whoever is on the way: since when, of which rank, and the right to be.
type OnTheWay = BTreeMap<usize, (u64, Priority, Permit)>;

/// How many of each rank were answered in time from the tenth second on, per second, of so many who came.
fn goodput(load: &[(Priority, u64)]) -> BTreeMap<Priority, u64> {
    let (source, mut due, mut order) = (Source::new(5), BinaryHeap::new(), 0_u64);
    let limit = Limit {
        adaptive: true,
        ..Limit::default()
    };
    let limiter = Limiter::new(&limit);
    let (mut on_the_way, mut queue) = (OnTheWay::new(), VecDeque::new());
    let (mut at_work, mut next, mut good) = (0, 0, BTreeMap::new());
    for (priority, _) in load {
        good.insert(*priority, 0);
        due.push(Reverse((0, 0, Happens::Comes(*priority))));
    }
    while let Some(Reverse((now, _, what))) = due.pop() {
        if now >= SECONDS * 1_000_000 {
            break;
        }
        let time = Duration::from_micros(now);
        let mut at = |time: u64, what: Happens| {
            order += 1;
            due.push(Reverse((time, order, what)));
        };
        match what {
            Happens::Comes(priority) => {
                let per_second = load.iter().find(|(of, _)| *of == priority).unwrap().1;
                at(now + 1 + source.draw() % (2_000_000 / per_second), what);
                if let Admission::Go(permit) = limiter.admit_as("", priority, time) {
                    next += 1;
                    on_the_way.insert(next, (now, priority, permit));
                    queue.push_back(next);
                    at(now + PATIENCE_US, Happens::GivesUp(next));
                }
            }
            Happens::Done(id) => {
                at_work -= 1;
                if let Some((_, priority, permit)) = on_the_way.remove(&id) {
                    permit.heard(Heard::Answer, time);
                    *good.entry(priority).or_default() += u64::from(now > 10_000_000);
                }
            }
            Happens::GivesUp(id) => {
                if let Some((_, _, permit)) = on_the_way.remove(&id) {
                    permit.heard(Heard::Nothing, time);
                }
            }
        }
        // Who gave up is worked for all the same, as services do.
        while at_work < WORKERS
            && let Some(id) = queue.pop_front()
        {
            at_work += 1;
            at(
                now + TOOK_US * (50 + source.draw() % 101) / 100,
                Happens::Done(id),
            );
        }
    }
    good.values_mut().for_each(|count| *count /= SECONDS - 10);
    good
}

#[test]
fn under_twice_the_load_who_comes_first_is_served_and_as_much_is_done_as_can_be() {
    let load = [
        (Priority::Critical, 60),
        (Priority::Normal, 200),
        (Priority::Low, 140),
    ];
    let good = goodput(&load);
    let [low, normal, critical] = [Priority::Low, Priority::Normal, Priority::Critical].map(|it| good[&it]);
    assert!(critical >= 57, "{good:?}");
    assert!(low + normal + critical >= 170, "{good:?}");
    // Of 140 to come, the rest could do what normal ones do not.
    assert!(low * 200 < normal * 140 / 2, "{good:?}");
}

#[test]
fn those_of_one_rank_alone_have_all_of_it() {
    for priority in [Priority::Low, Priority::Normal, Priority::Critical] {
        let good = goodput(&[(priority, 400)]);
        assert!(good[&priority] >= 170, "{good:?}");
    }
}

#[test]
fn without_too_many_nobody_is_shed() {
    let load = [
        (Priority::Critical, 20),
        (Priority::Normal, 60),
        (Priority::Low, 40),
    ];
    let good = goodput(&load);
    let [low, normal, critical] = [Priority::Low, Priority::Normal, Priority::Critical].map(|it| good[&it]);
    assert!(critical >= 19 && normal >= 57 && low >= 36, "{good:?}");
}
