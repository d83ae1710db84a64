//! Gives a name another one, everywhere.
//!
//! What would change what some other name means is refused: the texts are read again with the new name in them, and
//! every place must lead where it led before.

use super::{
    definition::is_ours,
    names::{NameKind, Occurrence, Role},
    snapshot::Snapshot,
};
use crate::{Work, World, parse::RESERVED};
use flowmesh_diagnostics::{Edit, Severity, SourceId, Sources, Span};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A name that can be given another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamable {
    /// The place at hand.
    pub span: Span,
    /// What it is called now.
    pub name: String,
}

/// Whether the name at an offset can be given another one.
///
/// # Errors
/// Why not, in words for the author.
pub fn prepare_rename(snapshot: &Snapshot, source: SourceId, offset: u32) -> Result<Renamable, String> {
    let name = name_at(snapshot, source, offset)?;
    Ok(Renamable {
        span: name.span,
        name: snapshot.slice(name.span).to_owned(),
    })
}

/// The edits that give the name at an offset another one, in all modules of a snapshot of a project.
///
/// # Errors
/// Why it cannot be called so, in words for the author.
pub fn rename(
    world: &dyn World,
    snapshot: &Snapshot,
    source: SourceId,
    offset: u32,
    to: &str,
) -> Result<Vec<Edit>, String> {
    let name = name_at(snapshot, source, offset)?;
    let old = snapshot.slice(name.span);
    if old == to {
        return Ok(Vec::new());
    }
    let old = old.to_owned();
    is_name(to, &old)?;
    let edits = edits(snapshot, &name, to);
    stays(world, snapshot, &edits, (&name, to))?;
    Ok(edits)
}

fn name_at(snapshot: &Snapshot, source: SourceId, offset: u32) -> Result<Occurrence, String> {
    let here = snapshot.names().at(source, offset);
    let Some(name) = here.first() else {
        return Err("no name stands here that a program declares".to_owned());
    };
    if let Some(ours) = here.iter().find(|name| is_ours(snapshot, name)) {
        return Ok(*ours);
    }
    if name.kind == NameKind::Module {
        return Err("a module is called as its file: rename that".to_owned());
    }
    let file = snapshot.sources.get(name.declared.source);
    let file = file.map_or("", |source| source.name.as_str());
    Err(match file.starts_with("std/") {
        true => format!("the library declares this, in `{file}`"),
        false => format!("`{file}` declares this, which is not of this program"),
    })
}

fn is_name(to: &str, old: &str) -> Result<(), String> {
    let mut letters = to.chars();
    let first = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{to}` is no name: letters, digits and `_` make one"));
    }
    if RESERVED.contains(&to) {
        return Err(format!("`{to}` is a word of the language"));
    }
    let is_type = |name: &str| name.starts_with(char::is_uppercase);
    match (is_type(old), is_type(to)) {
        (true, false) => Err(format!(
            "`{to}` would be read as something else: types, errors and events begin with a capital"
        )),
        (false, true) => Err(format!(
            "`{to}` would be read as a type: other names begin with a small letter"
        )),
        _ => Ok(()),
    }
}

/// Every place of a name; where one word is a field and a local, it is written out.
pub(super) fn edits(snapshot: &Snapshot, name: &Occurrence, to: &str) -> Vec<Edit> {
    let names = snapshot.names();
    let mut done: HashSet<Span> = HashSet::new();
    let mut edits = Vec::new();
    for place in names.of_name(name.declared) {
        if !done.insert(place.span) || !snapshot.is_own(place.span.source) {
            continue;
        }
        let twins = names.at(place.span.source, place.span.start);
        let twin = twins
            .iter()
            .find(|twin| twin.span == place.span && twin.declared != place.declared);
        let old = snapshot.slice(place.span);
        let text = match twin {
            Some(_) if name.kind == NameKind::Field => format!("{to}: {old}"),
            Some(twin) if twin.kind == NameKind::Field => format!("{old}: {to}"),
            _ => to.to_owned(),
        };
        edits.push(Edit {
            span: place.span,
            text,
        });
    }
    edits
}

/// The world with some texts changed.
pub(super) struct Changed<'w> {
    pub(super) world: &'w dyn World,
    pub(super) texts: HashMap<String, String>,
}

impl World for Changed<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match self.texts.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.world.read(path),
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.world.work(all);
    }
}

/// Texts with edits made, by their paths.
pub(super) fn edited(sources: &Sources, edits: &[Edit]) -> HashMap<String, String> {
    let mut by_text: BTreeMap<SourceId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_text.entry(edit.span.source).or_default().push(edit);
    }
    let mut texts = HashMap::new();
    for (id, mut edits) in by_text {
        let Some(source) = sources.get(id) else { continue };
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        texts.insert(source.name.clone(), apply(&source.text, &edits));
    }
    texts
}

/// A text with edits made, which are in order and do not overlap.
fn apply(text: &str, edits: &[&Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        out += text.get(at..start.max(at)).unwrap_or("");
        out += &edit.text;
        at = end.max(at);
    }
    out + text.get(at..).unwrap_or("")
}

/// Refuses what makes some name lead elsewhere, or something wrong that was not.
fn stays(
    world: &dyn World,
    before: &Snapshot,
    edits: &[Edit],
    (name, to): (&Occurrence, &str),
) -> Result<(), String> {
    let paths: Vec<String> = before
        .sources
        .iter()
        .filter(|(id, _)| before.is_own(*id))
        .map(|(_, source)| source.name.clone())
        .collect();
    let changed = Changed {
        world,
        texts: edited(&before.sources, edits),
    };
    let after = Snapshot::project(&changed, &paths);
    let taken = || {
        Err(format!(
            "`{to}` stands for something else where `{}` is used",
            before.slice(name.span)
        ))
    };
    let errors = |snapshot: &Snapshot| {
        let all = snapshot.found.iter();
        all.filter(|found| found.severity == Severity::Error).count()
    };
    let (old, new) = (led(before, edits), led(&after, &[]));
    // A word that was two names may be two words now, so there may be more places than before, and none is gone.
    let kept = old.iter().all(|place| new.binary_search(place).is_ok());
    let twins = before.names().iter().filter(|name| is_twin(before, name)).count();
    if errors(&after) > errors(before) || !kept || new.len() > old.len() + twins {
        return taken();
    }
    Ok(())
}

/// Every place in the author's texts with where it leads, by path and offset, as they are once edits are made.
fn led(snapshot: &Snapshot, edits: &[Edit]) -> Vec<(String, u32, String, u32)> {
    let mut moves: HashMap<SourceId, Vec<&Edit>> = HashMap::new();
    for edit in edits {
        moves.entry(edit.span.source).or_default().push(edit);
    }
    let path = |id: SourceId| snapshot.sources.get(id).map_or("", |source| source.name.as_str());
    let place = |span: Span| {
        let edits = moves.get(&span.source).map_or(&[][..], Vec::as_slice);
        (path(span.source).to_owned(), moved(span.start, edits))
    };
    let names = snapshot.names().iter();
    let own = names.filter(|name| snapshot.is_own(name.span.source) && name.role != Role::Declared);
    let mut led: Vec<_> = own
        .filter(|name| !is_twin(snapshot, name))
        .map(|name| {
            let ((text, at), (to, declared)) = (place(name.span), place(name.declared));
            (text, at, to, declared)
        })
        .collect();
    led.sort_unstable();
    led
}

/// Whether the word is two names at once, of which edits may make two words.
fn is_twin(snapshot: &Snapshot, name: &Occurrence) -> bool {
    let twins = snapshot.names().at(name.span.source, name.span.start);
    twins.len() > 1
}

/// Where an offset is once edits are made.
fn moved(offset: u32, edits: &[&Edit]) -> u32 {
    let before = edits.iter().filter(|edit| edit.span.end <= offset);
    before.fold(offset, |at, edit| {
        let grown = u32::try_from(edit.text.len()).unwrap_or(0);
        (at + grown).saturating_sub(edit.span.end - edit.span.start)
    })
}
