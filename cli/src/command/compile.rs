//! `flowmesh compile FILE --to TARGET`: a program in another form.

mod folder;

use crate::{draw, error::Error, exit::Exit, output, program, settings::Set};
use clap::{Args, ValueEnum};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::{FlowId, Program, print};
use flowmesh_kubernetes::{Layout, Options, Target as Mesh, Workload};
use folder::Folder;
use std::path::{Path, PathBuf};

/// Write a program in another form
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh compile shop.flow --to json -o shop.json
  flowmesh compile shop.flow --to dot | dot -Tsvg > shop.svg
  flowmesh compile shop.flow --to gateway-api --gateway-class eg -o manifests/
  flowmesh compile shop.flow --to istio -o manifests/
  flowmesh compile shop.flow --to istio -o manifests/ --check   for build servers
  flowmesh compile shop.flow --to istio --diff manifests/
  flowmesh compile shop.flow --to linkerd -o manifests/
  flowmesh compile shop.flow --to consul -o manifests/
  flowmesh compile shop.flow --to kubernetes --namespace shop --image registry.example.com/flowmesh:1 -o manifests/
  flowmesh compile shop.flow --to istio --pods --helm -o chart/
  flowmesh targets istio")]
pub(crate) struct Compile {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    /// Only this flow, with `--to dot`
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// The form
    #[arg(long, value_enum)]
    to: Target,
    /// Where to put it: a file, or a directory for manifests; the standard output where nothing is said
    #[arg(short, long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write nothing, and fail where the directory of `--out` does not have just these manifests
    #[arg(long, requires = "out")]
    check: bool,
    /// Write nothing, and show what would change in this directory of manifests
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "check"])]
    diff: Option<PathBuf>,
    /// Leave what a target cannot express to the interpreter, and say so in the manifests
    #[arg(long)]
    interpreter_fills: bool,
    /// Write what the target has in its experimental channel, too, with `--to gateway-api`
    #[arg(long)]
    experimental: bool,
    /// Who carries gateways out, with `--to gateway-api`: the name of a GatewayClass
    #[arg(long, value_name = "NAME")]
    gateway_class: Option<String>,
    /// The image with flowmesh, with `--to kubernetes`
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The namespace of the pods, with `--to kubernetes`, and of those that call what is outside of the cluster, with
    /// `--to linkerd`; `default` where nothing is said
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// How large the volume is that keeps runs, with `--to kubernetes`; 10Gi where nothing is said
    #[arg(long, value_name = "SIZE")]
    storage: Option<String>,
    /// Write the pods of the program itself beside what a mesh gets
    #[arg(long)]
    pods: bool,
    /// Tell the operator of Prometheus where the pods are measured: a ServiceMonitor
    #[arg(long)]
    service_monitor: bool,
    /// Write a Job that carries out the tests of the program in the cluster
    #[arg(long)]
    test_job: bool,
    /// Lay the files out as a base for Kustomize
    #[arg(long, conflicts_with = "helm")]
    kustomize: bool,
    /// Lay the files out as a chart for Helm
    #[arg(long)]
    helm: bool,
    #[command(flatten)]
    set: Set,
    /// Print diagnostics as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A form of a program.
#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// The states of its flows, for people
    Ir,
    /// The program that `run` and `serve` load
    Json,
    /// A picture of its flows, for Graphviz
    Dot,
    /// Kubernetes Gateway API manifests for its services and gateways
    GatewayApi,
    /// Istio manifests for its services and gateways
    Istio,
    /// Linkerd manifests for its services, and for what is outside of the cluster
    Linkerd,
    /// Consul manifests for its services and gateways
    Consul,
    /// Kubernetes manifests for the program itself: pods, and what stands around them
    Kubernetes,
}

impl Compile {
    /// Compiles and writes.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (program, sources) = program::load_with_sources(&self.file, self.json)?;
        if let (Target::Ir | Target::Json | Target::Dot, Some(text)) = (self.to, self.only_looks()) {
            return Err(Error::BadSetting {
                text: text.to_owned(),
                why: "it is about a directory of manifests".to_owned(),
                help: "say a target that has them, such as `--to istio`".to_owned(),
            });
        }
        let text = match self.to {
            Target::Ir => print::text(&program),
            Target::Json => print::json(&program),
            Target::Dot => self.dot(&program)?,
            Target::GatewayApi => return self.manifests(&program, &sources, Mesh::GatewayApi),
            Target::Istio => return self.manifests(&program, &sources, Mesh::Istio),
            Target::Linkerd => return self.manifests(&program, &sources, Mesh::Linkerd),
            Target::Consul => return self.manifests(&program, &sources, Mesh::Consul),
            Target::Kubernetes => return self.manifests(&program, &sources, Mesh::Kubernetes),
        };
        match &self.out {
            Some(path) => output::write(path, &text)?,
            None => draw::raw(&text),
        }
        Ok(Exit::Ok)
    }

    /// One file for each manifest in a directory, or all of them as one text.
    fn manifests(&self, program: &Program, sources: &Sources, mesh: Mesh) -> Result<Exit, Error> {
        let options = Options {
            interpreter_fills: self.interpreter_fills,
            sources: Some(sources),
            configs: self.set.given()?,
            experimental: self.experimental,
            gateway_class: self.gateway_class.clone(),
            pods: self.pods,
            workload: self.workload(),
            layout: match (self.kustomize, self.helm) {
                (true, _) => Layout::Kustomize,
                (_, true) => Layout::Helm,
                _ => Layout::Plain,
            },
        };
        let mut found = Diagnostics::default();
        let manifests = flowmesh_kubernetes::compile(program, mesh, &options, &mut found);
        flowmesh_frontend::ignore(sources, &mut found);
        draw::report::diagnostics(&found.sorted(), sources, self.json);
        if found.has_errors() {
            return Ok(Exit::Diagnostics);
        }
        if let Some(dir) = &self.diff {
            let folder = Folder::read(dir, &manifests)?;
            let shown: String = folder
                .differences()
                .iter()
                .map(folder::Difference::unified)
                .collect();
            draw::raw(&shown);
            return Ok(Exit::Ok);
        }
        let Some(dir) = &self.out else {
            if self.helm {
                return Err(Error::BadSetting {
                    text: "--helm".to_owned(),
                    why: "a chart is a directory".to_owned(),
                    help: "say which by `--out DIR`".to_owned(),
                });
            }
            let all: Vec<&str> = manifests.iter().map(|manifest| manifest.yaml.as_str()).collect();
            draw::raw(&all.join("---\n"));
            return Ok(Exit::Ok);
        };
        let folder = Folder::read(dir, &manifests)?;
        match self.check {
            true => Ok(checked(dir, &folder)),
            false => written(dir, &folder, manifests.len()),
        }
    }

    /// The option by which nothing is written, if there is one.
    fn only_looks(&self) -> Option<&'static str> {
        match (self.check, &self.diff) {
            (true, _) => Some("--check"),
            (false, Some(_)) => Some("--diff"),
            (false, None) => None,
        }
    }

    /// How the pods are made.
    fn workload(&self) -> Workload {
        let usual = Workload::default();
        Workload {
            image: self.image.clone().unwrap_or(usual.image),
            namespace: self.namespace.clone().unwrap_or(usual.namespace),
            storage: self.storage.clone().unwrap_or(usual.storage),
            monitor: self.service_monitor,
            tests: self.test_job,
        }
    }

    /// One graph for each flow; Graphviz reads several from one file.
    fn dot(&self, program: &Program) -> Result<String, Error> {
        let flows = match &self.flow {
            Some(name) => vec![program::flow(program, name)?.0],
            None => (0..).map(FlowId).take(program.flows.len()).collect(),
        };
        Ok(flows
            .into_iter()
            .filter_map(|flow| print::dot(program, flow))
            .collect())
    }
}

/// Says what is not as it should be, file by file.
fn checked(dir: &Path, folder: &Folder<'_>) -> Exit {
    let differences = folder.differences();
    for one in &differences {
        draw::say(format!("{}: {}", one.word(), dir.join(one.name).display()));
    }
    match differences.is_empty() {
        true => Exit::Ok,
        false => Exit::Failed,
    }
}

fn written(dir: &Path, folder: &Folder<'_>, count: usize) -> Result<Exit, Error> {
    let left = folder.write()?;
    draw::say(format!("wrote {count} manifests to {}", dir.display()));
    for name in left {
        draw::say(format!("not needed any more: {}", dir.join(name).display()));
    }
    Ok(Exit::Ok)
}
