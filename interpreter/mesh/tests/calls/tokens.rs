//! Tokens that services want to see and somebody else gives.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use crate::support::{
    call, plain, program, request,
    server::{Answer, Server},
    with_options,
};
use flowmesh_ir::{
    SecretId, Value,
    call::{Failure, Reply},
    expr::Expr,
    service::Auth,
};
use flowmesh_mesh::{Mesh, MeshError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Gives tokens: the number of each is in it.
async fn giver(expires: u64) -> Server {
    Server::start(move |number| {
        let token =
            format!(r#"{{"access_token":"token-{number}","token_type":"bearer","expires_in":{expires}}}"#);
        Answer::Body(token.into_bytes())
    })
    .await
}

fn mesh(service: &Server, giver: String) -> Result<Mesh, MeshError> {
    let mut program = program(plain(), &[100]);
    program.secrets = vec!["client_secret".into()];
    let shop = Arc::make_mut(&mut program.services[0]);
    shop.auth = Some(Auth::OAuth2 {
        url: Box::new(Expr::Constant(Value::string(&giver))),
        client: "us".to_owned(),
        secret: SecretId(0),
        scopes: vec!["read".to_owned(), "write".to_owned()],
    });
    with_options(program, vec![vec![service.url()]], |options| {
        options.secrets = Arc::new(|_| Some("very secret".to_owned()));
        options.token_urls = [("shop".into(), giver)].into();
    })
}

fn shown(service: &Server, at: usize) -> String {
    service.request(at).headers["authorization"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_shown_with_every_call() {
    let (service, giver) = (Server::start(|_| Answer::Status(200)).await, giver(3600).await);
    let mesh = mesh(&service, format!("{}/token", giver.url())).unwrap();
    let asking = (0..5).map(|_| async { call(&mesh, &request()).await.0 });
    futures_util::future::join_all(asking).await;
    assert_eq!((service.requests(), giver.requests()), (5, 1));
    assert!((0..5).all(|at| shown(&service, at) == "Bearer token-0"));
    let asked = giver.request(0);
    assert_eq!(asked.path, "/token");
    assert_eq!(asked.body, "grant_type=client_credentials&scope=read+write");
    assert_eq!(asked.headers["authorization"], "Basic dXM6dmVyeStzZWNyZXQ=");
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_token_is_renewed_before_its_time_is_over() {
    let (service, giver) = (Server::start(|_| Answer::Status(200)).await, giver(2).await);
    let mesh = mesh(&service, giver.url()).unwrap();
    call(&mesh, &request()).await;
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    call(&mesh, &request()).await;
    assert_eq!(
        (shown(&service, 0), shown(&service, 1)),
        ("Bearer token-0".to_owned(), "Bearer token-1".to_owned())
    );
    assert_eq!(giver.requests(), 2);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_nobody_is_asked_again_at_once() {
    let service = Server::start(|_| Answer::Status(200)).await;
    let giver = Server::start(|_| Answer::Status(503)).await;
    let mesh = mesh(&service, giver.url()).unwrap();
    for _ in 0..3 {
        let Reply::Failed(Failure::Unavailable(why)) = call(&mesh, &request()).await.0 else {
            panic!("there is no token");
        };
        assert!(
            why.contains("503") && why.contains(&giver.url()) && !why.contains("secret"),
            "{why}"
        );
    }
    assert_eq!((service.requests(), giver.requests()), (0, 1));
}

#[tokio::test]
async fn a_token_that_is_refused_is_let_go_of_unless_it_is_new() {
    let refusals = Arc::new(AtomicUsize::new(usize::MAX));
    let refuses = refusals.clone();
    let service = Server::start(move |number| {
        Answer::Status(if number >= refuses.load(Ordering::SeqCst) {
            401
        } else {
            200
        })
    })
    .await;
    let giver = giver(3600).await;
    let mesh = mesh(&service, giver.url()).unwrap();
    refusals.store(0, Ordering::SeqCst);
    call(&mesh, &request()).await;
    call(&mesh, &request()).await;
    assert_eq!(giver.requests(), 1, "a token of a moment ago is not given up");
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    call(&mesh, &request()).await;
    call(&mesh, &request()).await;
    assert_eq!(giver.requests(), 2);
    assert_eq!(shown(&service, 3), "Bearer token-1");
}

#[tokio::test]
async fn nobody_is_told_the_secret_without_tls() {
    let service = Server::start(|_| Answer::Status(200)).await;
    for wrong in ["http://id.example.com/token", "id.example.com", ""] {
        let error = mesh(&service, wrong.to_owned()).err().unwrap().to_string();
        assert!(error.contains("`https://`"), "{error}");
    }
}
