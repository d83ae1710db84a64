//! Waits: for a signal, an event, a task, a condition or a time, and for whichever comes first.

use super::{
    Beside, Body, Error,
    call::{Dest, NO_TAILS},
    fiber::{Condition, reads},
    found::{Called, What},
    statement::none,
};
use crate::{
    ast::{self, AwaitArm, AwaitOn, ExprKind, Ident, Limit, Tails},
    check::{
        Checker, Ty,
        expr::Typed,
        frame::Role,
        tree::{Arm, Kind, Statement, Wait},
        ty::Task,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, SlotId, flow::On};

/// Something that can be waited for.
pub(super) struct Awaited<'a> {
    on: On,
    /// What it is called, for people.
    name: String,
    /// What comes.
    gives: Option<Ty>,
    /// Where it goes, if that is known already.
    slot: Option<SlotId>,
    /// It ends by itself, because it is a task or a time.
    ends: bool,
    /// The task.
    task: Option<Called<'a>>,
}

impl<'a> Checker<'a> {
    /// `await approve as a within 2d else STATEMENT`
    pub(super) fn wait(
        &mut self,
        span: Span,
        (on, bind): (&'a AwaitOn, Option<&'a Ident>),
        limit: &'a Limit,
        tails: &'a Tails,
        out: &mut Vec<Statement>,
    ) -> bool {
        let awaited = self.waited_for(on, bind);
        let late = self.late(limit);
        let Some(awaited) = awaited else {
            if let Some(bind) = bind {
                self.bind(bind, Ty::Bad, Role::Bound);
            }
            return true;
        };
        if matches!(limit, Limit::Missing) && !awaited.ends {
            let name = Name::from(awaited.name.as_str());
            self.report(Error::Endless { span, name }.diagnostic());
        }
        // If the wait may end without what it waits for and go on, there may be nothing.
        let absent = late.as_ref().is_some_and(|(_, body)| body.falls);
        let (slot, catch) = self.arrival(&awaited, bind, absent, tails);
        let mut arms = vec![Arm {
            on: awaited.on,
            bind: slot,
            body: Vec::new(),
        }];
        if let Some((duration, mut body)) = late {
            if body.falls {
                body.statements.extend(self.set(span, slot, &none()));
            }
            arms.push(Arm {
                on: On::After(duration),
                bind: None,
                body: body.statements,
            });
        }
        // A loop that hears something each time may go on for as long as the run.
        self.leave();
        let title = format!("await {}", awaited.name);
        self.push(out, span, Kind::Wait(Box::new(Wait { title, arms, catch })));
        true
    }

    /// `await { when approve as a -> STATEMENT  when after 2d -> STATEMENT }`
    pub(super) fn wait_any(&mut self, span: Span, arms: &'a [AwaitArm], out: &mut Vec<Statement>) -> bool {
        let mut made = Vec::with_capacity(arms.len());
        let mut names = Vec::with_capacity(arms.len());
        let mut falls = arms.is_empty();
        for arm in arms {
            let awaited = self.waited_for(&arm.on, arm.bind.as_ref());
            self.frame.open();
            let slot = match &awaited {
                Some(awaited) => self.arrival(awaited, arm.bind.as_ref(), false, NO_TAILS).0,
                None => arm
                    .bind
                    .as_ref()
                    .map(|bind| self.bind(bind, Ty::Bad, Role::Bound)),
            };
            let body = self.knowing(Vec::new(), |checker| checker.single(&arm.body));
            self.frame.close();
            falls |= body.falls;
            let Some(awaited) = awaited else { continue };
            names.push(awaited.name);
            made.push(Arm {
                on: awaited.on,
                bind: slot,
                body: body.statements,
            });
        }
        self.leave();
        let wait = Wait {
            title: format!("await {}", names.join(" or ")),
            arms: made,
            catch: Vec::new(),
        };
        self.push(out, span, Kind::Wait(Box::new(wait)));
        falls
    }

    /// `within 2d else STATEMENT`
    pub(super) fn late(&mut self, limit: &'a Limit) -> Option<(flowmesh_ir::expr::Expr, Body)> {
        let Limit::Within { duration, otherwise } = limit else {
            return None;
        };
        let duration = self.against(duration, &Ty::Duration);
        let nothing = Body {
            statements: Vec::new(),
            falls: true,
        };
        let body = otherwise.as_deref().map_or(nothing, |statement| {
            self.frame.open();
            let body = self.knowing(Vec::new(), |checker| checker.single(statement));
            self.frame.close();
            body
        });
        Some((duration, body))
    }

    /// What is waited for, found.
    fn waited_for(&mut self, on: &'a AwaitOn, bind: Option<&'a Ident>) -> Option<Awaited<'a>> {
        let time = |on, name| Awaited {
            on,
            name,
            gives: None,
            slot: None,
            ends: true,
            task: None,
        };
        match on {
            AwaitOn::Expr(expr) => self.waited_expr(expr),
            AwaitOn::Event { event, condition } => self.waited_event(event, bind, condition.as_ref()),
            AwaitOn::After(duration) => {
                let name = format!("after {}", self.short(duration.span));
                Some(time(On::After(self.against(duration, &Ty::Duration)), name))
            }
            AwaitOn::At(at) => {
                let name = format!("at {}", self.short(at.span));
                Some(time(On::At(self.against(at, &Ty::Time)), name))
            }
        }
    }

    fn waited_expr(&mut self, expr: &'a ast::Expr) -> Option<Awaited<'a>> {
        if let ExprKind::Name(name) = &expr.kind
            && self.frame.find(name).is_none()
            && (self.flow.by_name.contains_key(name) || self.entry(name).is_none())
        {
            let ident = Ident {
                text: name.clone(),
                span: expr.span,
            };
            let (signal, record) = self.awaited(&ident)?;
            return Some(Awaited {
                on: On::Signal(signal),
                name: name.to_string(),
                gives: Some(record),
                slot: None,
                ends: false,
                task: None,
            });
        }
        let seen = self.frame.accesses.len();
        let typed = self.expr(expr, None);
        match self.globals.unfold(&typed.ty) {
            Ty::Bad => None,
            Ty::Task(task) => Some(self.waited_task(expr, typed, &task)),
            Ty::Bool => {
                // Who waits for a condition wants another branch to change it.
                self.frame.accesses.truncate(seen);
                Some(self.waited_condition(expr, typed))
            }
            _ => {
                let (found, span) = (self.globals.show(&typed.ty), expr.span);
                self.report(Beside::NotAwaitable { found, span }.diagnostic());
                None
            }
        }
    }

    fn waited_condition(&mut self, expr: &'a ast::Expr, typed: Typed) -> Awaited<'a> {
        self.flow.conditions.push(Condition {
            span: expr.span,
            slots: reads(&typed.expr),
            strand: self.strand(),
        });
        Awaited {
            on: On::Condition(typed.expr),
            name: self.short(expr.span),
            gives: None,
            slot: None,
            ends: false,
            task: None,
        }
    }

    fn waited_task(&mut self, expr: &'a ast::Expr, typed: Typed, task: &Task) -> Awaited<'a> {
        let title = self.short(expr.span);
        let place = match &typed.expr {
            flowmesh_ir::expr::Expr::Slot(slot) => self.frame.local(*slot).map(|local| local.span),
            _ => None,
        };
        let place = place.unwrap_or(expr.span);
        let mut signature = crate::check::declare::signature(title.as_str().into(), None, place);
        signature.result = task.result.clone();
        signature.fails = task.fails.iter().map(|error| (*error, place)).collect();
        let gives = (task.result != Ty::Unit).then(|| task.result.clone());
        Awaited {
            on: On::Task(typed.expr),
            name: title.clone(),
            gives,
            slot: None,
            ends: true,
            task: Some(Called {
                what: What::Task,
                title,
                signature,
                arguments: &[],
                name: expr.span,
                span: expr.span,
                as_json: false,
            }),
        }
    }

    fn waited_event(
        &mut self,
        event: &'a Ident,
        bind: Option<&'a Ident>,
        condition: Option<&'a ast::Expr>,
    ) -> Option<Awaited<'a>> {
        let Some((id, ty)) = self.event_named(event) else {
            condition
                .into_iter()
                .for_each(|condition| drop(self.expr(condition, Some(&Ty::Bool))));
            return None;
        };
        let it = Ident {
            text: Name::new_static("it"),
            span: event.span,
        };
        let name = bind.unwrap_or(&it);
        let slot = self.frame.hidden(&name.text, ty.clone());
        self.frame.open();
        self.frame.adopt(name.text.clone(), slot);
        let condition = condition.map(|condition| self.against(condition, &Ty::Bool));
        self.frame.close();
        Some(Awaited {
            on: On::Event {
                event: id,
                slot,
                condition,
            },
            name: format!("event {}", event.text),
            gives: Some(ty),
            slot: Some(slot),
            ends: false,
            task: None,
        })
    }

    /// Gives what comes its name, and says what happens on the errors of a task.
    fn arrival(
        &mut self,
        awaited: &Awaited<'a>,
        bind: Option<&'a Ident>,
        absent: bool,
        tails: &'a Tails,
    ) -> (Option<SlotId>, Vec<crate::check::tree::Catch>) {
        let result = awaited.gives.clone().unwrap_or(Ty::Unit);
        let dest = match bind {
            Some(name) => Dest::Bind {
                name,
                ty: None,
                role: Role::Bound,
            },
            None => Dest::Nothing,
        };
        if let (Some(bind), None) = (bind, &awaited.gives) {
            let (name, span) = (awaited.name.clone(), bind.span);
            self.report(Beside::GivesNothing { name, span }.diagnostic());
            self.bind(bind, Ty::Bad, Role::Bound);
            return (None, Vec::new());
        }
        let slot = match awaited.slot {
            Some(slot) => Some(slot),
            None => self.place_for(&dest, &result, Span::default()),
        };
        let (catch, joined) = match &awaited.task {
            Some(called) => {
                let wish = bind.map(|_| result.clone());
                let made = self.catches(called, tails, slot, wish.as_ref(), &dest);
                self.domain_errors(called, tails);
                made
            }
            None => {
                self.no_tails(tails);
                (Vec::new(), result)
            }
        };
        if let (Some(bind), Some(slot)) = (bind, slot) {
            let ty = if absent { joined.optional() } else { joined };
            self.name_slot(slot, bind, ty, Role::Bound);
        }
        (slot, catch)
    }

    /// What stands at a place, if it is short enough for a title.
    pub(super) fn short(&self, span: Span) -> String {
        let text = self.slice(span);
        if text.len() > 40 || text.contains('\n') {
            "a condition".to_owned()
        } else {
            text
        }
    }
}
