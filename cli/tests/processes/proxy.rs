//! Proxies beside services: who calls whom is known by certificates, and the rules of the program hold on both sides.

use super::{
    common::command,
    shop::{Running, free_port, http, until},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Whoever is allowed what in the town; `MAIL` says what mail may.
const PROGRAM: &str = r#"
service shop { at: "http://127.0.0.1:1"
  op orders() = GET "/orders" }
service mail { at: "http://127.0.0.1:1"
  op send(to: string) = PUT "/mails/{to}" }
service payments { at: "http://127.0.0.1:INBOUND"
  timeout: { attempt: 20s, total: 20s }
  op charge(id: string) -> json = PUT "/charges/{id}"
  op find(id: string) -> json = GET "/charges/{id}"
  op audit() -> json = GET "/charges/audit"
  op wipe() = DELETE "/charges" }

flow pay(id: string) -> json { return payments.charge(id) }

allow shop, pay to payments.charge
allow shop, mail to payments.find
MAIL
mesh { mtls: strict }
"#;

/// A folder with certificates, and a service that writes down who calls it.
struct Town {
    folder: TempDir,
    inbound: u16,
    app: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (inbound, heard) = (free_port(), Arc::new(Mutex::new(Vec::new())));
        let program = PROGRAM.replace("INBOUND", &inbound.to_string());
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("written");
        write("town.flow", program.replace("MAIL", ""));
        write("lax.flow", program.replace("MAIL", "allow mail to payments"));
        certificates(folder.path());
        let app = app(heard.clone());
        Self {
            folder,
            inbound,
            app,
            heard,
        }
    }

    fn command(&self, args: &[&str], who: &str) -> Command {
        let (certificate, key) = (format!("{who}.pem"), format!("{who}.key"));
        let own = [
            "--certificate",
            &certificate,
            "--certificate-key",
            &key,
            "--authority",
            "ca.pem",
        ];
        let mut command = command(&[args, &own].concat());
        command.current_dir(self.folder.path());
        command
    }

    fn proxy(&self, args: &[&str], who: &str) -> Running {
        let mut command = self.command(&[&["proxy"], args].concat(), who);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().expect("the binary runs"))
    }

    /// Beside payments.
    fn payments(&self) -> Running {
        let (app, inbound) = (
            format!("127.0.0.1:{}", self.app),
            format!("127.0.0.1:{}", self.inbound),
        );
        let args = ["town.flow", "payments", "--app", &app, "--inbound", &inbound];
        let running = self.proxy(&args, "payments");
        until("the proxy listens", || {
            TcpStream::connect(("127.0.0.1", self.inbound)).is_ok()
        });
        running
    }

    /// Beside a service that calls.
    fn caller(&self, program: &str, service: &str) -> (Running, u16) {
        let port = free_port();
        let running = self.proxy(
            &[program, service, "--outbound", &format!("127.0.0.1:{port}")],
            service,
        );
        until("the proxy listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        (running, port)
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().expect("whole"))
    }
}

/// An authority, and what each shows.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).expect("an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    fs::write(folder.join("ca.pem"), authority.pem()).expect("written");
    for (name, path) in [
        ("payments", "service/payments"),
        ("shop", "service/shop"),
        ("mail", "service/mail"),
        ("flows", "flows"),
    ] {
        let mut params = CertificateParams::new(Vec::new()).expect("a certificate");
        let identity = format!("spiffe://town.test/{path}");
        params.subject_alt_names = vec![SanType::URI(identity.try_into().expect("a URI"))];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().expect("a key");
        let shown = params.signed_by(&key, &authority).expect("a certificate");
        fs::write(folder.join(format!("{name}.pem")), shown.pem()).expect("written");
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).expect("written");
    }
}

/// A service that answers everything, and writes down by whom it is called for what.
fn app(heard: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let heard = heard.clone();
            thread::spawn(move || answer(stream, &heard));
        }
    });
    port
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    while let Some(Ok(first)) = lines.next() {
        let headers: Vec<String> = lines
            .by_ref()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let mut shown = headers
            .iter()
            .filter_map(|line| line.strip_prefix("x-flowmesh-identity: "));
        let who = shown.next().unwrap_or("nobody");
        let what = first.trim_end_matches(" HTTP/1.1");
        heard.lock().expect("whole").push(format!("{who}: {what}"));
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}");
    }
}

/// The status of an answer to a request for a host.
fn ask(port: u16, method: &str, host: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a time-out");
    let request = format!(
        "{method} http://{host}{path} HTTP/1.1\r\nhost: {host}\r\nx-flowmesh-identity: spiffe://town.test/flows\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split_whitespace().nth(1);
    status.and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn services_call_each_other_as_themselves_and_only_as_the_rules_say() {
    let town = Town::new();
    let _payments = town.payments();
    let (_shop, shop) = town.caller("town.flow", "shop");
    assert_eq!(ask(shop, "PUT", "payments", "/charges/7"), 200);
    assert_eq!(town.heard(), ["spiffe://town.test/service/shop: PUT /charges/7"]);
    // By the other operation of the service, and by what is none.
    assert_eq!(ask(shop, "DELETE", "payments", "/charges"), 403);
    assert_eq!(ask(shop, "GET", "payments", "/anything"), 403);
    assert_eq!(ask(shop, "GET", "elsewhere", "/"), 404);
    // A caller whose own rules are lax is held to those of whom it calls.
    let (_mail, mail) = town.caller("lax.flow", "mail");
    assert_eq!(ask(mail, "PUT", "payments", "/charges/8"), 403);
    assert_eq!(town.heard(), Vec::<String>::new());
}

#[test]
fn what_could_be_two_operations_is_for_who_may_both() {
    let town = Town::new();
    let _payments = town.payments();
    let (_shop, shop) = town.caller("town.flow", "shop");
    let (_mail, mail) = town.caller("lax.flow", "mail");
    for caller in [shop, mail] {
        assert_eq!(ask(caller, "GET", "payments", "/charges/7"), 200);
        // The service takes this for the operation that neither may.
        assert_eq!(ask(caller, "GET", "payments", "/charges/audit"), 403);
    }
    assert_eq!(town.heard().len(), 2);
}

#[test]
fn who_shows_no_certificate_is_not_heard() {
    let town = Town::new();
    let _payments = town.payments();
    assert_eq!(http(town.inbound, "PUT", "/charges/7", "", ""), None);
    assert_eq!(town.heard(), Vec::<String>::new());
}

#[test]
fn who_shows_nothing_is_anyone_where_that_is_permitted() {
    let town = Town::new();
    let file = town.folder.path().join("town.flow");
    let program = fs::read_to_string(&file).expect("the program");
    let program = program.replace("strict", "permissive") + "allow anyone to payments.wipe\n";
    fs::write(&file, program).expect("written");
    let _payments = town.payments();
    let plain = |method| http(town.inbound, method, "/charges", "", "").map(|(status, _)| status);
    assert_eq!(plain("DELETE"), Some(200));
    let named = http(town.inbound, "PUT", "/charges/7", "", "").map(|(status, _)| status);
    assert_eq!(named, Some(403));
    assert_eq!(town.heard(), ["nobody: DELETE /charges"]);
}

#[test]
fn flows_show_who_they_are_and_cannot_begin_where_they_do_not() {
    let town = Town::new();
    let _payments = town.payments();
    let args = ["run", "town.flow", "pay", "--input", r#"{"id": "9"}"#];
    let done = town.command(&args, "flows").output().expect("the binary runs");
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(town.heard(), ["spiffe://town.test/flows: PUT /charges/9"]);
    let mut bare = command(&[&args[..], &["--dir", "other"]].concat());
    let bare = bare
        .current_dir(town.folder.path())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&bare.stderr);
    assert!(said.contains("F1077") && said.contains("--certificate"), "{said}");
}
