//! Tests of limiters that hold one limit together: how much they let through, and what holds while nobody lends.

use super::*;
use crate::decide::{
    chance,
    ledger::{Holder, Ledger, Place, tests::beyond},
    limit::{Admission, Limiter, PATIENCE, Reason, Turn, Waiting},
};
use std::sync::{Mutex, PoisonError};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A limit that is shared; who cannot be let through at once waits, if there is something to wait for.
fn limit(count: u32, burst: u32, queue: u32, sharing: Sharing) -> Limit {
    Limit {
        rate: Some(Rate { count, per_ms: 1_000 }),
        burst: Some(burst),
        queue: Some(queue),
        shared: Some(sharing),
        ..Limit::default()
    }
}

/// The way to a ledger, on which questions and answers take their time.
#[derive(Debug)]
struct Way {
    holder: Holder,
    ledger: Ledger,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Duration,
    delay: Duration,
    away: Option<(Duration, Option<u32>)>,
    /// What was asked, and when it arrives.
    asked: Vec<(Duration, Wish, Asking)>,
    /// What was answered, and when it arrives.
    answered: Vec<(Duration, Grant, Asking)>,
    /// How often it was asked.
    count: u32,
}

impl Lender for Way {
    fn standing(&self) -> Standing {
        let state = self.state.lock().unwrap();
        match state.away {
            None => Standing::Lending,
            Some((since, among)) => Standing::Away {
                ago: state.now - since,
                among,
            },
        }
    }

    fn ask(&self, _: &Arc<str>, wish: Wish, asking: Asking) -> Option<Grant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        if state.delay.is_zero() {
            return Some(self.ledger.lend(&place(), self.holder, wish, state.now));
        }
        let at = state.now + state.delay;
        state.asked.push((at, wish, asking));
        None
    }
}

fn place() -> Place {
    Place {
        namespace: "default".into(),
        limit: "gateway a".into(),
    }
}

/// One process: its limiter, those who wait, and when it let somebody through.
struct Process {
    way: Arc<Way>,
    limiter: Limiter,
    waiting: Vec<(Duration, Waiting)>,
    let_in: Vec<Duration>,
    refused: u32,
}

impl Process {
    fn new(number: u128, ledger: &Ledger, limit: &Limit, delay: Duration) -> Self {
        let way = Arc::new(Way {
            holder: Holder(number),
            ledger: ledger.clone(),
            state: Mutex::new(State {
                now: Duration::ZERO,
                delay,
                away: None,
                asked: Vec::new(),
                answered: Vec::new(),
                count: 0,
            }),
        });
        let share = Share::new("gateway a", limit, way.clone());
        Self {
            way,
            limiter: Limiter::shared(limit, share),
            waiting: Vec::new(),
            let_in: Vec::new(),
            refused: 0,
        }
    }

    fn away(&self, away: Option<(Duration, Option<u32>)>) {
        self.way.state.lock().unwrap().away = away;
    }

    /// What arrives now arrives.
    fn arrive(&self, now: Duration) {
        let mut state = self.way.state.lock().unwrap();
        state.now = now;
        let delay = state.delay;
        let (here, later) = std::mem::take(&mut state.asked)
            .into_iter()
            .partition(|it| it.0 <= now);
        state.asked = later;
        for (_, wish, asking) in here {
            if state.away.is_none() {
                let grant = self.way.ledger.lend(&place(), self.way.holder, wish, now);
                state.answered.push((now + delay, grant, asking));
            } else {
                drop(state);
                asking.told(None, now.saturating_sub(asking.asked));
                state = self.way.state.lock().unwrap();
            }
        }
        let (here, later) = std::mem::take(&mut state.answered)
            .into_iter()
            .partition(|it| it.0 <= now);
        state.answered = later;
        drop(state);
        let here: Vec<(Duration, Grant, Asking)> = here;
        for (_, grant, asking) in here {
            asking.told(Some(grant), now.saturating_sub(asking.asked));
        }
    }

    fn comes(&mut self, key: &str, now: Duration) {
        match self.limiter.admit(key, now) {
            Admission::Go(_) => self.let_in.push(now),
            Admission::Wait(waiting) => self.waiting.push((now + PATIENCE, waiting)),
            Admission::Refused(_) => self.refused += 1,
        }
    }

    /// Those who wait look whether it is their turn.
    fn look(&mut self, now: Duration) {
        for (until, waiting) in std::mem::take(&mut self.waiting) {
            match waiting.turn(now) {
                Turn::Go(_) => self.let_in.push(now),
                Turn::Refused(_) => self.refused += 1,
                Turn::At(_) | Turn::Later if now >= until => self.refused += 1,
                Turn::At(_) | Turn::Later => self.waiting.push((until, waiting)),
            }
        }
    }
}

/// Lets so many visitors a second come to each process, by chance, from one time to another.
fn run(processes: &mut [Process], each: u64, (from, to): (u64, u64)) {
    let chance = chance::Source::new(from + 1);
    for now in from..to {
        let now = ms(now);
        for process in &mut *processes {
            process.arrive(now);
            process.look(now);
            for _ in 0..10 {
                if chance.draw() % 10_000 < each {
                    process.comes("", now);
                }
            }
        }
    }
}

fn all(processes: &[Process]) -> Vec<Duration> {
    processes.iter().flat_map(|it| it.let_in.clone()).collect()
}

fn several(count: u128, limit: &Limit, delay: u64) -> Vec<Process> {
    let ledger = Ledger::new(Duration::ZERO);
    (1..=count)
        .map(|number| Process::new(number, &ledger, limit, ms(delay)))
        .collect()
}

#[test]
fn all_together_let_through_what_the_limit_says_and_never_more() {
    for (delay, queue) in [(0, 0), (1, 0), (5, 0), (5, 50), (40, 20)] {
        let limit = limit(200, 200, queue, Sharing::Parted);
        let mut processes = several(3, &limit, delay);
        run(&mut processes, 150, (0, 30_000));
        let let_in: Vec<_> = processes.iter().map(|it| it.let_in.len()).collect();
        let sum: usize = let_in.iter().sum();
        // What is lent at the end of a lease, or to who has enough, is lost now and then.
        assert!((5_300..=6_000).contains(&sum), "{let_in:?} after {delay} ms");
        assert!(
            let_in.iter().all(|it| it.abs_diff(sum / 3) * 10 <= sum / 3),
            "{let_in:?}"
        );
        let rate = limit.rate.unwrap();
        assert_eq!(beyond(&mut all(&processes), rate, 200), 0, "after {delay} ms");
    }
}

#[test]
fn who_is_busy_does_not_ask_for_each_visitor() {
    let limit = limit(1_000, 1_000, 0, Sharing::Parted);
    let mut processes = several(1, &limit, 2);
    run(&mut processes, 900, (5_000, 15_000));
    let [process] = processes.as_slice() else { panic!() };
    let asked = process.way.state.lock().unwrap().count;
    let let_in = u32::try_from(process.let_in.len()).unwrap();
    assert!(let_in > 8_500, "{let_in}");
    assert!(asked * 20 < let_in, "asked {asked} times for {let_in}");
}

#[test]
fn a_limit_that_nobody_is_near_keeps_nobody_out() {
    let limit = limit(100, 100, 0, Sharing::Parted);
    let mut processes = several(2, &limit, 3);
    run(&mut processes, 30, (2_000, 22_000));
    assert_eq!(processes.iter().map(|it| it.refused).sum::<u32>(), 0);
    assert!(all(&processes).len() > 1_000);
}

#[test]
fn what_one_does_not_ask_for_any_more_the_other_gets() {
    let limit = limit(100, 100, 0, Sharing::Parted);
    let mut processes = several(2, &limit, 2);
    run(&mut processes, 300, (0, 10_000));
    let other = processes.pop().unwrap();
    let before = processes[0].let_in.len();
    assert!(
        before.abs_diff(other.let_in.len()) * 10 < before,
        "{before} and {}",
        other.let_in.len()
    );
    run(&mut processes, 300, (11_000, 21_000));
    let after = processes[0].let_in.len() - before;
    assert!(after > 950, "{after}");
}

#[test]
fn few_who_come_seldom_cost_what_they_take_and_no_more() {
    // Three a minute: what is lent in advance would be lost to them.
    let limit = Limit {
        rate: Some(Rate {
            count: 3,
            per_ms: 60_000,
        }),
        burst: Some(3),
        ..limit(1, 1, 0, Sharing::Parted)
    };
    let mut processes = several(1, &limit, 2);
    let at = |processes: &mut Vec<Process>, at: u64| {
        let process = &mut processes[0];
        process.arrive(ms(at));
        process.comes("ann", ms(at));
        for now in at..at + 20 {
            process.arrive(ms(now));
            process.look(ms(now));
        }
        (process.let_in.len(), process.refused)
    };
    for (come, expected) in [
        (100_000, (1, 0)),
        (101_000, (2, 0)),
        (102_000, (3, 0)),
        (103_000, (3, 1)),
        (104_000, (3, 2)),
        (122_000, (4, 2)),
    ] {
        assert_eq!(at(&mut processes, come), expected, "at {come} ms");
    }
    // Who was told when there is something again does not ask before.
    assert_eq!(processes[0].way.state.lock().unwrap().count, 5);
}

#[test]
fn while_nobody_lends_each_goes_on_with_its_part_of_what_comes_in() {
    let limit = limit(100, 100, 0, Sharing::Parted);
    let mut processes = several(2, &limit, 2);
    run(&mut processes, 300, (0, 10_000));
    let before: Vec<_> = processes.iter().map(|it| it.let_in.len()).collect();
    for process in &processes {
        process.away(Some((ms(10_000), Some(2))));
    }
    run(&mut processes, 300, (10_000, 20_000));
    for (process, before) in processes.iter().zip(before) {
        let alone = process.let_in.len() - before;
        assert!((470..=500).contains(&alone), "{alone}");
    }
    assert_eq!(beyond(&mut all(&processes), limit.rate.unwrap(), 100), 0);
    for process in &processes {
        process.away(None);
    }
    run(&mut processes, 300, (20_000, 30_000));
    let sum = all(&processes).len();
    assert!((2_750..=3_000).contains(&sum), "{sum}");
}

#[test]
fn a_strict_limit_lets_nobody_through_while_nobody_lends() {
    for (sharing, among) in [(Sharing::Strict, Some(2)), (Sharing::Parted, None)] {
        let limit = limit(100, 100, 100, sharing);
        let mut processes = several(1, &limit, 2);
        run(&mut processes, 50, (2_000, 4_000));
        let process = &mut processes[0];
        let before = process.let_in.len();
        process.comes("somebody who waits for an answer", ms(4_000));
        assert_eq!(process.waiting.len(), 1);
        process.away(Some((ms(4_001), among)));
        process.arrive(ms(4_002));
        process.look(ms(4_002));
        assert_eq!((process.waiting.len(), process.let_in.len()), (0, before));
        match process.limiter.admit("", ms(4_500)) {
            Admission::Refused(refusal) => {
                assert_eq!((refusal.reason, refusal.after), (Reason::Away, ms(1_000)));
            }
            other => panic!("{other:?}"),
        }
        process.away(None);
        run(&mut processes, 50, (5_000, 7_000));
        assert!(processes[0].let_in.len() > before + 50);
    }
}

#[test]
fn who_waits_to_hear_whether_there_is_something_needs_no_place_in_the_line() {
    let limit = limit(10, 10, 0, Sharing::Parted);
    let mut processes = several(1, &limit, 5);
    let process = &mut processes[0];
    process.arrive(ms(50_000));
    for _ in 0..12 {
        process.comes("", ms(50_000));
    }
    assert_eq!((process.waiting.len(), process.refused), (12, 0));
    for now in 50_000..50_030 {
        process.arrive(ms(now));
        process.look(ms(now));
    }
    // 10 less what comes in while a lease lasts; the others have no place in the line.
    assert_eq!((process.let_in.len(), process.refused), (7, 5));
    // What is known now costs no question.
    let asked = process.way.state.lock().unwrap().count;
    process.comes("", ms(50_031));
    assert_eq!(
        (process.refused, process.way.state.lock().unwrap().count),
        (6, asked)
    );
}

#[test]
fn keys_have_names_that_are_the_same_in_every_process() {
    assert_eq!(digest("ann"), digest("ann"));
    assert_ne!(digest("ann"), digest("bob"));
    assert_ne!(digest(""), 0);
}
