//! What is to be said of an item when somebody looks at it.

use super::{Item, Origin};
use crate::ide::{hover, snapshot::Snapshot};
use flowmesh_ir::ServiceId;

pub(super) fn docs(snapshot: &Snapshot, item: &Item) -> String {
    let analysis = &snapshot.analysis;
    match item.origin {
        Origin::Nowhere => String::new(),
        Origin::Def(def) => hover::def_text(analysis, def).unwrap_or_default(),
        Origin::Operation(service, operation) => {
            let globals = &analysis.checked.globals;
            hover::operation_words(globals, ServiceId(service), operation).unwrap_or_default()
        }
        Origin::Field(span) => hover::field_doc(&analysis.checked.globals, Some(span))
            .unwrap_or_default()
            .to_owned(),
        Origin::Native(native) => format!("{}\n\n`{}`", native.doc, native.example),
        Origin::Said(text) => text.to_owned(),
    }
}
