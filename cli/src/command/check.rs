//! `flowmesh check FILE|DIR...`: says what is wrong with programs.

mod fix;
mod report;

use crate::{
    draw::{self, json::Finding},
    error::Error,
    exit::Exit,
    find,
    program::{self, Compiled},
};
use clap::Args;
use flowmesh_diagnostics::Severity;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Check programs and say what is wrong with them
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh check shop.flow
  flowmesh check --deny-warnings --json flows/
  flowmesh check --fix --dry-run shop.flow")]
pub(crate) struct Check {
    /// Root modules of programs, or directories with programs; the modules that they use are checked with them
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Let warnings fail too
    #[arg(long)]
    deny_warnings: bool,
    /// Make the changes that diagnostics offer, and say which
    #[arg(long)]
    fix: bool,
    /// Show what `--fix` would change, and change nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Say how long each flow can take at the most, and how often its calls are tried
    #[arg(long)]
    report: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Check {
    /// Checks each file.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let mut all = Vec::new();
        let mut bad = false;
        for file in &find::programs(&self.files)? {
            let fixed = self.fix.then(|| fix::fix(file, self.dry_run)).transpose()?;
            let begun = Instant::now();
            let compiled = program::compiled(file)?;
            bad |=
                compiled.program.is_none() || (self.deny_warnings && compiled.count(Severity::Warning) > 0);
            if self.json {
                let mut data = data(file, &compiled, fixed.as_ref());
                if let (true, Some(program), Some(object)) =
                    (self.report, &compiled.program, data.as_object_mut())
                {
                    object.insert("report".to_owned(), report::data(program));
                }
                all.push(data);
            } else {
                fixed.iter().for_each(|fixed| fixed.tell(self.dry_run));
                draw::report::diagnostics(&compiled.found.sorted(), &compiled.sources, false);
                draw::answer(summary(file, &compiled, begun));
                if let (true, Some(program)) = (self.report, &compiled.program) {
                    draw::answer(report::text(program));
                }
            }
        }
        if self.json {
            draw::answer_json(&all);
        }
        Ok(if bad { Exit::Diagnostics } else { Exit::Ok })
    }
}

fn data(file: &Path, compiled: &Compiled, fixed: Option<&fix::Fixed>) -> Value {
    let sorted = compiled.found.sorted();
    let findings: Vec<_> = sorted
        .into_iter()
        .map(|found| Finding::new(found, &compiled.sources))
        .collect();
    let mut data = json!({
        "file": file,
        "ok": compiled.program.is_some(),
        "errors": compiled.count(Severity::Error),
        "warnings": compiled.count(Severity::Warning),
        "hash": compiled.program.as_ref().map(|program| program.hash().to_string()),
        "diagnostics": findings,
    });
    if let (Some(fixed), Some(object)) = (fixed, data.as_object_mut()) {
        object.insert("fixes".to_owned(), fixed.data());
    }
    data
}

fn summary(file: &Path, compiled: &Compiled, begun: Instant) -> String {
    let lines: usize = compiled
        .sources
        .iter()
        .map(|(_, source)| source.text.lines().count())
        .sum();
    let mut parts = Vec::new();
    if let Some(program) = &compiled.program {
        parts.push(count(program.flows.len(), "flow"));
        parts.push(count(program.services.len(), "service"));
    }
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        match compiled.count(severity) {
            0 if severity == Severity::Error => parts.push("no errors".to_owned()),
            0 => {}
            number => parts.push(count(number, word)),
        }
    }
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    let mut text = format!(
        "checked {}: {} ({}, {took:.1} ms)",
        file.display(),
        parts.join(", "),
        count(lines, "line")
    );
    if let Some(first) = compiled.found.sorted().first() {
        text += &format!("\n`flowmesh explain {}` says more", first.code);
    }
    text
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
