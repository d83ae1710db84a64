//! Joins the modules of a program: finds what `use` names, and gives every declaration a number.
//!
//! [`load`] reads and parses all modules, `cycle` refuses circles, `scope` fills the table of names of each module,
//! `convention` looks at how names are written. Names inside bodies are looked up by the checker, which knows locals.

mod convention;
pub(crate) mod cycle;
mod error;
mod library;
mod load;
pub(crate) mod scope;

pub(crate) use convention::{Case, is_written, names_are_written};
pub(crate) use error::{Error, did_you_mean};

use crate::{
    World, ast,
    outside::{self, Outside},
    workspace::Parsed,
};
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources, Span};
use flowmesh_ir::Name;
use std::{collections::HashMap, sync::Arc};

/// The number of a module; the root is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// All modules of a program with their tables of names.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The modules, the root first.
    pub modules: Vec<Module>,
    /// All declarations by kind.
    pub tables: Tables,
    /// The services that documents describe.
    pub outside: Vec<Outside>,
}

/// Names and what they stand for. There are tens of thousands of them in a large program, after each key stroke.
pub type Scope = HashMap<Name, Entry, foldhash::fast::RandomState>;

/// One module.
#[derive(Debug)]
pub struct Module {
    /// Its path: `shop/payments.flow`.
    pub path: String,
    /// Its name: `shop.payments`.
    pub name: Name,
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub ast: Arc<ast::Module>,
    /// What it uses, in order.
    pub uses: Vec<Use>,
    /// Every name that its bodies can see.
    pub scope: Scope,
}

/// A `use` that was found.
#[derive(Clone, Debug)]
pub struct Use {
    /// The whole path.
    pub span: Span,
    /// Its last word, which is the name in this module.
    pub name: ast::Ident,
    /// The module it leads to.
    pub module: ModuleId,
    /// Whether the last word is an item of that module, and not the module itself.
    pub item: bool,
}

/// What a name stands for, and where that was said.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it stands for.
    pub def: Def,
    /// The declaration's name, or the last word of the `use`.
    pub span: Span,
    /// Which `use` brought it here.
    pub import: Option<usize>,
}

/// A declaration, by its number in the table of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Def {
    /// `config`
    Config(u32),
    /// `secret`
    Secret(u32),
    /// `type` and `enum`
    Type(u32),
    /// `error`; the built-in errors come first
    Error(u32),
    /// `policy`
    Policy(u32),
    /// `service`
    Service(u32),
    /// `fn`
    Function(u32),
    /// `flow`
    Flow(u32),
    /// `flow` that takes services or operations
    Template(u32),
    /// `event`
    Event(u32),
    /// `gateway`
    Gateway(u32),
    /// `schedule`
    Schedule(u32),
    /// A module
    Module(ModuleId),
}

/// All declarations by kind, those of the root first.
#[derive(Debug, Default)]
pub struct Tables {
    /// `config`
    pub configs: Vec<Declared>,
    /// `secret`
    pub secrets: Vec<Declared>,
    /// `type` and `enum`
    pub types: Vec<Declared>,
    /// `error`, without the built-in ones
    pub errors: Vec<Declared>,
    /// `policy`
    pub policies: Vec<Declared>,
    /// `service`
    pub services: Vec<Declared>,
    /// `fn`
    pub functions: Vec<Declared>,
    /// `flow`
    pub flows: Vec<Declared>,
    /// `flow` that takes services or operations
    pub templates: Vec<Declared>,
    /// `event`
    pub events: Vec<Declared>,
    /// `gateway`
    pub gateways: Vec<Declared>,
    /// `schedule`
    pub schedules: Vec<Declared>,
}

impl Tables {
    /// One table after the other, in the order in which they stand above.
    pub(crate) fn kinds(&self) -> [&[Declared]; 12] {
        // Taken apart, so that a kind that comes later is not forgotten.
        let Self {
            configs,
            secrets,
            types,
            errors,
            policies,
            services,
            functions,
            flows,
            templates,
            events,
            gateways,
            schedules,
        } = self;
        [
            configs, secrets, types, errors, policies, services, functions, flows, templates, events,
            gateways, schedules,
        ]
    }
}

/// Where a declaration is.
#[derive(Clone, Debug)]
pub struct Declared {
    /// In which module.
    pub module: ModuleId,
    /// Its place among the module's items.
    pub item: usize,
    /// Its name.
    pub name: ast::Ident,
}

/// Reads the root and everything it uses, and gives each module its names. Makes what it can and says what is wrong.
pub fn resolve(world: &dyn World, root: &str, sources: &mut Sources, found: &mut Diagnostics) -> Resolved {
    resolve_with(world, root, sources, found, None)
}

/// As [`resolve`], with trees that are known already.
pub(crate) fn resolve_with(
    world: &dyn World,
    root: &str,
    sources: &mut Sources,
    found: &mut Diagnostics,
    parsed: Option<&mut Parsed>,
) -> Resolved {
    let modules = load::load(world, &[root], sources, found, parsed);
    joined(world, modules, sources, found)
}

/// As [`resolve`], of several modules whether one uses the other or not; the first is the root.
pub(crate) fn resolve_all(
    world: &dyn World,
    paths: &[String],
    sources: &mut Sources,
    found: &mut Diagnostics,
    parsed: Option<&mut Parsed>,
) -> Resolved {
    let roots: Vec<&str> = paths.iter().map(String::as_str).collect();
    let modules = load::load(world, &roots, sources, found, parsed);
    joined(world, modules, sources, found)
}

fn joined(
    world: &dyn World,
    mut modules: Vec<Module>,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Resolved {
    cycle::refuse(&modules, found);
    let written = modules.len();
    let outside = outside::read(world, &mut modules, sources, found);
    // Of those that somebody wrote it was said when they were parsed.
    for described in modules.iter().skip(written) {
        convention::names_are_written(&described.ast, found);
    }
    let needed = library::Needed::new(&modules, sources);
    let tables = scope::fill(&mut modules, &outside, &needed, found);
    Resolved {
        modules,
        tables,
        outside,
    }
}

impl Def {
    /// What it is, in the words of the language.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Secret(_) => "secret",
            Self::Type(_) => "type",
            Self::Error(_) => "error",
            Self::Policy(_) => "policy",
            Self::Service(_) => "service",
            Self::Function(_) => "function",
            Self::Flow(_) | Self::Template(_) => "flow",
            Self::Event(_) => "event",
            Self::Gateway(_) => "gateway",
            Self::Schedule(_) => "schedule",
            Self::Module(_) => "module",
        }
    }
}

impl Resolved {
    /// The module with this number.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)
    }

    /// The tree of a declaration.
    #[must_use]
    pub fn item(&self, declared: &Declared) -> Option<&ast::Item> {
        self.module(declared.module)?.ast.items.get(declared.item)
    }

    /// The operations of a service, each with the module in which its names are looked up: those that the author
    /// declares, then those of its document that the author does not declare.
    pub(crate) fn operations<'r>(
        &'r self,
        declared: &Declared,
        service: &'r ast::Service,
    ) -> Vec<(ModuleId, &'r ast::Operation)> {
        let own = service
            .operations
            .iter()
            .map(|operation| (declared.module, operation));
        let described = self.described(declared);
        let theirs = described.into_iter().flat_map(|described| {
            let module = described.module;
            described
                .operations
                .iter()
                .map(move |operation| (module, operation))
        });
        let by_author = |name: &Name| service.operations.iter().any(|own| own.name.text == *name);
        own.chain(theirs.filter(|(_, operation)| !by_author(&operation.name.text)))
            .collect()
    }

    /// What a document says of a service.
    #[must_use]
    pub fn described(&self, service: &Declared) -> Option<&Outside> {
        let is_it = |outside: &&Outside| outside.owner == service.module && outside.item == service.item;
        self.outside.iter().find(is_it)
    }

    /// Where a thing is declared; built-in errors and modules are nowhere.
    #[must_use]
    pub fn declared(&self, def: Def) -> Option<&Declared> {
        let tables = &self.tables;
        let (table, at) = match def {
            Def::Config(at) => (&tables.configs, at),
            Def::Secret(at) => (&tables.secrets, at),
            Def::Type(at) => (&tables.types, at),
            Def::Error(at) => (&tables.errors, at.checked_sub(scope::builtin_errors())?),
            Def::Policy(at) => (&tables.policies, at),
            Def::Service(at) => (&tables.services, at),
            Def::Function(at) => (&tables.functions, at),
            Def::Flow(at) => (&tables.flows, at),
            Def::Template(at) => (&tables.templates, at),
            Def::Event(at) => (&tables.events, at),
            Def::Gateway(at) => (&tables.gateways, at),
            Def::Schedule(at) => (&tables.schedules, at),
            Def::Module(_) => return None,
        };
        table.get(at as usize)
    }
}

impl Module {
    /// Whether the module is of the library.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.path.starts_with("std/")
    }
}
