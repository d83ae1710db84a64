//! Which route takes a visit, by more than its path.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, to},
};
use flowmesh_ir::{
    Value,
    expr::{Binary, Context, Expr},
    gateway::{Pattern, Route, Target},
    service::Method,
};

/// A route that says which it is.
fn said(path: &str, name: &str) -> Route {
    let target = Target::Redirect {
        to: Expr::Constant(Value::string(&format!("http://{name}"))),
        status: 302,
    };
    to(None, path, target)
}

fn at(host: &str, path: &str, name: &str) -> Route {
    Route {
        host: Some(host.to_owned()),
        ..said(path, name)
    }
}

async fn town(routes: Vec<Route>) -> Town {
    let server = Server::start(|_| Answer::Status(200)).await;
    Town::with(&server, plain(), gateway(routes), |_| {}).await
}

/// Which route took it.
async fn led(town: &Town, host: &str, target: &str, headers: &str) -> String {
    let said = town
        .ask(&format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n"))
        .await;
    match said.header("location") {
        Some(to) => to.split(['/', '?']).nth(2).unwrap().to_owned(),
        None => said.status.to_string(),
    }
}

#[tokio::test]
async fn hosts_have_routes_of_their_own() {
    let town = town(vec![
        at("api.shop.test", "/**", "api"),
        at("*.shop.test", "/**", "below"),
        at("other.test", "/a", "other"),
    ])
    .await;
    assert_eq!(led(&town, "API.shop.test:80", "/x", "").await, "api");
    assert_eq!(led(&town, "eu.api.shop.test.", "/x", "").await, "below");
    assert_eq!(led(&town, "other.test", "/a", "").await, "other");
    for (host, path) in [("shop.test", "/x"), ("other.test", "/x"), ("xshop.test", "/x")] {
        assert_eq!(led(&town, host, path, "").await, "404", "{host}{path}");
    }
}

fn pattern(of: Option<&str>, regex: &str) -> Pattern {
    Pattern {
        of: of.map(Into::into),
        regex: regex.to_owned(),
    }
}

#[tokio::test]
async fn a_path_must_look_as_its_patterns_say() {
    let mut number = said("/items/{id}", "number");
    number.patterns = vec![pattern(Some("id"), "[0-9]+")];
    let mut version = said("/**", "version");
    version.patterns = vec![pattern(None, "/v[0-9]/.*")];
    let mut only = said("/only/{id}", "only");
    only.patterns = vec![pattern(Some("id"), "[é ]+")];
    only.method = Some(Method::Get);
    let town = town(vec![number, said("/items/{id}", "name"), only, version]).await;
    assert_eq!(led(&town, "a", "/items/17", "").await, "number");
    assert_eq!(led(&town, "a", "/items/17x", "").await, "name");
    assert_eq!(led(&town, "a", "/only/%C3%A9%20", "").await, "only");
    assert_eq!(led(&town, "a", "/only/e", "").await, "404");
    assert_eq!(led(&town, "a", "/v2/x", "").await, "version");
    // What does not look so is not there for other methods either.
    let said = town.ask("POST /only/e HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(said.status, 404);
    let said = town.ask("POST /only/%20 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(said.status, 405);
}

#[tokio::test]
async fn a_route_that_needs_a_header_is_found_by_it() {
    let needs = |map: &str, part: &str, text: &str| {
        let request = Box::new(Expr::Context(Context::Request));
        let map = Box::new(Expr::Field(request, map.into()));
        let part = Expr::Index(map, Box::new(Expr::Constant(Value::string(part))));
        Expr::Binary(
            Binary::Equal,
            Box::new(part),
            Box::new(Expr::Constant(Value::string(text))),
        )
    };
    let when = |condition: Expr, name: &str| Route {
        condition: Some(condition),
        ..said("/a", name)
    };
    // The host evaluates conditions: here, whatever it is asked about holds.
    let town = town(vec![
        when(needs("headers", "x-tenant", "1"), "one"),
        when(needs("headers", "x-tenant", "1, 2"), "both"),
        when(needs("query", "q", "a b"), "query"),
        said("/a", "rest"),
    ])
    .await;
    for (target, headers, name) in [
        ("/a", "x-tenant: 1\r\n", "one"),
        ("/a", "x-tenant: 1\r\nX-Tenant: 2\r\n", "both"),
        ("/a?x=1&q=a+b", "", "query"),
        ("/a?q=a%20b", "", "query"),
        ("/a?q=a&q=b", "x-tenant: 3\r\n", "rest"),
        ("/a", "", "rest"),
    ] {
        assert_eq!(led(&town, "a", target, headers).await, name, "{target} {headers}");
    }
}
