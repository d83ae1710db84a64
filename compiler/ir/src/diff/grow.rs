//! Whether every value of a type of the old version can be made one of a type of the new one, by its JSON.

use crate::{
    Program, TypeId,
    print::whole_type,
    ty::{Case, Field, Rule, Shape, Type},
};
use std::collections::BTreeSet;

/// Whether a value of `was` is one of `is` as well, once its JSON was read again: fields that were added are optional,
/// cases were only added, and no rule is new.
#[must_use]
pub fn grows(old: &Program, was: &Type, new: &Program, is: &Type) -> bool {
    Growth {
        old,
        new,
        seen: BTreeSet::new(),
    }
    .ty(was, is)
}

/// Whether two types are the same, with all types that they name: then a value stays as it is.
#[must_use]
pub fn same_type(old: &Program, was: &Type, new: &Program, is: &Type) -> bool {
    whole_type(old, was) == whole_type(new, is)
}

struct Growth<'a> {
    old: &'a Program,
    new: &'a Program,
    /// Types may name each other in a circle; each pair is looked at once.
    seen: BTreeSet<(TypeId, TypeId)>,
}

impl Growth<'_> {
    fn ty(&mut self, was: &Type, is: &Type) -> bool {
        match (was, is) {
            (Type::Optional(was), Type::Optional(is))
            | (Type::List(was), Type::List(is))
            | (Type::Map(was), Type::Map(is)) => self.ty(was, is),
            (was, Type::Optional(is)) => self.ty(was, is),
            (Type::Named(was), Type::Named(is)) => self.named(*was, *is),
            (was, is) => was == is,
        }
    }

    fn named(&mut self, was: TypeId, is: TypeId) -> bool {
        if !self.seen.insert((was, is)) {
            return true;
        }
        let (Some(was), Some(is)) = (self.old.ty(was), self.new.ty(is)) else {
            return false;
        };
        was.name == is.name
            && was.tag == is.tag
            && match (&was.shape, &is.shape) {
                (Shape::Record(was), Shape::Record(is)) => self.fields(was, is),
                (Shape::Enum(was), Shape::Enum(is)) => was.iter().all(|case| self.case(case, is)),
                (
                    Shape::Alias {
                        ty: was,
                        rule: before,
                    },
                    Shape::Alias { ty: is, rule: after },
                ) => holds(before.as_ref(), after.as_ref()) && self.ty(was, is),
                _ => false,
            }
    }

    fn case(&mut self, was: &Case, all: &[Case]) -> bool {
        let is = all
            .iter()
            .find(|is| is.name == was.name && is.wire() == was.wire());
        is.is_some_and(|is| self.fields(&was.fields, &is.fields))
    }

    fn fields(&mut self, was: &[Field], is: &[Field]) -> bool {
        is.iter().all(
            |field| match was.iter().find(|before| before.name == field.name) {
                Some(before) => {
                    holds(before.rule.as_ref(), field.rule.as_ref()) && self.ty(&before.ty, &field.ty)
                }
                None => matches!(field.ty, Type::Optional(_)),
            },
        )
    }
}

/// Whether what obeyed one rule obeys the other.
fn holds(before: Option<&Rule>, after: Option<&Rule>) -> bool {
    match (before, after) {
        (_, None) => true,
        (Some(before), Some(after)) => before.text == after.text,
        (None, Some(_)) => false,
    }
}
