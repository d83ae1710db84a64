//! The API of a program's server: JSON over HTTP.

use crate::{
    decide::{
        plan::{Answer, Refused},
        run, size,
        unfinished::{STATES, Unfinished, of_metrics},
    },
    error::Error,
    standing::Standing,
};
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{fmt::Write, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// How long a server may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// How long it may take to let us in.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// The longest answer in bytes.
const BYTES_MAX: usize = 4 << 20;

/// For longer than this, no server's measures are behind what happened: they come from its index, which takes a fifth of a second.
const LAG: Duration = Duration::from_secs(1);

/// How many runs are named.
const NAMES: usize = 10;

/// A server.
pub(crate) struct Server {
    url: String,
    health: String,
    token: Option<String>,
    standing: Arc<Standing>,
}

/// Why there is no answer that is of use.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is not there, or is no server of flowmesh.
    Lost(String),
    /// It refuses.
    Refused(Refused),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(why) => f.write_str(why),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl Server {
    pub(crate) fn new(url: String, health: String, token: Option<String>, standing: Arc<Standing>) -> Self {
        Self {
            url,
            health,
            token,
            standing,
        }
    }

    /// The hash of the program that it starts runs with.
    pub(crate) async fn serving(&self) -> Result<Option<String>, Fault> {
        let all = self.ask(Method::GET, "/v1/deployments", None).await?;
        let last = all.pointer("/deployments/0/program").and_then(Value::as_str);
        Ok(last.map(str::to_owned))
    }

    /// What a program would make of its runs.
    pub(crate) async fn plan(&self, program: &str) -> Result<Answer, Fault> {
        let answer = self
            .ask(Method::POST, "/v1/deployments/plan", Some(program))
            .await?;
        read(answer)
    }

    /// Starts runs with a program from now on, and moves those that can go on in it.
    pub(crate) async fn deploy(&self, program: &str) -> Result<Answer, Fault> {
        let answer = self.tell("/v1/deployments", Some(program)).await?;
        read(json(&answer)?)
    }

    /// How many runs have not ended, and the first of them.
    pub(crate) async fn unfinished(&self) -> Result<Unfinished, Fault> {
        let mut found = Unfinished::default();
        for state in STATES {
            let path = format!("/v1/runs/count?state={state}");
            let count = self.ask(Method::GET, &path, None).await?;
            found.here += count.get("count").and_then(Value::as_u64).unwrap_or_default();
            let path = format!("/v1/runs?state={state}&limit={NAMES}");
            let list = self.ask(Method::GET, &path, None).await?;
            let runs = list.get("runs").and_then(Value::as_array).into_iter().flatten();
            let names = runs.filter_map(|run| run.get("id")?.as_str().map(str::to_owned));
            found.names.extend(names);
        }
        found.names.truncate(NAMES);
        let mut all = self.measured().await?;
        if all.max(found.here) == 0 {
            // Nobody is told that there is none before the measures can know of all that began.
            tokio::time::sleep(LAG).await;
            all = self.measured().await?;
        }
        found.all = all.max(found.here);
        Ok(found)
    }

    /// How many runs have not ended, in all namespaces.
    async fn measured(&self) -> Result<u64, Fault> {
        let metrics = send(&self.health, Method::GET, "/metrics", None, None).await?;
        let all = of_metrics(&String::from_utf8_lossy(&metrics));
        all.ok_or_else(|| Fault::Lost("it does not say how many runs it has".to_owned()))
    }

    /// Ends all runs of `default` where they stand.
    pub(crate) async fn terminate_all(&self) -> Result<(), Fault> {
        for state in STATES {
            let path = format!("/v1/batch/terminate?state={state}&reason=the%20program%20was%20deleted");
            self.tell(&path, None).await?;
        }
        Ok(())
    }

    /// Starts a run, or finds the one that was started with this key.
    pub(crate) async fn start(&self, flow: &str, key: &str, input: Option<&str>) -> Result<Value, Fault> {
        let path = format!("/v1/flows/{}/runs?key={}", encode(flow), encode(key));
        run(&self.tell(&path, input).await?)
    }

    /// The run of a flow that was started with a key.
    pub(crate) async fn find(&self, flow: &str, key: &str) -> Result<Option<String>, Fault> {
        let path = format!("/v1/runs?flow={}&key={}&limit=1", encode(flow), encode(key));
        let found = |list: &Value| {
            list.pointer("/runs/0/id")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        if let Some(id) = found(&self.ask(Method::GET, &path, None).await?) {
            return Ok(Some(id));
        }
        // Nobody is told that there is none before the index can know of all that began.
        tokio::time::sleep(LAG).await;
        Ok(found(&self.ask(Method::GET, &path, None).await?))
    }

    /// A run.
    pub(crate) async fn run(&self, id: &str) -> Result<Value, Fault> {
        let path = format!("/v1/runs/{}", encode(id));
        run(&self.bytes(Method::GET, &path, None).await?)
    }

    /// Cancels or terminates a run.
    pub(crate) async fn end(&self, id: &str, verb: &str) -> Result<(), Fault> {
        let body = json!({ "reason": "its object was deleted" }).to_string();
        let path = format!("/v1/runs/{}/{verb}", encode(id));
        self.tell(&path, Some(&body)).await.map(drop)
    }

    /// Asks for something that changes what is there, as long as this operator is the one that works.
    async fn tell(&self, path: &str, body: Option<&str>) -> Result<Bytes, Fault> {
        let deposed = |why: Error| Fault::Lost(why.to_string());
        self.standing.may_write().map_err(deposed)?;
        self.bytes(Method::POST, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&str>) -> Result<Value, Fault> {
        json(&self.bytes(method, path, body).await?)
    }

    async fn bytes(&self, method: Method, path: &str, body: Option<&str>) -> Result<Bytes, Fault> {
        send(&self.url, method, path, body, self.token.as_deref()).await
    }
}

fn json(bytes: &Bytes) -> Result<Value, Fault> {
    serde_json::from_slice(bytes).map_err(|why| no_json(&why))
}

/// A run, whatever is in it.
fn run(bytes: &Bytes) -> Result<Value, Fault> {
    run::read(bytes).map_err(|why| no_json(&why))
}

fn no_json(why: &serde_json::Error) -> Fault {
    Fault::Lost(format!("it did not answer with JSON: {why}"))
}

fn read(answer: Value) -> Result<Answer, Fault> {
    serde_json::from_value(answer).map_err(|why| Fault::Lost(format!("its answer is not understood: {why}")))
}

/// Sends one request and reads the whole answer, if it is a good one.
async fn send(
    url: &str,
    method: Method,
    path: &str,
    body: Option<&str>,
    token: Option<&str>,
) -> Result<Bytes, Fault> {
    let lost =
        |why: &dyn ToString| Fault::Lost(format!("cannot reach the server at {url}: {}", why.to_string()));
    let answered = tokio::time::timeout(ANSWER_MAX, exchange(url, method, path, body, token)).await;
    let (status, bytes) = answered
        .map_err(|_| lost(&"it does not answer"))?
        .map_err(|why| lost(&why))?;
    match status.is_success() {
        true => Ok(bytes),
        false => Err(Fault::Refused(refused(status.as_u16(), &bytes))),
    }
}

async fn exchange(
    url: &str,
    method: Method,
    path: &str,
    body: Option<&str>,
    token: Option<&str>,
) -> Result<(http::StatusCode, Bytes), String> {
    let said = |why: &dyn ToString| why.to_string();
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or("expected `http://` and a host")?;
    let place = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
    let connecting = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(&place)).await;
    let stream = connecting
        .map_err(|_| "it does not answer".to_owned())?
        .map_err(|why| said(&why))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|why| said(&why))?;
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let bytes = Bytes::from(body.unwrap_or_default().to_owned());
    let request = request.body(Full::new(bytes)).map_err(|why| said(&why))?;
    let response = sender.send_request(request).await.map_err(|why| said(&why))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
    Ok((status, body.map_err(|why| said(&why))?.to_bytes()))
}

/// What `application/problem+json` says.
fn refused(status: u16, bytes: &[u8]) -> Refused {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let text = |name: &str| size::text(body.get(name).and_then(Value::as_str).unwrap_or_default());
    Refused {
        status,
        code: text("code"),
        why: text("detail"),
    }
}

/// A segment of a path, a value of a query, or a part of a host.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    // Of a path, a segment of dots alone would leave nothing, or go up.
    let dots = text.bytes().all(|byte| byte == b'.');
    for byte in text.bytes() {
        match byte {
            b'.' if dots => out.push_str("%252E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{encode, refused};

    #[test]
    fn segments_of_paths_hold_anything() {
        assert_eq!(encode("a b/ä?"), "a%20b%2F%C3%A4%3F");
        assert_eq!(encode("shop.hello"), "shop.hello");
        // A proxy on the way may take `%2E` for a dot.
        assert_eq!(encode(".."), "%252E%252E");
    }

    #[test]
    fn a_refusal_has_a_code_or_at_least_a_status() {
        let refusal = refused(422, br#"{"code": "F1163", "detail": "no value for `team`"}"#);
        assert!(refusal.lacks_values());
        assert_eq!(
            refusal.to_string(),
            "the server refused: no value for `team` (F1163)"
        );
        assert_eq!(refused(502, b"<html>").to_string(), "the server answered 502: ");
        let long = format!("{{\"detail\": \"{}\"}}", "x".repeat(1 << 20));
        assert!(refused(500, long.as_bytes()).why.len() < 2000);
    }
}
