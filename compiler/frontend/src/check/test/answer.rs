//! What mocks answer: whole calls, or one attempt after the other.

use super::{Error, mock::Called};
use crate::{
    ast::{self, AnswerKind, ExprKind},
    check::{
        Checker,
        service::{Error as SettingError, Way},
        ty::Ty,
    },
};
use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    ErrorId, Name, Value,
    expr::Expr,
    program::BUILTIN_ERRORS,
    service::Method,
    test::{Answer, Given},
};

impl<'a> Checker<'a> {
    /// The answer to a call, or to one attempt of it.
    pub(super) fn answer(
        &mut self,
        called: Option<&Called>,
        call: &'a ast::Expr,
        attempted: bool,
        answer: &'a ast::Answer,
    ) -> Option<Answer> {
        let what = match &answer.kind {
            AnswerKind::Value(value) => Given::Value(self.answer_value(called, value)),
            AnswerKind::Fail(error) => {
                let raise = self.raise(error)?;
                self.may_answer(called, raise.error, error);
                if attempted {
                    self.may_meet(raise.error, error);
                }
                Given::Fail(raise)
            }
            AnswerKind::Never => Given::Never,
            AnswerKind::Status(status, settings) => {
                if !attempted {
                    let (span, after) = (status.span, call.span);
                    self.report(Error::StatusOfCall { span, after }.diagnostic());
                }
                self.status(called, status, settings)
            }
        };
        Some(self.timed(answer, what))
    }

    /// With how long it takes and how often it is given.
    fn timed(&mut self, answer: &'a ast::Answer, what: Given) -> Answer {
        let delay = answer
            .delay
            .as_ref()
            .map(|delay| self.timeless(delay, &Ty::Duration));
        Answer {
            span: answer.span,
            delay,
            what,
            times: answer.times.as_ref().map(|times| self.count_of(times, 1)),
        }
    }

    /// Only what goes over the mesh, or to a process, has attempts.
    pub(super) fn has_attempts(&mut self, called: &Called, call: &ast::Expr) {
        let (why, help) = match called.way {
            None => ("is a flow", "take the calls that it makes"),
            Some(Way::Worker) => (
                "is pulled by workers",
                "take the call as a whole, without `attempted`",
            ),
            Some(_) => return,
        };
        let (of, span) = (called.title.clone(), call.span);
        self.report(Error::NoAttempts { of, why, help, span }.diagnostic());
    }

    /// `status 503 { retry_after: 2s }`
    fn status(
        &mut self,
        called: Option<&Called>,
        status: &'a ast::Expr,
        settings: &'a [ast::Setting],
    ) -> Given {
        let way = called.and_then(|called| called.way);
        let way = way.unwrap_or(Way::Http(Method::Get));
        let (_, expected) = way.statuses();
        let found = way.status(status);
        if found.is_none() {
            let span = status.span;
            self.report(Error::NoStatus { expected, span }.diagnostic());
        }
        let (mut body, mut retry_after) = (None, None);
        for setting in settings {
            let name = &setting.name;
            let (place, ty) = match name.text.as_str() {
                "body" => (&mut body, Ty::Json),
                "retry_after" => (&mut retry_after, Ty::Duration),
                _ => {
                    let error = SettingError::UnknownSetting {
                        name: name.text.clone(),
                        place: "an answer".to_owned(),
                        span: name.span,
                        near: nearest(&name.text, ["body", "retry_after"]).map(Name::from),
                    };
                    self.report(error.diagnostic());
                    self.expr(&setting.value, None);
                    continue;
                }
            };
            if place.is_some() {
                let (name, span) = (name.text.clone(), name.span);
                self.report(SettingError::SettingTwice { name, span }.diagnostic());
            }
            *place = Some(self.timeless(&setting.value, &ty));
        }
        Given::Status {
            status: found.unwrap_or_default(),
            body,
            retry_after,
        }
    }

    /// Of the errors that every call can end with, one attempt alone can only meet some.
    fn may_meet(&mut self, error: ErrorId, place: &ast::Expr) {
        let met = ["Timeout", "Unavailable", "Unknown", "BadReply"];
        let name = BUILTIN_ERRORS.get(error.index()).map(|(name, _)| *name);
        if let Some(name) = name.filter(|name| !met.contains(name)) {
            let span = place.span;
            self.report(Error::NotMet { name, span }.diagnostic());
        }
    }

    fn answer_value(&mut self, called: Option<&Called>, value: &'a ast::Expr) -> Expr {
        let Some(called) = called else {
            self.expr(value, None);
            return Self::hole();
        };
        match (&called.signature.result, &value.kind) {
            (Ty::Unit, ExprKind::None) => Expr::Constant(Value::None),
            (Ty::Unit, _) => {
                self.expr(value, None);
                let (name, span) = (called.title.clone(), value.span);
                self.report(Error::NoResult { name, span }.diagnostic());
                Self::hole()
            }
            (result, _) if called.stream => {
                let items = result.clone().list();
                self.timeless(value, &items)
            }
            (result, _) => {
                let result = result.clone();
                self.timeless(value, &result)
            }
        }
    }

    /// A mock may only fail with what the real one can fail with.
    fn may_answer(&mut self, called: Option<&Called>, error: ErrorId, place: &ast::Expr) {
        let Some(called) = called else { return };
        let declared = called.signature.fails.iter().any(|(known, _)| *known == error);
        if declared || error.index() < BUILTIN_ERRORS.len() {
            return;
        }
        let name = self.globals.error(error);
        let error = name.map(|error| error.name.clone()).unwrap_or_default();
        let (of, span, declared) = (called.title.clone(), place.span, called.signature.span);
        self.report(
            Error::CannotFail {
                error,
                of,
                span,
                declared,
            }
            .diagnostic(),
        );
    }
}
