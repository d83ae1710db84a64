//! Example values by type: the same request, type, name and number always give the same value.

use flowmesh_ir::{
    Program,
    ty::{Field, Shape, Type, TypeDef},
};
use flowmesh_machine::border::{Strictness, decode};
use serde_json::{Map, Value, json};

/// Below this depth optionals are absent and lists empty, so that types that contain themselves end.
const DEPTH_FULL: u32 = 6;
/// What is deeper than this cannot be made; no sane type is.
const DEPTH_MAX: u32 = 64;

/// What an example is for.
#[derive(Clone, Copy)]
pub(crate) struct Example<'a> {
    /// The program that declares the types.
    pub(crate) program: &'a Program,
    /// The operation, from which identifiers are made.
    pub(crate) operation: &'a str,
    /// The how manieth answer it is, from 1.
    pub(crate) number: u64,
    /// The body of the request: what it says of a field is true of the field of that name in the answer.
    pub(crate) request: &'a Value,
}

impl Example<'_> {
    /// An example of a type; `None` where the type is none or contains itself without end.
    pub(crate) fn of(&self, ty: &Type) -> Option<Value> {
        self.value(ty, "", 0)
    }

    fn value(&self, ty: &Type, name: &str, depth: u32) -> Option<Value> {
        let deeper = depth + 1;
        Some(match ty {
            Type::Unit => return None,
            Type::Bool => json!(true),
            Type::Int => json!(1),
            Type::Float => json!(1.5),
            Type::Decimal => json!("1.00"),
            Type::String => json!(self.text(name)),
            Type::Bytes => json!("AAEC"),
            Type::Time => json!("2026-01-31T12:00:00Z"),
            Type::Date => json!("2026-01-31"),
            Type::Duration => json!("1h"),
            Type::Url => json!("http://example.com/"),
            Type::Json => json!({}),
            Type::Optional(_) if depth > DEPTH_FULL => Value::Null,
            Type::Optional(inner) => self.value(inner, name, deeper).unwrap_or_default(),
            Type::List(_) if depth > DEPTH_FULL => json!([]),
            Type::List(inner) => Value::Array(self.value(inner, name, deeper).into_iter().collect()),
            Type::Map(_) if depth > DEPTH_FULL => json!({}),
            Type::Map(inner) => json!({ "example": self.value(inner, name, deeper) }),
            Type::Named(_) if depth > DEPTH_MAX => return None,
            Type::Named(id) => return self.definition(self.program.ty(*id)?, name, deeper),
        })
    }

    fn definition(&self, def: &TypeDef, name: &str, depth: u32) -> Option<Value> {
        match &def.shape {
            Shape::Record(fields) => self.fields(fields, depth),
            Shape::Alias { ty, .. } => self.value(ty, name, depth),
            Shape::Enum(cases) => {
                let plain = cases.iter().find(|case| case.fields.is_empty());
                let case = plain.or(cases.first())?;
                if let Some(tag) = &def.tag {
                    let mut fields = self.fields(&case.fields, depth)?;
                    fields
                        .as_object_mut()?
                        .insert(tag.to_string(), json!(case.wire()));
                    return Some(fields);
                }
                if case.fields.is_empty() {
                    return Some(json!(case.name.as_str()));
                }
                Some(json!({ case.name.as_str(): self.fields(&case.fields, depth)? }))
            }
        }
    }

    fn fields(&self, fields: &[Field], depth: u32) -> Option<Value> {
        let mut all = Map::new();
        for field in fields {
            let said = if depth == 1 { self.said(field) } else { None };
            let value = match said {
                Some(said) => said,
                None => self.value(&field.ty, &field.name, depth)?,
            };
            all.insert(field.name.to_string(), value);
        }
        Some(Value::Object(all))
    }

    /// What the request says of a field, if that fits its type. An `id` is the service's own to give.
    fn said(&self, field: &Field) -> Option<Value> {
        if field.name == "id" {
            return None;
        }
        let said = self.request.get(field.name.as_str())?;
        let fits = decode(
            self.program,
            &field.ty,
            said.to_string().as_bytes(),
            Strictness::Lenient,
        );
        fits.is_ok().then(|| said.clone())
    }

    fn text(&self, name: &str) -> String {
        match name {
            "" | "id" => format!("{}-{}", self.operation, self.number),
            "email" => "ann@example.com".to_owned(),
            name if name.ends_with("_id") => format!("{name}-{}", self.number),
            name => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Example;
    use flowmesh_ir::ty::{Field, Shape, Type, TypeDef};
    use serde_json::{Value, json};

    fn field(name: &str, ty: Type) -> Field {
        Field {
            name: name.into(),
            ty,
            rule: None,
        }
    }

    fn program(fields: Vec<Field>) -> flowmesh_ir::Program {
        let mut program = super::super::tests::empty_program();
        program.types.push(TypeDef {
            name: "T".into(),
            doc: None,
            tag: None,
            shape: Shape::Record(fields),
        });
        program
    }

    #[test]
    fn a_record_has_all_its_fields_in_order() {
        let program = program(vec![field("id", Type::String), field("total", Type::Decimal)]);
        let example = Example {
            program: &program,
            operation: "charge",
            number: 2,
            request: &Value::Null,
        };
        let value = example.of(&Type::Named(flowmesh_ir::TypeId(0)));
        assert_eq!(value, Some(json!({ "id": "charge-2", "total": "1.00" })));
    }

    #[test]
    fn what_the_request_says_and_the_type_takes_is_said_back() {
        let program = program(vec![field("id", Type::String), field("total", Type::Decimal)]);
        let example = Example {
            program: &program,
            operation: "charge",
            number: 1,
            request: &json!({ "total": "44.90", "id": "o-7" }),
        };
        let value = example.of(&Type::Named(flowmesh_ir::TypeId(0)));
        assert_eq!(value, Some(json!({ "id": "charge-1", "total": "44.90" })));
    }

    #[test]
    fn a_type_that_contains_itself_ends() {
        let named = Type::Named(flowmesh_ir::TypeId(0));
        let program = program(vec![field("next", Type::Optional(Box::new(named.clone())))]);
        let example = Example {
            program: &program,
            operation: "walk",
            number: 1,
            request: &Value::Null,
        };
        assert!(example.of(&named).is_some());
    }

    #[test]
    fn a_type_without_an_end_gives_nothing() {
        let named = Type::Named(flowmesh_ir::TypeId(0));
        let program = program(vec![field("next", named.clone())]);
        let example = Example {
            program: &program,
            operation: "walk",
            number: 1,
            request: &Value::Null,
        };
        assert_eq!(example.of(&named), None);
    }
}
