//! Kubernetes: Services, routes of Gateway API, and what Istio says of both, as services, gateways and rules.
//!
//! 1. [`objects`]: documents become objects by their kinds
//! 2. [`virtual_service`], [`http_route`]: routes, of which the first that fits holds
//! 3. [`destination_rule`]: how callers go about a Service
//! 4. [`fold`]: routes as a service has them; [`world`]: the services
//! 5. [`front`]: gateways, and where their visitors are led
//! 6. [`access`]: who may call what
//! 7. [`mod@write`]: the program

pub(crate) mod access;
pub(crate) mod condition;
mod destination_rule;
mod duration;
mod fold;
mod front;
mod grant;
mod host;
mod http_route;
mod objects;
mod settings;
mod traffic;
mod virtual_service;
mod world;
mod write;

pub(crate) use objects::looks_so;

use crate::{found::Found, node::Node};
use objects::Object;
use traffic::Table;
use world::World;

/// The program of some objects.
pub(crate) fn import(documents: &[Node], found: &mut Found) -> String {
    let objects = Object::all(documents, found);
    let mut world = World::default();
    let mut tables: Vec<Table> = Vec::new();
    let mut fronts = front::Fronts::default();
    let mut guard = access::Guard::default();
    let (mut grants, mut left) = (Vec::new(), Vec::new());
    world.istio = objects.iter().any(|object| object.group.ends_with("istio.io"));
    for object in &objects {
        match (object.group.as_str(), object.kind.as_str()) {
            ("", "Service") => world.known.push(world::service(object, found)),
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => {
                tables.push(http_route::read(object, found));
            }
            ("networking.istio.io", "VirtualService") => tables.extend(virtual_service::read(object, found)),
            ("networking.istio.io", "DestinationRule") => {
                world.rules.extend(destination_rule::read(object, found));
            }
            ("networking.istio.io", "ServiceEntry") => world.known.extend(world::entry(object, found)),
            ("networking.istio.io", "Gateway") => fronts.istio(object, found),
            ("gateway.networking.k8s.io", "Gateway") => fronts.gateway_api(object, found),
            ("security.istio.io", "AuthorizationPolicy") => guard.policy(object, found),
            ("security.istio.io", "PeerAuthentication") => guard.peer(object, found),
            ("security.istio.io", "RequestAuthentication") => fronts.tokens(object, found),
            ("telemetry.istio.io", "Telemetry") => guard.telemetry(object, found),
            // What says nothing of traffic by itself.
            ("gateway.networking.k8s.io", "GatewayClass") => {}
            ("gateway.networking.k8s.io", "ReferenceGrant") => grants.push(grant::read(object, found)),
            _ => found.other_kind(object.node, &object.kind, &object.name),
        }
        left.extend(found.notes());
    }
    grant::hold(&mut tables, &grants, found);
    for table in tables.iter().filter(|table| table.is_bound_to_none()) {
        found.lost(
            &table.node,
            &format!(
                "the routes of `{}`, which are for no service and no gateway",
                table.name
            ),
        );
        left.extend(found.notes());
        left.extend(table.notes.clone());
    }
    world.tabled(&tables, found);
    world.mirrored(&tables, found);
    let mut fronts = fronts.led(&tables, &mut world, found);
    world.left_over(found);
    world.governed(found);
    let rules = guard.rules(&mut world, &mut fronts, found);
    let mesh = guard.mesh(&world, found);
    for note in left {
        found.again(note);
    }
    write::program(&world, &fronts, &rules, &mesh, found)
}
