//! What of a completion an author can see.

use flowmesh_frontend::ide::Completion;

/// Where it goes, and each item with its words, a line each.
fn shown(found: &Completion) -> Vec<String> {
    let item = |item| {
        let shown = format!("{item:?}");
        // Where something is declared is another place once the word is there.
        let (before, rest) = shown.split_once("origin: ").unwrap_or((&shown, ""));
        let ty = rest.split_once(" ty: ").map_or("", |(_, ty)| ty);
        // How long something takes is known of whole programs only.
        let docs = found.docs(item);
        let docs = docs
            .split_once("\n\ntakes ")
            .map_or(docs.as_str(), |(docs, _)| docs);
        format!("{before}{ty} | {docs:?}")
    };
    let span = format!("{:?}", found.span);
    std::iter::once(span)
        .chain(found.items.iter().map(item))
        .collect()
}

/// The first line in which two completions differ.
pub(crate) fn difference(one: &Completion, other: &Completion) -> Option<(String, String)> {
    let (one, other) = (shown(one), shown(other));
    let longest = one.len().max(other.len());
    let line = |all: &[String], at: usize| all.get(at).cloned().unwrap_or_default();
    let lines = (0..longest).map(|at| (line(&one, at), line(&other, at)));
    lines.into_iter().find(|(one, other)| one != other)
}
