//! Types and operations from outside: `service petstore from "petstore.openapi.yaml"`.
//!
//! A document becomes a module of its own, made of the trees that an author would have written, each with its place in
//! the document: so names, rules and messages work as in any module, and a message can show both places. What the
//! document declares is seen as `petstore.Pet`, and as `Pet` where that name is free.

pub(crate) mod document;
mod error;
mod files;
mod name;
mod openapi;
mod proto;
pub(crate) mod tree;

use crate::{
    World,
    ast::{self, Expr, ExprKind, Item, ItemKind, TextPart},
    resolve::{Module, ModuleId, Scope},
};
use error::Error;
use files::Files;
pub(crate) use files::beside;
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources, Span};
use flowmesh_ir::Name;
use std::sync::Arc;

/// A service that a document describes.
#[derive(Debug)]
pub struct Outside {
    /// The module that declares the service.
    pub owner: ModuleId,
    /// Its place among the items of that module.
    pub item: usize,
    /// The module made of the document.
    pub module: ModuleId,
    /// What the service can do.
    pub operations: Vec<ast::Operation>,
    /// What it can do, and no operation can ask for: methods that take a stream of requests.
    pub(crate) streamed: Vec<Streamed>,
    /// The protobuf file descriptor set, in base64.
    pub descriptors: Option<String>,
    /// Of all texts that were read for it, and their numbers.
    pub(crate) digest: u64,
}

/// A method that takes a stream of requests.
#[derive(Clone, Debug)]
pub(crate) struct Streamed {
    /// What an operation for it would be called.
    pub(crate) name: Name,
    /// `pkg.Service/Method`
    pub(crate) path: String,
    /// Where the document declares it.
    pub(crate) span: Span,
}

/// What a document says.
struct Described {
    source: SourceId,
    items: Vec<Item>,
    operations: Vec<ast::Operation>,
    streamed: Vec<Streamed>,
    descriptors: Option<String>,
    digest: u64,
}

/// Reads the documents of all services and adds a module for each.
pub(crate) fn read(
    world: &dyn World,
    modules: &mut Vec<Module>,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Vec<Outside> {
    let wanted: Vec<(ModuleId, usize, String, ast::Service)> = (0u32..)
        .map(ModuleId)
        .zip(modules.iter())
        .flat_map(|(id, module)| wanted(id, module))
        .collect();
    let mut all = Vec::with_capacity(wanted.len());
    for (owner, item, path, service) in wanted {
        let Some(from) = &service.from else { continue };
        match described(world, sources, &path, from) {
            Ok(described) => {
                let module = ModuleId(u32::try_from(modules.len()).unwrap_or(u32::MAX));
                let mut described = described;
                modules.push(module_of(&service, path, &mut described));
                all.push(Outside {
                    owner,
                    item,
                    module,
                    operations: described.operations,
                    streamed: described.streamed,
                    descriptors: described.descriptors,
                    digest: described.digest,
                });
            }
            Err(errors) => errors.into_iter().for_each(|error| found.add(error.diagnostic())),
        }
    }
    all
}

/// The services of a module that name a document.
fn wanted(id: ModuleId, module: &Module) -> Vec<(ModuleId, usize, String, ast::Service)> {
    let service = |(at, item): (usize, &Item)| match &item.kind {
        ItemKind::Service(service) if service.from.is_some() => {
            Some((id, at, module.path.clone(), service.clone()))
        }
        _ => None,
    };
    module.ast.items.iter().enumerate().filter_map(service).collect()
}

fn described(
    world: &dyn World,
    sources: &mut Sources,
    module: &str,
    from: &Expr,
) -> Result<Described, Vec<Error>> {
    let span = from.span;
    let written = literal(from).ok_or_else(|| vec![Error::NotAPath { span }])?;
    let path = beside(module, &written).ok_or_else(|| vec![Error::NotAPath { span }])?;
    let mut files = Files::new(world, sources);
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let read = match ending {
        "yaml" | "yml" | "json" => openapi::read(&mut files, &path),
        "proto" => proto::read(&mut files, &path),
        _ => return Err(vec![Error::UnknownKind { span, path }]),
    };
    read.map_err(|problems| {
        let first = problems.into_iter().next();
        first
            .map(|problem| Error::Document { span, path, problem })
            .into_iter()
            .collect()
    })
}

fn literal(from: &Expr) -> Option<String> {
    match &from.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn module_of(service: &ast::Service, path: String, described: &mut Described) -> Module {
    Module {
        path,
        name: service.name.text.clone(),
        source: described.source,
        ast: Arc::new(ast::Module {
            doc: None,
            items: std::mem::take(&mut described.items),
            ignores: Vec::new(),
        }),
        uses: Vec::new(),
        scope: Scope::default(),
    }
}
