//! The tree-sitter grammar of `editors/` reads a program as the compiler does: the same items, statements, names and
//! whatever else has a node, each in the same place. Checked on every program of the repository that has no syntax error.

#[path = "editors/copies.rs"]
mod copies;

use flowmesh_diagnostics::{Diagnostics, SourceId};
use flowmesh_frontend::{
    parse::parse,
    syntax::{SyntaxKind, SyntaxNode},
};
use flowmesh_tests::{
    files,
    mutate::{self, Random},
};
use std::{collections::BTreeSet, fs, path::PathBuf};
use tree_sitter::{Language, Parser, Query, Tree, TreeCursor};
use tree_sitter_language::LanguageFn;

/// How an expression is cut differs: one has a row of operands with their calls, the other a call around its operand.
/// What is inside is compared, and so is the module, by its items.
const APART: [&str; 15] = [
    "module",
    "expr",
    "operand",
    "chain",
    "lambda",
    "call",
    "arguments",
    "call_expression",
    "index",
    "index_expression",
    "member",
    "member_expression",
    "optional_member",
    "optional_member_expression",
    "chars",
];

/// Names that would say twice that they are items.
const RENAMED: [(&str, &str); 3] = [
    ("error_item", "error"),
    ("event_item", "event"),
    ("flow_item", "flow"),
];

/// A node without what is inside: how deep it is, what, and from where to where.
type Row = (usize, String, u32, u32);

/// How tree-sitter differs from the compiler.
enum Difference {
    /// It finds an error.
    Refused(String),
    /// It finds other nodes.
    Other(String),
}

#[test]
fn tree_sitter_reads_every_program_as_the_compiler_does() {
    let (mut compared, mut seen, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for path in programs() {
        let text = fs::read_to_string(&path).expect("it can be read");
        let Some(theirs) = compiler(&text) else { continue };
        compared += 1;
        seen.extend(theirs.iter().map(|(_, kind, ..)| kind.clone()));
        if let Err(Difference::Refused(why) | Difference::Other(why)) = compare(&text, &theirs) {
            wrong.push(format!("{}: {why}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared > 300, "only {compared} programs were compared");
    let missing: Vec<_> = kinds().into_iter().filter(|kind| !seen.contains(kind)).collect();
    assert!(missing.is_empty(), "no program has {missing:?}");
}

/// Each program with one token gone, or another one of its tokens in its place: where that is still a program, both read
/// the same one. Such texts are where the words that are free elsewhere stand in all places.
///
/// pest takes such a word for a name where it cannot be read as a word (`where .x`), which only a grammar that tries
/// again can do: tree-sitter may refuse one in a hundred of these texts, but read none of them otherwise.
#[test]
fn tree_sitter_reads_changed_programs_as_the_compiler_does() {
    let mut random = Random::new(7);
    let (mut compared, mut refused, mut wrong) = (0, Vec::new(), Vec::new());
    for path in programs() {
        let text = fs::read_to_string(&path).expect("it can be read");
        let changed = changed(&text, &mut random);
        for text in changed {
            let Some(theirs) = compiler(&text) else { continue };
            compared += 1;
            let said = |why: &String| format!("{}: {why}", path.display());
            match compare(&text, &theirs) {
                Err(Difference::Refused(why)) => refused.push(said(&why)),
                Err(Difference::Other(why)) => wrong.push(said(&why)),
                Ok(()) => {}
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared > 100, "only {compared} changed programs were compared");
    assert!(
        refused.len() * 100 <= compared,
        "of {compared}:\n{}",
        refused.join("\n")
    );
}

/// A few texts that differ from a program by one token; none of a program that is wrong already.
fn changed(text: &str, random: &mut Random) -> Vec<String> {
    let tokens = mutate::tokens(text);
    let changes = if compiler(text).is_some() { 2 } else { 0 };
    let one = |_| {
        let (_, at, old) = &tokens[random.below(tokens.len())];
        let new = [" ", &tokens[random.below(tokens.len())].2][random.below(2)];
        format!("{}{new}{}", &text[..*at], &text[at + old.len()..])
    };
    (0..changes).map(one).collect()
}

/// `test/corpus` of the grammar, which shows its trees to whoever writes a query.
#[test]
fn the_corpus_shows_the_trees_as_they_are() {
    let corpus = files::below(&grammar().join("test/corpus"), ".txt");
    let (mut cases, mut wrong) = (0, Vec::new());
    for path in &corpus {
        let text = fs::read_to_string(path).expect("it can be read");
        for case in text
            .split(&format!("{}\n", "=".repeat(80)))
            .skip(1)
            .collect::<Vec<_>>()
            .chunks(2)
        {
            let [title, rest] = case else {
                panic!("{}: a title without a case", path.display())
            };
            let (source, shown) = rest.split_once(&"-".repeat(80)).expect("a case has a tree");
            let tree = tree(source);
            let found = bare(&mut tree.walk());
            cases += 1;
            if found != shown.split_whitespace().collect::<Vec<_>>().join(" ") {
                wrong.push(format!("{}: {} is now\n{found}", path.display(), title.trim()));
            }
        }
    }
    assert!(cases > 15, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_query_of_every_editor_names_nodes_that_there_are() {
    let all = files::below(&files::top().join("editors"), ".scm");
    assert!(all.len() > 15, "only {} queries were found", all.len());
    for path in all {
        let text = fs::read_to_string(&path).expect("it can be read");
        if let Err(why) = Query::new(&language(), &text) {
            panic!("{}: {why}", path.display());
        }
    }
}

#[test]
fn what_is_broken_leaves_the_next_item_whole() {
    let text = "flow first() {\n  let x =\n}\n\nflow second() { log \"here\" }\n";
    let tree = tree(text);
    assert!(tree.root_node().has_error());
    let second = text.find("flow second").expect("it is there");
    let node = tree.root_node().descendant_for_byte_range(second, text.len() - 1);
    let node = node.expect("there is a node");
    assert_eq!(
        (node.kind(), node.has_error()),
        ("flow", false),
        "{}",
        tree.root_node()
    );
}

/// Says the first difference with what is around it.
fn compare(text: &str, theirs: &[Row]) -> Result<(), Difference> {
    let tree = tree(text);
    if tree.root_node().has_error() {
        let place = first_error(&mut tree.walk());
        return Err(Difference::Refused(format!(
            "tree-sitter finds an error at {place}"
        )));
    }
    let mut ours = Vec::new();
    flatten(&mut tree.walk(), 0, &mut ours);
    let Some(at) = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at)) else {
        return Ok(());
    };
    let shown = |rows: &[Row]| {
        let rows = rows.iter().skip(at.saturating_sub(2)).take(4);
        let text = |row: &Row| {
            text[row.2 as usize..row.3 as usize]
                .chars()
                .take(40)
                .collect::<String>()
        };
        rows.map(|row| format!("\n    {row:?} {:?}", text(row)))
            .collect::<String>()
    };
    let both = format!(
        "\n  the compiler:{}\n  tree-sitter:{}",
        shown(theirs),
        shown(&ours)
    );
    Err(Difference::Other(both))
}

/// The nodes of the compiler's tree, unless the text has a syntax error.
fn compiler(text: &str) -> Option<Vec<Row>> {
    let mut found = Diagnostics::default();
    let parsed = parse(SourceId::default(), text, &mut found);
    let mut rows = Vec::new();
    nodes(&parsed.tree, 0, &mut rows);
    (!found.has_errors()).then_some(rows)
}

fn nodes(node: &SyntaxNode, depth: usize, rows: &mut Vec<Row>) {
    let kind = name(node.kind());
    let range = node.text_range();
    let counts = !APART.contains(&kind.as_str());
    if counts {
        rows.push((depth, kind, range.start().into(), range.end().into()));
    }
    for child in node.children() {
        nodes(&child, depth + usize::from(counts), rows);
    }
}

fn flatten(cursor: &mut TreeCursor<'_>, depth: usize, rows: &mut Vec<Row>) {
    let node = cursor.node();
    let counts = node.is_named() && !node.is_extra() && !APART.contains(&node.kind());
    if counts {
        let place = |at: usize| u32::try_from(at).expect("a program is small");
        rows.push((
            depth,
            node.kind().to_owned(),
            place(node.start_byte()),
            place(node.end_byte()),
        ));
    }
    if cursor.goto_first_child() {
        loop {
            flatten(cursor, depth + usize::from(counts), rows);
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }
}

fn first_error(cursor: &mut TreeCursor<'_>) -> String {
    let node = cursor.node();
    if node.is_error() || node.is_missing() {
        return format!("{:?}: {node}", node.range());
    }
    let children: Vec<_> = node
        .children(cursor)
        .filter(tree_sitter::Node::has_error)
        .collect();
    children
        .first()
        .map_or_else(|| "?".to_owned(), |child| first_error(&mut child.walk()))
}

/// `GatewayRoute` is `gateway_route`.
fn name(kind: SyntaxKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    let renamed = RENAMED.iter().find(|(from, _)| *from == name);
    renamed.map_or(name, |(_, to)| (*to).to_owned())
}

/// Every kind of node that the tree-sitter grammar has and that is compared.
fn kinds() -> BTreeSet<String> {
    let language = language();
    let count = u16::try_from(language.node_kind_count()).expect("there are fewer");
    let named =
        (0..count).filter(|id| language.node_kind_is_named(*id) && language.node_kind_is_visible(*id));
    let names = named.filter_map(|id| language.node_kind_for_id(id));
    let compared = names.filter(|name| !APART.contains(name) && !name.ends_with("comment"));
    compared.map(str::to_owned).collect()
}

/// The named nodes of a tree without fields and places.
fn bare(cursor: &mut TreeCursor<'_>) -> String {
    let node = cursor.node();
    let children: Vec<_> = node.named_children(cursor).collect();
    let inside = children
        .iter()
        .map(|child| format!(" {}", bare(&mut child.walk())));
    format!("({}{})", node.kind(), inside.collect::<String>())
}

fn grammar() -> PathBuf {
    files::top().join("editors/tree-sitter-flow")
}

fn programs() -> Vec<PathBuf> {
    let below = |folder: &str| files::below(&files::top().join(folder), ".flow");
    let folders = ["tests/suite", "examples", "stdlib", "docs"];
    let all = folders.into_iter().flat_map(below);
    all.filter(|path| fs::read_to_string(path).is_ok()).collect()
}

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&language())
        .expect("the library reads the grammar's version");
    parser.parse(text, None).expect("nothing stops it")
}

#[expect(
    unsafe_code,
    reason = "the grammar is C; the function is the one that its generator makes"
)]
fn language() -> Language {
    unsafe extern "C" {
        fn tree_sitter_flow() -> *const ();
    }
    // SAFETY: the function returns a table that is never freed, as the type asks for.
    Language::new(unsafe { LanguageFn::from_raw(tree_sitter_flow) })
}
