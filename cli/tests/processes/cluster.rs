//! The demonstration of `examples/airflow-istio`: a change of the mesh as a step of a flow, through the API of a cluster, which
//! a double of it answers that takes requests apart itself.

use super::common::{Shown, command, shown};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

/// What the API was asked.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    kind: String,
    key: String,
    body: Value,
}

/// The API of a cluster, which answers everything in one way.
struct Cluster {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Cluster {
    fn open(status: &'static str, answer: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let heard = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (heard, answer) = (heard.clone(), answer.clone());
                thread::spawn(move || serve(stream, &heard, status, &answer));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panicked").clone()
    }

    /// Runs the release in a directory of its own.
    fn release(&self, share: u32) -> Shown {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/airflow-istio/mesh.flow");
        let program = program.to_str().expect("a name");
        let folder = tempfile::tempdir().expect("a folder");
        let (input, url) = (
            format!("{{\"share\": {share}}}"),
            format!("kubernetes_url=http://127.0.0.1:{}", self.port),
        );
        let args = ["run", program, "release", "--input", &input, "--set", &url];
        shown(
            command(&args)
                .current_dir(folder.path())
                .output()
                .expect("it runs"),
        )
    }
}

/// Answers one request after the other.
fn serve(stream: TcpStream, heard: &Mutex<Vec<Asked>>, status: &str, answer: &Value) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut stream = stream;
    loop {
        let mut head = Vec::new();
        for line in reader.by_ref().lines().map_while(Result::ok) {
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let Some(line) = head.first().cloned() else { return };
        let header = |name: &str| {
            let found = head.iter().filter_map(|line| line.split_once(": "));
            let mut found = found.filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found
                .next()
                .map(|(_, value)| value.to_owned())
                .unwrap_or_default()
        };
        let mut body = vec![0; header("content-length").parse().unwrap_or_default()];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        heard.lock().expect("nobody panicked").push(Asked {
            line,
            kind: header("content-type"),
            key: header("idempotency-key"),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        let (kind, answer) = match answer {
            Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
            answer => ("application/json", answer.to_string()),
        };
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn a_change_of_the_mesh_is_applied_by_the_server() {
    let cluster = Cluster::open("200 OK", json!({ "kind": "VirtualService" }));
    let done = cluster.release(10);
    assert!(
        done.out.contains("the canary serves 10 of 100 requests"),
        "{done:?}"
    );
    let asked = cluster.asked();
    let [asked] = asked.as_slice() else {
        panic!("one request: {asked:?}")
    };
    let path = "/apis/networking.istio.io/v1/namespaces/default/virtualservices/shop";
    assert_eq!(
        asked.line,
        format!("PATCH {path}?fieldManager=flowmesh&force=true HTTP/1.1")
    );
    assert_eq!(asked.kind, "application/apply-patch+yaml");
    assert!(asked.key.ends_with("/virtualservices/default/shop"), "{asked:?}");
    let to = |version: &str, weight: u32| {
        let host = format!("shop-{version}.default.svc.cluster.local");
        json!({ "destination": { "host": host, "port": { "number": 80 } }, "weight": weight })
    };
    let wanted = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": "shop", "namespace": "default" },
        "spec": {
            "hosts": ["shop.default.svc.cluster.local"],
            "http": [{ "route": [to("stable", 90), to("canary", 10)] }],
        },
    });
    assert_eq!(asked.body, wanted);
}

#[test]
fn what_the_cluster_refuses_ends_the_change_with_its_words() {
    let cluster = Cluster::open(
        "409 Conflict",
        json!({ "message": "conflict with `kubectl`: .spec.http" }),
    );
    let refused = cluster.release(10);
    assert_eq!(refused.code, 1, "{refused:?}");
    let said = format!("{}{}", refused.out, refused.err);
    assert!(
        said.contains("conflict with `kubectl`: .spec.http"),
        "{refused:?}"
    );
    assert_eq!(cluster.asked().len(), 1, "what is refused is not asked again");
}

#[test]
fn a_cluster_without_the_kind_refuses_in_its_words_too() {
    // Of a group that it does not know it says so in a text, and not in an object.
    let none = Cluster::open("404 Not Found", json!("404 page not found\n"));
    // An object of another version than that of its address is no request that it takes apart.
    let other = Cluster::open(
        "400 Bad Request",
        json!({ "kind": "Status", "message": "invalid object type", "reason": "BadRequest" }),
    );
    for (cluster, words) in [
        (none, "Refused(reason: \"404 page not found"),
        (other, "Refused(reason: \"invalid object type"),
    ] {
        let refused = cluster.release(10);
        let said = format!("{}{}", refused.out, refused.err);
        assert!(said.contains(words), "{refused:?}");
        assert_eq!(cluster.asked().len(), 1, "what is refused is not asked again");
    }
}
