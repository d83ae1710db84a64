//! Holds what an author says of an operation against what the document of the service says of it.
//!
//! Both are looked at as they go over the wire: method, path, query, headers, body and result. Names of parameters and
//! the way they are put together are the author's own matter.

mod fit;
mod words;

use super::Error;
use crate::{
    ast::{self, Operation as Written},
    check::{
        Checker,
        declare::definitions,
        globals::{OperationInfo, ServiceInfo},
    },
    outside::Outside,
    resolve::ModuleId,
};
use fit::Types;
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, ServiceId,
    expr::Expr,
    service::{Binding, Operation, Piece},
    ty::{Type, TypeDef},
};
use std::sync::Arc;

/// An operation in both of its forms.
struct Side<'a> {
    written: &'a Written,
    made: Operation,
}

impl<'a> Checker<'a> {
    /// Looks at every operation that the author declares for a service with a document.
    pub(super) fn hold_to_document(
        &mut self,
        id: ServiceId,
        service: &'a ast::Service,
        described: &'a Outside,
        made: &[Operation],
    ) {
        let declared = definitions(&self.globals, Vec::new());
        for own in &service.operations {
            let Some(lowered) = made.iter().find(|made| made.name == own.name.text) else {
                continue;
            };
            let same = |theirs: &&Written| theirs.name.text == own.name.text;
            match described.operations.iter().find(same) {
                Some(theirs) => {
                    let Some(their_made) = self.as_described(id, described.module, theirs) else {
                        continue;
                    };
                    let own = Side {
                        written: own,
                        made: lowered.clone(),
                    };
                    let theirs = Side {
                        written: theirs,
                        made: their_made,
                    };
                    self.compare(&declared, &own, &theirs);
                }
                None => self.not_in_document(own, lowered, described),
            }
        }
    }

    /// What the document says of an operation, as the program would have it.
    fn as_described(&mut self, id: ServiceId, module: ModuleId, theirs: &'a Written) -> Option<Operation> {
        let info = Arc::clone(self.globals.service(id)?);
        let muted = std::mem::replace(&mut self.muted, true);
        let declared: Arc<OperationInfo> = self.declare_operation(&info, module, theirs);
        let at = u32::try_from(info.operations.len()).unwrap_or(u32::MAX);
        // It stands beside those that there are for as long as it is looked at.
        let mut beside = ServiceInfo::clone(&info);
        beside.operations.push(declared);
        *self.globals.services.get_mut(id.index())? = Arc::new(beside);
        let made = self.operation(id, at, module, theirs);
        *self.globals.services.get_mut(id.index())? = info;
        self.muted = muted;
        made
    }

    /// The document has no operation of that name; one that is reached in the same way is meant.
    fn not_in_document(&mut self, own: &Written, made: &Operation, described: &Outside) {
        let streamed = described.streamed.iter().find(|streamed| match &made.binding {
            Binding::Grpc { service, method } => {
                streamed.path.split_once('/') == Some((service.as_str(), method.as_str()))
            }
            _ => false,
        });
        if let Some(streamed) = streamed {
            let (name, span, place) = (streamed.path.clone(), own.path.span, streamed.span);
            return self.report(Error::ClientStream { name, span, place }.diagnostic());
        }
        let names = described
            .operations
            .iter()
            .map(|theirs| theirs.name.text.as_str());
        let near = nearest(&own.name.text, names).map(Name::from);
        let same_way = |theirs: &&Written| {
            theirs.binding.text == own.binding.text && shape_of(&theirs.path) == path(made)
        };
        let theirs = described.operations.iter().find(same_way);
        let near = theirs.map(|theirs| theirs.name.text.clone()).or(near);
        let (name, span) = (own.name.text.clone(), own.name.span);
        let place = theirs.map(|theirs| theirs.name.span);
        self.report(
            Error::NotInDocument {
                name,
                span,
                near,
                place,
            }
            .diagnostic(),
        );
    }

    fn compare(&mut self, declared: &[TypeDef], own: &Side<'_>, theirs: &Side<'_>) {
        self.same_way(own, theirs);
        if own.made.method == theirs.made.method {
            self.same_arguments(declared, own, theirs);
        }
        if own.made.stream.is_some() != theirs.made.stream.is_some() {
            let what = |side: &Side<'_>| {
                if side.made.stream.is_some() {
                    "a stream"
                } else {
                    "one result"
                }
            };
            let why = format!("expected {}, found {}", what(theirs), what(own));
            return self.contradicts(own, result_span(own), why, result_span(theirs));
        }
        if own.made.result == Type::Unit {
            return;
        }
        // A reply without a body is no JSON.
        let why = match theirs.made.result {
            Type::Unit => Some("its reply has no body".to_owned()),
            _ => Types::of(declared, &self.made).reads(&theirs.made.result, &own.made.result),
        };
        if let Some(why) = why {
            let why = format!("its result does not fit: {why}");
            self.contradicts(own, result_span(own), why, result_span(theirs));
        }
    }

    fn same_way(&mut self, own: &Side<'_>, theirs: &Side<'_>) {
        let (a, b) = (own.written, theirs.written);
        if a.binding.text != b.binding.text {
            let why = format!("it is reached by {}", b.binding.text);
            self.contradicts(own, a.binding.span, why, b.binding.span);
            return;
        }
        let (own_path, their_path) = (path(&own.made), path(&theirs.made));
        if own_path != their_path {
            let why = format!("it is reached at `{their_path}`");
            self.contradicts(own, a.path.span, why, b.path.span);
        }
    }

    fn same_arguments(&mut self, declared: &[TypeDef], own: &Side<'_>, theirs: &Side<'_>) {
        for (what, mine, known) in [
            ("query parameter", &own.made.query, &theirs.made.query),
            ("header", &own.made.headers, &theirs.made.headers),
        ] {
            for (name, value) in known {
                if !optional(&theirs.made, value) && !mine.iter().any(|(mine, _)| mine == name) {
                    let why = format!("the {what} `{name}` must be given");
                    self.contradicts(own, own.written.name.span, why, place_of(theirs, value));
                }
            }
            // Headers beyond the document do no harm.
            let unknown = mine
                .iter()
                .filter(|(name, _)| !known.iter().any(|(known, _)| known == name));
            for (name, value) in unknown.filter(|_| what != "header") {
                let why = format!("there is no {what} `{name}`");
                self.contradicts(own, place_of(own, value), why, theirs.written.name.span);
            }
        }
        if theirs.made.key.is_some() && own.made.key.is_none() {
            let why = "the header `Idempotency-Key` must be given: say `key: ...`".to_owned();
            self.contradicts(own, own.written.name.span, why, theirs.written.name.span);
        }
        self.same_body(declared, own, theirs);
    }

    fn same_body(&mut self, declared: &[TypeDef], own: &Side<'_>, theirs: &Side<'_>) {
        let types = Types::of(declared, &self.made);
        let by_grpc = matches!(own.made.binding, Binding::Grpc { .. });
        let why = match (&own.made.body, &theirs.made.body) {
            (Some((_, mine)), Some((_, known))) if by_grpc => types.sends_by_grpc(mine, known),
            (Some((_, mine)), Some((_, known))) => types.sends(mine, known),
            (None, Some(_)) if by_grpc => None,
            (None, Some(_)) => Some("a body must be sent".to_owned()),
            (Some(_), None) => Some("no body is expected".to_owned()),
            (None, None) => None,
        };
        let Some(why) = why else { return };
        let setting = |side: &Side<'_>| {
            let settings = &side.written.settings;
            let body = settings.iter().find(|setting| setting.name.text == "body");
            body.map_or(side.written.name.span, |setting| setting.value.span)
        };
        let why = format!("its body does not fit: {why}");
        self.contradicts(own, setting(own), why, setting(theirs));
    }

    fn contradicts(&mut self, own: &Side<'_>, span: Span, why: String, place: Span) {
        let name = own.written.name.text.clone();
        self.report(
            Error::Contradicts {
                name,
                why,
                span,
                place,
            }
            .diagnostic(),
        );
    }
}

/// The path with `{}` for each parameter.
fn path(made: &Operation) -> String {
    match &made.binding {
        Binding::Grpc { service, method } => format!("{service}/{method}"),
        _ => made.path.iter().map(piece).collect(),
    }
}

fn piece(piece: &Piece) -> &str {
    match piece {
        Piece::Literal(text) => text,
        Piece::Value(_) => "{}",
    }
}

/// The same of a path as it is written.
fn shape_of(path: &ast::Expr) -> String {
    let ast::ExprKind::Text(parts) = &path.kind else {
        return String::new();
    };
    let piece = |part: &ast::TextPart| match part {
        ast::TextPart::Literal(text) => text.clone(),
        ast::TextPart::Expr(_) => "{}".to_owned(),
    };
    parts.iter().map(piece).collect()
}

/// Whether a value that is sent may be absent.
fn optional(made: &Operation, value: &Expr) -> bool {
    let param = match value {
        Expr::Slot(slot) => made.params.get(slot.index()),
        _ => None,
    };
    param.is_none_or(|param| matches!(param.ty, Type::Optional(_)))
}

/// Where the parameter of a value is declared.
fn place_of(side: &Side<'_>, value: &Expr) -> Span {
    let param = match value {
        Expr::Slot(slot) => side.written.params.get(slot.index()),
        _ => None,
    };
    param.map_or(side.written.name.span, |param| param.name.span)
}

fn result_span(side: &Side<'_>) -> Span {
    let result = side.written.result.as_ref();
    result.map_or(side.written.name.span, |ty| ty.span)
}
