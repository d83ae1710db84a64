//! HTTP/1.1 as far as the client and the service need it: bodies with a length, connections that stay open.

use std::{
    io::{BufRead, BufReader, ErrorKind, Write},
    net::TcpStream,
    time::Duration,
};

/// How long anything may take before it counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that stays open between requests.
pub(crate) struct Connection {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

/// The head of a request or an answer, and its body.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn status(&self) -> u16 {
        let status = self.first.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }
}

impl Connection {
    pub(crate) fn to(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// The answer; `None` if there is none, whatever became of the request.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Option<Message> {
        self.ask_with("", method, path, body)
    }

    /// The same with more headers, each with the end of its line.
    pub(crate) fn ask_with(
        &mut self,
        headers: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Option<Message> {
        let answer = self.try_ask(headers, method, path, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer.ok()
    }

    fn try_ask(&mut self, headers: &str, method: &str, path: &str, body: &str) -> std::io::Result<Message> {
        let (port, length) = (self.port, body.len());
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().expect("it was just made");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.get_mut().write_all(request.as_bytes())?;
        read(stream)
    }
}

/// Reads a request or an answer.
pub(crate) fn read(from: &mut impl BufRead) -> std::io::Result<Message> {
    let mut line = || -> std::io::Result<String> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut message = Message {
        first,
        headers,
        body: String::new(),
    };
    let length = message
        .header("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body)?;
    message.body = String::from_utf8(body).map_err(|_| ErrorKind::InvalidData)?;
    Ok(message)
}
