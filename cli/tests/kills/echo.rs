//! A service that answers everything and writes down what it was asked.

use super::http;
use std::{
    collections::HashMap,
    io::{BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// For each path, the keys of the requests that came to it.
type Asked = HashMap<String, Vec<Option<String>>>;

pub(crate) struct Echo {
    pub(crate) port: u16,
    asked: Arc<Mutex<Asked>>,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Asked::new()));
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&asked);
                thread::spawn(move || serve(stream, &asked));
            }
        });
        Self { port, asked: kept }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked.lock().unwrap().clone()
    }
}

/// Until the other side hangs up.
fn serve(stream: TcpStream, asked: &Mutex<Asked>) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while let Ok(request) = http::read(&mut stream) {
        let path = request.first.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = format!("{path:?}");
        let key = request.header("idempotency-key").map(str::to_owned);
        asked.lock().unwrap().entry(path).or_default().push(key);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            break;
        }
    }
}
