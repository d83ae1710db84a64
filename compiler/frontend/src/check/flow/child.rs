//! Calls of other flows: a child that is waited for, and a run that is started apart.

use super::{
    Beside,
    call::Dest,
    found::{Called, Found, What},
};
use crate::{
    ast::{self, Argument, Tails},
    check::{
        Checker, Signature, Ty,
        tree::{Kind, Start, Statement},
    },
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{FlowId, expr::Expr};

impl<'a> Checker<'a> {
    /// The flow that a path of words names, without a word about other things.
    pub(super) fn flow_at(&mut self, callee: &ast::Expr) -> Option<FlowId> {
        let (words, def) = self.def_at(callee)?;
        let Def::Flow(id) = def else { return None };
        self.path(&words);
        Some(FlowId(id))
    }

    /// The template that a path of words names.
    pub(super) fn template_at(&mut self, callee: &ast::Expr) -> Option<u32> {
        let (words, def) = self.def_at(callee)?;
        let Def::Template(id) = def else { return None };
        self.path(&words);
        Some(id)
    }

    /// The copy of a template for what a call gives it.
    pub(super) fn template_called(
        &mut self,
        template: u32,
        name: Span,
        arguments: &'a [Argument],
        span: Span,
    ) -> Found<'a> {
        let Some(signature) = self.globals.templates.get(template as usize).cloned() else {
            return Found::Bad;
        };
        let Some(flow) = self.copy_of(template, arguments, span) else {
            return Found::Bad;
        };
        called(flow, signature, arguments, (name, span))
    }

    pub(super) fn flow_called(
        &mut self,
        flow: FlowId,
        name: Span,
        arguments: &'a [Argument],
        span: Span,
    ) -> Found<'a> {
        match self.globals.flows.get(flow.index()).cloned() {
            Some(signature) => called(flow, signature, arguments, (name, span)),
            None => Found::Bad,
        }
    }

    /// The arguments of a child.
    pub(super) fn child(&mut self, called: &Called<'a>, tails: &'a Tails) -> Vec<Expr> {
        if let Some((span, _)) = &tails.with {
            let (name, span) = (called.title.clone(), *span);
            self.report(Beside::WithFlow { name, span }.diagnostic());
        }
        self.flow_arguments(called)
    }

    fn flow_arguments(&mut self, called: &Called<'a>) -> Vec<Expr> {
        let params = called.signature.params.clone();
        let made = self.arguments(&called.title, &params, called.arguments, called.span);
        made.into_iter().map(|(_, value)| value).collect()
    }

    /// `start report(day)`: its value is the identifier of the run.
    pub(super) fn start(
        &mut self,
        span: Span,
        call: &'a ast::Expr,
        tails: &'a Tails,
        dest: &Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        self.no_tails(tails);
        let called = match self.called(call) {
            Found::Call(called) => Some(called),
            Found::Value => {
                self.expr(call, None);
                None
            }
            Found::Bad => return self.settle(dest, None, &Ty::Bad, span, out),
        };
        let Some((called, flow)) = called.and_then(|called| match called.what {
            What::Flow(flow) => Some((called, flow)),
            _ => None,
        }) else {
            self.report(Beside::NotStartable { span: call.span }.diagnostic());
            let slot = self.place_for(dest, &Ty::Bad, span);
            return self.settle(dest, slot, &Ty::Bad, span, out);
        };
        let arguments = self.flow_arguments(&called);
        let slot = self.place_for(dest, &Ty::String, span);
        let start = Start {
            title: format!("start {}", called.title),
            flow,
            arguments,
            bind: slot,
        };
        self.push(out, span, Kind::Start(Box::new(start)));
        self.settle(dest, slot, &Ty::String, span, out)
    }

    /// `restart with (args)`: they are those of the flow itself.
    pub(super) fn restart(&mut self, span: Span, arguments: &'a [Argument], out: &mut Vec<Statement>) {
        let Some(signature) = self.flow.signature.clone() else {
            return;
        };
        let made = self.arguments(&signature.name, &signature.params, arguments, span);
        let values = made.into_iter().map(|(_, value)| value).collect();
        self.leave();
        self.push(out, span, Kind::Restart(values));
    }
}

/// A call of a flow, the place of its name and that of all of it.
fn called<'a>(
    flow: FlowId,
    signature: Signature,
    arguments: &'a [Argument],
    (name, span): (Span, Span),
) -> Found<'a> {
    Found::Call(Box::new(Called {
        what: What::Flow(flow),
        title: signature.name.to_string(),
        signature,
        arguments,
        name,
        span,
        as_json: false,
    }))
}
