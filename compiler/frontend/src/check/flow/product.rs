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
        tree::{Look, Produces},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    EventId, Name, SlotId, Value,
    expr::Expr,
    flow::{Made, Product, Target, Trigger},
    ty::Type,
};

/// What a target is made of.
enum Piece {
    /// What is written, and configs by their names.
    Fixed(String, Expr),
    Value(Expr, Ty, Span),
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
        // The slots are those of the head; the flow gives them places of its own.
        let look = operation.map_or(Look::Place, |(title, target)| Look::Operation {
            title,
            target,
            there: SlotId(0),
        });
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

    /// `on produced(E)`: each parameter is one of the values in the target.
    pub(super) fn produced(&mut self, target: &'a ast::Expr, signature: &Signature) -> Option<Trigger> {
        let Meant { pieces, .. } = self.meant(target, false)?;
        let mut params: Vec<Name> = Vec::new();
        for piece in &pieces {
            let Piece::Value(value, _, span) = piece else {
                continue;
            };
            let param = match value {
                Expr::Slot(slot) => signature.params.get(slot.index()),
                _ => None,
            };
            match param {
                None => self.report(Error::NoParam { span: *span }.diagnostic()),
                Some(param) if params.contains(&param.name) => {
                    let (name, span) = (param.name.clone(), *span);
                    self.report(Error::Twice { name, span }.diagnostic());
                }
                Some(param) => params.push(param.name.clone()),
            }
        }
        let lacking = |param: &&crate::check::globals::FieldInfo| !params.contains(&param.name);
        let lacking: Vec<Name> = signature
            .params
            .iter()
            .filter(lacking)
            .map(|param| param.name.clone())
            .collect();
        let whole = params.len() == values(&pieces).len();
        if whole && !lacking.is_empty() {
            let (flow, span, declared) = (signature.name.clone(), target.span, signature.span);
            self.report(
                Error::Lacking {
                    flow,
                    names: lacking,
                    span,
                    declared,
                }
                .diagnostic(),
            );
        }
        Some(Trigger {
            event: self.produced_event(),
            condition: None,
            made: Some(Made {
                product: product(&pieces),
                params,
            }),
        })
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
