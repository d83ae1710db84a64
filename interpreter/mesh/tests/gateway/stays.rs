//! Visitors who stay with an endpoint, and visits that are asked for twice.

use crate::{
    support::{
        self, plain,
        server::{Answer, Server},
    },
    town::{Said, Town, gateway, route},
};
use flowmesh_ir::{
    PolicyId, Program,
    gateway::Route,
    policy::{Balance, Policy},
    traffic::{Hedge, Limit, Priority, Sticky},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

fn program(policy: Policy, weights: &[u32]) -> Program {
    let mut program = support::program(policy, weights);
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    program
}

fn staying(weights: &[u32]) -> Program {
    let sticky = Sticky {
        cookie: "at".to_owned(),
        ttl_ms: Some(3_600_000),
        key: None,
    };
    let policy = Policy {
        sticky: Some(sticky),
        balance: Balance::RoundRobin,
        ..plain()
    };
    program(policy, weights)
}

async fn named(name: &'static str) -> Server {
    Server::start(move |_| Answer::Body(name.as_bytes().to_vec())).await
}

async fn visit(town: &Town, cookie: &str) -> Said {
    town.ask(&format!(
        "GET / HTTP/1.1\r\nhost: a\r\ncookie: x=1; at={cookie}\r\n\r\n"
    ))
    .await
}

/// What the cookie holds that a visitor is given.
fn given(said: &Said) -> Option<String> {
    let cookie = said.header("set-cookie")?;
    let (pair, rest) = cookie.split_once("; ").unwrap();
    assert_eq!(rest, "Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
    Some(pair.strip_prefix("at=").unwrap().to_owned())
}

#[tokio::test]
async fn a_visitor_stays_with_an_endpoint_until_it_is_gone() {
    let (one, two, three) = (named("1").await, named("2").await, named("3").await);
    let all = vec![one.url(), two.url(), three.url()];
    let town = Town::of(staying(&[100]), vec![all.clone()], |_| {}).await;
    let first = town.get("/").await;
    let token = given(&first).unwrap();
    assert!(!token.contains("127") && token.len() == 22, "{token}");
    for _ in 0..10 {
        let again = visit(&town, &token).await;
        assert_eq!(again.body, first.body);
        assert_eq!(given(&again), None);
    }
    // What names nobody is as if it were not there.
    let other = visit(&town, "127.0.0.1:80").await;
    assert!(given(&other).is_some());
    // Its endpoint is there no more.
    let others = all.into_iter().zip([&one, &two, &three]);
    let others = others
        .filter(|(_, server)| server.requests() < 9)
        .map(|(url, _)| url);
    let left = Town::of(staying(&[100]), vec![others.collect()], |_| {}).await;
    let moved = visit(&left, &token).await;
    assert_eq!(moved.status, 200);
    assert_ne!(moved.body, first.body);
    assert!(given(&moved).is_some());
}

#[tokio::test]
async fn another_endpoint_answers_for_one_that_does_not_and_is_stayed_with() {
    let server = named("1").await;
    let nobody = format!("http://{}", support::server::nobody());
    let mut program = staying(&[100]);
    program.policies[0].retry = support::retrying(&[flowmesh_ir::policy::RetryOn::Connect]).retry;
    let town = Town::of(program, vec![vec![nobody, server.url()]], |_| {}).await;
    let said = town.get("/").await;
    let token = given(&said).unwrap();
    for _ in 0..5 {
        assert_eq!(given(&visit(&town, &token).await), None);
    }
    assert_eq!(server.requests(), 6);
}

#[tokio::test]
async fn a_visitor_stays_with_the_version_too() {
    let (one, two) = (named("1").await, named("2").await);
    let subsets = vec![vec![one.url()], vec![two.url()]];
    let town = Town::of(staying(&[50, 50]), subsets, |_| {}).await;
    let mut tokens = BTreeSet::new();
    for _ in 0..200 {
        let said = town.get("/").await;
        tokens.insert((said.body.clone(), given(&said).unwrap()));
        if tokens.len() == 2 {
            break;
        }
    }
    assert_eq!(tokens.len(), 2, "both versions are led to");
    for (body, token) in &tokens {
        for _ in 0..20 {
            assert_eq!(visit(&town, token).await.body, *body);
        }
    }
}

#[tokio::test]
async fn a_visit_that_takes_long_is_asked_for_twice_and_a_change_never() {
    let slow = Server::start(|_| Answer::Late(Duration::from_secs(50))).await;
    let well = named("well").await;
    let mut policy = Policy {
        hedge: Some(Hedge {
            after_ms: 50,
            most: 2,
        }),
        balance: Balance::RoundRobin,
        ..plain()
    };
    policy.timeout.attempt_ms = 60_000;
    policy.timeout.total_ms = 60_000;
    let town = Town::of(
        program(policy, &[100]),
        vec![vec![slow.url(), well.url()]],
        |_| {},
    )
    .await;
    for _ in 0..4 {
        assert_eq!(town.get("/").await.body, b"well");
    }
    assert!(slow.requests() > 0);
    let late = Server::start(|_| Answer::Late(Duration::from_millis(300))).await;
    let mut policy = plain();
    policy.hedge = Some(Hedge {
        after_ms: 10,
        most: 2,
    });
    let town = Town::of(program(policy, &[100]), vec![vec![late.url()]], |_| {}).await;
    let put = "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(town.ask(put).await.status, 200);
    assert_eq!(late.requests(), 1);
}

#[tokio::test]
async fn who_cannot_be_answered_in_time_is_told_at_once_to_come_again() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(500))).await;
    let adaptive = Limit {
        adaptive: true,
        concurrent: Some(3),
        ..Limit::default()
    };
    for of_gateway in [true, false] {
        let mut program = program(
            support::retrying(&[flowmesh_ir::policy::RetryOn::Class(5)]),
            &[100],
        );
        match of_gateway {
            true => program.gateways[0].limit = Some(adaptive.clone()),
            false => program.policies[0].limit = Some(adaptive.clone()),
        }
        let before = server.requests();
        let town = Arc::new(Town::of(program, vec![vec![server.url()]], |_| {}).await);
        let visits = (0..10).map(|_| {
            let town = town.clone();
            tokio::spawn(async move { town.get("/").await })
        });
        let visits: Vec<_> = visits.collect();
        let mut refused = 0;
        for visit in visits {
            let said = visit.await.unwrap();
            if said.status == 503 {
                refused += 1;
                assert!(said.header("retry-after").is_some());
            }
        }
        assert_eq!((refused, server.requests() - before), (7, 3), "{of_gateway}");
    }
}

#[tokio::test]
async fn where_not_all_can_be_let_through_who_can_do_without_an_answer_is_refused_first() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(500))).await;
    let limit = Limit {
        adaptive: true,
        concurrent: Some(3),
        ..Limit::default()
    };
    for of_gateway in [true, false] {
        let mut program = program(plain(), &[100]);
        match of_gateway {
            true => program.gateways[0].limit = Some(limit.clone()),
            false => program.policies[0].limit = Some(limit.clone()),
        }
        for (path, priority) in [("/pay", Priority::Critical), ("/advice", Priority::Low)] {
            let policy = PolicyId(u32::try_from(program.policies.len()).unwrap());
            program.policies.push(Policy {
                priority: Some(priority),
                limit: program.policies[0].limit.clone(),
                ..plain()
            });
            let route = Route {
                policy: Some(policy),
                ..route(None, path)
            };
            program.gateways[0].routes.insert(0, route);
        }
        let town = Arc::new(Town::of(program, vec![vec![server.url()]], |_| {}).await);
        let visit = |path: &'static str| {
            let town = town.clone();
            tokio::spawn(async move { town.get(path).await.status })
        };
        assert_eq!(visit("/pay").await.unwrap(), 200);
        let advice: Vec<_> = (0..10).map(|_| visit("/advice")).collect();
        let before = server.requests();
        while server.requests() < before + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let pay = visit("/pay");
        let mut answers = Vec::new();
        for one in advice {
            answers.push(one.await.unwrap());
        }
        answers.sort_unstable();
        assert_eq!(answers, [vec![200; 2], vec![503; 8]].concat(), "{of_gateway}");
        assert_eq!(pay.await.unwrap(), 200, "{of_gateway}");
    }
}
