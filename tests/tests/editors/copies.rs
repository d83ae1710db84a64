//! What is made from something else, and what is there twice: one is what the other says.

use super::grammar;
use flowmesh_tests::files;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

/// A query that an editor has in words of its own.
struct Copy {
    /// Its name among the queries of the grammar.
    of: &'static str,
    /// Where the editor has it.
    path: &'static str,
    /// What the grammar calls something, and what the editor calls it.
    words: &'static [(&'static str, &'static str)],
    /// Lines that the editor has no use for, as they would be in its words.
    left_out: &'static [&'static str],
    /// Lines that only this editor has a use for.
    own: &'static [&'static str],
}

/// Indents are not in the table where an editor has another way to say them altogether.
const COPIES: [Copy; 6] = [
    Copy {
        of: "injections.scm",
        path: "helix/queries/flow/injections.scm",
        words: &[("([(doc_comment)", "([(comment) (doc_comment)")],
        left_out: &[],
        own: &[],
    },
    Copy {
        of: "injections.scm",
        path: "zed/languages/flow/injections.scm",
        words: &[],
        left_out: &[
            "([(doc_comment) (module_comment)] @injection.content",
            "(#set! injection.language \"comment\"))",
        ],
        own: &[],
    },
    Copy {
        of: "indents.scm",
        path: "helix/queries/flow/indents.scm",
        words: &[
            ("@indent.begin", "@indent"),
            ("@indent.branch @indent.end", "@outdent"),
        ],
        left_out: &["(text) @indent.ignore"],
        own: &["[(let) (assign) (expr_statement) (return) (await)] @indent"],
    },
    Copy {
        of: "locals.scm",
        path: "helix/queries/flow/locals.scm",
        words: &[(
            "@local.definition.parameter",
            "@local.definition.variable.parameter",
        )],
        left_out: &[
            "(let name: (name) @local.definition.var)",
            "(test_let name: (name) @local.definition.var)",
            "(for name: (name) @local.definition.var)",
            "(bind (name) @local.definition.var .)",
            "(flow name: (name) @local.definition.function)",
            "(function name: (name) @local.definition.function)",
            "(record_type name: (name) @local.definition.type)",
            "(enumeration name: (name) @local.definition.type)",
            "(named_type (name) @local.reference)",
        ],
        own: &[],
    },
    Copy {
        of: "textobjects.scm",
        path: "helix/queries/flow/textobjects.scm",
        words: &[
            (".inner", ".inside"),
            (".outer", ".around"),
            (
                "(test_block) @function.inside) @function.around",
                "(test_block) @test.inside) @test.around",
            ),
        ],
        left_out: &[
            "(for body: (block) @loop.inside) @loop.around",
            "(while body: (block) @loop.inside) @loop.around",
            "[(if) (match) (if_expr) (match_expr)] @conditional.around",
            "[(try) (deadline) (lock) (limited) (step) (state) (parallel) (race)] @block.around",
            "(call_expression) @call.around",
            "[(comment) (doc_comment) (module_comment)] @comment.around",
        ],
        own: &[
            "(entry) @entry.around",
            "(setting) @entry.around",
            "[(comment) (doc_comment) (module_comment)] @comment.inside",
            "[(comment) (doc_comment) (module_comment)]+ @comment.around",
        ],
    },
    Copy {
        of: "textobjects.scm",
        path: "zed/languages/flow/textobjects.scm",
        words: &[(".inner", ".inside"), (".outer", ".around")],
        left_out: &[
            "(for body: (block) @loop.inside) @loop.around",
            "(while body: (block) @loop.inside) @loop.around",
            "[(if) (match) (if_expr) (match_expr)] @conditional.around",
            "[(try) (deadline) (lock) (limited) (step) (state) (parallel) (race)] @block.around",
            "(params (field) @parameter.inside)",
            "(arguments (argument) @parameter.inside)",
            "(call_expression) @call.around",
            "[(comment) (doc_comment) (module_comment)] @comment.around",
        ],
        own: &["[(comment) (doc_comment) (module_comment)]+ @comment.around"],
    },
];

#[test]
fn the_parser_was_made_from_the_grammar_as_it_is() {
    let again =
        "run `npm run generate` in editors/tree-sitter-flow, which makes `src/parser.c` and writes this down";
    let path = grammar().join("src/made-from.sha256");
    let noted = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}: {again}", path.display()));
    let made = [
        "grammar.js",
        "src/parser.c",
        "src/grammar.json",
        "src/node-types.json",
    ];
    let lines: Vec<String> = made.iter().map(|name| noted_as(&grammar(), name)).collect();
    for (name, line) in made.iter().zip(&lines) {
        let same = noted.lines().any(|noted| noted == line);
        assert!(
            same,
            "{name} is not the one of which {} tells: {again}",
            path.display()
        );
    }
    assert_eq!(noted.lines().count(), lines.len(), "{}: {again}", path.display());
}

/// The line that `sha256sum` writes about a file.
fn noted_as(folder: &Path, name: &str) -> String {
    let bytes = fs::read(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
    let mut line = String::new();
    for byte in Sha256::digest(bytes) {
        write!(line, "{byte:02x}").expect("a text takes whatever is written to it");
    }
    line + "  " + name
}

/// Editors take a folder for themselves, so that each has the file; it is one text all the same.
#[test]
fn all_editors_have_the_same_colours() {
    let colours = fs::read_to_string(grammar().join("queries/highlights.scm")).expect("they are there");
    let mut folders = 0;
    for path in files::below(&files::top().join("editors"), "highlights.scm") {
        let text = fs::read_to_string(&path).expect("it can be read");
        assert!(
            text == colours,
            "{} is not the one of the grammar",
            path.display()
        );
        folders += 1;
    }
    assert!(folders >= 4, "only {folders} editors have colours");
}

#[test]
fn queries_in_the_words_of_an_editor_say_what_those_of_the_grammar_say() {
    let mut wrong = Vec::new();
    for copy in &COPIES {
        let own = grammar().join("queries").join(copy.of);
        let theirs = files::top().join("editors").join(copy.path);
        let mut expected = lines(&own, copy.words);
        for line in copy.left_out {
            if !expected.remove(*line) {
                wrong.push(format!("{}: {line} is not there to be left out", copy.path));
            }
        }
        expected.extend(copy.own.iter().map(|line| (*line).to_owned()));
        let found = lines(&theirs, &[]);
        let missing = expected.difference(&found);
        wrong.extend(missing.map(|line| format!("{}: {line} is missing", copy.path)));
        let more = found.difference(&expected);
        wrong.extend(more.map(|line| format!("{}: {line} is not in {}", copy.path, copy.of)));
    }
    assert!(
        wrong.is_empty(),
        "change both, or say in `COPIES` in what they differ:\n{}",
        wrong.join("\n")
    );
}

/// The lines of a query in other words, without comments.
fn lines(path: &Path, words: &[(&str, &str)]) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let lines = text.lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with(';'));
    code.map(|line| {
        words
            .iter()
            .fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
    })
    .collect()
}
