//! Declaring things, and declaring them anew while runs of the session stand.

use super::{
    Talk, paint,
    stage::{Done, No},
};
use crate::draw;
use flowmesh_frontend::prompt::Typed;
use flowmesh_host::trial::Line;
use flowmesh_ir::Name;
use similar::{ChangeTag, TextDiff};

/// So many lines that are different now are shown.
const DIFFERENT_MAX: usize = 40;

impl Talk<'_> {
    /// Declares things together, or, where that is not possible, each that can be declared: a declaration may need one that
    /// stands further down, so what cannot be declared yet is tried again as long as others can.
    pub(super) fn declare(&mut self, input: (&str, &str), parts: &[&Typed]) -> Result<(), No> {
        match self.try_declare(input, parts) {
            Ok(()) => Ok(()),
            Err(no) if parts.len() == 1 => Err(no),
            Err(no) => self.one_by_one(input, parts, no),
        }
    }

    fn one_by_one(&mut self, input: (&str, &str), parts: &[&Typed], first: No) -> Result<(), No> {
        let mut left = parts.to_vec();
        let mut last = None;
        while !left.is_empty() {
            let before = left.len();
            left.retain(|part| match self.try_declare(input, &[part]) {
                Ok(()) => false,
                Err(no) => {
                    last = Some(no);
                    true
                }
            });
            if left.len() == before {
                break;
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        // All of them at once say best what is wrong with each.
        let no = if left.len() == 1 {
            last.unwrap_or(first)
        } else {
            first
        };
        let names: Vec<&str> = left.iter().map(|part| part.name.as_str()).collect();
        draw::say(format!("not declared: {}", names.join(", ")));
        Err(no)
    }

    fn try_declare(&mut self, input: (&str, &str), parts: &[&Typed]) -> Result<(), No> {
        let before = self.stage.scene.as_ref().map(|scene| scene.trail.clone());
        let said = !self.stage.session.lines().is_empty();
        match self.stage.declare(input, parts) {
            Ok(done) => {
                self.declared(&done, &before.unwrap_or_default(), said);
                Ok(())
            }
            Err(no) if said && !matches!(no, No::Error(_)) && self.stage.would_fit(input, parts) => {
                let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
                self.no(no);
                draw::say(format!(
                    "what was said does not fit it: {} stays as it was; `:reset` forgets what was said",
                    names.join(", ")
                ));
                Err(No::nothing())
            }
            Err(no) => Err(no),
        }
    }

    fn declared(&self, done: &Done, before: &[Line], said: bool) {
        self.findings(&done.beside.found, &done.beside.sources);
        let names: Vec<&str> = done.made.names.iter().map(Name::as_str).collect();
        draw::say(format!("declared {}", paint::name(&names.join(", "))));
        if said && !before.is_empty() {
            self.compare(before, &done.scene.trail);
        }
    }

    /// Says what goes otherwise than it did.
    pub(super) fn compare(&self, before: &[Line], now: &[Line]) {
        let text = |trail: &[Line]| -> String {
            let plain = |line: &Line| super::say::line(line, false) + "\n";
            trail.iter().map(plain).collect()
        };
        let (before, now) = (text(before), text(now));
        let diff = TextDiff::from_lines(&before, &now);
        let changes = diff.iter_all_changes();
        let mut lines = Vec::new();
        for change in changes {
            let text = change.value().trim_end();
            match change.tag() {
                ChangeTag::Delete => lines.push(paint::bad(&format!("- {text}"))),
                ChangeTag::Insert => lines.push(paint::good(&format!("+ {text}"))),
                ChangeTag::Equal => {}
            }
        }
        if lines.is_empty() {
            return draw::answer(paint::dim("everything that was said goes as it did"));
        }
        let more = lines.len().saturating_sub(DIFFERENT_MAX);
        lines.truncate(DIFFERENT_MAX);
        if more > 0 {
            lines.push(format!("... {more} lines more"));
        }
        self.show(&format!(
            "what was said goes otherwise now:\n{}",
            lines.join("\n")
        ));
    }
}
