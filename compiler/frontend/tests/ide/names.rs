//! Questions about names.

use crate::case::{Case, changed, place};
use flowmesh_frontend::ide::{self, Snapshot, Symbol, SymbolKind, Target};

fn target(snapshot: &Snapshot, target: &Target) -> String {
    format!(
        "{} -> {}\n",
        snapshot
            .sources
            .get(target.from.source)
            .unwrap()
            .slice(target.from),
        place(snapshot, target.name)
    )
}

pub(crate) fn definition(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let found = ide::definition(&snapshot, source, case.offset);
    found.iter().map(|found| target(&snapshot, found)).collect()
}

pub(crate) fn type_definition(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let found = ide::type_definition(&snapshot, source, case.offset);
    found.iter().map(|found| target(&snapshot, found)).collect()
}

pub(crate) fn references(case: &Case) -> String {
    let (snapshot, source) = case.project();
    let found = ide::references(&snapshot, source, case.offset, true);
    let line = |place: &ide::Occurrence| {
        format!(
            "{:?} {:?} {}\n",
            place.kind,
            place.role,
            crate::case::place(&snapshot, place.span)
        )
    };
    found.iter().map(line).collect()
}

pub(crate) fn rename(case: &Case) -> String {
    let (snapshot, source) = case.project();
    if let Err(why) = ide::prepare_rename(&snapshot, source, case.offset) {
        return format!("refused: {why}\n");
    }
    match ide::rename(&case.files, &snapshot, source, case.offset, &case.argument) {
        Ok(edits) => changed(&snapshot, &edits),
        Err(why) => format!("refused: {why}\n"),
    }
}

pub(crate) fn moved(case: &Case) -> String {
    let (snapshot, _) = case.project();
    let (from, to) = case.argument.split_once(" -> ").unwrap();
    changed(
        &snapshot,
        &ide::files_moved(&snapshot, &[(from.to_owned(), to.to_owned())]),
    )
}

fn kind(symbol: &Symbol) -> String {
    match symbol.kind {
        SymbolKind::Name(kind) => format!("{kind:?}"),
        other => format!("{other:?}"),
    }
}

pub(crate) fn symbols(case: &Case) -> String {
    fn show(symbol: &Symbol, depth: usize, out: &mut String) {
        let line = format!(
            "{}{} {} {}",
            "  ".repeat(depth),
            kind(symbol),
            symbol.name,
            symbol.detail
        );
        *out += line.trim_end();
        out.push('\n');
        symbol.inner.iter().for_each(|inner| show(inner, depth + 1, out));
    }
    let (snapshot, source) = case.snapshot();
    let mut out = String::new();
    ide::document_symbols(&snapshot, source)
        .iter()
        .for_each(|symbol| show(symbol, 0, &mut out));
    out
}

pub(crate) fn workspace_symbols(case: &Case) -> String {
    let (snapshot, _) = case.project();
    let found = ide::workspace_symbols(&snapshot, &case.argument);
    let line = |found: &ide::Found| {
        format!(
            "{} {} in {}\n",
            kind(&found.symbol),
            found.symbol.name,
            found.container
        )
    };
    found.iter().map(line).collect()
}
