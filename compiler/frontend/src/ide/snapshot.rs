//! What is known of a program at one moment, in the form in which an editor asks.

use super::names::Names;
use crate::{
    Analysis, Workspace, World, ast, parse, resolve,
    syntax::{SyntaxNode, SyntaxToken},
};
use flowmesh_diagnostics::{Diagnostics, SourceId, Sources, Span};
use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// A program, right or wrong, as it was analysed.
///
/// All questions of [`super`] are asked of it: it never changes, and answers with whatever could be understood.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The texts.
    pub sources: Sources,
    /// What is wrong with them.
    pub found: Diagnostics,
    /// What they mean.
    pub analysis: Analysis,
    /// Lossless trees of the texts that were asked about.
    trees: Mutex<HashMap<SourceId, rowan::GreenNode>>,
    names: OnceLock<Names>,
}

impl Snapshot {
    /// The program whose root is at a path.
    #[must_use]
    pub fn new(world: &dyn World, root: &str) -> Self {
        let mut new = Self::default();
        new.analysis = crate::analyse(world, root, &mut new.sources, &mut new.found);
        new
    }

    /// The same again after a change, with the names of the root alone.
    #[must_use]
    pub fn again(workspace: &mut Workspace, world: &dyn World, root: &str) -> Self {
        let mut new = Self::default();
        new.analysis = workspace.analyse(world, root, &mut new.sources, &mut new.found);
        new
    }

    /// All modules of a project at once, whether one uses the other or not: for questions about every place of a name.
    /// It says nothing of what only a whole program shows.
    #[must_use]
    pub fn project(world: &dyn World, paths: &[String]) -> Self {
        Self::project_again(&mut Workspace::default(), world, paths)
    }

    /// The same again after a change. The workspace is for this alone.
    #[must_use]
    pub fn project_again(workspace: &mut Workspace, world: &dyn World, paths: &[String]) -> Self {
        let mut new = Self::default();
        new.analysis = workspace.project(world, paths, &mut new.sources, &mut new.found);
        new
    }

    /// A program in which a word is missing, with what is known there; what is wrong with it is not said.
    pub(crate) fn probed(workspace: &mut Workspace, world: &dyn World, root: &str) -> Self {
        let mut new = Self::default();
        new.analysis = workspace.probe(world, root, &mut new.sources);
        new
    }

    /// The text at a path.
    #[must_use]
    pub fn source(&self, path: &str) -> Option<SourceId> {
        let mut all = self.sources.iter();
        all.find(|(_, source)| source.name == path).map(|(id, _)| id)
    }

    /// Every name of the program and all its places.
    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(&self.analysis))
    }

    /// The lossless tree of a text.
    #[must_use]
    pub fn tree(&self, source: SourceId) -> Option<SyntaxNode> {
        let text = &self.sources.get(source)?.text;
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let green = trees.entry(source).or_insert_with(|| {
            let read = parse::tree_of(text);
            read.map_or_else(|_| parse::empty(), |tree| tree.root.green().to_owned())
        });
        Some(SyntaxNode::new_root(green.clone()))
    }

    /// The tokens that touch an offset: the one that ends there or is around it, and the one that begins there or is.
    pub(crate) fn tokens_at(
        &self,
        source: SourceId,
        offset: u32,
    ) -> (Option<SyntaxToken>, Option<SyntaxToken>) {
        let tree = self.tree(source);
        let Some(tree) = tree.filter(|tree| u32::from(tree.text_range().end()) >= offset) else {
            return (None, None);
        };
        let at = tree.token_at_offset(offset.into());
        (at.clone().left_biased(), at.right_biased())
    }

    /// The tree of the program of a text.
    pub(crate) fn ast(&self, source: SourceId) -> Option<&ast::Module> {
        self.module(source).map(|module| &*module.ast)
    }

    /// The module of a text.
    pub(crate) fn module(&self, source: SourceId) -> Option<&resolve::Module> {
        let modules = &self.analysis.resolved.modules;
        modules.iter().find(|module| module.source == source)
    }

    /// The text at a place.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.sources
            .get(span.source)
            .map_or("", |source| source.slice(span))
    }

    /// Whether a text is the author's own, and no part of the library or of a document.
    pub(crate) fn is_own(&self, source: SourceId) -> bool {
        let name = self.sources.get(source).map_or("", |source| &source.name);
        name.ends_with(".flow") && !name.starts_with("std/")
    }
}
