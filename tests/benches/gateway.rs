//! Requests a second through a gateway, beside a bare hyper proxy without any policy, and beside nginx and HAProxy where
//! they are installed (Debian: `nginx-light`, `haproxy`).
//!
//! `cargo bench -p flowmesh-tests --bench gateway [-- SECONDS [ROUNDS]]`. Each proxy is a process of its own with one thread
//! that works, all before one service in another process; they take turns under load from 64 connections, and medians are
//! shown with the least and the most.

#[path = "gateway/load.rs"]
mod load;
#[path = "gateway/ours.rs"]
mod ours;
#[path = "gateway/sides.rs"]
mod sides;

use load::Figures;
use sides::Side;
use std::{env, time::Duration};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 64;

/// What is asked for, and of which sides.
struct Case {
    title: &'static str,
    path: &'static str,
    sides: &'static [&'static str],
}

const CASES: [Case; 4] = [
    Case {
        title: "100-byte answers",
        path: "/small",
        sides: &["bare", "flowmesh", "nginx", "haproxy"],
    },
    Case {
        title: "64 KiB answers",
        path: "/large",
        sides: &["bare", "flowmesh", "nginx", "haproxy"],
    },
    Case {
        title: "100-byte answers by 10 and by 1,000 routes",
        path: "/route-7/small",
        sides: &["bare", "flowmesh-10", "flowmesh-1000"],
    },
    Case {
        title: "100-byte answers with rules, a limit and the access log",
        path: "/small",
        sides: &["bare", "flowmesh", "flowmesh-all"],
    },
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--role", "service"] => return sides::serve(),
        ["--role", "bare", service] => return sides::bare(service.parse().unwrap()),
        ["--role", kind, service] => return ours::serve(kind, service),
        _ => {}
    }
    let mut numbers = arguments
        .iter()
        .filter_map(|argument| argument.parse::<u64>().ok());
    let (seconds, rounds) = (numbers.next().unwrap_or(3), numbers.next().unwrap_or(3));
    let length = Duration::from_secs(seconds);
    let service = Side::service();
    println!("{CONNECTIONS} connections, {rounds} rounds of {seconds} s a side; medians (least to most)");
    for case in CASES {
        println!("\n{}", case.title);
        println!(
            "{:<14} {:>30} {:>6} {:>10} {:>10} {:>9} {:>8}",
            "", "requests/s", "ratio", "p50", "p99", "CPU s/M", "MiB"
        );
        run(&case, &service, length, rounds);
    }
}

fn run(case: &Case, service: &Side, length: Duration, rounds: u64) {
    let started = case.sides.iter().filter_map(|name| Side::start(name, service));
    let sides: Vec<Side> = started.collect();
    let mut all: Vec<Vec<Figures>> = sides.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (side, figures) in sides.iter().zip(&mut all) {
            let before = side.processor_time();
            let mut of = load::measure(side.address(), case.path, CONNECTIONS, length);
            of.processor = side.processor_time().saturating_sub(before);
            figures.push(of);
        }
    }
    let first = load::median(&all[0], |figures| figures.per_second());
    for (side, figures) in sides.iter().zip(&all) {
        let rate = load::median(figures, Figures::per_second);
        let (least, most) = load::range(figures, Figures::per_second);
        let range = format!("{rate:.0} ({least:.0} to {most:.0})");
        let time = |share| Duration::from_secs_f64(load::median(figures, |of| of.at(share).as_secs_f64()));
        println!(
            "{:<14} {range:>30} {:>6.2} {:>10.1?} {:>10.1?} {:>9.1} {:>8.1}",
            side.name(),
            rate / first,
            time(50),
            time(99),
            load::median(figures, Figures::processor_per_million),
            side.resident() as f64 / f64::from(1 << 20),
        );
    }
}
