//! Schedules and migrations.

use super::Error;
use crate::{
    ast::{self, Argument, ExprKind, ItemKind},
    check::{
        Checker,
        frame::Kind,
        service::{self, setting::Place, value::plain},
    },
    resolve::Def,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    FlowId,
    cron::{Cron, CronError},
    expr::Expr,
    program::Migration,
    schedule::{Overlap, Schedule, When},
};
use std::collections::{HashMap, HashSet};

pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    let mut taken = HashSet::new();
    for (declared, item) in checker.items(&resolved.tables.schedules) {
        let ItemKind::Schedule(schedule) = &item.kind else {
            continue;
        };
        checker.frame.module = declared.module;
        let name = checker.unique(&mut taken, declared);
        checker.origins.add(&format!("schedule/{name}"), item.span);
        let when = checker.when(&schedule.when);
        let target = checker.started(&schedule.target);
        let mut made = Schedule {
            name,
            doc: item.doc.clone(),
            when: when.unwrap_or(When::Every { every_ms: 1 }),
            flow: FlowId(0),
            arguments: Vec::new(),
            overlap: Overlap::default(),
            catch_up_ms: 0,
            jitter_ms: 0,
            pause_on_failure: false,
        };
        checker.schedule_settings(&schedule.settings, &mut made);
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
        match self.arrange("every", &["time"], arguments).as_slice() {
            [Some(time)] => self.ms("every", time).map(|every_ms| When::Every { every_ms }),
            _ => {
                self.report(Error::When { span }.diagnostic());
                None
            }
        }
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
        if cron.never() {
            self.report(Error::NeverDue { span: pattern.span }.diagnostic());
        }
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
                "overlap" => {
                    let words = Overlap::ALL.map(|(word, _)| word);
                    let word = self.word("overlap", value, &words);
                    let known = Overlap::ALL.iter().find(|(name, _)| Some(*name) == word);
                    schedule.overlap = known.map(|(_, overlap)| *overlap).unwrap_or_default();
                }
                "catch_up" => schedule.catch_up_ms = self.ms("catch_up", value).unwrap_or(0),
                "jitter" => schedule.jitter_ms = self.ms("jitter", value).unwrap_or(0),
                _ => schedule.pause_on_failure = self.flag("pause_on_failure", value).unwrap_or(false),
            }
        }
    }

    /// Steps of the version before are not known here; those of this one are looked at when they exist.
    pub(super) fn migrate(&mut self, migrate: &'a ast::Migrate) {
        let Some(Def::Flow(id)) = self.entry(&migrate.flow.text).map(|entry| entry.def) else {
            let near = self.nearest_of(&migrate.flow.text, |def| matches!(def, Def::Flow(_)));
            let (name, span) = (migrate.flow.text.clone(), migrate.flow.span);
            return self.report(Error::UnknownFlow { name, span, near }.diagnostic());
        };
        self.fact(migrate.flow.span, Def::Flow(id));
        let Some(flow) = self.globals.flows.get(id as usize).map(|flow| flow.name.clone()) else {
            return;
        };
        let mut known: HashMap<String, Span> = HashMap::new();
        for (from, to) in &migrate.moves {
            let Some((text, into)) = plain(from).zip(plain(to)) else {
                continue;
            };
            if let Some(first) = known.insert(text.clone(), from.span) {
                let span = from.span;
                self.report(Error::MovedTwice { span, first }.diagnostic());
            }
            let path = format!("migrate/{}", self.mesh.migrations.len());
            self.origins.add(&path, to.span);
            self.mesh.migrations.push(Migration {
                flow: flow.clone(),
                from: text,
                to: into,
            });
        }
    }
}
