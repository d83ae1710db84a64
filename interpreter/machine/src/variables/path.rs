//! A variable, or a part of one, by name: `order.items[0].count`, `item#9`.

use crate::{
    Misfit,
    border::{Strictness, decode},
};
use flowmesh_ir::{
    Program, Value,
    ty::{Field, Shape, Type},
    value::Fields,
};
use std::sync::Arc;

/// How deep a path goes.
const DEPTH_MAX: usize = 64;

/// A variable, and the way to a part of it.
pub(super) struct Path<'n> {
    /// As it was written.
    whole: &'n str,
    pub(super) name: &'n str,
    /// The number of its slot, where it is said.
    pub(super) slot: Option<u32>,
    pieces: Vec<Piece<'n>>,
}

enum Piece<'n> {
    Field(&'n str),
    Index(usize),
}

impl<'n> Path<'n> {
    pub(super) fn parse(whole: &'n str) -> Result<Self, Misfit> {
        let end = whole.find(['.', '[']).unwrap_or(whole.len());
        let (head, mut rest) = whole.split_at_checked(end).unwrap_or((whole, ""));
        let (name, slot) = match head.split_once('#') {
            Some((name, number)) => (name, Some(number.parse().map_err(|_| unreadable(whole))?)),
            None => (head, None),
        };
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, left) = piece(rest).ok_or_else(|| unreadable(whole))?;
            pieces.push(piece);
            rest = left;
        }
        if name.is_empty() || pieces.len() > DEPTH_MAX {
            return Err(unreadable(whole));
        }
        Ok(Self {
            whole,
            name,
            slot,
            pieces,
        })
    }

    /// The value with another part.
    pub(super) fn put(
        &self,
        program: &Program,
        ty: &Type,
        value: Value,
        json: &[u8],
    ) -> Result<Value, Misfit> {
        self.put_at(program, ty, value, &self.pieces, json)
    }

    fn put_at(
        &self,
        program: &Program,
        ty: &Type,
        value: Value,
        pieces: &[Piece<'_>],
        json: &[u8],
    ) -> Result<Value, Misfit> {
        let Some((piece, rest)) = pieces.split_first() else {
            return decode(program, ty, json, Strictness::Strict).map_err(|misfit| self.below(misfit));
        };
        match (inner(program, ty), piece, value) {
            (Inner::Record(fields), Piece::Field(name), Value::Record(mut record)) => {
                let field = fields.iter().find(|field| field.name == *name);
                let field = field.ok_or_else(|| self.no_field(fields, name))?;
                let record = Arc::make_mut(&mut record);
                let before = record.get(&field.name).cloned().unwrap_or_default();
                let after = self.put_at(program, &field.ty, before, rest, json)?;
                put(record, field, after);
                Ok(Value::Record(Arc::new(std::mem::take(record))))
            }
            (Inner::List(ty), Piece::Index(at), Value::List(mut items)) => {
                let length = items.len();
                let item = Arc::make_mut(&mut items).get_mut(*at);
                let item =
                    item.ok_or_else(|| self.misfit(&format!("an index below {length}"), &at.to_string()))?;
                let before = std::mem::take(item);
                *item = self.put_at(program, ty, before, rest, json)?;
                Ok(Value::List(items))
            }
            _ => Err(self.misfit("a part of a record or a list that has a value", "something else")),
        }
    }

    fn no_field(&self, fields: &[Field], found: &str) -> Misfit {
        let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
        self.misfit(
            &format!("one of the fields {}", names.join(", ")),
            &format!("`{found}`"),
        )
    }

    pub(super) fn misfit(&self, expected: &str, found: &str) -> Misfit {
        Misfit {
            path: self.whole.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            hint: None,
        }
    }

    /// What does not fit in the new part.
    fn below(&self, misfit: Misfit) -> Misfit {
        let path = join(self.whole, &misfit.path);
        Misfit { path, ..misfit }
    }

    /// What does not fit in the whole variable.
    pub(super) fn around(&self, misfit: Misfit) -> Misfit {
        let path = join(self.name, &misfit.path);
        Misfit { path, ..misfit }
    }
}

/// What a type is made of, where it has parts.
enum Inner<'p> {
    Record(&'p [Field]),
    List(&'p Type),
    Other,
}

fn inner<'p>(program: &'p Program, ty: &'p Type) -> Inner<'p> {
    let mut at = ty;
    // Aliases end, since a program with a circle of them is no program.
    for _ in 0..DEPTH_MAX {
        at = match at {
            Type::Optional(ty) => ty,
            Type::List(ty) => return Inner::List(ty),
            Type::Named(id) => match program.ty(*id).map(|def| &def.shape) {
                Some(Shape::Alias { ty, .. }) => ty,
                Some(Shape::Record(fields)) => return Inner::Record(fields),
                _ => return Inner::Other,
            },
            _ => return Inner::Other,
        };
    }
    Inner::Other
}

/// Puts a value into a record; the order of its fields stays that of the declaration, since it was there before.
fn put(record: &mut Fields, field: &Field, value: Value) {
    record.insert(field.name.clone(), value);
}

fn piece(rest: &str) -> Option<(Piece<'_>, &str)> {
    if let Some(rest) = rest.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        return (!name.is_empty()).then_some((Piece::Field(name), rest));
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    Some((Piece::Index(index.parse().ok()?), rest))
}

fn join(before: &str, after: &str) -> String {
    match after {
        "" => before.to_owned(),
        after if after.starts_with('[') => format!("{before}{after}"),
        after => format!("{before}.{after}"),
    }
}

fn unreadable(whole: &str) -> Misfit {
    Misfit {
        path: whole.to_owned(),
        expected: "the name of a variable, such as `order.items[0].count`".to_owned(),
        found: format!("`{whole}`"),
        hint: None,
    }
}
