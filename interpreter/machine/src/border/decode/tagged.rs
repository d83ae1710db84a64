//! Cases of enums that a property tells apart, beside the fields of the case: `{"kind": "card", "number": "1"}`.
//!
//! The property may stand anywhere in the object, so the object is looked through for it before it is read.

use super::{Record, Segment, Typed, found};
use crate::border::misfit::shown;
use flowmesh_ir::{Name, Value, nearest, ty::Case};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// Looks for the text of a property.
struct Find<'p>(&'p str);

/// What was found.
enum Said {
    Text(String),
    /// Not a text.
    Other,
    Twice,
    Nothing,
}

impl<'p> Typed<'_, 'p> {
    pub(super) fn tagged<'de, D: Deserializer<'de>>(
        self,
        tag: &'p Name,
        cases: &'p [Case],
        deserializer: D,
    ) -> Result<Value, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let mut text = serde_json::Deserializer::from_str(raw);
        let said = match raw.starts_with('{') {
            true => text.deserialize_map(Find(tag)).map_err(D::Error::custom)?,
            false => Said::Nothing,
        };
        let name = match said {
            Said::Text(name) => name,
            Said::Nothing if self.reading.untyped => {
                let mut text = serde_json::Deserializer::from_str(raw);
                return text.deserialize_any(self).map_err(D::Error::custom);
            }
            Said::Nothing if !raw.starts_with('{') => return Err(self.unfit(found(raw))),
            Said::Nothing => return Err(self.reading.fail(expected(tag, cases), "nothing")),
            Said::Twice => return Err(self.reading.fail("each field once", format!("`{tag}` twice"))),
            Said::Other => return Err(self.reading.fail(expected(tag, cases), "something else")),
        };
        let Some(case) = cases.iter().find(|case| case.wire() == name) else {
            let near = nearest(&name, cases.iter().map(Case::wire));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let found = shown(&format!("\"{name}\""));
            return Err(self.reading.fail_with(expected(tag, cases), found, hint));
        };
        let mut text = serde_json::Deserializer::from_str(raw);
        let fields = self.reading.inside(Segment::Field(case.wire()), |reading| {
            let record = Record {
                reading,
                fields: &case.fields,
                beside: Some(tag),
            };
            record.deserialize(&mut text)
        });
        let fields = fields.map_err(D::Error::custom)?;
        Ok(Value::variant(case.name.clone(), fields))
    }
}

fn expected(tag: &str, cases: &[Case]) -> String {
    let names: Vec<_> = cases.iter().map(|case| format!("`{}`", case.wire())).collect();
    format!("field `{tag}`, one of {}", names.join(", "))
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut said = Said::Nothing;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let raw = map.next_value::<&RawValue>()?;
            said = match (said, serde_json::from_str(raw.get())) {
                (Said::Nothing, Ok(text)) => Said::Text(text),
                (Said::Nothing, Err(_)) => Said::Other,
                _ => Said::Twice,
            };
        }
        Ok(said)
    }
}
