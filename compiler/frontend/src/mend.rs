//! Makes the changes that diagnostics offer, over and over, until none is left that makes a program better.

use crate::{Work, World, analyse};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Fix, Severity, Sources, compatible, mended};
use std::collections::BTreeMap;

/// How often a program is looked at again: a change can show what stood behind it.
const ROUNDS: usize = 32;

/// What mending did.
#[derive(Debug, Default)]
pub struct Mending {
    /// The texts that changed, by their paths in the project.
    pub texts: BTreeMap<String, Mended>,
    /// What was done, in order.
    pub made: Vec<Made>,
}

/// A text before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// As the author wrote it.
    pub before: String,
    /// With all changes.
    pub after: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What was wrong.
    pub code: Code,
    /// Where it was when the change was made: `shop.flow:3:5`.
    pub place: String,
    /// What was done.
    pub title: String,
}

/// Mends the program whose root module is at `root`. No text is changed so that it parses worse, and no change is kept
/// that does not mend what it was offered for.
pub fn mend(world: &dyn World, root: &str) -> Mending {
    let mut out = Mending::default();
    let mut now = Seen::of(world, root, BTreeMap::new());
    for _ in 0..ROUNDS {
        let offers = now.offers();
        let Some(next) = better(world, root, &now, &offers) else {
            break;
        };
        let (made, next) = next;
        out.made.extend(made);
        now = next;
    }
    for (path, after) in now.texts {
        let before = world.read(&path).unwrap_or_default();
        if before != after {
            out.texts.insert(path, Mended { before, after });
        }
    }
    out
}

/// A program as it is after some changes.
struct Seen {
    sources: Sources,
    found: Diagnostics,
    texts: BTreeMap<String, String>,
}

/// A finding with its fix.
type Offer<'s> = (&'s Diagnostic, &'s Fix);

impl Seen {
    fn of(world: &dyn World, root: &str, texts: BTreeMap<String, String>) -> Self {
        let changed = Changed {
            below: world,
            texts: &texts,
        };
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        analyse(&changed, root, &mut sources, &mut found);
        Self {
            sources,
            found,
            texts,
        }
    }

    /// What can be changed at once. The library is not the author's to change.
    fn offers(&self) -> Vec<Offer<'_>> {
        let own = |fix: &&Fix| {
            let name = |edit: &flowmesh_diagnostics::Edit| self.sources.get(edit.span.source);
            let own = |edit| name(edit).is_some_and(|source| !source.name.starts_with("std/"));
            fix.edits.iter().all(own)
        };
        let sorted = self.found.sorted();
        let chosen = compatible(
            sorted
                .iter()
                .copied()
                .filter(|d| d.fix.as_ref().filter(own).is_some()),
        );
        let offer = |fix| {
            sorted
                .iter()
                .find(|d| d.fix.as_ref() == Some(fix))
                .map(|d| (*d, fix))
        };
        chosen.into_iter().filter_map(offer).collect()
    }

    /// The texts with these changes.
    fn with(&self, offers: &[Offer<'_>]) -> BTreeMap<String, String> {
        let fixes: Vec<&Fix> = offers.iter().map(|(_, fix)| *fix).collect();
        let mut texts = self.texts.clone();
        for (id, source) in self.sources.iter() {
            if let Some(text) = mended(&self.sources, id, &fixes) {
                texts.insert(source.name.clone(), text);
            }
        }
        texts
    }

    fn unparsed(&self) -> usize {
        self.found.iter().filter(|d| d.code.stage() == 1).count()
    }

    fn says(&self, diagnostic: &Diagnostic) -> usize {
        let same = |d: &&Diagnostic| d.code == diagnostic.code && d.message == diagnostic.message;
        self.found.iter().filter(same).count()
    }

    /// Whether an error is there that was not there before.
    fn is_worse(&self, before: &Self) -> bool {
        let errors = self.found.iter().filter(|d| d.severity == Severity::Error);
        let mut new = errors.filter(|d| self.says(d) > before.says(d));
        new.next().is_some()
    }

    fn made(&self, (diagnostic, fix): &Offer<'_>) -> Made {
        Made {
            code: diagnostic.code,
            place: self.sources.place(diagnostic.span),
            title: fix.title.clone(),
        }
    }
}

/// The program after all that is offered, or else after as much of it as does good: changes that are right by themselves
/// can be wrong together, as two that take the same name.
fn better(world: &dyn World, root: &str, now: &Seen, offers: &[Offer<'_>]) -> Option<(Vec<Made>, Seen)> {
    if offers.is_empty() {
        return None;
    }
    let next = Seen::of(world, root, now.with(offers));
    let gone = |(diagnostic, _): &Offer<'_>| next.says(diagnostic) < now.says(diagnostic);
    let alone = offers.len() == 1;
    if next.unparsed() <= now.unparsed() && offers.iter().all(gone) && (alone || !next.is_worse(now)) {
        return Some((offers.iter().map(|offer| now.made(offer)).collect(), next));
    }
    if alone {
        return None;
    }
    let (first, second) = offers.split_at(offers.len() / 2);
    better(world, root, now, first).or_else(|| better(world, root, now, second))
}

/// A world in which some texts are changed.
struct Changed<'w> {
    below: &'w dyn World,
    texts: &'w BTreeMap<String, String>,
}

impl World for Changed<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match self.texts.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.below.read(path),
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.below.work(all);
    }
}
