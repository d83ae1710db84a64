//! The rest of a cluster: sets of pods become pods, which are servers of flowmesh as `flowmesh serve` starts them: the real
//! server, in this process, with a directory that outlives the pods.

use crate::{double::Double, ports::free_port};
use flowmesh_host::{
    Host, HostOptions,
    server::{ConfigValues, Server, ServerOptions},
};
use flowmesh_ir::{Program, json as programs};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

/// Whoever makes pods.
pub(crate) struct Pods {
    /// Where the server's API is, once there is one, and always after that.
    pub(crate) api: SocketAddr,
    pub(crate) health: SocketAddr,
    /// Whether pods become ready.
    ready: Arc<AtomicBool>,
    /// What becomes of Jobs.
    jobs: Arc<Mutex<Option<&'static str>>>,
    making: JoinHandle<()>,
    _volume: TempDir,
}

/// A pod that runs.
struct Pod {
    /// What it was made from.
    template: Value,
    host: Host,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Pods {
    pub(crate) fn new(double: &Double) -> Self {
        let volume = tempfile::tempdir().unwrap();
        let (api, health) = (free_place(), free_place());
        let ready = Arc::new(AtomicBool::new(true));
        let jobs = Arc::new(Mutex::new(Some("Complete")));
        let making = tokio::spawn(make(
            double.clone(),
            (api, health),
            volume.path().to_owned(),
            (ready.clone(), jobs.clone()),
        ));
        Self {
            api,
            health,
            ready,
            jobs,
            making,
            _volume: volume,
        }
    }

    /// From now on pods are made, and do not get ready.
    pub(crate) fn hold(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    pub(crate) fn release(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// From now on Jobs come to this condition, or to none.
    pub(crate) fn end_jobs(&self, condition: Option<&'static str>) {
        *self.jobs.lock().unwrap() = condition;
    }
}

impl Drop for Pods {
    fn drop(&mut self) {
        self.making.abort();
    }
}

/// An address that nobody has.
pub(crate) fn free_place() -> SocketAddr {
    ([127, 0, 0, 1], free_port()).into()
}

async fn make(
    double: Double,
    places: (SocketAddr, SocketAddr),
    volume: std::path::PathBuf,
    (ready, jobs): (Arc<AtomicBool>, Arc<Mutex<Option<&'static str>>>),
) {
    let mut pod: Option<Pod> = None;
    loop {
        for job in double.all("Job") {
            if let (Some(condition), true) = (*jobs.lock().unwrap(), job.get("status").is_none()) {
                let conditions = json!([{ "type": condition, "status": "True" }]);
                let name = job["metadata"]["name"].as_str().unwrap();
                double.status("Job", name, &json!({ "conditions": conditions }));
            }
        }
        for set in double.all("Deployment") {
            stand(&double, "Deployment", &set, true);
        }
        let mut sets = double.all("StatefulSet");
        // There is one pod, of the set that was made last; those before had theirs.
        sets.sort_by_key(|set| set["metadata"]["uid"].to_string());
        let template = sets.last().map(|set| set["spec"]["template"].clone());
        if pod.as_ref().map(|pod| &pod.template) != template.as_ref() {
            if let Some(pod) = pod.take() {
                pod.stop.send(()).unwrap();
                pod.serving.await.unwrap();
                pod.host.shutdown(Duration::from_secs(10)).await.unwrap();
            }
            if let Some(template) = template {
                pod = start(&double, &template, places, &volume).await;
            }
        }
        let newest = sets.len();
        for (number, set) in (1..).zip(sets) {
            let is_up = number < newest
                || pod
                    .as_ref()
                    .is_some_and(|pod| pod.template == set["spec"]["template"]);
            stand(
                &double,
                "StatefulSet",
                &set,
                is_up && ready.load(Ordering::Relaxed),
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How pods stand.
fn stand(double: &Double, kind: &str, set: &Value, up: bool) {
    let count = set["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = if up { count } else { 0 };
    let status = json!({
        "observedGeneration": set["metadata"]["generation"], "replicas": count, "updatedReplicas": ready,
        "readyReplicas": ready, "availableReplicas": ready,
    });
    let name = set["metadata"]["name"].as_str().unwrap();
    let now = double
        .get(kind, name)
        .filter(|now| now["metadata"]["generation"] == set["metadata"]["generation"]);
    if now.is_some_and(|now| now["status"] != status) {
        double.status(kind, name, &status);
    }
}

/// The program that a pod is given, and its variables.
fn given(double: &Double, template: &Value) -> Option<(Program, Vec<(String, String)>)> {
    let volumes = template["spec"]["volumes"].as_array()?;
    let map = volumes.iter().find(|volume| volume["name"] == "program")?["configMap"]["name"].as_str()?;
    let text = double.get("ConfigMap", map)?["data"]["program.json"]
        .as_str()?
        .to_owned();
    let env = template["spec"]["containers"][0]["env"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let pair = |it: &Value| {
        Some((
            it["name"].as_str()?.to_lowercase(),
            it["value"].as_str()?.to_owned(),
        ))
    };
    Some((
        programs::load(text.as_bytes()).ok()?,
        env.iter().filter_map(pair).collect(),
    ))
}

fn settings(program: &Program, env: &[(String, String)]) -> Result<Settings, String> {
    let known = |name: &str| program.configs.iter().any(|config| *config.name == *name);
    let given = env.iter().filter(|(name, _)| known(name));
    Settings::new(
        program,
        given.map(|(name, value)| (name.as_str(), value.as_str())),
    )
    .map_err(|why| why.to_string())
}

async fn start(
    double: &Double,
    template: &Value,
    (api, health): (SocketAddr, SocketAddr),
    volume: &std::path::Path,
) -> Option<Pod> {
    let (program, env) = given(double, template)?;
    let values = settings(&program, &env).ok()?;
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(volume, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    host.serve(program, values).await.unwrap();
    let options = ServerOptions {
        health: Some(health),
        values: ConfigValues::new(move |program| settings(program, &env)),
        ..ServerOptions::new(api)
    };
    let server = Server::bind(options).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(host.clone(), async {
        let _ = stopped.await;
    }));
    Some(Pod {
        template: template.clone(),
        host,
        stop,
        serving,
    })
}
