//! The program: reads the command line, does what it says and ends with its exit code.

use clap::{Args, Parser, Subcommand, ValueEnum};
use flowmesh_operator::{
    Error, Options, Terms,
    install::{self, Install},
};
use kube::{Client, Config};
use rand::Rng;
use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};
use tracing_subscriber::{EnvFilter, fmt};

/// Exit codes, as `flowmesh` has them.
const TROUBLE: u8 = 4;

/// Carry programs of flowmesh out in a Kubernetes cluster
#[derive(Parser)]
#[command(name = "flowmesh-operator", version, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Exit codes:
  0    all is well
  2    the command line is wrong
  4    no cluster is known, an address is taken, or the output cannot be written")]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

/// What to do.
#[derive(Subcommand)]
enum Verb {
    Run(Box<Work>),
    /// Print the definitions of `Program` and `Run`
    #[command(after_help = "Example:
  flowmesh operator crds | kubectl apply --server-side -f -")]
    Crds,
    Install(Manifests),
}

/// Work until it is told to stop: in a pod, or wherever `kubectl` works
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh operator run
  flowmesh operator run --watch shop --lease-namespace shop
  flowmesh operator run --health 127.0.0.1:7702
  flowmesh operator run --server http://127.0.0.1:7700 --server-health http://127.0.0.1:7701")]
struct Work {
    /// Look at this namespace alone
    #[arg(long, value_name = "NAMESPACE", env = "FLOWMESH_OPERATOR_WATCH")]
    watch: Option<String>,
    /// Let programs of any namespace put objects of a mesh into this one
    #[arg(long, value_name = "NAMESPACE")]
    into: Vec<String>,
    /// Where the API of a program's server is
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://{name}.{namespace}.svc:7700"
    )]
    server: String,
    /// Where the same server is measured
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://{name}.{namespace}.svc:7701"
    )]
    server_health: String,
    /// Say at this address how the operator is: `/healthz`, `/readyz`
    #[arg(long, value_name = "ADDR")]
    health: Option<SocketAddr>,
    /// How often everything is looked at again, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    resync: u64,
    /// The namespace of the lease by which one of several operators works
    #[arg(
        long,
        value_name = "NAMESPACE",
        env = "POD_NAMESPACE",
        default_value = "default"
    )]
    lease_namespace: String,
    /// What this one is called there, with some chance behind it
    #[arg(
        long,
        value_name = "NAME",
        env = "POD_NAME",
        default_value = "flowmesh-operator"
    )]
    identity: String,
    /// What is logged, to the standard error: `info`, `flowmesh_operator=debug`
    #[arg(long, value_name = "FILTER", env = "FLOWMESH_LOG", default_value = "info")]
    log: String,
    /// How lines of the log look
    #[arg(
        long,
        value_name = "FORMAT",
        env = "FLOWMESH_LOG_FORMAT",
        default_value = "text"
    )]
    log_format: Format,
}

/// How lines of the log look.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: an object on each line
    Json,
}

/// Print everything that the operator needs in a cluster
#[derive(Args)]
#[command(after_help = "Example:
  flowmesh operator install --namespace flowmesh --image registry.example.com/flowmesh-operator:1 | kubectl apply --server-side -f -

The namespace is not made.")]
struct Manifests {
    /// Where its pods are
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// The image of its pods
    #[arg(long, value_name = "IMAGE", default_value = concat!("flowmesh-operator:", env!("CARGO_PKG_VERSION")))]
    image: String,
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().verb {
        Verb::Run(work) => run(&work),
        Verb::Crds => print(&install::crds()),
        Verb::Install(manifests) => print(&install::install(&Install {
            namespace: manifests.namespace,
            image: manifests.image,
        })),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            ExitCode::from(TROUBLE)
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|why| format!("cannot write: {why}"))
}

fn run(work: &Work) -> Result<(), String> {
    let lines = fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::new(&work.log));
    match work.log_format {
        Format::Json => lines.json().flatten_event(true).init(),
        Format::Text => lines
            .with_ansi(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
            .init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|why| format!("cannot begin: {why}"))?;
    runtime.block_on(work.run()).map_err(|error| error.to_string())
}

impl Work {
    async fn run(&self) -> Result<(), Error> {
        let config = Config::infer()
            .await
            .map_err(|why| Error::NoCluster(why.to_string()))?;
        let client = Client::try_from(config)?;
        flowmesh_operator::run(client, self.options(), told_to_stop()).await
    }

    fn options(&self) -> Options {
        // Two processes of one name, as a pod and the one in its place, are two.
        let chance: u64 = rand::rng().random();
        let terms = Terms::new(
            format!("{}-{chance:016x}", self.identity),
            self.lease_namespace.clone(),
        );
        Options {
            watch: self.watch.clone(),
            into: self.into.iter().cloned().collect(),
            server: self.server.clone(),
            server_health: self.server_health.clone(),
            health: self.health,
            resync: Duration::from_secs(self.resync),
            ..Options::new(terms)
        }
    }
}

/// Ready when somebody says to stop.
async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
