//! OpenAPI 3.0 and 3.1: operations, types and errors of a service.
//!
//! `schema`, `object`, `scalar` and `rule` make types, `parameter`, `reply` and `operation` what is called.
//! What the language cannot say becomes `json`, with a note in the documentation of what it belongs to.

mod choice;
mod object;
mod operation;
mod parameter;
mod reply;
mod rule;
mod scalar;
mod schema;

use super::{
    Described,
    document::Node,
    files::{Files, Problem},
};
use schema::Types;
use std::rc::Rc;

/// What is made of one document.
struct Api<'f, 'w> {
    types: Types<'f, 'w>,
    errors: Vec<reply::Made>,
}

/// Reads the document in a file.
pub(super) fn read(files: &mut Files<'_>, path: &str) -> Result<Described, Vec<Problem>> {
    let (source, root) = files.open(path).map_err(|problem| vec![problem])?;
    version(&root).map_err(|problem| vec![problem])?;
    let mut api = Api {
        types: Types::new(files),
        errors: Vec::new(),
    };
    let schemas = root.get("components").and_then(|all| all.get("schemas")).cloned();
    for schema in schemas.as_ref().map(|all| all.entries()).unwrap_or_default() {
        // A name that only leads to another schema is not one of its own.
        let target = api.types.target(&schema.value);
        api.types.component(&target, &schema.key, schema.span);
    }
    let operations = api.operations(&root, &operation::base(&root));
    let Types {
        items,
        problems,
        files,
        ..
    } = api.types;
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Described {
        source,
        items,
        operations,
        streamed: Vec::new(),
        descriptors: None,
        digest: files.digest(),
    })
}

fn version(root: &Rc<Node>) -> Result<(), Problem> {
    let help = "a document of OpenAPI 3.0 or 3.1 begins with `openapi: 3.1.0`";
    let wrong = |found: &str| {
        let why = format!("expected a document of OpenAPI 3.0 or 3.1, found {found}");
        let place = root.entry("openapi").or_else(|| root.entry("swagger"));
        let place = place.map_or_else(|| reply::nowhere(root), operation::place);
        Problem::new(why, Some(place)).with(help)
    };
    match (root.str("openapi"), root.str("swagger")) {
        (Some(version), _) if version.starts_with("3.0") || version.starts_with("3.1") => Ok(()),
        (Some(version), _) => Err(wrong(&format!("version `{version}`"))),
        (None, Some(version)) => Err(wrong(&format!("Swagger `{version}`"))),
        (None, None) => Err(wrong("something else")),
    }
}
