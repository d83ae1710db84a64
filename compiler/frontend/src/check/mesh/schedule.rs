//! Schedules: when they are due, and what they start. [`days`] reads the days that they leave out.

mod days;

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, ItemKind},
    check::{
        Checker,
        frame::Kind,
        service::{self, setting::Place},
    },
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    FlowId,
    cron::{Cron, CronError},
    expr::Expr,
    schedule::{DoubledTime, EVERY_MS_MIN, Overlap, Schedule, SkippedTime, When},
    timetable::Timetable,
};
use jiff::Timestamp;

pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    let mut taken = crate::check::Taken::default();
    for (declared, item) in checker.items(&resolved.tables.schedules) {
        let ItemKind::Schedule(schedule) = &item.kind else {
            continue;
        };
        checker.frame.module = declared.module;
        let name = checker.unique(&mut taken, declared);
        checker.origins.add(&format!("schedule/{name}"), item.span);
        let when = checker.when(&schedule.when);
        let target = checker.started(&schedule.target);
        let known = when.is_some();
        let when = when.unwrap_or(When::Every {
            every_ms: EVERY_MS_MIN,
            zone: "UTC".to_owned(),
        });
        let mut made = Schedule {
            doc: item.doc.clone(),
            ..Schedule::new(name, when, FlowId(0))
        };
        checker.schedule_settings(&schedule.settings, &mut made);
        // Any moment is as good as another: what is not due in the 400 years after it never is.
        let table = Timetable::new(&made).filter(|_| known);
        if table.is_some_and(|table| table.next(Timestamp::UNIX_EPOCH).is_none()) {
            let span = schedule.when.span;
            checker.report(Error::NeverDue { span }.diagnostic());
        }
        if let Some((flow, arguments)) = target {
            checker.mesh.schedules.push(Schedule {
                flow,
                arguments,
                ..made
            });
        }
    }
}

impl<'a> Checker<'a> {
    fn when(&mut self, when: &'a ast::Expr) -> Option<When> {
        let called = match &when.kind {
            ExprKind::Bad => return None,
            ExprKind::Call(callee, arguments) => match &callee.kind {
                ExprKind::Name(name) => Some((name.as_str(), arguments)),
                _ => None,
            },
            _ => None,
        };
        match called {
            Some(("cron", arguments)) => self.cron(arguments, when.span),
            Some(("every", arguments)) => self.every(arguments, when.span),
            _ => {
                self.report(Error::When { span: when.span }.diagnostic());
                None
            }
        }
    }

    fn every(&mut self, arguments: &'a [Argument], span: Span) -> Option<When> {
        let given = self.arrange("every", &["time", "zone"], arguments);
        let [Some(time), zone] = given.as_slice() else {
            self.report(Error::When { span }.diagnostic());
            return None;
        };
        let zone = zone.map_or(Some("UTC".to_owned()), |zone| self.zone(zone));
        let ms = self.ms("every", time)?;
        if ms < EVERY_MS_MIN {
            self.report(Error::TooOften { span: time.span }.diagnostic());
            return None;
        }
        Some(When::Every {
            every_ms: ms,
            zone: zone?,
        })
    }

    fn cron(&mut self, arguments: &'a [Argument], span: Span) -> Option<When> {
        let given = self.arrange("cron", &["pattern", "zone"], arguments);
        let [Some(pattern), zone] = given.as_slice() else {
            self.report(Error::When { span }.diagnostic());
            return None;
        };
        let zone = zone.map_or(Some("UTC".to_owned()), |zone| self.zone(zone));
        let text = self.plain_text("cron", pattern)?;
        let cron: Cron = text
            .parse()
            .map_err(|error: CronError| self.wrong_cron(&text, error, pattern.span))
            .ok()?;
        Some(When::Cron { cron, zone: zone? })
    }

    fn wrong_cron(&mut self, text: &str, error: CronError, span: Span) {
        let (from, to) = error.at;
        // Between the quotation marks stands the pattern as it is, unless something was escaped.
        let plain = self.slice(span) == format!("\"{text}\"");
        let at = |offset: usize| {
            span.start
                .saturating_add(1)
                .saturating_add(u32::try_from(offset).unwrap_or(0))
        };
        let place = if plain {
            Span::new(span.source, at(from), at(to))
        } else {
            span
        };
        let why = error.why;
        self.report(Error::Cron { why, span: place }.diagnostic());
    }

    fn zone(&mut self, value: &'a ast::Expr) -> Option<String> {
        let name = self.plain_text("zone", value)?;
        if let Err(why) = flowmesh_stdlib::check_zone(&name) {
            let span = value.span;
            self.report(Error::Zone { why, span }.diagnostic());
            return None;
        }
        Some(name)
    }

    /// A call of a flow, with its arguments over `scheduled`.
    fn started(&mut self, target: &'a ast::Expr) -> Option<(FlowId, Vec<Expr>)> {
        let called = match &target.kind {
            ExprKind::Bad => return None,
            ExprKind::Call(callee, arguments) => service::words(callee).map(|words| (words, arguments)),
            _ => None,
        };
        let flow = called.and_then(|(words, arguments)| match self.path(&words) {
            Some(Def::Flow(id)) => Some((Some(id), arguments)),
            Some(Def::Template(id)) => {
                let copy = self.copy_of(id, arguments, target.span);
                Some((copy.map(|flow| flow.0), arguments))
            }
            _ => None,
        });
        let Some((id, arguments)) = flow else {
            let found = self.slice(target.span);
            let span = target.span;
            self.report(Error::NotAFlow { found, span }.diagnostic());
            return None;
        };
        let id = id?;
        let signature = self.globals.flows.get(id as usize)?.clone();
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Scheduled, |checker| {
            checker.arguments(&signature.name, &signature.params, arguments, target.span)
        });
        Some((FlowId(id), made.into_iter().map(|(_, expr)| expr).collect()))
    }

    fn schedule_settings(&mut self, settings: &'a [ast::Setting], schedule: &mut Schedule) {
        self.settings_once(settings);
        for setting in settings {
            let Some(known) = self.known(&setting.name, Place::Schedule) else {
                continue;
            };
            let value = &setting.value;
            match known.name {
                "overlap" => self.chosen("overlap", value, Overlap::ALL, &mut schedule.overlap),
                "skipped_time" => {
                    self.chosen(
                        "skipped_time",
                        value,
                        SkippedTime::ALL,
                        &mut schedule.skipped_time,
                    );
                }
                "doubled_time" => {
                    self.chosen(
                        "doubled_time",
                        value,
                        DoubledTime::ALL,
                        &mut schedule.doubled_time,
                    );
                }
                "except" => schedule.except = self.excepted(value),
                "catch_up" => schedule.catch_up_ms = self.ms("catch_up", value).unwrap_or(0),
                "jitter" => schedule.jitter_ms = self.ms("jitter", value).unwrap_or(0),
                _ => schedule.pause_on_failure = self.flag("pause_on_failure", value).unwrap_or(false),
            }
        }
    }

    fn chosen<T: Copy>(
        &mut self,
        name: &'static str,
        value: &ast::Expr,
        all: &[(&'static str, T)],
        to: &mut T,
    ) {
        let words: Vec<&'static str> = all.iter().map(|(word, _)| *word).collect();
        let word = self.word(name, value, &words);
        let chosen = all.iter().find(|(known, _)| Some(*known) == word);
        if let Some((_, chosen)) = chosen {
            *to = *chosen;
        }
    }
}
