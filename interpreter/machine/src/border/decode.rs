//! JSON to values by type, straight from the text: no tree in between, and no decimal through a float.
//!
//! Every part of the text is read by a [`Typed`], which knows the type that is expected there; [`Reading`] knows the
//! place. The other way is [`super::encode()`].

mod case;
mod compound;
mod record;
mod scalar;
mod tagged;

pub(super) use record::Record;

use super::{Misfit, Settings, misfit::shown};
use crate::eval::{Context, Evaluator, set};
use flowmesh_ir::{
    Program, SlotId, Value,
    ty::{Rule, Shape, Type},
};
use flowmesh_stdlib::json;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny},
};
use serde_json::value::RawValue;
use std::fmt::Write;

/// How deep values may nest.
const DEPTH_MAX: usize = 128;

/// How much work the rules of one text may be.
const RULE_FUEL: u64 = 5_000_000;

/// What happens to fields that the type does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// They are refused: a start and a signal are written for this program.
    Strict,
    /// They are ignored: a service may say more than we ask.
    Lenient,
}

/// The value of a JSON text by its type. The caller limits the size of the text.
///
/// # Errors
/// What does not fit, the first in the order of the text.
pub fn decode(program: &Program, ty: &Type, json: &[u8], strictness: Strictness) -> Result<Value, Misfit> {
    let mut reading = Reading::new(program, strictness);
    let mut text = serde_json::Deserializer::from_slice(json);
    let read = reading
        .typed(ty)
        .deserialize(&mut text)
        .and_then(|value| text.end().map(|()| value));
    read.map_err(|error| reading.misfit(&error))
}

/// The value by a type of what [`super::encode_untyped()`] wrote; also of what [`super::encode()`] did.
///
/// # Errors
/// What does not fit, the first in the order of the text.
pub fn decode_untyped(program: &Program, ty: &Type, json: &str) -> Result<Value, Misfit> {
    let mut reading = Reading::new(program, Strictness::Lenient);
    reading.untyped = true;
    let mut text = serde_json::Deserializer::from_str(json);
    let read = reading.typed(ty).deserialize(&mut text);
    read.map_err(|error| reading.misfit(&error))
}

/// The reading of one text: where it stands, and what did not fit.
pub(super) struct Reading<'p> {
    program: &'p Program,
    strictness: Strictness,
    /// Whether the text was written by the program itself without knowing types: cases are then written in one way.
    untyped: bool,
    path: Vec<Segment<'p>>,
    misfit: Option<Misfit>,
    frame: Vec<Value>,
    fuel: u64,
}

/// A piece of the way to a part.
enum Segment<'p> {
    Field(&'p str),
    Key(String),
    Index(usize),
}

impl<'p> Reading<'p> {
    pub(super) fn new(program: &'p Program, strictness: Strictness) -> Self {
        Self {
            program,
            strictness,
            untyped: false,
            path: Vec::new(),
            misfit: None,
            frame: Vec::new(),
            fuel: RULE_FUEL,
        }
    }

    pub(super) fn typed<'r>(&'r mut self, ty: &'p Type) -> Typed<'r, 'p> {
        Typed { reading: self, ty }
    }

    /// What is wrong, after reading has failed: what did not fit, or that the text is no JSON at all.
    pub(super) fn misfit(&mut self, error: &serde_json::Error) -> Misfit {
        self.misfit.take().unwrap_or_else(|| Misfit {
            path: self.place(),
            expected: "JSON".to_owned(),
            found: format!("something else: {error}"),
            hint: None,
        })
    }

    /// Notes what does not fit and stops the reading. The error itself carries no words.
    fn fail<E: Error>(&mut self, expected: impl Into<String>, found: impl Into<String>) -> E {
        self.fail_with(expected, found, None)
    }

    fn fail_with<E: Error>(
        &mut self,
        expected: impl Into<String>,
        found: impl Into<String>,
        hint: Option<String>,
    ) -> E {
        let path = self.place();
        self.misfit.get_or_insert(Misfit {
            path,
            expected: expected.into(),
            found: found.into(),
            hint,
        });
        E::custom("")
    }

    /// Reads a part that lies one level deeper.
    fn inside<T, E: Error>(
        &mut self,
        segment: Segment<'p>,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.path.len() >= DEPTH_MAX {
            return Err(self.fail(format!("at most {DEPTH_MAX} levels"), "more"));
        }
        self.path.push(segment);
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for segment in &self.path {
            // Writing into a String cannot fail.
            let _ = match segment {
                Segment::Field(name) if place.is_empty() => write!(place, "{name}"),
                Segment::Field(name) => write!(place, ".{name}"),
                Segment::Key(key) => write!(place, "[{key:?}]"),
                Segment::Index(index) => write!(place, "[{index}]"),
            };
        }
        place
    }

    /// Checks a rule. Absence breaks none.
    fn obey<E: Error>(&mut self, rule: Option<&Rule>, value: &Value) -> Result<(), E> {
        let Some(rule) = rule else {
            return Ok(());
        };
        if *value == Value::None {
            return Ok(());
        }
        let (settings, mut context) = (Settings::default(), Context::default());
        let held = set(&mut self.frame, SlotId(0), value.clone()).and_then(|()| {
            Evaluator::new(
                self.program,
                &settings,
                &mut self.frame,
                &mut context,
                &mut self.fuel,
            )
            .holds(&rule.condition)
        });
        let hint = match held {
            Ok(true) => return Ok(()),
            Ok(false) => None,
            Err(fault) => Some(fault.reason().to_owned()),
        };
        Err(self.fail_with(
            format!("a value where `{}`", rule.text),
            super::describe(value),
            hint,
        ))
    }
}

/// Reads one value of a type.
pub(super) struct Typed<'r, 'p> {
    reading: &'r mut Reading<'p>,
    ty: &'p Type,
}

impl<'de> DeserializeSeed<'de> for Typed<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.ty {
            Type::Json => {
                let raw = <&RawValue>::deserialize(deserializer)?;
                Ok(json::wrap(raw.get()))
            }
            Type::Decimal | Type::Float => {
                let raw = <&RawValue>::deserialize(deserializer)?;
                self.number(raw.get())
            }
            Type::Unit => IgnoredAny::deserialize(deserializer).map(|_| Value::None),
            Type::Optional(ty) => deserializer.deserialize_option(compound::Maybe(self.reading.typed(ty))),
            Type::Named(id) => match self.reading.program.ty(*id).map(|def| (&def.shape, &def.tag)) {
                Some((Shape::Alias { ty, rule }, _)) => {
                    let value = self.reading.typed(ty).deserialize(deserializer)?;
                    self.reading.obey(rule.as_ref(), &value)?;
                    Ok(value)
                }
                Some((Shape::Enum(cases), Some(tag))) => self.tagged(tag, cases, deserializer),
                Some((Shape::Record(_) | Shape::Enum(_), _)) => deserializer.deserialize_any(self),
                None => Err(self.reading.fail("a declared type", format!("type number {id}"))),
            },
            _ => deserializer.deserialize_any(self),
        }
    }
}

/// A type as a program writes it.
fn type_name(program: &Program, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "bytes in base64".to_owned(),
        Type::Time => "time such as \"2026-01-31T12:00:00Z\"".to_owned(),
        Type::Date => "date such as \"2026-01-31\"".to_owned(),
        Type::Duration => "duration such as \"1h30m\"".to_owned(),
        Type::Url => "url such as \"https://example.com\"".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Unit => "nothing".to_owned(),
        Type::Optional(of) => format!("{}?", short(program, of)),
        Type::List(of) => format!("[{}]", short(program, of)),
        Type::Map(of) => format!("{{string: {}}}", short(program, of)),
        Type::Named(id) => program.ty(*id).map_or("?".to_owned(), |def| def.name.to_string()),
    }
}

/// A type inside another, without what explains it and what lies deeper.
fn short(program: &Program, ty: &Type) -> String {
    match ty {
        Type::Optional(_) | Type::List(_) | Type::Map(_) => "...".to_owned(),
        _ => {
            let name = type_name(program, ty);
            name.split(' ').next().unwrap_or_default().to_owned()
        }
    }
}

/// A piece of JSON in backticks, shortened.
fn found(raw: &str) -> String {
    match raw.as_bytes().first() {
        Some(b'{') => "an object".to_owned(),
        Some(b'[') => "a list".to_owned(),
        _ => shown(raw),
    }
}
