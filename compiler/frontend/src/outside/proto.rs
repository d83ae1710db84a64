//! Protobuf: messages become records, enums enums, `oneof`s variants; unary and server-streaming methods operations.
//!
//! JSON on the wire of the language is turned into messages and back by the mesh, with the descriptors kept here.

mod message;
mod place;

use super::{
    Described, Streamed,
    files::{Files, Problem, beside},
    name::{Taken, snake},
    tree,
};
use crate::ast;
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_diagnostics::{SourceId, Span};
use message::Messages;
use miette::Diagnostic as _;
use place::Places;
use prost::Message as _;
use prost_reflect::{MethodDescriptor, prost_types::FileDescriptorSet};
use protox::{
    Compiler, Error,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver},
};
use std::collections::BTreeMap;

/// How many files may be imported.
const MOST: usize = 1_000;

/// The texts of a file and of all that it imports, by the names that imports use.
type Texts = BTreeMap<String, (SourceId, String)>;

/// Gives the texts to the compiler of protobuf.
struct Given(BTreeMap<String, String>);

impl FileResolver for Given {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(Error::file_not_found(name)),
        }
    }
}

/// Reads the file at a path and what it imports.
pub(super) fn read(files: &mut Files<'_>, path: &str) -> Result<Described, Vec<Problem>> {
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let texts = texts(files, path, &name).map_err(|problem| vec![problem])?;
    let source = texts.get(&name).map(|(source, _)| *source).unwrap_or_default();
    let mut resolver = ChainFileResolver::new();
    resolver.add(Given(
        texts
            .iter()
            .map(|(name, (_, text))| (name.clone(), text.clone()))
            .collect(),
    ));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler
        .open_file(&name)
        .map_err(|error| vec![problem(&error, &texts, source)])?;
    let places = Places::new(&texts);
    let pool = compiler.descriptor_pool();
    let mut messages = Messages::new(&places);
    let mut taken = Taken::default();
    let (mut operations, mut streamed) = (Vec::new(), Vec::new());
    let services = pool
        .services()
        .filter(|service| service.parent_file().name() == name);
    for method in services.flat_map(|service| service.methods().collect::<Vec<_>>()) {
        // The language has one request for an answer, or for a stream of them.
        if method.is_client_streaming() {
            let (span, _) = messages.places.of(&method.parent_file(), method.path());
            let (name, path) = (snake(method.name()).into(), full(&method));
            streamed.push(Streamed { name, path, span });
        } else {
            operations.push(operation(&method, &mut messages, &mut taken));
        }
    }
    Ok(Described {
        source,
        items: messages.items,
        operations,
        streamed,
        descriptors: Some(encoded(compiler.file_descriptor_set())),
        digest: files.digest(),
    })
}

/// Reads a file and, one after the other, what it and they import.
fn texts(files: &mut Files<'_>, path: &str, name: &str) -> Result<Texts, Problem> {
    let mut texts = Texts::new();
    let mut open = vec![(name.to_owned(), None)];
    while let Some((next, from)) = open.pop() {
        if texts.contains_key(&next) || GoogleFileResolver::new().open_file(&next).is_ok() {
            continue;
        }
        let read = match beside(path, &next).map(|near| files.text(&near)) {
            Some(Ok(read)) => Ok(read),
            // An import may also be named from the root of the project.
            _ if next != name => files.text(&next),
            Some(Err(problem)) => Err(problem),
            None => Err(Problem::new(format!("`{next}` leads outside the project"), None)),
        };
        let (source, text) = read.map_err(|problem| Problem {
            place: from,
            ..problem
        })?;
        if texts.len() >= MOST {
            return Err(Problem::new("it imports too many files", None));
        }
        // What cannot be parsed is told by the compiler, with its place.
        if let Ok(file) = File::from_source(&next, &text) {
            let start = Span::new(source, 0, 0);
            let imports = &file.file_descriptor_proto().dependency;
            open.extend(imports.iter().map(|import| (import.clone(), Some(start))));
        }
        texts.insert(next, (source, text));
    }
    Ok(texts)
}

/// What the compiler of protobuf says, with its place.
fn problem(error: &Error, texts: &Texts, main: SourceId) -> Problem {
    let file = error.file().and_then(|file| texts.get(file));
    let source = file.map_or(main, |(source, _)| *source);
    let label = error.labels().and_then(|mut labels| labels.next());
    let end = file.map_or(usize::MAX, |(_, text)| text.len());
    let offset = |at: usize| u32::try_from(at.min(end)).unwrap_or(u32::MAX);
    let place = label.map(|label| {
        let (start, length) = (label.offset(), label.len());
        Span::new(source, offset(start), offset(start.saturating_add(length)))
    });
    let why = error.to_string();
    let why = why.lines().next().unwrap_or_default().to_owned();
    Problem::new(why, Some(place.unwrap_or(Span::new(source, 0, 0))))
}

/// The descriptors without comments and places, in base64.
fn encoded(mut set: FileDescriptorSet) -> String {
    for file in &mut set.file {
        file.source_code_info = None;
    }
    STANDARD.encode(set.encode_to_vec())
}

/// `pkg.Service/Method`
fn full(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

fn operation(method: &MethodDescriptor, messages: &mut Messages<'_>, taken: &mut Taken) -> ast::Operation {
    let (span, doc) = messages.places.of(&method.parent_file(), method.path());
    let name = taken.free(&snake(method.name()));
    let mut params = messages.fields(&method.input());
    params.sort_by_key(|param| matches!(param.ty.kind, ast::TypeKind::Optional(_)));
    let output = method.output();
    let result = (output.full_name() != "google.protobuf.Empty").then(|| messages.named(&output, span));
    ast::Operation {
        doc,
        span,
        name: tree::ident(name, span),
        params,
        result,
        stream: method.is_server_streaming(),
        fails: Vec::new(),
        binding: tree::ident("grpc", span),
        path: tree::text(full(method), span),
        settings: Vec::new(),
        on: Vec::new(),
    }
}
