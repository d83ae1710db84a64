//! Names by a DNS server that others wrote and Debian brings: dnsmasq. Where it is not installed, that is said, and these
//! tests are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot be set up has failed"
)]

use crate::support::{
    call, failure, plain, request,
    server::{Answer, Server},
    status, with_options,
};
use crate::{ports::free_port, support};
use flowmesh_ir::policy::{Balance, Policy};
use flowmesh_mesh::{Hickory, Mesh};
use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// dnsmasq, which ends with the test.
struct Daemon {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Daemon {
    /// With these lines in its file; names and addresses are in another one, which it reads again when it is told to.
    async fn start(lines: &str) -> Option<Self> {
        let places = ["/usr/sbin/dnsmasq", "/usr/bin/dnsmasq", "/usr/local/sbin/dnsmasq"];
        let Some(program) = places.into_iter().find(|place| Path::new(place).is_file()) else {
            println!("skipped: dnsmasq is not installed here");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (home, port) = (folder.path().display(), address.port());
        let config = format!(
            "no-resolv\nno-hosts\nkeep-in-foreground\nbind-interfaces\nlisten-address=127.0.0.1\nport={port}\npid-file=\nuser=root\n\
             local=/test/\nlocal-ttl=1\nneg-ttl=1\naddn-hosts={home}/hosts\n{lines}"
        );
        fs::write(folder.path().join("dnsmasq.conf"), config).unwrap();
        fs::write(folder.path().join("hosts"), "").unwrap();
        let child = Command::new(program)
            .arg("-C")
            .arg(folder.path().join("dnsmasq.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self {
            child,
            address,
            folder,
        };
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "dnsmasq does not listen"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(daemon)
    }

    /// From now on, names have these addresses.
    fn say(&self, hosts: &str) {
        fs::write(self.folder.path().join("hosts"), hosts).unwrap();
        let told = Command::new("kill")
            .args(["-HUP", &self.child.id().to_string()])
            .status();
        assert!(told.expect("kill runs").success());
    }

    fn mesh(&self, address: &str) -> Mesh {
        let policy = Policy {
            balance: Balance::RoundRobin,
            ..plain()
        };
        let resolver = Arc::new(Hickory::servers(&[self.address]).unwrap());
        let program = support::program(policy, &[100]);
        with_options(program, vec![vec![address.to_owned()]], |options| {
            options.resolver = resolver;
        })
        .unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ok_at(ip: &str, port: u16) -> Server {
    let address = SocketAddr::new(ip.parse().unwrap(), port);
    Server::start_at(address, |_| Answer::Status(200)).await
}

/// Calls until what is wanted is there.
async fn until(mesh: &Mesh, what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        call(mesh, &request()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn addresses_of_a_daemon_are_balanced_over_and_followed_when_they_change() {
    let Some(daemon) = Daemon::start("").await else {
        return;
    };
    let a = ok_at("127.0.0.1", 0).await;
    let b = ok_at("127.0.0.2", a.address.port()).await;
    daemon.say("127.0.0.1 shop.test\n127.0.0.2 shop.test\n");
    let mesh = daemon.mesh(&format!("dns://shop.test:{}", a.address.port()));
    until(&mesh, "both are called", || a.requests() > 2 && b.requests() > 2).await;
    daemon.say("127.0.0.2 shop.test\n");
    // Its answers are good for a second.
    let began = Instant::now();
    loop {
        let before = a.requests();
        for _ in 0..4 {
            assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        }
        if a.requests() == before {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the one that left is still called"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_last_good_answer_of_a_daemon_that_is_gone_holds() {
    let Some(mut daemon) = Daemon::start("").await else {
        return;
    };
    let server = ok_at("127.0.0.1", 0).await;
    daemon.say("127.0.0.1 shop.test\n");
    let mesh = daemon.mesh(&format!("dns://shop.test:{}", server.address.port()));
    until(&mesh, "it is called", || server.requests() > 0).await;
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    // Longer than its answer was good for.
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn services_of_a_daemon_say_ports_and_who_comes_first() {
    let (first, second, spare) = (
        ok_at("127.0.0.1", 0).await,
        ok_at("127.0.0.1", 0).await,
        ok_at("127.0.0.1", 0).await,
    );
    let line = |server: &Server, priority: u16, weight: u16| {
        let port = server.address.port();
        format!("srv-host=_http._tcp.shop.test,a.test,{port},{priority},{weight}\n")
    };
    let lines =
        line(&first, 1, 75) + &line(&second, 1, 25) + &line(&spare, 2, 1) + "host-record=a.test,127.0.0.1\n";
    let Some(daemon) = Daemon::start(&lines).await else {
        return;
    };
    let mesh = daemon.mesh("srv://_http._tcp.shop.test");
    for _ in 0..400 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((first.requests() + second.requests(), spare.requests()), (400, 0));
    assert!((60..=140).contains(&second.requests()), "{}", second.requests());
}

#[tokio::test]
async fn what_is_too_long_for_a_packet_is_asked_for_by_tcp() {
    // More addresses than a packet of 512 bytes takes, by a daemon that sends no longer ones.
    let Some(daemon) = Daemon::start("edns-packet-max=512\n").await else {
        return;
    };
    let port = ok_at("127.0.0.1", 0).await.address.port();
    let mut servers = Vec::new();
    for last in 1..=60 {
        servers.push(ok_at(&format!("127.0.1.{last}"), port).await);
    }
    let lines: String = (1..=60)
        .map(|last| format!("127.0.1.{last} shop.test\n"))
        .collect();
    daemon.say(&lines);
    let mesh = daemon.mesh(&format!("dns://shop.test:{port}"));
    until(&mesh, "it is known", || {
        servers.iter().any(|server| server.requests() > 0)
    })
    .await;
    let mut seen = BTreeSet::new();
    for _ in 0..120 {
        let (reply, heard) = call(&mesh, &request()).await;
        assert_eq!(status(&reply), 200);
        seen.insert(heard[0].endpoint.clone());
    }
    assert_eq!(seen.len(), 60, "{seen:?}");
}

#[tokio::test]
async fn a_name_that_a_daemon_does_not_have_is_unavailable_until_it_has() {
    let Some(daemon) = Daemon::start("").await else {
        return;
    };
    let server = ok_at("127.0.0.1", 0).await;
    let mesh = daemon.mesh(&format!("dns://late.test:{}", server.address.port()));
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!(failure(&reply).0, "Unavailable", "{heard:?}");
    daemon.say("127.0.0.1 late.test\n");
    until(&mesh, "it is found", || server.requests() > 0).await;
}
