//! A service that can do so much and no more, and callers who want twice that: what is done in time is what it can do.

use super::*;
use crate::decide::chance::Source;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

/// So many are served at once, each for so long; the others wait at the service.
struct Service {
    workers: usize,
    took_us: u64,
}

/// Callers who do not wait longer than this, and how many come in a second.
struct Load {
    per_second: u64,
    patience_us: u64,
    seconds: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Comes,
    Done { id: usize, began: u64 },
    GivesUp { id: usize },
}

struct World {
    service: Service,
    queue: VecDeque<(usize, u64)>,
    at_work: usize,
    on_their_way: u32,
    due: BinaryHeap<Reverse<(u64, u64, Happens)>>,
    order: u64,
}

impl World {
    fn at(&mut self, time: u64, what: Happens) {
        self.order += 1;
        self.due.push(Reverse((time, self.order, what)));
    }

    fn work(&mut self, now: u64, spread: u64) {
        while self.at_work < self.service.workers {
            let Some((id, began)) = self.queue.pop_front() else {
                return;
            };
            self.at_work += 1;
            let took = self.service.took_us * (50 + spread) / 100;
            self.at(now + took, Happens::Done { id, began });
        }
    }
}

/// How many were answered in time from the tenth second on, per second.
fn goodput(service: Service, load: &Load, mut adaptive: Option<&mut Adaptive>) -> u64 {
    let source = Source::new(9);
    let mut world = World {
        service,
        queue: VecDeque::new(),
        at_work: 0,
        on_their_way: 0,
        due: BinaryHeap::new(),
        order: 0,
    };
    let (mut good, mut id) = (0, 0);
    let mut answered = std::collections::HashSet::new();
    world.at(0, Happens::Comes);
    while let Some(Reverse((now, _, what))) = world.due.pop() {
        if now >= load.seconds * 1_000_000 {
            break;
        }
        let time = Duration::from_micros(now);
        match what {
            Happens::Comes => {
                // Two draws spread about as waiting times do, with the same mean.
                let gap = 2_000_000 / load.per_second;
                world.at(now + source.draw() % gap.max(1), Happens::Comes);
                let room = adaptive.as_ref().is_none_or(|of| world.on_their_way < of.limit());
                if room {
                    id += 1;
                    world.on_their_way += 1;
                    world.queue.push_back((id, now));
                    world.at(now + load.patience_us, Happens::GivesUp { id });
                }
            }
            Happens::Done { id, began } => {
                world.at_work -= 1;
                let took = now - began;
                if took < load.patience_us {
                    answered.insert(id);
                    good += u64::from(now > 10_000_000);
                    if let Some(adaptive) = adaptive.as_mut() {
                        adaptive.answered(time, Duration::from_micros(took), world.on_their_way);
                    }
                    world.on_their_way -= 1;
                }
            }
            Happens::GivesUp { id } => {
                if !answered.remove(&id) {
                    if let Some(adaptive) = adaptive.as_mut() {
                        adaptive.lost(time, world.on_their_way);
                    }
                    world.on_their_way -= 1;
                }
            }
        }
        let spread = source.draw() % 101;
        world.work(now, spread);
    }
    good / (load.seconds - 10)
}

/// 10 at once, 50 ms each: 200 in a second.
const fn service() -> Service {
    Service {
        workers: 10,
        took_us: 50_000,
    }
}

fn load(per_second: u64) -> Load {
    Load {
        per_second,
        patience_us: 500_000,
        seconds: 130,
    }
}

#[test]
fn under_twice_the_load_nearly_all_that_can_be_done_is_done_in_time() {
    let mut adaptive = Adaptive::new(None);
    let good = goodput(service(), &load(400), Some(&mut adaptive));
    assert!(good >= 180, "{good} of 200 in a second, {adaptive:?}");
    let limit = adaptive.limit();
    assert!((10..60).contains(&limit), "{limit}");
}

#[test]
fn without_it_nothing_is_done_in_time() {
    let good = goodput(service(), &load(400), None);
    assert!(good < 40, "{good} of 200 in a second");
}

#[test]
fn ten_times_the_load_changes_nothing() {
    let mut adaptive = Adaptive::new(None);
    let load = Load {
        seconds: 50,
        ..load(2_000)
    };
    let good = goodput(service(), &load, Some(&mut adaptive));
    assert!(good >= 180, "{good} of 200 in a second, {adaptive:?}");
}

#[test]
fn who_does_not_want_too_much_is_refused_nearly_nothing() {
    let mut adaptive = Adaptive::new(None);
    let good = goodput(service(), &load(150), Some(&mut adaptive));
    assert!(good >= 147, "{good} of 150 in a second, {adaptive:?}");
}

#[test]
fn a_service_that_can_do_much_is_given_much() {
    let large = Service {
        workers: 400,
        took_us: 50_000,
    };
    let mut adaptive = Adaptive::new(None);
    let load = Load {
        seconds: 25,
        ..load(16_000)
    };
    let good = goodput(large, &load, Some(&mut adaptive));
    assert!(good >= 7_200, "{good} of 8000 in a second, {adaptive:?}");
}

#[test]
fn who_never_answers_is_given_little_and_never_nothing() {
    let mut adaptive = Adaptive::new(None);
    for tenth in 1..1_000 {
        adaptive.lost(Duration::from_millis(tenth * 100), adaptive.limit());
    }
    assert!((1..=2).contains(&adaptive.limit()), "{adaptive:?}");
}

#[test]
fn a_service_that_became_slower_for_good_is_measured_anew() {
    let mut adaptive = Adaptive::new(None);
    let mut now = Duration::ZERO;
    let mut serve = |took_ms: u64, seconds: u64| {
        for _ in 0..seconds * 100 {
            now += Duration::from_millis(10);
            let busy = adaptive.limit();
            adaptive.answered(now, Duration::from_millis(took_ms), busy);
        }
        adaptive.limit()
    };
    let fast = serve(10, 20);
    let slower = serve(100, 10);
    assert!(slower < fast, "{slower} after {fast}");
    let again = serve(100, 60);
    assert!(again > slower * 2, "{again} after {slower}");
}

#[test]
fn no_more_is_let_through_than_the_author_says() {
    let mut adaptive = Adaptive::new(Some(5));
    for tenth in 1..10_000 {
        let now = Duration::from_millis(tenth * 10);
        adaptive.answered(now, Duration::from_millis(1), adaptive.limit());
    }
    assert_eq!(adaptive.limit(), 5);
    assert_eq!(Adaptive::new(Some(1)).limit(), 1);
}
