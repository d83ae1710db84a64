//! Names before a colon: of fields in a record, and of the parameters of what is called.

use super::{Context, Item, ItemKind, Origin};
use crate::{
    check::{Asked, FieldInfo, Ty},
    ide::names::NameKind,
    resolve::Def,
};
use std::sync::Arc;

impl Context<'_> {
    /// Names in a record: parts of a setting, or fields of the type that is expected.
    pub(super) fn entries(&mut self) {
        match self.probe.map(|probe| &probe.asked) {
            Some(Asked::Part(known)) => self.parts(known),
            _ => self.field_names(),
        }
    }

    /// The fields of the records in sight that have those which are there already.
    fn field_names(&mut self) {
        let types = self.module.scope.values().filter_map(|entry| match entry.def {
            Def::Type(id) => Some(Ty::Named(flowmesh_ir::TypeId(id))),
            _ => None,
        });
        let types: Vec<Ty> = types.collect();
        for ty in types {
            let Some((_, fields)) = self.globals.record(&ty) else {
                continue;
            };
            let all = self
                .site
                .given
                .iter()
                .all(|given| fields.iter().any(|field| field.name == *given));
            if all && !self.site.given.is_empty() {
                let fields = fields.to_vec();
                self.names_of(&fields, NameKind::Field, 40);
            }
        }
    }

    /// The names of the parameters of what is called here.
    pub(super) fn argument_names(&mut self) {
        let Some(name) = self.called_name() else { return };
        let mut found: Vec<FieldInfo> = Vec::new();
        let globals = self.globals;
        let flows = globals.flows.iter().chain(&globals.templates);
        let others = globals.functions.iter().chain(&globals.errors);
        let signatures = flows.chain(others.map(Arc::as_ref));
        let operations = globals.services.iter().flat_map(|service| &service.operations);
        let all = signatures.chain(operations.map(|operation| &operation.signature));
        for signature in all.filter(|signature| signature.name == name) {
            found.extend(signature.params.iter().cloned());
        }
        for info in &globals.types {
            match &info.shape {
                crate::check::ShapeInfo::Record(fields) if info.name == name => {
                    found.extend(fields.iter().cloned());
                }
                crate::check::ShapeInfo::Enum(cases) => {
                    let own = cases.iter().filter(|case| case.name == name);
                    found.extend(own.flat_map(|case| case.fields.iter().cloned()));
                }
                _ => {}
            }
        }
        self.names_of(&found, NameKind::Field, 70);
        for native in flowmesh_stdlib::methods(&name).chain(flowmesh_stdlib::free(&name)) {
            for param in native.params {
                self.add(Item::new(param.name, ItemKind::Name(NameKind::Param), 60));
            }
        }
    }

    fn names_of(&mut self, fields: &[FieldInfo], kind: NameKind, score: i32) {
        for (at, field) in (0i32..).zip(fields) {
            let given = self.site.given.iter().any(|given| field.name == *given);
            let needed = if self.globals.unfold(&field.ty).is_optional() {
                0
            } else {
                12
            };
            let score = score - at + needed - if given { 100 } else { 0 };
            let item = Item::new(field.name.as_str(), ItemKind::Name(kind), score)
                .typed(self.globals, field.ty.clone());
            self.add(item.of(Origin::Field(field.span)));
        }
    }

    /// The word before the bracket that is open at the place.
    fn called_name(&self) -> Option<String> {
        let before = self.site.text.get(..self.site.start as usize)?;
        let mut depth = 0i32;
        for (at, letter) in before.char_indices().rev() {
            match letter {
                ')' | ']' | '}' => depth += 1,
                '(' if depth == 0 => {
                    let head = before.get(..at)?;
                    let name = head
                        .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .next()?;
                    return Some(name.to_owned());
                }
                '(' | '[' | '{' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}
