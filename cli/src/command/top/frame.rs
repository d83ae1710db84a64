//! One picture: what two looks at a server say, as lines of text or as JSON.

use super::sample::{Flow, Sample, Server};
use crate::draw::table;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The states of runs in the order in which they are shown, and whether each is an end.
const STATES: [(&str, bool); 8] = [
    ("running", false),
    ("waiting", false),
    ("paused", false),
    ("undoing", false),
    ("done", true),
    ("failed", true),
    ("cancelled", true),
    ("terminated", true),
];
/// So many runs, and flows, where there is room for as many as one likes.
const LISTED: usize = 20;

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) columns: usize,
    /// `None` where lines scroll.
    pub(super) rows: Option<usize>,
    pub(super) colours: bool,
}

impl Size {
    /// Lines that are printed one after the other.
    pub(super) const PRINTED: Self = Self {
        columns: usize::MAX,
        rows: None,
        colours: false,
    };
}

/// One picture.
pub(super) struct Frame<'s> {
    url: &'s str,
    now: &'s Sample,
    before: Option<&'s Sample>,
    /// The state of the runs that are listed, where it is one.
    pub(super) state: Option<String>,
    /// What else is to be said.
    pub(super) note: Option<String>,
}

impl<'s> Frame<'s> {
    pub(super) fn new(url: &'s str, (before, now): (Option<&'s Sample>, &'s Sample)) -> Self {
        Self {
            url,
            now,
            before,
            state: None,
            note: None,
        }
    }

    /// As lines, none wider or more than there is room.
    pub(super) fn lines(&self, size: Size) -> Vec<String> {
        let mut lines = vec![self.head(), self.counts()];
        lines.extend(self.now.server.iter().flat_map(|server| self.server(server)));
        let alarm = self.now.server.as_ref().is_some_and(|server| server.full);
        let alarmed = lines.len();
        if alarm {
            lines.push("the disk is full: new runs are refused until there is room".to_owned());
        }
        lines.push(String::new());
        let left = size.rows.map(|rows| rows.saturating_sub(lines.len() + 3));
        // Flows take at most half of what is left.
        let flows = self.flows(left.map_or(LISTED, |left| (left / 2).max(1)));
        let left = left.map(|left| left.saturating_sub(flows.len()));
        let flow_head = lines.len();
        lines.extend(flows);
        lines.push(String::new());
        let run_head = lines.len();
        lines.extend(self.runs(left.unwrap_or(LISTED)));
        if size.rows.is_some() {
            let state = self.state.as_deref().unwrap_or("all");
            lines.push(format!("q leaves  space holds  s state of runs: {state}"));
        }
        lines.truncate(size.rows.unwrap_or(usize::MAX));
        let dress = |(at, line): (usize, String)| {
            let line = cut(&plain(&line), size.columns.saturating_sub(1));
            let bold = at == 0 || at == flow_head || at == run_head;
            let red = alarm && at == alarmed;
            match (size.colours, bold, red) {
                (true, true, _) => format!("\u{1b}[1m{line}\u{1b}[0m"),
                (true, _, true) => format!("\u{1b}[31m{line}\u{1b}[0m"),
                _ => line,
            }
        };
        lines.into_iter().enumerate().map(dress).collect()
    }

    /// The same as data.
    pub(super) fn json(&self) -> Value {
        let flows = self.now.flows.iter().map(|flow| {
            json!({
                "flow": flow.name,
                "runs": flow.runs,
                "started_per_second": self.rate(flow, |_| true),
                "ended_per_second": self.rate(flow, ends),
            })
        });
        let commits = self.now.server.as_ref().map(|server| {
            let since = server.commits.since(&self.server_before().commits);
            json!({ "count": since.count, "p50_seconds": since.quantile(0.5), "p99_seconds": since.quantile(0.99) })
        });
        json!({
            "server": self.url,
            "flows": flows.collect::<Vec<_>>(),
            "commits": commits,
            "runs": self.now.runs,
        })
    }

    fn head(&self) -> String {
        let up = self.now.server.as_ref().map(|server| {
            let up = jiff::SignedDuration::from_secs(i64::try_from(server.up_seconds).unwrap_or(i64::MAX));
            format!("  up {up:#}")
        });
        let note = self.note.as_ref().map(|note| format!("  {note}"));
        format!(
            "flowmesh top  {}{}{}",
            self.url,
            up.unwrap_or_default(),
            note.unwrap_or_default()
        )
    }

    fn counts(&self) -> String {
        let mut all: BTreeMap<&str, u64> = BTreeMap::new();
        for (state, runs) in self.now.flows.iter().flat_map(|flow| &flow.runs) {
            let count = all.entry(state).or_default();
            *count = count.saturating_add(*runs);
        }
        let counts = STATES.iter().map(|(state, _)| {
            let count = all.get(state).copied().unwrap_or_default();
            format!("{count} {state}")
        });
        let counts: Vec<String> = counts.collect();
        format!("runs    {}", counts.join("  "))
    }

    fn server_before(&self) -> Server {
        let before = self.before.and_then(|before| before.server.clone());
        before.unwrap_or_default()
    }

    fn server(&self, server: &Server) -> [String; 2] {
        let before = self.server_before();
        let seconds = self.seconds();
        let commits = server.commits.since(&before.commits);
        let calls = server.calls.since(&before.calls);
        let within =
            |quantile: Option<f64>| quantile.map_or("-".to_owned(), |bound| format!("{} ms", bound * 1e3));
        let behind = Duration::try_from_secs_f64(server.timers_behind_seconds).unwrap_or_default();
        let tasks: u64 = server.queues.values().sum();
        let work = [
            format!(
                "events {}",
                per_second(server.events.saturating_sub(before.events), seconds)
            ),
            format!(
                "commits {}, p99 within {}",
                per_second(commits.count, seconds),
                within(commits.quantile(0.99))
            ),
            format!(
                "calls {}, {} open, p99 within {}",
                per_second(calls.count, seconds),
                server.calls_open,
                within(calls.quantile(0.99))
            ),
        ];
        let mut rest = vec![
            format!("timers {}, {} ms behind", server.timers, behind.as_millis()),
            format!("store {}", bytes(server.store_bytes)),
            format!("connections {}", server.connections),
        ];
        rest.extend((server.index_behind > 1).then(|| format!("index {} behind", server.index_behind)));
        rest.extend((tasks > 0).then(|| format!("tasks waiting {tasks}")));
        [
            format!("server  {}", work.join("  ")),
            format!("        {}", rest.join("  ")),
        ]
    }

    fn flows(&self, most: usize) -> Vec<String> {
        let mut flows: Vec<&Flow> = self.now.flows.iter().collect();
        let open = |flow: &Flow| -> u64 {
            let open = flow.runs.iter().filter(|(state, _)| !ends(state));
            open.map(|(_, runs)| *runs).sum()
        };
        flows.sort_by_key(|flow| (std::cmp::Reverse(open(flow)), flow.name.clone()));
        let mut head = vec!["FLOW"];
        let words: Vec<String> = STATES.iter().map(|(state, _)| state.to_uppercase()).collect();
        head.extend(words.iter().map(String::as_str));
        head.extend(["STARTED/S", "ENDED/S"]);
        let rows = flows.iter().take(most.saturating_sub(1)).map(|flow| {
            let mut row = vec![flow.name.clone()];
            row.extend(STATES.iter().map(|(state, _)| {
                let runs = flow.runs.get(*state).copied().unwrap_or_default();
                if runs == 0 {
                    "-".to_owned()
                } else {
                    runs.to_string()
                }
            }));
            row.push(shown_rate(self.rate(flow, |_| true)));
            row.push(shown_rate(self.rate(flow, ends)));
            row
        });
        let laid = table::lay(&head, rows);
        laid.lines().map(str::to_owned).collect()
    }

    fn runs(&self, most: usize) -> Vec<String> {
        if self.now.runs.is_empty() {
            let of = self.state.as_ref().map(|state| format!(" {state}"));
            return vec![format!("no{} runs", of.unwrap_or_default())];
        }
        let shown = self
            .now
            .runs
            .get(..most.saturating_sub(1))
            .unwrap_or(&self.now.runs);
        let laid = table::runs(shown);
        laid.lines().map(str::to_owned).collect()
    }

    fn seconds(&self) -> Option<f64> {
        let before = self.before?;
        let apart = self.now.at.duration_since(before.at).as_secs_f64();
        (apart > 0.0).then_some(apart)
    }

    /// How many more runs of a flow there are in some states than at the look before, in a second.
    fn rate(&self, flow: &Flow, of: impl Fn(&str) -> bool) -> Option<f64> {
        let count = |flow: &Flow| -> u64 {
            let some = flow.runs.iter().filter(|(state, _)| of(state));
            some.map(|(_, runs)| *runs).sum()
        };
        let earlier = self.before?.flows.iter().find(|before| before.name == flow.name);
        let more = count(flow).saturating_sub(earlier.map_or(0, count));
        #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
        Some(more as f64 / self.seconds()?)
    }
}

fn ends(state: &str) -> bool {
    STATES.iter().any(|(known, ends)| *known == state && *ends)
}

fn shown_rate(rate: Option<f64>) -> String {
    match rate {
        Some(rate) if rate > 0.0 => format!("{rate:.1}"),
        _ => "-".to_owned(),
    }
}

fn per_second(count: u64, seconds: Option<f64>) -> String {
    match seconds {
        #[expect(clippy::cast_precision_loss, reason = "it is shown without digits")]
        Some(seconds) => format!("{:.0}/s", count as f64 / seconds),
        None => "-/s".to_owned(),
    }
}

/// A size as people read it.
fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    let mut left = bytes as f64;
    let mut unit = 0usize;
    while left >= 1024.0 && unit + 1 < units.len() {
        left /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0);
    format!("{left:.digits$} {}", units.get(unit).unwrap_or(&"B"))
}

/// A line without what would move the cursor: names are those of the program, and a note is what a server says.
fn plain(line: &str) -> String {
    line.chars()
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .collect()
}

fn cut(line: &str, columns: usize) -> String {
    line.chars().take(columns).collect()
}

#[cfg(test)]
mod tests;
