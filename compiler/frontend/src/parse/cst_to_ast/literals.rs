//! Numbers and their units.

use super::{Reader, child, tokens};
use crate::ast::{Expr, ExprKind};
use crate::parse::error::ParseError;
use crate::syntax::{SyntaxKind, SyntaxNode};
use flowmesh_diagnostics::nearest;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Units of time, in milliseconds.
const DURATIONS: &[(&str, i64)] = &[
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Units of size, in bytes.
const SIZES: &[(&str, i64)] = &[
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// How people write units elsewhere.
const SPELT_OUT: &[(&str, &[&str])] = &[
    ("ms", &["msec", "millis", "milliseconds"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
    ("d", &["day", "days"]),
    ("w", &["week", "weeks"]),
];

/// Why a number means nothing.
#[derive(Debug)]
enum Wrong {
    TooLarge,
    Unit(String),
}

impl Reader {
    /// The number that stands in a node.
    pub(super) fn child_number(&mut self, node: &SyntaxNode) -> Expr {
        match child(node, SyntaxKind::Number) {
            Some(number) => self.number(&number),
            None => self.bad(node),
        }
    }

    /// A number with or without a unit.
    pub(super) fn number(&mut self, node: &SyntaxNode) -> Expr {
        let token = tokens(node).find(|token| token.kind() == SyntaxKind::NumberToken);
        let Some(token) = token else { return self.bad(node) };
        let span = self.span(node);
        let number = token.text().to_owned();
        let kind = read(&number).unwrap_or_else(|wrong| {
            let error = match wrong {
                Wrong::TooLarge => ParseError::NumberTooLarge { number },
                Wrong::Unit(unit) => ParseError::UnknownUnit {
                    number,
                    nearest: nearest_unit(&unit),
                    unit,
                },
            };
            self.report(error, span);
            ExprKind::Bad
        });
        Expr { span, kind }
    }
}

fn read(text: &str) -> Result<ExprKind, Wrong> {
    let (number, unit) = split(text);
    match unit {
        "" if number.contains('.') => Ok(ExprKind::Decimal(decimal(number)?)),
        "" => number
            .replace('_', "")
            .parse()
            .map(ExprKind::Int)
            .map_err(|_| Wrong::TooLarge),
        "%" => Ok(ExprKind::Percent(decimal(number)?)),
        "xx" => match number.parse() {
            Ok(class @ 1..=5) => Ok(ExprKind::StatusClass(class)),
            _ => Err(Wrong::Unit(unit.to_owned())),
        },
        _ => match unit.strip_prefix('/') {
            Some(per) => Ok(ExprKind::Rate(decimal(number)?, factor(DURATIONS, per)?)),
            None => measure(text, number, unit),
        },
    }
}

fn measure(text: &str, number: &str, unit: &str) -> Result<ExprKind, Wrong> {
    if let Ok(bytes) = factor(SIZES, unit) {
        return whole(decimal(number)?, bytes).map(ExprKind::Size);
    }
    let mut rest = text;
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let (number, after) = split(rest);
        let length = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(length).unwrap_or((after, ""));
        let part = whole(decimal(number)?, factor(DURATIONS, unit)?)?;
        sum = sum.checked_add(part).ok_or(Wrong::TooLarge)?;
        rest = next;
    }
    Ok(ExprKind::Duration(sum))
}

/// The digits at the start, and the rest.
fn split(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn decimal(number: &str) -> Result<Decimal, Wrong> {
    number.replace('_', "").parse().map_err(|_| {
        if number.is_empty() {
            Wrong::Unit("_".to_owned())
        } else {
            Wrong::TooLarge
        }
    })
}

fn factor(units: &[(&str, i64)], unit: &str) -> Result<i64, Wrong> {
    let known = units.iter().find(|(name, _)| *name == unit);
    known
        .map(|(_, factor)| *factor)
        .ok_or_else(|| Wrong::Unit(unit.to_owned()))
}

/// Parts of a millisecond or byte are cut off.
fn whole(number: Decimal, factor: i64) -> Result<i64, Wrong> {
    number
        .checked_mul(Decimal::from(factor))
        .and_then(|product| product.trunc().to_i64())
        .ok_or(Wrong::TooLarge)
}

fn nearest_unit(unit: &str) -> Option<&'static str> {
    let spelt = SPELT_OUT
        .iter()
        .find(|(_, spellings)| spellings.contains(&unit.to_lowercase().as_str()));
    let units = || DURATIONS.iter().chain(SIZES).map(|(name, _)| *name);
    spelt
        .map(|(name, _)| *name)
        .or_else(|| nearest(unit, units().filter(|name| name.len() > 1 || unit.len() == 1)))
}
