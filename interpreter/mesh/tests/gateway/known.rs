//! Visitors who show a key or a password that a file has the hash of.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Inside, Records, Said, gateway, listen, read, route, rules_by},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use flowmesh_ir::{
    Program, SecretId, Value,
    expr::Expr,
    gateway::{Basic, Keys},
};
use flowmesh_mesh::{
    decide::guard,
    gateway::Ways,
    identity::{Fetch, Fetched, Introspect, IntrospectOptions, Sent},
    visitors::{Entry, Visitors, write},
};
use http::{Request, Response};
use std::{
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// A gateway that knows visitors by a file, and the one server behind it.
struct Guarded {
    server: Server,
    address: SocketAddr,
    records: Arc<Records>,
    key: String,
    folder: TempDir,
}

async fn ask(address: SocketAddr, headers: &str) -> Said {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = format!("GET /a HTTP/1.1\r\nhost: shop.test\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    read(&mut stream).await
}

impl Guarded {
    async fn open(change: impl FnOnce(&mut Program)) -> Self {
        let server = Server::start(|_| Answer::Status(200)).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("visitors");
        let (ci, key) = Entry::with_key("ci", &["order:write".to_owned()]).unwrap();
        let ann = Entry::with_password("ann", &[], "open: sesame").unwrap();
        fs::write(&file, write(&[ci, ann])).unwrap();
        let mut program = crate::support::program(plain(), &[100]);
        let mut front = gateway(vec![route(None, "/**")]);
        front.keys = Some(Keys {
            file: "visitors".to_owned(),
            header: "x-api-key".to_owned(),
            optional: false,
        });
        front.basic = Some(Basic {
            file: "visitors".to_owned(),
            optional: false,
        });
        program.gateways = vec![front];
        change(&mut program);
        let asked = program.gateways[0].clone();
        let visitors = || Some(Arc::new(Visitors::load(&file).unwrap()));
        let ways = Ways {
            keys: asked.keys.and_then(|_| visitors()),
            basic: asked.basic.and_then(|_| visitors()),
            ..Ways::default()
        };
        let rules = rules_by(
            program,
            vec![vec![server.url()]],
            Arc::new(Inside::default()),
            ways,
        );
        let records = Arc::new(Records::default());
        let address = listen(rules, records.clone()).await;
        Self {
            server,
            address,
            records,
            key,
            folder,
        }
    }

    async fn ask(&self, headers: &str) -> Said {
        ask(self.address, headers).await
    }

    async fn by_key(&self, key: &str) -> Said {
        self.ask(&format!("X-Api-Key: {key}\r\n")).await
    }

    async fn by_password(&self, both: &str) -> Said {
        let both = STANDARD.encode(both);
        self.ask(&format!("authorization: basic {both}\r\n")).await
    }
}

#[tokio::test]
async fn a_key_lets_its_visitor_in_and_goes_no_further() {
    let town = Guarded::open(|_| {}).await;
    assert_eq!(town.by_key(&town.key).await.status, 200);
    assert_eq!(town.server.requests(), 1);
    let headers = &town.server.request(0).headers;
    assert!(headers.get("x-api-key").is_none(), "{headers:?}");
    assert_eq!(town.records.next().await.identity.as_deref(), Some("ci"));
    for wrong in ["", "ci", &town.key[1..], &format!("{}a", town.key)] {
        assert_eq!(town.by_key(wrong).await.status, 401, "{wrong}");
    }
    let twice = format!("x-api-key: {0}\r\nx-api-key: {0}\r\n", town.key);
    assert_eq!(town.ask(&twice).await.status, 401);
    assert_eq!(town.server.requests(), 1);
}

#[tokio::test]
async fn a_password_lets_its_visitor_in_and_goes_no_further() {
    let town = Guarded::open(|_| {}).await;
    assert_eq!(town.by_password("ann:open: sesame").await.status, 200);
    assert!(town.server.request(0).headers.get("authorization").is_none());
    assert_eq!(town.records.next().await.identity.as_deref(), Some("ann"));
    for wrong in ["ann:open", "ann:", "ann", "ben:open: sesame", "ci:", ":"] {
        assert_eq!(town.by_password(wrong).await.status, 401, "{wrong}");
    }
    for wrong in ["basic", "basic !", "bearer abc", "digest abc", ""] {
        let said = town.ask(&format!("authorization: {wrong}\r\n")).await;
        assert_eq!(said.status, 401, "{wrong}");
    }
    assert_eq!(town.server.requests(), 1);
}

#[tokio::test]
async fn who_shows_nothing_is_told_what_would_do_and_who_shows_two_things_is_refused() {
    let town = Guarded::open(|_| {}).await;
    let said = town.ask("").await;
    assert_eq!(said.status, 401);
    assert!(
        said.head.contains("Basic realm=\"visitors\", charset=\"UTF-8\""),
        "{}",
        said.head
    );
    assert!(said.head.contains("ApiKey header=\"x-api-key\""), "{}", said.head);
    let password = STANDARD.encode("ann:open: sesame");
    let both = format!("x-api-key: {}\r\nauthorization: basic {password}\r\n", town.key);
    assert_eq!(town.ask(&both).await.status, 401);
    assert_eq!(town.server.requests(), 0);
}

#[tokio::test]
async fn nobody_comes_in_where_everything_is_optional_and_what_is_wrong_is_refused_all_the_same() {
    let keys_alone = |program: &mut Program| {
        let front = &mut program.gateways[0];
        front.basic = None;
        front.keys.as_mut().unwrap().optional = true;
    };
    let town = Guarded::open(keys_alone).await;
    assert_eq!(town.ask("").await.status, 200);
    // What the gateway does not ask for is for those behind it.
    assert_eq!(town.ask("authorization: bearer abc\r\n").await.status, 200);
    assert_eq!(town.server.request(1).headers["authorization"], "bearer abc");
    assert_eq!(town.by_key("wrong").await.status, 401);
    let one_of_two = |program: &mut Program| program.gateways[0].keys.as_mut().unwrap().optional = true;
    let town = Guarded::open(one_of_two).await;
    assert_eq!(town.ask("").await.status, 401);
}

/// Says of one token that it is good, and of others that they are not.
struct Issuer(AtomicBool);

impl Fetch for Issuer {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Err("there is nothing else here".to_owned()) })
    }

    fn send(&self, request: Request<Bytes>, _: guard::Said) -> Sent<'_> {
        let good = request.body().ends_with(b"token=opaque");
        let down = self.0.load(Ordering::SeqCst);
        Box::pin(async move {
            if down {
                return Err("it is down".to_owned());
            }
            let said = format!(r#"{{"active": {good}, "sub": "ann"}}"#);
            Ok(Response::new(Bytes::from(said)))
        })
    }
}

#[tokio::test]
async fn an_opaque_token_is_what_its_issuer_says() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut program = crate::support::program(plain(), &[100]);
    let mut front = gateway(vec![route(None, "/**")]);
    let text = |text: &str| Expr::Constant(Value::String(text.into()));
    front.introspect = Some(flowmesh_ir::gateway::Introspect {
        at: text("https://id.test/introspect"),
        client: text("front"),
        secret: SecretId(0),
        audience: Vec::new(),
        optional: false,
    });
    program.gateways = vec![front];
    let issuer = Arc::new(Issuer(AtomicBool::new(false)));
    let options = IntrospectOptions {
        at: "https://id.test/introspect".to_owned(),
        client: "front".to_owned(),
        secret: "secret".to_owned(),
        audiences: Vec::new(),
    };
    let ways = Ways {
        introspect: Some(Arc::new(Introspect::new(options, issuer.clone()).unwrap())),
        ..Ways::default()
    };
    let records = Arc::new(Records::default());
    let rules = rules_by(
        program,
        vec![vec![server.url()]],
        Arc::new(Inside::default()),
        ways,
    );
    let address = listen(rules, records.clone()).await;
    let by = async |token: &str| ask(address, &format!("authorization: Bearer {token}\r\n")).await;
    assert_eq!(by("opaque").await.status, 200);
    assert_eq!(records.next().await.identity.as_deref(), Some("ann"));
    assert_eq!(server.request(0).headers["authorization"], "Bearer opaque");
    let said = by("made-up").await;
    assert_eq!(said.status, 401);
    assert_eq!(
        said.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    assert_eq!(ask(address, "").await.status, 401);
    issuer.0.store(true, Ordering::SeqCst);
    assert_eq!(by("another").await.status, 503);
    assert_eq!(by("opaque").await.status, 200, "what is known needs nobody");
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn who_guesses_passwords_waits_and_a_damaged_file_lets_nobody_in() {
    let town = Guarded::open(|_| {}).await;
    for _ in 0..10 {
        assert_eq!(town.by_password("ann:wrong").await.status, 401);
    }
    let said = town.by_password("ann:wrong").await;
    assert_eq!(said.status, 429);
    let wait: u64 = said.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=7).contains(&wait), "{wait}");
    assert_eq!(town.by_key(&town.key).await.status, 200, "keys cost nothing");
    fs::write(town.folder.path().join("visitors"), "damaged").unwrap();
    for _ in 0..300 {
        if town.by_key(&town.key).await.status == 503 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("a damaged file lets somebody in");
}
