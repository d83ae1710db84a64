//! `produces E` and `on produced(E)`: targets, and which flows follow each other by them.
//!
//! A target is a row of pieces: what is written, and values between. Two targets are of one form where what is written
//! is the same and values stand at the same places, so that nothing is ever read back from a text.

use super::{
    error::Target as Error,
    found::{Called, Found, What},
};
use crate::{
    ast::{self, ExprKind, TextPart},
    check::{
        Checker, Ty,
        expr::Typed,
        flow::call::NO_TAILS,
        globals::Signature,
        tree::{Look, Produces, Required},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    EventId, Name, SlotId, Value,
    expr::{Binary, Expr},
    flow::{Made, Product, Target, Trigger},
    ty::Type,
};

/// What a target is made of.
enum Piece {
    /// What is written, and configs by their names.
    Fixed(String, Expr),
    Value(Expr, Ty, Span),
}

/// What begins a flow, and what is to be there before.
pub(super) struct Began {
    pub(super) by: Trigger,
    pub(super) requires: Vec<Required>,
}

/// A target, looked at.
struct Meant {
    pieces: Vec<Piece>,
    operation: Option<(String, Target)>,
}

impl<'a> Checker<'a> {
    pub(super) fn produces(&mut self, target: &'a ast::Expr, signature: &Signature) -> Option<Produces> {
        let result = &signature.result;
        if !matches!(result, Ty::Unit | Ty::Bad | Ty::Optional(_)) {
            let (flow, span) = (signature.name.clone(), target.span);
            self.report(Error::Result { flow, span }.diagnostic());
        }
        let Meant { pieces, operation } = self.meant(target, true)?;
        let look = looked(operation);
        Some(Produces {
            span: target.span,
            look,
            product: product(&pieces),
            values: values(&pieces),
            shown: shown(pieces),
            result: None,
            event: self.produced_event(),
        })
    }

    /// Gives what is looked for places in the frame of the flow.
    pub(super) fn seat(&mut self, produces: Option<Produces>, result: &Ty) -> Option<Produces> {
        let mut produces = produces?;
        if let Look::Operation { there, .. } = &mut produces.look {
            *there = self.frame.hidden("_there", Ty::Bool);
        }
        produces.result = (*result != Ty::Unit).then(|| self.frame.hidden("_made", result.clone()));
        Some(produces)
    }

    /// Gives what is looked for before the flow begins places in its frame.
    pub(super) fn seat_required(&mut self, mut requires: Vec<Required>) -> Vec<Required> {
        for required in &mut requires {
            if let Look::Operation { there, .. } = &mut required.look {
                *there = self.frame.hidden("_there", Ty::Bool);
            }
            required.told = self.frame.hidden("_told", Ty::Json);
        }
        requires
    }

    /// `on produced(E)`: each parameter is one of the values in the target. After `A or B` it begins whenever one of them
    /// is made; after `A and B` it is begun by one that gives all parameters, and waits until all are there.
    pub(super) fn produced(&mut self, written: &'a ast::Expr, signature: &Signature) -> Option<Began> {
        let (all, targets) = self.several(written)?;
        let (mut made, mut requires, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
        let mut whole = true;
        for target in targets {
            let Some(meant) = self.meant(target, all) else {
                whole = false;
                continue;
            };
            match gives(&meant.pieces, (signature, target.span)) {
                Ok(params) => made.push(Made {
                    product: product(&meant.pieces),
                    params,
                }),
                Err(errors) => unfit.extend(errors),
            }
            requires.extend(all.then(|| self.required(meant, target.span)));
        }
        // Of several that are to be there, one has to say which run is meant.
        if !all || made.is_empty() {
            unfit
                .into_iter()
                .for_each(|error| self.report(error.diagnostic()));
        }
        let mut made = made.into_iter();
        let by = Trigger {
            event: self.produced_event(),
            condition: None,
            made: Some(made.next()?),
            also: made.collect(),
        };
        whole.then_some(Began { by, requires })
    }

    fn required(&self, meant: Meant, span: Span) -> Required {
        Required {
            span,
            look: looked(meant.operation),
            shown: shown(meant.pieces),
            event: self.produced_event(),
            told: SlotId(0),
        }
    }

    /// The targets that stand there, and whether all of them are meant.
    fn several(&mut self, written: &'a ast::Expr) -> Option<(bool, Vec<&'a ast::Expr>)> {
        let mut targets = Vec::new();
        let mut joined: Option<Binary> = None;
        let mut open = vec![written];
        while let Some(next) = open.pop() {
            match &next.kind {
                ExprKind::Binary(operator @ (Binary::And | Binary::Or), span, left, right) => {
                    if joined.is_some_and(|joined| joined != *operator) {
                        self.report(Error::Mixed { span: *span }.diagnostic());
                        return None;
                    }
                    joined = Some(*operator);
                    open.extend([right.as_ref(), left.as_ref()]);
                }
                _ => targets.push(next),
            }
        }
        Some((joined == Some(Binary::And), targets))
    }

    /// It comes after all events that are declared.
    fn produced_event(&self) -> EventId {
        EventId(u32::try_from(self.globals.events.len()).unwrap_or(u32::MAX))
    }

    /// What a target is; `asks` where the flow itself looks for it.
    fn meant(&mut self, target: &'a ast::Expr, asks: bool) -> Option<Meant> {
        if let ExprKind::Call(callee, arguments) = &target.kind {
            if matches!(&callee.kind, ExprKind::Name(name) if name == "file") {
                let Some(Some(path)) = self.arrange("file", &["path"], arguments).first().copied() else {
                    return self.no_target(target.span);
                };
                let mut pieces = vec![fixed("file:")];
                pieces.extend(self.pieces(path)?);
                return Some(Meant {
                    pieces,
                    operation: None,
                });
            }
            return match self.called(target) {
                Found::Call(called) => self.asked(target.span, &called, asks),
                Found::Bad => None,
                Found::Value => self.address_meant(target),
            };
        }
        self.address_meant(target)
    }

    /// An address: a text that says by what it is reached, or something of which it is known.
    fn address_meant(&mut self, target: &'a ast::Expr) -> Option<Meant> {
        if !matches!(&target.kind, ExprKind::Text(_)) {
            let typed = self.expr(target, Some(&Ty::Url));
            return match self.globals.unfold(&typed.ty) {
                Ty::Url => Some(Meant {
                    pieces: vec![self.piece(typed, target.span)],
                    operation: None,
                }),
                Ty::Bad => None,
                _ => self.no_target(target.span),
            };
        }
        let pieces = self.pieces(target)?;
        let reached = match pieces.first() {
            Some(Piece::Fixed(_, Expr::Constant(Value::String(text)))) => {
                text.starts_with("http://") || text.starts_with("https://")
            }
            Some(Piece::Fixed(..)) => true,
            Some(Piece::Value(..)) | None => false,
        };
        if !reached {
            return self.no_target(target.span);
        }
        Some(Meant {
            pieces,
            operation: None,
        })
    }

    /// An operation that answers whether it is there.
    fn asked(&mut self, span: Span, called: &Called<'a>, asks: bool) -> Option<Meant> {
        let What::Operation(service, operation, info) = &called.what else {
            return self.no_target(span);
        };
        let answers = self.globals.unfold(&called.signature.result) == Ty::Bool && !info.stream;
        let target = self.target((*service, *operation, info), called, NO_TAILS);
        if asks {
            self.domain_errors(called, NO_TAILS);
        }
        if !answers {
            return self.no_target(span);
        }
        let mut pieces = vec![fixed(&format!("{}(", called.title))];
        let params = called.signature.params.iter();
        for (at, (param, argument)) in params.zip(&target.arguments).enumerate() {
            if at > 0 {
                pieces.push(fixed(", "));
            }
            pieces.push(self.piece(Typed::new(argument.clone(), param.ty.clone()), called.span));
        }
        pieces.push(fixed(")"));
        Some(Meant {
            pieces,
            operation: Some((called.title.clone(), target)),
        })
    }

    fn pieces(&mut self, text: &'a ast::Expr) -> Option<Vec<Piece>> {
        let before = self.found.len();
        let ExprKind::Text(parts) = &text.kind else {
            let typed = self.expr(text, None);
            let (ty, span) = (typed.ty.clone(), text.span);
            let expr = self.textual(typed, span);
            return (!self.errors_since(before)).then(|| vec![self.piece(Typed::new(expr, ty), span)]);
        };
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            pieces.push(match part {
                TextPart::Literal(text) => fixed(text),
                TextPart::Expr(expr) => {
                    let typed = self.expr(expr, None);
                    let ty = typed.ty.clone();
                    let value = self.textual(typed, expr.span);
                    self.piece(Typed::new(value, ty), expr.span)
                }
            });
        }
        (!self.errors_since(before)).then_some(pieces)
    }

    fn piece(&self, typed: Typed, span: Span) -> Piece {
        match &typed.expr {
            Expr::Constant(value) => Piece::Fixed(flowmesh_stdlib::text(value), typed.expr),
            Expr::Config(id) => {
                let name = self.resolved.tables.configs.get(id.index());
                let name = name.map_or("", |declared| declared.name.text.as_str());
                Piece::Fixed(format!("{{{name}}}"), typed.expr)
            }
            _ => Piece::Value(typed.expr, typed.ty, span),
        }
    }

    fn no_target<T>(&mut self, span: Span) -> Option<T> {
        self.report(Error::Form { span }.diagnostic());
        None
    }
}

/// The slots are those of the head; the flow gives them places of its own.
fn looked(operation: Option<(String, Target)>) -> Look {
    operation.map_or(Look::Place, |(title, target)| Look::Operation {
        title,
        target,
        there: SlotId(0),
    })
}

/// The parameter that each value in a target is: all of them, each once.
fn gives(pieces: &[Piece], (signature, span): (&Signature, Span)) -> Result<Vec<Name>, Vec<Error>> {
    let (mut params, mut errors): (Vec<Name>, Vec<Error>) = (Vec::new(), Vec::new());
    for piece in pieces {
        let Piece::Value(value, _, span) = piece else {
            continue;
        };
        let param = match value {
            Expr::Slot(slot) => signature.params.get(slot.index()),
            _ => None,
        };
        match param {
            None => errors.push(Error::NoParam { span: *span }),
            Some(param) if params.contains(&param.name) => {
                let (name, span) = (param.name.clone(), *span);
                errors.push(Error::Twice { name, span });
            }
            Some(param) => params.push(param.name.clone()),
        }
    }
    let names = signature.params.iter().map(|param| &param.name);
    let names: Vec<Name> = names.filter(|name| !params.contains(name)).cloned().collect();
    if errors.is_empty() && !names.is_empty() {
        let (flow, declared) = (signature.name.clone(), signature.span);
        errors.push(Error::Lacking {
            flow,
            names,
            span,
            declared,
        });
    }
    match errors.is_empty() {
        true => Ok(params),
        false => Err(errors),
    }
}

fn fixed(text: &str) -> Piece {
    Piece::Fixed(text.to_owned(), Expr::Constant(Value::string(text)))
}

fn product(pieces: &[Piece]) -> Product {
    let form = pieces.iter().map(|piece| match piece {
        Piece::Fixed(text, _) => text.as_str(),
        Piece::Value(..) => "{}",
    });
    let holes = pieces.iter().filter_map(|piece| match piece {
        Piece::Fixed(..) => None,
        Piece::Value(_, ty, _) => Some(ty.ir().unwrap_or(Type::Json)),
    });
    Product {
        form: form.collect(),
        holes: holes.collect(),
    }
}

fn values(pieces: &[Piece]) -> Vec<Expr> {
    let value = |piece: &Piece| match piece {
        Piece::Fixed(..) => None,
        Piece::Value(value, ..) => Some(value.clone()),
    };
    pieces.iter().filter_map(value).collect()
}

fn shown(pieces: Vec<Piece>) -> Expr {
    let mut parts: Vec<Expr> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (Piece::Fixed(_, expr) | Piece::Value(expr, ..)) = piece;
        match (parts.last_mut(), expr) {
            (Some(Expr::Constant(Value::String(before))), Expr::Constant(Value::String(text))) => {
                *before = format!("{before}{text}").into();
            }
            (_, expr) => parts.push(expr),
        }
    }
    match parts.as_slice() {
        [Expr::Constant(Value::String(_))] => parts.remove(0),
        _ => Expr::Text(parts),
    }
}
