//! Browsers that log in at a provider, over real sockets.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Inside, Records, Said, gateway, listen, read, route, rules_by},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_ir::{SecretId, Value, expr::Expr, gateway};
use flowmesh_mesh::{
    gateway::Ways,
    identity::{Https, Login, LoginOptions},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A key that is in no use anywhere.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIfFajpJGJNRlIrgkTqjcsUtjUlUW89DB42kEU26qv2ehRANCAATwsGAilNpGInZSXnd3Ax6qE4SZPRexU9ro40F7M7zFM6JpHvoCnNuEP86AryGADzuUIUdLGy1GgFFZWnPg4zJI";

fn key() -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(KEY).unwrap())
}

/// A provider on this machine, where whoever comes with a code is ann; the code is the nonce of the login.
async fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let own = issuer.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            answer(stream, &own).await;
        }
    });
    issuer
}

async fn answer(mut stream: TcpStream, issuer: &str) {
    let mut text = String::new();
    let mut piece = [0; 4_096];
    loop {
        let length = stream.read(&mut piece).await.unwrap();
        text += std::str::from_utf8(&piece[..length]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let wanted = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= wanted.map_or(0, |length| length.parse().unwrap()) {
            break;
        }
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let document = match head.split(' ').nth(1).unwrap() {
        "/.well-known/openid-configuration" => json!({
            "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
            "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        }),
        "/keys" => {
            let mut jwk = Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap();
            jwk.common.key_id = Some("one".to_owned());
            json!({ "keys": [jwk] })
        }
        "/token" => {
            let nonce = body
                .split('&')
                .find_map(|part| part.strip_prefix("code="))
                .unwrap();
            let header = Header {
                kid: Some("one".to_owned()),
                ..Header::new(Algorithm::ES256)
            };
            let claims =
                json!({"iss": issuer, "aud": "shop", "sub": "ann", "exp": 1_800_000_300, "nonce": nonce});
            json!({"token_type": "Bearer", "id_token": encode(&header, &claims, &key()).unwrap()})
        }
        other => panic!("{other}"),
    };
    let document = document.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        document.len()
    );
    stream.write_all((head + &document).as_bytes()).await.unwrap();
}

struct Guarded {
    server: Server,
    address: SocketAddr,
    records: Arc<Records>,
    issuer: String,
}

impl Guarded {
    async fn open(optional: bool) -> Self {
        let server = Server::start(|_| Answer::Status(200)).await;
        let issuer = provider().await;
        let mut program = crate::support::program(plain(), &[100]);
        let mut front = gateway(vec![route(None, "/**")]);
        let text = |text: &str| Expr::Constant(Value::String(text.into()));
        front.login = Some(gateway::Login {
            issuer: text(&issuer),
            client: text("shop"),
            secret: SecretId(0),
            scopes: Vec::new(),
            at: text("https://shop.test"),
            path: "/login".to_owned(),
            session_ms: 3_600_000,
            key: None,
            optional,
        });
        program.gateways = vec![front];
        let options = LoginOptions {
            gateway: "front".to_owned(),
            issuer: issuer.clone(),
            client: "shop".to_owned(),
            secret: "secret".to_owned(),
            scopes: Vec::new(),
            at: "https://shop.test".to_owned(),
            path: "/login".to_owned(),
            session: Duration::from_secs(3600),
            key: None,
        };
        let login = Login::new(options, Arc::new(Https::new().unwrap())).unwrap();
        let ways = Ways {
            login: Some(Arc::new(login)),
            ..Ways::default()
        };
        let records = Arc::new(Records::default());
        let rules = rules_by(
            program,
            vec![vec![server.url()]],
            Arc::new(Inside::default()),
            ways,
        );
        Self {
            address: listen(rules, records.clone()).await,
            server,
            records,
            issuer,
        }
    }

    async fn ask(&self, line: &str, headers: &str) -> Said {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let text = format!("{line} HTTP/1.1\r\nhost: shop.test\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        read(&mut stream).await
    }

    /// Logs ann in from a page, up to what the gateway says when she comes back.
    async fn log_in(&self, place: &str) -> Said {
        let sent = self.ask(&format!("GET {place}"), PAGE).await;
        assert_eq!(sent.status, 303, "{}", sent.head);
        let to = sent.header("location").unwrap();
        assert!(
            to.starts_with(&format!("{}/authorize?response_type=code&", self.issuer)),
            "{to}"
        );
        assert!(
            to.contains("redirect_uri=https%3A%2F%2Fshop.test%2Flogin%2Fcallback"),
            "{to}"
        );
        let part = |name: &str| to.split('&').find_map(|part| part.strip_prefix(name)).unwrap();
        let back = format!(
            "GET /login/callback?code={}&state={}",
            part("nonce="),
            part("state=")
        );
        let cookie = pair(sent.header("set-cookie").unwrap());
        self.ask(&back, &format!("{PAGE}cookie: {cookie}\r\n")).await
    }
}

const PAGE: &str = "accept: text/html,application/xhtml+xml;q=0.9\r\n";

/// The name and the value of a cookie.
fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn a_browser_logs_in_once_and_is_known_by_its_session() {
    let town = Guarded::open(false).await;
    let said = town.log_in("/orders?open=yes").await;
    assert_eq!(said.status, 303, "{} {:?}", said.head, town.records.next().await);
    assert_eq!(said.header("location"), Some("/orders?open=yes"));
    assert_eq!(said.header("cache-control"), Some("no-store"));
    let session = said.header("set-cookie").unwrap();
    assert!(session.starts_with("__Host-flowmesh-front="), "{session}");
    for flag in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=3600"] {
        assert!(session.contains(flag), "{session}");
    }
    let session = pair(session).to_owned();
    let said = town
        .ask("GET /orders", &format!("cookie: a=1; {session}; b=2\r\n"))
        .await;
    assert_eq!(said.status, 200);
    assert_eq!(town.server.requests(), 1);
    let heard = town.server.request(0);
    assert_eq!(
        heard.headers["cookie"], "a=1; b=2",
        "the session is no business of those behind"
    );
    assert_eq!(town.records.next().await.identity.as_deref(), Some("ann"));
    let gone = town
        .ask(
            "POST /login/logout",
            &format!("cookie: {session}\r\ncontent-length: 0\r\n"),
        )
        .await;
    assert_eq!((gone.status, gone.header("location")), (303, Some("/")));
    assert!(
        gone.head.contains("__Host-flowmesh-front=; Path=/; Max-Age=0"),
        "{}",
        gone.head
    );
}

#[tokio::test]
async fn who_is_no_browser_is_told_so_and_not_sent_anywhere() {
    let town = Guarded::open(false).await;
    for (line, headers) in [
        ("GET /orders", "accept: application/json\r\n"),
        ("GET /orders", ""),
        ("POST /orders", "accept: text/html\r\ncontent-length: 0\r\n"),
        ("GET /orders", "accept: text/html\r\nsec-fetch-mode: cors\r\n"),
        (
            "GET /orders",
            "accept: text/html\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
        ),
    ] {
        let said = town.ask(line, headers).await;
        assert_eq!(said.status, 401, "{line} {headers}");
        assert_eq!(said.header("www-authenticate"), Some("Session login=\"/login\""));
    }
    assert_eq!(town.server.requests(), 0);
}

#[tokio::test]
async fn what_was_not_begun_here_is_refused() {
    let town = Guarded::open(false).await;
    let said = town.ask("GET /login/callback?code=a&state=b", PAGE).await;
    assert_eq!(said.status, 401);
    assert!(said.header("set-cookie").is_none());
    let forged = "cookie: __Host-flowmesh-front=bm9ib2R5\r\n";
    assert_eq!(town.ask("GET /orders", forged).await.status, 401);
    assert_eq!(
        town.ask("POST /login/callback", "content-length: 0\r\n")
            .await
            .status,
        405
    );
    let others = "sec-fetch-site: cross-site\r\n";
    assert_eq!(town.ask("GET /login/logout", others).await.status, 403);
    assert_eq!(town.server.requests(), 0);
}

#[tokio::test]
async fn where_it_is_optional_nobody_comes_in_and_may_log_in() {
    let town = Guarded::open(true).await;
    assert_eq!(town.ask("GET /orders", PAGE).await.status, 200);
    assert_eq!(town.records.next().await.identity, None);
    let said = town.log_in("/login").await;
    assert_eq!((said.status, said.header("location")), (303, Some("/")));
    let session = pair(said.header("set-cookie").unwrap()).to_owned();
    town.records.next().await;
    town.records.next().await;
    assert_eq!(
        town.ask("GET /orders", &format!("cookie: {session}\r\n"))
            .await
            .status,
        200
    );
    assert_eq!(town.records.next().await.identity.as_deref(), Some("ann"));
}
