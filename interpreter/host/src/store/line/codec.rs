//! How bytes stand in JSON: hashes as hexadecimal digits, payloads as they are where they are JSON themselves.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::value::RawValue;

/// Bytes that may be anything, and mostly are JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Payload {
    /// JSON, to the letter.
    Json(Box<RawValue>),
    /// Other text, or JSON over several lines.
    Text(String),
    /// Anything else, as hexadecimal digits.
    Hex(String),
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::Hex(to_hex(bytes));
        };
        match RawValue::from_string(text.to_owned()) {
            Ok(json) if json.get() == text && !text.contains(['\n', '\r']) => Self::Json(json),
            _ => Self::Text(text.to_owned()),
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.ok_or_else(|| "expected pairs of hexadecimal digits".to_owned())
}

/// A hash.
pub(in crate::store) mod hash {
    use super::{Bytes, Deserialize, Deserializer, Error, Serializer, from_hex, to_hex};

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&to_hex(bytes))
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        from_hex(&text).map(Bytes::from).map_err(D::Error::custom)
    }
}

/// A payload.
pub(in crate::store) mod payload {
    use super::{Bytes, Deserialize, Deserializer, Error, Payload, Serialize, Serializer, from_hex};

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        Payload::from(bytes.as_ref()).serialize(to)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        Ok(match Payload::deserialize(from)? {
            Payload::Json(json) => json.get().to_owned().into(),
            Payload::Text(text) => text.into(),
            Payload::Hex(digits) => from_hex(&digits).map_err(D::Error::custom)?.into(),
        })
    }
}

/// The identifier of a run.
pub(in crate::store) mod run {
    use super::{Bytes, Deserialize, Deserializer, Error, Serialize, Serializer};
    use crate::RunId;

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        let bytes = <[u8; 16]>::try_from(bytes.as_ref()).unwrap_or_default();
        RunId(u128::from_be_bytes(bytes)).serialize(to)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let run = RunId::deserialize(from).map_err(D::Error::custom)?;
        Ok(Bytes::copy_from_slice(&run.0.to_be_bytes()))
    }
}

/// What was decided, in a word.
pub(in crate::store) mod choice {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use crate::store::proto::Choice;

    pub(in crate::store) fn serialize<S: Serializer>(choice: &i32, to: S) -> Result<S::Ok, S::Error> {
        Choice::try_from(*choice)
            .unwrap_or(Choice::Unspecified)
            .serialize(to)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
        Choice::deserialize(from).map(|choice| choice as i32)
    }
}

/// Why a call failed, in a word.
pub(in crate::store) mod failure_kind {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use crate::store::proto::FailureKind;

    pub(in crate::store) fn serialize<S: Serializer>(kind: &i32, to: S) -> Result<S::Ok, S::Error> {
        FailureKind::try_from(*kind)
            .unwrap_or(FailureKind::Unspecified)
            .serialize(to)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
        FailureKind::deserialize(from).map(|kind| kind as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        let all: [&[u8]; 8] = [
            b"{\"a\": 1.50}",
            b" {} ",
            b"{\n}",
            b"1e400",
            b"",
            b"no json",
            &[0xff, 0],
            b"\"\xc3\xa9\"",
        ];
        for bytes in all {
            let text = serde_json::to_string(&Payload::from(bytes)).unwrap();
            assert!(!text.contains('\n'), "{text}");
            let read = payload::deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
            assert_eq!(read.as_ref(), bytes, "{text}");
        }
        assert!(from_hex("0").is_err() && from_hex("+1").is_err() && from_hex("zz").is_err());
    }
}
