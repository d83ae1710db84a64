//! The server is killed again and again (`kill -9`) under load, and keeps every promise.
//!
//! A client that shares no code with the project starts and signals runs and writes down what it was told; a service writes
//! down what it was asked. Afterwards the two and the server are compared. `cargo test` kills a few dozen times;
//! `FLOWMESH_KILLS=2000 cargo test --release -p flowmesh --test kills -- --nocapture` is the campaign, and
//! `FLOWMESH_KILLS_OPEN=100000` has so many runs wait all the while.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by a panic and says what it saw"
)]

#[path = "../../../tests/support/ports.rs"]
mod ports;

mod client;
mod echo;
mod http;
mod server;

use client::{Load, Told};
use echo::Echo;
use server::Server;
use std::{
    env, thread,
    time::{Duration, Instant, SystemTime},
};

/// A call with a key, one without, one that may be repeated, and a wait, in two flows.
const PROGRAM: &str = r#"
config echo_url: url

service echo {
  at: echo_url
  retry: { attempts: 5, on: [connect, 5xx], backoff: exponential(20ms, max: 200ms) }

  op first(id: string) -> string = POST "/first/{id}" { key: id }
  op mail(id: string) -> string = POST "/mail/{id}" { retry: none }
  op second(id: string) -> string = PUT "/second/{id}"
}

flow work(id: string) -> string key id {
  echo.first(id)
  sleep 20ms
  let told = echo.mail(id)
    catch Unknown -> "nobody knows"
  log told
  return echo.second(id)
}

flow approved(id: string) -> string key id {
  signal go(by: string)
  echo.first(id)
  await go as told forever
  log told.by
  return echo.second(id)
}

event Noted(id: string)

flow note(e: Noted) on Noted {
  echo.first(e.id)
  let told = echo.mail(e.id)
    catch Unknown -> "nobody knows"
  log told
}

flow asleep(id: string) key id {
  sleep 30d
}
"#;

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    let said = env::var(name).ok();
    said.map_or(otherwise, |said| said.parse().expect("a number"))
}

/// Chance: xorshift, 64 bits.
fn below(state: &mut u64, end: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % end
}

#[test]
fn kills_under_load_lose_nothing_and_repeat_nothing() {
    let (kills, open) = (number("FLOWMESH_KILLS", 50), number("FLOWMESH_KILLS_OPEN", 0));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("FLOWMESH_SEED", u64::from(now.subsec_nanos()) + 1);
    println!("FLOWMESH_SEED={seed}");
    let mut chance = seed;

    let echo = Echo::start();
    let mut server = Server::new(PROGRAM, echo.port);
    server.start();
    client::open(server.port, open);

    let load = Load::start(server.port);
    let mut recoveries = Vec::new();
    let begun = Instant::now();
    for kill in 0..kills {
        thread::sleep(Duration::from_millis(50 + below(&mut chance, 300)));
        server.kill();
        recoveries.push(server.start());
        if kill % 100 == 99 {
            println!(
                "{} kills, {} acknowledged, {:?}",
                kill + 1,
                load.count(),
                begun.elapsed()
            );
        }
    }
    thread::sleep(Duration::from_millis(100));
    let took = begun.elapsed();
    let told = load.stop();
    report(kills, took, &told, recoveries);
    assert!(!told.noted.is_empty(), "events are told while it is killed");
    assert!(
        told.started.len() as u64 > 10 * kills,
        "there is load while it is killed"
    );

    // A last kill: what was said in between must not live in memory alone.
    server.kill();
    server.start();
    client::until_ended(server.port, open);
    compare(&told, &echo, &server);
}

fn report(kills: u64, took: Duration, told: &Told, mut recoveries: Vec<Duration>) {
    recoveries.sort();
    let at = |share: usize| {
        recoveries
            .get((recoveries.len() * share).div_ceil(100).saturating_sub(1))
            .copied()
    };
    println!(
        "{kills} kills in {took:.1?}: {} starts, {} signals and {} events acknowledged, {:.0} starts a second, {} answers that never came",
        told.started.len(),
        told.signalled.len(),
        told.noted.len(),
        told.started.len() as f64 / took.as_secs_f64(),
        told.unanswered,
    );
    if let (Some(half), Some(most), Some(last)) = (at(50), at(99), recoveries.last()) {
        println!(
            "from a start of the process until it answers: median {half:.1?}, p99 {most:.1?}, longest {last:.1?}"
        );
    }
}

/// What the client was told, what the service was asked, and what the server says now.
fn compare(told: &Told, echo: &Echo, server: &Server) {
    let asked = echo.asked();
    let mut lost = Vec::new();
    for (id, run) in &told.started {
        let path = |step: &str| format!("/{step}/{id}");
        let times = |step: &str| asked.get(&path(step)).map_or(0, |keys| keys.len());
        let (state, waits) = client::state(server.port, run);
        let waits_for_signal = waits && !told.signalled.contains(id);
        if state != "done" && !waits_for_signal {
            lost.push(format!("{id} (run {run}) is {state}"));
        }
        if times("first") == 0 || state == "done" && times("second") == 0 {
            lost.push(format!(
                "{id} (run {run}) is {state}, and the service was not asked"
            ));
        }
        if times("mail") > 1 {
            lost.push(format!(
                "{id} (run {run}): what must not be sent twice was sent {} times",
                times("mail")
            ));
        }
        let keys = asked.get(&path("first")).map_or(&[][..], Vec::as_slice);
        if keys.iter().any(|key| *key != keys[0] || key.is_none()) {
            lost.push(format!("{id} (run {run}): the keys of one call differ: {keys:?}"));
        }
    }
    for id in told.tried.iter().filter(|id| id.starts_with("note-")) {
        let times = |step: &str| asked.get(&format!("/{step}/{id}")).map_or(0, |keys| keys.len());
        if times("mail") > 1 {
            lost.push(format!(
                "{id} was told under one key, and was done {} times",
                times("mail")
            ));
        }
        if times("first") == 0 && told.noted.contains(id) {
            lost.push(format!(
                "the telling of {id} was acknowledged, and nothing came of it"
            ));
        }
    }
    for path in asked.keys() {
        let id = path.rsplit('/').next().unwrap_or_default();
        if !told.tried.contains(id) {
            lost.push(format!("{path} was asked for, and nobody started it"));
        }
    }
    lost.extend(told.contradictions.iter().cloned());
    assert!(
        lost.is_empty(),
        "{} promises broken:\n{}",
        lost.len(),
        lost.join("\n")
    );
}
