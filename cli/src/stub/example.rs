//! Example values by type: the same request, type, name and number always give the same value.

use flowmesh_ir::{
    Program,
    ty::{Field, Shape, Type, TypeDef},
};
use flowmesh_machine::border::{Strictness, decode};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Below this depth optionals are absent and lists empty, so that types that contain themselves end.
const DEPTH_FULL: u32 = 6;
/// What is deeper than this cannot be made; no sane type is.
const DEPTH_MAX: u32 = 64;

/// What an example is for.
pub(crate) struct Example<'a> {
    /// The program that declares the types.
    program: &'a Program,
    /// The operation, from which identifiers are made.
    operation: &'a str,
    /// The how manieth answer it is, from 1.
    number: u64,
    /// What the request says of fields: it is true of the field of that name in the answer.
    request: BTreeMap<String, &'a RawValue>,
}

impl<'a> Example<'a> {
    pub(crate) fn new(
        program: &'a Program,
        operation: &'a str,
        number: u64,
        request: Option<&'a RawValue>,
    ) -> Self {
        let request = request.and_then(|request| serde_json::from_str(request.get()).ok());
        Self {
            program,
            operation,
            number,
            request: request.unwrap_or_default(),
        }
    }

    /// An example of a type as JSON; `None` where the type is none or contains itself without end.
    pub(crate) fn of(&self, ty: &Type) -> Option<String> {
        self.value(ty, "", 0)
    }

    fn value(&self, ty: &Type, name: &str, depth: u32) -> Option<String> {
        let deeper = depth + 1;
        let plain = |text: &str| Some(text.to_owned());
        match ty {
            Type::Unit => None,
            Type::Bool => plain("true"),
            Type::Int => plain("1"),
            Type::Float => plain("1.5"),
            Type::Decimal => plain("\"1.00\""),
            Type::String => Some(quoted(&self.text(name))),
            Type::Bytes => plain("\"AAEC\""),
            Type::Time => plain("\"2026-01-31T12:00:00Z\""),
            Type::Date => plain("\"2026-01-31\""),
            Type::Duration => plain("\"1h\""),
            Type::Url => plain("\"http://example.com/\""),
            Type::Json => plain("{}"),
            Type::Optional(_) if depth > DEPTH_FULL => plain("null"),
            Type::Optional(inner) => self.value(inner, name, deeper).or_else(|| plain("null")),
            Type::List(_) if depth > DEPTH_FULL => plain("[]"),
            Type::List(inner) => Some(format!(
                "[{}]",
                self.value(inner, name, deeper).unwrap_or_default()
            )),
            Type::Map(_) if depth > DEPTH_FULL => plain("{}"),
            Type::Map(inner) => {
                let value = self.value(inner, name, deeper).or_else(|| plain("null"))?;
                Some(format!("{{\"example\":{value}}}"))
            }
            Type::Named(_) if depth > DEPTH_MAX => None,
            Type::Named(id) => self.definition(self.program.ty(*id)?, name, deeper),
        }
    }

    fn definition(&self, def: &TypeDef, name: &str, depth: u32) -> Option<String> {
        match &def.shape {
            Shape::Record(fields) => self.fields(fields, None, depth),
            Shape::Alias { ty, .. } => self.value(ty, name, depth),
            Shape::Enum(cases) => {
                let plain = cases.iter().find(|case| case.fields.is_empty());
                let case = plain.or(cases.first())?;
                if let Some(tag) = &def.tag {
                    return self.fields(&case.fields, Some((tag, case.wire())), depth);
                }
                if case.fields.is_empty() {
                    return Some(quoted(&case.name));
                }
                let fields = self.fields(&case.fields, None, depth)?;
                Some(format!("{{{}:{fields}}}", quoted(&case.name)))
            }
        }
    }

    /// An object of these fields, after what tells its case apart.
    fn fields(&self, fields: &[Field], tag: Option<(&str, &str)>, depth: u32) -> Option<String> {
        let mut all: Vec<String> = Vec::with_capacity(fields.len().saturating_add(1));
        all.extend(tag.map(|(tag, case)| format!("{}:{}", quoted(tag), quoted(case))));
        for field in fields {
            let said = if depth == 1 { self.said(field) } else { None };
            let value = match said {
                Some(said) => said,
                None => self.value(&field.ty, &field.name, depth)?,
            };
            all.push(format!("{}:{value}", quoted(&field.name)));
        }
        Some(format!("{{{}}}", all.join(",")))
    }

    /// What the request says of a field, as it is written there, if that fits its type. An `id` is the service's own to
    /// give.
    fn said(&self, field: &Field) -> Option<String> {
        if field.name == "id" {
            return None;
        }
        let said = self.request.get(field.name.as_str())?.get();
        let fits = decode(self.program, &field.ty, said.as_bytes(), Strictness::Lenient);
        fits.is_ok().then(|| said.to_owned())
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

/// A text as JSON.
fn quoted(text: &str) -> String {
    super::raw::text(text).get().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Example;
    use flowmesh_ir::ty::{Field, Shape, Type, TypeDef};

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
        let example = Example::new(&program, "charge", 2, None);
        let value = example.of(&Type::Named(flowmesh_ir::TypeId(0)));
        assert_eq!(value.as_deref(), Some(r#"{"id":"charge-2","total":"1.00"}"#));
    }

    #[test]
    fn what_the_request_says_and_the_type_takes_is_said_back() {
        let program = program(vec![field("id", Type::String), field("total", Type::Decimal)]);
        let request = crate::stub::raw::read(br#"{ "total": 44.90000000000000001, "id": "o-7" }"#);
        let example = Example::new(&program, "charge", 1, request.as_deref());
        let value = example.of(&Type::Named(flowmesh_ir::TypeId(0)));
        let said = r#"{"id":"charge-1","total":44.90000000000000001}"#;
        assert_eq!(value.as_deref(), Some(said));
    }

    #[test]
    fn a_type_that_contains_itself_ends() {
        let named = Type::Named(flowmesh_ir::TypeId(0));
        let program = program(vec![field("next", Type::Optional(Box::new(named.clone())))]);
        let example = Example::new(&program, "walk", 1, None);
        assert!(example.of(&named).is_some());
    }

    #[test]
    fn a_type_without_an_end_gives_nothing() {
        let named = Type::Named(flowmesh_ir::TypeId(0));
        let program = program(vec![field("next", named.clone())]);
        let example = Example::new(&program, "walk", 1, None);
        assert_eq!(example.of(&named), None);
    }
}
