//! What a service adds to an error: messages of any type, beside the code and the message.

use super::{codec::Method, json};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode,
        general_purpose::{self, GeneralPurpose, GeneralPurposeConfig},
    },
};
use prost::Message;
use serde_json::{Value, json};

/// `google.rpc.Status`, of which the details are of interest here.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Binary headers are padded by some and not by others.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Method {
    /// The details in a header, each as JSON with its type as `@type`; of a type that the service's `.proto` does not
    /// have, its bytes as `value`. A header that cannot be read says nothing.
    pub(super) fn details(&self, header: &str) -> Vec<Value> {
        let bytes = ENGINE.decode(header).unwrap_or_default();
        let status = Status::decode(bytes.as_slice()).unwrap_or_default();
        status.details.iter().map(|any| self.detail(any)).collect()
    }

    fn detail(&self, any: &Any) -> Value {
        let name = any.type_url.rsplit('/').next().unwrap_or_default();
        let known = self.pool().get_message_by_name(name);
        let read = known.and_then(|known| json::read(&known, &any.value).ok());
        match read {
            Some(Value::Object(mut fields)) => {
                fields.insert("@type".to_owned(), any.type_url.clone().into());
                Value::Object(fields)
            }
            Some(other) => json!({ "@type": any.type_url, "value": other }),
            None => {
                let value = general_purpose::STANDARD.encode(&any.value);
                json!({ "@type": any.type_url, "value": value })
            }
        }
    }
}
