//! What the proxies of the program's own pods have to know: whom they call, and nobody else.

use super::object;
use crate::{
    Manifest, Options, constant,
    manifest::{metadata, object_name},
    work::Known,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Program, address::is_template};
use serde_json::json;
use std::collections::BTreeSet;

const KIND: &str = "Sidecar";
const VERSION: &str = "networking.istio.io/v1";

/// Where the control plane is, to which every proxy speaks.
const CONTROL: &str = "istio-system/*";

/// The manifest, where the pods are written, too.
pub(super) fn manifest(
    program: &Program,
    options: &Options<'_>,
    known: &[Option<Known>],
) -> Option<Manifest> {
    if !options.pods {
        return None;
    }
    let places = known.iter().flatten().flat_map(|known| &known.places);
    let named = places.map(|place| format!("{}/{}", place.namespace, place.host()));
    let hosts: BTreeSet<String> = named.chain([CONTROL.to_owned()]).collect();
    let mode = if calls_others(program, options, known) {
        "ALLOW_ANY"
    } else {
        "REGISTRY_ONLY"
    };
    let name = object_name(&program.name).to_lowercase();
    let spec = json!({
        "workloadSelector": { "labels": { "app": name } },
        "egress": [{ "hosts": hosts }],
        "outboundTrafficPolicy": { "mode": mode },
    });
    let metadata = metadata(
        program,
        options,
        &name,
        &options.workload.namespace,
        Span::default(),
    );
    Some(object(KIND, VERSION, metadata, spec))
}

/// Whether the pods go to somewhere that the mesh is not told of: services that it does not know, whoever issues the tokens of
/// visitors, and the API of the cluster.
fn calls_others(program: &Program, options: &Options<'_>, known: &[Option<Known>]) -> bool {
    let unknown = program.services.iter().zip(known).any(|(service, known)| {
        let local =
            !service.operations.is_empty() && service.operations.iter().all(|it| it.binding.is_local());
        known.is_none() && !local
    });
    let late = |address| is_template(address) || constant::text(program, options, address).is_err();
    let mut addresses = program
        .services
        .iter()
        .flat_map(|service| &service.subsets)
        .flat_map(|subset| &subset.addresses);
    let visitors = program
        .gateways
        .iter()
        .any(|gateway| gateway.jwt.is_some() || gateway.introspect.is_some() || gateway.login.is_some());
    unknown || visitors || addresses.any(late)
}
