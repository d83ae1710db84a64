//! An HTTP client of the simplest kind.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The status, the head and the body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// One request on a connection of its own, which is read to its end.
pub(crate) async fn ask(to: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    ask_on(TcpStream::connect(to).await.unwrap(), method, path, headers, body).await
}

/// The same on a connection that is there.
pub(crate) async fn ask_on(
    mut stream: TcpStream,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let to = stream.peer_addr().unwrap();
    let host = if headers.contains("Host:") {
        String::new()
    } else {
        format!("Host: {to}\r\n")
    };
    let length = if headers.contains("Content-Length:") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let request =
        format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n{body}");
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
