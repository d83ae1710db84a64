//! What is kept of traces that begin in the mesh, as a `Telemetry` of all of it.

use super::{TARGET, object};
use crate::{Manifest, Options, constant, manifest::metadata, problem::Problem, setting::Setting};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{Program, traffic::Trace};
use serde::Serialize;
use std::collections::BTreeMap;

/// The namespace whose resources hold for the whole mesh, and the name that Istio has for the one there.
const ROOT: &str = "istio-system";
const NAME: &str = "mesh-default";

/// What a `Telemetry` says.
#[derive(Debug, PartialEq, Serialize)]
struct Telemetry {
    tracing: Vec<Tracing>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tracing {
    random_sampling_percentage: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_tags: BTreeMap<String, Tag>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Tag {
    literal: Literal,
}

#[derive(Debug, PartialEq, Serialize)]
struct Literal {
    value: String,
}

/// The manifest, where the program says something of the traces of the whole mesh.
pub(super) fn manifest(
    program: &Program,
    options: &Options<'_>,
    found: &mut Diagnostics,
) -> Option<Manifest> {
    let trace = program.mesh.trace.as_ref()?;
    let span = program.origins.span("mesh").unwrap_or_default();
    found.add_beside(Problem::Part(Setting::Sampling).diagnostic(TARGET, Severity::Warning, span));
    match tags(program, options, trace) {
        Ok(custom_tags) => {
            let tracing = Tracing {
                // Of ten thousand, as of a hundred.
                random_sampling_percentage: f64::from(trace.sample) / 100.0,
                custom_tags,
            };
            let metadata = metadata(program, options, NAME, ROOT, span);
            let spec = Telemetry {
                tracing: vec![tracing],
            };
            Some(object("Telemetry", "telemetry.istio.io/v1", metadata, spec))
        }
        Err(config) => {
            let what = "tag";
            found.add_beside(Problem::Late { what, config }.diagnostic(TARGET, Severity::Error, span));
            None
        }
    }
}

/// What stands on every span.
fn tags(
    program: &Program,
    options: &Options<'_>,
    trace: &Trace,
) -> Result<BTreeMap<String, Tag>, Option<flowmesh_ir::Name>> {
    let one = |(name, value): &(flowmesh_ir::Name, flowmesh_ir::expr::Expr)| {
        let value = constant::text(program, options, value)?;
        Ok((
            name.to_string(),
            Tag {
                literal: Literal { value },
            },
        ))
    };
    trace.tags.iter().map(one).collect()
}
