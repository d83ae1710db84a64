//! Values, and requests with them.

use super::Part;
use flowmesh_ir::{Value, call::Request, value::Fields, value::Variant};
use std::{
    fmt::{self, Write},
    hash::{Hash, Hasher},
};

/// What is printed goes into a hasher.
struct Printed<'h, H>(&'h mut H);

impl<H: Hasher> Write for Printed<'_, H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl<H: Hasher> Part<'_, H> {
    /// Something rare, as it prints.
    pub(super) fn print(&mut self, what: &impl fmt::Debug) {
        // Writing into a hasher cannot fail.
        let _ = write!(Printed(self.hasher), "{what:?}");
        self.put(());
        self.hasher.write_u8(0xff);
    }

    pub(super) fn values(&mut self, values: &[Value]) {
        self.each(values.iter(), Self::value);
    }

    pub(super) fn value(&mut self, value: &Value) {
        std::mem::discriminant(value).hash(self.hasher);
        match value {
            Value::None => {}
            Value::Bool(value) => self.put(value),
            Value::Int(value) => self.put(value),
            Value::Float(value) => self.put(value.to_bits()),
            // 1.0 and 1.00 are equal, and print otherwise.
            Value::Decimal(value) => self.put((value, value.scale())),
            Value::String(text) | Value::Json(text) => self.put(text),
            Value::Bytes(bytes) => self.put(bytes),
            Value::Time(time) => self.put(time),
            Value::Date(date) => self.put(date),
            Value::Duration(length) => self.put(length),
            Value::List(values) => self.values(values),
            Value::Record(fields) => self.fields(fields),
            Value::Variant(variant) => self.variant(variant),
        }
    }

    pub(super) fn variant(&mut self, variant: &Variant) {
        self.put(&variant.name);
        self.fields(&variant.fields);
    }

    fn fields(&mut self, fields: &Fields) {
        self.each(fields.iter(), |part, (name, value)| {
            part.put(name);
            part.value(value);
        });
    }

    pub(super) fn request(&mut self, request: &Request) {
        let Request {
            service,
            operation,
            policy,
            wire,
            address,
            method: _,
            path,
            headers,
            body,
            key,
            sealed,
            effect: _,
        } = request;
        self.put((service, operation, policy, address, path, headers, body, key));
        // Which run it is, and when it began, is the same for all that go on alike.
        self.each(sealed.iter(), |part, sealed| part.values(&sealed.arguments));
        self.print(wire);
    }
}
