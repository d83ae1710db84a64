//! The processes that are measured, and the service behind them.

use super::{
    client::Speech,
    credentials::folder,
    peers::{Peer, peer},
};
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    env, fs,
    future::Future,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A process that listens; it ends with this.
pub(crate) struct Side {
    name: String,
    address: SocketAddr,
    /// `None` where it is another side's.
    process: Option<Child>,
    _folder: Option<TempDir>,
}

impl Side {
    /// The service behind all.
    pub(crate) fn service() -> Self {
        Self::of_this("service", &["service"])
    }

    /// One of the sides; `None` where it is not installed.
    pub(crate) fn start(name: &str, service: &Self, speech: Speech) -> Option<Self> {
        if name == "direct" {
            return Some(Self::service_again(service));
        }
        match peer(name, service.address, speech) {
            Some(peer) => Self::installed(name, &peer),
            None => {
                let (at, by) = (service.address.to_string(), format!("{speech:?}"));
                Some(Self::of_this(name, &[name, &at, &by]))
            }
        }
    }

    /// The service itself, as one of the sides: nobody is in between.
    fn service_again(service: &Self) -> Self {
        Self {
            name: "direct".to_owned(),
            address: service.address,
            process: None,
            _folder: None,
        }
    }

    fn of_this(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("--role").arg(folder()).args(arguments);
        command.stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        Self {
            name: name.to_owned(),
            address: line.trim().parse().unwrap(),
            process: Some(process),
            _folder: None,
        }
    }

    fn installed(name: &str, peer: &Peer) -> Option<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let text = peer
            .configuration
            .replace("PORT", &address.port().to_string())
            .replace("DIR", path);
        let file = folder.path().join(peer.file);
        fs::write(&file, text).unwrap();
        let mut command = Command::new(peer.program);
        command.args(peer.arguments).arg(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            println!("{name:<14} is not installed");
            return None;
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Some(Self {
                    name: name.to_owned(),
                    address,
                    process: Some(process),
                    _folder: Some(folder),
                });
            }
            thread::sleep(Duration::from_millis(50));
        }
        println!("{name:<14} does not start");
        None
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it took of the processor so far, with the processes that it began.
    pub(crate) fn processor_time(&self) -> Duration {
        let ticks = |id: u32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
            fields
                .skip(11)
                .take(2)
                .filter_map(|field| field.parse::<u64>().ok())
                .sum::<u64>()
        };
        // A tick is a hundredth of a second on every system that Linux runs on.
        Duration::from_millis(self.processes().into_iter().map(ticks).sum::<u64>() * 10)
    }

    /// How much memory it has, in bytes, with the processes that it began.
    pub(crate) fn resident(&self) -> u64 {
        let of = |id: u32| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.split_whitespace().next());
            number
                .and_then(|number| number.parse::<u64>().ok())
                .unwrap_or_default()
                * 1024
        };
        self.processes().into_iter().map(of).sum()
    }

    fn processes(&self) -> Vec<u32> {
        let Some(process) = &self.process else {
            return Vec::new();
        };
        let id = process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(id).chain(children).collect()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else {
            return;
        };
        // nginx's first process ends the others only when it is asked to end.
        let _ = Command::new("kill").arg(process.id().to_string()).status();
        for _ in 0..20 {
            if let Ok(Some(_)) = process.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

pub(crate) fn alone<F: Future<Output = ()>>(work: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work);
}

/// Answers with 100 bytes, or 64 KiB for a path that ends in `large`, and says where.
pub(crate) fn serve() {
    alone(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let (small, large) = (Bytes::from(vec![b'x'; 100]), Bytes::from(vec![b'x'; 64 << 10]));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (small, large) = (small.clone(), large.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let body = match request.uri().path().ends_with("large") {
                    true => large.clone(),
                    false => small.clone(),
                };
                async move { Ok::<_, Infallible>(Response::new(Full::new(body))) }
            });
            let connection = server::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::task::spawn_local(async move { drop(connection.await) });
        }
    });
}
