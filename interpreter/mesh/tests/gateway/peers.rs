//! Beside servers and clients that others wrote: nginx behind a gateway, HAProxy before it, curl as a visitor. Who is not
//! installed here is said to be skipped.

use crate::{
    ports::free_port,
    support::plain,
    town::{Said, Town, gateway, read, route},
};
use flowmesh_ir::gateway::Gateway;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(30);

/// A server of somebody else's, which ends with the test.
struct Other {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a program is, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(name));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: {name} is not installed here");
    }
    found
}

async fn listens(port: u16) {
    let connecting = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LONG, connecting).await.expect("it listens");
}

/// nginx with a page, a large file, a place that takes small bodies alone, and connections for three requests each. It is
/// one process: a worker of its own would go on after it, and keep open what the tests write to.
async fn nginx() -> Option<Other> {
    let program = installed("nginx")?;
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let home = folder.path().display();
    fs::create_dir(folder.path().join("files")).unwrap();
    fs::write(folder.path().join("files/large"), vec![b'x'; 1 << 20]).unwrap();
    let config = format!(
        r#"daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {home}/access.log;
  client_body_temp_path {home}/body; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  keepalive_requests 3;
  server {{
    listen 127.0.0.1:{port};
    location /echo {{ return 200 "$request_method $request_uri $http_x_forwarded_for\n"; }}
    location /files/ {{ root {home}; }}
    location /small {{ client_max_body_size 1k; root {home}; }}
  }}
}}
"#
    );
    fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let child = Command::new(program)
        .arg("-c")
        .arg(folder.path().join("nginx.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let other = Other { child, port, folder };
    listens(port).await;
    Some(other)
}

impl Other {
    /// What nginx was asked for.
    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
        let line = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
        log.lines().map(line).collect()
    }
}

/// A gateway before it.
async fn before(other: &Other, front: Gateway) -> Town {
    let subsets = vec![vec![format!("http://127.0.0.1:{}", other.port)]];
    let mut program = crate::support::program(plain(), &[100]);
    program.gateways = vec![front];
    Town::of(program, subsets, |_| {}).await
}

async fn ask(stream: &mut TcpStream, text: &str) -> Said {
    stream.write_all(text.as_bytes()).await.unwrap();
    timeout(LONG, read(stream)).await.expect("an answer")
}

#[tokio::test]
async fn what_nginx_says_is_what_the_visitor_hears() {
    let Some(nginx) = nginx().await else { return };
    let town = before(&nginx, gateway(vec![route(None, "/**")])).await;
    let mut stream = town.connect().await;
    // More than nginx answers on one connection.
    for number in 0..10 {
        let said = ask(
            &mut stream,
            &format!("GET /echo?n={number} HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 6.6.6.6\r\n\r\n"),
        )
        .await;
        assert_eq!(said.status, 200);
        let wanted = format!("GET /echo?n={number} 127.0.0.1\n");
        assert_eq!(String::from_utf8(said.body).unwrap(), wanted);
    }
    let large = ask(&mut stream, "GET /files/large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!((large.status, large.body.len()), (200, 1 << 20));
    let tag = large.header("etag").expect("a tag").to_owned();
    let part = ask(
        &mut stream,
        "GET /files/large HTTP/1.1\r\nhost: a\r\nrange: bytes=10-19\r\n\r\n",
    )
    .await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"xxxxxxxxxx"[..]));
    stream
        .write_all(b"HEAD /files/large HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let head = timeout(LONG, read_head(&mut stream)).await.expect("a head");
    assert!(head.contains("content-length: 1048576"), "{head}");
    // No body came with it: the next answer begins where the next answer begins.
    let text = format!("GET /files/large HTTP/1.1\r\nhost: a\r\nif-none-match: {tag}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let head = timeout(LONG, read_head(&mut stream)).await.expect("a head");
    assert!(head.starts_with("HTTP/1.1 304"), "{head}");
}

/// Reads the head of an answer that has no body.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes)
        .unwrap()
        .to_lowercase()
        .replacen("http", "HTTP", 1)
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_has_gone_is_heard() {
    let Some(nginx) = nginx().await else { return };
    let town = before(&nginx, gateway(vec![route(None, "/**")])).await;
    let mut stream = town.connect().await;
    let head = "POST /small HTTP/1.1\r\nhost: a\r\ncontent-length: 8388608\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut hears, mut says) = stream.split();
    let saying = async {
        let piece = [b'a'; 64 << 10];
        for _ in 0..128 {
            if says.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    let hearing = async {
        let mut start = [0; 12];
        hears.read_exact(&mut start).await.map(|_| start)
    };
    let (heard, ()) = timeout(LONG, async { tokio::join!(hearing, saying) })
        .await
        .expect("in time");
    assert_eq!(&heard.unwrap(), b"HTTP/1.1 413");
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_never_reaches_nginx() {
    let Some(nginx) = nginx().await else { return };
    let town = before(&nginx, gateway(vec![route(None, "/**")])).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let length = smuggled.len();
    for text in [
        // By a second length, by a coding that is none, by a fold, by a bare line feed, by an extension of a piece.
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-length: {length}\r\n\r\n{smuggled}"
        ),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}, 0\r\n\r\n{smuggled}"),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n{smuggled}"),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n{smuggled}"),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n{smuggled}"
        ),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\nx: a\ncontent-length: {length}\r\n\r\n\r\n{smuggled}"),
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n{smuggled}"),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n{smuggled}"
        ),
        format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\rabcde\r\n0\r\n\r\n{smuggled}"
        ),
        format!(
            "GET /echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n{smuggled}"
        ),
    ] {
        let mut stream = town.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut heard)).await;
        let heard = String::from_utf8_lossy(&heard);
        assert!(
            !heard.contains("/smuggled"),
            "{text:?} was answered with {heard:?}"
        );
        // A victim who comes then hears the own answer.
        let said = town.get("/echo?victim").await;
        assert_eq!(
            String::from_utf8(said.body).unwrap(),
            "GET /echo?victim 127.0.0.1\n"
        );
    }
    let asked = nginx.asked();
    assert!(asked.iter().all(|line| !line.contains("smuggled")), "{asked:#?}");
    assert!(asked.iter().any(|line| line.contains("victim")));
}

#[tokio::test]
async fn haproxy_says_where_a_visitor_is() {
    let (Some(program), Some(nginx)) = (installed("haproxy"), nginx().await) else {
        return;
    };
    let front = Gateway {
        proxied: true,
        ..gateway(vec![route(None, "/**")])
    };
    let town = before(&nginx, front).await;
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let config = format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\nlisten door\n  bind 127.0.0.1:{port}\n  server gateway {} send-proxy-v2\n",
        town.address
    );
    let file = folder.path().join("haproxy.cfg");
    fs::write(&file, config).unwrap();
    let child = Command::new(program)
        .args(["-q", "-db", "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _haproxy = Other { child, port, folder };
    listens(port).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let said = ask(&mut stream, "GET /echo HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(String::from_utf8(said.body).unwrap(), "GET /echo 127.0.0.1\n");
}

#[tokio::test]
async fn curl_is_served_by_both_versions() {
    let (Some(curl), Some(nginx)) = (installed("curl"), nginx().await) else {
        return;
    };
    let town = before(&nginx, gateway(vec![route(None, "/**")])).await;
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let url = format!("http://{}/files/large", town.address);
        let said = tokio::process::Command::new(&curl)
            .args([
                "-sS",
                version,
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{size_download}",
                &url,
            ])
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        assert_eq!(
            text,
            "200 1048576",
            "{version}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
}
