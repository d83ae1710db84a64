//! What is handed on, and how.

use crate::{
    support::{
        plain, retrying,
        server::{Answer, Server},
    },
    town::{Town, gateway, route, to},
};
use flowmesh_ir::{
    FlowId, OperationId, ServiceId, Value,
    expr::Expr,
    gateway::Target,
    policy::RetryOn,
    service::Method,
    traffic::{Cors, Rewrite},
};

#[tokio::test]
async fn a_request_reaches_the_service_with_what_is_for_it_and_nothing_else() {
    let server = Server::start(|_| Answer::Header(200, "x-of-service", "yes")).await;
    let town = Town::before(&server).await;
    let said = town
        .ask(
            "GET /%61/b%20c?x=%2e HTTP/1.1\r\nHost: Shop.Test:80\r\nX-Forwarded-For: 6.6.6.6\r\nX-Original-Url: /admin\r\n\
             Connection: x-mine\r\nX-Mine: 1\r\nX-Kept: a\r\nX-Kept: b\r\n\
             Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
        )
        .await;
    assert_eq!((said.status, said.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(said.header("x-of-service"), Some("yes"));
    assert_eq!(
        said.header("x-request-id"),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    let seen = server.request(0);
    assert_eq!(seen.path, "/a/b%20c?x=%2e");
    let header = |name: &str| {
        let all: Vec<_> = seen
            .headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        all.join("|")
    };
    assert_eq!(header("x-kept"), "a|b");
    assert_eq!(header("x-forwarded-for"), "127.0.0.1");
    assert_eq!(header("x-forwarded-host"), "shop.test");
    assert_eq!(header("x-forwarded-proto"), "http");
    assert_eq!(
        (header("x-mine"), header("x-original-url")),
        (String::new(), String::new())
    );
    let trace = header("traceparent");
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && !trace.contains("00f067aa0ba902b7"),
        "{trace}"
    );
    let record = town.record().await;
    assert_eq!((record.status, record.bytes, record.broken), (200, 2, false));
    assert_eq!(
        (record.path.as_str(), record.host.as_str()),
        ("/a/b%20c", "shop.test")
    );
    assert_eq!((record.route, record.target.as_deref()), (Some(0), Some("shop")));
    assert_eq!(record.attempts.len(), 1, "{record:?}");
}

#[tokio::test]
async fn connections_to_the_service_are_used_again() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    for _ in 0..5 {
        assert_eq!(town.get("/").await.status, 200);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_fails_is_tried_again_if_it_may_be() {
    let server = Server::start(|number| Answer::Status(if number % 2 == 0 { 503 } else { 200 })).await;
    let policy = retrying(&[RetryOn::Class(5)]);
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    assert_eq!(town.get("/").await.status, 200);
    assert_eq!(server.requests(), 2);
    let put = "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    assert_eq!(town.ask(put).await.status, 200);
    assert_eq!(server.request(3).body, "abc");
    let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    assert_eq!(town.ask(post).await.status, 503);
    assert_eq!(server.requests(), 5);
}

#[tokio::test]
async fn nobody_is_led_where_no_route_leads() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let routes = vec![
        route(Some(Method::Get), "/a/{id}"),
        route(Some(Method::Put), "/a/*"),
    ];
    let town = Town::with(&server, plain(), gateway(routes), |_| {}).await;
    assert_eq!(town.get("/a/1").await.status, 200);
    assert_eq!(town.get("/a").await.status, 404);
    assert_eq!(town.get("/a/1/2").await.status, 404);
    let said = town.ask("DELETE /a/1 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!((said.status, said.header("allow")), (405, Some("GET, PUT")));
    assert_eq!(said.header("content-type"), Some("application/problem+json"));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn the_first_route_whose_condition_holds_leads() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let when = |truth: Value, status| {
        let target = Target::Redirect {
            to: Expr::Constant(Value::string("http://there")),
            status,
        };
        let mut route = to(None, "/x", target);
        route.condition = Some(Expr::Constant(truth));
        route
    };
    let routes = vec![
        when(Value::Bool(false), 301),
        when(Value::None, 302),
        when(Value::Bool(true), 307),
        route(None, "/x"),
    ];
    let town = Town::with(&server, plain(), gateway(routes), |_| {}).await;
    let said = town.get("/x").await;
    assert_eq!(
        (said.status, said.header("location")),
        (307, Some("http://there/x"))
    );
}

#[tokio::test]
async fn a_path_is_rewritten_as_the_route_says() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let rewritten = |path: &str| {
        let mut route = route(None, path);
        route.rewrite = Some(Rewrite {
            prefix: Some("/v2".to_owned()),
            host: Some("api.internal".to_owned()),
        });
        route
    };
    let routes = vec![rewritten("/stock/**"), rewritten("/one")];
    let town = Town::with(&server, plain(), gateway(routes), |_| {}).await;
    for (asked, seen) in [
        ("/stock/a%20b/c?q=1", "/v2/a%20b/c?q=1"),
        ("/stock/", "/v2/"),
        ("/stock", "/v2"),
        ("/one", "/v2"),
    ] {
        let before = server.requests();
        assert_eq!(town.get(asked).await.status, 200);
        assert_eq!(server.request(before).path, seen, "{asked}");
        assert_eq!(server.request(before).headers["host"], "api.internal");
    }
}

#[tokio::test]
async fn flows_and_operations_get_the_body_and_the_parameters() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let flow = Target::Flow {
        flow: FlowId(3),
        arguments: Vec::new(),
        wait: true,
    };
    let operation = Target::Operation {
        service: ServiceId(0),
        operation: OperationId(0),
        arguments: Vec::new(),
    };
    let routes = vec![
        to(Some(Method::Post), "/orders/{id}", flow),
        to(Some(Method::Get), "/stock/{id}", operation),
    ];
    let town = Town::with(&server, plain(), gateway(routes), |_| {}).await;
    let said = town
        .ask("POST /orders/a%20b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n")
        .await;
    assert_eq!((said.status, said.header("location")), (202, Some("/v1/runs/7")));
    assert_eq!(said.body, b"{\"run\":\"7\"}");
    assert_eq!(town.get("/stock/x").await.body, b"[]");
    let told = town.told();
    assert_eq!(told[0], ("flow 3 true [\"a b\"]".to_owned(), "{\"a\":1}".into()));
    assert_eq!(told[1].0, "call 0.0 [\"x\"]");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn pages_of_others_may_ask_where_it_is_allowed() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut front = gateway(vec![route(Some(Method::Get), "/a")]);
    front.cors = Some(Cors {
        origins: vec!["https://shop.test".to_owned()],
        headers: vec!["authorization".to_owned()],
        credentials: true,
        age_ms: Some(60_000),
        ..Cors::default()
    });
    let town = Town::with(&server, plain(), front, |_| {}).await;
    let asks = |origin: &str| {
        format!(
            "OPTIONS /a HTTP/1.1\r\nhost: a\r\norigin: {origin}\r\naccess-control-request-method: GET\r\n\r\n"
        )
    };
    let said = town.ask(&asks("https://shop.test")).await;
    assert_eq!(said.status, 204);
    assert_eq!(
        said.header("access-control-allow-origin"),
        Some("https://shop.test")
    );
    assert_eq!(said.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(said.header("access-control-allow-headers"), Some("authorization"));
    assert_eq!(said.header("access-control-max-age"), Some("60"));
    let said = town.ask(&asks("https://evil.test")).await;
    assert_eq!(said.header("access-control-allow-origin"), None);
    assert_eq!(server.requests(), 0);
    let said = town
        .ask("GET /a HTTP/1.1\r\nhost: a\r\norigin: https://shop.test\r\n\r\n")
        .await;
    assert_eq!(
        said.header("access-control-allow-origin"),
        Some("https://shop.test")
    );
    assert_eq!(said.header("access-control-allow-credentials"), Some("true"));
}
