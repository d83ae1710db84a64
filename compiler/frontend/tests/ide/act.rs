//! Actions: what comes of one can be read, and is no more wrong than before.

use crate::case::{Case, changed};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_frontend::ide::{self, Action, Snapshot};

/// What an answer begins with that must never come.
pub(crate) const WORSE: &str = "worse by ";

/// The text after the action that the argument names; without one, what is offered.
pub(crate) fn actions(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let range = Span::new(source, case.offset, case.end);
    let offered = ide::actions(&snapshot, &case.index(), source, range);
    let worse: String = offered
        .iter()
        .filter_map(|action| worse(case, &snapshot, action))
        .collect();
    if !worse.is_empty() {
        return worse;
    }
    if case.argument.is_empty() {
        return offered.iter().map(titled).collect();
    }
    match offered.iter().find(|action| action.title == case.argument) {
        Some(action) => format!("{:?}\n{}", action.kind, changed(&snapshot, &action.edits)),
        None => format!("not among\n{}", offered.iter().map(titled).collect::<String>()),
    }
}

fn titled(action: &Action) -> String {
    format!("{:?} {}\n", action.kind, action.title)
}

/// Errors by their stage: of the parser, and of all others.
fn errors(found: &Diagnostics) -> (usize, usize) {
    let all = || found.iter().filter(|found| found.severity == Severity::Error);
    let parse = all().filter(|found| (100..200).contains(&found.code.0)).count();
    (parse, all().count())
}

/// What an action makes worse, if anything.
fn worse(case: &Case, before: &Snapshot, action: &Action) -> Option<String> {
    let mut files = case.files.clone();
    for (id, source) in before.sources.iter() {
        let mut own: Vec<_> = action
            .edits
            .iter()
            .filter(|edit| edit.span.source == id)
            .collect();
        own.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let Some(text) = files.0.get_mut(&source.name) else {
            continue;
        };
        for edit in own.iter().rev() {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
    }
    let after = Snapshot::new(&files, &case.path);
    let (old, new) = (errors(&before.found), errors(&after.found));
    let place = |found: &flowmesh_diagnostics::Diagnostic| {
        format!("{}: {}\n", after.sources.place(found.span), found.message)
    };
    let said: String = after.found.iter().map(place).collect();
    let text = files.0.get(&case.path).unwrap();
    (new.0 > old.0 || new.1 > old.1).then(|| format!("{WORSE}`{}`\n{text}\n{said}", action.title))
}
