//! A gateway in front of servers on the loopback, and a visitor that writes by hand.

use crate::support::{self, server::Server};
use bytes::Bytes;
use flowmesh_ir::{
    FlowId, GatewayId, OperationId, PolicyId, Program, ServiceId, Value,
    access::Rule,
    expr::Expr,
    gateway::{Gateway, Route, Segment, Target},
    policy::Policy,
    service::Method,
    trace::Lineage,
};
use flowmesh_mesh::{
    Mesh, MeshOptions, Observer,
    gateway::{
        Answered, Answering, Behind, Door, GatewayOptions, Listener, Log, Record, Rules, Visit, Wanted, Ways,
    },
};
use jiff::Timestamp;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

/// A gateway that ends with the test.
pub(crate) struct Town {
    pub(crate) address: SocketAddr,
    pub(crate) door: Arc<Door>,
    pub(crate) records: Arc<Records>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<()>,
    pub(crate) program: Program,
    mesh: Option<Mesh>,
    behind: Arc<Inside>,
}

/// What the log heard.
#[derive(Default)]
pub(crate) struct Records(Mutex<Vec<Record>>);

/// Stands in for the host: a condition is a constant, and what is started or called is remembered.
#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) told: Mutex<Vec<(String, Bytes)>>,
    pub(crate) lineages: Mutex<Vec<Lineage>>,
}

/// A gateway with nothing but these routes before one server.
pub(crate) fn gateway(routes: Vec<Route>) -> Gateway {
    Gateway {
        name: "front".into(),
        routes,
        ..Gateway::default()
    }
}

/// A route to the service.
pub(crate) fn route(method: Option<Method>, path: &str) -> Route {
    to(
        method,
        path,
        Target::Service {
            service: ServiceId(0),
            subset: None,
        },
    )
}

pub(crate) fn to(method: Option<Method>, path: &str, target: Target) -> Route {
    let segment = |text: &str| match text {
        "*" => Segment::Any,
        "**" => Segment::Rest,
        text => match text.strip_prefix('{') {
            Some(name) => Segment::Param(name.trim_end_matches('}').into()),
            None => Segment::Literal(text.to_owned()),
        },
    };
    Route {
        host: None,
        patterns: Vec::new(),
        method,
        path: path
            .split('/')
            .skip(1)
            .filter(|text| !text.is_empty())
            .map(segment)
            .collect(),
        condition: None,
        target,
        policy: None,
        rewrite: None,
    }
}

impl Town {
    /// All paths lead to the server.
    pub(crate) async fn before(server: &Server) -> Self {
        Self::with(
            server,
            support::plain(),
            gateway(vec![route(None, "/**")]),
            |_| {},
        )
        .await
    }

    pub(crate) async fn with(
        server: &Server,
        policy: Policy,
        gateway: Gateway,
        change: impl FnOnce(&mut GatewayOptions),
    ) -> Self {
        Self::ruled(server, policy, gateway, Vec::new(), change).await
    }

    pub(crate) async fn ruled(
        server: &Server,
        policy: Policy,
        gateway: Gateway,
        access: Vec<Rule>,
        change: impl FnOnce(&mut GatewayOptions),
    ) -> Self {
        let mut program = support::program(policy, &[100]);
        program.gateways = vec![gateway];
        program.access = access;
        Self::of(program, vec![vec![server.url()]], change).await
    }

    /// A program with one service, whose subsets are there.
    pub(crate) async fn of(
        program: Program,
        subsets: Vec<Vec<String>>,
        change: impl FnOnce(&mut GatewayOptions),
    ) -> Self {
        let behind = Arc::new(Inside::default());
        let rules = rules(program.clone(), subsets, behind.clone());
        Self::by(program, rules, behind, change).await
    }

    /// A program with several services, each with the addresses of its subsets.
    pub(crate) async fn over(
        program: Program,
        services: &[Vec<Vec<String>>],
        change: impl FnOnce(&mut MeshOptions),
    ) -> Self {
        let behind = Arc::new(Inside::default());
        let mesh = support::several(program.clone(), services, change);
        let known = (Arc::new(program.clone()), GatewayId(0));
        let rules = Rules::new(known, Arc::new(mesh.clone()), behind.clone(), Ways::default()).unwrap();
        let mut town = Self::by(program, Arc::new(rules), behind, |_| {}).await;
        town.mesh = Some(mesh);
        town
    }

    async fn by(
        program: Program,
        rules: Arc<Rules>,
        behind: Arc<Inside>,
        change: impl FnOnce(&mut GatewayOptions),
    ) -> Self {
        let mut options = GatewayOptions::default();
        change(&mut options);
        let records = Arc::new(Records::default());
        let door = Arc::new(Door::new(rules, options, None, Some(records.clone()), 1));
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), false, door.clone())
            .await
            .unwrap();
        let address = listener.address();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener.serve(async { drop(stopped.await) }));
        Self {
            address,
            door,
            records,
            stop: Some(stop),
            task,
            program,
            mesh: None,
            behind,
        }
    }

    /// What goes on to services, where there are several.
    pub(crate) fn mesh(&self) -> &Mesh {
        self.mesh.as_ref().unwrap()
    }

    /// What was started and called.
    pub(crate) fn told(&self) -> Vec<(String, Bytes)> {
        self.behind.told.lock().unwrap().clone()
    }

    /// What those who were started or called go on from.
    pub(crate) fn lineages(&self) -> Vec<Lineage> {
        self.behind.lineages.lock().unwrap().clone()
    }

    /// Other rules for requests that begin from now on.
    pub(crate) fn swap(&self, server: &Server, change: impl FnOnce(&mut Program)) {
        let mut program = self.program.clone();
        change(&mut program);
        let subsets = vec![vec![server.url()]];
        self.door.swap(rules(program, subsets, self.behind.clone()));
    }

    /// What the one visit before left in the log.
    pub(crate) async fn record(&self) -> Record {
        self.records.next().await
    }

    /// Sends a request with nothing but a host.
    pub(crate) async fn get(&self, target: &str) -> Said {
        self.ask(&format!("GET {target} HTTP/1.1\r\nhost: shop.test\r\n\r\n"))
            .await
    }

    /// Sends this, and reads one answer.
    pub(crate) async fn ask(&self, text: &str) -> Said {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        read(&mut stream).await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

pub(crate) fn rules(program: Program, subsets: Vec<Vec<String>>, behind: Arc<Inside>) -> Arc<Rules> {
    rules_by(program, subsets, behind, Ways::default())
}

/// A gateway with these rules, for as long as the test.
pub(crate) async fn listen(rules: Arc<Rules>, records: Arc<Records>) -> SocketAddr {
    let door = Door::new(rules, GatewayOptions::default(), None, Some(records), 1);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), false, Arc::new(door))
        .await
        .unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(std::future::pending()));
    address
}

/// Rules for a gateway that asks who comes.
pub(crate) fn rules_by(
    program: Program,
    subsets: Vec<Vec<String>>,
    behind: Arc<Inside>,
    ways: Ways,
) -> Arc<Rules> {
    let mesh = support::with_options(program.clone(), subsets, |_| {}).unwrap();
    Arc::new(Rules::new((Arc::new(program), GatewayId(0)), Arc::new(mesh), behind, ways).unwrap())
}

impl Drop for Town {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Log for Records {
    fn wanted(&self) -> Wanted {
        Wanted::Trail
    }

    fn visited(&self, record: Arc<Record>) {
        self.0.lock().unwrap().push(Arc::unwrap_or_clone(record));
    }
}

impl Records {
    /// What the one visit before left.
    pub(crate) async fn next(&self) -> Record {
        for _ in 0..3000 {
            if let Some(record) = self.0.lock().unwrap().pop() {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing was written down");
    }
}

impl Inside {
    fn note(&self, what: String, body: Bytes) {
        self.told.lock().unwrap().push((what, body));
    }
}

impl Behind for Inside {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn holds(&self, condition: &Expr, _: &Visit) -> Option<bool> {
        match condition {
            Expr::Constant(Value::Bool(truth)) => Some(*truth),
            Expr::Binary(..) => Some(true),
            _ => None,
        }
    }

    fn text(&self, expr: &Expr, visit: &Visit) -> Option<String> {
        match expr {
            Expr::Constant(Value::String(text)) => Some(format!("{text}{}", visit.request.path())),
            _ => None,
        }
    }

    fn start<'a>(
        &'a self,
        flow: FlowId,
        _: &'a [Expr],
        wait: bool,
        visit: &'a Visit,
        body: Bytes,
    ) -> Answering<'a> {
        self.lineages.lock().unwrap().push(visit.lineage.clone());
        self.note(format!("flow {} {wait} {:?}", flow.0, visit.params), body);
        Box::pin(async {
            Answered {
                status: 202,
                run: Some("7".to_owned()),
                location: Some("/v1/runs/7".to_owned()),
                retry_after: None,
                problem: false,
                body: Bytes::from_static(b"{\"run\":\"7\"}"),
            }
        })
    }

    fn call<'a>(
        &'a self,
        (service, operation, _): (ServiceId, OperationId, Option<PolicyId>),
        _: &'a [Expr],
        visit: &'a Visit,
        body: Bytes,
        _: Arc<dyn Observer>,
    ) -> Answering<'a> {
        self.note(
            format!("call {}.{} {:?}", service.0, operation.0, visit.params),
            body,
        );
        Box::pin(async {
            Answered {
                status: 200,
                run: None,
                location: None,
                retry_after: None,
                problem: false,
                body: Bytes::from_static(b"[]"),
            }
        })
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Said {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Reads one answer, whole.
pub(crate) async fn read(stream: &mut TcpStream) -> Said {
    let reading = async {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            assert_ne!(
                stream.read_buf(&mut bytes).await.unwrap(),
                0,
                "{:?}",
                String::from_utf8_lossy(&bytes)
            );
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut said = Said {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        };
        if let Some(length) = said
            .header("content-length")
            .map(|text| text.parse::<usize>().unwrap())
        {
            while said.body.len() < length {
                assert_ne!(stream.read_buf(&mut said.body).await.unwrap(), 0);
            }
        } else if said.header("transfer-encoding").is_some() {
            while !said.body.ends_with(b"0\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut said.body).await.unwrap(), 0);
            }
        }
        said
    };
    tokio::time::timeout(Duration::from_secs(120), reading)
        .await
        .expect("an answer")
}
