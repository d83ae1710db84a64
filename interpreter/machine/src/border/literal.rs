//! Texts from the command line and the environment as values: plainly written, or as JSON.

use super::{Misfit, Strictness, decode};
use flowmesh_ir::{
    Program, Value,
    ty::{Shape, Type},
};
use flowmesh_stdlib::json;

/// The value of a text by type: for everything that is a string in JSON the text itself, otherwise JSON.
pub(super) fn read(program: &Program, ty: &Type, text: &str) -> Result<Value, Misfit> {
    if !is_text(program, ty, 0) {
        return decode(program, ty, text.as_bytes(), Strictness::Strict);
    }
    let mut quoted = String::new();
    json::write_string(&mut quoted, text);
    let plain = decode(program, ty, quoted.as_bytes(), Strictness::Strict);
    // An enum case with a payload, and a text that somebody quoted out of habit for a type other than string.
    match plain {
        Err(misfit) if text.starts_with(['{', '"']) => {
            decode(program, ty, text.as_bytes(), Strictness::Strict).map_err(|_| misfit)
        }
        read => read,
    }
}

fn is_text(program: &Program, ty: &Type, depth: usize) -> bool {
    match ty {
        Type::String | Type::Url | Type::Bytes | Type::Time | Type::Date | Type::Duration => true,
        Type::Optional(ty) => is_text(program, ty, depth),
        Type::Named(id) if depth < 100 => match program.ty(*id).map(|def| &def.shape) {
            Some(Shape::Alias { ty, .. }) => is_text(program, ty, depth + 1),
            Some(Shape::Enum(_)) => true,
            _ => false,
        },
        _ => false,
    }
}
