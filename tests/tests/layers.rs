//! What holds for what a gateway hands on: what the route says, else the gateway, else the service or the operation.

use flowmesh_ir::{Program, policy::Policy, traffic::Priority};
use flowmesh_tests::fuzz::compiled;

const PROGRAM: &str = r#"
service shop {
  at: "http://127.0.0.1:1"
  timeout: { attempt: 1s, total: 3s }
  breaker: { failures: 5, within: 10s, open: 30s }
  limit: { adaptive: true }
  op read() -> json = GET "/" { retry: { attempts: 2, on: [connect] } }
}

allow anyone to shop

gateway front {
  listen: "https://127.0.0.1:0"
  tls: { certificate: "front.pem", key: "front.key" }
  limit: { rate: 10/s }
  cors: { origins: ["*"] }

  any "/a/**" -> shop { priority: critical }
  any "/b/**" -> shop { timeout: { attempt: 2s } }
  GET "/c" -> shop.read() { timeout: { total: 9s } }
  any "/d/**" -> shop
}

gateway patient {
  listen: "http://127.0.0.1:0"
  timeout: { total: 1m }
  any "/a/**" -> shop { timeout: { attempt: 2s } }
  any "/d/**" -> shop
}
"#;

/// What holds for a route of a gateway, where it is not what the service says.
fn policy(program: &Program, gateway: usize, path: &str) -> Option<Policy> {
    let gateway = &program.gateways[gateway];
    let first =
        |route: &flowmesh_ir::gateway::Route| format!("{:?}", route.path[0]).contains(&format!("{path:?}"));
    let route = gateway.routes.iter().find(|route| first(route)).expect(path);
    route.policy.and_then(|id| program.policy(id)).cloned()
}

#[test]
fn a_route_says_something_on_top_of_what_it_leads_to() {
    let program = compiled(PROGRAM).expect("it compiles");
    let first = policy(&program, 0, "a").expect("it says something");
    assert_eq!(first.priority, Some(Priority::Critical));
    assert_eq!(first.timeout.attempt_ms, 1_000);
    assert!(first.breaker.is_some() && first.limit.as_ref().is_some_and(|limit| limit.adaptive));
    let second = policy(&program, 0, "b").expect("it says something");
    assert_eq!(
        (second.timeout.attempt_ms, second.timeout.total_ms),
        (2_000, 3_000)
    );
    assert!(second.breaker.is_some());
    let third = policy(&program, 0, "c").expect("it says something");
    assert_eq!((third.timeout.attempt_ms, third.timeout.total_ms), (1_000, 9_000));
    assert_eq!(third.retry.map(|retry| retry.attempts), Some(2));
    assert_eq!(policy(&program, 0, "d"), None, "the service's own holds");
}

#[test]
fn what_a_gateway_shows_and_whom_it_lets_in_is_its_own() {
    let program = compiled(PROGRAM).expect("it compiles");
    for path in ["a", "b", "c"] {
        let policy = policy(&program, 0, path).expect("it says something");
        assert_eq!((policy.tls, policy.cors), (None, None), "{path}");
        assert_eq!(policy.limit.and_then(|limit| limit.rate), None, "{path}");
    }
}

#[test]
fn a_gateway_says_something_before_what_its_routes_lead_to() {
    let program = compiled(PROGRAM).expect("it compiles");
    let first = policy(&program, 1, "a").expect("it says something");
    assert_eq!(
        (first.timeout.attempt_ms, first.timeout.total_ms),
        (2_000, 60_000)
    );
    let last = policy(&program, 1, "d").expect("its gateway says something");
    assert_eq!((last.timeout.attempt_ms, last.timeout.total_ms), (1_000, 60_000));
    assert!(last.breaker.is_some());
}
