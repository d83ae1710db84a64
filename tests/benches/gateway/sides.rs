//! The processes that are measured, and the service behind them.

use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1 as client,
    server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    cell::RefCell,
    convert::Infallible,
    env, fs,
    future::Future,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    rc::Rc,
    thread,
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

/// A process that listens; it ends with this.
pub(crate) struct Side {
    name: String,
    address: SocketAddr,
    process: Child,
    _folder: Option<TempDir>,
}

impl Side {
    /// The service behind all.
    pub(crate) fn service() -> Self {
        Self::of_this("service", &["service"])
    }

    /// One of the sides; `None` where it is not installed.
    pub(crate) fn start(name: &str, service: &Self) -> Option<Self> {
        let at = service.address.to_string();
        match name {
            "nginx" => Self::installed(name, &nginx(&at), &["-e", "stderr", "-c"]),
            "haproxy" => Self::installed(name, &haproxy(&at), &["-q", "-f"]),
            name => Some(Self::of_this(name, &[name, &at])),
        }
    }

    fn of_this(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("--role").args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        Self {
            name: name.to_owned(),
            address: line.trim().parse().unwrap(),
            process,
            _folder: None,
        }
    }

    /// A program of the system with a configuration, in which `PORT` is a free one and `DIR` a folder of its own.
    fn installed(name: &str, configuration: &str, arguments: &[&str]) -> Option<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let text = configuration
            .replace("PORT", &address.port().to_string())
            .replace("DIR", path);
        let file = folder.path().join("conf");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(name);
        command
            .args(arguments)
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            println!("{name:<14} is not installed");
            return None;
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Some(Self {
                    name: name.to_owned(),
                    address,
                    process,
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
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(id).chain(children).collect()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // nginx's first process ends the others only when it is asked to end.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        for _ in 0..20 {
            if let Ok(Some(_)) = self.process.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn nginx(service: &str) -> String {
    format!(
        "worker_processes 1;\ndaemon off;\npid DIR/pid;\nerror_log /dev/null;\nevents {{ worker_connections 4096; }}\nhttp {{\n\
         access_log off;\nkeepalive_requests 1000000000;\nclient_body_temp_path DIR/body;\nproxy_temp_path DIR/proxy;\n\
         fastcgi_temp_path DIR/fastcgi;\nuwsgi_temp_path DIR/uwsgi;\nscgi_temp_path DIR/scgi;\n\
         upstream back {{ server {service}; keepalive 128; keepalive_requests 1000000000; }}\n\
         server {{ listen 127.0.0.1:PORT;\nlocation / {{ proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}\n}}\n"
    )
}

fn haproxy(service: &str) -> String {
    format!(
        "global\n  nbthread 1\n  maxconn 4096\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  http-reuse always\n\
         frontend front\n  bind 127.0.0.1:PORT\n  default_backend back\nbackend back\n  server one {service}\n"
    )
}

fn alone<F: Future<Output = ()>>(work: F) {
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

/// A proxy that does nothing but hand on, with a connection to the service for each of a visitor, and says where.
pub(crate) fn bare(service: SocketAddr) {
    alone(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let behind: Rc<RefCell<Option<client::SendRequest<Incoming>>>> = Rc::default();
            let handle =
                service_fn(move |request: Request<Incoming>| hand_on(request, behind.clone(), service));
            let connection = server::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), handle);
            tokio::task::spawn_local(async move { drop(connection.await) });
        }
    });
}

async fn hand_on(
    request: Request<Incoming>,
    behind: Rc<RefCell<Option<client::SendRequest<Incoming>>>>,
    service: SocketAddr,
) -> Result<Response<BoxBody<Bytes, hyper::Error>>, hyper::Error> {
    let kept = behind.borrow_mut().take();
    let mut sender = match kept {
        Some(sender) => sender,
        None => {
            let stream = TcpStream::connect(service).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (sender, connection) = client::handshake(TokioIo::new(stream)).await?;
            tokio::task::spawn_local(async move { drop(connection.await) });
            sender
        }
    };
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    *behind.borrow_mut() = Some(sender);
    Ok(answer.map(|body| body.boxed()))
}
