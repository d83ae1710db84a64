//! Between the JSON of the language and that of protobuf, where the two differ: a `oneof` is a field of its own here and
//! several fields there, and durations are written in other ways.
//!
//! How deep values go is limited by the readers of JSON and of messages before this looks at them.

use super::duration;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions};
use serde_json::{Map, Value};

/// What the payload of a case is called.
const PAYLOAD: &str = "value";

/// Which way a value goes.
#[derive(Clone, Copy)]
enum Way {
    Out,
    In,
}

/// A message as JSON of the language.
pub(super) fn read(descriptor: &MessageDescriptor, message: &[u8]) -> Result<Value, String> {
    let message = DynamicMessage::decode(descriptor.clone(), message)
        .map_err(|why| format!("it is no `{}`: {why}", descriptor.full_name()))?;
    let options = SerializeOptions::new()
        .stringify_64_bit_integers(false)
        .use_proto_field_name(true)
        .skip_default_fields(false);
    let mut value = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|why| format!("a `{}` cannot be written as JSON: {why}", descriptor.full_name()))?;
    from_proto(descriptor, &mut value);
    Ok(value)
}

/// Changes the JSON of a call into that of a message.
pub(super) fn to_proto(message: &MessageDescriptor, value: &mut Value) -> Result<(), String> {
    let Some(fields) = value.as_object_mut() else {
        return Ok(());
    };
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let Some(chosen) = fields.remove(oneof.name()) else {
            continue;
        };
        let Value::Object(chosen) = chosen else { continue };
        for (case, payload) in chosen {
            let Value::Object(mut payload) = payload else {
                return Err(format!("`{}` has no payload", oneof.name()));
            };
            fields.insert(case, payload.remove(PAYLOAD).unwrap_or(Value::Null));
        }
    }
    each(message, fields, Way::Out)
}

/// Changes the JSON of a message into that of a reply.
fn from_proto(message: &MessageDescriptor, value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    // Nothing of this direction fails: what cannot be turned stays as it is, and the reader of the reply says so.
    let _ = each(message, fields, Way::In);
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        for field in oneof.fields() {
            if let Some(payload) = fields.remove(field.name()).filter(|payload| !payload.is_null()) {
                let payload = Map::from_iter([(PAYLOAD.to_owned(), payload)]);
                let case = Map::from_iter([(field.name().to_owned(), Value::Object(payload))]);
                fields.insert(oneof.name().to_owned(), Value::Object(case));
            }
        }
    }
}

fn each(message: &MessageDescriptor, fields: &mut Map<String, Value>, way: Way) -> Result<(), String> {
    for field in message.fields() {
        let Some(value) = fields.get_mut(field.name()) else {
            continue;
        };
        let Some(kind) = inner(&field) else { continue };
        match value {
            Value::Array(items) if field.is_list() => {
                items.iter_mut().try_for_each(|item| one(&kind, item, way))?;
            }
            Value::Object(entries) if field.is_map() => {
                entries.values_mut().try_for_each(|item| one(&kind, item, way))?;
            }
            value => one(&kind, value, way)?,
        }
    }
    Ok(())
}

/// The message in a field, in its list or in its map.
fn inner(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => match entry.map_entry_value_field().kind() {
            Kind::Message(message) => Some(message),
            _ => None,
        },
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

fn one(message: &MessageDescriptor, value: &mut Value, way: Way) -> Result<(), String> {
    match (message.full_name(), way) {
        ("google.protobuf.Duration", Way::Out) => {
            if let Some(text) = value.as_str() {
                let seconds = duration::seconds(text).ok_or_else(|| format!("`{text}` is no duration"))?;
                *value = Value::String(seconds);
            }
        }
        ("google.protobuf.Duration", Way::In) => {
            if let Some(units) = value.as_str().and_then(duration::units) {
                *value = Value::String(units);
            }
        }
        (name, _) if name.starts_with("google.protobuf.") => {}
        (_, Way::Out) => to_proto(message, value)?,
        (_, Way::In) => from_proto(message, value),
    }
    Ok(())
}
