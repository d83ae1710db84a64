//! One mistake, one message: leaves out what is only said because something else is wrong.
//!
//! Stages make what they can of a broken program, and what they then find is often no mistake of its own. What counts:
//!
//! 1. In an item that could not be read whole, only the parser speaks, and of two of its findings side by side the first.
//! 2. What a broken item declares may be anything: nobody is told that it is unknown or does not fit.
//! 3. A name that means nothing is told once, and alone on its line; where it is the declaration that is misspelt, there.
//! 4. A flow is not asked whether it gives a result while something in it is wrong.

use crate::{ast::ItemKind, parse::ITEMS, resolve::Resolved};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Edit, Severity, Source, SourceId, Sources, Span};
use std::collections::{HashMap, HashSet};

/// Codes that say of a name that it means nothing.
const UNKNOWN: &[u16] = &[
    201, 203, 204, 205, 210, 212, 213, 302, 304, 310, 313, 404, 508, 510,
];

/// How many lines lie between two findings of the parser that are told both.
const APART: u32 = 1;

/// Leaves out of `found` what follows from something else in it.
pub(crate) fn silence(resolved: &Resolved, sources: &Sources, found: &mut Diagnostics) {
    side_by_side(sources, found);
    let broken = Broken::of(resolved, sources, found);
    if !broken.items.is_empty() {
        found.retain(|d| is_parse(d) || !broken.explains(d, sources));
    }
    once(sources, found);
    alone(sources, found);
    unfinished(resolved, found);
}

fn is_parse(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.stage() == 1
}

/// Of findings of the parser that stand side by side only the first is told; brackets and texts that do not pair
/// explain whatever else is wrong up to the next declaration.
fn side_by_side(sources: &Sources, found: &mut Diagnostics) {
    let line = |d: &Diagnostic| line_at(sources, d.span);
    let parse: Vec<Diagnostic> = found
        .sorted()
        .into_iter()
        .filter(|d| is_parse(d))
        .cloned()
        .collect();
    let mut gone: HashSet<(Code, Span)> = HashSet::new();
    let mut last: Option<&Diagnostic> = None;
    let mut explained: Option<Span> = None;
    for diagnostic in &parse {
        // A bracket that is missed far below stands where it was opened.
        let opened = diagnostic
            .labels
            .first()
            .map(|label| line_at(sources, label.span));
        let near = |other: &&Diagnostic| {
            let apart = line(diagnostic).abs_diff(line(other));
            other.span.source == diagnostic.span.source && (apart < APART || opened == Some(line(other)))
        };
        let guess = diagnostic.code == Code(110) && diagnostic.fix.is_none();
        // A text that does not end has swallowed what would close a bracket before it.
        if let (Code(104), Some(open)) = (diagnostic.code, last)
            && open.code == Code(103)
            && open.labels.is_empty()
            && line(open) == line(diagnostic)
        {
            gone.insert((open.code, open.span));
            last = Some(diagnostic);
            continue;
        }
        let structural = matches!(diagnostic.code, Code(101 | 103 | 104)) || guess;
        let follows = structural
            && (last.is_some_and(|other| near(&other))
                || explained.is_some_and(|span| holds(span, diagnostic.span)));
        if follows {
            gone.insert((diagnostic.code, diagnostic.span));
            continue;
        }
        last = Some(diagnostic);
        if matches!(diagnostic.code, Code(103 | 104)) {
            explained = sources
                .get(diagnostic.span.source)
                .map(|source| up_to_next_item(source, diagnostic.span));
        }
    }
    found.retain(|d| !gone.contains(&(d.code, d.span)));
}

/// From a place to the next line that begins with a declaration.
fn up_to_next_item(source: &Source, place: Span) -> Span {
    let after = source.text.get(place.end as usize..).unwrap_or("");
    let mut end = place.end as usize;
    for (at, line) in after.split_inclusive('\n').enumerate() {
        if at > 0 && ITEMS.contains(&words(line).next().unwrap_or("")) && !line.starts_with([' ', '\t']) {
            break;
        }
        end += line.len();
    }
    let end = u32::try_from(end).unwrap_or(u32::MAX).saturating_sub(1);
    Span::new(place.source, place.start, end.max(place.start))
}

/// What the parser could not read whole.
#[derive(Default)]
struct Broken {
    items: Vec<Span>,
    /// Words that may have been declared there.
    words: HashSet<String>,
    /// Items that speak of what is broken.
    dependents: Vec<Span>,
    /// Whether a declaration lost its very name, so that any name may be its.
    nameless: bool,
}

impl Broken {
    fn of(resolved: &Resolved, sources: &Sources, found: &Diagnostics) -> Self {
        let mut broken = Self::default();
        let wrong: Vec<Span> = found.iter().filter(|d| is_parse(d)).map(|d| d.span).collect();
        let mut names: HashSet<&str> = HashSet::new();
        for module in &resolved.modules {
            let Some(source) = sources.get(module.source) else {
                continue;
            };
            let is_wrong = |span: Span| wrong.iter().any(|place| holds(span, *place));
            for item in module.ast.items.iter().filter(|item| is_wrong(item.span)) {
                broken.items.push(item.span);
                let text = source.slice(item.span);
                let body = matches!(item.kind, ItemKind::Flow(_) | ItemKind::Function { .. });
                let name = words(text).nth(1);
                names.extend(name);
                let before_name = |place: &Span| {
                    let word = words(text).next().map_or(0, str::len);
                    let gap = place.start.saturating_sub(item.span.start) as usize;
                    holds(item.span, *place)
                        && gap > 0
                        && text.get(word..gap).is_some_and(|gap| gap.trim().is_empty())
                };
                broken.nameless |= name.is_none() || wrong.iter().any(before_name);
                broken.words.extend(
                    words(text)
                        .take(if body { 2 } else { usize::MAX })
                        .map(str::to_owned),
                );
            }
            let outside =
                |place: &&Span| place.source == module.source && item_around(resolved, **place).is_none();
            for place in wrong.iter().filter(outside) {
                broken.items.push(*place);
                broken
                    .words
                    .extend(words(line_of(source, *place)).map(str::to_owned));
            }
        }
        broken.speaking_of(&names, resolved, sources);
        broken
    }

    fn speaking_of(&mut self, names: &HashSet<&str>, resolved: &Resolved, sources: &Sources) {
        if names.is_empty() {
            return;
        }
        for module in &resolved.modules {
            let Some(source) = sources.get(module.source) else {
                continue;
            };
            // Most modules speak of nothing that is broken, and that is seen at a glance.
            if !names.iter().any(|name| source.text.contains(name)) {
                continue;
            }
            let speaks = |span: Span| words(source.slice(span)).any(|word| names.contains(word));
            let items = module.ast.items.iter().map(|item| item.span);
            self.dependents.extend(items.filter(|span| speaks(*span)));
        }
    }

    /// Whether a finding is perhaps only there because of what is broken.
    fn explains(&self, diagnostic: &Diagnostic, sources: &Sources) -> bool {
        let within = |spans: &[Span]| spans.iter().any(|span| holds(*span, diagnostic.span));
        self.nameless
            || within(&self.items)
            || within(&self.dependents)
            || UNKNOWN.contains(&diagnostic.code.0) && {
                let source = sources.get(diagnostic.span.source);
                let name = source.map_or("", |source| source.slice(diagnostic.span));
                words(name).any(|name| self.words.iter().any(|word| word.contains(name)))
            }
    }
}

/// A name that means nothing is told once, and what mends its first place mends the others.
fn once(sources: &Sources, found: &mut Diagnostics) {
    let mut first: HashMap<String, (Code, Span)> = HashMap::new();
    let mut again: HashMap<(Code, Span), Vec<Span>> = HashMap::new();
    let mut gone: HashSet<(Code, Span)> = HashSet::new();
    let unknown = |d: &&&Diagnostic| UNKNOWN.contains(&d.code.0) && d.code != Code(201);
    for diagnostic in found.sorted().iter().filter(unknown) {
        let Some(source) = sources.get(diagnostic.span.source) else {
            continue;
        };
        let key = (diagnostic.code, diagnostic.span);
        // A free name is the same whatever it was looked up as; a member belongs to its owner.
        let said = match diagnostic.code.0 {
            204 | 205 | 212 | 213 | 404 => source.slice(diagnostic.span).to_owned(),
            _ => diagnostic.message.clone(),
        };
        match first.get(&format!("{said} {}", source.name)) {
            Some(place) => {
                again.entry(*place).or_default().push(diagnostic.span);
                gone.insert(key);
            }
            None => drop(first.insert(format!("{said} {}", source.name), key)),
        }
    }
    found.retain(|d| !gone.contains(&(d.code, d.span)));
    for diagnostic in found.iter_mut() {
        let places = again
            .remove(&(diagnostic.code, diagnostic.span))
            .unwrap_or_default();
        if !places.is_empty() {
            everywhere(diagnostic, &places, sources);
        }
    }
}

/// A name that means nothing in several places: either it is misspelt everywhere, or where it is declared.
fn everywhere(diagnostic: &mut Diagnostic, places: &[Span], sources: &Sources) {
    let Some(source) = sources.get(diagnostic.span.source) else {
        return;
    };
    let Some(edit) = diagnostic.fix.as_ref().and_then(|fix| fix.edits.first()).cloned() else {
        return;
    };
    let Some(declared) = only_place(source, edit.span, &edit.text) else {
        if let Some(fix) = &mut diagnostic.fix {
            let more = places.iter().map(|span| Edit {
                span: *span,
                text: edit.text.clone(),
            });
            fix.edits.extend(more);
        }
        return;
    };
    let name = source.slice(diagnostic.span);
    let moved = Diagnostic::error(
        diagnostic.code,
        declared,
        format!("`{}` is declared, but only `{name}` is used", edit.text),
    );
    *diagnostic = moved
        .and(diagnostic.span, "used here first")
        .help(format!("did you mean `{name}`?"))
        .fix(format!("rename to {name}"), declared, name);
}

/// The one place of a word in a text, if it stands there once.
fn only_place(source: &Source, near: Span, word: &str) -> Option<Span> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole = |at: &usize| {
        let before = source.text.get(..*at).and_then(|text| text.chars().next_back());
        let after = source
            .text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(letter) && !after.is_some_and(letter)
    };
    let mut places = source.text.match_indices(word).map(|(at, _)| at).filter(whole);
    let at = places.next()?;
    let start = u32::try_from(at).ok()?;
    let end = u32::try_from(at + word.len()).ok()?;
    places
        .next()
        .is_none()
        .then(|| Span::new(near.source, start, end))
}

/// On the line of a name that means nothing, other findings are mostly guesses.
fn alone(sources: &Sources, found: &mut Diagnostics) {
    let told = |d: &Diagnostic| UNKNOWN.contains(&d.code.0) || d.code == Code(211);
    let mut lines: HashMap<(SourceId, u32), (Code, Span)> = HashMap::new();
    for diagnostic in found.sorted().into_iter().filter(|d| told(d)) {
        let line = (diagnostic.span.source, line_at(sources, diagnostic.span));
        lines.entry(line).or_insert((diagnostic.code, diagnostic.span));
    }
    if lines.is_empty() {
        return;
    }
    found.retain(|d| {
        let first = lines.get(&(d.span.source, line_at(sources, d.span)));
        let follows = first.is_some_and(|first| *first != (d.code, d.span));
        d.severity == Severity::Warning || !follows || told(d) && d.fix.is_some()
    });
}

/// `may end without a result`, where something else in the flow is wrong.
fn unfinished(resolved: &Resolved, found: &mut Diagnostics) {
    let errors: Vec<(Code, Span)> = found
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| (d.code, d.span))
        .collect();
    found.retain(|d| {
        d.code != Code(402)
            || item_around(resolved, d.span).is_none_or(|item| {
                let other = |(code, span): &(Code, Span)| *code != Code(402) && holds(item, *span);
                !errors.iter().any(other)
            })
    });
}

fn item_around(resolved: &Resolved, place: Span) -> Option<Span> {
    let module = resolved
        .modules
        .iter()
        .find(|module| module.source == place.source)?;
    module
        .ast
        .items
        .iter()
        .map(|item| item.span)
        .find(|span| holds(*span, place))
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.start <= inner.start && inner.start <= outer.end
}

fn line_at(sources: &Sources, place: Span) -> u32 {
    let source = sources.get(place.source);
    source.map_or(0, |source| source.line_column(place.start).0)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.split(apart).filter(|word| !word.is_empty())
}

fn line_of(source: &Source, place: Span) -> &str {
    let (start, end) = (place.start as usize, place.end as usize);
    let before = source.text.get(..start).unwrap_or("");
    let after = source.text.get(end..).unwrap_or("");
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    let to = after.find('\n').map_or(source.text.len(), |at| end + at);
    source.text.get(from..to).unwrap_or("")
}
