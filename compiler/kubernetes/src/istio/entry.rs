//! Hosts outside of the cluster, of which the mesh knows by a `ServiceEntry` each.

use super::object;
use crate::{
    Manifest,
    address::ServicePort,
    work::{Known, Work},
};
use serde_json::{Value, json};

const KIND: &str = "ServiceEntry";
const VERSION: &str = "networking.istio.io/v1";

impl Work<'_, '_> {
    /// The host of a place, where it is outside of the cluster.
    pub(super) fn entry(&self, name: &str, place: &ServicePort, own: &Known) -> Option<Manifest> {
        let outside = place.outside?;
        let plain = |port: u16| json!({ "number": port, "name": format!("http-{port}"), "protocol": "HTTP" });
        let ports: Vec<Value> = match outside.secure {
            false => vec![plain(place.port)],
            // Without TLS, which the mesh adds, and with, for whoever speaks it themselves.
            true => vec![
                json!({
                    "number": place.port,
                    "name": format!("http-{}", place.port),
                    "protocol": "HTTP",
                    "targetPort": outside.port,
                }),
                json!({ "number": outside.port, "name": format!("tls-{}", outside.port), "protocol": "TLS" }),
            ],
        };
        let spec = json!({
            "hosts": [place.name],
            "location": "MESH_EXTERNAL",
            "resolution": "DNS",
            "ports": ports,
        });
        Some(object(KIND, VERSION, self.named(name, own)?, spec))
    }
}
