//! What can stand where the cursor is, the likeliest first.
//!
//! 1. [`place`]: a word that no author writes is put there, in the form in which the text around it reads best.
//! 2. The program is checked with it: the checker notes what it would have looked for ([`crate::check::Probe`]), so
//!    that types, names in sight and what is known of them are exactly its own.
//!    Where it stands in a function or a flow and the program is known, [`within`] checks that alone, with the same answer.
//! 3. [`value`], [`member`], [`setting`], [`declared`], [`keyword`] and [`elsewhere`] gather what fits the place.
//! 4. [`rank`] puts it in order.
//!
//! [`ignored`] knows what can stand in a comment.

mod argument;
mod declared;
mod docs;
mod elsewhere;
mod ignored;
mod keyword;
mod known;
mod member;
mod place;
mod rank;
mod setting;
mod value;
mod within;

use super::{
    index::{Index, library},
    names::NameKind,
    rename::Changed,
    snapshot::Snapshot,
};
use crate::{
    Workspace, World, ast,
    check::{Globals, Probe, Ty},
    resolve::{Def, Module},
};
pub(super) use elsewhere::{bring, homes};
use flowmesh_diagnostics::{Edit, SourceId, Span};
use flowmesh_stdlib::Native;
pub use known::Known;
use known::Program;
use place::Site;
use std::{collections::HashMap, rc::Rc};
use within::Inside;

/// What can stand at a place.
#[derive(Debug, Default)]
pub struct Completion {
    /// What is replaced: the word that is there already, or nothing.
    pub span: Span,
    /// What can stand there, the likeliest first.
    pub items: Vec<Item>,
    /// What the words about the items are taken from.
    snapshot: Rc<Snapshot>,
    /// The program as it is, where it was not known.
    program: Option<Snapshot>,
}

/// Something that can stand there.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is shown and looked for.
    pub label: String,
    /// What it is.
    pub kind: ItemKind,
    /// Its type or form, in a few words.
    pub detail: String,
    /// What is written: `$1`, `$2` are places to go to, if [`Self::is_snippet`].
    pub insert: String,
    /// Whether what is written has such places.
    pub is_snippet: bool,
    /// Edits elsewhere that go with it: a `use`.
    pub also: Vec<Edit>,
    /// How well it fits; the greatest comes first.
    pub score: i32,
    origin: Origin,
    ty: Option<Ty>,
    /// What is to be said of it, once it was asked for.
    docs: Option<String>,
}

/// What something is that can stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// A name that a program declares.
    Name(NameKind),
    /// A function or method of the library.
    Native,
    /// A type, a value or a part that is always there.
    Builtin,
    /// A setting, or a part of one.
    Setting,
    /// A word that only some setting knows.
    Word,
    /// A word of the language.
    Keyword,
}

/// Where the words about something are.
#[derive(Clone, Copy, Debug, Default)]
enum Origin {
    #[default]
    Nowhere,
    Def(Def),
    Operation(u32, u32),
    Field(Span),
    Native(&'static Native),
    Said(&'static str),
}

impl Completion {
    /// What is to be said of an item, in Markdown: it is asked for when the item is looked at.
    #[must_use]
    pub fn docs(&self, item: &Item) -> String {
        item.docs
            .clone()
            .unwrap_or_else(|| docs::docs(&self.snapshot, item))
    }

    /// Keeps what is to be said of the first items, and lets go of the program, which is large and will soon be another.
    pub fn settle(&mut self, most: usize) {
        let program = std::mem::take(&mut self.snapshot);
        for item in self.items.iter_mut().take(most) {
            if item.docs.is_none() {
                item.docs = Some(docs::docs(&program, item));
            }
        }
        self.items.truncate(most);
    }

    /// The program as it is, if it had to be analysed and was not taken yet.
    pub fn take_program(&mut self) -> Option<Snapshot> {
        self.program.take()
    }
}

impl Item {
    /// What is written where nobody can go from place to place: up to the first place, on one line.
    #[must_use]
    pub fn beginning(&self) -> String {
        if !self.is_snippet {
            return self.insert.clone();
        }
        let mut text = String::new();
        let mut signs = self.insert.chars();
        while let Some(sign) = signs.next() {
            match sign {
                '$' | '\n' => break,
                '\\' => text.extend(signs.next()),
                sign => text.push(sign),
            }
        }
        text
    }

    fn new(label: impl Into<String>, kind: ItemKind, score: i32) -> Self {
        let label = label.into();
        Self {
            insert: label.clone(),
            label,
            kind,
            detail: String::new(),
            is_snippet: false,
            also: Vec::new(),
            score,
            origin: Origin::Nowhere,
            ty: None,
            docs: None,
        }
    }

    fn typed(mut self, globals: &Globals, ty: Ty) -> Self {
        if !ty.is_bad() {
            self.detail = globals.show(&ty);
        }
        self.ty = Some(ty);
        self
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    fn of(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    fn snippet(mut self, insert: impl Into<String>) -> Self {
        self.insert = insert.into();
        self.is_snippet = true;
        self
    }
}

/// What is known of the place while items are gathered.
struct Context<'a> {
    world: &'a dyn World,
    source: SourceId,
    resolved: &'a crate::resolve::Resolved,
    module: &'a Module,
    /// The declaration around the place.
    around: Option<&'a ast::Item>,
    globals: &'a Globals,
    /// The text with the word in it, and where.
    site: &'a Site,
    /// The names of other modules.
    index: Option<&'a Index>,
    probe: Option<&'a Probe>,
    /// How often each word stands in the author's text.
    counts: HashMap<&'a str, u32>,
    items: Vec<Item>,
}

/// What can stand at an offset of the root module.
#[must_use]
pub fn complete(
    workspace: &mut Workspace,
    world: &dyn World,
    root: &str,
    offset: u32,
    known: Known<'_>,
) -> Completion {
    let Ok(text) = world.read(root) else {
        return Completion::default();
    };
    let Some(site) = place::site(workspace.pieces(), &text, offset) else {
        return ignored::codes((workspace, world), (root, &text), offset, known.program).unwrap_or_default();
    };
    let offer = |snapshot: &Snapshot, inside: Option<&Inside>| {
        let source = snapshot.source(root)?;
        let items = gathered((world, snapshot), source, (&site, &text), known.elsewhere, inside);
        let span = Span::new(source, site.start, site.end);
        Some((span, items))
    };
    let inside = known
        .program
        .filter(|_| !site.asks_nothing())
        .and_then(|program| {
            let inside = within::within(program, program.source(root)?, (&site, &text))?;
            Some((program, inside))
        });
    if let Some((program, inside)) = inside {
        let (span, items) = offer(program, Some(&inside)).unwrap_or_default();
        return Completion {
            span,
            items,
            snapshot: Rc::clone(program),
            program: None,
        };
    }
    if site.place == place::Place::Nothing {
        return Completion::default();
    }
    if site.asks_nothing() {
        // Without what the word stands for the program would be another one.
        let program = Program::now(workspace, world, root, known.program);
        let (span, items) = offer(&program, None).unwrap_or_default();
        return Completion {
            span,
            items,
            program: program.made(),
            ..Completion::default()
        };
    }
    let changed = Changed {
        world,
        texts: HashMap::from([(root.to_owned(), site.text.clone())]),
    };
    let snapshot = Snapshot::probed(workspace, &changed, root);
    let (span, items) = offer(&snapshot, None).unwrap_or_default();
    Completion {
        span,
        items,
        snapshot: Rc::new(snapshot),
        program: None,
    }
}

fn gathered(
    (world, snapshot): (&dyn World, &Snapshot),
    source: SourceId,
    (site, text): (&Site, &str),
    elsewhere: Option<&Index>,
    inside: Option<&Inside>,
) -> Vec<Item> {
    let Some(module) = snapshot.module(source) else {
        return Vec::new();
    };
    let checked = &snapshot.analysis.checked;
    // Where nobody knows all modules, those of the program can be used.
    let known =
        (elsewhere.is_none() && matches!(site.place, place::Place::Use(_))).then(|| Index::of(snapshot));
    let (probe, around) = match inside {
        Some((probe, item)) => (probe.as_ref(), Some(item)),
        None => {
            let mut items = module.ast.items.iter();
            let around = items.find(|item| item.span.touches(site.start));
            (checked.probes.last(), around)
        }
    };
    let mut context = Context {
        world,
        source,
        resolved: &snapshot.analysis.resolved,
        module,
        globals: &checked.globals,
        site,
        index: elsewhere.or(known.as_ref()),
        probe,
        around,
        counts: rank::counts(text, site),
        items: Vec::new(),
    };
    context.gather();
    [elsewhere, Some(library())]
        .into_iter()
        .flatten()
        .for_each(|index| context.elsewhere(index));
    rank::rank(context)
}

impl Context<'_> {
    fn add(&mut self, item: Item) {
        self.items.push(item);
    }

    /// What fits the place, by what stands around it.
    fn gather(&mut self) {
        use place::Place as P;
        let site = self.site;
        match &site.place {
            P::Nothing => {}
            P::Keyword => self.keywords(),
            P::Use(words) => self.paths(words),
            P::Value | P::Statement => self.values(),
            P::Member => self.members(),
            P::Type => self.types(),
            P::Error => self.errors(),
            P::Pattern => self.patterns(),
            P::Setting(around) => self.settings(around),
            P::SettingValue(around) => self.setting_values(around),
            P::Entry => self.entries(),
            P::Argument => self.argument_names(),
            P::Named(kind) => self.named(*kind),
            P::Declared(kinds) => self.declared(kinds),
            P::Words(words) => self.words(words),
        }
    }
}
