//! Endpoints are picked as the policy says, over real connections.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use crate::support;
use crate::support::{
    call, plain, request, retrying,
    server::{Answer, Server, read_request, write},
    status, with_options,
};
use flowmesh_ir::{
    Value,
    call::Request,
    expr::Expr,
    policy::{Balance, Policy, RetryOn, Timeout},
};
use flowmesh_mesh::Mesh;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// What the text of these policies stands for; the host of these tests reads a header.
fn customer() -> Option<Expr> {
    Some(Expr::Constant(Value::string("the customer")))
}

fn policy(balance: Balance) -> Policy {
    Policy {
        balance,
        hash: customer(),
        ..plain()
    }
}

/// A mesh for one service with one subset at these servers, in this order.
fn mesh<'s>(policy: Policy, servers: impl IntoIterator<Item = &'s Server>, seed: u64) -> Mesh {
    let addresses = servers.into_iter().map(Server::url).collect();
    with_options(support::program(policy, &[100]), vec![addresses], |options| {
        options.seed = seed;
        options.texts = Arc::new(|text, request| {
            assert_eq!(Some(text), customer().as_ref());
            let header = request.headers.iter().find(|(name, _)| name == "x-customer");
            header.map(|(_, value)| value.clone())
        });
    })
    .unwrap()
}

fn of(customer: usize) -> Request {
    Request {
        headers: vec![("x-customer".into(), format!("customer-{customer}"))],
        ..request()
    }
}

async fn servers<const N: usize>() -> [Server; N] {
    let mut servers = Vec::new();
    for _ in 0..N {
        servers.push(Server::start(|_| Answer::Status(200)).await);
    }
    servers.try_into().ok().unwrap()
}

/// Where the request of each of a hundred customers went.
async fn homes(mesh: &Mesh) -> Vec<String> {
    let mut homes = Vec::new();
    for customer in 0..100 {
        let (reply, mut heard) = call(mesh, &of(customer)).await;
        assert_eq!(status(&reply), 200);
        homes.push(heard.remove(0).endpoint.unwrap());
    }
    homes
}

#[tokio::test]
async fn addresses_get_what_their_weights_say() {
    let [a, b, c] = servers().await;
    let weighted = Policy {
        weights: vec![3, 0, 1],
        ..policy(Balance::Weights)
    };
    let mesh = mesh(weighted, [&a, &b, &c], 1);
    for _ in 0..400 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    // Five deviations of 8.7 around 300.
    assert!((257..=343).contains(&a.requests()), "{}", a.requests());
    assert_eq!((a.requests() + c.requests(), b.requests()), (400, 0));
}

#[tokio::test]
async fn weights_of_another_number_of_addresses_are_even() {
    let [a, b] = servers().await;
    let weighted = Policy {
        weights: vec![1, 0, 7],
        ..policy(Balance::Weights)
    };
    let mesh = mesh(weighted, [&a, &b], 1);
    for _ in 0..200 {
        call(&mesh, &request()).await;
    }
    assert!((65..=135).contains(&a.requests()), "{}", a.requests());
}

#[tokio::test]
async fn chance_has_no_regard_for_how_slow_somebody_is() {
    let fast = Server::start(|_| Answer::Status(200)).await;
    let slow = Server::start(|_| Answer::Late(Duration::from_millis(10))).await;
    let mesh = mesh(policy(Balance::Random), [&fast, &slow], 1);
    for _ in 0..100 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    // Five deviations of 5 around 50.
    assert!((25..=75).contains(&slow.requests()), "{}", slow.requests());
}

#[tokio::test]
async fn who_has_a_request_on_its_way_gets_no_other_while_there_is_somebody_free() {
    let (end, ended) = watch::channel(());
    // Its answer has begun, so that nobody waits for its first byte.
    let busy = Server::by_hand(move |_, mut stream| {
        let mut ended = ended.clone();
        async move {
            read_request(&mut stream).await;
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{").await;
            ended.changed().await.unwrap();
            write(&mut stream, "}").await;
        }
    })
    .await;
    let [free] = servers().await;
    let patient = Policy {
        timeout: Timeout {
            attempt_ms: 60_000,
            total_ms: 60_000,
            idle_ms: 60_000,
        },
        ..policy(Balance::LeastRequests)
    };
    let mesh = Arc::new(mesh(patient, [&busy, &free], 1));
    let mut calls = Vec::new();
    while busy.connections() == 0 {
        let mesh = mesh.clone();
        calls.push(tokio::spawn(
            async move { status(&call(&mesh, &request()).await.0) },
        ));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = free.requests();
    for _ in 0..20 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((free.requests() - before, busy.connections()), (20, 1));
    end.send_replace(());
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_customer_has_one_home_wherever_and_in_whatever_order_it_is_looked_for() {
    let servers: [Server; 4] = servers().await;
    for balance in [Balance::RingHash, Balance::Maglev] {
        let one = homes(&mesh(policy(balance), &servers, 1)).await;
        let other = homes(&mesh(policy(balance), servers.iter().rev(), 99)).await;
        assert_eq!(one, other, "{balance:?}");
        for server in &servers {
            let has = one.iter().filter(|home| **home == server.address.to_string());
            assert!(has.count() >= 5, "{balance:?}: {one:?}");
        }
    }
}

#[tokio::test]
async fn few_customers_move_when_an_endpoint_goes() {
    let servers: [Server; 4] = servers().await;
    for balance in [Balance::RingHash, Balance::Maglev] {
        let before = homes(&mesh(policy(balance), &servers, 1)).await;
        let after = homes(&mesh(policy(balance), &servers[..3], 1)).await;
        let gone = servers[3].address.to_string();
        let pairs = before.iter().zip(&after);
        let moved = pairs.filter(|(one, other)| **one != gone && one != other).count();
        assert!(moved <= 12, "{balance:?}: {moved} of those that could stay");
    }
}

#[tokio::test]
async fn what_fails_is_left_for_the_next_home_which_is_always_the_same() {
    let failing = Server::start(|_| Answer::Status(503)).await;
    let [b, c] = servers().await;
    for balance in [Balance::RingHash, Balance::Maglev] {
        let policy = Policy {
            balance,
            hash: customer(),
            ..retrying(&[RetryOn::Class(5)])
        };
        let mesh = mesh(policy, [&failing, &b, &c], 1);
        let (mut retried, mut seconds) = (0, Vec::new());
        for customer in 0..100 {
            let (reply, first) = call(&mesh, &of(customer)).await;
            assert_eq!(status(&reply), 200);
            let (_, second) = call(&mesh, &of(customer)).await;
            let way = |heard: &[support::Heard]| -> Vec<_> {
                heard.iter().map(|heard| heard.endpoint.clone()).collect()
            };
            assert_eq!(way(&first), way(&second));
            if first.len() == 2 {
                retried += 1;
                seconds.push(first[1].endpoint.clone());
            }
        }
        // About 33; five deviations, of keys and of how even a ring is.
        assert!((8..=64).contains(&retried), "{balance:?}: {retried}");
        seconds.sort();
        seconds.dedup();
        assert_eq!(seconds.len(), 2, "both others take over");
    }
}

#[tokio::test]
async fn a_request_without_a_text_goes_anywhere() {
    let [a, b] = servers().await;
    for balance in [Balance::RingHash, Balance::Maglev] {
        let mesh = mesh(policy(balance), [&a, &b], 1);
        for _ in 0..100 {
            assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        }
    }
    assert!((60..=140).contains(&a.requests()), "{}", a.requests());
}
