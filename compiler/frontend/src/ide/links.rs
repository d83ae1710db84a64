//! What in a text leads elsewhere or can be done from there: links, and what an editor shows above declarations.

use super::{definition::from, names::Role, snapshot::Snapshot, symbols};
use crate::{
    ast::ItemKind,
    outside::beside,
    syntax::{SyntaxKind as K, SyntaxToken},
};
use flowmesh_diagnostics::{SourceId, Span};

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To a file of the project, or of the library: `std/policy.flow`.
    File(String),
    /// To an address.
    Url(String),
}

/// A part of a text that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The part.
    pub span: Span,
    /// Where it leads.
    pub goal: Goal,
}

/// The links of a text: what follows `use` and `from`, and addresses.
#[must_use]
pub fn links(snapshot: &Snapshot, source: SourceId) -> Vec<Link> {
    let Some(module) = snapshot.module(source) else {
        return Vec::new();
    };
    let resolved = &snapshot.analysis.resolved;
    let uses = module.uses.iter().filter_map(|used| {
        let goal = Goal::File(resolved.module(used.module)?.path.clone());
        Some(Link {
            span: used.span,
            goal,
        })
    });
    let documents = module
        .ast
        .items
        .iter()
        .filter_map(from)
        .filter_map(|(span, path)| {
            let goal = Goal::File(beside(&module.path, &path)?);
            Some(Link { span, goal })
        });
    let mut found: Vec<Link> = uses.chain(documents).collect();
    let tokens = snapshot
        .tree(source)
        .into_iter()
        .flat_map(|tree| tree.descendants_with_tokens())
        .filter_map(|element| element.into_token());
    found.extend(tokens.flat_map(|token| addresses(source, &token)));
    found.sort_by_key(|link| link.span.start);
    found
}

/// The addresses in a text or a comment.
fn addresses(source: SourceId, token: &SyntaxToken) -> Vec<Link> {
    if token.kind() != K::Chars && !token.kind().is_comment() {
        return Vec::new();
    }
    let (text, begins) = (token.text(), usize::from(token.text_range().start()));
    let starts = text.match_indices("http").map(|(at, _)| at);
    let link = |at: usize| {
        let rest = text.get(at..)?;
        let plain = rest
            .strip_prefix("https://")
            .or_else(|| rest.strip_prefix("http://"))?;
        let stops = |c: char| c.is_whitespace() || matches!(c, '`' | ')' | '>' | '"' | '\\' | '{');
        let length = rest.find(stops).unwrap_or(rest.len());
        let url = rest.get(..length)?.trim_end_matches(['.', ',', ';', ':']);
        let number = |at: usize| u32::try_from(begins + at).ok();
        plain.starts_with(|c: char| c.is_alphanumeric()).then_some(Link {
            span: Span::new(source, number(at)?, number(at + url.len())?),
            goal: Goal::Url(url.to_owned()),
        })
    };
    starts.filter_map(link).collect()
}

/// What can be done with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A flow can be run; whether it takes something first.
    Run {
        /// The flow.
        flow: String,
        /// Whether it has to be given something.
        takes: bool,
    },
    /// A test can be run.
    Test {
        /// Its title.
        title: String,
    },
    /// A test can be explored: with every failure at every place.
    Explore {
        /// Its title.
        title: String,
    },
    /// Its places can be shown; how many there are.
    References(usize),
}

/// What is shown above a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name of the declaration.
    pub span: Span,
    /// What can be done.
    pub deed: Deed,
}

/// What is shown above the declarations of a text. Places are counted in the snapshot: in that of a project, all.
#[must_use]
pub fn lenses(snapshot: &Snapshot, source: SourceId) -> Vec<Lens> {
    let items = snapshot
        .ast(source)
        .map(|module| module.items.as_slice())
        .unwrap_or_default();
    let mut found = Vec::new();
    for item in items {
        if let ItemKind::Test(test) = &item.kind {
            let (span, title) = (test.title.span, symbols::title(test));
            let deeds = [Deed::Test { title: title.clone() }, Deed::Explore { title }];
            found.extend(deeds.map(|deed| Lens { span, deed }));
        }
        if let ItemKind::Flow(flow) = &item.kind
            && !flow.is_template()
        {
            let (flow, takes) = (flow.name.clone(), !flow.params.is_empty());
            let deed = Deed::Run {
                flow: flow.text.to_string(),
                takes,
            };
            found.push(Lens {
                span: flow.span,
                deed,
            });
        }
        let counted = !matches!(item.kind, ItemKind::Gateway(_) | ItemKind::Schedule(_));
        if let Some(name) = symbols::name_of(item).filter(|_| counted) {
            found.push(references(snapshot, name.span));
        }
        if let ItemKind::Service(service) = &item.kind {
            let operations = service.operations.iter();
            found.extend(operations.map(|operation| references(snapshot, operation.name.span)));
        }
    }
    found
}

fn references(snapshot: &Snapshot, span: Span) -> Lens {
    let places = snapshot
        .names()
        .of_name(span)
        .filter(|place| place.role != Role::Declared);
    let mut places: Vec<Span> = places.map(|place| place.span).collect();
    places.dedup();
    Lens {
        span,
        deed: Deed::References(places.len()),
    }
}
