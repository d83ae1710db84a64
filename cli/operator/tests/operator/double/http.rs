//! The same over HTTP.

use super::{
    Double,
    kinds::{KINDS, Kind},
    store::{Change, Refusal},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Method, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};

/// How often a watch says how far it is.
const BOOKMARK: Duration = Duration::from_millis(300);

/// A way to the double that can be shut, as a network can.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) double: Double,
    pub(crate) url: String,
    open: Arc<watch::Sender<bool>>,
    /// What went through, each with its verb.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Door {
    /// Nothing goes through until it is opened again.
    pub(crate) fn shut(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// What whoever comes through it tried to change so far.
    pub(crate) fn tried(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let tried = requests.iter().filter(|it| !it.starts_with("GET"));
        tried.cloned().collect()
    }

    async fn passed(&self) {
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

/// Opens a door.
pub(crate) async fn serve(double: &Double) -> Door {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let door = Door {
        double: double.clone(),
        url,
        open: Arc::new(watch::channel(true).0),
        requests: Arc::default(),
    };
    let router = Router::new().fallback(answer).with_state(door.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    door
}

/// What a path and a query mean.
struct Asked {
    /// Verb and path.
    line: String,
    kind: Kind,
    namespace: Option<String>,
    name: Option<String>,
    status: bool,
    query: BTreeMap<String, String>,
    metadata: bool,
}

async fn answer(State(door): State<Door>, request: Request<Body>) -> Response {
    door.passed().await;
    let double = door.double.clone();
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let line = format!("{} {}", head.method, head.uri);
    double.store().requests.push(line.clone());
    door.requests.lock().unwrap().push(line.clone());
    let content = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let accept = head
        .headers
        .get(header::ACCEPT)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    if let Some(list) = discovery(&path) {
        return axum::Json(list).into_response();
    }
    let Some(mut asked) = asked(&path, head.uri.query().unwrap_or_default()) else {
        return refused((
            404,
            "NotFound",
            "the server could not find the requested resource".to_owned(),
        ));
    };
    asked.line = line;
    asked.metadata = accept.contains("PartialObjectMetadata");
    if asked
        .query
        .get("watch")
        .is_some_and(|it| it == "true" || it == "1")
    {
        return watching(door, asked);
    }
    let body: Value = read(&bytes).unwrap_or_default();
    let done = match (head.method, &asked.name) {
        (Method::GET, Some(name)) => get(&double, &asked, name),
        (Method::GET, None) => Ok(list(&double, &asked)),
        (Method::POST, None) => write(&double, &asked, |store, manager, namespace| {
            store.create(asked.kind, namespace, body, manager)
        }),
        (Method::DELETE, Some(name)) => write(&double, &asked, |store, _, namespace| {
            store.delete(
                asked.kind,
                (namespace, name),
                body["preconditions"]["uid"].as_str(),
            )
        }),
        (method, Some(name)) => {
            let change = change(&method, &asked, &content, body);
            write(&double, &asked, |store, manager, namespace| {
                store.change(asked.kind, (namespace, name), change, manager)
            })
        }
        _ => Err((405, "MethodNotAllowed", "nothing here".to_owned())),
    };
    // What was done was done, and the answer may still not arrive.
    door.passed().await;
    match done {
        Ok(object) => axum::Json(object).into_response(),
        Err(refusal) => refused(refusal),
    }
}

fn change(method: &Method, asked: &Asked, content: &str, body: Value) -> Change {
    match content {
        _ if asked.status => Change::Status(body),
        "application/apply-patch+yaml" => Change::Apply(
            body,
            asked.query.get("force").is_some_and(|force| force == "true"),
        ),
        "application/merge-patch+json" => Change::Merge(body),
        _ if method == Method::PUT => Change::Replace(body),
        other => panic!("{method} with {other}"),
    }
}

fn write(
    double: &Double,
    asked: &Asked,
    act: impl FnOnce(&mut super::store::Store, &str, &str) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let manager = asked.query.get("fieldManager").map_or("unknown", String::as_str);
    let namespace = asked.namespace.as_deref().unwrap_or_default();
    double.with(|store| {
        let done = act(store, manager, namespace);
        let late = asked.line.starts_with("PUT") && matches!(done, Err((409, ..)));
        if !late {
            store.writes.push(asked.line.clone());
        }
        done
    })
}

fn get(double: &Double, asked: &Asked, name: &str) -> Result<Value, Refusal> {
    let found = double
        .store()
        .find(asked.kind, asked.namespace.as_deref().unwrap_or_default(), name);
    found.ok_or_else(|| {
        (
            404,
            "NotFound",
            format!("{} \"{name}\" not found", asked.kind.plural),
        )
    })
}

fn list(double: &Double, asked: &Asked) -> Value {
    let store = double.store();
    let all = store.list(asked.kind, asked.namespace.as_deref());
    let items: Vec<Value> = all
        .into_iter()
        .filter(|it| chosen(it, asked))
        .map(|it| shown(it, asked))
        .collect();
    let (version, kind) = match asked.metadata {
        true => (
            "meta.k8s.io/v1".to_owned(),
            "PartialObjectMetadataList".to_owned(),
        ),
        false => (asked.kind.api_version(), format!("{}List", asked.kind.kind)),
    };
    json!({
        "apiVersion": version, "kind": kind,
        "metadata": { "resourceVersion": store.version.to_string() }, "items": items,
    })
}

/// Whether it has the labels that are asked for.
fn chosen(object: &Value, asked: &Asked) -> bool {
    let selector = asked.query.get("labelSelector").map_or("", String::as_str);
    selector
        .split(',')
        .filter_map(|term| term.split_once('='))
        .all(|(name, value)| object["metadata"]["labels"][name] == value)
}

fn shown(object: Value, asked: &Asked) -> Value {
    match asked.metadata {
        true => {
            json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"] })
        }
        false => object,
    }
}

/// A watch: what happened since, what happens, and now and then how far that is.
fn watching(door: Door, asked: Asked) -> Response {
    let from = asked
        .query
        .get("resourceVersion")
        .and_then(|it| it.parse().ok())
        .unwrap_or(0);
    let cuts = door.double.cuts.subscribe();
    let open = door.open.subscribe();
    let begin = (door, asked, from, cuts, open, false);
    let body = stream::unfold(
        begin,
        |(door, asked, from, mut cuts, mut open, over)| async move {
            if over {
                return None;
            }
            let mut changed = door.double.changed.subscribe();
            loop {
                changed.mark_unchanged();
                if let Some((line, upto, over)) = news(&door.double, &asked, from) {
                    return Some((Ok(Bytes::from(line)), (door, asked, upto, cuts, open, over)));
                }
                tokio::select! {
                    _ = changed.changed() => {}
                    // The connection breaks off.
                    _ = cuts.changed() => {
                        let broken = Err(io::Error::other("cut"));
                        return Some((broken, (door, asked, from, cuts, open, true)));
                    }
                    // Or it goes dead, and nobody says so.
                    () = shut(&mut open) => door.passed().await,
                    () = tokio::time::sleep(BOOKMARK) => {
                        let Some(upto) = quiet(&door.double, &asked, from) else { continue };
                        let metadata = json!({ "resourceVersion": upto.to_string() });
                        let object = json!({ "apiVersion": asked.kind.api_version(), "kind": asked.kind.kind, "metadata": metadata });
                        let line = format!("{}\n", json!({ "type": "BOOKMARK", "object": object }));
                        return Some((Ok(Bytes::from(line)), (door, asked, upto.max(from), cuts, open, false)));
                    }
                }
            }
        },
    );
    Response::new(Body::from_stream(body))
}

/// Ready when a door is shut.
async fn shut(open: &mut watch::Receiver<bool>) {
    let _ = open.wait_for(|open| !*open).await;
}

/// The version of everything, if nothing happened since another one.
fn quiet(double: &Double, asked: &Asked, from: u64) -> Option<u64> {
    let store = double.store();
    let news = store
        .events
        .iter()
        .any(|event| event.version > from && event.kind == asked.kind);
    (!news && from >= store.forgotten).then_some(store.version)
}

/// What happened since a version: lines, up to where, and whether there is no more.
fn news(double: &Double, asked: &Asked, from: u64) -> Option<(String, u64, bool)> {
    let store = double.store();
    if from < store.forgotten {
        let status = status((410, "Expired", format!("too old resource version: {from}")));
        return Some((
            format!("{}\n", json!({ "type": "ERROR", "object": status })),
            from,
            true,
        ));
    }
    let here = |object: &Value| {
        asked
            .namespace
            .as_ref()
            .is_none_or(|it| object["metadata"]["namespace"] == **it)
    };
    let all = store
        .events
        .iter()
        .filter(|event| event.version > from && event.kind == asked.kind);
    let lines: Vec<String> = all
        .filter(|event| here(&event.object) && chosen(&event.object, asked))
        .map(|event| {
            // The type comes first, as clusters have it: readers know by it what follows.
            let object = shown(event.object.clone(), asked);
            format!("{{\"type\":\"{}\",\"object\":{object}}}\n", event.word)
        })
        .collect();
    (!lines.is_empty()).then(|| (lines.concat(), store.version, false))
}

fn status((code, reason, message): Refusal) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message })
}

fn refused(refusal: Refusal) -> Response {
    let code = StatusCode::from_u16(refusal.0).unwrap();
    (code, axum::Json(status(refusal))).into_response()
}

/// The kinds of a version of a group.
fn discovery(path: &str) -> Option<Value> {
    let version = path
        .strip_prefix("/api/")
        .or_else(|| path.strip_prefix("/apis/"))?;
    let kinds: Vec<&Kind> = KINDS
        .iter()
        .filter(|kind| kind.api_version() == version)
        .collect();
    let resource = |kind: &&Kind| json!({ "name": kind.plural, "singularName": "", "namespaced": true, "kind": kind.kind, "verbs": ["get", "list", "watch", "patch"] });
    (!kinds.is_empty()).then(|| {
        json!({ "kind": "APIResourceList", "groupVersion": version, "resources": kinds.iter().map(resource).collect::<Vec<_>>() })
    })
}

fn asked(path: &str, query: &str) -> Option<Asked> {
    let mut parts = path.trim_matches('/').split('/');
    let (group, version) = match parts.next()? {
        "api" => ("", parts.next()?),
        "apis" => (parts.next()?, parts.next()?),
        _ => return None,
    };
    let mut rest: Vec<&str> = parts.collect();
    let namespace = (rest.first() == Some(&"namespaces") && rest.len() > 2).then(|| rest[1].to_owned());
    if namespace.is_some() {
        rest.drain(..2);
    }
    let kind = Kind::at(group, version, rest.first()?)?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Some(Asked {
        line: String::new(),
        kind,
        namespace,
        name: rest.get(1).map(|name| (*name).to_owned()),
        status: rest.get(2) == Some(&"status"),
        query: pairs
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect(),
        metadata: false,
    })
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&hex, 16).unwrap());
            }
            b'+' => out.push(b' '),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).unwrap()
}

/// JSON of any depth: the limit of a cluster is far beyond that of its clients.
fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    use serde::Deserialize;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    Value::deserialize(&mut reader)
}
