//! `try { } catch E as e { } finally { }`: what may fail, what is done then, and what is done in any case.

use super::{Body, Error, region::error::Error as Wrong};
use crate::{
    ast::{self, Block},
    check::{
        Checker, Ty,
        frame::Role,
        tree::{Catch, Kind, Region, Statement},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, Name, SlotId, Value, expr::Expr, program::BUILTIN_ERRORS};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// A `try` around the statement at hand.
#[derive(Debug, Default)]
pub(super) struct Try {
    caught: Vec<ErrorId>,
    any: bool,
    /// Errors that something in it may end with.
    met: BTreeSet<ErrorId>,
    /// How many loops are around it, and how many tasks.
    loops: usize,
    tasks: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn try_statement(
        &mut self,
        span: Span,
        body: &'a Block,
        catch: &'a [ast::Catch],
        finally: Option<&'a Block>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let named = self.caught_in_try(catch);
        self.flow.tries.push(Try {
            caught: named.iter().flatten().copied().collect(),
            any: catch.iter().any(is_any),
            met: BTreeSet::new(),
            loops: self.flow.loops.len(),
            tasks: self.flow.collecting.len(),
        });
        let tried = self.within_region(body);
        let met = self.flow.tries.pop().unwrap_or_default().met;
        let mut falls = tried.falls;
        let mut made = Vec::with_capacity(catch.len());
        for (written, error) in catch.iter().zip(&named) {
            if let Some(error) = error {
                self.can_happen(*error, &met, written, body);
            }
            falls |= self.catch_of_try(written, *error, (&named, &met), &mut made);
        }
        let mut region = Region {
            catch: made,
            ..Region::of(tried.statements)
        };
        if let Some(block) = finally {
            let last = self.finally(block);
            falls &= last.falls;
            if !catch.is_empty() {
                let inner = Kind::Region(Box::new(region));
                region = Region::of(vec![Statement { span, kind: inner }]);
            }
            region.finally = Some(last.statements);
        }
        self.push(out, span, Kind::Region(Box::new(region)));
        falls
    }

    /// The errors that are caught by name; `None` is `any`, or a mistake.
    fn caught_in_try(&mut self, catch: &'a [ast::Catch]) -> Vec<Option<ErrorId>> {
        let mut seen: HashMap<ErrorId, Span> = HashMap::new();
        let mut named = Vec::with_capacity(catch.len());
        self.any_is_last(catch);
        for written in catch {
            if is_any(written) {
                named.push(None);
                continue;
            }
            let id = self.error_named(&written.error);
            let (error, span) = (written.error.text.clone(), written.error.span);
            let first = id.and_then(|id| seen.insert(id, span));
            if let Some(first) = first {
                self.report(Error::CaughtTwice { error, span, first }.diagnostic());
            }
            named.push(id.filter(|_| first.is_none()));
        }
        named
    }

    /// Nothing can be caught behind `catch any`.
    pub(super) fn any_is_last(&mut self, catch: &[ast::Catch]) {
        let mut any = None;
        for written in catch {
            if let Some(any) = any {
                let span = written.error.span;
                self.report(Wrong::AfterAny { span, any }.diagnostic());
            }
            any = any.or_else(|| is_any(written).then_some(written.error.span));
        }
    }

    fn can_happen(&mut self, error: ErrorId, met: &BTreeSet<ErrorId>, written: &ast::Catch, body: &Block) {
        if error.index() >= BUILTIN_ERRORS.len() && !met.contains(&error) {
            let span = written.error.span;
            let body = Span {
                end: body.span.start.saturating_add(1),
                ..body.span
            };
            let error = written.error.text.clone();
            self.report(
                Wrong::NeverInTry {
                    error,
                    span,
                    body,
                    flow: false,
                }
                .diagnostic(),
            );
        }
    }

    fn catch_of_try(
        &mut self,
        written: &'a ast::Catch,
        error: Option<ErrorId>,
        (named, met): (&[Option<ErrorId>], &BTreeSet<ErrorId>),
        made: &mut Vec<Catch>,
    ) -> bool {
        let any = is_any(written);
        let ty = match error {
            Some(error) => Ty::Error(error),
            None if any => any_error(),
            None => Ty::Bad,
        };
        self.frame.open();
        let bind = written.bind.as_ref().map(|name| self.bind(name, ty, Role::Bound));
        let body = self.knowing(Vec::new(), |checker| checker.single(&written.body));
        self.frame.close();
        let falls = body.falls;
        let body = body.statements;
        if any {
            let known: Vec<ErrorId> = named.iter().flatten().copied().collect();
            let open: Vec<ErrorId> = all_errors(met.iter().copied())
                .filter(|error| !known.contains(error))
                .collect();
            made.extend(self.catch_any(&open, bind, body, written.span));
        } else if let Some(error) = error {
            made.push(Catch { error, bind, body });
        }
        falls
    }

    /// One catch for each error, that makes of it what `catch any` binds, and leads to one body.
    pub(super) fn catch_any(
        &mut self,
        errors: &[ErrorId],
        bind: Option<SlotId>,
        body: Vec<Statement>,
        span: Span,
    ) -> Vec<Catch> {
        let body = Arc::new(body);
        let mut made = Vec::with_capacity(errors.len());
        for error in errors {
            let mut statements = Vec::new();
            let found = bind.map(|bind| {
                let found = self.frame.hidden("_error", Ty::Error(*error));
                let value = self.any_value(*error, found);
                self.push(&mut statements, span, Kind::Set(bind, value));
                found
            });
            self.push(&mut statements, span, Kind::Shared(body.clone()));
            made.push(Catch {
                error: *error,
                bind: found,
                body: statements,
            });
        }
        made
    }

    /// The name of an error and its reason: its field of that name, else its fields as text.
    fn any_value(&self, error: ErrorId, slot: SlotId) -> Expr {
        let text = |text: &str| Expr::Constant(Value::string(text));
        let field = |name: &Name| Expr::Field(Box::new(Expr::Slot(slot)), name.clone());
        let info = self.globals.error(error);
        let name = info.map_or(text(""), |error| text(&error.name));
        let params = info.map(|error| error.params.as_slice()).unwrap_or_default();
        let own = params
            .iter()
            .find(|param| param.name == "reason" && param.ty == Ty::String);
        let reason = own.map_or_else(
            || {
                let plain = params.iter().filter(|param| is_plain(&param.ty));
                let parts = plain.enumerate().flat_map(|(at, param)| {
                    let comma = if at == 0 { "" } else { ", " };
                    [text(&format!("{comma}{}: ", param.name)), field(&param.name)]
                });
                Expr::Text(parts.collect())
            },
            |param| field(&param.name),
        );
        let fields = [("name".into(), name), ("reason".into(), reason)];
        Expr::Record(fields.into())
    }

    /// What is done in any case: nothing leads out of it.
    fn finally(&mut self, block: &'a Block) -> Body {
        let loops = std::mem::take(&mut self.flow.loops);
        self.flow.finally = self.flow.finally.saturating_add(1);
        let body = self.knowing(Vec::new(), |checker| checker.block(block));
        self.flow.finally = self.flow.finally.saturating_sub(1);
        self.flow.loops = loops;
        if !body.falls {
            self.leave();
        }
        body
    }

    /// Whether what stands here is part of a `finally`, which is said then.
    pub(super) fn in_finally(&mut self, word: &'static str, span: Span) -> bool {
        let inside = self.flow.finally > 0;
        if inside {
            self.report(Wrong::OutOfFinally { word, span }.diagnostic());
        }
        inside
    }

    /// Whether a `try` around catches an error; all around up to that one have met it. Gives how many loops are
    /// around that `try`.
    pub(super) fn caught_around(&mut self, error: ErrorId) -> Option<usize> {
        let tasks = self.flow.collecting.len();
        let around = self.flow.tries.iter_mut().rev();
        for tried in around.take_while(|tried| tried.tasks == tasks) {
            tried.met.insert(error);
            if tried.any || tried.caught.contains(&error) {
                return Some(tried.loops);
            }
        }
        None
    }
}

/// Whether it is `catch any`.
pub(super) fn is_any(written: &ast::Catch) -> bool {
    written.error.text == "any"
}

/// What `catch any` binds.
pub(super) fn any_error() -> Ty {
    let fields = [("name".into(), Ty::String), ("reason".into(), Ty::String)];
    Ty::Record(Arc::new(fields.into()))
}

/// The built-in errors and these.
pub(super) fn all_errors(domain: impl Iterator<Item = ErrorId>) -> impl Iterator<Item = ErrorId> {
    let builtin = (0..BUILTIN_ERRORS.len()).map(|at| ErrorId(u32::try_from(at).unwrap_or(u32::MAX)));
    builtin.chain(domain.filter(|error| error.index() >= BUILTIN_ERRORS.len()))
}

fn is_plain(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::String
            | Ty::Int
            | Ty::Decimal
            | Ty::Float
            | Ty::Bool
            | Ty::Duration
            | Ty::Time
            | Ty::Date
            | Ty::Url
    )
}
