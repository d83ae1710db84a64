//! Values to JSON by type: decimals as strings, absent fields left out, fields in the order of the declaration.

use flowmesh_ir::{
    Program, Value,
    ty::{Case, Field, Shape, Type},
    value::Fields,
};
use flowmesh_stdlib::{
    json::{self, write_string},
    number, text,
};
use rust_decimal::Decimal;

/// The JSON of a value by its type: the same value gives the same bytes. The other way is [`super::decode()`].
#[must_use]
pub fn encode(program: &Program, ty: &Type, value: &Value) -> String {
    let mut out = String::new();
    write(program, ty, value, &mut out);
    out
}

/// The JSON that fits a value best where nobody knows its type.
#[must_use]
pub fn encode_untyped(value: &Value) -> String {
    let mut out = String::new();
    json::write(&mut out, value);
    out
}

/// Writes [`encode()`] behind what is there. Values are no deeper than their types and the border allow.
pub(crate) fn write(program: &Program, ty: &Type, value: &Value, out: &mut String) {
    match (ty, value) {
        (Type::Optional(_), Value::None) => out.push_str("null"),
        (Type::Optional(ty), value) => write(program, ty, value, out),
        (Type::List(ty), Value::List(values)) => write_list(program, ty, values, out),
        (Type::Map(ty), Value::Record(entries)) => write_map(program, ty, entries, out),
        (Type::Named(id), value) => match program.ty(*id).map(|def| (&def.shape, &def.tag)) {
            Some((Shape::Alias { ty, .. }, _)) => write(program, ty, value, out),
            Some((Shape::Record(fields), _)) => write_record(program, fields, value, out),
            Some((Shape::Enum(cases), Some(tag))) => write_tagged(program, tag, cases, value, out),
            Some((Shape::Enum(cases), None)) => match value {
                Value::Variant(variant) if !variant.fields.is_empty() => {
                    let fields = cases.iter().find(|case| case.name == variant.name);
                    out.push('{');
                    write_string(out, &variant.name);
                    out.push(':');
                    let fields = fields.map_or(&[][..], |case| &case.fields);
                    write_fields(program, fields, &variant.fields, out);
                    out.push('}');
                }
                other => json::write(out, other),
            },
            None => json::write(out, value),
        },
        (Type::Decimal, Value::Int(int)) => json::write(out, &Value::Decimal(Decimal::from(*int))),
        (Type::Float, Value::Int(int)) => json::write(out, &Value::Float(number::to_float(*int))),
        (Type::String | Type::Url, Value::Json(_)) => write_string(out, &text(value)),
        (_, value) => json::write(out, value),
    }
}

/// `{"kind": "card", "number": "1"}`
fn write_tagged(program: &Program, tag: &str, cases: &[Case], value: &Value, out: &mut String) {
    let Value::Variant(variant) = value else {
        return json::write(out, value);
    };
    let case = cases.iter().find(|case| case.name == variant.name);
    out.push('{');
    write_string(out, tag);
    out.push(':');
    write_string(out, case.map_or(&variant.name, |case| case.wire()));
    let fields = case.map_or(&[][..], |case| &case.fields);
    write_members(program, fields, &variant.fields, false, out);
    out.push('}');
}

fn write_list(program: &Program, ty: &Type, values: &[Value], out: &mut String) {
    out.push('[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(program, ty, value, out);
    }
    out.push(']');
}

fn write_map(program: &Program, ty: &Type, entries: &Fields, out: &mut String) {
    out.push('{');
    for (at, (key, value)) in entries.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write(program, ty, value, out);
    }
    out.push('}');
}

fn write_record(program: &Program, fields: &[Field], value: &Value, out: &mut String) {
    match value {
        Value::Record(values) => write_fields(program, fields, values, out),
        other => json::write(out, other),
    }
}

/// Writes an object of these fields.
pub(crate) fn write_fields(program: &Program, fields: &[Field], values: &Fields, out: &mut String) {
    out.push('{');
    write_members(program, fields, values, true, out);
    out.push('}');
}

fn write_members(program: &Program, fields: &[Field], values: &Fields, mut first: bool, out: &mut String) {
    for field in fields {
        let Some(value) = values.get(&field.name).filter(|value| **value != Value::None) else {
            continue;
        };
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        write_string(out, &field.name);
        out.push(':');
        write(program, &field.ty, value, out);
    }
}
