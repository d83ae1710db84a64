//! What a text declares, as a tree; and what a project declares, by name.

use super::{names::NameKind, parts::named_parts, snapshot::Snapshot};
use crate::ast::{ExprKind, Field, Flow, Ident, Item, ItemKind, Service, Test, TextPart};
use flowmesh_diagnostics::{SourceId, Span};

/// What a declaration is, for the outline of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// Something that has a name.
    Name(NameKind),
    /// A `test`.
    Test,
    /// `allow`, `deny` and `mesh`
    Rule,
    /// A route of a gateway.
    Route,
}

/// Something that is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it is, in a word or two: a type, a method and a path.
    pub detail: String,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub whole: Span,
    /// Its name.
    pub span: Span,
    /// What is declared in it.
    pub inner: Vec<Symbol>,
}

/// Something that a project declares, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub symbol: Symbol,
    /// In what: a module, or a service of one.
    pub container: String,
}

/// The most that is found at once.
const MOST: usize = 500;

/// What a text declares.
#[must_use]
pub fn document_symbols(snapshot: &Snapshot, source: SourceId) -> Vec<Symbol> {
    let items = snapshot.ast(source).map(|module| &module.items);
    let items = items.into_iter().flatten();
    items
        .filter_map(|item| match item.kind {
            ItemKind::Bad => broken(snapshot, item),
            _ => symbol(snapshot, item),
        })
        .collect()
}

/// What the author's modules declare whose names have the letters of a query in their order; those that begin with it
/// come first.
#[must_use]
pub fn workspace_symbols(snapshot: &Snapshot, query: &str) -> Vec<Found> {
    let mut found: Vec<(u32, Found)> = Vec::new();
    for module in &snapshot.analysis.resolved.modules {
        if !snapshot.is_own(module.source) {
            continue;
        }
        for symbol in document_symbols(snapshot, module.source) {
            let inner = symbol.inner.clone();
            let within = format!("{}.{}", module.name, symbol.name);
            for (symbol, container) in std::iter::once((symbol, module.name.to_string()))
                .chain(inner.into_iter().map(|inner| (inner, within.clone())))
            {
                let symbol = Symbol {
                    inner: Vec::new(),
                    ..symbol
                };
                let score = super::fuzzy::score(query, &symbol.name);
                found.extend(score.map(|score| (score, Found { symbol, container })));
            }
        }
    }
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.symbol.name.cmp(&other.symbol.name)));
    found.truncate(MOST);
    found.into_iter().map(|(_, found)| found).collect()
}

fn symbol(snapshot: &Snapshot, item: &Item) -> Option<Symbol> {
    let (span, kind) = (item.span, kind_of(item)?);
    let slice = |span: Span| snapshot.slice(span).to_owned();
    let named = |name: &Ident, detail: String, inner: Vec<Symbol>| Symbol {
        name: name.text.to_string(),
        detail,
        kind,
        whole: span,
        span: name.span,
        inner,
    };
    Some(match &item.kind {
        ItemKind::Config { name, ty, .. } => named(name, slice(ty.span), Vec::new()),
        ItemKind::Secret { name } => named(name, "secret".to_owned(), Vec::new()),
        ItemKind::Alias { name, ty, .. } => named(name, slice(ty.span), Vec::new()),
        ItemKind::Record { name, fields }
        | ItemKind::Error { name, fields }
        | ItemKind::Event { name, fields } => named(name, String::new(), of_fields(snapshot, fields)),
        ItemKind::Enum { name, cases, .. } => {
            let case =
                |case: &crate::ast::Case| leaf(&case.name, String::new(), NameKind::Case, case.name.span);
            named(name, String::new(), cases.iter().map(case).collect())
        }
        ItemKind::Policy { name, .. } => named(name, String::new(), Vec::new()),
        ItemKind::Function { name, result, .. } => named(name, slice(result.span), Vec::new()),
        ItemKind::Service(service) => named(&service.name, String::new(), of_service(snapshot, service)),
        ItemKind::Flow(flow) => {
            let detail = flow
                .result
                .as_ref()
                .map_or_else(String::new, |result| slice(result.span));
            named(&flow.name, detail, of_flow(flow))
        }
        ItemKind::Gateway(gateway) => {
            let route = |route: &crate::ast::GatewayRoute| Symbol {
                name: format!("{} {}", route.method.text, plain(&slice(route.path.span))),
                detail: slice(route.target.span),
                kind: SymbolKind::Route,
                whole: route.span,
                span: route.method.span.to(route.path.span),
                inner: Vec::new(),
            };
            named(
                &gateway.name,
                String::new(),
                gateway.routes.iter().map(route).collect(),
            )
        }
        ItemKind::Schedule(schedule) => named(&schedule.name, slice(schedule.when.span), Vec::new()),
        ItemKind::Test(test) => Symbol {
            name: title(test),
            detail: "test".to_owned(),
            kind,
            whole: span,
            span: test.title.span,
            inner: Vec::new(),
        },
        ItemKind::Access(access) => {
            let first = snapshot.slice(span).lines().next().unwrap_or("").trim();
            Symbol {
                name: first.to_owned(),
                detail: String::new(),
                kind,
                whole: span,
                span: access.word,
                inner: Vec::new(),
            }
        }
        ItemKind::Mesh { word, .. } => Symbol {
            name: "mesh".to_owned(),
            detail: String::new(),
            kind,
            whole: span,
            span: *word,
            inner: Vec::new(),
        },
        ItemKind::Use(_) | ItemKind::Migrate(_) | ItemKind::Bad => return None,
    })
}

/// What a declaration was going to be that could not be read.
fn broken(snapshot: &Snapshot, item: &Item) -> Option<Symbol> {
    let text = snapshot.slice(item.span);
    let (word, rest) = text.split_once(' ')?;
    let kind = match word {
        "flow" => NameKind::Flow,
        "service" => NameKind::Service,
        "fn" => NameKind::Function,
        "policy" => NameKind::Policy,
        "type" | "enum" => NameKind::Type,
        "gateway" => NameKind::Gateway,
        "error" => NameKind::Error,
        "event" => NameKind::Event,
        _ => return None,
    };
    let rest = rest.trim_start();
    let start = item.span.start + u32::try_from(text.len() - rest.len()).ok()?;
    let name: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let end = start + u32::try_from(name.len()).ok()?;
    (!name.is_empty()).then(|| Symbol {
        name,
        detail: String::new(),
        kind: SymbolKind::Name(kind),
        whole: item.span,
        span: Span::new(item.span.source, start, end),
        inner: Vec::new(),
    })
}

pub(super) fn kind_of(item: &Item) -> Option<SymbolKind> {
    Some(SymbolKind::Name(match &item.kind {
        ItemKind::Config { .. } => NameKind::Config,
        ItemKind::Secret { .. } => NameKind::Secret,
        ItemKind::Record { .. } | ItemKind::Alias { .. } | ItemKind::Enum { .. } => NameKind::Type,
        ItemKind::Error { .. } => NameKind::Error,
        ItemKind::Event { .. } => NameKind::Event,
        ItemKind::Policy { .. } => NameKind::Policy,
        ItemKind::Service(_) => NameKind::Service,
        ItemKind::Function { .. } => NameKind::Function,
        ItemKind::Flow(_) => NameKind::Flow,
        ItemKind::Gateway(_) => NameKind::Gateway,
        ItemKind::Schedule(_) => NameKind::Schedule,
        ItemKind::Test(_) => return Some(SymbolKind::Test),
        ItemKind::Access(_) | ItemKind::Mesh { .. } => return Some(SymbolKind::Rule),
        ItemKind::Use(_) | ItemKind::Migrate(_) | ItemKind::Bad => return None,
    }))
}

/// The name of what has one.
pub(super) fn name_of(item: &Item) -> Option<&Ident> {
    match &item.kind {
        ItemKind::Config { name, .. }
        | ItemKind::Secret { name }
        | ItemKind::Record { name, .. }
        | ItemKind::Alias { name, .. }
        | ItemKind::Enum { name, .. }
        | ItemKind::Error { name, .. }
        | ItemKind::Event { name, .. }
        | ItemKind::Policy { name, .. }
        | ItemKind::Function { name, .. } => Some(name),
        ItemKind::Service(service) => Some(&service.name),
        ItemKind::Flow(flow) => Some(&flow.name),
        ItemKind::Gateway(gateway) => Some(&gateway.name),
        ItemKind::Schedule(schedule) => Some(&schedule.name),
        _ => None,
    }
}

/// The title of a test.
pub(super) fn title(test: &Test) -> String {
    match &test.title.kind {
        ExprKind::Text(parts) => parts
            .iter()
            .map(|part| match part {
                TextPart::Literal(text) => text.as_str(),
                TextPart::Expr(_) => "",
            })
            .collect(),
        _ => String::new(),
    }
}

fn leaf(name: &Ident, detail: String, kind: NameKind, whole: Span) -> Symbol {
    Symbol {
        name: name.text.to_string(),
        detail,
        kind: SymbolKind::Name(kind),
        whole,
        span: name.span,
        inner: Vec::new(),
    }
}

fn of_fields(snapshot: &Snapshot, fields: &[Field]) -> Vec<Symbol> {
    let field = |field: &Field| {
        let detail = snapshot.slice(field.ty.span).to_owned();
        leaf(
            &field.name,
            detail,
            NameKind::Field,
            field.name.span.to(field.ty.span),
        )
    };
    fields.iter().map(field).collect()
}

fn of_service(snapshot: &Snapshot, service: &Service) -> Vec<Symbol> {
    let subsets = service.at.iter().filter_map(|at| {
        let subset = at.subset.as_ref()?;
        Some(leaf(
            subset,
            String::new(),
            NameKind::Subset,
            at.span.to(at.value.span),
        ))
    });
    let operations = service.operations.iter().map(|operation| {
        let path = plain(snapshot.slice(operation.path.span)).to_owned();
        let detail = format!("{} {path}", operation.binding.text);
        leaf(&operation.name, detail, NameKind::Operation, operation.span)
    });
    subsets.chain(operations).collect()
}

fn of_flow(flow: &Flow) -> Vec<Symbol> {
    let part = |(name, kind): (&Ident, NameKind)| leaf(name, String::new(), kind, name.span);
    named_parts(flow).into_iter().map(part).collect()
}

fn plain(text: &str) -> &str {
    text.trim_matches('"')
}
