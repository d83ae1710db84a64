//! Runs in tests: which one is meant, and what can be read of it.

use super::Error;
use crate::{
    ast::{self, ExprKind, Ident},
    check::{
        Checker, FactKind,
        expr::{Place, Typed},
        ty::Ty,
    },
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, SlotId,
    expr::Expr,
    flow::Flow,
    test::{Read, What},
};

/// What can be read of every run.
const PARTS: [(&str, &str); 4] = [
    ("id", "the identifier of the run"),
    (
        "status",
        "how the run stands: `running`, `waiting`, `done` and so on",
    ),
    ("result", "the result of the run, once it is done"),
    ("tags", "the tags of the run"),
];

impl<'a> Checker<'a> {
    /// The run that an expression names, and its flow.
    pub(in crate::check) fn run_of(&mut self, run: &'a ast::Expr) -> Option<(SlotId, u32)> {
        if let ExprKind::Name(name) = &run.kind
            && name == "run"
            && self.frame.find(name).is_none()
        {
            return self.last_run(run.span);
        }
        let typed = self.expr(run, None);
        match (&typed.ty, &typed.expr) {
            (Ty::Run(flow), Expr::Slot(slot)) => Some((*slot, *flow)),
            (ty, _) if ty.is_bad() => None,
            (ty, _) => {
                let found = self.globals.show(ty);
                self.report(
                    Error::NotARun {
                        found,
                        span: run.span,
                    }
                    .diagnostic(),
                );
                None
            }
        }
    }

    /// The run that was started last.
    pub(in crate::check) fn last_run(&mut self, span: Span) -> Option<(SlotId, u32)> {
        let last = self.test.last;
        if last.is_none() {
            self.report(Error::NoRun { span }.diagnostic());
        }
        last.filter(|(_, flow)| *flow != u32::MAX)
    }

    /// `run.status`, `run.progress`
    pub(in crate::check) fn run_member(&mut self, run: SlotId, flow: u32, field: &Ident) -> Place {
        let known = self.flows.get(flow as usize);
        let view = known.and_then(|flow| view_of(flow, &field.text));
        let result = || {
            self.globals
                .flows
                .get(flow as usize)
                .map(|flow| flow.result.clone())
        };
        let (what, ty) = match (view, field.text.as_str()) {
            (Some(ty), _) => (What::View(field.text.clone()), ty),
            (None, "id") => (What::Id, Ty::String),
            (None, "status") => (What::Status, Ty::String),
            (None, "result") => (What::Result, result().unwrap_or_default()),
            (None, "tags") => return Place::Tags(run),
            _ => {
                self.unknown_part(flow, field);
                return Place::Bad;
            }
        };
        let doc = PARTS.iter().find(|(part, _)| *part == field.text);
        let (part, doc) = doc.map_or(("view", "a view of the run"), |part| *part);
        self.facts
            .add(field.span, FactKind::Builtin(part, ty.clone(), doc), None);
        Place::Value(self.read_of(run, what, ty))
    }

    /// Something of a run, in a slot of its own.
    pub(in crate::check) fn read_of(&mut self, run: SlotId, what: What, ty: Ty) -> Typed {
        let known = self.test.reads.iter();
        let same = known.filter(|read| read.run == run && read.what == what);
        let slot = match same.map(|read| read.slot).next() {
            Some(slot) => slot,
            None => {
                let slot = self.frame.hidden("_read", ty.clone());
                self.test.reads.push(Read { slot, run, what });
                slot
            }
        };
        self.narrowed(Typed::new(Expr::Slot(slot), ty))
    }

    fn unknown_part(&mut self, flow: u32, field: &Ident) {
        let views = self
            .flows
            .get(flow as usize)
            .map(|flow| views_of(flow))
            .unwrap_or_default();
        let known = views.iter().map(Name::as_str);
        let near = nearest(&field.text, known.chain(PARTS.iter().map(|(part, _)| *part))).map(Name::from);
        let flow = self.globals.flows.get(flow as usize);
        let flow = flow.map(|flow| flow.name.clone()).unwrap_or_default();
        let (name, span) = (field.text.clone(), field.span);
        self.report(
            Error::UnknownPart {
                name,
                flow,
                span,
                near,
                views,
            }
            .diagnostic(),
        );
    }
}

fn views_of(flow: &Flow) -> Vec<Name> {
    flow.views.iter().map(|view| view.name.clone()).collect()
}

fn view_of(flow: &Flow, name: &str) -> Option<Ty> {
    let view = flow.views.iter().find(|view| view.name == name);
    view.map(|view| Ty::of(&view.ty))
}
