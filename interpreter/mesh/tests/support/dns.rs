//! A DNS server on the loopback with one zone, `test.`, whose records change while it runs.

use flowmesh_mesh::Hickory;
use hickory_server::{
    Server,
    net::runtime::TokioRuntimeProvider,
    proto::rr::{
        Name, RData, Record,
        rdata::{A, AAAA, SOA, SRV},
    },
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneType},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::net::{TcpListener, UdpSocket};

/// A DNS server that ends with the test.
pub struct Dns {
    /// Where it listens.
    pub address: SocketAddr,
    zone: Arc<InMemoryZoneHandler<TokioRuntimeProvider>>,
    server: Server<Catalog>,
}

impl Dns {
    /// With an empty zone.
    pub async fn start() -> Self {
        let origin = name("test.");
        let mut zone = InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny);
        let soa = SOA::new(name("ns.test."), name("admin.test."), 1, 60, 60, 60, 1);
        assert!(zone.upsert_mut(Record::from_rdata(origin.clone(), 60, RData::SOA(soa)), 0));
        let zone = Arc::new(zone);
        let mut catalog = Catalog::new();
        catalog.upsert(origin.into(), vec![zone.clone()]);
        let (socket, listener) = both().await;
        let address = socket.local_addr().unwrap();
        let mut server = Server::new(catalog);
        server.register_socket(socket);
        server.register_listener(listener, Duration::from_secs(5), 64 * 1024);
        Self {
            address,
            zone,
            server,
        }
    }

    /// A resolver that asks this server.
    pub fn resolver(&self) -> Arc<Hickory> {
        Arc::new(Hickory::servers(&[self.address]).unwrap())
    }

    /// Adds an A or AAAA record.
    pub async fn address(&self, host: &str, ttl: u32, ip: IpAddr) {
        let data = match ip {
            IpAddr::V4(ip) => RData::A(A(ip)),
            IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
        };
        self.add(host, ttl, data).await;
    }

    /// Adds an SRV record.
    pub async fn service(&self, service: &str, priority: u16, weight: u16, port: u16, target: &str) {
        self.add(
            service,
            60,
            RData::SRV(SRV::new(priority, weight, port, name(target))),
        )
        .await;
    }

    /// Takes away everything but the SOA record.
    pub async fn forget(&self) {
        self.zone
            .records_mut()
            .await
            .retain(|key, _| key.name.to_string() == "test.");
    }

    /// Stops answering.
    pub async fn stop(&mut self) {
        self.server.shutdown_gracefully().await.unwrap();
    }

    async fn add(&self, host: &str, ttl: u32, data: RData) {
        assert!(
            self.zone
                .upsert(Record::from_rdata(name(host), ttl, data), 0)
                .await
        );
    }
}

/// One port for both: what is too long for UDP is asked for by TCP.
async fn both() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address).await {
            return (socket, listener);
        }
    }
    panic!("no port is free for both");
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}
