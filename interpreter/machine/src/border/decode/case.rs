//! Cases of enums: `"open"`, and `{"Card": {"number": "1"}}` for one with a payload.

use super::{Record, Segment, Typed};
use crate::border::misfit::shown;
use flowmesh_ir::{
    Value, nearest,
    ty::{Case, Shape, Type},
    value::Fields,
};
use serde::de::{Error, MapAccess};

impl<'p> Typed<'_, 'p> {
    /// The cases of the expected type, if it is an enum.
    pub(super) fn cases(&self) -> Option<&'p [Case]> {
        let Type::Named(id) = self.ty else {
            return None;
        };
        match self.reading.program.ty(*id).map(|def| &def.shape) {
            Some(Shape::Enum(cases)) => Some(cases),
            _ => None,
        }
    }

    pub(super) fn plain_case<E: Error>(self, cases: &[Case], name: &str) -> Result<Value, E> {
        match cases.iter().find(|case| case.name == name) {
            Some(case) if case.fields.is_empty() => Ok(Value::variant(case.name.clone(), Fields::new())),
            Some(case) => {
                let expected = format!("{{\"{}\": {{...}}}} with its fields", case.name);
                Err(self.reading.fail(expected, format!("{} alone", shown(name))))
            }
            None => Err(self.unknown_case(cases, name)),
        }
    }

    pub(super) fn case_with_payload<'de, A: MapAccess<'de>>(
        self,
        cases: &'p [Case],
        mut map: A,
    ) -> Result<Value, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(self.unfit("an empty object"));
        };
        let Some(case) = cases.iter().find(|case| case.name == name) else {
            return Err(self.unknown_case(cases, &name));
        };
        let fields = self.reading.inside(Segment::Field(&case.name), |reading| {
            if case.fields.is_empty() {
                return map.next_value::<()>().map(|()| Fields::new());
            }
            map.next_value_seed(Record {
                reading,
                fields: &case.fields,
                beside: None,
            })
        })?;
        match map.next_key::<String>()? {
            Some(second) => Err(self
                .reading
                .fail("one case", format!("{} as well", shown(&second)))),
            None => Ok(Value::variant(case.name.clone(), fields)),
        }
    }

    fn unknown_case<E: Error>(self, cases: &[Case], name: &str) -> E {
        let names: Vec<_> = cases.iter().map(|case| format!("`{}`", case.name)).collect();
        let near = nearest(name, cases.iter().map(|case| case.name.as_str()));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        self.reading.fail_with(
            format!("one of {}", names.join(", ")),
            shown(&format!("\"{name}\"")),
            hint,
        )
    }
}
