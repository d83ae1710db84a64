//! Visitors of a gateway that a file names: added, let in, removed.

use super::{
    common::{self, Shown, feed, in_dir},
    shop::{Running, free_port, http, until},
};
use serde_json::Value;
use std::{fs, path::Path, process::Stdio};

const PROGRAM: &str = r#"flow greet(who: string) -> string {
  return "hello, {who}"
}

allow anyone to greet when caller.claims.scope has "greet"

gateway front {
  listen: "http://127.0.0.1:PORT"
  keys: { file: "visitors.keys", header: "x-shop-key" }
  basic: { file: "visitors.passwords" }

  GET "/" -> greet(caller.identity ?? "nobody") { wait: true }
  GET "/machines" when caller.claims.amr has "key" -> greet(caller.identity ?? "nobody") { wait: true }
}
"#;

fn visitors(dir: &Path, args: &[&str]) -> Shown {
    in_dir(dir, &[&["visitors"], args].concat())
}

fn made(dir: &Path, args: &[&str]) -> String {
    let made = visitors(dir, args);
    assert_eq!(made.code, 0, "{args:?}: {}", made.err);
    made.out.trim().to_owned()
}

fn with_password(dir: &Path, password: &str, args: &[&str]) -> Shown {
    let mut command =
        common::command(&[&["visitors", "add", "visitors.passwords", "--password"], args].concat());
    command.current_dir(dir);
    feed(command, password)
}

#[test]
fn who_is_in_the_file_comes_in_until_taken_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let key = made(
        dir,
        &[
            "add",
            "visitors.keys",
            "ci",
            "--scope",
            "greet",
            "--scope",
            "more",
        ],
    );
    let weak = made(dir, &["add", "visitors.keys", "weak"]);
    let added = with_password(dir, "open sesame\n", &["ann", "--scope", "greet"]);
    assert_eq!(added.code, 0, "{}", added.err);
    let port = free_port();
    let program = PROGRAM.replace("PORT", &port.to_string());
    fs::write(dir.join("front.flow"), program).expect("the program is written");
    let mut server = common::command(&["serve", "front.flow", "--listen", "127.0.0.1:0"]);
    server.current_dir(dir).stdout(Stdio::null());
    server.stderr(fs::File::create(dir.join("serve.log")).expect("a log"));
    let _server = Running(server.spawn().expect("the binary runs"));
    until("the gateway is open", || http(port, "GET", "/", "", "").is_some());
    let at =
        |path: &str, header: &str| http(port, "GET", path, &format!("{header}\r\n"), "").expect("it answers");
    let by = |header: &str| at("/", header);
    let by_key = |key: &str| by(&format!("x-shop-key: {key}"));
    assert_eq!(at("/machines", &format!("x-shop-key: {key}")).0, 200);
    assert_eq!(by_key(&key), (200, Value::from("hello, ci")));
    assert_eq!(by_key(&weak).0, 403, "nothing says that it may");
    assert_eq!(by_key("fmv_guessed").0, 401);
    // `ann:open sesame` and `ann:open` as a browser sends them.
    let ann = "authorization: Basic YW5uOm9wZW4gc2VzYW1l";
    assert_eq!(by(ann), (200, Value::from("hello, ann")));
    assert_eq!(by("authorization: Basic YW5uOm9wZW4=").0, 401);
    assert_eq!(at("/machines", ann).0, 404, "a password is no key");
    made(dir, &["remove", "visitors.keys", "ci"]);
    until("the key is good for nothing", || by_key(&key).0 == 401);
    made(dir, &["remove", "visitors.passwords", "ann"]);
    until("the password is good for nothing", || by(ann).0 == 401);
}

#[test]
fn a_file_has_no_secrets_and_no_name_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    let key = made(dir, &["add", "v", "ci", "--scope", "a"]);
    let mut command = common::command(&["visitors", "add", "v", "ann", "--password", "--json"]);
    command.current_dir(dir);
    let added = feed(command, "open sesame");
    assert!(added.code == 0 && !added.out.contains("sesame"), "{added:?}");
    let text = fs::read_to_string(dir.join("v")).expect("a file");
    assert!(!text.contains(&key) && !text.contains("sesame"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dir.join("v")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let listed = made(dir, &["list", "v", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["visitors"][0]["scopes"], serde_json::json!(["a"]));
    assert_eq!(listed["visitors"][1]["by"], "password");
    for (args, code) in [
        (&["add", "v", "ci"][..], "F1148"),
        (&["add", "v", "a:b"], "F1148"),
        (&["add", "v", "b", "--scope", "a b"], "F1148"),
        (&["add", "v", "b", "--password"], "F1148"),
        (&["remove", "v", "nobody"], "F1148"),
        (&["list", "none"], "F1101"),
    ] {
        let wrong = visitors(dir, args);
        assert!(wrong.code == 2 && wrong.err.contains(code), "{args:?}: {wrong:?}");
    }
    fs::write(dir.join("v"), "ci\n").expect("it is written");
    let wrong = visitors(dir, &["list", "v"]);
    assert!(wrong.code == 2 && wrong.err.contains("line 1"), "{wrong:?}");
}
