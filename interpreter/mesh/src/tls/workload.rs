//! Certificates from a SPIFFE agent on this machine (the SPIFFE Workload API, 5: `FetchX509SVID`): gRPC over a Unix
//! socket, and a stream that brings a new certificate before the old one ends.
//!
//! One stream serves all who want certificates of one socket. When it breaks it is opened again, after growing waits; what
//! came last is used meanwhile, for as long as others believe it. `message` is what the agent says.

pub(crate) mod message;

use super::{CertificateError, peer::identity};
use crate::wire::grpc::frame::{Frames, framed};
use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{net::UnixStream, runtime::Handle, sync::watch, task::AbortHandle, time::timeout};

/// Where the socket is where nobody says it (the SPIFFE Workload Endpoint, 4).
pub(crate) const ENVIRONMENT: &str = "SPIFFE_ENDPOINT_SOCKET";
/// The longest message of an agent.
const BYTES_MAX: usize = 1 << 20;
/// How long an agent has to take a connection and to begin its answer.
const ANSWERS: Duration = Duration::from_secs(5);
/// How long anybody waits for the first certificate.
const FIRST: Duration = Duration::from_secs(10);
/// After so long a stream that broke is opened again; doubled each time up to the longest.
const AGAIN_MIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(30);
/// So often it is asked whether the agent is still there.
const ALIVE: Duration = Duration::from_secs(30);

/// The certificates of a socket.
pub(crate) struct Workload {
    socket: PathBuf,
    known: watch::Receiver<Heard>,
    stream: AbortHandle,
}

/// What was heard last: what came, and why nothing comes at present.
#[derive(Clone, Default)]
struct Heard {
    svid: Option<Arc<Svid>>,
    why: Option<String>,
}

/// A certificate for an identity, its key, and whom it believes.
pub(crate) struct Svid {
    pub(crate) identity: String,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) authorities: Vec<CertificateDer<'static>>,
}

/// What is open, by its socket.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<Workload>>> = Mutex::new(BTreeMap::new());

impl Workload {
    /// The certificates of the socket that an address names, or the environment where none does.
    pub(crate) fn of(address: Option<&str>) -> Result<Arc<Self>, CertificateError> {
        let told = std::env::var(ENVIRONMENT);
        let address = address.or(told.as_deref().ok());
        let address = address.ok_or_else(|| {
            CertificateError::unfit(format!(
                "nobody says where the agent is: `{ENVIRONMENT}` is not set"
            ))
        })?;
        let socket = socket(address).ok_or_else(|| {
            CertificateError::unfit(format!(
                "expected a socket such as `unix:///run/spire/agent.sock`, found `{address}`"
            ))
        })?;
        let runtime = Handle::try_current();
        let runtime = runtime.map_err(|why| CertificateError::unfit(why.to_string()))?;
        Ok(Self::at(socket, &runtime))
    }

    fn at(socket: &Path, runtime: &Handle) -> Arc<Self> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, workload| workload.strong_count() > 0);
        if let Some(workload) = open.get(socket).and_then(Weak::upgrade) {
            return workload;
        }
        let (tell, known) = watch::channel(Heard::default());
        let stream = runtime.spawn(follow(socket.to_owned(), tell)).abort_handle();
        let workload = Arc::new(Self {
            socket: socket.to_owned(),
            known,
            stream,
        });
        open.insert(socket.to_owned(), Arc::downgrade(&workload));
        workload
    }

    /// The last certificate, if there is one.
    pub(crate) fn last(&self) -> Option<Arc<Svid>> {
        self.known.borrow().svid.clone()
    }

    /// A certificate; the first one is waited for.
    pub(crate) async fn svid(&self) -> Result<Arc<Svid>, CertificateError> {
        if let Some(svid) = self.last() {
            return Ok(svid);
        }
        let mut known = self.known.clone();
        let first = timeout(FIRST, known.wait_for(|heard| heard.svid.is_some())).await;
        if let Ok(Ok(heard)) = first
            && let Some(svid) = &heard.svid
        {
            return Ok(svid.clone());
        }
        let why = self.known.borrow().why.clone();
        Err(CertificateError::unfit(format!(
            "no certificate comes from `{}`: {}",
            self.socket.display(),
            why.unwrap_or_else(|| "it says nothing".to_owned())
        )))
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        self.stream.abort();
    }
}

/// The path of an address with `unix:` (the SPIFFE Workload Endpoint, 3 and 4).
fn socket(address: &str) -> Option<&Path> {
    let path = address.strip_prefix("unix:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    path.starts_with('/').then(|| Path::new(path))
}

/// Follows what an agent says, for as long as somebody wants to know.
async fn follow(socket: PathBuf, tell: watch::Sender<Heard>) {
    let mut wait = AGAIN_MIN;
    loop {
        let mut heard = false;
        let why = listen(&socket, &tell, &mut heard).await;
        tracing::warn!(socket = %socket.display(), %why, "the agent brings no certificates; it is asked again");
        tell.send_modify(|known| known.why = Some(why));
        // A stream that has brought something was good, whatever ended it.
        wait = if heard {
            AGAIN_MIN
        } else {
            (wait * 2).min(AGAIN_MAX)
        };
        tokio::time::sleep(wait).await;
    }
}

/// Hears an agent until it ends, and says why it did.
async fn listen(socket: &Path, tell: &watch::Sender<Heard>, heard: &mut bool) -> String {
    match stream(socket, tell, heard).await {
        Ok(()) => "the stream has ended".to_owned(),
        Err(why) => why,
    }
}

async fn stream(socket: &Path, tell: &watch::Sender<Heard>, heard: &mut bool) -> Result<(), String> {
    let words = |why: &dyn ToString| why.to_string();
    let late = |_| "it does not answer".to_owned();
    let connected = timeout(ANSWERS, UnixStream::connect(socket))
        .await
        .map_err(late)?;
    let io = TokioIo::new(connected.map_err(|why| words(&why))?);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(ALIVE)
        .keep_alive_while_idle(true);
    let made = timeout(ANSWERS, builder.handshake(io)).await.map_err(late)?;
    let (mut sender, connection) = made.map_err(|why| words(&why))?;
    let connection = Ended(tokio::spawn(connection).abort_handle());
    // There is no host on a socket; a request has one all the same.
    let request = Request::post("http://localhost/SpiffeWorkloadAPI/FetchX509SVID")
        .header(CONTENT_TYPE, "application/grpc")
        .header("te", "trailers")
        // Keeps agents from answering what a browser was led to ask (the SPIFFE Workload Endpoint, 5.1).
        .header("workload.spiffe.io", "true")
        .body(Full::new(Bytes::from(framed(&[])?)));
    let request = request.map_err(|why| words(&why))?;
    let answer = timeout(ANSWERS, sender.send_request(request))
        .await
        .map_err(late)?;
    let answer = answer.map_err(|why| words(&why))?;
    if !answer.status().is_success() {
        return Err(format!("it answered with {}", answer.status()));
    }
    refused(answer.headers())?;
    let mut body = answer.into_body();
    let mut frames = Frames::new(BYTES_MAX);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|why| words(&why))?;
        if let Some(trailers) = frame.trailers_ref() {
            refused(trailers)?;
        }
        if let Some(data) = frame.data_ref() {
            frames.take(data);
        }
        while let Some(message) = frames.message()? {
            let svid = message::read(&message)?;
            tracing::info!(identity = %svid.identity, "a certificate came from the agent");
            *heard = true;
            tell.send_replace(Heard {
                svid: Some(Arc::new(svid)),
                why: None,
            });
        }
    }
    drop(connection);
    Ok(())
}

/// A connection that ends with whoever uses it.
struct Ended(AbortHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a code of gRPC says that is not 0.
fn refused(headers: &http::HeaderMap) -> Result<(), String> {
    match headers
        .get("grpc-status")
        .map(|code| code.to_str().unwrap_or_default())
    {
        None | Some("0") => Ok(()),
        Some(code) => {
            let why = headers.get("grpc-message").and_then(|why| why.to_str().ok());
            Err(format!(
                "it answered with the code {code} of gRPC: {}",
                why.unwrap_or_default().escape_debug()
            ))
        }
    }
}

/// Whether a certificate is of the identity that it comes with.
fn is_of(chain: &[CertificateDer<'static>], name: &str) -> bool {
    chain
        .first()
        .and_then(identity)
        .is_some_and(|found| found == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_an_absolute_path() {
        assert_eq!(
            socket("unix:///run/spire/agent.sock"),
            Some(Path::new("/run/spire/agent.sock"))
        );
        assert_eq!(
            socket("unix:/run/spire/agent.sock"),
            Some(Path::new("/run/spire/agent.sock"))
        );
        for wrong in [
            "",
            "/run/spire/agent.sock",
            "unix:run",
            "unix://run/agent.sock",
            "tcp://127.0.0.1:8000",
            "unix://",
        ] {
            assert_eq!(socket(wrong), None, "{wrong}");
        }
    }
}
