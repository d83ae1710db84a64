//! Tasks: what runs beside the flow and can be awaited and cancelled.

use super::{
    Beside, Body,
    call::Dest,
    found::{Called, Found},
    statement::none,
};
use crate::{
    ast::{self, Ident, Spawned, Tails},
    check::{
        Checker, Ty,
        tree::{Kind, Spawn, Statement},
        ty::Task,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, Name, SlotId, expr::Expr};
use std::sync::Arc;

/// A task whose errors nobody has heard of yet.
#[derive(Clone, Debug)]
pub(super) struct Spawning {
    task: Option<SlotId>,
    fails: Vec<ErrorId>,
    title: String,
    span: Span,
}

impl<'a> Checker<'a> {
    /// `spawn CALL`, with the tails of the call, and `spawn { }`
    pub(super) fn spawn(
        &mut self,
        span: Span,
        spawned: &'a Spawned,
        tails: &'a Tails,
        dest: &Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let open = Ty::Task(Arc::new(Task::default()));
        let task = match dest {
            Dest::Bind { name, .. } => self.frame.hidden(&name.text, open),
            Dest::Assign { slot, .. } => *slot,
            _ => self.frame.hidden("_task", open),
        };
        let apart = self.apart(Name::new_static("the task"), Ty::Open, true, |checker| {
            let cancelled = |name: &Ident| checker.flow.cancelled.contains(&name.text);
            let cancelled = matches!(dest, Dest::Bind { name, .. } if cancelled(name));
            checker.flow.endable = u32::from(cancelled);
            match spawned {
                Spawned::Call(call) => checker.spawned_call(call, tails),
                Spawned::Block(block) => {
                    checker.no_tails(tails);
                    checker.block(block)
                }
            }
        });
        if apart.body.falls && !matches!(apart.result, Ty::Unit | Ty::Bad) {
            self.report(Beside::TaskFalls { span }.diagnostic());
        }
        let ty = Ty::Task(Arc::new(Task {
            result: apart.result,
            fails: apart.raised.clone(),
        }));
        self.flow.tasks.push(Spawning {
            task: matches!(dest, Dest::Bind { .. }).then_some(task),
            fails: apart.raised,
            title: match spawned {
                Spawned::Call(call) => self.short(call.span),
                Spawned::Block(_) => "this task".to_owned(),
            },
            span,
        });
        let mut own = apart.own;
        own.extend(apart.captured);
        let body = apart.body.statements;
        self.push(out, span, Kind::Spawn(Box::new(Spawn { task, own, body })));
        self.settle(dest, Some(task), &ty, span, out)
    }

    fn spawned_call(&mut self, call: &'a ast::Expr, tails: &'a Tails) -> Body {
        let mut statements = Vec::new();
        let falls = match self.called(call) {
            Found::Call(called) => {
                self.call_statement(call.span, &called, tails, &Dest::Return, &mut statements)
            }
            Found::Value => {
                self.expr(call, None);
                self.report(Beside::NotSpawnable { span: call.span }.diagnostic());
                true
            }
            Found::Bad => true,
        };
        Body { statements, falls }
    }

    /// Puts what a statement gives where it belongs, and gives it its name.
    pub(super) fn settle(
        &mut self,
        dest: &Dest<'a>,
        slot: Option<SlotId>,
        found: &Ty,
        span: Span,
        out: &mut Vec<Statement>,
    ) -> bool {
        match dest {
            Dest::Bind { name, ty, role } => {
                if let Some(ty) = ty {
                    self.same(found, ty, span);
                }
                let ty = ty.clone().unwrap_or_else(|| found.clone());
                if let Some(slot) = slot {
                    self.name_slot(slot, name, ty, *role);
                }
                true
            }
            Dest::Assign { slot, ty, span: at } => {
                self.same(found, &ty.clone(), span);
                self.assigned(*slot, *at, false);
                true
            }
            Dest::Return => {
                let expected = self.flow.result.clone();
                self.same(found, &expected, span);
                self.push_return(out, span, slot.map_or_else(none, Expr::Slot));
                false
            }
            Dest::Round(ty) => {
                if let Some(ty) = ty {
                    self.same(found, ty, span);
                }
                self.flow.round = slot.map(|slot| (slot, ty.clone().unwrap_or_else(|| found.clone())));
                true
            }
            Dest::Nothing | Dest::Lost => true,
        }
    }

    /// `cancel task`: whether it is one.
    pub(super) fn cancel_task(&mut self, span: Span, what: &'a ast::Expr, out: &mut Vec<Statement>) {
        let typed = self.expr(what, None);
        match self.globals.unfold(&typed.ty) {
            Ty::Task(_) => self.push(out, span, Kind::CancelTask(typed.expr)),
            Ty::Bad => {}
            _ => {
                let (found, span) = (self.globals.show(&typed.ty), what.span);
                self.report(Beside::NotCancellable { found, span }.diagnostic());
            }
        }
    }

    /// The errors of tasks that nobody awaits are those of the flow.
    pub(super) fn tasks_awaited(&mut self) {
        for spawning in std::mem::take(&mut self.flow.tasks) {
            let local = spawning.task.and_then(|task| self.frame.local(task));
            if local.is_some_and(|local| local.read) {
                continue;
            }
            for error in spawning.fails {
                self.may_fail(error, spawning.span, Some((&spawning.title, None)));
            }
        }
    }

    /// Where the errors of a call go that nobody catches, if not to the flow.
    pub(super) fn collected(&mut self, error: ErrorId) -> bool {
        let Some(errors) = self.flow.collecting.last_mut() else {
            return false;
        };
        if !errors.contains(&error) {
            errors.push(error);
        }
        true
    }
}

impl Called<'_> {
    /// What is called, in the words of the language.
    pub(super) fn word(&self) -> &'static str {
        self.what.word()
    }
}
