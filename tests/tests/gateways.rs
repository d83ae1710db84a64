//! Gateways of whole programs: from the text of the language to what a visitor is told, over real sockets.

use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_host::{
    Host, HostOptions,
    engine::Deployment,
    gateways::{Gateways, GatewaysOptions},
    store::How,
};
use flowmesh_ir::Program;
use flowmesh_machine::Settings;
use flowmesh_mesh::{
    Hickory,
    gateway::{GatewayOptions, Log, Record},
    identity::{Fetch, Fetched},
};
use flowmesh_tests::fuzz;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tempfile::TempDir;

#[path = "../support/ports.rs"]
mod ports;
use ports::free_port;

const SHOP: &str = r#"type Order { id: string, count: int }

error Sold(reason: string)

service inventory {
  at: "http://BACK"
  op find(id: string) -> json = GET "/stock/{id}"
}

flow checkout(order: Order, by: string) -> string fails Sold key order.id {
  if order.count > 5 { fail Sold(reason: "only five") }
  return "{by} gets {order.count}"
}

flow note(text: string, by: string) -> string {
  return "{by}: {text}"
}

allow gateway shop to inventory, note
allow gateway shop to checkout when caller.claims.scope has "write"
deny anyone to inventory when request.path has "secret"

gateway shop {
  listen: "http://127.0.0.1:0"
  jwt: { issuer: "https://id.test", audience: ["shop", "web"], keys: "https://id.test/keys", optional: true }

  GET "/find/{id}" -> inventory.find(id)
  POST "/checkout" -> checkout(request.body, by: caller.identity ?? "nobody") { wait: true }
  POST "/later" -> checkout(request.body, by: caller.identity ?? "nobody")
  POST "/notes" -> note("x", by: caller.identity ?? "nobody")
  GET "/new" when request.header("x-beta") == "yes" -> redirect("https://beta.test{request.path}", status: 307)
  any "/stock/**" -> inventory { rewrite: { prefix: "/v2" } }
}
"#;

const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIfFajpJGJNRlIrgkTqjcsUtjUlUW89DB42kEU26qv2ehRANCAATwsGAilNpGInZSXnd3Ax6qE4SZPRexU9ro40F7M7zFM6JpHvoCnNuEP86AryGADzuUIUdLGy1GgFFZWnPg4zJI";

fn key() -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(KEY).unwrap())
}

/// Publishes the one key.
struct Provider;

impl Fetch for Provider {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        assert_eq!(url, "https://id.test/keys");
        let mut jwk = Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("one".to_owned());
        let document = json!({ "keys": [jwk] });
        Box::pin(async move { Ok(document.to_string().into_bytes()) })
    }
}

fn token(more: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("one".to_owned());
    let mut claims = json!({"iss": "https://id.test", "aud": "shop", "sub": "ann", "exp": 4_000_000_000_u64});
    let more = more.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(more);
    encode(&header, &claims, &key()).unwrap()
}

/// Answers everything with the path that it was asked for.
fn back() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut seen = Vec::new();
                let mut piece = [0; 4_096];
                while let Ok(length @ 1..) = stream.read(&mut piece) {
                    seen.extend_from_slice(&piece[..length]);
                    if seen.ends_with(b"\r\n\r\n") {
                        let text = String::from_utf8_lossy(&seen).into_owned();
                        let path = text.split(' ').nth(1).unwrap();
                        let body = format!("{{\"path\":\"{path}\"}}");
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                        stream.write_all((head + &body).as_bytes()).unwrap();
                        seen.clear();
                    }
                }
            });
        }
    });
    address
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Log for Records {
    fn visited(&self, record: Arc<Record>) {
        self.0.lock().unwrap().push(Arc::unwrap_or_clone(record));
    }
}

struct Town {
    host: Host,
    gateways: Gateways,
    records: Arc<Records>,
    _directory: TempDir,
}

fn program(text: &str, back: SocketAddr) -> Program {
    compiled(&text.replace("BACK", &back.to_string()))
}

impl Town {
    async fn open(program: Program) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let resolver = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
        let options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
        let host = Host::open(directory.path(), options).unwrap();
        let settings = Settings::default();
        host.deploy(program, settings).await.unwrap();
        let records = Arc::new(Records::default());
        let options = GatewaysOptions {
            limits: GatewayOptions::default(),
            log: Some(records.clone()),
            fetch: Arc::new(Provider),
            api: "http://api.test".to_owned(),
            directory: PathBuf::new(),
        };
        let gateways = Gateways::open(&host, options).await.unwrap();
        Self {
            host,
            gateways,
            records,
            _directory: directory,
        }
    }

    fn address(&self) -> SocketAddr {
        self.gateways.addresses()[0].1[0]
    }

    /// Status, head and body of the answer.
    async fn ask(&self, line: &str, headers: &str, body: &str) -> (u16, String, String) {
        let (address, length) = (self.address(), body.len());
        let text = format!(
            "{line} HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        let asking = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            let (head, body) = said.split_once("\r\n\r\n").unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, head.to_owned(), body.to_owned())
        });
        asking.await.unwrap()
    }

    async fn as_ann(&self, line: &str, claims: &Value, body: &str) -> (u16, String, String) {
        let header = format!("authorization: Bearer {}\r\n", token(claims));
        self.ask(line, &header, body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_says_who_comes_in_and_where_they_are_led() {
    let town = Town::open(program(SHOP, back())).await;
    let (status, _, body) = town.ask("GET /find/a%20b", "", "").await;
    assert_eq!((status, body.as_str()), (200, r#"{"path":"/stock/a%20b"}"#));
    let (status, _, body) = town.ask("GET /stock/a/b?c=d", "", "").await;
    assert_eq!((status, body.as_str()), (200, r#"{"path":"/v2/a/b?c=d"}"#));
    let (status, head, _) = town.ask("GET /new", "x-beta: yes\r\n", "").await;
    assert!(
        status == 307 && head.contains("location: https://beta.test/new"),
        "{head}"
    );
    assert_eq!(town.ask("GET /new", "", "").await.0, 404);
    assert_eq!(town.ask("GET /stock/secret", "", "").await.0, 403);
    town.gateways.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_right_token_starts_a_run_and_hears_its_end() {
    let town = Town::open(program(SHOP, back())).await;
    let order = r#"{"id":"1","count":3}"#;
    let write = json!({"scope": "read write"});
    let (status, head, _) = town
        .ask("POST /checkout", "authorization: Bearer no.to.ken\r\n", order)
        .await;
    assert!(
        status == 401 && head.contains(r#"www-authenticate: Bearer error="invalid_token""#),
        "{head}"
    );
    assert_eq!(town.ask("POST /checkout", "", order).await.0, 403);
    assert_eq!(
        town.as_ann("POST /checkout", &json!({"scope": "read"}), order)
            .await
            .0,
        403
    );
    assert_eq!(
        town.as_ann("POST /checkout", &json!({"scope": "write", "aud": "else"}), order)
            .await
            .0,
        401
    );
    assert_eq!(
        town.as_ann("POST /checkout", &json!({"scope": "write", "exp": 1}), order)
            .await
            .0,
        401
    );
    let (status, _, body) = town.as_ann("POST /checkout", &write, order).await;
    assert_eq!((status, body.as_str()), (200, r#""ann gets 3""#));
    let (status, _, body) = town
        .as_ann("POST /checkout", &write, r#"{"id":"2","count":9}"#)
        .await;
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &problem["error"]["fields"]["reason"]),
        (422, &json!("only five"))
    );
    let (status, _, body) = town
        .as_ann("POST /checkout", &write, r#"{"id":"3","count":"many"}"#)
        .await;
    assert!(status == 422 && body.contains("count"), "{body}");
    let (status, head, body) = town
        .as_ann("POST /later", &write, r#"{"id":"4","count":1}"#)
        .await;
    let run = serde_json::from_str::<Value>(&body).unwrap()["run"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        status == 202 && head.contains(&format!("location: http://api.test/v1/runs/{run}")),
        "{head}"
    );
    assert!(town.host.get(run.parse().unwrap()).await.is_ok());
    // The key of the flow makes two visits one run.
    let (_, _, again) = town
        .as_ann("POST /later", &write, r#"{"id":"4","count":1}"#)
        .await;
    assert!(again.contains(&run));
    let records = town.records.0.lock().unwrap().clone();
    let last = records.last().unwrap();
    assert_eq!(
        (last.identity.as_deref(), last.target.as_deref()),
        (Some("ann"), Some("checkout"))
    );
    assert_eq!(last.rule, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_visitor_is_nobody_elses() {
    let town = Town::open(program(SHOP, back())).await;
    let run = async |subject: Option<&str>, key: &str| {
        let token = subject.map(|subject| token(&json!({ "sub": subject })));
        let shown = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let headers = format!("{}idempotency-key: {key}\r\n", shown.unwrap_or_default());
        let (status, _, body) = town.ask("POST /notes", &headers, "").await;
        assert_eq!(status, 202, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        body["run"].as_str().unwrap().to_owned()
    };
    let first = run(Some("ann"), "7").await;
    assert_eq!(run(Some("ann"), "7").await, first);
    assert_ne!(run(Some("ann"), "8").await, first);
    assert_ne!(run(Some("ben"), "7").await, first);
    assert_ne!(
        run(None, "7").await,
        run(None, "7").await,
        "nobody knows whether they are one"
    );
    assert_ne!(run(Some("a"), "b/c").await, run(Some("a/b"), "c").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_be_where_it_is_to_be_stays_where_it_was() {
    let (back, taken) = (back(), TcpListener::bind("127.0.0.1:0").unwrap());
    let at = |address: String| program(&SHOP.replace("127.0.0.1:0", &address), back);
    let town = Town::open(at(format!("127.0.0.1:{}", free_port()))).await;
    let before = town.address();
    let elsewhere = at(taken.local_addr().unwrap().to_string());
    let deployment = Arc::new(Deployment::new(elsewhere, Settings::default()));
    town.host
        .roll_out(deployment, ("ann", How::Deployed), 0)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..500 {
        if town
            .gateways
            .addresses()
            .first()
            .is_some_and(|(_, all)| *all == [before])
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(town.ask("GET /stock/x", "", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_deployed_changes_its_gateways_under_those_who_visit() {
    let back = back();
    let text = SHOP.replace("127.0.0.1:0", &format!("127.0.0.1:{}", free_port()));
    let town = Town::open(program(&text, back)).await;
    let before = town.address();
    assert_eq!(town.ask("GET /added", "", "").await.0, 404);
    let visits = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let visiting: Vec<_> = (0..4)
        .map(|_| {
            let (visits, wrong) = (visits.clone(), wrong.clone());
            thread::spawn(move || {
                let mut count = 0;
                while visits.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut stream = TcpStream::connect(before).unwrap();
                    stream
                        .write_all(b"GET /stock/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                        .unwrap();
                    let mut said = String::new();
                    if stream.read_to_string(&mut said).is_err() || !said.starts_with("HTTP/1.1 200") {
                        wrong.lock().unwrap().push(said);
                    }
                    count += 1;
                }
                count
            })
        })
        .collect();
    for round in 0..10 {
        let more = format!("any \"/stock/**\" -> inventory\n  GET \"/added/{round}\" -> inventory");
        let changed = text.replace(
            "any \"/stock/**\" -> inventory { rewrite: { prefix: \"/v2\" } }",
            &more,
        );
        let deployment = Arc::new(Deployment::new(program(&changed, back), Settings::default()));
        town.host
            .roll_out(deployment, ("ann", How::Deployed), 0)
            .await
            .unwrap();
        let mut seen = false;
        for _ in 0..2_000 {
            seen = town.ask(&format!("GET /added/{round}"), "", "").await.0 == 200;
            if seen {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(seen, "the routes are those of the program that was deployed");
    }
    visits.store(false, std::sync::atomic::Ordering::Relaxed);
    let count: usize = visiting.into_iter().map(|one| one.join().unwrap()).sum();
    assert!(count > 10, "{count}");
    assert_eq!(*wrong.lock().unwrap(), Vec::<String>::new());
    assert_eq!(town.address(), before);
    // Without the gateway nobody listens any more.
    let bare = "flow nothing() { }";
    let deployment = Arc::new(Deployment::new(compiled(bare), Settings::default()));
    town.host
        .roll_out(deployment, ("ann", How::Deployed), 0)
        .await
        .unwrap();
    for _ in 0..500 {
        if TcpStream::connect(before).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the gateway still listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_listen_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let resolver = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    let host = Host::open(
        directory.path(),
        HostOptions::new(Arc::new(resolver), Arc::new(|_| None)),
    )
    .unwrap();
    let program = program(&SHOP.replace("127.0.0.1:0", &address), back());
    host.deploy(program, Settings::default()).await.unwrap();
    let options = GatewaysOptions {
        limits: GatewayOptions::default(),
        log: None,
        fetch: Arc::new(Provider),
        api: String::new(),
        directory: PathBuf::new(),
    };
    let Err(error) = Gateways::open(&host, options).await else {
        panic!("it cannot be opened");
    };
    assert_eq!(error.code().to_string(), "F1076");
    assert!(error.to_string().contains(&address), "{error}");
}
fn compiled(text: &str) -> Program {
    fuzz::compiled(text).unwrap_or_else(|| panic!("it does not compile: {text}"))
}
