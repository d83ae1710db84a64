//! What a code of gRPC means to the plan of a call.
//!
//! A code is the status of the answer (5 is `NOT_FOUND`), so that `on not_found:` names it. Two codes are what the mesh
//! itself would say, where the operation does not name them: 4 is a timeout, and 14 a service that is not there.

use super::outcome::Outcome;
use flowmesh_ir::grpc;
use serde_json::{Value, json};
use std::sync::Arc;

/// How an attempt ended that did not end well.
#[derive(Debug)]
pub struct Ended<'e> {
    /// Its code, other than 0.
    pub code: u16,
    /// Whether the operation says what the code means.
    pub named: bool,
    /// What the service says for people.
    pub message: &'e str,
    /// What it says for programs.
    pub details: Vec<Value>,
}

impl Ended<'_> {
    /// The outcome of the attempt; `label` is who answered.
    #[must_use]
    pub fn outcome(self, label: &str) -> Outcome {
        let name = grpc::name(self.code).to_uppercase();
        let told = match self.message {
            "" => format!("{label} says {name}"),
            message => format!("{label} says {name}: {message}"),
        };
        match self.code {
            4 if !self.named => Outcome::TimedOut {
                sent: true,
                why: told,
            },
            14 if !self.named => Outcome::Broken(told),
            status => Outcome::Answer {
                status,
                body: Arc::from(self.body(&name).to_string().into_bytes()),
                retry_after: None,
            },
        }
    }

    fn body(self, name: &str) -> Value {
        let mut body = json!({ "code": name, "message": self.message });
        if let (false, Some(body)) = (self.details.is_empty(), body.as_object_mut()) {
            body.insert("details".to_owned(), self.details.into());
        }
        body
    }
}
