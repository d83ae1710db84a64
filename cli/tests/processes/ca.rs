//! An authority for development: what it signs is believed by gateways and services while it is good, and no longer.

use super::{
    common::{self, Shown, in_dir},
    shop::{Running, free_port, http, until},
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

fn ca(dir: &Path, args: &[&str]) -> Shown {
    in_dir(dir, &[&["ca"], args].concat())
}

/// Makes something that must succeed.
fn made(dir: &Path, args: &[&str]) -> Shown {
    let made = ca(dir, args);
    assert_eq!(made.code, 0, "{args:?}: {}", made.err);
    made
}

/// A gateway that asks for certificates, and one before it that calls it as a service.
fn program(inner: u16, outer: u16) -> String {
    format!(
        r#"service desk {{
  at: "https://127.0.0.1:{inner}"
  tls: {{ mode: mutual, authority: "ca/ca.pem", certificate: "ca/caller.pem", key: "ca/caller.key", identity: "spiffe://shop.example/server" }}
  op who() -> string = GET "/who"
}}

flow tell(by: string) -> string {{
  return by
}}

allow "spiffe://shop.example/people/*" to tell
allow "spiffe://shop.example/caller" to tell
allow gateway outer to desk

gateway inner {{
  listen: "https://127.0.0.1:{inner}"
  tls: {{ mode: mutual, authority: "ca/ca.pem", certificate: "ca/server.pem", key: "ca/server.key" }}
  GET "/who" -> tell(caller.identity ?? "nobody") {{ wait: true }}
}}

gateway outer {{
  listen: "http://127.0.0.1:{outer}"
  GET "/who" -> desk.who()
}}
"#
    )
}

/// What a visitor with a certificate is told, by the authority that the visitor trusts.
fn visit(dir: &Path, port: u16, name: &str) -> Result<String, String> {
    let mut curl = Command::new("curl");
    curl.args([
        "-s",
        "-S",
        "--fail",
        "--max-time",
        "30",
        "--cacert",
        "ca/ca.pem",
        "--cert",
    ])
    .args([&format!("ca/{name}.pem"), "--key", &format!("ca/{name}.key")])
    .arg(format!("https://localhost:{port}/who"))
    .current_dir(dir);
    let said = common::shown(curl.output().expect("curl runs"));
    match said.code {
        0 => Ok(said.out),
        _ => Err(said.err),
    }
}

#[test]
fn what_it_signs_is_believed_while_it_is_good() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    made(dir, &["init", "ca", "--domain", "shop.example"]);
    made(dir, &["issue", "server"]);
    made(dir, &["issue", "caller", "--for", "1s"]);
    made(
        dir,
        &["issue", "ann", "--identity", "spiffe://shop.example/people/ann"],
    );
    made(
        dir,
        &["issue", "ben", "--identity", "spiffe://shop.example/robots/ben"],
    );
    let (inner, outer, api) = (free_port(), free_port(), free_port());
    fs::write(dir.join("front.flow"), program(inner, outer)).expect("the program is written");
    let listen = format!("127.0.0.1:{api}");
    let mut server = common::command(&["serve", "front.flow", "--listen", &listen]);
    server.current_dir(dir).stdout(Stdio::null());
    server.stderr(fs::File::create(dir.join("serve.log")).expect("a log"));
    let _server = Running(server.spawn().expect("the binary runs"));
    until("the gateways are open", || {
        http(outer, "GET", "/none", "", "").is_some()
    });
    assert_eq!(
        visit(dir, inner, "ann").as_deref(),
        Ok("\"spiffe://shop.example/people/ann\"")
    );
    let denied = visit(dir, inner, "ben");
    assert!(
        denied.as_ref().is_err_and(|why| why.contains("403")),
        "{denied:?}"
    );
    // Both ends of the service's connection are certificates of the authority; one of them is good for nothing any more.
    until("the caller has expired", || {
        ca(dir, &["show"]).out.contains("expired")
    });
    // Clocks of certificates count seconds, and the last one counts as good.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let refused = http(outer, "GET", "/who", "", "").expect("it answers");
    // By TLS 1.3 who shows a certificate hears that it is refused after it believes itself let in.
    assert!(matches!(refused.0, 502 | 503), "{refused:?}");
    made(dir, &["issue", "caller", "--renew"]);
    until("the caller is believed again", || {
        let said = http(outer, "GET", "/who", "", "");
        said == Some((200, Value::from("spiffe://shop.example/caller")))
    });
    made(
        dir,
        &[
            "issue",
            "ann",
            "--renew",
            "--for",
            "1s",
            "--identity",
            "spiffe://shop.example/people/ann",
        ],
    );
    until("the visitor has expired", || visit(dir, inner, "ann").is_err());
    made(
        dir,
        &[
            "issue",
            "ann",
            "--renew",
            "--identity",
            "spiffe://shop.example/people/ann",
        ],
    );
    until("the visitor is believed again", || {
        visit(dir, inner, "ann").is_ok()
    });
    made(dir, &["issue", "server", "--renew", "--for", "1s"]);
    until("the gateway has expired", || {
        visit(dir, inner, "ann").is_err_and(|why| why.contains("expired"))
    });
}

#[test]
fn keys_are_for_their_owner_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    made(dir, &["init", "--domain", "shop.example"]);
    let first = made(dir, &["issue", "server", "--json"]);
    let first: Value = serde_json::from_str(&first.out).expect("JSON");
    assert_eq!(first["identity"], "spiffe://shop.example/server");
    assert_eq!(
        first["hosts"],
        serde_json::json!(["localhost", "127.0.0.1", "::1"])
    );
    assert_eq!(first["key"], "ca/server.key");
    #[cfg(unix)]
    for (file, mode) in [("ca.key", 0o600), ("server.key", 0o600), ("", 0o700)] {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.join("ca").join(file);
        let found = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
    let key = fs::read(dir.join("ca/server.key")).expect("a key");
    for again in [&["init"][..], &["issue", "server"]] {
        let refused = ca(dir, again);
        assert!(refused.code == 2 && refused.err.contains("F1107"), "{refused:?}");
    }
    assert_eq!(fs::read(dir.join("ca/server.key")).expect("a key"), key);
    made(dir, &["issue", "server", "--renew"]);
    assert_ne!(fs::read(dir.join("ca/server.key")).expect("a key"), key);
    assert!(!dir.join("ca/server.key.new").exists());
    // Half a pair is as much in the way as a whole one, and stays as it is.
    fs::remove_file(dir.join("ca/server.key")).expect("it was there");
    assert_eq!(ca(dir, &["issue", "server"]).code, 2);
    assert!(!dir.join("ca/server.key").exists());
}

#[test]
fn nothing_outlives_the_authority_and_no_other_domain_is_signed_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    made(dir, &["init", "--domain", "shop.example", "--for", "1h"]);
    made(
        dir,
        &[
            "issue",
            "long",
            "--for",
            "30d",
            "--host",
            "a.shop.example",
            "--host",
            "10.0.0.1",
        ],
    );
    let shown = made(dir, &["show", "--json"]);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown["authority"]["identity"], "spiffe://shop.example");
    let long = &shown["certificates"][0];
    assert_eq!((&long["name"], &long["status"]), (&"long".into(), &"good".into()));
    assert_eq!(long["expires"], shown["authority"]["expires"]);
    assert_eq!(long["hosts"], serde_json::json!(["a.shop.example", "10.0.0.1"]));
    for (args, code) in [
        (
            &["issue", "a", "--identity", "spiffe://other.example/a"][..],
            "F1106",
        ),
        (&["issue", "a", "--ca", "none"], "F1101"),
        (&["show", "--ca", "none"], "F1101"),
        (&["issue", "a", "--for", "0s"], "a second or more"),
        (&["issue", "a", "--host", "a b"], "--host"),
        (&["issue", "../a"], "letters, digits"),
        (&["init", "b", "--domain", "A/B"], "--domain"),
    ] {
        let wrong = ca(dir, args);
        assert!(wrong.code == 2 && wrong.err.contains(code), "{args:?}: {wrong:?}");
    }
    // A key of somebody else signs nothing in the name of the authority.
    made(dir, &["init", "other"]);
    fs::copy(dir.join("other/ca.key"), dir.join("ca/ca.key")).expect("a key");
    let wrong = ca(dir, &["issue", "b"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1147"), "{wrong:?}");
    // What another authority signed is not shown as its own.
    made(dir, &["issue", "c", "--ca", "other", "--out", "ca"]);
    assert!(!made(dir, &["show"]).out.contains("dev.test"));
    made(dir, &["init", "brief", "--for", "1s"]);
    until("the authority has expired", || {
        ca(dir, &["issue", "d", "--ca", "brief"]).err.contains("F1147")
    });
}
