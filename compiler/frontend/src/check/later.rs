//! Says what is read but not carried out yet, so that nothing is silently left out. What is carried out leaves this file.

use super::Checker;
use crate::ast::{
    AwaitOn, Expr, ExprKind, Flow, ForSource, Item, ItemKind, Service, Statement, StatementKind,
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};

impl Checker<'_> {
    /// Whether a statement is not carried out, which is reported.
    pub(super) fn later_statement(&mut self, statement: &Statement) -> bool {
        let later = later_statement(&statement.kind);
        if let Some(word) = later {
            self.later(word, first_word(statement.span, word));
        }
        later.is_some()
    }

    /// Reports a form of expressions that is not carried out.
    pub(super) fn later_expr(&mut self, expr: &Expr) {
        let word = match &expr.kind {
            ExprKind::Of(..) => return self.later("of", expr.span),
            ExprKind::For(_) => "for",
            ExprKind::Spawn(_) => "spawn",
            ExprKind::Start(_) => "start",
            _ => return,
        };
        self.later(word, first_word(expr.span, word));
    }

    /// Reports what of declarations is not carried out.
    pub(super) fn later_items(&mut self) {
        let resolved = self.resolved;
        for item in resolved.modules.iter().flat_map(|module| &module.ast.items) {
            self.later_item(item);
        }
    }

    fn later_item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Event { .. } => self.later("event", first_word(item.span, "event")),
            ItemKind::Gateway(_) => self.later("gateway", first_word(item.span, "gateway")),
            ItemKind::Access(access) => {
                self.later(if access.allow { "allow" } else { "deny" }, access.word);
            }
            ItemKind::Mesh { word, .. } => self.later("mesh", *word),
            ItemKind::Schedule(_) => self.later("schedule", first_word(item.span, "schedule")),
            ItemKind::Migrate(_) => self.later("migrate", first_word(item.span, "migrate")),
            ItemKind::Test(_) => self.later("test", first_word(item.span, "test")),
            ItemKind::Flow(flow) => self.later_flow(flow),
            ItemKind::Service(service) => self.later_service(service),
            _ => {}
        }
    }

    fn later_flow(&mut self, flow: &Flow) {
        if let Some(trigger) = &flow.trigger {
            self.later("on", first_word(trigger.span, "on"));
        }
        if let Some(produces) = &flow.produces {
            self.later("produces", produces.span);
        }
        for setting in &flow.settings {
            self.later(&setting.name.text, setting.name.span);
        }
    }

    fn later_service(&mut self, service: &Service) {
        if let Some(from) = &service.from {
            self.later("from", from.span);
        }
        for operation in service.operations.iter().filter(|operation| operation.stream) {
            let place = operation
                .result
                .as_ref()
                .map_or(operation.span, |result| result.span);
            self.later("stream", place);
        }
    }

    fn later(&mut self, word: &str, span: Span) {
        let message = format!("`{word}` is not part of this version of the language");
        self.report(Diagnostic::error(Code(102), span, message));
    }
}

fn later_statement(kind: &StatementKind) -> Option<&'static str> {
    Some(match kind {
        StatementKind::For(looping) if looping.fan.is_some() => "for",
        StatementKind::For(looping) if matches!(looping.source, ForSource::Signal(_)) => "for",
        StatementKind::Parallel { fan: Some(_), .. } => "parallel",
        StatementKind::Race { .. } => "race",
        StatementKind::When { .. } => "when",
        StatementKind::Try { .. } => "try",
        StatementKind::SleepUntil { .. } => "sleep",
        StatementKind::Signal { transient: true, .. } => "transient",
        StatementKind::Signal { result: Some(_), .. } => "signal",
        StatementKind::On { .. } => "on",
        StatementKind::View { .. } => "view",
        StatementKind::Await { tails, .. } if !tails.is_empty() => "await",
        StatementKind::Await {
            on:
                AwaitOn::Expr(Expr {
                    kind: ExprKind::Name(_),
                    ..
                }),
            ..
        } => return None,
        StatementKind::Await { .. } | StatementKind::AwaitAny { .. } => "await",
        StatementKind::Within { .. } => "within",
        StatementKind::Lock { .. } => "lock",
        StatementKind::Limited { .. } => "limit",
        StatementKind::State { .. } => "state",
        StatementKind::Goto { .. } => "goto",
        StatementKind::Step { .. } => "step",
        StatementKind::Cancel { .. } => "cancel",
        StatementKind::Emit { .. } => "emit",
        StatementKind::Shift { .. } => "shift",
        StatementKind::Restart { .. } => "restart",
        StatementKind::Tag { .. } => "tag",
        _ => return None,
    })
}

/// The place of the first word of something that has `word` there, or, after `let`, of as many letters.
fn first_word(span: Span, word: &str) -> Span {
    let length = u32::try_from(word.len()).unwrap_or(0);
    Span::new(span.source, span.start, (span.start + length).min(span.end))
}
