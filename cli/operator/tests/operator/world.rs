//! A cluster with pods, and operators in it.

use crate::{
    double::{Door, Double, serve},
    pods::Pods,
};
use flowmesh_operator::{Options, Terms};
use kube::{Client, Config};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{sync::oneshot, task::JoinHandle};

/// A cluster.
pub(crate) struct World {
    pub(crate) double: Double,
    pub(crate) pods: Pods,
}

/// An operator in it.
pub(crate) struct Operator {
    pub(crate) door: Door,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Operator {
    /// Tells it to stop, as SIGTERM does, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }

    /// It is gone from one moment to the next.
    pub(crate) async fn kill(self) {
        self.running.abort();
        let _ = self.running.await;
    }
}

/// A flow that waits for a signal, one that ends at once, one that fails.
pub(crate) const SHOP: &str = "\
error Refused(why: string)

flow order(id: string) -> string {
  signal approve(by: string)
  await approve as a forever
  return \"{id} by {a.by}\"
}

flow hello(name: string) -> string { return \"hello {name}\" }

flow refuse(why: string) fails Refused { fail Refused(why: why) }
";

impl World {
    pub(crate) fn new() -> Self {
        let double = Double::new();
        Self {
            pods: Pods::new(&double),
            double,
        }
    }

    /// One with an operator and the program of the shop, which is ready; `more` stands in its spec, too.
    pub(crate) async fn begun(more: &Value) -> (Self, Operator) {
        let world = Self::new();
        let operator = world.operator("a").await;
        world.program(SHOP, more);
        world.ready().await;
        (world, operator)
    }

    /// Starts an operator.
    pub(crate) async fn operator(&self, identity: &str) -> Operator {
        self.operator_with(identity, |options| options).await
    }

    pub(crate) async fn operator_with(
        &self,
        identity: &str,
        change: impl Fn(Options) -> Options,
    ) -> Operator {
        let door = serve(&self.double).await;
        let client = Client::try_from(Config::new(door.url.parse().unwrap())).unwrap();
        let terms = Terms {
            term: Duration::from_secs(3),
            deadline: Duration::from_secs(2),
            every: Duration::from_millis(200),
            ..Terms::new(identity.to_owned(), "ops".to_owned())
        };
        let options = change(Options {
            server: format!("http://{}", self.pods.api),
            server_health: format!("http://{}", self.pods.health),
            resync: Duration::from_millis(500),
            retry: Duration::from_millis(200),
            ..Options::new(terms)
        });
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let told = async { drop(stopped.await) };
            flowmesh_operator::run(client, options, told).await.unwrap();
        });
        Operator { door, stop, running }
    }

    /// A program of one file.
    pub(crate) fn program(&self, text: &str, more: &Value) -> Value {
        let mut object = json!({ "spec": { "source": { "files": { "shop.flow": text } } } });
        for (name, value) in more.as_object().into_iter().flatten() {
            object["spec"][name] = value.clone();
        }
        self.double.create("Program", "orders", &object)
    }

    /// Gives it another text.
    pub(crate) fn rewrite(&self, text: &str) {
        self.change(&json!({ "source": { "files": { "shop.flow": text } } }));
    }

    /// Changes what its spec says.
    pub(crate) fn change(&self, spec: &Value) {
        self.double.patch("Program", "orders", &json!({ "spec": spec }));
    }

    /// Waits until the program has a condition for a reason; the condition.
    pub(crate) async fn reason(&self, condition: &str, reason: &str) -> Value {
        self.double
            .until_reason("Program", "orders", condition, reason)
            .await
    }

    /// Waits until the program has a condition.
    pub(crate) async fn condition(&self, condition: &str, status: &str) {
        self.double
            .until_condition("Program", "orders", condition, status)
            .await;
    }

    /// Waits until the object of a run says that it came to a good end.
    pub(crate) async fn succeeded(&self, run: &str) {
        self.double.until_condition("Run", run, "Succeeded", "True").await;
    }

    /// Waits until operators looked at the program a few more times, and gives what was written in the meantime, beside leases.
    pub(crate) async fn idle(&self) -> Vec<String> {
        let place = "GET /api/v1/namespaces/shop/services/shop";
        let (writes, looked) = (self.double.writes().len(), self.double.asked(place));
        self.double
            .until("it looked", |double| double.asked(place) > looked + 4)
            .await;
        let mut new = self.double.writes().split_off(writes);
        new.retain(|it| !it.contains("/leases"));
        new
    }

    pub(crate) fn run(&self, name: &str, flow: &str, input: &Value) -> Value {
        let spec = json!({ "program": "orders", "flow": flow, "input": input });
        self.double.create("Run", name, &json!({ "spec": spec }))
    }

    /// Waits until the program is ready, as of its last generation.
    pub(crate) async fn ready(&self) {
        self.double
            .until("the program is ready", |double| {
                let program = double.get("Program", "orders").unwrap();
                let ready = double.condition("Program", "orders", "Ready");
                ready.is_some_and(|it| {
                    it["status"] == "True" && it["observedGeneration"] == program["metadata"]["generation"]
                })
            })
            .await;
    }

    /// Waits until new runs begin with another program than this one.
    pub(crate) async fn deployed_after(&self, old: &Value) {
        self.double
            .until("it is deployed", |_| self.status()["program"] != *old)
            .await;
        self.ready().await;
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, kind: &str, name: &str) {
        self.double
            .until("it is gone", |double| double.get(kind, name).is_none())
            .await;
    }

    /// Waits until the object of a run says that it waits; the run's identifier.
    pub(crate) async fn waits(&self, name: &str) -> String {
        let status = |double: &Double| double.get("Run", name).unwrap()["status"].clone();
        self.double
            .until("it waits", |double| status(double)["state"] == "waiting")
            .await;
        status(&self.double)["run"].as_str().unwrap().to_owned()
    }

    /// Begins a run without an object, which waits for its signal; its identifier.
    pub(crate) async fn waiting(&self) -> String {
        let run = self
            .ask("POST", "/v1/flows/order/runs?wait=1s", r#"{"id":"a"}"#)
            .await;
        run["id"].as_str().unwrap().to_owned()
    }

    /// Gives a run its signal.
    pub(crate) async fn approve(&self, run: &str) {
        let path = format!("/v1/runs/{run}/signals/approve");
        self.ask("POST", &path, r#"{"by":"ann"}"#).await;
    }

    /// A run as the server tells it, where it soon has ended.
    pub(crate) async fn ended(&self, run: &str) -> Value {
        self.ask("GET", &format!("/v1/runs/{run}?wait=30s"), "").await
    }

    pub(crate) fn status(&self) -> Value {
        self.double.get("Program", "orders").unwrap()["status"].clone()
    }

    /// Asks the server, as somebody with a client would.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.pods.api).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.pods.api
        );
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_default()
    }
}
