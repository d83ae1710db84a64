//! `except: [saturday, sunday, "12-25", "2026-12-24..2027-01-02"]`: the days on which a schedule is not due.

use super::Error;
use crate::{
    ast::{self, ExprKind},
    check::{Checker, service::value::plain},
};
use flowmesh_ir::{
    except::{Except, WEEKDAYS},
    schedule::EXCEPT_MAX,
};
use jiff::civil::Weekday;

/// Both days of it.
const WEEKEND: &str = "weekend";

impl<'a> Checker<'a> {
    pub(super) fn excepted(&mut self, value: &'a ast::Expr) -> Vec<Except> {
        let all = match &value.kind {
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        if all.len() > EXCEPT_MAX {
            let why = format!("expected at most {EXCEPT_MAX} entries, found {}", all.len());
            self.wrong_days(why, value);
            return Vec::new();
        }
        all.iter().flat_map(|item| self.excepted_days(item)).collect()
    }

    fn excepted_days(&mut self, item: &'a ast::Expr) -> Vec<Except> {
        let weekend = [
            Except::Weekday(Weekday::Saturday),
            Except::Weekday(Weekday::Sunday),
        ];
        let text = match &item.kind {
            ExprKind::Bad => return Vec::new(),
            ExprKind::Name(name) if name == WEEKEND => return weekend.to_vec(),
            ExprKind::Name(name) => {
                let named = WEEKDAYS.iter().find(|(word, _)| name == word);
                named.map(|(word, _)| (*word).to_owned())
            }
            _ => plain(item).filter(|text| WEEKDAYS.iter().all(|(word, _)| text != word)),
        };
        let Some(text) = text else {
            let found = self.slice(item.span);
            self.wrong_days(format!("`{found}` names no days"), item);
            return Vec::new();
        };
        match text.parse() {
            Ok(except) => vec![except],
            Err(why) => {
                self.wrong_days(why, item);
                Vec::new()
            }
        }
    }

    fn wrong_days(&mut self, why: String, at: &ast::Expr) {
        let span = at.span;
        self.report(Error::Days { why, span }.diagnostic());
    }
}
