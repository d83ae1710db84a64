//! How an operation is reached where that is not HTTP: gRPC, a local process, a queue of workers.

use super::Error;
use crate::{
    ast::{Expr, ExprKind, Ident, Operation as Written, TextPart},
    check::{
        Checker,
        frame::Kind,
        globals::{FieldInfo, OperationInfo},
    },
    resolve::ModuleId,
};
use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    Name, SlotId, expr as ir, grpc,
    service::{Binding, Method, Piece, StreamKind},
};

/// The word before the text of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http(Method),
    Grpc,
    Run,
    Worker,
}

pub(super) const METHODS: [Method; 7] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Options,
];

/// What an operation may be bound by.
pub(super) const WORDS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "grpc", "run", "worker",
];

impl Way {
    /// By which way an operation is reached; nothing for a word that names none.
    pub(super) fn of(operation: &Written) -> Option<Self> {
        let word = operation.binding.text.as_str();
        Some(match word {
            "grpc" => Self::Grpc,
            "run" => Self::Run,
            "worker" => Self::Worker,
            _ => Self::Http(METHODS.into_iter().find(|method| word == method.as_str())?),
        })
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::Http(method) => method,
            Self::Grpc | Self::Run | Self::Worker => Method::Post,
        }
    }

    /// Whether it is reached without an address.
    pub(super) fn is_local(self) -> bool {
        matches!(self, Self::Run | Self::Worker)
    }

    /// What `on` may name, for instance.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Http(_) | Self::Worker => "409",
            Self::Grpc => "not_found",
            Self::Run => "3",
        }
    }

    /// The status that a number, or with gRPC a name, stands for.
    pub(crate) fn status(self, status: &Expr) -> Option<u16> {
        match &status.kind {
            ExprKind::Int(status) => u16::try_from(*status)
                .ok()
                .filter(|status| self.statuses().0.contains(status)),
            ExprKind::Name(name) if self == Self::Grpc => grpc::status(name),
            _ => None,
        }
    }

    /// The numbers that `on` may name, and what they are.
    pub(crate) fn statuses(self) -> (std::ops::RangeInclusive<u16>, &'static str) {
        match self {
            Self::Http(_) | Self::Worker => (100..=599, "a status from 100 to 599"),
            Self::Grpc => (
                1..=16,
                "a status of gRPC, such as `not_found`, or its number from 1 to 16",
            ),
            Self::Run => (1..=199, "an exit code from 1 to 199"),
        }
    }
}

impl<'a> Checker<'a> {
    /// The text of an operation that is not reached by HTTP.
    pub(super) fn bound_by(&mut self, way: Way, operation: &'a Written) -> Binding {
        let not_for = |name: &str| matches!(name, "headers" | "rewrite" | "cors" | "cache");
        for setting in operation
            .settings
            .iter()
            .filter(|s| way.is_local() && not_for(&s.name.text))
        {
            let (name, span) = (setting.name.text.clone(), setting.name.span);
            let way = operation.binding.text.clone();
            self.report(Error::NotForBinding { name, way, span }.diagnostic());
        }
        match way {
            Way::Http(_) => Binding::Http,
            Way::Grpc => self.grpc(&operation.path),
            Way::Run => Binding::Run {
                words: self.command(operation),
            },
            Way::Worker => self.queue_of(&operation.path),
        }
    }

    /// `pkg.Service/Method`
    fn grpc(&mut self, text: &Expr) -> Binding {
        let parts = literal(text).and_then(|text| text.split_once('/'));
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
        };
        match parts.filter(|(service, method)| word(service) && word(method) && !method.contains('.')) {
            Some((service, method)) => Binding::Grpc {
                service: service.to_owned(),
                method: method.to_owned(),
            },
            None => {
                self.report(Error::Grpc { span: text.span }.diagnostic());
                Binding::Http
            }
        }
    }

    fn queue_of(&mut self, text: &Expr) -> Binding {
        let queue = literal(text).filter(|queue| !queue.trim().is_empty());
        if queue.is_none() {
            self.report(Error::Queue { span: text.span }.diagnostic());
        }
        Binding::Worker {
            queue: queue.unwrap_or_default().to_owned(),
        }
    }

    /// A program and its arguments. Spaces in the text part them; spaces in a value do not.
    fn command(&mut self, operation: &'a Written) -> Vec<Vec<Piece>> {
        let mut words: Vec<Vec<Piece>> = Vec::new();
        let mut open: Vec<Piece> = Vec::new();
        let parts = match &operation.path.kind {
            ExprKind::Text(parts) => parts.as_slice(),
            _ => &[],
        };
        for part in parts {
            match part {
                TextPart::Expr(expr) => open.push(Piece::Value(self.path_value(expr, operation))),
                TextPart::Literal(text) => {
                    let mut pieces = text.split_whitespace().peekable();
                    if text.starts_with(char::is_whitespace) && !open.is_empty() {
                        words.push(std::mem::take(&mut open));
                    }
                    while let Some(piece) = pieces.next() {
                        open.push(Piece::Literal(piece.to_owned()));
                        if pieces.peek().is_some() || text.ends_with(char::is_whitespace) {
                            words.push(std::mem::take(&mut open));
                        }
                    }
                }
            }
        }
        if !open.is_empty() {
            words.push(open);
        }
        // A program that data names could be any program.
        let named = matches!(words.first().map(Vec::as_slice), Some([Piece::Literal(_)]));
        if !named && !matches!(operation.path.kind, ExprKind::Bad) {
            let span = operation.path.span;
            self.report(Error::Command { span }.diagnostic());
        }
        words
    }

    /// `-> stream T`, and `resume: reply.id`, which is over an item.
    pub(super) fn stream(
        &mut self,
        way: Option<Way>,
        module: ModuleId,
        operation: &'a Written,
        info: &OperationInfo,
    ) -> Option<StreamKind> {
        let resume = operation
            .settings
            .iter()
            .find(|setting| setting.name.text == "resume");
        if !operation.stream {
            if let Some(resume) = resume {
                let (span, declared) = (resume.name.span, operation.name.span);
                self.report(Error::ResumeOnce { span, declared }.diagnostic());
            }
            return None;
        }
        if let Some(way) = way.filter(|way| way.is_local()) {
            let word = if way == Way::Run { "run" } else { "worker" };
            let span = operation
                .result
                .as_ref()
                .map_or(operation.span, |result| result.span);
            self.report(Error::LocalStream { word, span }.diagnostic());
        }
        let mut kind = StreamKind {
            resume: None,
            params: Vec::new(),
        };
        let Some(resume) = resume else {
            return Some(kind);
        };
        let item = info.signature.result.clone();
        let (found, _) = self.within(module, Kind::Item, |checker| {
            checker.frame.item = item;
            match (&resume.value.kind, way) {
                (ExprKind::Record(fields), _) => checker.taken_up(fields, operation, &info.signature.params),
                (_, Some(Way::Grpc)) => checker.taken_up_as_named(&resume.value, operation, info),
                _ => {
                    kind.resume = Some(checker.as_text(&resume.value));
                    Vec::new()
                }
            }
        });
        kind.params = found;
        Some(kind)
    }

    /// `resume: { after: reply.id }`: what parameters hold when a stream is taken up again.
    fn taken_up(
        &mut self,
        fields: &'a [(Ident, Expr)],
        operation: &Written,
        params: &[FieldInfo],
    ) -> Vec<(SlotId, ir::Expr)> {
        let mut made = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let found = (0u32..).zip(params).find(|(_, param)| param.name == name.text);
            let Some((slot, param)) = found else {
                let known = params.iter().map(|param| param.name.as_str());
                let near = nearest(&name.text, known).map(Name::from);
                let (name, span, declared) = (name.text.clone(), name.span, operation.name.span);
                self.report(
                    Error::NoSuchParam {
                        name,
                        span,
                        declared,
                        near,
                    }
                    .diagnostic(),
                );
                continue;
            };
            let typed = self.expr(value, Some(&param.ty));
            made.push((SlotId(slot), self.fit(typed, &param.ty, value.span)));
        }
        made
    }

    /// `resume: reply.after` by gRPC, which has no place for a cursor of its own: the parameter of that name holds it.
    fn taken_up_as_named(
        &mut self,
        value: &'a Expr,
        operation: &Written,
        info: &OperationInfo,
    ) -> Vec<(SlotId, ir::Expr)> {
        let params = &info.signature.params;
        let named = match &value.kind {
            ExprKind::Field(_, field) => (0u32..).zip(params).find(|(_, param)| param.name == field.text),
            _ => None,
        };
        let Some((slot, param)) = named else {
            let (span, declared) = (value.span, operation.name.span);
            self.report(Error::ResumeWhere { span, declared }.diagnostic());
            return Vec::new();
        };
        let typed = self.expr(value, Some(&param.ty));
        vec![(SlotId(slot), self.fit(typed, &param.ty, value.span))]
    }
}

fn literal(text: &Expr) -> Option<&str> {
    match &text.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}
