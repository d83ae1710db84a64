//! JSON by chance for a type: mostly it fits.

use crate::mutate::Random;
use flowmesh_ir::{
    Program,
    ty::{Field, Shape, Type},
};

/// How deep values are made.
const DEPTH_MAX: u32 = 5;

/// A value of a type.
pub(super) fn value(program: &Program, ty: &Type, random: &mut Random, depth: u32) -> String {
    let some = |from: &[&str], random: &mut Random| from[random.below(from.len())].to_owned();
    if random.below(60) == 0 || depth > DEPTH_MAX {
        return some(&["null", "7", "\"?\"", "{}", "[]", "-1"], random);
    }
    let inner = |ty: &Type, random: &mut Random| value(program, ty, random, depth + 1);
    match ty {
        Type::Bool => some(&["true", "false"], random),
        Type::Int => some(&["0", "1", "2", "3", "-1", "200", "9223372036854775807"], random),
        Type::Float => some(&["0.5", "1", "-2e3"], random),
        Type::Decimal => some(&["\"1.50\"", "12", "0.01"], random),
        Type::String => some(
            &["\"a\"", "\"b\"", "\"\"", "\"AAA-1\"", "\"card 4\"", "\"..\""],
            random,
        ),
        Type::Bytes => some(&["\"\"", "\"aGk=\""], random),
        Type::Time => some(&["\"2026-01-31T00:00:00Z\"", "\"1970-01-01T00:00:01Z\""], random),
        Type::Date => some(&["\"2026-01-31\"", "\"2024-02-29\""], random),
        Type::Duration => some(&["\"1s\"", "\"2h\"", "\"0s\""], random),
        Type::Url => some(&["\"http://127.0.0.1:1\"", "\"https://a.example\""], random),
        Type::Json => some(&["{\"id\":\"a\",\"n\":[1,2]}", "null", "\"x\"", "3"], random),
        Type::Unit => String::new(),
        Type::Optional(_) if random.below(3) == 0 => "null".to_owned(),
        Type::Optional(ty) => inner(ty, random),
        Type::List(ty) => {
            let items: Vec<String> = (0..random.below(4)).map(|_| inner(ty, random)).collect();
            format!("[{}]", items.join(","))
        }
        Type::Map(ty) => {
            let names = ["a", "b"].into_iter().take(random.below(3));
            let members: Vec<String> = names
                .map(|name| format!("\"{name}\":{}", inner(ty, random)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Type::Named(id) => match program.ty(*id).map(|def| &def.shape) {
            Some(Shape::Record(fields)) => object(program, fields, random, depth + 1),
            Some(Shape::Enum(cases)) => {
                let Some(case) = cases.get(random.below(cases.len())) else {
                    return "null".to_owned();
                };
                match case.fields.as_slice() {
                    [] => format!("\"{}\"", case.name),
                    fields => format!(
                        "{{\"{}\":{}}}",
                        case.name,
                        object(program, fields, random, depth + 1)
                    ),
                }
            }
            Some(Shape::Alias { ty, .. }) => inner(ty, random),
            None => "null".to_owned(),
        },
    }
}

/// An object with a member for each field.
pub(super) fn object(program: &Program, fields: &[Field], random: &mut Random, depth: u32) -> String {
    let member = |field: &Field| {
        let name = serde_json::Value::from(field.name.as_str());
        format!("{name}:{}", value(program, &field.ty, random, depth))
    };
    let members: Vec<String> = fields.iter().map(member).collect();
    format!("{{{}}}", members.join(","))
}
