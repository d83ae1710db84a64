//! Copies of calls: to a subset or another service, without what is secret, within bounds, and never in the way.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use crate::support;
use crate::support::{
    call, once, plain, program, request,
    server::{Answer, Server},
    status, with_options,
};
use flowmesh_ir::{
    Name, PolicyId, Program, SecretId, ServiceId, SubsetId,
    call::Sealed,
    policy::{Policy, Timeout},
    service::Auth,
    traffic::{Mirror, Onward, Rewrite},
};
use flowmesh_mesh::{Copied, Hickory, Mesh, MeshOptions, Template};
use std::{sync::Arc, time::Duration};

fn mirrored(to: Onward, writes: bool) -> Policy {
    let mirror = Mirror {
        to,
        percent: 100,
        writes,
    };
    Policy {
        mirror: Some(mirror),
        ..plain()
    }
}

/// All goes to the first subset, and a copy to the second.
fn between(real: &Server, other: &Server, policy: Policy) -> Mesh {
    let subsets = vec![vec![real.url()], vec![other.url()]];
    with_options(program(policy, &[100, 0]), subsets, |_| {}).unwrap()
}

async fn counted(mesh: &Mesh, until: impl Fn(Copied) -> bool) -> Copied {
    for _ in 0..3_000 {
        let count = mesh.copied("shop");
        if until(count) {
            return count;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", mesh.copied("shop"));
}

async fn well() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

const ASIDE: Onward = Onward::Subset(SubsetId(1));

#[tokio::test]
async fn a_copy_is_the_call_with_a_mark_and_its_answer_is_nobodys() {
    let (real, other) = (well().await, Server::start(|_| Answer::Status(503)).await);
    let mesh = between(&real, &other, mirrored(ASIDE, false));
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!((status(&reply), heard.len()), (200, 1));
    let count = counted(&mesh, |count| count.sent == 1).await;
    assert_eq!((count.left_out, count.failed), (0, 0));
    let (sent, copy) = (real.request(0), other.request(0));
    assert_eq!((&sent.path, &sent.body), (&copy.path, &copy.body));
    assert_eq!(copy.headers["idempotency-key"], "order-1");
    assert_eq!(copy.headers["x-flowmesh-mirror"], "true");
    assert!(!sent.headers.contains_key("x-flowmesh-mirror"));
}

#[tokio::test]
async fn what_may_not_be_repeated_is_copied_only_where_that_is_said() {
    for (writes, copies) in [(false, 0), (true, 1)] {
        let (real, other) = (well().await, well().await);
        let mesh = between(&real, &other, mirrored(ASIDE, writes));
        assert_eq!(status(&call(&mesh, &once()).await.0), 200);
        // One that is copied for certain comes last.
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        counted(&mesh, |count| count.sent == copies + 1).await;
        assert_eq!(real.requests(), 2);
    }
}

#[tokio::test]
async fn whoever_does_not_answer_copies_holds_up_nobody_and_costs_no_more_than_a_bound() {
    let real = well().await;
    let never = Server::by_hand(|_, stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let timeout = Timeout {
        attempt_ms: 60_000,
        total_ms: 60_000,
        idle_ms: 60_000,
    };
    let policy = Policy {
        timeout,
        ..mirrored(ASIDE, false)
    };
    let mesh = between(&real, &never, policy);
    let all = async {
        for _ in 0..100 {
            assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .expect("no call waits for its copy");
    assert_eq!(mesh.copied("shop").left_out, 36);
}

#[tokio::test]
async fn a_copy_that_nobody_takes_is_counted() {
    let real = well().await;
    let nobody = format!("http://{}", support::server::nobody());
    let subsets = vec![vec![real.url()], vec![nobody]];
    let program = program(mirrored(ASIDE, false), &[100, 0]);
    let mesh = with_options(program, subsets, |_| {}).unwrap();
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    counted(&mesh, |count| count.failed == 1).await;
}

/// Two services with a secret each; the copies of the first go to the second.
fn two() -> Program {
    let mut program = program(mirrored(Onward::Service(ServiceId(1)), false), &[100]);
    program.secrets = vec!["first".into(), "second".into()];
    let mut other = (*program.services[0]).clone();
    other.name = Name::from("other");
    other.auth = Some(Auth::ApiKey("x-other".into(), SecretId(1)));
    other.policy = PolicyId(1);
    other.operations.clear();
    Arc::make_mut(&mut program.services[0]).auth = Some(Auth::Bearer(SecretId(0)));
    program.services.push(other.into());
    program.policies.push(Policy {
        rewrite: Some(Rewrite {
            prefix: Some("/copies".to_owned()),
            host: None,
        }),
        ..plain()
    });
    program
}

#[tokio::test]
async fn another_service_is_shown_what_is_for_it_and_no_secret_of_the_first() {
    let (real, other) = (well().await, well().await);
    let nobody = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    let mut options = MeshOptions::new(Arc::new(nobody), 1);
    options.secrets = Arc::new(|id| Some(["s3cret", "0ther"][id.index()].to_owned()));
    options.headers = vec![
        vec![("x-of-first".into(), "1".to_owned())],
        vec![("x-of-second".into(), "2".to_owned())],
    ];
    options.unseal = Arc::new(|_| Ok(flowmesh_mesh::Unsealed::default()));
    let addresses = [&real, &other].map(|server| vec![vec![Template::from(server.url())]]);
    let mesh = Mesh::new(Arc::new(two()), &addresses.to_vec(), options).unwrap();
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    counted(&mesh, |count| count.sent == 1).await;
    let (sent, copy) = (real.request(0), other.request(0));
    assert_eq!(
        (sent.path.as_str(), copy.path.as_str()),
        ("/orders", "/copies/orders")
    );
    assert_eq!(sent.headers["authorization"], "Bearer s3cret");
    assert!(sent.headers.contains_key("x-of-first"));
    assert_eq!(
        (&copy.headers["x-other"], &copy.headers["x-of-second"]),
        (&"0ther".parse().unwrap(), &"2".parse().unwrap())
    );
    for name in ["authorization", "x-of-first"] {
        assert!(!copy.headers.contains_key(name), "{name}");
    }
    // A request with a secret in it is for the one service alone.
    let mut sealed = request();
    sealed.sealed = Some(Arc::new(Sealed {
        arguments: Vec::new(),
        run: 1,
        started: jiff::Timestamp::UNIX_EPOCH,
        key: None,
    }));
    assert_eq!(status(&call(&mesh, &sealed).await.0), 200);
    counted(&mesh, |count| count.left_out == 1).await;
    assert_eq!(other.requests(), 1);
}

#[tokio::test]
async fn a_call_is_rewritten_as_the_policy_says() {
    let server = well().await;
    let rewrite = |prefix: Option<&str>, host: Option<&str>| Policy {
        rewrite: Some(Rewrite {
            prefix: prefix.map(str::to_owned),
            host: host.map(str::to_owned),
        }),
        ..plain()
    };
    let cases = [
        (
            rewrite(Some("/v2"), Some("api.internal")),
            "/v2/orders?x=%2F",
            "api.internal",
        ),
        (rewrite(Some("/v2/"), None), "/v2/orders?x=%2F", ""),
        (
            rewrite(None, Some("api.internal")),
            "/orders?x=%2F",
            "api.internal",
        ),
    ];
    for (at, (policy, path, host)) in cases.into_iter().enumerate() {
        let mesh = support::mesh(policy, &[server.url()]);
        let mut asked = request();
        asked.path = "/orders?x=%2F".to_owned();
        assert_eq!(status(&call(&mesh, &asked).await.0), 200);
        let seen = server.request(at);
        let own = server.address.to_string();
        let host = if host.is_empty() { own.as_str() } else { host };
        assert_eq!(
            (seen.path.as_str(), seen.headers["host"].to_str().unwrap()),
            (path, host)
        );
    }
}
