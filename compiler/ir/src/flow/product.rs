//! What a flow produces, and the event that tells so.

use crate::{
    Name,
    ty::{EventDef, Field, Type},
};
use serde::{Deserialize, Serialize};

/// The event that is told when a flow has produced something. No author's event has a name without a capital.
pub const PRODUCED: &str = "produced";

/// Targets of one form: the text of one with `{}` where a value stands, and what these values are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// `file:report-{}.csv`
    pub form: String,
    /// The type of each value, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<Type>,
}

/// What was produced when a flow begins by itself, and which of its parameters each value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// What another flow produces.
    pub product: Product,
    /// For each value the name of a parameter: all of them, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Name>,
}

impl Product {
    /// The event that tells of products: the target as text, its form, and the values in it.
    #[must_use]
    pub fn event() -> EventDef {
        let field = |name, ty| Field {
            name: Name::new_static(name),
            ty,
            rule: None,
        };
        EventDef {
            name: Name::new_static(PRODUCED),
            doc: Some("A flow has produced something.".to_owned()),
            fields: vec![
                field("target", Type::String),
                field("form", Type::String),
                field("values", Type::List(Box::new(Type::Json))),
            ],
        }
    }
}
