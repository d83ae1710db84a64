//! How failures are repeated.

use crate::{fields::Fields, name::duration, node::Node, workflow::flow::Flow};

impl Flow<'_> {
    /// How failures are repeated, as settings of a call.
    pub(in crate::workflow) fn retries(&mut self, node: &Node) -> Option<String> {
        let named = node
            .text()
            .and_then(|name| self.uses?.get("retries")?.get(&name))
            .cloned();
        let node = named.as_ref().unwrap_or(node);
        let mut fields = Fields::of(node, "retry", self.found);
        let delay = fields
            .take("delay")
            .and_then(|it| self.time(it))
            .unwrap_or(1_000)
            .clamp(1, 86_400_000);
        let mut attempts = 3;
        let mut attempt = None;
        if let Some(mut limit) = fields.object("limit", self.found) {
            if let Some(mut it) = limit.object("attempt", self.found) {
                attempts = it.count("count", self.found).unwrap_or(3).clamp(1, 99);
                attempt = it.take("duration").and_then(|it| self.time(it));
                it.end(self.found);
            }
            limit.lost(&[("duration", "how long all attempts may take")], self.found);
            limit.end(self.found);
        }
        let grows = fields
            .take("backoff")
            .is_some_and(|it| it.get("exponential").is_some());
        let jitter = fields.take("jitter").is_some();
        fields.lost(
            &[
                ("when", "a condition on an error"),
                ("exceptWhen", "a condition on an error"),
            ],
            self.found,
        );
        fields.end(self.found);
        let attempt = attempt.unwrap_or(60_000).clamp(1, 86_400_000);
        let max = if grows {
            delay.saturating_mul(1 << attempts.min(10))
        } else {
            delay
        };
        let total = attempt
            .saturating_add(max)
            .saturating_mul(u64::from(attempts) + 1);
        let word = if jitter { "full" } else { "none" };
        let backoff = match grows {
            true => format!(
                "exponential({}, max: {}, jitter: {word})",
                duration(delay),
                duration(max)
            ),
            false => format!("constant({}, jitter: {word})", duration(delay)),
        };
        Some(format!(
            "timeout: {{ attempt: {}, total: {} }}, retry: {{ attempts: {}, on: [connect, timeout, 5xx, 429], backoff: {backoff}, budget: none }}",
            duration(attempt),
            duration(total.min(31_536_000_000)),
            attempts + 1,
        ))
    }
}
