//! What a request carries, and which subset it goes to.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use crate::support;
use crate::support::{
    TRACE, call, failure, mesh, once, plain, request, retrying,
    server::{Answer, Seen, Server},
    status, with_options, with_templates,
};
use flowmesh_ir::{
    Name, SecretId, SubsetId, Value,
    call::Sealed,
    expr::Expr,
    policy::{Balance, Policy, RetryOn},
    program::Program,
    service::{Auth, Method, Route},
};
use flowmesh_mesh::{MeshError, Next, Template, Text, Unsealed};
use std::sync::Arc;

fn header<'s>(seen: &'s Seen, name: &str) -> &'s str {
    seen.headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap_or("not text"))
}

fn with_auth(auth: Auth) -> Program {
    let mut program = support::program(plain(), &[100]);
    program.secrets = vec!["shop_token".into()];
    Arc::make_mut(&mut program.services[0]).auth = Some(auth);
    program
}

/// What a service sees of this auth, if its secret is `s3cret`.
async fn shown(auth: Auth, name: &str) -> String {
    let server = Server::start(|_| Answer::Status(200)).await;
    let secret = Arc::new(|_: SecretId| Some("s3cret".to_owned()));
    let mesh = with_options(with_auth(auth), vec![vec![server.url()]], |options| {
        options.secrets = secret;
    });
    call(&mesh.unwrap(), &request()).await;
    header(&server.request(0), name).to_owned()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut request = request();
    request.path = "/orders/a%2Fb?full=yes".to_owned();
    request.headers = vec![("X-Tester".into(), "yes".to_owned())];
    call(&mesh(plain(), &[server.url()]), &request).await;
    let seen = server.request(0);
    assert_eq!(
        (seen.path.as_str(), &seen.body[..]),
        ("/orders/a%2Fb?full=yes", &b"{\"id\":1}"[..])
    );
    assert_eq!(header(&seen, "host"), server.address.to_string());
    assert_eq!(header(&seen, "content-type"), "application/json");
    assert_eq!(header(&seen, "content-length"), "8");
    assert_eq!(header(&seen, "accept"), "application/json");
    assert_eq!(header(&seen, "x-tester"), "yes");
    assert_eq!(header(&seen, "idempotency-key"), "order-1");
    assert!(header(&seen, "user-agent").starts_with("flowmesh/"));
    let deadline: u64 = header(&seen, "x-flowmesh-deadline-ms").parse().unwrap();
    assert!((1..=2_000).contains(&deadline), "{deadline}");
}

#[tokio::test]
async fn a_secret_is_put_into_the_header_of_its_operation_and_nowhere_else() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut program = support::program(plain(), &[100]);
    program.secrets = vec!["shop_token".into()];
    Arc::make_mut(&mut program.services[0]).operations[0].secret_headers =
        vec![("x-token".into(), Expr::Secret(SecretId(0)))];
    let mesh = with_options(program.clone(), vec![vec![server.url()]], |options| {
        options.secrets = Arc::new(|_| Some("s3cret".to_owned()));
        options.headers = vec![vec![("x-usual".into(), "yes".to_owned())]];
        options.unseal = Arc::new(|request| {
            let sealed = request.sealed.as_ref().ok_or("nothing is sealed")?;
            Ok(Unsealed {
                headers: vec![("x-token".into(), format!("Token s3cret {:?}", sealed.arguments))],
                body: Some(b"{\"token\":\"s3cret\"}".to_vec()),
            })
        });
    });
    let mut request = request();
    request.sealed = Some(Arc::new(Sealed {
        arguments: vec![Value::Int(1)],
        run: 1,
        started: Default::default(),
        key: None,
    }));
    call(&mesh.unwrap(), &request).await;
    let seen = server.request(0);
    assert_eq!(header(&seen, "x-token"), "Token s3cret [Int(1)]");
    assert_eq!(header(&seen, "x-usual"), "yes");
    assert_eq!(&seen.body[..], b"{\"token\":\"s3cret\"}");
    let with = |value: Option<&'static str>| {
        let made = with_options(program.clone(), vec![vec![server.url()]], |options| {
            options.secrets = Arc::new(move |_| value.map(str::to_owned));
        });
        made.err().map(|error| error.code().to_string())
    };
    assert_eq!(with(None).as_deref(), Some("F1042"));
    assert_eq!(with(Some("a\nb")).as_deref(), Some("F1043"));
    assert_eq!(with(Some("ab")), None);
}

#[test]
fn a_header_that_only_the_mesh_sets_is_refused_before_the_first_call() {
    let made = with_options(
        support::program(plain(), &[100]),
        vec![vec!["http://a".to_owned()]],
        |options| {
            options.headers = vec![vec![("host".into(), "b".to_owned())]];
        },
    );
    let refused = made.err().unwrap();
    assert_eq!(
        (refused.code().to_string().as_str(), refused.place()),
        ("F1046", None)
    );
    assert!(refused.help().contains("line break"));
}

#[tokio::test]
async fn a_base_path_comes_first() {
    let server = Server::start(|_| Answer::Status(200)).await;
    call(&mesh(plain(), &[format!("{}/v1/", server.url())]), &request()).await;
    assert_eq!(server.request(0).path, "/v1/orders");
}

#[tokio::test]
async fn a_call_fills_the_address() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let port = server.address.port();
    let template = Template::new(vec![
        Text::Fixed("http://".to_owned()),
        Text::Param(0),
        Text::Fixed(format!(".localhost:{port}/v1/")),
        Text::Param(1),
    ]);
    let program = support::program(plain(), &[100]);
    let mesh = with_templates(program, vec![vec![template]], |options| options.limits.places = 1).unwrap();
    for tenant in ["acme", "umbrella", "acme"] {
        let mut request = request();
        request.address = vec![tenant.to_owned(), "a%2Fb".to_owned()];
        assert_eq!(status(&call(&mesh, &request).await.0), 200);
    }
    for (at, tenant) in ["acme", "umbrella", "acme"].into_iter().enumerate() {
        let seen = server.request(at);
        assert_eq!(header(&seen, "host"), format!("{tenant}.localhost:{port}"));
        assert_eq!(seen.path, "/v1/a%2Fb/orders");
    }
    let (reply, _) = call(&mesh, &request()).await;
    assert_eq!(failure(&reply).0, "Unavailable");
    assert_eq!(server.requests(), 3);
}

#[test]
fn an_address_that_calls_choose_as_a_whole_is_refused() {
    let template = Template::new(vec![Text::Fixed("http://".to_owned()), Text::Param(0)]);
    let program = support::program(plain(), &[100]);
    let refused = with_templates(program, vec![vec![template]], |_| {})
        .err()
        .unwrap();
    assert_eq!(refused.code().to_string(), "F1040");
    assert!(refused.to_string().contains("who owns the host"), "{refused}");
}

#[tokio::test]
async fn a_request_without_body_has_no_type() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut request = once();
    request.body = Arc::from(*b"");
    let mesh = mesh(plain(), &[server.url()]);
    call(&mesh, &request).await;
    request.method = Method::Get;
    call(&mesh, &request).await;
    for at in 0..2 {
        assert_eq!(header(&server.request(at), "content-type"), "");
        assert_eq!(header(&server.request(at), "idempotency-key"), "");
    }
    assert_eq!(header(&server.request(0), "content-length"), "0");
    assert_eq!(header(&server.request(1), "content-length"), "");
}

#[tokio::test]
async fn attempts_share_the_key_and_the_trace_but_not_the_span() {
    let server = Server::start(|n| Answer::Status(if n == 0 { 503 } else { 200 })).await;
    let (_, heard) = call(&mesh(retrying(&[RetryOn::Class(5)]), &[server.url()]), &request()).await;
    assert!(matches!(heard[0].next, Next::Retry(_)));
    let (first, second) = (server.request(0), server.request(1));
    assert_eq!(
        header(&first, "idempotency-key"),
        header(&second, "idempotency-key")
    );
    assert_eq!(header(&first, "traceparent"), TRACE.child(1).to_string());
    assert_eq!(header(&second, "traceparent"), TRACE.child(2).to_string());
    assert_ne!(header(&first, "traceparent"), header(&second, "traceparent"));
}

#[tokio::test]
async fn auth_is_shown() {
    assert_eq!(
        shown(Auth::Bearer(SecretId(0)), "authorization").await,
        "Bearer s3cret"
    );
    assert_eq!(
        shown(Auth::Basic("me".to_owned(), SecretId(0)), "authorization").await,
        "Basic bWU6czNjcmV0"
    );
    assert_eq!(
        shown(Auth::ApiKey("X-Key".into(), SecretId(0)), "x-key").await,
        "s3cret"
    );
}

#[test]
fn secrets_that_are_missing_or_cannot_be_sent_are_said_before_the_first_call() {
    let made = |value: Option<&'static str>| {
        let program = with_auth(Auth::Bearer(SecretId(0)));
        let secret = Arc::new(move |_: SecretId| value.map(str::to_owned));
        let mesh = with_options(program, vec![vec!["http://a".to_owned()]], |options| {
            options.secrets = secret;
        });
        mesh.err().unwrap()
    };
    let (service, secret) = (Name::from("shop"), Name::from("shop_token"));
    let missing = made(None);
    assert_eq!(
        missing,
        MeshError::MissingSecret {
            service: service.clone(),
            secret: secret.clone()
        }
    );
    assert_eq!(
        (
            missing.code().to_string().as_str(),
            missing.help().contains("SHOP_TOKEN")
        ),
        ("F1042", true)
    );
    let wrong = made(Some("hush\n"));
    assert_eq!(wrong, MeshError::BadCredential { service, secret });
    assert_eq!(wrong.code().to_string(), "F1043");
    assert!(!wrong.to_string().contains("hush"));
}

#[test]
fn a_resolver_without_servers_is_said() {
    let none = flowmesh_mesh::Hickory::servers(&[]).err().unwrap();
    assert_eq!(none.code().to_string(), "F1044");
    assert!(none.help().contains("--resolver"));
}

#[test]
fn wrong_addresses_are_said_before_the_first_call() {
    let made = |addresses: &[&str]| {
        let addresses = addresses.iter().map(|text| (*text).to_owned()).collect();
        with_options(support::program(plain(), &[100]), vec![addresses], |_| {})
            .err()
            .unwrap()
    };
    let bad = made(&["http://a", "https://b:x"]);
    assert_eq!(bad.code().to_string(), "F1040");
    let words = "the address `https://b:x` of service `shop`, subset `v0`: expected a port from 1 to 65535, found `x`";
    assert_eq!(bad.to_string(), words);
    assert_eq!(bad.place().as_deref(), Some("service/shop"));
    let none = made(&[]);
    assert_eq!(none.code().to_string(), "F1041");
    assert_eq!(none.to_string(), "service `shop`, subset `v0` has no address");
}

#[tokio::test]
async fn what_cannot_stand_in_a_request_is_not_sent() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mesh = mesh(retrying(&[RetryOn::Connect]), &[server.url()]);
    let mut with_break = request();
    with_break.headers = vec![("x-note".into(), "a\r\nx-admin: yes".to_owned())];
    assert_eq!(failure(&call(&mesh, &with_break).await.0).0, "Unavailable");
    let mut with_length = request();
    with_length.headers = vec![("Transfer-Encoding".into(), "chunked".to_owned())];
    let (reply, _) = call(&mesh, &with_length).await;
    assert_eq!(
        failure(&reply),
        (
            "Unavailable",
            "the header `transfer-encoding` is set by the mesh alone"
        )
    );
    let mut with_space = request();
    with_space.path = "/a b".to_owned();
    assert_eq!(failure(&call(&mesh, &with_space).await.0).0, "Unavailable");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn weights_share_the_traffic_of_subsets() {
    let (v0, v1) = (
        Server::start(|_| Answer::Status(200)).await,
        Server::start(|_| Answer::Status(200)).await,
    );
    let program = support::program(plain(), &[90, 10]);
    let mesh = with_options(program, vec![vec![v0.url()], vec![v1.url()]], |_| {}).unwrap();
    for _ in 0..500 {
        call(&mesh, &request()).await;
    }
    let (most, few) = (v0.requests(), v1.requests());
    assert_eq!(most + few, 500);
    assert!((30..=70).contains(&few), "{most} and {few}");
}

#[tokio::test]
async fn the_first_rule_that_holds_picks_the_subset() {
    let (v0, v1) = (
        Server::start(|_| Answer::Status(200)).await,
        Server::start(|_| Answer::Status(200)).await,
    );
    let mut program = support::program(plain(), &[100, 0]);
    let condition = Some(Expr::Constant(Value::Bool(true)));
    Arc::make_mut(&mut program.services[0]).routes.insert(
        0,
        Route {
            condition,
            split: vec![(SubsetId(1), 100)],
        },
    );
    let mesh = with_options(program, vec![vec![v0.url()], vec![v1.url()]], |options| {
        options.conditions = Arc::new(|_, request| {
            assert_eq!(
                (request.host, request.path, request.query),
                ("shop", "/orders", "a=1")
            );
            request
                .headers
                .iter()
                .any(|(name, value)| name.eq_ignore_ascii_case("X-Tester") && value == "yes")
        });
    })
    .unwrap();
    let mut tester = request();
    tester.path = "/orders?a=1".to_owned();
    call(&mesh, &tester).await;
    tester.headers = vec![("x-tester".into(), "yes".to_owned())];
    call(&mesh, &tester).await;
    assert_eq!((v0.requests(), v1.requests()), (1, 1));
}

#[tokio::test]
async fn round_robin_gives_each_endpoint_its_turn() {
    let (a, b) = (
        Server::start(|_| Answer::Status(200)).await,
        Server::start(|_| Answer::Status(200)).await,
    );
    let policy = Policy {
        balance: Balance::RoundRobin,
        ..plain()
    };
    let mesh = mesh(policy, &[a.url(), b.url()]);
    for _ in 0..10 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((a.requests(), b.requests()), (5, 5));
}

#[tokio::test]
async fn a_failing_endpoint_is_left_alone_for_a_while() {
    let (bad, good) = (
        Server::start(|_| Answer::Status(500)).await,
        Server::start(|_| Answer::Status(200)).await,
    );
    let mesh = mesh(plain(), &[bad.url(), good.url()]);
    for _ in 0..50 {
        call(&mesh, &request()).await;
    }
    assert!(bad.requests() <= 1, "{}", bad.requests());
}

#[tokio::test]
async fn localhost_needs_no_dns() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mesh = mesh(plain(), &[format!("http://localhost:{}", server.address.port())]);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert_eq!(
        header(&server.request(0), "host"),
        format!("localhost:{}", server.address.port())
    );
}
