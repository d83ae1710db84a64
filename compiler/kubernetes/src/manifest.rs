//! What every object of a cluster has: its kind, its name, and where it comes from.

use crate::Options;
use flowmesh_diagnostics::Span;
use flowmesh_ir::Program;
use serde::Serialize;
use std::collections::BTreeMap;

/// An object with a specification.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Object<S> {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: S,
}

/// Its name and what else is said of it.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Where the author wrote what the object is made from: `shop.flow:12`.
pub(crate) const SOURCE: &str = "flowmesh/source";

/// The hash of the program it is made from.
pub(crate) const PROGRAM: &str = "flowmesh/program";

/// The settings that hold and that only the interpreter carries out.
pub(crate) const INTERPRETER: &str = "flowmesh/interpreter";

/// Metadata with label and annotations.
pub(crate) fn metadata(
    program: &Program,
    options: &Options<'_>,
    name: &str,
    namespace: &str,
    origin: Span,
) -> Metadata {
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let (source, hash) = (place(program, options, origin), program.hash().to_string());
    Metadata {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        labels: owned(&[("app.kubernetes.io/managed-by", "flowmesh")]),
        annotations: owned(&[(SOURCE, &source), (PROGRAM, &hash)]),
    }
}

/// `shop.flow:12`; without the line where the text is not at hand.
fn place(program: &Program, options: &Options<'_>, span: Span) -> String {
    let source = options.sources.and_then(|sources| sources.get(span.source));
    match source {
        Some(source) => format!("{}:{}", source.name, source.line_column(span.start).0),
        None => {
            let name = program.origins.sources.get(span.source.0 as usize);
            name.cloned().unwrap_or_else(|| program.name.to_string())
        }
    }
}

/// A name of the language as a name of the cluster: `_` becomes `-`.
pub(crate) fn object_name(name: &str) -> String {
    name.trim_matches('_').replace('_', "-")
}
