//! A gateway of flowmesh, on one thread, with what `flowmesh serve` has where nobody says otherwise.

use super::{
    client::Speech,
    credentials::{ISSUER, folder, keys},
};
use flowmesh_host::{
    Host, HostOptions,
    gateways::{AccessLog, Gateways, GatewaysOptions},
    traces::{Otlp, SpanSink},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::{
    Hickory,
    gateway::{GatewayOptions, Log},
    identity::{Fetch, Fetched},
};
use std::{fmt::Write, io, sync::Arc};

/// How many visits are kept with why they went as they did.
const KEPT: usize = 1_000;

/// Gives the keys of the issuer, whoever asks for what.
struct Issuer;

impl Fetch for Issuer {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Ok(keys().into_bytes()) })
    }
}

/// The program of a kind.
fn program(kind: &str, service: &str, speech: Speech) -> String {
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
    let (outside, inside) = match kind {
        "flowmesh-all" => (
            "deny anyone to back when request.path has \"secret\"\nmesh { trace: { sample: 1% } }\n",
            format!(
                "  jwt: {{ issuer: \"{ISSUER}\", audience: \"shop\", keys: \"{ISSUER}/keys\" }}\n\
                 \x20 limit: {{ rate: 1_000_000/s, burst: 1_000_000, per: caller.address }}\n"
            ),
        ),
        _ => ("", String::new()),
    };
    let (scheme, tls) = match speech {
        Speech::Tls => (
            "https",
            "  tls: { certificate: \"cert.pem\", key: \"key.pem\" }\n",
        ),
        Speech::Plain | Speech::Http2 => ("http", ""),
    };
    format!(
        "service back {{\n  at: \"http://{service}\"\n  op get() -> json = GET \"/\"\n}}\n\
         allow gateway front to back\n{outside}\
         gateway front {{\n  listen: \"{scheme}://127.0.0.1:0\"\n{tls}{inside}{routes}  any \"/**\" -> back\n}}\n"
    )
}

/// Serves until it is killed, and says where.
pub(crate) fn serve(kind: &str, service: &str, speech: Speech) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let program = flowmesh_tests::fuzz::compiled(&program(kind, service, speech)).expect("it compiles");
        let directory = tempfile::tempdir().unwrap();
        let resolver = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
        let mut options = HostOptions::new(Arc::new(resolver), Arc::new(|_| None));
        options.visits = KEPT;
        let all = kind == "flowmesh-all";
        // The service takes them, too.
        let otlp = all.then(|| Otlp::batches(&format!("http://{service}"), "front", None).unwrap());
        options.traces = otlp.map(|otlp| Arc::new(otlp) as Arc<dyn SpanSink>);
        let log = all.then(|| Arc::new(AccessLog::new(io::sink()).unwrap()) as Arc<dyn Log>);
        let host = Host::open(directory.path(), options).unwrap();
        host.deploy(program, Settings::default()).await.unwrap();
        let options = GatewaysOptions {
            limits: GatewayOptions::default(),
            log,
            fetch: Arc::new(Issuer),
            api: String::new(),
            directory: folder().to_owned(),
        };
        let gateways = Gateways::open(&host, options).await.unwrap();
        println!("{}", gateways.addresses()[0].1[0]);
        std::future::pending::<()>().await;
    });
}
