//! Numbers all declarations, and fills the table of names of each module.

use super::{Declared, Def, Entry, Error, Module, ModuleId, Tables, Use, library::Needed};
use crate::{
    ast::{Ident, Item, ItemKind},
    outside::Outside,
};
use flowmesh_diagnostics::{Diagnostics, Span, nearest};
use flowmesh_ir::{Name, program::BUILTIN_ERRORS};
use std::collections::BTreeMap;

/// How many errors every program has.
pub(super) fn builtin_errors() -> u32 {
    u32::try_from(BUILTIN_ERRORS.len()).unwrap_or(u32::MAX)
}

/// First what each module declares, then what it takes from others.
pub(super) fn fill(
    modules: &mut [Module],
    outside: &[Outside],
    needed: &Needed<'_>,
    found: &mut Diagnostics,
) -> Tables {
    let mut tables = Tables::default();
    for (id, module) in (0u32..).map(ModuleId).zip(modules.iter_mut()) {
        builtin(module);
        declare(id, module, needed, &mut tables, found);
    }
    let ids: Vec<ModuleId> = (0u32..).map(ModuleId).take(modules.len()).collect();
    for owner in &ids {
        offer(modules, *owner, outside);
    }
    for id in ids {
        import(modules, id, needed, found);
    }
    tables
}

fn builtin(module: &mut Module) {
    let names = module.ast.items.len().saturating_add(BUILTIN_ERRORS.len());
    module.scope.reserve(names);
    for (id, (name, _)) in (0u32..).zip(BUILTIN_ERRORS) {
        let entry = Entry {
            def: Def::Error(id),
            span: Span::default(),
            import: None,
        };
        module.scope.insert(Name::new_static(name), entry);
    }
}

/// The name of what can be named.
pub(super) fn name(item: &Item) -> Option<&Ident> {
    place(item, &mut Tables::default()).map(|(name, ..)| name)
}

fn declare(
    id: ModuleId,
    module: &mut Module,
    needed: &Needed<'_>,
    tables: &mut Tables,
    found: &mut Diagnostics,
) {
    for (at, item) in module.ast.items.iter().enumerate() {
        let Some((name, table, def)) = place(item, tables).filter(|(name, ..)| needed.has(id, &name.text))
        else {
            continue;
        };
        let number = u32::try_from(table.len()).unwrap_or(u32::MAX);
        let def = def(number);
        table.push(Declared {
            module: id,
            item: at,
            name: name.clone(),
        });
        let entry = Entry {
            def,
            span: name.span,
            import: None,
        };
        match module.scope.get(&name.text) {
            Some(first) => found.add(twice(name, first)),
            None => drop(module.scope.insert(name.text.clone(), entry)),
        }
    }
}

/// What documents declare is seen in the module of their service, where nothing else has the name.
fn offer(modules: &mut [Module], owner: ModuleId, outside: &[Outside]) {
    let mut offered: BTreeMap<Name, Vec<Entry>> = BTreeMap::new();
    for described in outside.iter().filter(|described| described.owner == owner) {
        let Some(module) = modules.get(described.module.0 as usize) else {
            continue;
        };
        let own = module
            .scope
            .iter()
            .filter(|(_, entry)| entry.span != Span::default());
        for (name, entry) in own {
            offered.entry(name.clone()).or_default().push(*entry);
        }
    }
    let Some(module) = modules.get_mut(owner.0 as usize) else {
        return;
    };
    for (name, entries) in offered {
        if let [only] = entries.as_slice() {
            module.scope.entry(name).or_insert(*only);
        }
    }
}

fn twice(name: &Ident, first: &Entry) -> flowmesh_diagnostics::Diagnostic {
    let built_in = first.span == Span::default() && first.import.is_none();
    let first = (!built_in).then_some(first.span);
    Error::Twice {
        name: name.text.clone(),
        span: name.span,
        first,
    }
    .diagnostic()
}

type Number = fn(u32) -> Def;

fn place<'i, 't>(
    item: &'i Item,
    tables: &'t mut Tables,
) -> Option<(&'i Ident, &'t mut Vec<Declared>, Number)> {
    let errors: Number = |at| Def::Error(at.saturating_add(builtin_errors()));
    Some(match &item.kind {
        ItemKind::Config { name, .. } => (name, &mut tables.configs, Def::Config),
        ItemKind::Secret { name } => (name, &mut tables.secrets, Def::Secret),
        ItemKind::Record { name, .. } | ItemKind::Alias { name, .. } | ItemKind::Enum { name, .. } => {
            (name, &mut tables.types, Def::Type)
        }
        ItemKind::Error { name, .. } => (name, &mut tables.errors, errors),
        ItemKind::Policy { name, .. } => (name, &mut tables.policies, Def::Policy),
        ItemKind::Service(service) => (&service.name, &mut tables.services, Def::Service),
        ItemKind::Function { name, .. } => (name, &mut tables.functions, Def::Function),
        ItemKind::Flow(flow) if flow.is_template() => (&flow.name, &mut tables.templates, Def::Template),
        ItemKind::Flow(flow) => (&flow.name, &mut tables.flows, Def::Flow),
        ItemKind::Event { name, .. } => (name, &mut tables.events, Def::Event),
        ItemKind::Gateway(gateway) => (&gateway.name, &mut tables.gateways, Def::Gateway),
        ItemKind::Schedule(schedule) => (&schedule.name, &mut tables.schedules, Def::Schedule),
        ItemKind::Use(_)
        | ItemKind::Access(_)
        | ItemKind::Mesh { .. }
        | ItemKind::Migrate(_)
        | ItemKind::Test(_)
        | ItemKind::Bad => return None,
    })
}

fn import(modules: &mut [Module], id: ModuleId, needed: &Needed<'_>, found: &mut Diagnostics) {
    let at = id.0 as usize;
    let uses = modules
        .get(at)
        .map(|module| module.uses.clone())
        .unwrap_or_default();
    let needed = uses
        .iter()
        .enumerate()
        .filter(|(_, used)| needed.has(id, &used.name.text));
    for (number, used) in needed {
        let Some(def) = meaning(modules, used, found) else {
            continue;
        };
        let entry = Entry {
            def,
            span: used.name.span,
            import: Some(number),
        };
        let Some(module) = modules.get_mut(at) else { return };
        // What a document offers makes room for what the author asks for.
        let offered = |first: &&Entry| first.span != Span::default() && first.span.source != module.source;
        match module.scope.get(&used.name.text).filter(|first| !offered(first)) {
            Some(first) => found.add(twice(&used.name, first)),
            None => drop(module.scope.insert(used.name.text.clone(), entry)),
        }
    }
}

fn meaning(modules: &[Module], used: &Use, found: &mut Diagnostics) -> Option<Def> {
    if !used.item {
        return Some(Def::Module(used.module));
    }
    let module = modules.get(used.module.0 as usize)?;
    match lookup(module, &used.name) {
        Ok(entry) => Some(entry.def),
        Err(error) => {
            found.add(error.diagnostic());
            None
        }
    }
}

/// An item of another module: it must be declared there, and public.
pub(crate) fn lookup<'m>(module: &'m Module, name: &Ident) -> Result<&'m Entry, Error> {
    let declared = |entry: &&Entry| entry.import.is_none() && entry.span != Span::default();
    let entry = module.scope.get(&name.text).filter(declared);
    match entry {
        Some(entry) if name.text.starts_with('_') => {
            let (name, span) = (name.text.clone(), name.span);
            Err(Error::Private {
                name,
                module: module.name.clone(),
                span,
                declared: entry.span,
            })
        }
        Some(entry) => Ok(entry),
        None => {
            let public = module
                .scope
                .iter()
                .filter(|(name, entry)| declared(entry) && !name.starts_with('_'));
            let mut names: Vec<&str> = public.map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let near = nearest(&name.text, names).map(Name::from);
            Err(Error::UnknownItem {
                name: name.text.clone(),
                module: module.name.clone(),
                span: name.span,
                near,
            })
        }
    }
}
