//! Clients that start and signal runs as fast as they are let, and write down what they were told.

use super::http::Connection;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const CLIENTS: usize = 8;
/// Between two starts of a client, and before it tries again.
const PAUSE: Duration = Duration::from_millis(8);
/// All runs have ended after so long, or never will.
const PATIENCE: Duration = Duration::from_secs(300);

/// What clients were told.
#[derive(Default)]
pub(crate) struct Told {
    /// The run of each start that was acknowledged.
    pub(crate) started: BTreeMap<String, String>,
    /// Starts whose signal was acknowledged.
    pub(crate) signalled: BTreeSet<String>,
    /// Events whose telling was acknowledged.
    pub(crate) noted: BTreeSet<String>,
    /// Everything that anybody tried to start.
    pub(crate) tried: BTreeSet<String>,
    /// Where the server said one thing and then another.
    pub(crate) contradictions: Vec<String>,
    /// How many requests had no answer.
    pub(crate) unanswered: usize,
}

/// Clients at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
    told: Arc<Mutex<Told>>,
}

impl Load {
    pub(crate) fn start(port: u16) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            count: Arc::default(),
            clients: Vec::new(),
            told: Arc::default(),
        };
        for number in 0..CLIENTS {
            let (stop, count, told) = (load.stop.clone(), load.count.clone(), load.told.clone());
            load.clients.push(thread::spawn(move || {
                let client = Client {
                    connection: Connection::to(port),
                    told: &told,
                };
                client.work(number, &stop, &count);
            }));
        }
        load
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

struct Client<'t> {
    connection: Connection,
    told: &'t Mutex<Told>,
}

impl Client<'_> {
    /// Starts one run after the other, every fourth of the flow that waits for a signal; every eighth is started twice.
    /// Beside every eighth an event is told, which starts a run without a key.
    fn work(mut self, number: usize, stop: &AtomicBool, count: &AtomicUsize) {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("{number}-{turn}");
            let flow = if turn % 4 == 3 { "approved" } else { "work" };
            self.told.lock().unwrap().tried.insert(id.clone());
            let Some(run) = self.start(flow, &id, stop) else {
                return;
            };
            count.fetch_add(1, Ordering::Relaxed);
            if turn % 8 == 7 && self.start(flow, &id, stop).is_none() {
                return;
            }
            if turn % 8 == 4 && !self.note(&format!("note-{id}"), stop) {
                return;
            }
            if flow == "approved" && !self.signal(&id, &run, stop) {
                return;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Starts until it is acknowledged: the same key is the same run.
    fn start(&mut self, flow: &str, id: &str, stop: &AtomicBool) -> Option<String> {
        let (path, body) = (format!("/v1/flows/{flow}/runs"), format!(r#"{{"id": "{id}"}}"#));
        let answer = self.until_heard(&path, &body, stop)?;
        let run = answer["id"].as_str().expect("an identifier").to_owned();
        let mut told = self.told.lock().unwrap();
        let before = told.started.insert(id.to_owned(), run.clone());
        if before.as_ref().is_some_and(|before| *before != run) {
            told.contradictions
                .push(format!("{id} was run {before:?} and is run {run} now"));
        }
        Some(run)
    }

    /// Tells an event until that is acknowledged: the key of the request alone makes all tellings one.
    fn note(&mut self, id: &str, stop: &AtomicBool) -> bool {
        self.told.lock().unwrap().tried.insert(id.to_owned());
        let (body, key) = (
            format!(r#"{{"id": "{id}"}}"#),
            format!("idempotency-key: {id}\r\n"),
        );
        let heard = self.until_heard_with(&key, "/v1/events/Noted", &body, stop);
        let Some(answer) = heard else { return false };
        let mut told = self.told.lock().unwrap();
        if answer["started"]
            .as_array()
            .is_none_or(|started| started.len() != 1)
        {
            told.contradictions.push(format!(
                "{id} was to start one run, and was answered with {answer}"
            ));
        }
        told.noted.insert(id.to_owned());
        true
    }

    fn signal(&mut self, id: &str, run: &str, stop: &AtomicBool) -> bool {
        let path = format!("/v1/runs/{run}/signals/go");
        let heard = self.until_heard(&path, r#"{"by": "ann"}"#, stop).is_some();
        if heard {
            self.told.lock().unwrap().signalled.insert(id.to_owned());
        }
        heard
    }

    /// Asks until there is an answer; `None` if the test is over before.
    fn until_heard(&mut self, path: &str, body: &str, stop: &AtomicBool) -> Option<Value> {
        self.until_heard_with("", path, body, stop)
    }

    fn until_heard_with(
        &mut self,
        headers: &str,
        path: &str,
        body: &str,
        stop: &AtomicBool,
    ) -> Option<Value> {
        loop {
            match self.connection.ask_with(headers, "POST", path, body) {
                Some(answer) if answer.status() < 300 => {
                    return Some(serde_json::from_str(&answer.body).unwrap_or(Value::Null));
                }
                // A signal that was heard and not acknowledged may come to a run that has ended because of it.
                Some(answer) if answer.status() == 409 && path.contains("/signals/") => {
                    return Some(Value::Null);
                }
                Some(answer) if answer.status() < 500 => panic!("{path}: {answer:?}"),
                _ => self.told.lock().unwrap().unanswered += 1,
            }
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Starts runs that sleep for a month.
pub(crate) fn open(port: u16, count: u64) {
    let mut connection = Connection::to(port);
    for at in 0..count {
        let answer = connection.ask("POST", "/v1/flows/asleep/runs", &format!(r#"{{"id": "{at}"}}"#));
        assert!(answer.is_some_and(|answer| answer.status() < 300));
    }
}

/// Waits until no run is open but so many that sleep.
pub(crate) fn until_ended(port: u16, asleep: u64) {
    let mut connection = Connection::to(port);
    let begun = Instant::now();
    loop {
        let mut count = |state: &str| {
            let answer = connection.ask("GET", &format!("/v1/runs/count?state={state}"), "");
            let answer = answer.expect("it is up");
            let count: Value = serde_json::from_str(&answer.body).expect("JSON");
            count["count"].as_u64().unwrap_or_else(|| panic!("{answer:?}"))
        };
        let open = count("running") + count("waiting");
        // Of each client one run may wait for a signal that nobody sent before the end.
        if open <= asleep + CLIENTS as u64 && count("running") == 0 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{open} runs do not come to an end");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The state of a run, and whether it waits.
pub(crate) fn state(port: u16, run: &str) -> (String, bool) {
    thread_local! {
        static CONNECTION: std::cell::RefCell<Option<Connection>> = const { std::cell::RefCell::new(None) };
    }
    CONNECTION.with_borrow_mut(|connection| {
        let connection = connection.get_or_insert_with(|| Connection::to(port));
        let Some(answer) = connection.ask("GET", &format!("/v1/runs/{run}"), "") else {
            return ("not answered".to_owned(), false);
        };
        let view: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let state = view["state"]
            .as_str()
            .unwrap_or("unknown to the server")
            .to_owned();
        let waits = state == "waiting";
        (state, waits)
    })
}
