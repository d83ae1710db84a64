//! Values, conditions and durations of tasks.

use super::{Flow, Scope};
use crate::{
    json::{literal, object},
    node::{Node, Value},
    workflow::jq::{self, Jq},
};

impl Flow<'_> {
    /// A value with expressions in it; nothing, and a word about it, where one is not translated.
    pub(in crate::workflow) fn value(&mut self, node: &Node, scope: &Scope) -> Option<String> {
        match &node.value {
            Value::Text(text) => match expression(text) {
                Some(inside) => match jq::parse(inside).and_then(|it| it.json(&scope.variables)) {
                    Some(value) => Some(value),
                    None => {
                        self.found.expression(node, inside);
                        None
                    }
                },
                None => Some(literal(node)),
            },
            Value::Object(all) => {
                let mut fields = Vec::new();
                for (name, node) in all {
                    let value = self
                        .value(node, scope)
                        .unwrap_or_else(|| "none as json".to_owned());
                    fields.push((name.clone(), value));
                }
                Some(object(&fields))
            }
            Value::List(all) => {
                let each: Vec<String> = all
                    .iter()
                    .map(|node| {
                        self.value(node, scope)
                            .unwrap_or_else(|| "none as json".to_owned())
                    })
                    .collect();
                Some(crate::json::list(&each))
            }
            _ => Some(literal(node)),
        }
    }

    /// A condition; one that is not translated never holds.
    pub(in crate::workflow) fn condition(&mut self, node: &Node, scope: &Scope) -> String {
        let text = node.text().unwrap_or_default();
        let inside = expression(&text).unwrap_or(&text);
        let found = jq::parse(inside)
            .as_ref()
            .and_then(|it: &Jq| it.condition(&scope.variables));
        found.unwrap_or_else(|| {
            self.found.expression(node, inside);
            "false".to_owned()
        })
    }

    /// A duration: `{ seconds: 30 }`, `PT30S`.
    pub(in crate::workflow) fn time(&mut self, node: &Node) -> Option<u64> {
        let found = match &node.value {
            Value::Object(all) => {
                let unit = |(name, node): &(String, Node)| {
                    let count: u64 = node.text()?.parse().ok()?;
                    let factor = match name.as_str() {
                        "milliseconds" => 1,
                        "seconds" => 1_000,
                        "minutes" => 60_000,
                        "hours" => 3_600_000,
                        "days" => 86_400_000,
                        _ => return None,
                    };
                    count.checked_mul(factor)
                };
                all.iter()
                    .map(unit)
                    .try_fold(0_u64, |sum, ms| sum.checked_add(ms?))
            }
            _ => node.text().as_deref().and_then(iso),
        };
        let known = found.filter(|ms| *ms <= 31_536_000_000_000);
        if known.is_none() {
            self.found
                .bad_value(node, "a duration", "`PT30S` or `{ seconds: 30 }`");
        }
        known
    }
}

/// What stands in `${ }`.
pub(in crate::workflow) fn expression(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("${")?.strip_suffix('}')?.trim())
}

/// `P1DT2H3M4S` in milliseconds.
fn iso(text: &str) -> Option<u64> {
    let (mut total, mut open, mut time) = (0_u64, String::new(), false);
    for sign in text.strip_prefix('P')?.chars() {
        let factor = match (sign, time) {
            ('T', false) => {
                time = true;
                continue;
            }
            ('D', false) => 86_400_000.0,
            ('W', false) => 604_800_000.0,
            ('H', true) => 3_600_000.0,
            ('M', true) => 60_000.0,
            ('S', true) => 1_000.0,
            (sign, _) if sign.is_ascii_digit() || sign == '.' => {
                open.push(sign);
                continue;
            }
            _ => return None,
        };
        let ms = open.parse::<f64>().ok()? * factor;
        total = total.checked_add(format!("{:.0}", ms.round()).parse().ok()?)?;
        open.clear();
    }
    open.is_empty().then_some(total)
}
