//! Records, payloads and parameter lists: named fields in any order, each once.

use super::{Reading, Segment, Strictness, short};
use crate::border::misfit::shown;
use flowmesh_ir::{
    Value, nearest,
    ty::{Field, Type},
    value::Fields,
};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// Reads an object with these fields; they come out in the order of the declaration.
pub(crate) struct Record<'r, 'p> {
    pub(crate) reading: &'r mut Reading<'p>,
    pub(crate) fields: &'p [Field],
    /// A name in the object that is none of a field, and was read already.
    pub(crate) beside: Option<&'p str>,
}

/// A name in the text: that of a declared field, by its number, or another.
enum Key {
    Known(usize),
    Unknown(String),
}

/// Finds the number of a field without copying its name. Fields mostly come in the order of the declaration.
struct FindKey<'p> {
    fields: &'p [Field],
    likely: usize,
}

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let Record {
            reading,
            fields,
            beside,
        } = self;
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        let mut likely = 0;
        while let Some(key) = map.next_key_seed(FindKey { fields, likely })? {
            let Key::Known(at) = key else {
                if matches!(&key, Key::Unknown(name) if beside == Some(name)) {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                unknown(reading, fields, key)?;
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            likely = at + 1;
            let (Some(field), Some(place)) = (fields.get(at), values.get_mut(at)) else {
                continue;
            };
            if place.is_some() {
                let twice = format!("{} twice", shown(&field.name));
                return Err(reading.fail("each field once", twice));
            }
            *place = Some(reading.inside(Segment::Field(&field.name), |reading| {
                let value = map.next_value_seed(reading.typed(&field.ty))?;
                reading.obey(field.rule.as_ref(), &value)?;
                Ok(value)
            })?);
        }
        complete(reading, fields, values)
    }
}

fn unknown<E: Error>(reading: &mut Reading<'_>, fields: &[Field], key: Key) -> Result<(), E> {
    let (Key::Unknown(name), Strictness::Strict) = (key, reading.strictness) else {
        return Ok(());
    };
    let near = nearest(&name, fields.iter().map(|field| field.name.as_str()));
    let hint = near.map(|near| format!("did you mean `{near}`?"));
    let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
    let expected = match names.as_slice() {
        [] => "no fields".to_owned(),
        names => format!("the fields {}", names.join(", ")),
    };
    Err(reading.fail_with(expected, format!("unknown field {}", shown(&name)), hint))
}

fn complete<E: Error>(
    reading: &mut Reading<'_>,
    fields: &[Field],
    values: Vec<Option<Value>>,
) -> Result<Fields, E> {
    let mut all = Fields::with_capacity(fields.len());
    for (field, value) in fields.iter().zip(values) {
        let absent = || match field.ty {
            Type::Optional(_) | Type::Unit | Type::Json => Some(Value::None),
            _ => None,
        };
        let Some(value) = value.or_else(absent) else {
            let expected = format!(
                "field `{}` of type {}",
                field.name,
                short(reading.program, &field.ty)
            );
            return Err(reading.fail(expected, "nothing"));
        };
        all.insert(field.name.clone(), value);
    }
    Ok(all)
}

impl<'de> DeserializeSeed<'de> for FindKey<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FindKey<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if self
            .fields
            .get(self.likely)
            .is_some_and(|field| field.name == name)
        {
            return Ok(Key::Known(self.likely));
        }
        let known = self.fields.iter().position(|field| field.name == name);
        Ok(known.map_or_else(|| Key::Unknown(name.to_owned()), Key::Known))
    }
}
