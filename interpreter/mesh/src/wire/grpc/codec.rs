//! The messages of a method: from the JSON of a call, and to the JSON of its reply.

use super::{frame, json};
use flowmesh_ir::service::{Binding, Operation, Service};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MethodDescriptor};
use std::sync::Arc;

/// The methods of a service's operations, in their order; none for an operation that is not reached by gRPC.
pub(crate) type Methods = Vec<Option<Method>>;

/// A method, and which codes its operation gives a meaning.
#[derive(Clone)]
pub(crate) struct Method {
    descriptor: MethodDescriptor,
    on: Arc<[u16]>,
}

/// Looks up the methods of all operations of a service; fails with a sentence.
pub(crate) fn methods(service: &Service) -> Result<Methods, String> {
    let by_grpc = |operation: &Operation| matches!(operation.binding, Binding::Grpc { .. });
    if !service.operations.iter().any(by_grpc) {
        return Ok(Vec::new());
    }
    let pool = match &service.descriptors {
        Some(text) => pool(text)?,
        // Without descriptors a call ends when it is made, and not the whole program before it begins.
        None => return Ok(Vec::new()),
    };
    let method = |operation: &Operation| match &operation.binding {
        Binding::Grpc { service, method } => {
            let found = pool
                .get_service_by_name(service)
                .and_then(|found| found.methods().find(|known| known.name() == method));
            let descriptor =
                found.ok_or_else(|| format!("the descriptors have no method `{service}/{method}`"))?;
            let on = operation.on.iter().map(|on| on.status).collect();
            Ok(Some(Method { descriptor, on }))
        }
        _ => Ok(None),
    };
    service.operations.iter().map(method).collect()
}

fn pool(text: &str) -> Result<DescriptorPool, String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| "the descriptors are not base64".to_owned())?;
    DescriptorPool::decode(bytes.as_slice()).map_err(|why| format!("the descriptors are broken: {why}"))
}

impl Method {
    /// Whether the operation says what a code means.
    pub(super) fn means(&self, code: u16) -> bool {
        self.on.contains(&code)
    }

    /// A message in its frame from the JSON of a call.
    pub(crate) fn write(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let input = self.descriptor.input();
        let mut value = match body {
            [] => serde_json::json!({}),
            body => serde_json::from_slice(body).map_err(|why| format!("the request is no JSON: {why}"))?,
        };
        json::to_proto(&input, &mut value)?;
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let message = DynamicMessage::deserialize_with_options(input.clone(), value, &options)
            .map_err(|why| format!("the request is no `{}`: {why}", input.full_name()))?;
        frame::framed(&message.encode_to_vec()).map_err(str::to_owned)
    }

    /// The JSON of a reply from a message.
    pub(super) fn read(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let value = json::read(&self.descriptor.output(), message)?;
        serde_json::to_vec(&value).map_err(|why| why.to_string())
    }

    /// All that the `.proto` of its service declares.
    pub(super) fn pool(&self) -> &DescriptorPool {
        self.descriptor.parent_pool()
    }
}
