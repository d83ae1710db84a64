//! From text to the lossless tree, and from there to the tree of the program.
//!
//! 1. `tokens` cuts the text; `brackets` finds brackets that do not pair.
//! 2. `cover` hides from the grammar what was reported so far, so that one slip is one message.
//! 3. pest reads the whole file with a tolerant rule; what fits no item or statement is a bad node.
//! 4. `tree` joins tokens and rules; its text is the file, byte for byte.
//! 5. `explain` reads every bad part again strictly, for its message.
//! 6. `cst_to_ast` reads the tree.
//!
//! `pieces` does the third and fourth for a text that was read before, and is another now.
//!
//! Nothing outside this folder sees pest.

mod brackets;
mod cover;
mod cst_to_ast;
mod error;
mod expected;
mod explain;
mod kinds;
mod pieces;
mod prompt;
mod slips;
mod tokens;
mod tree;
mod words;

pub(crate) use cst_to_ast::{about, above, asks_for_code, code_before, strength};
pub(crate) use pieces::Pieces;
pub use prompt::{Part, PartKind, Piece, PromptInput, parse_expression, parse_prompt, pieces};
pub(crate) use words::{ITEMS, RESERVED, is_item as begins_item, is_test_statement as begins_test_statement};

use crate::ast;
use crate::syntax::SyntaxNode;
use cst_to_ast::Reader;
use error::ParseError;
use flowmesh_diagnostics::{Diagnostics, SourceId, Span};
use flowmesh_grammar::{FlowParser, Rule};
use pest::Parser as _;

/// The largest file that is read.
const MEGABYTES: usize = 10;

/// The most messages about one file: nobody reads more.
const MESSAGES: usize = 500;

/// A file that was read: all of its text as a tree, and what of it is a program.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The lossless tree.
    pub tree: SyntaxNode,
    /// The program.
    pub module: ast::Module,
}

/// Reads a file. Whatever is wrong with it is added to `found`; the rest of it is read all the same.
pub fn parse(source: SourceId, text: &str, found: &mut Diagnostics) -> Parsed {
    made(source, read(Rule::module, text, None), found)
}

/// As [`parse`], with the declarations of the text that was read before.
pub(crate) fn parse_again(
    pieces: &mut Pieces,
    source: SourceId,
    text: &str,
    found: &mut Diagnostics,
) -> Parsed {
    made(source, read(Rule::module, text, Some(pieces)), found)
}

fn made(source: SourceId, read: Read, found: &mut Diagnostics) -> Parsed {
    let mut reader = Reader::new(source);
    let module = reader.module(&read.tree);
    report(source, read.problems.into_iter().chain(reader.problems), found);
    Parsed {
        tree: read.tree,
        module,
    }
}

/// The tree alone, and how far it is a guess.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: SyntaxNode,
    /// Where brackets or texts do not pair.
    pub(crate) broken: Vec<u32>,
    /// Whether nothing is wrong with the text.
    pub(crate) is_sound: bool,
}

/// The tree alone. Only a text that cannot be read at all is refused.
pub(crate) fn tree_of(text: &str) -> Result<Tree, Diagnostics> {
    tree_from(read(Rule::module, text, None))
}

/// As [`tree_of`], with the declarations of the text that was read before.
pub(crate) fn tree_again(pieces: &mut Pieces, text: &str) -> Result<Tree, Diagnostics> {
    tree_from(read(Rule::module, text, Some(pieces)))
}

fn tree_from(read: Read) -> Result<Tree, Diagnostics> {
    let is_limit =
        |problem: &ParseError| matches!(problem, ParseError::TooDeep { .. } | ParseError::TooLarge { .. });
    if read.problems.iter().any(|(problem, ..)| is_limit(problem)) {
        let mut found = Diagnostics::default();
        report(SourceId::default(), read.problems.into_iter(), &mut found);
        return Err(found);
    }
    let unpaired = |problem: &ParseError| {
        matches!(
            problem,
            ParseError::Unclosed { .. }
                | ParseError::Unopened { .. }
                | ParseError::NoOpening { .. }
                | ParseError::UnclosedText { .. }
        )
    };
    let place = |(problem, start, _): &(ParseError, u32, u32)| match problem {
        ParseError::Unclosed {
            opened: Some((opened, _)),
            ..
        } => *opened,
        _ => *start,
    };
    let broken = read
        .problems
        .iter()
        .filter(|(problem, ..)| unpaired(problem))
        .map(place);
    Ok(Tree {
        root: read.tree,
        broken: broken.collect(),
        is_sound: read.problems.is_empty(),
    })
}

/// The declaration that a node of a tree is.
pub(crate) fn item_of(source: SourceId, node: &SyntaxNode) -> Option<ast::Item> {
    Reader::new(source).item(node)
}

/// How much of a text cannot be read.
pub(crate) fn problems(text: &str) -> usize {
    read(Rule::module, text, None).problems.len()
}

/// The tree of an empty text.
pub(crate) fn empty() -> rowan::GreenNode {
    tree::flat_tree("", &[]).green().to_owned()
}

/// What step 1 to 5 made of a text.
#[derive(Debug)]
struct Read {
    tree: SyntaxNode,
    problems: Vec<(ParseError, u32, u32)>,
    /// Whether a bracket, text or comment is still open at the end.
    open_at_end: bool,
}

fn read(rule: Rule, text: &str, pieces: Option<&mut Pieces>) -> Read {
    if text.len() > MEGABYTES * 1_000_000 {
        let problem = (ParseError::TooLarge { limit_mb: MEGABYTES }, 0, 0);
        return Read::refused(tree::flat_tree("", &[]), problem);
    }
    let cut = tokens::tokens(text);
    let pairing = brackets::brackets(text, &cut.all);
    let unclosed = |problem: &ParseError| matches!(problem, ParseError::UnclosedText { .. });
    let no_more_lines = cut.problems.iter().any(|(problem, ..)| unclosed(problem));
    let open_at_end = cut.open_text || pairing.open_at_end && !no_more_lines;
    if let (true, Some(problem)) = (pairing.too_deep, pairing.problems.first()) {
        return Read::refused(tree::flat_tree(text, &cut.all), problem.clone());
    }
    let mut patches = cut.patches;
    patches.extend(pairing.hidden);
    patches.sort_by_key(|patch| patch.start);
    let is_plain = patches.is_empty() && pairing.inserts.is_empty();
    let covered = cover::cover(text, &patches, &pairing.inserts);
    let mut problems = cut.problems;
    problems.extend(pairing.problems);
    let context = explain::Context {
        text,
        tokens: &cut.all,
        covered: &covered,
    };
    let again = pieces
        .filter(|_| is_plain)
        .and_then(|pieces| pieces.read(text, &cut.all));
    let whole = || {
        let pairs = FlowParser::parse(rule, &covered.text).ok()?;
        Some(tree::tree(text, &cut.all, pairs, &covered))
    };
    let tree = match again.or_else(whole) {
        Some((tree, bad)) => {
            problems.extend(explain::all(context, bad));
            tree
        }
        // Only a prompt's rule is strict; what was reported already is the reason then.
        // The tolerant rule always fits; pest gives up early only where the stack of the thread is too small.
        None if rule == Rule::module => {
            let limit = brackets::DEPTH;
            problems.push((ParseError::TooDeep { limit }, 0, 0));
            tree::flat_tree(text, &cut.all)
        }
        None => {
            let whole = tree::Bad {
                rule,
                within: None,
                start: 0,
                end: covered.text.len(),
            };
            if problems.is_empty() {
                problems.extend(explain::explain(context, whole));
            }
            tree::flat_tree(text, &cut.all)
        }
    };
    Read {
        tree,
        problems,
        open_at_end,
    }
}

impl Read {
    fn refused(tree: SyntaxNode, problem: (ParseError, u32, u32)) -> Self {
        Self {
            tree,
            problems: vec![problem],
            open_at_end: false,
        }
    }
}

fn report(source: SourceId, problems: impl Iterator<Item = (ParseError, u32, u32)>, found: &mut Diagnostics) {
    let mut problems: Vec<_> = problems.collect();
    problems.sort_by_key(|(_, start, end)| (*start, *end));
    for (error, start, end) in problems.into_iter().take(MESSAGES) {
        found.add(error.diagnostic(Span::new(source, start, end)));
    }
}

#[cfg(test)]
pub(crate) mod tests;
