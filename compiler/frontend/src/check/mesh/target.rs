//! Where a route of a gateway leads.

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, Ident, Setting},
    check::{Checker, globals::Signature, service},
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{FlowId, OperationId, ServiceId, SubsetId, expr::Expr, gateway::Target};

impl<'a> Checker<'a> {
    pub(super) fn route_target(&mut self, target: &'a ast::Expr, settings: &'a [Setting]) -> Option<Target> {
        let wait = settings.iter().find(|setting| setting.name.text == "wait");
        let made = match &target.kind {
            ExprKind::Bad => return None,
            ExprKind::Call(callee, arguments) => self.called_target(callee, arguments, target.span, wait),
            _ => self.service_target(target),
        };
        match &made {
            None => {
                let (found, span) = (self.slice(target.span), target.span);
                self.report(Error::Target { found, span }.diagnostic());
            }
            Some(Target::Flow { .. }) => self.not_for(settings, "rewrite", "a flow has no address"),
            Some(_) => self.not_for(settings, "wait", "only a flow is waited for"),
        }
        self.not_for(
            settings,
            "proxy_protocol",
            "only a service behind a `tls` route is told of its visitors so",
        );
        made
    }

    fn not_for(&mut self, settings: &[Setting], name: &'static str, why: &'static str) {
        if let Some(setting) = settings.iter().find(|setting| setting.name.text == name) {
            let span = setting.name.span.to(setting.value.span);
            self.report(Error::NotForTarget { name, why, span }.diagnostic());
        }
    }

    fn called_target(
        &mut self,
        callee: &'a ast::Expr,
        arguments: &'a [Argument],
        span: Span,
        wait: Option<&'a Setting>,
    ) -> Option<Target> {
        let words = service::words(callee)?;
        if matches!(words.as_slice(), [only] if only.text == "redirect") {
            return self.redirect(arguments);
        }
        let wait = wait
            .and_then(|wait| self.flag("wait", &wait.value))
            .unwrap_or(false);
        if let Some((operation, path)) = words.split_last()
            && let Some(Def::Service(id)) = self.service_path(path)
        {
            return self.operation_target(ServiceId(id), operation, arguments, span);
        }
        let id = match self.path(&words) {
            Some(Def::Flow(id)) => id,
            Some(Def::Template(id)) => self.copy_of(id, arguments, span)?.0,
            _ => return None,
        };
        let signature = self.globals.flows.get(id as usize)?.clone();
        let arguments = self.target_arguments(&signature, arguments, span);
        Some(Target::Flow {
            flow: FlowId(id),
            arguments,
            wait,
        })
    }

    fn target_arguments(
        &mut self,
        signature: &Signature,
        arguments: &'a [Argument],
        span: Span,
    ) -> Vec<Expr> {
        let made = self.arguments(&signature.name, &signature.params, arguments, span);
        made.into_iter().map(|(_, expr)| expr).collect()
    }

    fn operation_target(
        &mut self,
        service: ServiceId,
        name: &Ident,
        arguments: &'a [Argument],
        span: Span,
    ) -> Option<Target> {
        let at = *self
            .globals
            .services
            .get(service.index())?
            .by_name
            .get(&name.text)?;
        let signature = self.globals.operation(service.0, at)?.signature.clone();
        let arguments = self.target_arguments(&signature, arguments, span);
        Some(Target::Operation {
            service,
            operation: OperationId(at),
            arguments,
        })
    }

    fn redirect(&mut self, arguments: &'a [Argument]) -> Option<Target> {
        let given = self.arrange("redirect", &["to", "status"], arguments);
        let [Some(to), status] = given.as_slice() else {
            return None;
        };
        let status = status.map_or(Some(302), |status| {
            let known = match status.kind {
                ExprKind::Int(status) => u16::try_from(status).ok(),
                _ => None,
            };
            let known = known.filter(|status| matches!(status, 301 | 302 | 303 | 307 | 308));
            if known.is_none() {
                self.wrong_form("status", "301, 302, 303, 307 or 308", status.span);
            }
            known
        });
        let to = self.as_text(to);
        Some(Target::Redirect { to, status: status? })
    }

    /// `inventory`, or `inventory.v2`, which is one of its subsets.
    pub(super) fn service_target(&mut self, target: &'a ast::Expr) -> Option<Target> {
        let words = service::words(target)?;
        if let Some(Def::Service(id)) = self.service_path(&words) {
            let service = ServiceId(id);
            return Some(Target::Service {
                service,
                subset: None,
            });
        }
        let (subset, path) = words.split_last()?;
        let Some(Def::Service(id)) = self.service_path(path) else {
            return None;
        };
        let subsets = &self.services.get(id as usize)?.subsets;
        let at = subsets.iter().position(|known| known.name == subset.text)?;
        Some(Target::Service {
            service: ServiceId(id),
            subset: u32::try_from(at).ok().map(SubsetId),
        })
    }

    /// A path that may name a service; what is wrong with it is said elsewhere.
    fn service_path(&mut self, words: &[Ident]) -> Option<Def> {
        let before = std::mem::replace(&mut self.muted, true);
        let def = self.path(words);
        self.muted = before;
        def.filter(|def| matches!(def, Def::Service(_)))
    }
}
