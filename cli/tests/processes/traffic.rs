//! What a policy keeps from a service: the flow catches it as the error that it is, and the service never hears of it.

use super::common::in_dir;
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

fn program(port: u16) -> String {
    format!(
        r#"service desk {{
  at: "http://127.0.0.1:{port}"
  retry: {{ attempts: 5, on: [connect, timeout, 4xx], backoff: constant(1ms) }}

  op pack(box: string) -> string = GET "/pack/{{box}}" {{
    limit: {{ rate: 1/h, queue: 0, per: request.path }}
  }}
  op ship(box: string) -> string = GET "/ship/{{box}}" {{
    breaker: {{ failures: 1, open: 1h }}
  }}
  op lose(box: string) -> string = GET "/lose/{{box}}" {{
    fault: {{ status: 503 }}
  }}
}}

flow send(box: string) -> [string] {{
  let first = desk.pack(box)
    catch Overloaded as e -> e.reason
  let second = desk.pack(box)
    catch Overloaded as e -> e.reason
  let other = desk.pack("other")
    catch Overloaded as e -> e.reason
  let broken = desk.ship(box)
    catch UnexpectedStatus as e -> "status {{e.status}}"
  let open = desk.ship(box)
    catch Unavailable as e -> e.reason
  let lost = desk.lose(box)
    catch UnexpectedStatus as e -> "status {{e.status}}"
  return [first, second, other, broken, open, lost]
}}
"#
    )
}

/// Answers each path with its first word, and `/ship` with 500; keeps what was asked.
fn serve(listener: TcpListener) -> Arc<Mutex<Vec<String>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (mut text, mut piece) = (String::new(), [0; 4096]);
            while !text.contains("\r\n\r\n") {
                let length = stream.read(&mut piece).expect("a request");
                text += &String::from_utf8_lossy(piece.get(..length).unwrap_or_default());
                if length == 0 {
                    break;
                }
            }
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.as_str() {
                "/ship/a" => ("500 Broken", "{}"),
                _ => ("200 OK", "\"well\""),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            stream
                .write_all((head + body).as_bytes())
                .expect("somebody listens");
            kept.lock().expect("nobody panics").push(path);
        }
    });
    asked
}

#[test]
fn a_flow_catches_what_limits_breakers_and_faults_keep_from_a_service() {
    let dir = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    fs::write(dir.path().join("desk.flow"), program(port)).expect("the program is written");
    let asked = serve(listener);
    let input = r#"{"box": "a"}"#;
    let shown = in_dir(
        dir.path(),
        &["run", "desk.flow", "send", "--input", input, "--dir", "runs"],
    );
    assert_eq!(shown.code, 0, "{}", shown.err);
    let told: Vec<String> = serde_json::from_str(&shown.out).expect("a list of texts");
    let limited = "the limit of `desk.pack` is reached: nobody may wait for a turn";
    let open = "the breaker of service `desk` is open for its only endpoint (the last of 5 attempts)";
    assert_eq!(
        told,
        ["well", limited, "well", "status 500", open, "status 503"],
        "{}",
        shown.err
    );
    let asked = asked.lock().expect("nobody panics").clone();
    assert_eq!(asked, ["/pack/a", "/pack/other", "/ship/a"]);
}
