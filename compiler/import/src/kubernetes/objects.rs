//! Objects of a cluster, by their kinds.

use crate::{fields::Fields, found::Found, node::Node};

/// An object: its kind, its name, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    pub(crate) node: &'a Node,
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// The most objects within lists in lists.
const MAX_LISTS: u32 = 4;

/// Where Istio has its own.
pub(crate) const ROOT: &str = "istio-system";

impl<'a> Object<'a> {
    /// All objects of documents, those of lists too.
    pub(crate) fn all(documents: &'a [Node], found: &mut Found) -> Vec<Self> {
        let mut all = Vec::new();
        for node in documents {
            collect(node, MAX_LISTS, &mut all, found);
        }
        all
    }

    /// What it says.
    pub(crate) fn spec(&self, found: &mut Found) -> Fields<'a> {
        let mut whole = Fields::of(self.node, "", found);
        whole.skip(&["apiVersion", "kind", "metadata", "status"]);
        let spec = whole.object("spec", found);
        whole.end(found);
        spec.unwrap_or_else(|| Fields::of(&NOTHING, "spec", found))
    }

    fn of(node: &'a Node, found: &mut Found) -> Option<Self> {
        let mut whole = Fields::of(node, "", found);
        let version = whole.text("apiVersion", found)?;
        let kind = whole.text("kind", found)?;
        let mut metadata = whole.object("metadata", found)?;
        let name = metadata.text("name", found)?;
        let namespace = metadata
            .text("namespace", found)
            .unwrap_or_else(|| "default".to_owned());
        let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
        Some(Self {
            node,
            group,
            kind,
            name,
            namespace,
        })
    }
}

/// What an object says that says nothing.
static NOTHING: Node = Node {
    value: crate::node::Value::Null,
    span: flowmesh_diagnostics::Span {
        source: flowmesh_diagnostics::SourceId(0),
        start: 0,
        end: 0,
    },
};

fn collect<'a>(node: &'a Node, deeper: u32, all: &mut Vec<Object<'a>>, found: &mut Found) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or_default();
    if kind.ends_with("List") && deeper > 0 {
        for item in node.get("items").map_or(&[][..], Node::items) {
            collect(item, deeper - 1, all, found);
        }
        return;
    }
    match Object::of(node, found) {
        Some(object) => all.push(object),
        None => found.bad_value(
            node,
            "metadata.name",
            "an object with `apiVersion`, `kind` and a name",
        ),
    }
}

/// Whether documents are objects of a cluster.
pub(crate) fn looks_so(documents: &[Node]) -> bool {
    documents
        .iter()
        .any(|node| node.get("apiVersion").is_some() && node.get("kind").is_some())
}
