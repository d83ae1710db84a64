//! What the JSON turns out to be: each kind goes to the type that can take it, or does not fit.

use super::{Record, Segment, Typed};
use crate::border::misfit::shown;
use flowmesh_ir::{
    Name, Value,
    ty::{Shape, Type},
    value::Fields,
};
use flowmesh_stdlib::limit::LIST_LENGTH_MAX;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// A value that may be absent.
pub(super) struct Maybe<'r, 'p>(pub(super) Typed<'r, 'p>);

impl<'de> Visitor<'de> for Maybe<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.deserialize(deserializer)
    }
}

impl<'de> Visitor<'de> for Typed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        match self.ty {
            Type::Bool => Ok(Value::Bool(value)),
            _ => Err(self.unfit(shown(&value.to_string()))),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        match self.ty {
            Type::Int => Ok(Value::Int(value)),
            _ => Err(self.unfit(shown(&value.to_string()))),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(self.unfit(shown(&value.to_string()))),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Err(self.unfit(shown(&format!("{value:?}"))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        match self.cases() {
            Some(cases) => self.plain_case(cases, text),
            None => self.string(text),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Err(self.unfit("`null`"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let Type::List(ty) = self.ty else {
            return Err(self.unfit("a list"));
        };
        let mut values = Vec::new();
        loop {
            let at = Segment::Index(values.len());
            let next = self
                .reading
                .inside(at, |reading| list.next_element_seed(reading.typed(ty)))?;
            let Some(value) = next else {
                return Ok(Value::list(values));
            };
            if values.len() >= LIST_LENGTH_MAX {
                return Err(self
                    .reading
                    .fail(format!("at most {LIST_LENGTH_MAX} elements"), "more"));
            }
            values.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        match self.ty {
            Type::Map(ty) => self.map(ty, map),
            Type::Named(id) => match self.reading.program.ty(*id).map(|def| &def.shape) {
                Some(Shape::Record(fields)) => Record {
                    reading: self.reading,
                    fields,
                    beside: None,
                }
                .visit_map(map)
                .map(Value::record),
                Some(Shape::Enum(cases)) => self.case_with_payload(cases, map),
                _ => Err(self.unfit("an object")),
            },
            _ => Err(self.unfit("an object")),
        }
    }
}

impl<'p> Typed<'_, 'p> {
    fn map<'de, A: MapAccess<'de>>(self, ty: &'p Type, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Fields::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.contains_key(key.as_str()) {
                return Err(self
                    .reading
                    .fail("each key once", format!("{} twice", shown(&key))));
            }
            let name = Name::new(&key);
            let value = self.reading.inside(Segment::Key(key), |reading| {
                map.next_value_seed(reading.typed(ty))
            })?;
            entries.insert(name, value);
            if entries.len() > LIST_LENGTH_MAX {
                return Err(self
                    .reading
                    .fail(format!("at most {LIST_LENGTH_MAX} entries"), "more"));
            }
        }
        Ok(Value::record(entries))
    }
}
