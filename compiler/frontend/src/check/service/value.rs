//! The small values of which settings are made: numbers, times, shares, words and texts.

use super::retry;
use crate::{
    ast::{self, ExprKind, TextPart},
    check::{Asked, Checker},
};
use flowmesh_ir::traffic::Rate;
use rust_decimal::{Decimal, prelude::ToPrimitive};

impl<'a> Checker<'a> {
    pub(crate) fn is_record(&self, value: &ast::Expr) -> bool {
        matches!(value.kind, ExprKind::Record(_))
    }

    pub(crate) fn ms(&mut self, name: &'static str, value: &ast::Expr) -> Option<u64> {
        self.milliseconds(name, value).map(|said| said.value)
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        value: &ast::Expr,
        least: u32,
        most: u32,
    ) -> Option<u32> {
        let number = match value.kind {
            ExprKind::Int(int) => u32::try_from(int).ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.unfit(name, &format!("a number from {least} to {most}"), value);
        }
        number
    }

    /// From 1 to 100.
    pub(crate) fn percent(&mut self, name: &'static str, value: &ast::Expr) -> Option<u32> {
        let percent = match value.kind {
            ExprKind::Percent(percent) => retry::whole(percent, 100).filter(|percent| *percent > 0),
            _ => None,
        };
        if percent.is_none() {
            self.unfit(name, "a whole percentage from 1% to 100%", value);
        }
        percent
    }

    /// Of ten thousand: two digits behind the point.
    pub(super) fn hundredths(&mut self, name: &'static str, value: &ast::Expr) -> Option<u32> {
        let share = match value.kind {
            ExprKind::Percent(percent) => percent
                .checked_mul(Decimal::ONE_HUNDRED)
                .filter(|share| share.fract().is_zero())
                .and_then(|share| share.to_u32())
                .filter(|share| *share <= 10_000),
            _ => None,
        };
        if share.is_none() {
            self.unfit(
                name,
                "a percentage from 0% to 100%, with at most two digits behind the point",
                value,
            );
        }
        share
    }

    pub(crate) fn rate(&mut self, name: &'static str, value: &ast::Expr) -> Option<Rate> {
        let rate = match value.kind {
            ExprKind::Rate(count, per_ms) => count
                .to_u32()
                .filter(|whole| *whole > 0 && Decimal::from(*whole) == count)
                .zip(u64::try_from(per_ms).ok()),
            _ => None,
        };
        if rate.is_none() {
            self.unfit(name, "a rate of whole things such as `100/s`", value);
        }
        rate.map(|(count, per_ms)| Rate { count, per_ms })
    }

    pub(crate) fn flag(&mut self, name: &'static str, value: &ast::Expr) -> Option<bool> {
        if let ExprKind::Bool(flag) = value.kind {
            return Some(flag);
        }
        self.unfit(name, "true or false", value);
        None
    }

    /// One of some words.
    pub(crate) fn word(
        &mut self,
        name: &'static str,
        value: &ast::Expr,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let found = match &value.kind {
            ExprKind::Name(name) => {
                self.probe(name, |_| Asked::Words(words.to_vec()));
                words.iter().find(|word| *name == **word)
            }
            _ => None,
        };
        if found.is_none() {
            self.unfit(name, &words.join(" or "), value);
        }
        found.copied()
    }

    /// A text without anything computed in it.
    pub(crate) fn plain_text(&mut self, name: &'static str, value: &ast::Expr) -> Option<String> {
        let text = plain(value);
        if text.is_none() {
            self.unfit(name, "a text as it stands", value);
        }
        text
    }

    pub(crate) fn plain_texts(&mut self, name: &'static str, value: &ast::Expr) -> Vec<String> {
        match &value.kind {
            ExprKind::List(items) => items
                .iter()
                .filter_map(|item| self.plain_text(name, item))
                .collect(),
            _ => self.plain_text(name, value).into_iter().collect(),
        }
    }

    pub(super) fn unfit(&mut self, name: &'static str, form: &str, value: &ast::Expr) {
        if !matches!(value.kind, ExprKind::Bad) {
            self.wrong_form(name, form, value.span);
        }
    }
}

/// The text of a literal in which nothing is computed.
pub(crate) fn plain(value: &ast::Expr) -> Option<String> {
    let ExprKind::Text(parts) = &value.kind else {
        return None;
    };
    match parts.as_slice() {
        [] => Some(String::new()),
        [TextPart::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}
