//! Durable steps a second against a local HTTP service, beside a bare hyper client that makes the same calls.
//!
//! `cargo bench -p flowmesh-tests --bench steps [-- SECONDS]`. The service is a process of its own, on one thread; both
//! sides of the comparison run in this process, on the same runtime, alternating.

use flowmesh_host::disk::{Disk, RealDisk};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, client::conn::http1, server, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[path = "support/counted.rs"]
mod counted;
#[path = "steps/flow.rs"]
mod flow;

/// What one side did at one level.
struct Figures {
    steps_per_second: f64,
    p50: Duration,
    p99: Duration,
}

const LEVELS: [usize; 3] = [1, 64, 256];

fn main() {
    if env::args().any(|argument| argument == "--service") {
        return serve();
    }
    let seconds = env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(3);
    let length = Duration::from_secs(seconds);
    let (mut service, address) = spawn_service();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("ten durable steps a run, {seconds} s a side; steps/s, time per step");
    println!(
        "{:>5}  {:>28}  {:>28}  ratio",
        "runs", "bare hyper client", "flow"
    );
    for level in LEVELS {
        let bare = runtime.block_on(bare(address, level, length));
        let (flow, commits, bytes) = runtime.block_on(flow::measure(address, level, length));
        let ratio = flow.steps_per_second / bare.steps_per_second;
        println!(
            "{level:>5}  {:>28}  {:>28}  {ratio:.2}",
            bare.to_string(),
            flow.to_string()
        );
        if level == 1 {
            let sync = syncing(bytes, length);
            let beyond = flow.p50.saturating_sub(bare.p50);
            let syncs = beyond.as_secs_f64() / sync.as_secs_f64();
            println!(
                "       one run alone: a step is a call and {syncs:.2} times a sync of {sync:.2?}, for {commits:.2} commits"
            );
        }
    }
    service.kill().unwrap();
    service.wait().unwrap();
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!(
            "{:.0}/s p50 {:.2?} p99 {:.2?}",
            self.steps_per_second, self.p50, self.p99
        );
        f.pad(&text)
    }
}

/// Figures from the times of single steps.
fn figures(mut times: Vec<Duration>, took: Duration) -> Figures {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    Figures {
        steps_per_second: times.len() as f64 / took.as_secs_f64(),
        p50: at(50),
        p99: at(99),
    }
}

/// How long it takes to append as many bytes as a commit has and to make them stable: the median.
fn syncing(bytes: usize, length: Duration) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    let mut file = disk.append("bare").unwrap();
    let group = vec![0x5a; bytes];
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < length {
        let sent = Instant::now();
        file.append(&group).unwrap();
        file.sync().unwrap();
        times.push(sent.elapsed());
    }
    figures(times, length).p50
}

/// The same calls without a flow: one connection for each run, one call after the other.
async fn bare(address: SocketAddr, level: usize, length: Duration) -> Figures {
    let started = Instant::now();
    let callers: Vec<_> = (0..level)
        .map(|_| tokio::spawn(call_until(address, started + length)))
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.unwrap());
    }
    figures(times, started.elapsed())
}

async fn call_until(address: SocketAddr, end: Instant) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut times = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        let request = Request::put("/steps")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from_static(br#"{"number":1}"#)))
            .unwrap();
        let reply = sender.send_request(request).await.unwrap();
        assert!(reply.status().is_success());
        reply.into_body().collect().await.unwrap();
        times.push(sent.elapsed());
    }
    times
}

fn spawn_service() -> (Child, SocketAddr) {
    let mut child = Command::new(env::current_exe().unwrap())
        .arg("--service")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line.trim().parse().unwrap())
}

fn serve() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            println!("{}", listener.local_addr().unwrap());
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(
                    server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), service_fn(answer)),
                );
            }
        });
}

async fn answer(request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(br#"{"number":1}"#))))
}
