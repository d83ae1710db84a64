//! Types from messages and enums.

use super::Places;
use crate::{
    ast::{Case, Field, Item, ItemKind, Type},
    outside::{
        name::{Taken, capitalised},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, program::BUILTIN_ERRORS};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};
use std::collections::HashMap;

/// How many messages may stand in each other; what lies deeper is `json`.
const DEEPEST: u32 = 128;

/// Makes types as they are needed.
pub(super) struct Messages<'t> {
    pub(super) places: &'t Places<'t>,
    pub(super) items: Vec<Item>,
    taken: Taken,
    /// How many messages are being looked into, each inside the one before.
    depth: u32,
    /// Names by those of protobuf.
    known: HashMap<String, Name>,
}

/// Messages that are something else in JSON.
fn well_known(name: &str) -> Option<&'static str> {
    Some(match name {
        "google.protobuf.Timestamp" => "time",
        "google.protobuf.Duration" => "duration",
        "google.protobuf.Struct"
        | "google.protobuf.Value"
        | "google.protobuf.ListValue"
        | "google.protobuf.Any" => "json",
        "google.protobuf.Empty" => "json",
        "google.protobuf.FieldMask" => "string",
        "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => "float",
        "google.protobuf.BoolValue" => "bool",
        "google.protobuf.StringValue" => "string",
        "google.protobuf.BytesValue" => "bytes",
        "google.protobuf.Int64Value"
        | "google.protobuf.UInt64Value"
        | "google.protobuf.Int32Value"
        | "google.protobuf.UInt32Value" => "int",
        _ => return None,
    })
}

impl<'t> Messages<'t> {
    pub(super) fn new(places: &'t Places<'t>) -> Self {
        let mut taken = Taken::default();
        for (name, _) in BUILTIN_ERRORS {
            taken.free(name);
        }
        Self {
            places,
            items: Vec::new(),
            taken,
            depth: 0,
            known: HashMap::new(),
        }
    }

    /// The type of a message.
    pub(super) fn named(&mut self, message: &MessageDescriptor, span: Span) -> Type {
        if let Some(name) = well_known(message.full_name()) {
            return tree::named(name, span);
        }
        if let Some(name) = self.known.get(message.full_name()) {
            return tree::named(name.clone(), span);
        }
        if self.depth > DEEPEST {
            return tree::named("json", span);
        }
        let name = self.name(message.full_name(), message.package_name());
        let (place, doc) = self.places.of(&message.parent_file(), message.path());
        self.depth = self.depth.saturating_add(1);
        let fields = self.fields(message);
        self.depth = self.depth.saturating_sub(1);
        self.items.push(Item {
            doc,
            span: place,
            kind: ItemKind::Record {
                name: tree::ident(name.clone(), place),
                fields,
            },
        });
        tree::named(name, span)
    }

    /// A free name; known from now on, since a message may contain itself.
    fn name(&mut self, full: &str, package: &str) -> Name {
        let inner = full.strip_prefix(package).unwrap_or(full);
        let name = self.taken.free(&capitalised(inner));
        self.known.insert(full.to_owned(), name.clone());
        name
    }

    /// The fields of a message, each `oneof` as one.
    pub(super) fn fields(&mut self, message: &MessageDescriptor) -> Vec<Field> {
        let mut made = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for field in message.fields() {
            let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
            match oneof {
                Some(oneof) if seen.iter().any(|name| name == oneof.name()) => {}
                Some(oneof) => {
                    seen.push(oneof.name().to_owned());
                    made.push(self.oneof(&oneof));
                }
                None => made.push(self.field(&field)),
            }
        }
        made
    }

    fn field(&mut self, field: &FieldDescriptor) -> Field {
        let (span, doc) = self
            .places
            .of(&field.parent_message().parent_file(), field.path());
        let absent = field.supports_presence() && !field.is_required() && !field.is_list() && !field.is_map();
        let ty = self.ty(field, span);
        Field {
            doc,
            name: tree::ident(field.name(), span),
            ty: if absent { tree::optional(ty) } else { ty },
            rule: None,
        }
    }

    fn ty(&mut self, field: &FieldDescriptor, span: Span) -> Type {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = entry.map_entry_value_field();
                let value = self.one(&value.kind(), span);
                tree::map(value)
            }
            kind if field.is_list() => tree::list(self.one(&kind, span)),
            kind => self.one(&kind, span),
        }
    }

    fn one(&mut self, kind: &Kind, span: Span) -> Type {
        let name = match kind {
            Kind::Double | Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::Message(message) => return self.named(message, span),
            Kind::Enum(of) if of.full_name() == "google.protobuf.NullValue" => "json",
            Kind::Enum(of) => return self.enumeration(of, span),
            _ => "int",
        };
        tree::named(name, span)
    }

    fn enumeration(&mut self, of: &EnumDescriptor, span: Span) -> Type {
        if let Some(name) = self.known.get(of.full_name()) {
            return tree::named(name.clone(), span);
        }
        let name = self.name(of.full_name(), of.package_name());
        let (place, doc) = self.places.of(&of.parent_file(), of.path());
        let mut numbers = Vec::new();
        let mut cases = Vec::new();
        for value in of.values() {
            // Of two names for one number only the first comes back.
            if !numbers.contains(&value.number()) {
                numbers.push(value.number());
                let (span, _) = self.places.of(&of.parent_file(), value.path());
                let name = tree::ident(value.name(), span);
                cases.push(Case {
                    name,
                    wire: None,
                    fields: Vec::new(),
                });
            }
        }
        self.items.push(Item {
            doc,
            span: place,
            kind: ItemKind::Enum {
                name: tree::ident(name.clone(), place),
                tag: None,
                cases,
            },
        });
        tree::named(name, span)
    }

    /// `oneof payment { Card card = 1; string invoice = 2; }` as an enum with a payload for each.
    fn oneof(&mut self, oneof: &OneofDescriptor) -> Field {
        let message = oneof.parent_message();
        let (span, doc) = self.places.of(&message.parent_file(), oneof.path());
        let inner = message
            .full_name()
            .strip_prefix(message.package_name())
            .unwrap_or_default();
        let name = self
            .taken
            .free(&format!("{}{}", capitalised(inner), capitalised(oneof.name())));
        let mut cases = Vec::new();
        for field in oneof.fields() {
            let (place, doc) = self.places.of(&message.parent_file(), field.path());
            let value = Field {
                doc,
                name: tree::ident("value", place),
                ty: self.one(&field.kind(), place),
                rule: None,
            };
            let name = tree::ident(field.name(), place);
            cases.push(Case {
                name,
                wire: None,
                fields: vec![value],
            });
        }
        self.items.push(Item {
            doc: doc.clone(),
            span,
            kind: ItemKind::Enum {
                name: tree::ident(name.clone(), span),
                tag: None,
                cases,
            },
        });
        Field {
            doc,
            name: tree::ident(oneof.name(), span),
            ty: tree::optional(tree::named(name, span)),
            rule: None,
        }
    }
}
