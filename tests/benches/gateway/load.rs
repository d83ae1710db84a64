//! The load: so many connections, each asking again as soon as it was answered.

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

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

    /// So many percent took no longer.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        self.times[(self.times.len() * percent / 100).min(self.times.len() - 1)]
    }

    pub(crate) fn processor_per_million(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.times.len() as f64
    }
}

pub(crate) fn median(of: &[Figures], what: impl Fn(&Figures) -> f64) -> f64 {
    let mut all: Vec<f64> = of.iter().map(what).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

pub(crate) fn range(of: &[Figures], what: impl Fn(&Figures) -> f64) -> (f64, f64) {
    let all = of.iter().map(what);
    all.fold((f64::MAX, 0.0), |(least, most), one| {
        (least.min(one), most.max(one))
    })
}

/// Asks for so long.
pub(crate) fn measure(
    address: SocketAddr,
    path: &'static str,
    connections: usize,
    length: Duration,
) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let began = Instant::now();
        let asking: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(ask(address, path, began + length)))
            .collect();
        let mut times = Vec::new();
        for one in asking {
            times.extend(one.await.unwrap());
        }
        let took = began.elapsed();
        times.sort_unstable();
        Figures {
            times,
            took,
            processor: Duration::ZERO,
        }
    })
}

async fn ask(address: SocketAddr, path: &'static str, end: Instant) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut times = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        let request = Request::get(path).header("host", "shop.test");
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            frame.unwrap();
        }
        times.push(sent.elapsed());
    }
    times
}
