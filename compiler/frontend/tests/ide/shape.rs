//! Questions about texts as a whole, and about what can stand at a place.

use crate::{
    case::{Case, changed, place},
    shown::difference,
};
use flowmesh_diagnostics::Span;
use flowmesh_frontend::{
    Workspace,
    ide::{self, Snapshot},
};
use std::rc::Rc;

/// So many items are enough to see the order.
const ITEMS: usize = 6;

pub(crate) fn completion(case: &Case) -> String {
    let index = case.index();
    let known = ide::Known {
        elsewhere: Some(&index),
        program: None,
    };
    let found = ide::complete(
        &mut Workspace::default(),
        &case.files,
        &case.path,
        case.offset,
        known,
    );
    let program = Rc::new(Snapshot::new(&case.files, &case.path));
    let known = ide::Known {
        program: Some(&program),
        ..known
    };
    let quick = ide::complete(
        &mut Workspace::default(),
        &case.files,
        &case.path,
        case.offset,
        known,
    );
    assert_eq!(difference(&found, &quick), None, "with a program that is known");
    let mut out = String::new();
    for item in found.items.iter().take(ITEMS) {
        let line = format!(
            "{} | {:?} | {} | {}",
            item.label,
            item.kind,
            item.detail,
            item.insert.replace('\n', "\\n")
        );
        out += line.trim_end();
        for edit in &item.also {
            out += &format!(" | also `{}`", edit.text.trim());
        }
        out.push('\n');
    }
    if let Some(first) = found.items.first() {
        let docs = found.docs(first);
        docs.lines()
            .for_each(|line| out += format!("  {line}").trim_end());
        if !docs.is_empty() {
            out.push('\n');
        }
    }
    out
}

pub(crate) fn signature(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let Some(help) = ide::signature_help(&snapshot, source, case.offset) else {
        return "nothing\n".to_owned();
    };
    let active = help.active.and_then(|at| help.params.get(at));
    let active = active.map_or("none", |(start, end)| &help.label[*start..*end]);
    format!("{}\nat: {active}\n{}", help.label, help.doc)
}

pub(crate) fn inlay(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let mut text = snapshot.sources.get(source).unwrap().text.clone();
    for hint in ide::hints(&snapshot, source, None).iter().rev() {
        text.insert_str(hint.offset as usize, &format!("«{}»", hint.text));
    }
    text
}

pub(crate) fn tokens(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let text = &snapshot.sources.get(source).unwrap().text;
    let mut out = String::new();
    let mut line = 0;
    for token in ide::tokens(&snapshot, source, None) {
        let at = snapshot
            .sources
            .get(source)
            .unwrap()
            .line_column(token.span.start)
            .0;
        if at != line {
            out += &format!("{}{at}:", if line == 0 { "" } else { "\n" });
            line = at;
        }
        let word = &text[token.span.start as usize..token.span.end as usize];
        let marks = format!(
            "{}{}",
            if token.declared { "!" } else { "" },
            if token.library { "*" } else { "" }
        );
        let kind = match token.kind {
            ide::TokenKind::Name(kind) => format!("{kind:?}"),
            other => format!("{other:?}"),
        };
        out += &format!(" {word}/{kind}{marks}");
    }
    out + "\n"
}

pub(crate) fn folding(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let line = |at| snapshot.sources.get(source).unwrap().line_column(at).0;
    let fold = |fold: &ide::Fold| {
        format!(
            "{:?} {}-{}\n",
            fold.kind,
            line(fold.span.start),
            line(fold.span.end)
        )
    };
    ide::folds(&snapshot, source).iter().map(fold).collect()
}

pub(crate) fn selection(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let spans = ide::selections(&snapshot, source, case.offset);
    spans
        .iter()
        .map(|span| {
            format!(
                "{}\n",
                snapshot
                    .sources
                    .get(source)
                    .unwrap()
                    .slice(*span)
                    .replace('\n', "\\n")
            )
        })
        .collect()
}

pub(crate) fn format_range(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    changed(
        &snapshot,
        &ide::format_range(&snapshot, source, Span::new(source, case.offset, case.end)),
    )
}

pub(crate) fn calls(case: &Case) -> String {
    let (snapshot, source) = case.project();
    let Some(party) = ide::call_party(&snapshot, source, case.offset) else {
        return "nobody\n".to_owned();
    };
    let mut out = format!("{:?} {}\n", party.kind, party.name);
    let show = |word: &str, calls: Vec<ide::Calls>, out: &mut String| {
        for call in calls {
            let places: Vec<String> = call.places.iter().map(|span| place(&snapshot, *span)).collect();
            *out += &format!(
                "{word} {:?} {} at {}\n",
                call.party.kind,
                call.party.name,
                places.join(", ")
            );
        }
    };
    show("from", ide::incoming_calls(&snapshot, &party), &mut out);
    show("to", ide::outgoing_calls(&snapshot, &party), &mut out);
    out
}

pub(crate) fn links(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    let link = |link: &ide::Link| format!("{} -> {:?}\n", place(&snapshot, link.span), link.goal);
    ide::links(&snapshot, source).iter().map(link).collect()
}

pub(crate) fn lenses(case: &Case) -> String {
    let (snapshot, source) = case.project();
    let lens = |lens: &ide::Lens| format!("{} {:?}\n", place(&snapshot, lens.span), lens.deed);
    ide::lenses(&snapshot, source).iter().map(lens).collect()
}

pub(crate) fn hover(case: &Case) -> String {
    let (snapshot, source) = case.snapshot();
    match ide::hover(&snapshot.analysis, source, case.offset) {
        Some(hover) => format!("{}\n{}\n", place(&snapshot, hover.span), hover.markdown),
        None => "nothing\n".to_owned(),
    }
}
