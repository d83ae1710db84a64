//! What has to change where files get other names: paths after `use`, names of modules, and documents after `from`.

use super::{definition::from, names::NameKind, snapshot::Snapshot};
use crate::{
    ast::{Ident, ItemKind},
    outside::beside,
    resolve::Module,
};
use flowmesh_diagnostics::{Edit, Span};

/// The edits for files that get other paths, by pairs of the old and the new one; those of a folder are pairs for each
/// file in it. The snapshot is of the project as it was before.
#[must_use]
pub fn files_moved(snapshot: &Snapshot, moves: &[(String, String)]) -> Vec<Edit> {
    let modules = &snapshot.analysis.resolved.modules;
    let own = modules.iter().filter(|module| snapshot.is_own(module.source));
    own.flat_map(|module| {
        let mut edits = uses(snapshot, module, moves);
        edits.extend(documents(module, moves));
        edits
    })
    .collect()
}

fn moved<'m>(path: &str, moves: &'m [(String, String)]) -> Option<&'m str> {
    let pair = moves.iter().find(|(old, _)| old == path);
    pair.map(|(_, new)| new.as_str())
}

fn uses(snapshot: &Snapshot, module: &Module, moves: &[(String, String)]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for used in &module.uses {
        let target = snapshot.analysis.resolved.module(used.module);
        let Some(new) = target.and_then(|target| moved(&target.path, moves)) else {
            continue;
        };
        let Some(words) = words_of(module, used.span) else {
            continue;
        };
        let path = new.strip_suffix(".flow").unwrap_or(new).replace('/', ".");
        let text = match used.item {
            true => format!("{path}.{}", used.name.text),
            false => path.clone(),
        };
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            continue;
        };
        let span = first.span.to(last.span);
        edits.push(Edit { span, text });
        let name = path.rsplit('.').next().unwrap_or(&path);
        if !used.item && used.name.text != name {
            edits.extend(named(snapshot, module, used.name.span, name));
        }
    }
    edits
}

fn words_of(module: &Module, span: Span) -> Option<&Vec<Ident>> {
    module.ast.items.iter().find_map(|item| match &item.kind {
        ItemKind::Use(words) if words.first().is_some_and(|word| word.span.start == span.start) => {
            Some(words)
        }
        _ => None,
    })
}

/// The places at which a module is called by its name.
fn named(snapshot: &Snapshot, module: &Module, used: Span, name: &str) -> Vec<Edit> {
    let names = snapshot.names();
    let here = names.at(used.source, used.start);
    let Some(own) = here.iter().find(|one| one.kind == NameKind::Module) else {
        return Vec::new();
    };
    let in_uses = |span: Span| {
        module
            .uses
            .iter()
            .any(|used| used.span.start <= span.start && span.end <= used.span.end)
    };
    let places = names
        .of_name(own.declared)
        .filter(|place| place.span.source == module.source && !in_uses(place.span));
    places
        .map(|place| Edit {
            span: place.span,
            text: name.to_owned(),
        })
        .collect()
}

/// Documents are named from the folder of the module that does.
fn documents(module: &Module, moves: &[(String, String)]) -> Vec<Edit> {
    let home = moved(&module.path, moves).unwrap_or(&module.path);
    let texts = module.ast.items.iter().filter_map(from);
    let edit = |(span, text): (Span, String)| {
        let old = beside(&module.path, &text)?;
        let new = moved(&old, moves).unwrap_or(&old);
        let text_now = relative(home, new);
        (beside(home, &text).as_deref() != Some(new)).then(|| Edit {
            span,
            text: format!("\"{text_now}\""),
        })
    };
    texts.filter_map(edit).collect()
}

/// A path as it is written in a file of another folder.
fn relative(home: &str, path: &str) -> String {
    let folder: Vec<&str> = home
        .rsplit_once('/')
        .map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    let parts: Vec<&str> = path.split('/').collect();
    let shared = folder.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folder.len() - shared);
    let down = parts.get(shared..).unwrap_or(&[]).iter().copied();
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn paths_lead_from_one_folder_to_another() {
        assert_eq!(relative("a/b.flow", "a/c.yaml"), "c.yaml");
        assert_eq!(relative("a/x/b.flow", "a/c.yaml"), "../c.yaml");
        assert_eq!(relative("b.flow", "a/c.yaml"), "a/c.yaml");
    }
}
