//! Certificates from an agent of SPIFFE: a double of one on a real Unix socket, a service that calls, and the one called.

use crate::{
    support::{
        self, call, plain, request,
        server::{Answer, Server},
    },
    town::{Inside, gateway, route, rules},
};
use bytes::Bytes;
use flowmesh_ir::{
    call::Reply,
    policy::Policy,
    traffic::{Tls, Workload},
};
use flowmesh_mesh::{
    Mesh,
    gateway::{Certificate, CertificateError, Door, GatewayOptions, Listener},
};
use futures_util::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::UnixListener, sync::watch};

/// What the agent says, as the standard numbers it.
#[derive(Clone, Message)]
struct Said {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<Svid>,
}

#[derive(Clone, Message)]
struct Svid {
    #[prost(string, tag = "1")]
    spiffe_id: String,
    #[prost(bytes = "vec", tag = "2")]
    x509_svid: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    x509_svid_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    bundle: Vec<u8>,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an agent");
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    fn issue(&self, identity: &str) -> Said {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI(identity.try_into().unwrap())];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Said {
            svids: vec![Svid {
                spiffe_id: identity.to_owned(),
                x509_svid: certificate.der().to_vec(),
                x509_svid_key: key.serialize_der(),
                bundle: self.certificate.clone(),
            }],
        }
    }
}

/// An agent; what it says last goes to everybody who listens, at once.
struct Agent {
    said: watch::Sender<Option<Said>>,
    asked: Arc<AtomicUsize>,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let (said, _) = watch::channel(None);
        let agent = Self {
            said,
            asked: Arc::default(),
            socket,
            _folder: folder,
        };
        agent.listen();
        agent
    }

    fn listen(&self) {
        let listener = UnixListener::bind(&self.socket).unwrap();
        let (said, asked) = (self.said.clone(), self.asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (said, asked) = (said.clone(), asked.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    asked.fetch_add(1, Ordering::SeqCst);
                    let answer = answer(&request, said.subscribe());
                    async move { Ok::<_, Infallible>(answer) }
                });
                let serving =
                    http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
    }

    fn workload(&self) -> Workload {
        Workload::Socket(format!("unix://{}", self.socket.display()))
    }
}

/// The stream of whoever asks as the standard wants it; what the agent said last is told until there is something new.
fn answer(
    request: &Request<Incoming>,
    said: watch::Receiver<Option<Said>>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchX509SVID");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    assert_eq!(request.headers()["te"], "trailers");
    assert_eq!(request.headers()["workload.spiffe.io"], "true");
    let told = stream::unfold((said, true), |(mut said, first)| async move {
        if !first {
            said.changed().await.ok()?;
        }
        let message = said
            .wait_for(Option::is_some)
            .await
            .ok()?
            .clone()?
            .encode_to_vec();
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend(message);
        said.mark_unchanged();
        Some((Ok(Frame::data(Bytes::from(frame))), (said, false)))
    });
    let answer = Response::builder().header("content-type", "application/grpc");
    answer.body(StreamBody::new(told).boxed_unsync()).unwrap()
}

const CALLER: &str = "spiffe://shop.test/caller";
const SERVER: &str = "spiffe://shop.test/server";

/// A gateway that shows what its agent gives, asks for certificates, and leads to a server.
async fn front(server: &Server, agent: &Agent) -> String {
    let certificate = Certificate::of_agent(&agent.workload(), true).await.unwrap();
    let mut program = support::program(plain(), &[100]);
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    let rules = rules(program, vec![vec![server.url()]], Arc::new(Inside::default()));
    let door = Door::new(rules, GatewayOptions::default(), Some(certificate), None, 1);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), true, Arc::new(door))
        .await
        .unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(std::future::pending()));
    format!("https://{address}")
}

/// A mesh whose calls show what an agent gives, and believe one identity.
fn mesh(agent: &Agent, at: &str, identity: &str) -> Mesh {
    let tls = Tls {
        mutual: true,
        identity: Some(identity.to_owned()),
        workload: Some(agent.workload()),
        ..Tls::default()
    };
    let policy = Policy {
        tls: Some(tls),
        ..plain()
    };
    let program = support::program(policy, &[100]);
    support::with_options(program, vec![vec![at.to_owned()]], |_| {}).unwrap()
}

/// The status of a call over a connection of its own, or why there is none.
async fn asked(agent: &Agent, at: &str, identity: &str) -> Result<u16, String> {
    match call(&mesh(agent, at, identity), &request()).await.0 {
        Reply::Answer { status, .. } => Ok(status),
        Reply::Failed(failure) => Err(failure.to_string()),
    }
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn both_ends_have_what_their_agents_give_and_the_next_when_it_comes() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let (first, second) = (Authority::new(), Authority::new());
    let (here, there) = (Agent::start(), Agent::start());
    here.said.send_replace(Some(first.issue(CALLER)));
    there.said.send_replace(Some(first.issue(SERVER)));
    let at = front(&server, &there).await;
    assert_eq!(asked(&here, &at, SERVER).await, Ok(200));
    let wrong = asked(&here, &at, "spiffe://shop.test/other").await.unwrap_err();
    assert!(wrong.contains(SERVER), "{wrong}");
    // Another authority: who has not heard of it believes nobody whom it has signed for, on either side.
    there.said.send_replace(Some(second.issue(SERVER)));
    until("the gateway shows the next certificate", async || {
        asked(&here, &at, SERVER).await.is_err()
    })
    .await;
    here.said.send_replace(Some(second.issue(CALLER)));
    until("the caller has the next one too", async || {
        asked(&here, &at, SERVER).await == Ok(200)
    })
    .await;
}

#[tokio::test]
async fn all_who_want_certificates_of_a_socket_share_one_stream() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let (authority, agent) = (Authority::new(), Agent::start());
    agent.said.send_replace(Some(authority.issue(SERVER)));
    let at = front(&server, &agent).await;
    for _ in 0..3 {
        assert_eq!(asked(&agent, &at, SERVER).await, Ok(200));
    }
    assert_eq!(agent.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_first_certificate_is_waited_for() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let (authority, agent) = (Authority::new(), Agent::start());
    let said = agent.said.clone();
    let opening = front(&server, &agent);
    let telling = async {
        until("it is asked", async || agent.asked.load(Ordering::SeqCst) > 0).await;
        said.send_replace(Some(authority.issue(SERVER)));
    };
    let (at, ()) = tokio::join!(opening, telling);
    assert_eq!(asked(&agent, &at, SERVER).await, Ok(200));
}

#[tokio::test]
async fn what_does_not_belong_together_is_not_taken() {
    let (authority, agent) = (Authority::new(), Agent::start());
    let mut said = authority.issue(SERVER);
    said.svids[0].spiffe_id = CALLER.to_owned();
    agent.said.send_replace(Some(said));
    let refused = Certificate::of_agent(&agent.workload(), true).await.err();
    assert!(
        refused
            .as_ref()
            .is_some_and(|why| why.to_string().contains("another identity")),
        "{refused:?}"
    );
    let nobody = Workload::Socket("unix:///nowhere/agent.sock".to_owned());
    let refused: Option<CertificateError> = Certificate::of_agent(&nobody, true).await.err();
    assert!(
        refused
            .as_ref()
            .is_some_and(|why| why.to_string().contains("/nowhere/agent.sock")),
        "{refused:?}"
    );
}
