//! A gateway of flowmesh, on one thread.

use flowmesh_host::{
    Host, HostOptions,
    gateways::{AccessLog, Gateways, GatewaysOptions},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::{
    Hickory,
    gateway::{GatewayOptions, Log},
    identity::{Fetch, Fetched},
};
use std::{fmt::Write, io, path::PathBuf, sync::Arc};

/// There are no tokens here.
struct Nobody;

impl Fetch for Nobody {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Err("there is nobody".to_owned()) })
    }
}

/// The program of a kind.
fn program(kind: &str, service: &str) -> String {
    let mut routes = String::new();
    let count = kind
        .rsplit('-')
        .next()
        .and_then(|count| count.parse::<u32>().ok());
    for number in 0..count.unwrap_or_default() {
        // Writing into a String cannot fail.
        let _ = writeln!(
            routes,
            "  any \"/route-{number}/**\" -> back {{ rewrite: {{ prefix: \"/\" }} }}"
        );
    }
    let (rules, limit) = match kind {
        "flowmesh-all" => (
            "deny anyone to back when request.path has \"secret\"\n",
            "  limit: { rate: 1_000_000/s, burst: 1_000_000, per: caller.address }\n",
        ),
        _ => ("", ""),
    };
    format!(
        "service back {{\n  at: \"http://{service}\"\n  op get() -> json = GET \"/\"\n}}\n\
         allow gateway front to back\n{rules}\
         gateway front {{\n  listen: \"http://127.0.0.1:0\"\n{limit}{routes}  any \"/**\" -> back\n}}\n"
    )
}

/// Serves until it is killed, and says where.
pub(crate) fn serve(kind: &str, service: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let program = flowmesh_tests::fuzz::compiled(&program(kind, service)).expect("it compiles");
        let directory = tempfile::tempdir().unwrap();
        let resolver = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
        let options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
        let host = Host::open(directory.path(), options).unwrap();
        host.deploy(program, Settings::default()).await.unwrap();
        let log: Option<Arc<dyn Log>> = match kind {
            "flowmesh-all" => Some(Arc::new(AccessLog::new(io::sink()).unwrap())),
            _ => None,
        };
        let options = GatewaysOptions {
            limits: GatewayOptions::default(),
            log,
            fetch: Arc::new(Nobody),
            api: String::new(),
            directory: PathBuf::new(),
        };
        let gateways = Gateways::open(&host, options).await.unwrap();
        println!("{}", gateways.addresses()[0].1[0]);
        std::future::pending::<()>().await;
    });
}
