//! The load: so many requests on their way at once, each followed by the next as soon as it was answered; or so many a
//! second, whatever is answered when.

use super::client::{Client, Speech};
use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::{LocalSet, spawn_local},
};

/// How often requests are let go where so many a second are; a timer of the runtime is no finer.
const TICK: Duration = Duration::from_millis(1);

/// What is asked, and how.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) speech: Speech,
    pub(crate) path: &'static str,
    /// What `Authorization` says.
    pub(crate) token: Option<Rc<str>>,
    /// How many requests are on their way at the most.
    pub(crate) at_once: usize,
}

/// What one side did in one round.
pub(crate) struct Figures {
    /// How long each request took, the shortest first.
    times: Vec<Duration>,
    took: Duration,
    /// What it cost the side of the processor.
    pub(crate) processor: Duration,
}

impl Figures {
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    /// So many of a thousand took no longer, in microseconds.
    pub(crate) fn micros(&self, of_thousand: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        let at = (self.times.len() * of_thousand / 1_000).min(last);
        self.times
            .get(at)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }

    pub(crate) fn processor_per_million(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.times.len() as f64
    }
}

pub(crate) fn median(of: &[Figures], what: impl Fn(&Figures) -> f64) -> f64 {
    let mut all: Vec<f64> = of.iter().map(what).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn range(of: &[Figures], what: impl Fn(&Figures) -> f64) -> (f64, f64) {
    let all = of.iter().map(what);
    all.fold((f64::MAX, 0.0), |(least, most), one| {
        (least.min(one), most.max(one))
    })
}

/// Asks for so long, as fast as it is answered.
pub(crate) fn full(address: SocketAddr, load: &Load, length: Duration) -> Figures {
    alone(async {
        let clients = connected(address, load).await;
        let began = Instant::now();
        let asking: Vec<_> = clients
            .into_iter()
            .map(|mut client| {
                let load = load.clone();
                spawn_local(async move {
                    let mut times = Vec::new();
                    while began.elapsed() < length {
                        let sent = Instant::now();
                        client.ask(&load).await;
                        times.push(sent.elapsed());
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for one in asking {
            times.extend(one.await.unwrap());
        }
        figures(times, began.elapsed())
    })
}

/// Asks so often a second. A request that finds nobody free waits, and its time begins when it should have been sent.
pub(crate) fn paced(address: SocketAddr, load: &Load, rate: f64, length: Duration) -> Figures {
    alone(async {
        let clients = connected(address, load).await;
        let due = Rc::new(Due::default());
        let asking: Vec<_> = clients
            .into_iter()
            .map(|client| spawn_local(serve(client, load.clone(), due.clone())))
            .collect();
        let began = Instant::now();
        let mut sent = 0_usize;
        let mut ticks = tokio::time::interval(TICK);
        while began.elapsed() < length {
            ticks.tick().await;
            let now = Instant::now();
            let wanted = (now - began).as_secs_f64() * rate;
            while (sent as f64) < wanted {
                due.times.borrow_mut().push_back(now);
                due.more.add_permits(1);
                sent += 1;
            }
        }
        due.more.close();
        let took = began.elapsed();
        let mut times = Vec::new();
        for one in asking {
            times.extend(one.await.unwrap());
        }
        figures(times, took)
    })
}

/// The requests that are to be sent, by when they should have been.
struct Due {
    times: std::cell::RefCell<std::collections::VecDeque<Instant>>,
    more: Semaphore,
}

impl Default for Due {
    fn default() -> Self {
        Self {
            times: std::cell::RefCell::default(),
            more: Semaphore::new(0),
        }
    }
}

async fn serve(mut client: Client, load: Load, due: Rc<Due>) -> Vec<Duration> {
    let mut times = Vec::new();
    while let Ok(one) = due.more.acquire().await {
        one.forget();
        let Some(since) = due.times.borrow_mut().pop_front() else {
            continue;
        };
        client.ask(&load).await;
        times.push(since.elapsed());
    }
    times
}

async fn connected(address: SocketAddr, load: &Load) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    while clients.len() < load.at_once {
        clients.extend(Client::connect(address, load.speech).await);
    }
    clients
}

fn figures(mut times: Vec<Duration>, took: Duration) -> Figures {
    times.sort_unstable();
    Figures {
        times,
        took,
        processor: Duration::ZERO,
    }
}

fn alone<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, work)
}
