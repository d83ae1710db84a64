//! What is made from a secret reaches the service and nothing else: no journal, no log, no trace, no answer about a run.

use super::common::{self, Shown};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

const SECRET: &str = "s3cret-of-the-test";
/// `ann:s3cret-of-the-test` in base64.
const BASIC: &str = "YW5uOnMzY3JldC1vZi10aGUtdGVzdA==";

fn program(port: u16) -> String {
    format!(
        r#"
secret token

fn basic(user: string, password: string) -> string = "{{user}}:{{password}}".to_bytes().to_base64()

service accounts {{
  at: "http://127.0.0.1:{port}"
  headers: {{ x_all: "all {{token}}" }}
  retry: none

  op login(user: string) -> string = POST "/login" {{
    body: {{ user, password: token, run: run.id }}
    headers: {{ authorization: "Basic {{basic(user, token)}}" }}
    key: user
  }}
  op broken(user: string) = PUT "/broken" {{ body: {{ number: (token as json) as int }}, headers: {{ x_user: user }} }}
}}

flow login(user: string) -> string {{
  signal go()
  let said = accounts.login(user)
  log "logged in: {{said}}"
  accounts.broken(user)
    catch Unavailable as e -> log "broken: {{e.reason}}"
  await go within 1s else log "nobody came"
  return said
}}
"#
    )
}

fn in_dir(dir: &Path, args: &[&str]) -> Command {
    let mut command = common::command(args);
    command
        .current_dir(dir)
        .env("TOKEN", SECRET)
        .env("FLOWMESH_LOG", "trace");
    command
}

fn run(dir: &Path, args: &[&str]) -> Shown {
    common::shown(in_dir(dir, args).output().expect("the binary runs"))
}

/// Answers every request, each on a connection of its own, and keeps what came.
fn serve(listener: TcpListener) -> Arc<Mutex<String>> {
    let received = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&received);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut text = String::new();
            let mut piece = [0; 4096];
            while !text.contains("\r\n\r\n") || !text.trim_end().ends_with('}') {
                let length = stream.read(&mut piece).expect("a request");
                text += &String::from_utf8_lossy(piece.get(..length).unwrap_or_default());
                if length == 0 {
                    break;
                }
            }
            kept.lock().expect("nobody panics").push_str(&text);
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 5\r\n\r\n\"ann\"";
            stream.write_all(answer.as_bytes()).expect("somebody listens");
        }
    });
    received
}

/// Whether a file or a text holds the secret, or what was made of it.
fn holds(bytes: &[u8]) -> bool {
    let has = |needle: &str| {
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    has(SECRET) || has(BASIC)
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[test]
fn a_secret_reaches_its_service_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    fs::write(dir.path().join("login.flow"), program(port)).expect("the program is written");
    let received = serve(listener);
    let input = r#"{"user": "ann"}"#;
    let shown = run(
        dir.path(),
        &["run", "login.flow", "login", "--input", input, "--dir", "runs"],
    );
    assert_eq!(shown.out.trim(), "\"ann\"", "{}", shown.err);
    assert!(
        shown
            .err
            .contains("broken: the body, which holds a secret, has no value"),
        "{}",
        shown.err
    );
    assert!(
        shown.err.contains("flowmesh_mesh::call"),
        "spans are written: {}",
        shown.err
    );
    // The service has it, in every place that it was declared for.
    let received = received.lock().expect("nobody panics").clone();
    for part in [
        format!("\"password\":\"{SECRET}\""),
        format!("Basic {BASIC}"),
        format!("x-all: all {SECRET}"),
    ] {
        assert!(received.contains(&part), "{part} in {received}");
    }
    // Nothing else has.
    assert!(
        !holds(shown.err.as_bytes()) && !holds(shown.out.as_bytes()),
        "{}",
        shown.err
    );
    let again = run(
        dir.path(),
        &[
            "run",
            "login.flow",
            "login",
            "--input",
            input,
            "--dir",
            "runs",
            "--resume",
            "--json",
        ],
    );
    assert!(
        !holds(again.err.as_bytes()) && !holds(again.out.as_bytes()),
        "{}",
        again.err
    );
    let kept = files(dir.path());
    assert!(
        kept.iter()
            .any(|path| path.to_string_lossy().contains("journal-")),
        "{kept:?}"
    );
    for path in kept {
        assert!(!holds(&fs::read(&path).expect("a file")), "{}", path.display());
    }
    let compiled = run(dir.path(), &["compile", "login.flow", "--to", "ir"]);
    assert!(!holds(compiled.out.as_bytes()));
}
